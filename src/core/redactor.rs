//! A compiled set of rules: immutable, shared, the same for every stream.

use std::sync::Arc;

use crate::core::builder::Builder;
use crate::core::explain::{Considered, Outcome};
use crate::core::field::NameSource;
use crate::core::limits::{Framing, Limits, Profile};
use crate::core::mask::MaskTexts;
use crate::core::rule::RuleSource;
use crate::core::scanner::{PatternStats, Scanner};
use crate::core::session::Session;

/// A compiled set of rules with its limits. Share it by [`Arc`].
///
/// ```
/// let redactor = blackbar::Redactor::builder().build()?;
/// assert_eq!(redactor.redact(b"nothing to see"), b"nothing to see");
/// # Ok::<(), blackbar::BuildError>(())
/// ```
pub struct Redactor {
    pub(crate) scanner: Scanner,
    pub(crate) masks: MaskTexts,
    pub(crate) limits: Limits,
    /// The rules of the article in their order, where the profile is the article's.
    pub(crate) article: Option<Vec<u32>>,
    pub(crate) profile: Profile,
}

impl Redactor {
    /// A builder with the embedded packs and the `standard` profile.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The full ids of what can mask: of the rules, sorted, then of the names of fields
    /// in the order of their packs. [`Tally::findings`](crate::Tally::findings) and
    /// [`Mask::rule`](crate::Mask::rule) count in this order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let rules = self.rules().map(RuleSource::full_id);
        rules.chain(self.names().iter().map(NameSource::full_id))
    }

    /// The names of sensitive fields that are looked for.
    pub fn names(&self) -> &[NameSource] {
        self.scanner.names()
    }

    /// The rules that run, sorted by full id.
    pub fn rules(&self) -> impl Iterator<Item = &RuleSource> {
        self.scanner.rules().iter().map(|rule| &rule.source)
    }

    /// The limits of its sessions.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The profile that it was built for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Redacts a whole input, line by line.
    pub fn redact(self: &Redactor, input: &[u8]) -> Vec<u8> {
        self.redact_framed(Framing::Lines, input)
    }

    /// Redacts a whole input as one document.
    pub fn redact_document(&self, input: &[u8]) -> Vec<u8> {
        self.redact_framed(Framing::Document, input)
    }

    fn redact_framed(&self, framing: Framing, input: &[u8]) -> Vec<u8> {
        let mut session = crate::core::session::Stream::new(self, framing);
        let mut out = Vec::with_capacity(input.len());
        let mut pieces = Vec::new();
        session.write(self, input, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(self, &piece, input));
        }
        session.end(self, false, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(self, &piece, &[]));
        }
        out
    }

    /// The id of a rule that finds a secret in the masks themselves, so that a second pass
    /// would change more (G5). None of the embedded rules does.
    ///
    /// ```
    /// let redactor = blackbar::Redactor::builder().pattern("RED").build()?;
    /// assert_eq!(redactor.finds_masks().as_deref(), Some("command-line/pattern-1"));
    /// # Ok::<(), blackbar::BuildError>(())
    /// ```
    pub fn finds_masks(&self) -> Option<String> {
        let mut session = crate::core::session::Stream::new(self, Framing::Lines);
        let mut pieces = Vec::new();
        session.write(self, &self.masks.lines(), &mut pieces);
        session.end(self, false, &mut pieces);
        let found = session
            .tally
            .findings()
            .iter()
            .position(|&count| count > 0)?;
        self.ids().nth(found).map(str::to_owned)
    }

    /// What becomes of each place of a record that a rule or a name had to look at: see
    /// [`Considered`].
    ///
    /// `record` is a line without its terminator, or a document; what earlier records have
    /// left to it (a key block, a value on the next line) is not known here. In the profile
    /// `article` each replacement sees what the ones before have made; what it passes is
    /// not told.
    pub fn explain(&self, record: &[u8]) -> Vec<Considered> {
        let mut told = self.scanner.trace(record);
        if self.article.is_some() {
            told.retain(|considered| matches!(considered.outcome, Outcome::Found { .. }));
        }
        told
    }

    /// What confirming costs on an input, for `rules check`.
    pub(crate) fn work(&self, input: &[u8]) -> PatternStats {
        let mut session = crate::core::session::Stream::new(self, Framing::Lines);
        let mut pieces = Vec::new();
        session.write(self, input, &mut pieces);
        session.end(self, false, &mut pieces);
        session.stats()
    }
}

impl Session {
    /// A new stream over shared rules.
    pub fn new(redactor: Arc<Redactor>, framing: Framing) -> Self {
        Self::over(redactor, framing)
    }
}
