//! What formats mask with: the sessions of one body, and what they count.

use std::sync::Arc;

use blackbar::{Framing, Redactor, Session, Tally};

use crate::rim::config::policy::{Policy, Rules, Undecodable};
use crate::rim::payload::json;
use crate::rim::payload::refusal::Refusal;

/// Written for a value whose masked form cannot be read back, which no rule makes happen.
const WHOLE: &[u8] = b"[REDACTED]";

/// How deep items may lie in items, such as parts in parts.
const DEEPEST: u8 = 4;

/// The masking of one body, whatever its format: everything of it passes through here,
/// so that it is counted.
pub(crate) struct Work<'a> {
    rules: &'a Rules,
    policy: &'a Policy,
    tally: Tally,
    stubs: Vec<(&'static str, u64)>,
    /// Where single values are masked, a line each. Made once, since a session costs more
    /// than most values.
    fields: Option<Session>,
    depth: u8,
}

impl<'a> Work<'a> {
    /// For one body.
    pub(crate) fn new(rules: &'a Rules, policy: &'a Policy) -> Self {
        Self {
            rules,
            policy,
            tally: Tally::default(),
            stubs: Vec::new(),
            fields: None,
            depth: 0,
        }
    }

    /// How the body is to be read.
    pub(crate) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Masks text, line by line, and appends it. Whether anything was masked.
    pub(crate) fn lines(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(&self.rules.plain, Framing::Lines, text, out)
    }

    /// The same for a store with a mapping: containers stay, numbers become null.
    pub(crate) fn typed_lines(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(&self.rules.typed, Framing::Lines, text, out)
    }

    /// Masks one document (JSON, or text that belongs together) and appends it. Whether
    /// anything was masked.
    pub(crate) fn document(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(&self.rules.plain, Framing::Document, text, out)
    }

    /// The same for a store with a mapping: containers stay, numbers become null.
    pub(crate) fn typed_document(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(&self.rules.typed, Framing::Document, text, out)
    }

    /// Masks the text `value` that stands under `name` in a format without text of its
    /// own (protobuf, msgpack): by the rules, and whole if the name is sensitive. `None`
    /// if it stays. The name itself is only context; where it may hold a secret too, it
    /// is to be masked as a value under an empty name.
    ///
    /// The engine sees `{"name":"value"}`, and the value is taken out of that again. Bytes
    /// that are no UTF-8 stand in it as they are.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let mut record = Vec::with_capacity(name.len() + value.len() + 8);
        record.extend_from_slice(b"{\"");
        json::escape(name, &mut record);
        record.extend_from_slice(b"\":\"");
        json::escape(value, &mut record);
        record.extend_from_slice(b"\"}\n");
        let masked = self.record(&record)?;
        let value_now = second_string(&masked).unwrap_or_else(|| WHOLE.to_vec());
        (value_now != value).then_some(value_now)
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
        if let Some(session) = self.fields.take() {
            self.tally.add(session.tally());
        }
        (self.tally, self.stubs)
    }

    /// Masks one line in the session for values. `None` if nothing was masked.
    pub(crate) fn record(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        let mut session = self
            .fields
            .take()
            .unwrap_or_else(|| Session::new(self.rules.plain.clone(), Framing::Lines));
        let before = session.tally().masks();
        let mut pieces = Vec::new();
        session.write(line, &mut pieces);
        let masked = (session.tally().masks() > before).then(|| {
            pieces
                .iter()
                .flat_map(|piece| session.bytes(piece, line))
                .copied()
                .collect()
        });
        // What a value leaves open, such as a key block, is of no concern to the next.
        if session.is_fresh() {
            self.fields = Some(session);
        } else {
            self.tally.add(session.tally());
        }
        masked
    }

    fn mask(
        &mut self,
        redactor: &Arc<Redactor>,
        framing: Framing,
        text: &[u8],
        out: &mut Vec<u8>,
    ) -> bool {
        let mut session = Session::new(redactor.clone(), framing);
        let mut pieces = Vec::new();
        session.write(text, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, text));
        }
        session.end(&mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, &[]));
        }
        self.tally.add(session.tally());
        session.tally().masks() > 0
    }
}

/// The content of the value in `{"name":"value"}` and a newline.
fn second_string(record: &[u8]) -> Option<Vec<u8>> {
    let name = json::string_end(record, 1)?;
    let value = name + 1;
    if record.get(name) != Some(&b':') || record.get(value) != Some(&b'"') {
        return None;
    }
    let end = json::string_end(record, value)?;
    if &record[end..] != b"}\n" {
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
