//! Masks messages that stand alone: what one leaves open is of no concern to the next.

use std::sync::Arc;

use blackbar::{Framing, Piece, Redactor, Session};

use crate::rim::tcp::counters::{Counters, Meter};

/// Masks one message after the other, each as a document, since it may hold newlines.
pub(crate) struct Messages {
    redactor: Arc<Redactor>,
    counters: Arc<Counters>,
    meter: Meter,
    session: Session,
    pieces: Vec<Piece>,
    masked: Vec<u8>,
}

impl Messages {
    /// Over these rules.
    pub(crate) fn new(redactor: &Arc<Redactor>, counters: &Arc<Counters>) -> Self {
        Self {
            redactor: redactor.clone(),
            counters: counters.clone(),
            meter: Meter::default(),
            session: Session::new(redactor.clone(), Framing::Document),
            pieces: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// The masked message.
    pub(crate) fn mask(&mut self, message: &[u8]) -> &[u8] {
        self.masked.clear();
        self.session.write(message, &mut self.pieces);
        self.take(message);
        self.session.end(&mut self.pieces);
        self.take(&[]);
        self.meter.count(self.session.tally(), &self.counters);
        if !self.session.is_fresh() {
            self.session = Session::new(self.redactor.clone(), Framing::Document);
            self.meter.restart();
        }
        &self.masked
    }

    fn take(&mut self, chunk: &[u8]) {
        for piece in self.pieces.drain(..) {
            self.masked
                .extend_from_slice(self.session.bytes(&piece, chunk));
        }
    }
}
