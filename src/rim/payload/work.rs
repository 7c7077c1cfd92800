//! What formats mask with: the sessions of one body, and what they count.

use std::collections::VecDeque;

use blackbar::{Piece, Session, Tally};

use crate::rim::config::policy::{Policy, Rules, Undecodable};
use crate::rim::payload::json;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::sessions::{KINDS, Kind};

/// Written for a value whose masked form cannot be read back, which no rule makes happen.
const WHOLE: &[u8] = b"[REDACTED]";

/// Texts of a stream that may have something open at a time.
const MOST_OPEN: usize = 8;

/// A record that is longer than this, in bytes, leaves nothing open to the next: its
/// session has large buffers, and is no line of a key.
const LONGEST_OPEN: usize = 16 * 1024;

/// How deep items may lie in items, such as parts in parts.
const DEEPEST: u8 = 4;

/// The masking of one body, whatever its format: everything of it passes through here,
/// so that it is counted.
pub(crate) struct Work<'a> {
    rules: &'a Rules,
    policy: &'a Policy,
    tally: Tally,
    stubs: Vec<(&'static str, u64)>,
    /// By [`Kind`]; each is used while nothing is open in it.
    sessions: [Option<(Kind, Box<Session>)>; KINDS],
    /// Where texts of a stream follow each other.
    thread: Option<Thread>,
    /// Kept for its memory.
    pieces: Vec<Piece>,
    depth: u8,
}

/// A stream of bodies, and what texts of it have left open, such as a key of which each
/// event has a line. What is not kept stands alone.
#[derive(Default)]
pub(crate) struct Thread {
    /// What the texts of the present body belong to, such as a tag.
    topic: Vec<u8>,
    /// By topic and name, the oldest first.
    open: VecDeque<(Vec<u8>, Vec<u8>, Box<Session>)>,
}

impl<'a> Work<'a> {
    /// For one body.
    pub(crate) fn new(rules: &'a Rules, policy: &'a Policy) -> Self {
        Self {
            rules,
            policy,
            tally: Tally::default(),
            stubs: Vec::new(),
            sessions: [const { None }; KINDS],
            thread: None,
            pieces: Vec::new(),
            depth: 0,
        }
    }

    /// Texts under a name go on where earlier ones of this topic and name ended, as if
    /// they were lines of one file.
    pub(crate) fn following(mut self, mut thread: Thread, topic: &[u8]) -> Self {
        topic.clone_into(&mut thread.topic);
        self.thread = Some(thread);
        self
    }

    /// What the next body of the stream has to know.
    pub(crate) fn take_thread(&mut self) -> Thread {
        self.thread.take().unwrap_or_default()
    }

    /// How the body is to be read.
    pub(crate) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Masks text, line by line, and appends it. Whether anything was masked.
    pub(crate) fn lines(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(Kind::Lines, text, out)
    }

    /// The same for a store with a mapping: containers stay, numbers become null.
    pub(crate) fn typed_lines(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(Kind::TypedLines, text, out)
    }

    /// Masks one document (JSON, or text that belongs together) and appends it. Whether
    /// anything was masked.
    pub(crate) fn document(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(Kind::Document, text, out)
    }

    /// The same for a store with a mapping: containers stay, numbers become null.
    pub(crate) fn typed_document(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(Kind::TypedDocument, text, out)
    }

    /// Masks the text `value` that stands under `name` in a format without text of its
    /// own (protobuf, msgpack): by the rules, and whole if the name is sensitive. `None`
    /// if it stays. The name itself is only context; where it may hold a secret too, it
    /// is to be masked as a value under an empty name.
    ///
    /// The engine sees `{"name":"value"}`, and the value is taken out of that again. Bytes
    /// that are no UTF-8 stand in it as they are.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        self.of_two([b"{", b":", b"}"], name, value)
    }

    /// The same for the second of an array's two texts, which the first may name.
    pub(crate) fn second(&mut self, first: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        self.of_two([b"[", b",", b"]"], first, value)
    }

    /// The value as the second text of JSON with these signs.
    fn of_two(&mut self, signs: [&[u8]; 3], name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let [opening, between, closing] = signs;
        let mut record = Vec::with_capacity(name.len() + value.len() + 8);
        for (sign, text) in [(opening, name), (between, value)] {
            record.extend_from_slice(sign);
            record.push(b'"');
            json::escape(text, &mut record);
            record.push(b'"');
        }
        record.extend_from_slice(closing);
        record.push(b'\n');
        let mut masked = Vec::with_capacity(record.len());
        if !self.follow(name, &record, &mut masked) {
            return None;
        }
        let value_now = second_string(&masked, between, closing).unwrap_or_else(|| WHOLE.to_vec());
        (value_now != value).then_some(value_now)
    }

    /// Whether anything would be masked in text that stands beside the body.
    pub(crate) fn holds_secrets(&mut self, text: &[u8]) -> bool {
        !text.is_empty() && self.lines(text, &mut Vec::new())
    }

    /// What cannot be decoded: replaced by `stub`, refused, or scanned as text, as the
    /// route says. `reason` is one of a fixed set of short names.
    ///
    /// # Errors
    ///
    /// The route refuses it.
    pub(crate) fn undecodable(
        &mut self,
        reason: &'static str,
        bytes: &[u8],
        stub: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        match self.policy.undecodable {
            Undecodable::Refuse => return Err(Refusal::Undecodable),
            Undecodable::Text => {
                self.lines(bytes, out);
            }
            Undecodable::Stub => {
                out.extend_from_slice(stub);
                match self.stubs.iter_mut().find(|(known, _)| *known == reason) {
                    Some((_, count)) => *count += 1,
                    None => self.stubs.push((reason, 1)),
                }
            }
        }
        Ok(())
    }

    /// Goes one level deeper, into an item, and does `inside` there. `None` if that is
    /// too deep.
    pub(crate) fn descend<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let done = inside(self);
        self.depth -= 1;
        Some(done)
    }

    /// What was counted, and the stubs by reason.
    pub(crate) fn into_counts(mut self) -> (Tally, Vec<(&'static str, u64)>) {
        for (kind, session) in self.sessions.into_iter().flatten() {
            self.rules.give_back(kind, session, &mut self.tally);
        }
        (self.tally, self.stubs)
    }

    fn mask(&mut self, kind: Kind, text: &[u8], out: &mut Vec<u8>) -> bool {
        let mut session = self.session(kind);
        let masked = self.run(&mut session, text, out);
        // What a text leaves open, such as a key block, is of no concern to the next.
        self.put_back(kind, session);
        masked
    }

    /// Masks a record that stands under a name, as what follows the last one of its name.
    fn follow(&mut self, name: &[u8], record: &[u8], out: &mut Vec<u8>) -> bool {
        let Some(thread) = self.thread.as_mut().filter(|_| !name.is_empty()) else {
            return self.lines(record, out);
        };
        let known = thread.take(name);
        let was_open = known.is_some();
        let mut session = known.unwrap_or_else(|| self.session(Kind::Lines));
        let masked = self.run(&mut session, record, out);
        match &mut self.thread {
            Some(thread) if !session.is_fresh() && record.len() <= LONGEST_OPEN => {
                session.hand_over(&mut self.tally);
                thread.keep(name, session);
            }
            // It may be of rules that are no longer those of the present.
            _ if was_open => self.tally.add(session.tally()),
            _ => self.put_back(Kind::Lines, session),
        }
        masked
    }

    fn session(&mut self, kind: Kind) -> Box<Session> {
        let waiting = self.sessions[kind as usize].take();
        waiting.map_or_else(|| self.rules.session(kind), |(_, session)| session)
    }

    fn put_back(&mut self, kind: Kind, session: Box<Session>) {
        if session.is_fresh() {
            self.sessions[kind as usize] = Some((kind, session));
        } else {
            self.tally.add(session.tally());
        }
    }

    fn run(&mut self, session: &mut Session, text: &[u8], out: &mut Vec<u8>) -> bool {
        let before = session.tally().masks();
        session.write(text, &mut self.pieces);
        for piece in self.pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, text));
        }
        session.end(&mut self.pieces);
        for piece in self.pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, &[]));
        }
        session.tally().masks() > before
    }
}

impl Thread {
    /// What the last text of this name has left open.
    fn take(&mut self, name: &[u8]) -> Option<Box<Session>> {
        let is_it = |(topic, of, _): &(Vec<u8>, Vec<u8>, _)| *topic == self.topic && of == name;
        let at = self.open.iter().position(is_it)?;
        self.open.remove(at).map(|(.., session)| session)
    }

    fn keep(&mut self, name: &[u8], session: Box<Session>) {
        if self.open.len() == MOST_OPEN {
            self.open.pop_front();
        }
        let topic = self.topic.clone();
        self.open.push_back((topic, name.to_vec(), session));
    }
}

/// The content of the value in `{"name":"value"}`, or with other signs, and a newline.
fn second_string(record: &[u8], between: &[u8], closing: &[u8]) -> Option<Vec<u8>> {
    let name = json::string_end(record, 1)?;
    let value = name + 1;
    if record.get(name..value) != Some(between) || record.get(value) != Some(&b'"') {
        return None;
    }
    let end = json::string_end(record, value)?;
    if record[end..].strip_suffix(b"\n") != Some(closing) {
        return None;
    }
    json::unescape(&record[value + 1..end - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::payload::sample;
    use proptest::prelude::*;

    fn field(name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let (rules, policy) = (sample::rules(), sample::policy());
        Work::new(&rules, &policy).field(name, value)
    }

    #[test]
    fn a_value_under_a_sensitive_name_goes_whole() {
        let masked = field(b"password", b"hunter2\"\\hunter2\n\x01");
        assert_eq!(masked.as_deref(), Some(b"[REDACTED]".as_slice()));
        assert_eq!(field(b"pass\"word\n", b"hunter2hunter2"), None);
        assert_eq!(field(b"password", b"[REDACTED]"), None);
        assert_eq!(field(b"", b""), None);
    }

    #[test]
    fn what_surrounds_a_secret_in_a_value_stays() {
        let value = b"\xff\"a\"\\ \x07 password=hunter2hunter2\r\nnext \xc3\xa9\t";
        let masked = b"\xff\"a\"\\ \x07 password=[REDACTED]\r\nnext \xc3\xa9\t";
        assert_eq!(field(b"x", value).as_deref(), Some(masked.as_slice()));
        let inner = br#"{"password":"hunter2hunter2"}"#;
        let masked = br#"{"password":"[REDACTED]"}"#;
        assert_eq!(field(b"x", inner).as_deref(), Some(masked.as_slice()));
    }

    #[test]
    fn a_value_leaves_nothing_to_the_next() {
        let (rules, policy) = (sample::rules(), sample::policy());
        let mut work = Work::new(&rules, &policy);
        let begun = format!("-----BEGIN RSA {} KEY-----", "PRIVATE");
        assert!(work.field(b"x", begun.as_bytes()).is_some());
        assert_eq!(work.field(b"x", b"MIIEowIBAAKCAQEA"), None);
        assert!(work.field(b"password", b"hunter2hunter2").is_some());
        assert_eq!(work.into_counts().0.masks(), 2);
    }

    #[test]
    fn texts_of_a_thread_follow_those_of_their_topic_and_name() {
        let (rules, policy) = (sample::rules(), sample::policy());
        let begun = format!("-----BEGIN {} KEY-----", "PRIVATE");
        let line = b"q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq8";
        let mut work = Work::new(&rules, &policy).following(Thread::default(), b"a");
        assert!(work.field(b"log", begun.as_bytes()).is_some());
        for other in [&b"stream"[..], b""] {
            assert_eq!(work.field(other, line), None);
        }
        assert_eq!(
            work.field(b"log", line).as_deref(),
            Some(&b"[REDACTED]"[..])
        );
        let thread = work.take_thread();
        assert_eq!(work.into_counts().0.masks(), 2);
        let mut other = Work::new(&rules, &policy).following(thread, b"b");
        assert_eq!(other.field(b"log", line), None);
        let mut work = Work::new(&rules, &policy).following(other.take_thread(), b"a");
        assert!(work.field(b"log", line).is_some());
        assert_eq!(work.field(b"log", b"this is no key"), None);
        assert_eq!(work.field(b"log", line), None);
        assert!(work.take_thread().open.is_empty());
        assert_eq!(work.into_counts().0.masks(), 1);
    }

    #[test]
    fn few_texts_are_open_at_a_time() {
        let (rules, policy) = (sample::rules(), sample::policy());
        let begun = format!("-----BEGIN {} KEY-----", "PRIVATE");
        let mut work = Work::new(&rules, &policy).following(Thread::default(), b"");
        for name in 0..2 * MOST_OPEN {
            assert!(
                work.field(name.to_string().as_bytes(), begun.as_bytes())
                    .is_some()
            );
        }
        let long = begun.clone() + &" ".repeat(LONGEST_OPEN);
        assert!(work.field(b"long", long.as_bytes()).is_some());
        let thread = work.take_thread();
        let names = thread.open.iter().map(|(_, name, _)| name.clone());
        let expected = (MOST_OPEN..2 * MOST_OPEN).map(|name| name.to_string().into_bytes());
        assert!(names.eq(expected));
    }

    #[test]
    fn a_name_may_hold_what_is_masked() {
        let name = b"postgresql://app:hunter2hunter2@db/shop";
        assert_eq!(field(name, b"stays"), None);
        assert!(field(b"", name).is_some());
    }

    #[test]
    fn depth_has_an_end() {
        fn dive(work: &mut Work<'_>) -> u32 {
            work.descend(dive).map_or(0, |deeper| deeper + 1)
        }
        let (rules, policy) = (sample::rules(), sample::policy());
        let mut work = Work::new(&rules, &policy);
        assert_eq!(dive(&mut work), u32::from(DEEPEST));
        assert_eq!(dive(&mut work), u32::from(DEEPEST));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// That sessions are used again cannot be seen.
        #[test]
        fn each_text_is_masked_as_if_it_were_alone(
            texts in proptest::collection::vec((0..4_u8, "(password=hunter2|\\{\"password\":|-----BEGIN P{1}RIVATE KEY-----\n|\\[|\"|\n|a|token:| ){0,8}"), 1..6),
        ) {
            let (rules, policy) = (sample::rules(), sample::policy());
            let mask = |work: &mut Work<'_>, kind: u8, text: &[u8]| {
                let mut out = Vec::new();
                let masked = match kind {
                    0 => work.lines(text, &mut out),
                    1 => work.typed_lines(text, &mut out),
                    2 => work.document(text, &mut out),
                    _ => work.typed_document(text, &mut out),
                };
                (masked, out)
            };
            let mut together = Work::new(&rules, &policy);
            let mut sum = Tally::default();
            for (kind, text) in &texts {
                let mut alone = Work::new(&rules, &policy);
                let expected = mask(&mut alone, *kind, text.as_bytes());
                prop_assert_eq!(mask(&mut together, *kind, text.as_bytes()), expected);
                sum.add(&alone.into_counts().0);
            }
            prop_assert_eq!(together.into_counts().0, sum);
        }

        /// Any bytes at all survive around a secret.
        #[test]
        fn bytes_around_a_secret_survive(
            before in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            prop_assume!(field(b"x", &before).is_none());
            let mut value = before.clone();
            value.extend_from_slice(b"\n\npassword=hunter2hunter2");
            let mut expected = before.clone();
            expected.extend_from_slice(b"\n\npassword=[REDACTED]");
            let masked = field(b"x", &value).unwrap_or_default();
            // Quotes and brackets before a secret may widen it, never move what is before.
            prop_assert!(masked == expected || masked.starts_with(&before));
            prop_assert!(!masked.windows(7).any(|window| window == b"hunter2"));
        }
    }
}
