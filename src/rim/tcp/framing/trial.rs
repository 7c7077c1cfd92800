//! Candidate rules: what they would find is counted, and nothing is masked by them.

use std::sync::Arc;

use blackbar::{Framing, Piece, Session};

use crate::rim::config::stream::Stream;
use crate::rim::tcp::counters::{Counters, Meter};

/// Looks at what one connection brings.
pub(super) struct Trial {
    stream: Arc<Stream>,
    counters: Arc<Counters>,
    framing: Framing,
    meter: Meter,
    /// None while nothing is open in it and nothing comes, and without candidates.
    session: Option<Session>,
    pieces: Vec<Piece>,
}

impl Trial {
    /// With the candidates of the listener, if it has any.
    pub(super) fn new(stream: &Arc<Stream>, counters: &Arc<Counters>, framing: Framing) -> Self {
        Self {
            stream: stream.clone(),
            counters: counters.clone(),
            framing,
            meter: Meter::default(),
            session: None,
            pieces: Vec::new(),
        }
    }

    /// Looks at a chunk.
    pub(super) fn write(&mut self, chunk: &[u8]) {
        let Some(candidates) = &self.stream.candidates else {
            return;
        };
        let session = self
            .session
            .get_or_insert_with(|| Session::new(candidates.clone(), self.framing));
        session.write(chunk, &mut self.pieces);
        self.count();
    }

    /// The stream, or a message, has ended.
    pub(super) fn end(&mut self) {
        if let Some(session) = &mut self.session {
            session.end(&mut self.pieces);
            let is_fresh = session.is_fresh();
            self.count();
            if !is_fresh {
                self.renew();
            }
        }
    }

    /// Gives up what it costs, if nothing is open.
    pub(super) fn rest(&mut self) {
        if self.session.as_ref().is_some_and(Session::is_fresh) {
            self.renew();
            self.pieces = Vec::new();
        }
    }

    fn renew(&mut self) {
        self.session = None;
        self.meter.restart();
    }

    fn count(&mut self) {
        self.pieces.clear();
        if let Some(session) = &self.session {
            let tally = session.tally();
            self.meter.count_findings(tally, &self.counters.candidates);
        }
    }
}
