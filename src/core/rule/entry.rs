//! A rule as its file has it.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use serde::Deserialize;

use super::Block;
use crate::core::form::Written;
use crate::core::verify::VerifySpec;

/// A string of a pack: a part of the library, or read from a file.
pub(crate) type Text = Cow<'static, str>;

/// A list of a pack, likewise.
pub(crate) type List<T> = Cow<'static, [T]>;

/// A rule as its file has it; the keys are those of the fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleEntry {
    pub(crate) id: Text,
    pub(crate) about: Text,
    /// Macros and all.
    pub(crate) pattern: Text,
    pub(crate) anchors: Option<List<Text>>,
    #[serde(default)]
    pub(crate) ignore_case: bool,
    /// An anchor begins at most so many bytes after the match.
    #[serde(default)]
    pub(crate) lead: usize,
    #[serde(default)]
    pub(crate) secret: usize,
    pub(crate) before: Option<Text>,
    pub(crate) after: Option<Text>,
    pub(crate) reach: Option<usize>,
    pub(crate) verify: Option<VerifySpec>,
    pub(crate) profiles: Option<List<Text>>,
    pub(crate) block: Option<Block>,
    pub(crate) source: Text,
    #[serde(default)]
    pub(crate) examples: List<(Text, Text)>,
    #[serde(default)]
    pub(crate) passes: List<Text>,
}

impl RuleEntry {
    /// What decides on its form.
    pub(crate) fn written(&self) -> Written<'_> {
        Written {
            pattern: &self.pattern,
            ignore_case: self.ignore_case,
            secret: self.secret,
            before: self.before.as_deref(),
            after: self.after.as_deref(),
        }
    }
}

/// Where the entry of a rule lies. (There are hundreds, and a copy of each is dear.)
#[derive(Clone)]
pub(crate) enum Told {
    /// In the library.
    Embedded(&'static RuleEntry),
    /// It was read from a file.
    Read(Arc<RuleEntry>),
}

impl Deref for Told {
    type Target = RuleEntry;

    #[inline]
    fn deref(&self) -> &RuleEntry {
        match self {
            Self::Embedded(entry) => entry,
            Self::Read(entry) => entry,
        }
    }
}
