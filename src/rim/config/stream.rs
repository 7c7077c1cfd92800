//! Listeners of lines, of syslog messages and of Fluent Forward: what comes in on a stream or in datagrams,
//! and where it goes.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blackbar::Redactor;
use hyper::Uri;
use serde::{Deserialize, Serialize};

use crate::rim::config::file::value::{Address, NoAddress};
use crate::rim::config::forward::Forward;
use crate::rim::config::policy::Rules;
use crate::rim::config::serve::{ClientTls, ServerTls};
use crate::rim::config::sink::Sink;
use crate::rim::config::url;

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
    /// What is a secret. Records have no mapping: both redactors are the same.
    pub(crate) rules: Rules,
    /// Whether originals go on until a day, and are only counted.
    pub(crate) observe_until: Option<SystemTime>,
    /// Rules that are tried: counted, never masked.
    pub(crate) candidates: Option<Arc<Redactor>>,
    /// How Fluent Forward is spoken; none is lines, messages or datagrams.
    pub(crate) forward: Option<Forward>,
}

impl Stream {
    /// Whether originals go on now.
    pub(crate) fn observes(&self) -> bool {
        self.observe_until
            .is_some_and(|until| SystemTime::now() < until)
    }
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

/// `tcp` or `forward` of a listener: an address, or a unix socket.
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
    /// `stdout:`.
    Stdout,
    /// `file:/path`.
    File(PathBuf),
    /// `http://…` or `https://…`.
    Http(Uri),
    /// `forward:host:port`.
    Forward {
        /// A name or an IP address, without brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
}

impl Destination {
    /// Whether it is made for all clients and not for each.
    pub(crate) fn is_shared_only(&self) -> bool {
        match self {
            Self::Stdout | Self::File(_) | Self::Http(_) | Self::Forward { .. } => true,
            Self::Tcp { .. } | Self::Unix(_) | Self::Udp { .. } => false,
        }
    }

    /// Whether what waits for another one may as well be sent here: it is the same one, or
    /// one of the same kind that is to take its place. A file has what was written to it.
    pub(crate) fn follows(&self, other: &Self) -> bool {
        let take_batches = matches!(
            (self, other),
            (Self::Http(_), Self::Http(_)) | (Self::Forward { .. }, Self::Forward { .. })
        );
        self == other || self.is_connection() && other.is_connection() || take_batches
    }

    /// Whether it is a connection.
    pub(crate) fn is_connection(&self) -> bool {
        matches!(self, Self::Tcp { .. } | Self::Unix(_))
    }
}

/// A text that names no upstream. It is not shown: it may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoDestination(&'static str);

impl NoDestination {
    const FORMS: Self = Self(
        "write host:port, [ipv6]:port, unix:/path, udp:host:port, file:/path, stdout:, \
         http://host/path or forward:host:port",
    );
}

impl FromStr for Destination {
    type Err = NoDestination;

    fn from_str(text: &str) -> Result<Self, NoDestination> {
        if text == "stdout:" {
            return Ok(Self::Stdout);
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            return url::target(text).map(Self::Http).map_err(NoDestination);
        }
        let path = |prefix| {
            let path = text.strip_prefix(prefix)?;
            Some(Some(PathBuf::from(path)).filter(|path| path.is_absolute()))
        };
        if let Some(path) = path("unix:") {
            return path.map(Self::Unix).ok_or(NoDestination::FORMS);
        }
        if let Some(path) = path("file:") {
            let named = path.filter(|path| path.file_name().is_some() && !text.ends_with('/'));
            return named.map(Self::File).ok_or(NoDestination::FORMS);
        }
        let address = |text| host_and_port(text).ok_or(NoDestination::FORMS);
        if let Some(text) = text.strip_prefix("udp:") {
            return address(text).map(|(host, port)| Self::Udp { host, port });
        }
        if let Some(text) = text.strip_prefix("forward:") {
            return address(text).map(|(host, port)| Self::Forward { host, port });
        }
        address(text).map(|(host, port)| Self::Tcp { host, port })
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
            Self::Stdout => f.write_str("stdout:"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Http(url) => url.fmt(f),
            Self::Forward { host, port } => write!(f, "forward:{}:{port}", bracketed(host)),
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

/// How a connection that clients share tells records apart.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum UpstreamFraming {
    /// As their clients do: a connection for those with counts, and one for those with
    /// newlines.
    AsItCame,
    /// Each ends with a newline. One inside of a message is written `#012`.
    Newline,
    /// The count of its octets stands before each (RFC 6587, 3.4.1).
    OctetCounted,
}

impl UpstreamFraming {
    /// That of an upstream of which nothing else is known.
    pub(crate) fn of(framing: StreamFraming) -> Self {
        match framing {
            StreamFraming::Lines => Self::Newline,
            StreamFraming::Syslog => Self::AsItCame,
        }
    }
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Over a connection for each client.
    PerConnection,
    /// To one place for all.
    Shared {
        /// Bytes that may wait.
        ring: usize,
        /// What becomes of what the ring does not take.
        overflow: Overflow,
        /// What takes them.
        sink: Sink,
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
            "stdout:",
            "file:/var/log/app.log",
            "http://host/",
            "https://host:8443/logs?stream=app",
            "forward:fluentd:24224",
            "forward:[::1]:24224",
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
            "user:hunter2@host:1",
            "stdout",
            "stdout:x",
            "file:app.log",
            "file:/var/log/",
            "file:/",
            "file:/var/..",
            "udp:host",
            "tcp:host:1",
            "forward:host",
            "forward:host:0",
            "forward:unix:/run/fluentd.sock",
        ] {
            let parsed = text.parse::<Destination>();
            assert_eq!(parsed, Err(NoDestination::FORMS), "{text}");
        }
        let user = ["https://user:", "hunter2", "@host/"].concat();
        for text in ["http://", &user, "http://host/#x"] {
            let wrong = text.parse::<Destination>().unwrap_err().to_string();
            assert!(!wrong.contains("hunter2"), "{wrong}");
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
