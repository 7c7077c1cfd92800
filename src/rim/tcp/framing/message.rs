//! Masks messages that stand alone: what one leaves open is of no concern to the next.

use std::sync::Arc;

use blackbar::{Framing, Piece, Tally};

use super::trial::Trial;
use crate::rim::config::stream::Stream;
use crate::rim::payload::sessions::Kind;
use crate::rim::tcp::counters::{Counters, Meter};

/// Masks one message after the other, each as a document, since it may hold newlines.
pub(crate) struct Messages {
    stream: Arc<Stream>,
    counters: Arc<Counters>,
    trial: Trial,
    pieces: Vec<Piece>,
    masked: Vec<u8>,
}

impl Messages {
    /// Of a connection, or of a listener for datagrams.
    pub(crate) fn new(stream: &Arc<Stream>, counters: &Arc<Counters>) -> Self {
        Self {
            stream: stream.clone(),
            counters: counters.clone(),
            trial: Trial::new(stream, counters, Framing::Document),
            pieces: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// The masked message; as it is while the listener observes.
    pub(crate) fn mask(&mut self, message: &[u8]) -> &[u8] {
        self.trial.write(message);
        self.trial.end();
        self.masked.clear();
        let rules = &self.stream.rules;
        let mut session = rules.session(Kind::Document);
        session.write(message, &mut self.pieces);
        for piece in self.pieces.drain(..) {
            let bytes = session.bytes(&piece, message);
            self.masked.extend_from_slice(bytes);
        }
        session.end(&mut self.pieces);
        for piece in self.pieces.drain(..) {
            self.masked.extend_from_slice(session.bytes(&piece, &[]));
        }
        let mut tally = Tally::default();
        rules.give_back(Kind::Document, session, &mut tally);
        let (mut meter, counters) = (Meter::default(), &self.counters);
        meter.count_records(&tally, counters);
        if self.stream.observes() {
            meter.count_findings(&tally, &counters.observed);
            self.masked.clear();
            self.masked.extend_from_slice(message);
        } else {
            meter.count_findings(&tally, &counters.findings);
        }
        &self.masked
    }

    /// Gives up what it costs.
    pub(crate) fn rest(&mut self) {
        self.trial.rest();
        (self.pieces, self.masked) = (Vec::new(), Vec::new());
    }
}
