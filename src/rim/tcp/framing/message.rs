//! Masks messages, each of which is a record.
//!
//! A message of one line is a line, as it would be with a newline behind it: a key of which
//! each message has a line is masked to its end. What one with several lines leaves open is
//! of no concern to the next.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use blackbar::{Framing, Piece, Session, Tally};

use super::trial::Trial;
use crate::rim::config::stream::Stream;
use crate::rim::payload::sessions::Kind;
use crate::rim::tcp::counters::{Counters, Meter};
use crate::rim::tcp::reason::Reason;
use crate::rim::transport::sniff;

/// Of so many sources of datagrams it is known what they have left open.
const MOST_OPEN: usize = 8;

/// Masks one message after the other.
pub(crate) struct Messages {
    rules: Rules,
    trial: Trial,
    /// By source, the oldest first: what its last message has left open.
    open: VecDeque<(Option<SocketAddr>, Open)>,
    pieces: Vec<Piece>,
    masked: Vec<u8>,
}

/// Rules, and what counts their findings.
#[derive(Clone)]
struct Rules {
    stream: Arc<Stream>,
    counters: Arc<Counters>,
}

/// Goes on by the rules that it began with.
struct Open {
    rules: Rules,
    kind: Kind,
    session: Box<Session>,
}

impl Messages {
    /// Of a connection, or of a listener for datagrams.
    pub(crate) fn new(stream: &Arc<Stream>, counters: &Arc<Counters>) -> Self {
        Self {
            rules: Rules {
                stream: stream.clone(),
                counters: counters.clone(),
            },
            trial: Trial::new(stream, counters, Framing::Document),
            open: VecDeque::new(),
            pieces: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// From the next message on these rules hold, but for what the last one has left open.
    pub(crate) fn renew(&mut self, stream: &Arc<Stream>, counters: &Arc<Counters>) {
        let open = std::mem::take(&mut self.open);
        *self = Self::new(stream, counters);
        self.open = open;
    }

    /// The masked message; as it is while the listener observes. A connection is one
    /// source, and datagrams have one each.
    ///
    /// # Errors
    ///
    /// It is encoded, so that no secret could be seen in it.
    pub(crate) fn mask(
        &mut self,
        source: Option<SocketAddr>,
        message: &[u8],
    ) -> Result<&[u8], Reason> {
        if let (Some(_), _) = sniff::classify(message) {
            return Err(Reason::Encoded);
        }
        self.trial.write(message);
        self.trial.end();
        let Open {
            rules,
            kind,
            mut session,
        } = self.begin(source, message);
        self.run(&mut session, message);
        if kind == Kind::Lines && !message.ends_with(b"\n") {
            self.run(&mut session, b"\n");
            self.masked.pop_if(|last| *last == b'\n');
        }
        session.end(&mut self.pieces);
        self.take(&session, &[]);
        let mut tally = Tally::default();
        if kind == Kind::Lines && !session.is_fresh() {
            session.hand_over(&mut tally);
            self.count(&rules, &tally);
            let open = Open {
                rules,
                kind,
                session,
            };
            self.open.truncate(MOST_OPEN - 1);
            self.open.push_front((source, open));
        } else {
            rules.stream.rules.give_back(kind, session, &mut tally);
            self.count(&rules, &tally);
        }
        if self.rules.stream.observes() {
            self.masked.clear();
            self.masked.extend_from_slice(message);
        }
        Ok(&self.masked)
    }

    /// Gives up what it costs.
    pub(crate) fn rest(&mut self) {
        self.trial.rest();
        (self.pieces, self.masked) = (Vec::new(), Vec::new());
    }

    /// What goes on with a message, or begins with it.
    fn begin(&mut self, source: Option<SocketAddr>, message: &[u8]) -> Open {
        self.masked.clear();
        let mut sources = self.open.iter();
        let at = sources.position(|(of, _)| *of == source);
        if let Some((_, open)) = at.and_then(|at| self.open.remove(at)) {
            return open;
        }
        let content = message.strip_suffix(b"\n").unwrap_or(message);
        let kind = match memchr::memchr(b'\n', content) {
            None => Kind::Lines,
            Some(_) => Kind::Document,
        };
        Open {
            rules: self.rules.clone(),
            kind,
            session: self.rules.stream.rules.session(kind),
        }
    }

    fn run(&mut self, session: &mut Session, bytes: &[u8]) {
        session.write(bytes, &mut self.pieces);
        self.take(session, bytes);
    }

    fn take(&mut self, session: &Session, bytes: &[u8]) {
        for piece in self.pieces.drain(..) {
            self.masked.extend_from_slice(session.bytes(&piece, bytes));
        }
    }

    fn count(&self, rules: &Rules, tally: &Tally) {
        let (mut meter, counters) = (Meter::default(), &rules.counters);
        // However many lines it has, a message is one record.
        counters.records.inc();
        let findings = if self.rules.stream.observes() {
            &counters.observed
        } else {
            &counters.findings
        };
        meter.count_findings(tally, findings);
    }
}
