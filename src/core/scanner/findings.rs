//! What detectors look at and what they tell.

use crate::core::journal::{NamingKey, Rank, naming_key};
use crate::core::mask::Quotes;

/// The end of a finding whose end has not been reached.
pub(crate) const OPEN: u64 = u64::MAX;

/// A part of a record's content.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The bytes, the last ones of what came before first (for conditions before).
    pub(crate) bytes: &'a [u8],
    /// The offset of `bytes[0]` in the record.
    pub(crate) base: u64,
    /// Whether the content ends with `bytes`.
    pub(crate) complete: bool,
    /// Whether it ends because it must (a deadline), so that candidates that are still
    /// alive are masked.
    pub(crate) forced: bool,
    /// Whether the frontier is to be as far as can be proved, whatever the work: nobody
    /// knows when more bytes come. Not where the view is complete.
    pub(crate) eager: bool,
}

impl<'a> View<'a> {
    /// A whole record's content.
    pub(crate) fn whole(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            base: 0,
            complete: true,
            forced: false,
            eager: false,
        }
    }

    /// The offset in the record where the bytes end.
    #[inline]
    pub(crate) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// The index in `bytes` of an offset in the record.
    #[inline]
    pub(crate) fn index(&self, offset: u64) -> usize {
        (offset - self.base) as usize
    }
}

/// A span that a rule wants masked.
///
/// One that is overdue is told twice: with [`OPEN`] as its end, and, where the end is
/// not in the same view, once more with the same start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Offset in the record.
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) rule: u32,
    /// Masked without a decision.
    pub(crate) undecided: bool,
    /// Its verifier failed and the rule says to report that.
    pub(crate) unverified: bool,
    /// This tells the end of one that was told before.
    pub(crate) closes: bool,
    pub(crate) style: Style,
    /// The value of a field that it lies in, where both end at the same place: it matters
    /// only once that one is cut short.
    pub(crate) within: Option<Within>,
}

/// What tells a value of a field from others, in a [`Finding`] that lies in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Within {
    pub(crate) rule: u32,
    /// Offset in the record.
    pub(crate) start: u64,
}

/// How a finding is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// What it covers of strings and text; it may go on in the next string.
    Text,
    /// The same, but it ends with the string that it begins in.
    Value,
    /// All of it, structure too, by one mask with these quotes.
    Whole(Quotes),
}

impl Finding {
    /// The first of the values that end together with this one.
    pub(crate) fn chain(&self) -> Within {
        self.within.unwrap_or(Within {
            rule: self.rule,
            start: self.start,
        })
    }

    /// What goes first of those that begin at the same place.
    pub(crate) fn rank(&self) -> Rank {
        match (self.undecided, self.style) {
            (true, _) => Rank::Overdue,
            (false, Style::Text) => Rank::Match,
            (false, _) => Rank::Field,
        }
    }

    /// Order of findings: the first one names the mask.
    pub(crate) fn key(&self) -> NamingKey {
        naming_key(self.start, self.end, self.rank(), self.rule)
    }
}
