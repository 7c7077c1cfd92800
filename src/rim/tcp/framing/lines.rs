//! Records that end with a newline.

use std::sync::Arc;

use blackbar::{Framing, Piece, Session, Tally};

use super::trial::Trial;
use super::{Form, Output};
use crate::rim::config::stream::Stream;
use crate::rim::payload::sessions::Kind;
use crate::rim::tcp::counters::{Counters, Meter};

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

    /// Takes in a chunk. Where lines have to be whole, one that is too long for it becomes
    /// several once it is masked.
    pub(crate) fn write(&mut self, mut chunk: &[u8], out: &mut Output) {
        // What a line has left open may keep the old rules for long. They mask from here on.
        let next = self.next.as_ref();
        let masks =
            !self.rules.stream.observes() || next.is_some_and(|next| !next.stream.observes());
        if self.is_observed && masks {
            // Its day has come, or another configuration.
            if self.open > 0 {
                let line = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |newline| newline + 1);
                self.write_some(&chunk[..line], out);
                chunk = &chunk[line..];
            }
            self.is_observed = self.open > 0;
        }
        self.write_some(chunk, out);
    }

    fn write_some(&mut self, chunk: &[u8], out: &mut Output) {
        let (from, sound) = (out.bytes.len(), out.ends.len());
        self.pass(chunk, out);
        self.end_lines(from, sound, out);
        self.open = match memchr::memrchr(b'\n', chunk) {
            None => self.open + chunk.len(),
            Some(last) => chunk.len() - last - 1,
        };
    }

    /// Tells where in what has come to the output lines end.
    fn end_lines(&self, from: usize, sound: usize, out: &mut Output) {
        if self.form == Form::AsItCame {
            return;
        }
        out.end_lines(from);
        let added = out.cut(sound, self.rules.stream.max_record);
        self.rules.counters.split.inc_by(added);
    }

    /// The stream has ended, or has to; `forced` says that its client did not end it.
    pub(crate) fn end(&mut self, forced: bool, out: &mut Output) {
        let (from, sound) = (out.bytes.len(), out.ends.len());
        if let Some(session) = &mut self.session {
            if forced {
                session.end_forced(&mut self.pieces);
            } else {
                session.end(&mut self.pieces);
            }
            self.take(&[], out);
        }
        self.trial.end();
        self.end_lines(from, sound, out);
        if self.form != Form::AsItCame && out.has_open_end() {
            // Another client's line follows.
            out.bytes.push(b'\n');
            out.end_record();
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
}
