//! Masks messages that stand alone: what one leaves open is of no concern to the next.

use std::sync::Arc;

use blackbar::{Framing, Piece, Session};

use super::trial::Trial;
use crate::rim::config::stream::Stream;
use crate::rim::tcp::counters::{Counters, Meter};

/// Masks one message after the other, each as a document, since it may hold newlines.
pub(crate) struct Messages {
    stream: Arc<Stream>,
    counters: Arc<Counters>,
    trial: Trial,
    meter: Meter,
    /// None while nothing comes.
    session: Option<Session>,
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
            meter: Meter::default(),
            session: None,
            pieces: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// The masked message; as it is while the listener observes.
    pub(crate) fn mask(&mut self, message: &[u8]) -> &[u8] {
        self.trial.write(message);
        self.trial.end();
        self.masked.clear();
        let redactor = &self.stream.redactor;
        let session = self
            .session
            .get_or_insert_with(|| Session::new(redactor.clone(), Framing::Document));
        session.write(message, &mut self.pieces);
        for piece in self.pieces.drain(..) {
            let bytes = session.bytes(&piece, message);
            self.masked.extend_from_slice(bytes);
        }
        session.end(&mut self.pieces);
        for piece in self.pieces.drain(..) {
            self.masked.extend_from_slice(session.bytes(&piece, &[]));
        }
        let (tally, counters) = (session.tally(), &self.counters);
        self.meter.count_records(tally, counters);
        if self.stream.observes() {
            self.meter.count_findings(tally, &counters.observed);
            self.masked.clear();
            self.masked.extend_from_slice(message);
        } else {
            self.meter.count_findings(tally, &counters.findings);
        }
        if !session.is_fresh() {
            self.renew();
        }
        &self.masked
    }

    /// Gives up what it costs.
    pub(crate) fn rest(&mut self) {
        self.trial.rest();
        self.renew();
        (self.pieces, self.masked) = (Vec::new(), Vec::new());
    }

    fn renew(&mut self) {
        self.session = None;
        self.meter.restart();
    }
}
