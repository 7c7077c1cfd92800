//! Why a record is masked where it is, and why not elsewhere.
//!
//! Told are places, rules and reasons; never a byte of payload.

use std::fmt;
use std::ops::Range;

/// A place of a record where a rule or a name of fields had something to look at.
///
/// ```
/// use blackbar::Redactor;
/// use blackbar::core::explain::{Outcome, Reason};
///
/// let redactor = Redactor::builder().build()?;
/// let told = redactor.explain(b"password=hunter2 password=${PASSWORD}");
/// assert!(matches!(&told[0].outcome, Outcome::Found { secret, .. } if *secret == (9..16)));
/// assert_eq!(told[1].outcome, Outcome::Passed(Reason::Nothing));
/// # Ok::<(), blackbar::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// Which of [`Redactor::ids`](crate::Redactor::ids) it is. None where no name of
    /// fields stands there.
    pub rule: Option<usize>,
    /// The anchor that made the place a suspect, as the rule writes it. None where a rule
    /// has no anchors.
    pub anchor: Option<Vec<u8>>,
    /// The offset in the record of the anchor, or of the match where there is none.
    pub at: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a suspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is a finding.
    Found {
        /// What is masked, by offsets in the record.
        secret: Range<usize>,
        /// Whether the rule's verifier accepts it. None where the rule has none.
        verified: Option<bool>,
        /// It outgrew its rule's reach and is masked without a decision.
        undecided: bool,
    },
    /// It is none.
    Passed(Reason),
}

/// Why a suspect is no finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The pattern does not match around the anchor.
    Pattern,
    /// The pattern matches, but the rule allows no such byte before it.
    Before,
    /// The pattern matches, but the rule allows no such byte behind it.
    After,
    /// The pattern matches, but the verifier rejects the match.
    Verifier,
    /// A mask, or another tool's placeholder, stands there already.
    Placeholder,
    /// The word around the anchor is no sensitive name.
    Name,
    /// The name is an exception among the sensitive ones.
    Benign,
    /// No separator with a value follows the name.
    Separator,
    /// The record ends where the value would begin; it may be in the next one.
    Next,
    /// The value is null, a state or a reference to where a secret is kept.
    Nothing,
    /// The value is one that the user allows.
    Allowed,
    /// In this place the value is prose, code or too plain for a secret.
    Unlikely,
}

impl Reason {
    /// A word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pattern => "pattern",
            Self::Before => "before",
            Self::After => "after",
            Self::Verifier => "verifier",
            Self::Placeholder => "placeholder",
            Self::Name => "name",
            Self::Benign => "benign",
            Self::Separator => "separator",
            Self::Next => "next",
            Self::Nothing => "nothing",
            Self::Allowed => "allowed",
            Self::Unlikely => "unlikely",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pattern => "the pattern does not match",
            Self::Before => "the pattern matches, but what stands before it is not allowed there",
            Self::After => "the pattern matches, but what stands behind it is not allowed there",
            Self::Verifier => "the pattern matches, but the verifier rejects it",
            Self::Placeholder => "a mask or placeholder stands there already",
            Self::Name => "the word is no sensitive name",
            Self::Benign => "the name is on the list of benign names",
            Self::Separator => "no separator with a value follows the name",
            Self::Next => "the record ends before the value, which the next one may hold",
            Self::Nothing => "the value is null, a state or a reference, no secret",
            Self::Allowed => "the value is an allowed one",
            Self::Unlikely => "the value looks like prose, code or a plain word in this place",
        })
    }
}
