//! Sessions that are used again: to make one costs more than to mask most bodies.
//!
//! # What does one request leave to the next?
//!
//! Nothing that can be seen in what is masked or counted: only a session that decides as
//! at the beginning of a stream is kept, and its counts are taken out of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use blackbar::{Framing, Session, Tally};

use crate::rim::config::policy::Rules;

/// Sessions of a kind that are kept at most. None is in use across an await but by bodies
/// that stream, so that as many as there are workers would do.
const KEPT: usize = 8;

/// A session that has taken in more than this has large buffers, and is not kept.
const LARGE: u64 = 256 * 1024;

/// What a session works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lines.
    Lines,
    /// Lines for a store with a mapping: containers stay, numbers become null.
    TypedLines,
    /// One document: JSON, or text that belongs together.
    Document,
    /// One document for a store with a mapping.
    TypedDocument,
}

/// How many kinds there are.
pub(crate) const KINDS: usize = 4;

/// Sessions by their [`Kind`].
#[allow(clippy::vec_box, reason = "boxes are what is handed about")]
type ByKind = [Vec<Box<Session>>; KINDS];

/// The sessions over the rules of a route that wait for work.
#[derive(Default)]
pub(crate) struct Idle(Mutex<ByKind>);

impl Idle {
    fn all(&self) -> MutexGuard<'_, ByKind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rules {
    /// A session that has seen nothing and counted nothing.
    pub(crate) fn session(&self, kind: Kind) -> Box<Session> {
        let idle = self.idle.all()[kind as usize].pop();
        idle.unwrap_or_else(|| {
            let (redactor, framing) = match kind {
                Kind::Lines => (&self.plain, Framing::Lines),
                Kind::TypedLines => (&self.typed, Framing::Lines),
                Kind::Document => (&self.plain, Framing::Document),
                Kind::TypedDocument => (&self.typed, Framing::Document),
            };
            Box::new(Session::new(redactor.clone(), framing))
        })
    }

    /// The work of a session is done; what it counted is added to `tally`. It is kept
    /// unless it has something open or large.
    pub(crate) fn give_back(&self, kind: Kind, mut session: Box<Session>, tally: &mut Tally) {
        let is_small = session.tally().bytes_in() <= LARGE;
        session.hand_over(tally);
        if is_small && session.is_fresh() {
            let idle = &mut self.idle.all()[kind as usize];
            if idle.len() < KEPT {
                idle.push(session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::payload::sample;
    use blackbar::Piece;

    /// Has a session work on one text, and returns what leaves.
    fn pass(session: &mut Session, text: &[u8]) -> Vec<u8> {
        let (mut pieces, mut out) = (Vec::new(), Vec::new());
        let mut flush = |session: &Session, pieces: &mut Vec<Piece>, chunk: &[u8]| {
            for piece in pieces.drain(..) {
                out.extend_from_slice(session.bytes(&piece, chunk));
            }
        };
        session.write(text, &mut pieces);
        flush(session, &mut pieces, text);
        session.end(&mut pieces);
        flush(session, &mut pieces, b"");
        out
    }

    fn idle(rules: &Rules) -> usize {
        rules.idle.all().iter().map(Vec::len).sum()
    }

    #[test]
    fn a_session_comes_back_as_good_as_new() {
        let rules = rules();
        let texts = [
            "password=hunter2hunter2\n".to_owned(),
            "{\"password\":\"hunter2hunter2\",\"a\":[1,{\"b\":\"c\"}]}".to_owned(),
            format!("-----BEGIN RSA {} KEY-----\nMIIEowIBAAKCAQEA\n", "PRIVATE"),
            "MIIEowIBAAKCAQEA\nplain\n".to_owned(),
            "{\"password\":\n".to_owned(),
            "\"hunter2hunter2\"}\n".to_owned(),
            "[[[{\"x\":\"{\\\"token".to_owned(),
            "\":\"hunter2hunter2".to_owned(),
            String::new(),
        ];
        let new = || Rules::new(rules.plain.clone(), rules.typed.clone());
        for kind in [
            Kind::Lines,
            Kind::TypedLines,
            Kind::Document,
            Kind::TypedDocument,
        ] {
            for first in &texts {
                for second in &texts {
                    let kept = new();
                    for text in [first, second] {
                        let (mut session, mut tally) = (kept.session(kind), Tally::default());
                        let out = pass(&mut session, text.as_bytes());
                        kept.give_back(kind, session, &mut tally);
                        let (mut fresh, mut expected) = (new().session(kind), Tally::default());
                        assert_eq!(out, pass(&mut fresh, text.as_bytes()), "{kind:?} {text}");
                        fresh.hand_over(&mut expected);
                        assert_eq!(tally, expected, "{kind:?} {text}");
                    }
                }
            }
        }
    }

    #[test]
    fn few_sessions_are_kept_and_none_that_is_open_or_large() {
        let rules = rules();
        let mut tally = Tally::default();
        let begun = format!("-----BEGIN RSA {} KEY-----\n", "PRIVATE");
        for text in [begun.as_bytes(), &vec![b'a'; LARGE as usize + 1]] {
            let mut session = rules.session(Kind::Lines);
            pass(&mut session, text);
            rules.give_back(Kind::Lines, session, &mut tally);
            assert_eq!(idle(&rules), 0);
        }
        let sessions: Vec<_> = (0..=KEPT).map(|_| rules.session(Kind::Lines)).collect();
        for session in sessions {
            rules.give_back(Kind::Lines, session, &mut tally);
        }
        assert_eq!(idle(&rules), KEPT);
        assert_eq!(tally.masks(), 1);
    }

    fn rules() -> Rules {
        let shared = sample::rules();
        Rules::new(shared.plain, shared.typed)
    }
}
