//! One output and the session that feeds it now.

use std::sync::Arc;

use blackbar::{Framing, Piece, Redactor, Session};

use crate::rim::stats::Totals;
use crate::rim::transport::format::Format;
use crate::rim::transport::jobs::Segment;
use crate::rim::transport::output::OutputError;
use crate::rim::transport::patient::Patient;
use crate::rim::transport::sink::Sink;

/// What the filter's threads share under one lock. Each call leaves nothing behind
/// that could have been written: what a chunk completes is out when `write` returns.
pub(crate) struct Flow {
    redactor: Arc<Redactor>,
    format: Format,
    sink: Sink<Patient>,
    /// How messages name the output.
    output: String,
    /// The session of the input that is being read.
    session: Option<Session>,
    /// Nothing of the input has been seen; whether it is cut into lines in any case.
    unseen: Option<bool>,
    /// How the session cuts.
    framing: Framing,
    pieces: Vec<Piece>,
    totals: Totals,
}

impl Flow {
    pub(crate) fn new(
        redactor: Arc<Redactor>,
        format: Format,
        sink: Sink<Patient>,
        output: String,
    ) -> Self {
        Self {
            redactor,
            format,
            sink,
            output,
            session: None,
            unseen: None,
            framing: format.first_guess(),
            pieces: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// Begins the session of an input that was accepted. `lines_only`: it is no document,
    /// however it begins.
    pub(crate) fn begin(&mut self, lines_only: bool) -> Result<(), OutputError> {
        self.totals.inputs += 1;
        self.unseen = Some(lines_only);
        self.framing = self.format.first_guess();
        self.session = Some(Session::new(Arc::clone(&self.redactor), self.framing));
        self.sink
            .prepare()
            .map_err(|error| OutputError::unwritable(&self.output, &error))
    }

    /// Whether a session has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.session.is_some()
    }

    /// How the input is cut, told by its first bytes.
    pub(crate) fn frame(&mut self, head: &[u8]) -> Framing {
        if let Some(lines_only) = self.unseen.take() {
            let framing = self.format.framing(head, lines_only);
            if framing != self.framing {
                self.framing = framing;
                self.session = Some(Session::new(Arc::clone(&self.redactor), framing));
            }
        }
        self.framing
    }

    /// Takes a chunk in and writes what it makes certain.
    pub(crate) fn write(&mut self, chunk: &[u8]) -> Result<(), OutputError> {
        if !self.is_open() {
            return Ok(());
        }
        self.frame(chunk);
        if let Some(session) = &mut self.session {
            session.write(chunk, &mut self.pieces);
        }
        self.deliver(chunk)
    }

    /// Writes what of an unfinished record is certain already.
    pub(crate) fn flush(&mut self) -> Result<(), OutputError> {
        if let Some(session) = &mut self.session {
            session.flush(&mut self.pieces);
        }
        self.deliver(&[])
    }

    /// [`Self::write`] for a segment of lines that was scanned ahead of its turn.
    pub(crate) fn join(&mut self, segment: &mut Segment) -> Result<(), OutputError> {
        if let Some(session) = &mut self.session
            && let Some(ended) = segment.join(session, &mut self.pieces)
        {
            self.totals.tally.add(ended.tally());
        }
        self.deliver(segment.bytes())
    }

    /// The input's end: what is left is decided like the end of a record.
    pub(crate) fn end(&mut self) -> Result<(), OutputError> {
        if let Some(session) = &mut self.session {
            session.end(&mut self.pieces);
        }
        let delivered = self.deliver(&[]);
        self.close();
        delivered
    }

    /// An end before the input's: what is undecided is masked. Returns how many bytes.
    pub(crate) fn end_forced(&mut self) -> Result<u64, OutputError> {
        let mut masked = 0;
        if let Some(session) = &mut self.session {
            masked = session.end_forced(&mut self.pieces);
        }
        self.totals.forced_bytes += masked;
        let delivered = self.deliver(&[]);
        self.close();
        delivered.map(|()| masked)
    }

    /// Counts an input that failed.
    pub(crate) fn count_failure(&mut self) {
        self.totals.failed_inputs += 1;
    }

    /// What was counted so far, the open session included.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = self.totals.clone();
        if let Some(session) = &self.session {
            totals.tally.add(session.tally());
        }
        totals
    }

    fn deliver(&mut self, chunk: &[u8]) -> Result<(), OutputError> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let written = self.sink.write(session, &self.pieces, chunk);
        self.pieces.clear();
        written.map_err(|error| OutputError::unwritable(&self.output, &error))
    }

    fn close(&mut self) {
        self.totals = self.totals();
        self.session = None;
    }
}
