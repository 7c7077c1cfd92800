//! Records that end with a newline.

use std::sync::Arc;

use blackbar::{Framing, Piece, Session, Tally};

use super::trial::Trial;
use super::{Form, Output};
use crate::rim::config::stream::Stream;
use crate::rim::payload::sessions::Kind;
use crate::rim::tcp::counters::{Counters, Meter};
use crate::rim::tcp::reason::Reason;

/// Rules, and what counts their findings.
struct Rules {
    stream: Arc<Stream>,
    counters: Arc<Counters>,
}

/// One connection's lines.
pub(crate) struct Lines {
    rules: Rules,
    /// Those that hold as soon as nothing is open in the session.
    next: Option<Box<Rules>>,
    /// None while nothing is open in it: so an idle connection costs none.
    session: Option<Box<Session>>,
    meter: Meter,
    trial: Trial,
    pieces: Vec<Piece>,
    form: Form,
    /// Bytes of the unfinished line that have come.
    open: usize,
    /// Whether the line goes on as it is. One that has begun so ends so.
    is_observed: bool,
}

impl Lines {
    /// A connection that begins.
    pub(crate) fn new(stream: &Arc<Stream>, counters: &Arc<Counters>, form: Form) -> Self {
        Self {
            rules: Rules {
                stream: stream.clone(),
                counters: counters.clone(),
            },
            next: None,
            session: None,
            meter: Meter::default(),
            trial: Trial::new(stream, counters, Framing::Lines),
            pieces: Vec::new(),
            form,
            open: 0,
            is_observed: stream.observes(),
        }
    }

    /// From the next line on these rules hold, if the one before leaves nothing to it that
    /// the old ones have to finish, such as an open key block.
    pub(crate) fn renew(&mut self, stream: &Arc<Stream>, counters: &Arc<Counters>) {
        self.next = Some(Box::new(Rules {
            stream: stream.clone(),
            counters: counters.clone(),
        }));
        self.turn();
    }

    /// Takes in a chunk.
    ///
    /// # Errors
    ///
    /// A line is too long to be held whole, where it has to be.
    pub(crate) fn write(&mut self, mut chunk: &[u8], out: &mut Output) -> Result<(), Reason> {
        if self.is_observed && !self.rules.stream.observes() {
            // Its day has come.
            if self.open > 0 {
                let line = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |newline| newline + 1);
                self.write_some(&chunk[..line], out)?;
                chunk = &chunk[line..];
            }
            self.is_observed = self.open > 0;
        }
        self.write_some(chunk, out)
    }

    fn write_some(&mut self, chunk: &[u8], out: &mut Output) -> Result<(), Reason> {
        let complete = memchr::memrchr(b'\n', chunk).map_or(0, |last| last + 1);
        if self.form == Form::AsItCame {
            self.pass(chunk, out);
        } else {
            let allowed = self.allowed(chunk);
            // Whole lines only: what comes before the one that is too long still leaves.
            let whole = complete.min(allowed.unwrap_or(complete));
            if whole > 0 {
                self.pass(&chunk[..whole], out);
                out.end_lines();
            }
            if allowed.is_some() {
                return Err(Reason::RecordTooLong);
            }
            self.pass(&chunk[complete..], out);
        }
        self.open = match complete {
            0 => self.open + chunk.len(),
            complete => chunk.len() - complete,
        };
        Ok(())
    }

    /// The stream has ended, or has to; `forced` says that its client did not end it.
    pub(crate) fn end(&mut self, forced: bool, out: &mut Output) {
        if let Some(session) = &mut self.session {
            if forced {
                session.end_forced(&mut self.pieces);
            } else {
                session.end(&mut self.pieces);
            }
            self.take(&[], out);
        }
        self.trial.end();
        if self.form != Form::AsItCame && out.has_open_end() {
            // Another client's line follows.
            out.bytes.push(b'\n');
            out.end_lines();
        }
        self.open = 0;
    }

    /// How many bytes may be read without touching the record after the unfinished one.
    pub(crate) fn wanted(&self) -> usize {
        usize::from(self.open > 0)
    }

    /// Gives up what it costs, if nothing is open: a new session makes the same output.
    pub(crate) fn rest(&mut self) {
        self.trial.rest();
        self.pieces = Vec::new();
    }

    /// Gives the session back, if nothing is open: another one makes the same output.
    fn rid(&mut self) {
        if let Some(session) = self.session.take_if(|session| session.is_fresh()) {
            let rules = &self.rules.stream.rules;
            rules.give_back(Kind::Lines, session, &mut Tally::default());
            self.meter.restart();
        }
    }

    /// Takes the next rules, if nothing is open.
    fn turn(&mut self) {
        self.rid();
        if self.session.is_none()
            && let Some(next) = self.next.take()
        {
            self.trial.end();
            self.trial = Trial::new(&next.stream, &next.counters, Framing::Lines);
            self.is_observed = next.stream.observes();
            self.rules = *next;
        }
    }

    fn pass(&mut self, mut chunk: &[u8], out: &mut Output) {
        while self.next.is_some() {
            let Some(newline) = memchr::memchr(b'\n', chunk) else {
                break;
            };
            let (line, rest) = chunk.split_at(newline + 1);
            self.mask(line, out);
            self.turn();
            chunk = rest;
        }
        if !chunk.is_empty() {
            self.mask(chunk, out);
        }
    }

    fn mask(&mut self, chunk: &[u8], out: &mut Output) {
        // Mostly as much leaves as comes, in many pieces.
        out.bytes.reserve(chunk.len());
        self.trial.write(chunk);
        let rules = &self.rules.stream.rules;
        let session = self
            .session
            .get_or_insert_with(|| rules.session(Kind::Lines));
        session.write(chunk, &mut self.pieces);
        self.take(chunk, out);
        self.rid();
    }

    fn take(&mut self, chunk: &[u8], out: &mut Output) {
        let Some(session) = &self.session else {
            return;
        };
        let (tally, counters) = (session.tally(), &self.rules.counters);
        self.meter.count_records(tally, counters);
        if self.is_observed {
            self.meter.count_findings(tally, &counters.observed);
            self.pieces.clear();
            out.bytes.extend_from_slice(chunk);
            return;
        }
        self.meter.count_findings(tally, &counters.findings);
        for piece in self.pieces.drain(..) {
            out.bytes.extend_from_slice(session.bytes(&piece, chunk));
        }
    }

    /// If a line is too long: how many bytes of the chunk are before it.
    fn allowed(&self, chunk: &[u8]) -> Option<usize> {
        if self.open + chunk.len() <= self.rules.stream.max_record {
            return None;
        }
        let (mut start, mut before) = (0, self.open);
        for newline in memchr::memchr_iter(b'\n', chunk) {
            if before + newline - start > self.rules.stream.max_record {
                return Some(start);
            }
            (start, before) = (newline + 1, 0);
        }
        (before + chunk.len() - start > self.rules.stream.max_record).then_some(start)
    }
}
