//! Listeners of lines and of syslog messages: what comes in on a stream or in datagrams,
//! and where it goes.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use blackbar::Redactor;
use serde::{Deserialize, Serialize};

use crate::rim::config::file::value::{Address, NoAddress};
use crate::rim::config::serve::{ClientTls, ServerTls};

/// One listener with its upstream.
pub(crate) struct Stream {
    /// Its name in logs and metrics.
    pub(crate) name: String,
    /// Where it listens.
    pub(crate) entry: Entry,
    /// The certificate that it shows; none is plain text.
    pub(crate) tls: Option<ServerTls>,
    /// Where records go.
    pub(crate) upstream: Destination,
    /// How TLS is spoken there; none is plain text.
    pub(crate) upstream_tls: Option<ClientTls>,
    /// How records are told apart.
    pub(crate) framing: StreamFraming,
    /// How clients share the upstream.
    pub(crate) delivery: Delivery,
    /// How long a client may say nothing; none is for ever.
    pub(crate) idle: Option<Duration>,
    /// Bytes of a record at most, where it has to be held whole.
    pub(crate) max_record: usize,
    /// What is a secret.
    pub(crate) redactor: Arc<Redactor>,
}

/// Where a stream comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// TCP. Port 0 lets the system choose.
    Tcp(SocketAddr),
    /// A unix socket of streams.
    Unix(PathBuf),
    /// Datagrams, each a record.
    Udp(SocketAddr),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) | Self::Udp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// `tcp` of a listener: an address, or a unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StreamAddress {
    /// TCP.
    Tcp(Address),
    /// `unix:/path`.
    Unix(PathBuf),
}

impl FromStr for StreamAddress {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(_) => Err(NoAddress),
            None => text.parse().map(Self::Tcp),
        }
    }
}

impl fmt::Display for StreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Where records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// `host:port`.
    Tcp {
        /// A name or an IP address, without brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
    /// `unix:/path`.
    Unix(PathBuf),
    /// `udp:host:port`.
    Udp {
        /// A name or an IP address, without brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
}

/// A text that names no upstream.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("write host:port, [ipv6]:port, unix:/path or udp:host:port")]
pub(crate) struct NoDestination;

impl FromStr for Destination {
    type Err = NoDestination;

    fn from_str(text: &str) -> Result<Self, NoDestination> {
        if let Some(path) = text.strip_prefix("unix:") {
            let is_absolute = path.starts_with('/');
            return is_absolute
                .then(|| Self::Unix(path.into()))
                .ok_or(NoDestination);
        }
        let datagrams = text.strip_prefix("udp:");
        let (host, port) = host_and_port(datagrams.unwrap_or(text)).ok_or(NoDestination)?;
        Ok(match datagrams {
            Some(_) => Self::Udp { host, port },
            None => Self::Tcp { host, port },
        })
    }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = if let Some(host) = bracketed {
        host.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !host.is_empty() && host.bytes().all(plain)
    };
    is_host.then(|| (bracketed.unwrap_or(host).to_owned(), port))
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed = |host: &str| {
            if host.contains(':') {
                format!("[{host}]")
            } else {
                host.to_owned()
            }
        };
        match self {
            Self::Tcp { host, port } => write!(f, "{}:{port}", bracketed(host)),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Udp { host, port } => write!(f, "udp:{}:{port}", bracketed(host)),
        }
    }
}

/// How records are told apart.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StreamFraming {
    /// Each ends with a newline.
    #[default]
    Lines,
    /// RFC 6587: by counts of octets or by newlines, as a connection's first byte tells.
    Syslog,
}

/// Whether clients share an upstream connection.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sharing {
    /// Each has its own, a tunnel.
    #[default]
    PerConnection,
    /// All have one, which is made again whenever it breaks.
    Shared,
}

/// What becomes of a record for which there is no room.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Overflow {
    /// Its client waits.
    Block,
    /// It is dropped and counted.
    DropNewest,
}

/// How records are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Over a connection for each client.
    PerConnection,
    /// Over one connection for all.
    Shared {
        /// Bytes that may wait.
        ring: usize,
        /// Bytes of those sent last that are sent again after a reconnect.
        resend: usize,
        /// What becomes of what the ring does not take.
        overflow: Overflow,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_come_back_as_they_went() {
        for text in [
            "shipper:5171",
            "10.0.0.1:514",
            "[::1]:514",
            "unix:/run/log.sock",
            "udp:host:514",
            "udp:[::1]:514",
        ] {
            assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "host",
            "host:",
            ":514",
            "host:0",
            "host:65536",
            "unix:run",
            "::1:514",
            "[x]:1",
            "http://host:1",
            "user:hunter2@host:1",
            "udp:host",
            "tcp:host:1",
        ] {
            assert_eq!(text.parse::<Destination>(), Err(NoDestination), "{text}");
        }
    }

    #[test]
    fn addresses_of_streams() {
        for text in ["127.0.0.1:9", "unix:/run/in.sock"] {
            assert_eq!(text.parse::<StreamAddress>().unwrap().to_string(), text);
        }
        for text in ["unix:", "unix:relative", "host:9"] {
            assert_eq!(text.parse::<StreamAddress>(), Err(NoAddress), "{text}");
        }
    }
}
