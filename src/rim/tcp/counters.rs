//! What is counted of one listener.

use blackbar::Tally;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use crate::rim::tcp::reason::Reason;

/// Counters of one listener. A counter is cheap to clone, and stays the same one.
pub(crate) struct Counters {
    /// Connections that were accepted.
    pub(crate) connections: Counter,
    /// Records that were looked at.
    pub(crate) records: Counter,
    /// Bytes from clients.
    pub(crate) bytes_in: Counter,
    /// Bytes to the upstream.
    pub(crate) bytes_out: Counter,
    /// By rule; rules of one pack share a counter.
    pub(crate) findings: Vec<Counter>,
    /// The same of what went on unmasked; empty unless the listener observes.
    pub(crate) observed: Vec<Counter>,
    /// By candidate rule, what it would have found.
    pub(crate) candidates: Vec<Counter>,
    /// By reason, as in [`Reason::ALL`].
    pub(crate) reasons: [Counter; Reason::ALL.len()],
    /// Records that were dropped, by the operator's choice or as datagrams are.
    pub(crate) dropped: Counter,
    /// Bytes in records of Forward that a stub stands for.
    pub(crate) stubbed: Counter,
    /// Records that a shared upstream got once more.
    pub(crate) again: Counter,
    /// Records that came to be because a line was too long to be one.
    pub(crate) split: Counter,
    /// Records that a shared upstream has not taken yet.
    pub(crate) waiting: Gauge,
}

impl Counters {
    /// Findings of a tally that is complete.
    pub(crate) fn found(&self, tally: &Tally) {
        for (counter, &found) in self.findings.iter().zip(tally.findings()) {
            counter.inc_by(found);
        }
    }

    /// So many records more wait for a shared upstream.
    pub(crate) fn wait(&self, records: u64) {
        self.waiting.inc_by(records.cast_signed());
    }

    /// So many records wait no more.
    pub(crate) fn settle(&self, records: u64) {
        self.waiting.dec_by(records.cast_signed());
    }

    /// Something went wrong with a connection.
    pub(crate) fn note(&self, reason: Reason) {
        for (counter, known) in self.reasons.iter().zip(Reason::ALL) {
            if known == reason {
                counter.inc();
            }
        }
    }
}

/// Brings counters up to date with the tally of a session that goes on.
#[derive(Default)]
pub(crate) struct Meter {
    records: u64,
    masks: u64,
    /// By rule; empty until the first one, so that it costs an idle connection nothing.
    findings: Vec<u64>,
}

impl Meter {
    /// Counts the records that have come to the tally since the last call.
    pub(crate) fn count_records(&mut self, tally: &Tally, counters: &Counters) {
        counters.records.inc_by(tally.records() - self.records);
        self.records = tally.records();
    }

    /// Counts the findings that have come to the tally since the last call.
    pub(crate) fn count_findings(&mut self, tally: &Tally, findings: &[Counter]) {
        if tally.masks() == self.masks {
            return;
        }
        self.masks = tally.masks();
        self.findings.resize(tally.findings().len(), 0);
        let now = tally.findings().iter().zip(&mut self.findings);
        for ((&now, before), counter) in now.zip(findings) {
            counter.inc_by(now - *before);
            *before = now;
        }
    }

    /// The session has been replaced by a new one.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }
}
