//! Masks messages that stand alone: what one leaves open is of no concern to the next.

use std::sync::Arc;

use blackbar::{Framing, Piece, Redactor, Session};

use crate::rim::tcp::counters::{Counters, Meter};

/// Masks one message after the other, each as a document, since it may hold newlines.
pub(crate) struct Messages {
    redactor: Arc<Redactor>,
    counters: Arc<Counters>,
    meter: Meter,
    /// None while nothing comes.
    session: Option<Session>,
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
            session: None,
            pieces: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// The masked message.
    pub(crate) fn mask(&mut self, message: &[u8]) -> &[u8] {
        self.masked.clear();
        let session = self
            .session
            .get_or_insert_with(|| Session::new(self.redactor.clone(), Framing::Document));
        session.write(message, &mut self.pieces);
        for piece in self.pieces.drain(..) {
            let bytes = session.bytes(&piece, message);
            self.masked.extend_from_slice(bytes);
        }
        session.end(&mut self.pieces);
        for piece in self.pieces.drain(..) {
            self.masked.extend_from_slice(session.bytes(&piece, &[]));
        }
        self.meter.count(session.tally(), &self.counters);
        if !session.is_fresh() {
            self.renew();
        }
        &self.masked
    }

    /// Gives up what it costs.
    pub(crate) fn rest(&mut self) {
        self.renew();
        (self.pieces, self.masked) = (Vec::new(), Vec::new());
    }

    fn renew(&mut self) {
        self.session = None;
        self.meter.restart();
    }
}
