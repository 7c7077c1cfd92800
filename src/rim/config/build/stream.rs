//! One listener of lines, syslog messages, datagrams or Fluent Forward, checked and compiled.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use blackbar::Redactor;

use super::{Building, blame, rules, sink};
use crate::rim::config::file::schema::{self, Listen};
use crate::rim::config::file::value::Size;
use crate::rim::config::file::{KeyPath, Wrong};
use crate::rim::config::policy::Rules;
use crate::rim::config::serve::ClientTls;
use crate::rim::config::stream::{
    Delivery, Destination, Entry, Overflow, Sharing, Stream, StreamAddress, StreamFraming,
};

/// Letters of a name that is made, without a number that tells it from another one.
const LONGEST_NAME: usize = 56;

/// Bytes that may wait for a shared upstream.
const RING: Size = Size(16 << 20);

const ONE_OF: &str = "write one of http, tcp, udp and forward";

/// Writes out what listeners of streams do where they do not say it.
pub(super) fn fill(listen: &mut [Listen]) {
    let mut names: HashSet<_> = listen.iter().filter_map(|told| told.name.clone()).collect();
    let streams = listen.iter_mut().filter(|listen| listen.http.is_none());
    for listen in streams {
        if listen.name.is_none() {
            let name = name_of(listen, &names);
            names.insert(name.clone());
            listen.name = Some(name);
        }
        if listen.forward.is_some() {
            listen.undecodable.get_or_insert_default();
            continue;
        }
        let from_datagrams = listen.udp.is_some();
        let (framing, overflow) = if from_datagrams {
            (StreamFraming::Syslog, Overflow::DropNewest)
        } else {
            (StreamFraming::Lines, Overflow::Block)
        };
        listen.framing.get_or_insert(framing);
        listen.mode.get_or_insert_default();
        let upstream = listen.upstream.as_ref();
        let sharing = if from_datagrams || upstream.is_some_and(Destination::is_shared_only) {
            Sharing::Shared
        } else {
            Sharing::PerConnection
        };
        let sharing = *listen.sharing.get_or_insert(sharing);
        let to_datagrams = matches!(listen.upstream, Some(Destination::Udp { .. }));
        if sharing == Sharing::Shared && !to_datagrams {
            listen.ring.get_or_insert(RING);
            listen.overflow.get_or_insert(overflow);
            sink::fill(listen);
        }
    }
}

/// The name of a listener that has none: from where it listens, so that it stays the same
/// whatever other listeners there are.
fn name_of(listen: &Listen, taken: &HashSet<String>) -> String {
    let address = match (&listen.tcp, &listen.udp, &listen.forward) {
        (Some(address), _, _) => format!("tcp-{address}"),
        (_, Some(address), _) => format!("udp-{address}"),
        (_, _, Some(address)) => format!("forward-{address}"),
        // It is refused.
        (None, None, None) => "stream".to_owned(),
    };
    let parts = address.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.');
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let mut name = parts.join("-");
    name.truncate(LONGEST_NAME);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = [name.clone()].into_iter().chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or(name)
}

impl Building<'_> {
    /// What belongs to streams would do nothing for HTTP, unseen.
    pub(super) fn check_keys_of_http(&self, told: &Listen, path: &KeyPath) -> Result<(), Wrong> {
        if told.tcp.is_some() || told.udp.is_some() || told.forward.is_some() {
            return Err(self.wrong(path, ONE_OF));
        }
        match told.stream_keys().first() {
            Some(key) => {
                let what = "it belongs to a listener with tcp, udp or forward; one with http has it in \
                            a [[listen.route]], or not at all";
                Err(self.wrong(&path.key(key), what))
            }
            None => Ok(()),
        }
    }

    /// `None` where it holds, but `[detect]` does not.
    pub(super) fn stream(
        &mut self,
        told: &Listen,
        path: &KeyPath,
    ) -> Result<Option<Stream>, Wrong> {
        let entry = self.entry(told, path)?;
        self.check_keys_of_forward(told, path)?;
        if !told.route.is_empty() {
            let what = "routes belong to a listener with http; write upstream = \"host:port\" \
                        beside tcp, udp or forward";
            return Err(self.wrong(&path.key("route"), what));
        }
        let name = self.name(told.name.as_deref(), path)?;
        let upstream = self.destination(told, path)?;
        let tls = match (&told.tls, &entry) {
            (None, _) => None,
            (Some(tls), Entry::Tcp(_)) => Some(self.tls(tls, &path.key("tls"))?),
            (Some(_), _) => {
                return Err(self.wrong(&path.key("tls"), "TLS needs a TCP listener"));
            }
        };
        let upstream_tls = self.upstream_tls(told, &upstream, &path.key("upstream_tls"))?;
        let forward = self.forward(told, &upstream, path)?;
        let delivery = self.delivery(told, &entry, &upstream, upstream_tls.as_ref(), path)?;
        let observe_until = self.observe_until(told.mode.unwrap_or_default(), told.until, path)?;
        let candidates = self.candidates()?;
        let Some(redactor) = self.redactor(told, path)? else {
            return Ok(None);
        };
        self.check_secret(&upstream, &redactor, path)?;
        Ok(Some(Stream {
            name,
            entry,
            tls,
            upstream_tls,
            upstream,
            framing: told.framing.unwrap_or_default(),
            delivery,
            idle: told.idle.map(|idle| idle.0),
            max_record: self.file.limits.max_record.0,
            rules: Rules::new(redactor.clone(), redactor),
            observe_until,
            candidates,
            forward,
        }))
    }

    /// The rules of `[detect]` with what the listener adds and takes away. `None` where
    /// they do not compile.
    fn redactor(&mut self, told: &Listen, path: &KeyPath) -> Result<Option<Arc<Redactor>>, Wrong> {
        let now = self.surroundings.now;
        let base = rules::detection(self.file, now);
        let mut detection = base.clone();
        self.strengthen(&mut detection, &told.detect, path)?;
        self.relax(&mut detection, &told.relax, path)?;
        let values = told.detect.values.or(self.file.detect.values);
        let entries = || blame::of_route(&base, &told.detect, &told.relax, path, now);
        let rules = self.rules(detection, values, &entries, &path.key("detect"));
        Ok(rules.map(|rules| rules.plain))
    }

    fn entry(&self, told: &Listen, path: &KeyPath) -> Result<Entry, Wrong> {
        match (&told.tcp, told.udp, &told.forward) {
            (Some(address), None, None) | (None, None, Some(address)) => Ok(match address {
                StreamAddress::Tcp(address) => Entry::Tcp(address.0),
                StreamAddress::Unix(socket) => Entry::Unix(socket.clone()),
            }),
            (None, Some(address), None) => Ok(Entry::Udp(address.0)),
            (None, None, None) => {
                let what = "it listens nowhere; write http = \"127.0.0.1:9000\", tcp = \
                            \"127.0.0.1:5170\", udp = \"127.0.0.1:5140\" or forward = \
                            \"127.0.0.1:24224\"";
                Err(self.wrong(path, what))
            }
            _ => Err(self.wrong(path, ONE_OF)),
        }
    }

    fn destination(&self, told: &Listen, path: &KeyPath) -> Result<Destination, Wrong> {
        let Some(upstream) = &told.upstream else {
            let what = "it has no upstream; write upstream = \"host:port\"";
            return Err(self.wrong(path, what));
        };
        let mut streams = self.file.listen.iter().flat_map(|other| {
            let of_streams = [&other.tcp, &other.forward];
            of_streams.into_iter().flatten()
        });
        let comes_back = match upstream {
            Destination::Tcp { host, port } | Destination::Forward { host, port } => {
                streams.any(|other| match other {
                    StreamAddress::Tcp(own) => is_own(own.0, host, *port),
                    StreamAddress::Unix(_) => false,
                })
            }
            Destination::Unix(socket) => {
                streams.any(|other| matches!(other, StreamAddress::Unix(own) if own == socket))
            }
            Destination::Udp { host, port } => {
                let mut listeners = self.file.listen.iter().filter_map(|other| other.udp);
                listeners.any(|own| is_own(own.0, host, *port))
            }
            Destination::Stdout | Destination::File(_) | Destination::Http(_) => false,
        };
        if comes_back {
            let what = "this is a listener of the same configuration; its records would go \
                        round in circles";
            return Err(self.wrong(&path.key("upstream"), what));
        }
        if matches!(upstream, Destination::File(file) if file.starts_with("/dev")) {
            let what = "a file is made and rotated, and this is a device; for standard output write \
                        \"stdout:\"";
            return Err(self.wrong(&path.key("upstream"), what));
        }
        if let Destination::Http(url) = upstream {
            self.check_circle(url, path)?;
        }
        self.check_only_writer(upstream, path)?;
        Ok(upstream.clone())
    }

    fn delivery(
        &mut self,
        told: &Listen,
        entry: &Entry,
        upstream: &Destination,
        tls: Option<&ClientTls>,
        path: &KeyPath,
    ) -> Result<Delivery, Wrong> {
        self.check_keys_of_sinks(told, upstream, path)?;
        let from_datagrams = matches!(entry, Entry::Udp(_));
        let is_shared = told.sharing == Some(Sharing::Shared);
        if from_datagrams && !is_shared {
            let what = "datagrams have no connection of their own; leave this out";
            return Err(self.wrong(&path.key("sharing"), what));
        }
        if upstream.is_shared_only() && !is_shared {
            let what =
                "all clients share a file, standard output, HTTP and Forward; leave this out";
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
        let sink = if is_shared {
            self.sink(told, upstream, tls, path)?
        } else {
            None
        };
        let Some(sink) = sink else {
            let of_shared = ["ring", "resend", "overflow", "upstream_framing"];
            let given = told.stream_keys();
            if let Some(key) = given.iter().find(|key| of_shared.contains(*key)) {
                let what = "it belongs to sharing = \"shared\" and an upstream without udp:";
                return Err(self.wrong(&path.key(key), what));
            }
            return Ok(Delivery::PerConnection);
        };
        let ring = told.ring.unwrap_or(RING).0;
        if ring < self.file.limits.max_record.0 {
            let what = "write at least limits.max_record, so that every record fits in";
            return Err(self.wrong(&path.key("ring"), what));
        }
        Ok(Delivery::Shared {
            ring,
            overflow: told.overflow.unwrap_or(Overflow::Block),
            sink,
        })
    }

    fn upstream_tls(
        &mut self,
        told: &Listen,
        upstream: &Destination,
        path: &KeyPath,
    ) -> Result<Option<ClientTls>, Wrong> {
        let Some(schema::UpstreamTls { ca, identity }) = &told.upstream_tls else {
            return Ok(None);
        };
        let speaks_tls = match upstream {
            Destination::Tcp { .. } | Destination::Forward { .. } => true,
            Destination::Http(url) => url.scheme_str() == Some("https"),
            _ => false,
        };
        if !speaks_tls {
            let what = "TLS needs an upstream host:port, forward:host:port or https://host";
            return Err(self.wrong(path, what));
        }
        let tls = self.client_tls(ca.as_ref(), identity.as_ref(), path)?;
        Ok(Some(tls))
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
pub(super) mod tests;
