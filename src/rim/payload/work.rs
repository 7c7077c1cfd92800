//! What formats mask with: the sessions of one body, and what they count.

use std::sync::Arc;

use blackbar::{Framing, Redactor, Session, Tally};

use crate::rim::config::policy::{Policy, Rules, Undecodable};
use crate::rim::payload::refusal::Refusal;

/// The masking of one body, whatever its format: everything of it passes through here,
/// so that it is counted.
pub(crate) struct Work<'a> {
    rules: &'a Rules,
    policy: &'a Policy,
    tally: Tally,
    stubs: Vec<(&'static str, u64)>,
}

impl<'a> Work<'a> {
    /// For one body.
    pub(crate) fn new(rules: &'a Rules, policy: &'a Policy) -> Self {
        Self {
            rules,
            policy,
            tally: Tally::default(),
            stubs: Vec::new(),
        }
    }

    /// How the body is to be read.
    pub(crate) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Masks text, line by line, and appends it. Whether anything was masked.
    pub(crate) fn lines(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(&self.rules.plain.clone(), Framing::Lines, text, out)
    }

    /// Masks one document (JSON, or text that belongs together) and appends it. Whether
    /// anything was masked.
    pub(crate) fn document(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(&self.rules.plain.clone(), Framing::Document, text, out)
    }

    /// The same for a store with a mapping: containers stay, numbers become null.
    pub(crate) fn typed_document(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask(&self.rules.typed.clone(), Framing::Document, text, out)
    }

    /// Masks the text `value` that stands under `name` in a format without text of its
    /// own (protobuf, msgpack): by the rules, and whole if the name is sensitive. `None`
    /// if it stays.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let _ = (name, value);
        todo_field()
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

    /// What was counted, and the stubs by reason.
    pub(crate) fn into_counts(self) -> (Tally, Vec<(&'static str, u64)>) {
        (self.tally, self.stubs)
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

fn todo_field() -> Option<Vec<u8>> {
    None
}
