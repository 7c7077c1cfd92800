//! The series of listeners of lines, messages and datagrams. `route` is the listener.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::rim::admin::families::{Counters, Families, by_rule, labels};
use crate::rim::admin::series::Series;
use crate::rim::config::stream::Stream;
use crate::rim::tcp;
use crate::rim::tcp::reason::Reason;

/// The families that only streams have.
pub(super) struct OfStreams {
    connections: Counters,
    bytes: Counters,
    dropped: Counters,
    again: Counters,
    split: Counters,
    waiting: Series<Gauge>,
}

impl OfStreams {
    /// With no series yet.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let mut counters =
            |name: &str, help: &str| Counters::register(registry, name, help, Counter::default);
        Self {
            connections: counters("stream_connections", "Connections of streams"),
            bytes: counters(
                "stream_bytes",
                "Bytes of streams: from clients in, to the upstream out",
            ),
            dropped: counters(
                "dropped_records",
                "Records that were dropped: the ring was full, a datagram was not taken, the \
                 upstream refused one for good, or standard output was closed",
            ),
            again: counters(
                "repeated_records",
                "Records that a shared upstream got again: after a reconnect, or since it did \
                 not answer well",
            ),
            split: counters(
                "split_records",
                "Records that came to be because a line was longer than a record may be",
            ),
            waiting: Series::register(
                registry,
                "waiting_records",
                "Records that were read and that a shared upstream has not taken yet",
                Gauge::default,
            ),
        }
    }

    /// All series of a listener, at zero.
    pub(super) fn of(&self, stream: &Stream, families: &Families) -> tcp::counters::Counters {
        let route = vec![("route", stream.name.clone())];
        let one = |family: &Counters, key, value: &str| {
            family.get_or_create_owned(&labels(&stream.name, key, value))
        };
        let observed = stream.observe_until.map(|_| &stream.rules.plain);
        tcp::counters::Counters {
            connections: self.connections.get_or_create_owned(&route),
            records: families.records.get_or_create_owned(&route),
            bytes_in: one(&self.bytes, "direction", "in"),
            bytes_out: one(&self.bytes, "direction", "out"),
            findings: by_rule(&families.findings, &stream.name, Some(&stream.rules.plain)),
            observed: by_rule(&families.observed, &stream.name, observed),
            candidates: by_rule(
                &families.candidates,
                &stream.name,
                stream.candidates.as_ref(),
            ),
            reasons: Reason::ALL.map(|reason| {
                let family = if reason.is_of_upstream() {
                    &families.upstream_errors
                } else {
                    &families.refused
                };
                one(family, "reason", reason.name())
            }),
            stubbed: one(&families.stubbed, "reason", "binary"),
            dropped: self.dropped.get_or_create_owned(&route),
            again: self.again.get_or_create_owned(&route),
            split: self.split.get_or_create_owned(&route),
            waiting: self.waiting.get_or_create_owned(&route),
        }
    }

    /// The listener is gone.
    pub(super) fn forget(&self, listener: &str) {
        let Self {
            connections,
            bytes,
            dropped,
            again,
            split,
            waiting,
        } = self;
        for family in [connections, bytes, dropped, again, split] {
            family.forget(listener);
        }
        waiting.forget(listener);
    }
}
