//! One listener of lines, syslog messages or datagrams, checked and compiled.

use std::net::SocketAddr;

use super::{Building, rules};
use crate::rim::config::file::schema::{self, Listen};
use crate::rim::config::file::value::Size;
use crate::rim::config::file::{KeyPath, Wrong};
use crate::rim::config::serve::ClientTls;
use crate::rim::config::stream::{
    Delivery, Destination, Entry, Overflow, Sharing, Stream, StreamAddress, StreamFraming,
};

/// Bytes that may wait for a shared upstream.
const RING: Size = Size(16 << 20);

/// Bytes that a shared upstream gets again. What the kernels of both sides hold at a time
/// is less, with the send buffer that is set and the receive buffers that are usual.
const RESEND: Size = Size(1 << 20);

/// Writes out what listeners of streams do where they do not say it.
pub(super) fn fill(listen: &mut [Listen]) {
    let streams = listen.iter_mut().filter(|listen| listen.http.is_none());
    for (index, listen) in streams.enumerate() {
        let name = || format!("stream-{}", index + 1);
        listen.name.get_or_insert_with(name);
        let (framing, sharing, overflow) = if listen.udp.is_some() {
            (StreamFraming::Syslog, Sharing::Shared, Overflow::DropNewest)
        } else {
            (
                StreamFraming::Lines,
                Sharing::PerConnection,
                Overflow::Block,
            )
        };
        listen.framing.get_or_insert(framing);
        let sharing = *listen.sharing.get_or_insert(sharing);
        let to_datagrams = matches!(listen.upstream, Some(Destination::Udp { .. }));
        if sharing == Sharing::Shared && !to_datagrams {
            listen.ring.get_or_insert(RING);
            listen.resend.get_or_insert(RESEND);
            listen.overflow.get_or_insert(overflow);
        }
    }
}

impl Building<'_> {
    /// What belongs to streams would do nothing for HTTP, unseen.
    pub(super) fn check_keys_of_http(&self, told: &Listen, path: &KeyPath) -> Result<(), Wrong> {
        if told.tcp.is_some() || told.udp.is_some() {
            return Err(self.wrong(path, "write one of http, tcp and udp"));
        }
        match told.stream_keys().first() {
            Some(key) => {
                let what = "it belongs to a listener with tcp or udp; one with http has it in a \
                            [[listen.route]], or not at all";
                Err(self.wrong(&path.key(key), what))
            }
            None => Ok(()),
        }
    }

    pub(super) fn stream(&mut self, told: &Listen, path: &KeyPath) -> Result<Stream, Wrong> {
        let entry = self.entry(told, path)?;
        if !told.route.is_empty() {
            let what = "routes belong to a listener with http; write upstream = \"host:port\" \
                        beside tcp or udp";
            return Err(self.wrong(&path.key("route"), what));
        }
        let name = self.name(told.name.as_deref(), path)?;
        let upstream = self.destination(told, path)?;
        let delivery = self.delivery(told, &entry, &upstream, path)?;
        let tls = match (&told.tls, &entry) {
            (None, _) => None,
            (Some(tls), Entry::Tcp(_)) => Some(self.tls(tls, &path.key("tls"))?),
            (Some(_), _) => {
                return Err(self.wrong(&path.key("tls"), "TLS needs a TCP listener"));
            }
        };
        let redactor = {
            let place = KeyPath::default().key("detect");
            let values = self.file.detect.values;
            self.rules(rules::detection(self.file), values, &place)?
                .plain
        };
        Ok(Stream {
            name,
            entry,
            tls,
            upstream_tls: self.upstream_tls(told, &upstream, &path.key("upstream_tls"))?,
            upstream,
            framing: told.framing.unwrap_or_default(),
            delivery,
            idle: told.idle.map(|idle| idle.0),
            max_record: self.file.limits.max_record.0,
            redactor,
        })
    }

    fn entry(&self, told: &Listen, path: &KeyPath) -> Result<Entry, Wrong> {
        match (&told.tcp, told.udp) {
            (Some(StreamAddress::Tcp(address)), None) => Ok(Entry::Tcp(address.0)),
            (Some(StreamAddress::Unix(socket)), None) => Ok(Entry::Unix(socket.clone())),
            (None, Some(address)) => Ok(Entry::Udp(address.0)),
            (Some(_), Some(_)) => Err(self.wrong(path, "write one of http, tcp and udp")),
            (None, None) => {
                let what = "it listens nowhere; write http = \"127.0.0.1:9000\", tcp = \
                            \"127.0.0.1:5170\" or udp = \"127.0.0.1:5140\"";
                Err(self.wrong(path, what))
            }
        }
    }

    fn destination(&self, told: &Listen, path: &KeyPath) -> Result<Destination, Wrong> {
        let Some(upstream) = &told.upstream else {
            let what = "it has no upstream; write upstream = \"host:port\"";
            return Err(self.wrong(path, what));
        };
        let comes_back = self.file.listen.iter().any(|other| match upstream {
            Destination::Tcp { host, port } => match &other.tcp {
                Some(StreamAddress::Tcp(own)) => is_own(own.0, host, *port),
                _ => false,
            },
            Destination::Unix(socket) => {
                matches!(&other.tcp, Some(StreamAddress::Unix(own)) if own == socket)
            }
            Destination::Udp { host, port } => {
                other.udp.is_some_and(|own| is_own(own.0, host, *port))
            }
        });
        if comes_back {
            let what = "this is a listener of the same configuration; its records would go \
                        round in circles";
            return Err(self.wrong(&path.key("upstream"), what));
        }
        Ok(upstream.clone())
    }

    fn delivery(
        &self,
        told: &Listen,
        entry: &Entry,
        upstream: &Destination,
        path: &KeyPath,
    ) -> Result<Delivery, Wrong> {
        let from_datagrams = matches!(entry, Entry::Udp(_));
        let to_datagrams = matches!(upstream, Destination::Udp { .. });
        let is_shared = told.sharing == Some(Sharing::Shared);
        if from_datagrams && !is_shared {
            let what = "datagrams have no connection of their own; leave this out";
            return Err(self.wrong(&path.key("sharing"), what));
        }
        if from_datagrams && told.overflow == Some(Overflow::Block) {
            let what = "datagrams cannot be made to wait: the system would drop them uncounted; \
                        leave this out";
            return Err(self.wrong(&path.key("overflow"), what));
        }
        if from_datagrams && told.idle.is_some() {
            return Err(self.wrong(&path.key("idle"), "datagrams have no connection"));
        }
        if !is_shared || to_datagrams {
            let of_shared = ["ring", "resend", "overflow"];
            let given = told.stream_keys();
            if let Some(key) = given.iter().find(|key| of_shared.contains(*key)) {
                let what = "it belongs to sharing = \"shared\" and an upstream of streams";
                return Err(self.wrong(&path.key(key), what));
            }
            return Ok(Delivery::PerConnection);
        }
        let ring = told.ring.unwrap_or(RING).0;
        if ring < self.file.limits.max_record.0 {
            let what = "write at least limits.max_record, so that every record fits in";
            return Err(self.wrong(&path.key("ring"), what));
        }
        Ok(Delivery::Shared {
            ring,
            resend: told.resend.unwrap_or(RESEND).0,
            overflow: told.overflow.unwrap_or(Overflow::Block),
        })
    }

    fn upstream_tls(
        &self,
        told: &Listen,
        upstream: &Destination,
        path: &KeyPath,
    ) -> Result<Option<ClientTls>, Wrong> {
        let Some(schema::UpstreamTls { ca, identity }) = &told.upstream_tls else {
            return Ok(None);
        };
        if !matches!(upstream, Destination::Tcp { .. }) {
            return Err(self.wrong(path, "TLS needs an upstream host:port"));
        }
        if let Some(authorities) = ca {
            self.check_file(authorities, &path.key("ca"))?;
        }
        Ok(Some(ClientTls {
            ca: ca.clone(),
            identity: self.identity(identity.as_ref(), &path.key("identity"))?,
        }))
    }
}

/// Whether a host and a port are this listener.
pub(super) fn is_own(own: SocketAddr, host: &str, port: u16) -> bool {
    let host = match host {
        "localhost" => "127.0.0.1",
        host => host,
    };
    let same_host =
        host.parse() == Ok(own.ip()) || own.ip().is_unspecified() && host == "127.0.0.1";
    own.port() == port && same_host
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::rim::config::build::{Built, Surroundings, build, effective};
    use crate::rim::config::file::{File, Source};

    fn parsed(text: &str) -> Result<(File, Source), Wrong> {
        let source = Source::of("b.toml", text.to_owned());
        let mut file = source.parse()?;
        effective(&mut file);
        Ok((file, source))
    }

    fn built(text: &str) -> Result<Built, Wrong> {
        let (file, source) = parsed(text)?;
        let surroundings = Surroundings {
            now: SystemTime::UNIX_EPOCH,
            formats: Vec::new(),
        };
        build(&file, &source, &surroundings)
    }

    fn listen(keys: &str) -> String {
        format!("[[listen]]\n{keys}\n")
    }

    fn only(text: &str) -> std::sync::Arc<Stream> {
        let built = built(text).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert!(built.serve.listen.is_empty());
        built.serve.streams[0].clone()
    }

    #[test]
    fn the_defaults() {
        let stream = only(&listen(
            "tcp = \"127.0.0.1:5170\"\nupstream = \"shipper:5171\"",
        ));
        assert_eq!(stream.name, "stream-1");
        assert_eq!(stream.entry.to_string(), "127.0.0.1:5170");
        assert_eq!(stream.upstream.to_string(), "shipper:5171");
        assert_eq!(stream.framing, StreamFraming::Lines);
        assert_eq!(stream.delivery, Delivery::PerConnection);
        assert!(stream.idle.is_none() && stream.tls.is_none() && stream.upstream_tls.is_none());
        let stream = only(&listen(
            "udp = \"127.0.0.1:514\"\nupstream = \"shipper:5171\"",
        ));
        assert_eq!(stream.framing, StreamFraming::Syslog);
        let delivery = Delivery::Shared {
            ring: 16 << 20,
            resend: 1 << 20,
            overflow: Overflow::DropNewest,
        };
        assert_eq!(stream.delivery, delivery);
    }

    #[test]
    fn what_is_chosen_is_taken() {
        let stream = only(&listen(
            "name = \"syslog\"\ntcp = \"unix:/run/in.sock\"\nupstream = \"unix:/run/out.sock\"\n\
             framing = \"syslog\"\nsharing = \"shared\"\nring = \"2M\"\nresend = \"64K\"\n\
             overflow = \"drop-newest\"\nidle = \"5m\"",
        ));
        assert_eq!(stream.name, "syslog");
        assert_eq!(stream.framing, StreamFraming::Syslog);
        assert_eq!(stream.idle, Some(Duration::from_secs(300)));
        let delivery = Delivery::Shared {
            ring: 2 << 20,
            resend: 64 << 10,
            overflow: Overflow::DropNewest,
        };
        assert_eq!(stream.delivery, delivery);
    }

    #[test]
    fn what_is_in_effect_can_be_read_again() {
        for keys in [
            "tcp = \"unix:/run/in.sock\"\nupstream = \"[::1]:5171\"\nsharing = \"shared\"",
            "udp = \"127.0.0.1:514\"\nupstream = \"udp:host:514\"",
            "udp = \"127.0.0.1:514\"\nupstream = \"host:514\"\nframing = \"lines\"",
            "tcp = \"127.0.0.1:1\"\nupstream = \"host:514\"\nupstream_tls = {}\nidle = \"90s\"",
        ] {
            let (file, _) = parsed(&listen(keys)).unwrap();
            let shown = toml::to_string_pretty(&file).unwrap();
            let (again, _) = parsed(&shown).unwrap_or_else(|wrong| panic!("{wrong}\n{shown}"));
            assert_eq!(toml::to_string_pretty(&again).unwrap(), shown);
            built(&shown).unwrap_or_else(|wrong| panic!("{wrong}\n{shown}"));
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        let tcp = "tcp = \"127.0.0.1:5170\"\n";
        let fine = format!("{tcp}upstream = \"a:1\"\n");
        let udp = "udp = \"127.0.0.1:514\"\nupstream = \"a:1\"\n";
        for (keys, expected) in [
            (String::new(), "1:1: key `listen`: it listens nowhere"),
            (tcp.to_owned(), "1:1: key `listen`: it has no upstream"),
            (
                format!("{fine}udp = \"127.0.0.1:1\""),
                "1:1: key `listen`: write one of",
            ),
            (
                format!("{fine}http = \"127.0.0.1:1\"\nroute = [{{ upstream = \"http://a\" }}]"),
                "1:1: key `listen`: write one of",
            ),
            (
                "http = \"127.0.0.1:1\"\nring = \"1M\"\nroute = [{ upstream = \"http://a\" }]"
                    .to_owned(),
                "3:8: key `listen.ring`: it belongs to a listener with tcp",
            ),
            (
                format!("{tcp}upstream = \"hunter2\""),
                "3:12: key `listen.upstream`: write host:port",
            ),
            (
                format!("{tcp}upstream = \"127.0.0.1:5170\""),
                "3:12: key `listen.upstream`: this is a listener",
            ),
            (
                format!("{fine}route = [{{ upstream = \"http://a\" }}]"),
                "4:9: key `listen.route`: routes belong",
            ),
            (
                format!("{fine}framing = \"syslgo\""),
                "4:11: key `listen.framing`: there is no such choice; did you mean `syslog`?",
            ),
            (
                format!("{fine}framming = \"syslog\""),
                "4:1: key `listen.framming`: there is no such key; did you mean `framing`?",
            ),
            (
                format!("{fine}ring = \"1M\""),
                "4:8: key `listen.ring`: it belongs to sharing",
            ),
            (
                format!("{fine}sharing = \"shared\"\nring = \"1K\""),
                "5:8: key `listen.ring`: write at least",
            ),
            (
                format!("{udp}overflow = \"block\""),
                "4:12: key `listen.overflow`: datagrams cannot",
            ),
            (
                format!("{udp}sharing = \"per-connection\""),
                "4:11: key `listen.sharing`: datagrams have",
            ),
            (
                format!("{udp}idle = \"5s\""),
                "4:8: key `listen.idle`: datagrams have",
            ),
            (
                format!("{udp}tls = {{ certificate = \"a\", key = \"b\" }}"),
                "4:7: key `listen.tls`: TLS needs a TCP listener",
            ),
            (
                format!("{tcp}upstream = \"udp:a:1\"\nupstream_tls = {{}}"),
                "4:16: key `listen.upstream_tls`: TLS needs an upstream",
            ),
            (
                format!("{fine}upstream_tls = {{ ca = \"/nonexistent/ca.pem\" }}"),
                "4:23: key `listen.upstream_tls.ca`: cannot read",
            ),
            (
                format!("{fine}name = \"a b\""),
                "4:8: key `listen.name`: write 1 to 64",
            ),
        ] {
            let wrong = built(&listen(&keys)).err().map(|wrong| wrong.to_string());
            let wrong = wrong.unwrap_or_else(|| panic!("it is taken: {keys}"));
            assert!(
                wrong.starts_with(&format!("b.toml:{expected}")),
                "{keys}\n{wrong}"
            );
            assert!(!wrong.contains("hunter2"), "{wrong}");
        }
    }
}
