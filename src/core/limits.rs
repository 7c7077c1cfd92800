//! What bounds the engine: all limits are parameters, and tests run them at 1.

use std::fmt;
use std::str::FromStr;

/// The bounds of a session, in bytes.
///
/// ```
/// let limits = blackbar::Limits { max_record: 64 * 1024, ..Default::default() };
/// assert_eq!(limits.reach, 8 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest match that a rule without a reach of its own looks for. A longer
    /// candidate is overdue: it is masked to where its automaton dies.
    pub reach: usize,
    /// How much of an unfinished line a session holds before it works in windows.
    pub max_record: usize,
    /// The same for a document.
    pub max_document: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reach: 8 * 1024,
            max_record: 1024 * 1024,
            max_document: 32 * 1024 * 1024,
        }
    }
}

/// How a stream is cut into records. Fixed before the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// A record is a line.
    Lines,
    /// The whole input is one record.
    Document,
}

/// What is written for a number, an array or an object under a sensitive name.
///
/// ```
/// assert_eq!("typed".parse::<blackbar::Values>(), Ok(blackbar::Values::Typed));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Values {
    /// One string.
    #[default]
    String,
    /// What keeps the types: arrays and objects stay, with their values masked one by
    /// one, and a number becomes `null`. For stores with a mapping.
    Typed,
}

impl Values {
    /// All of them, in the order in which help texts name them.
    pub const ALL: [Self; 2] = [Self::String, Self::Typed];

    /// The name as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Typed => "typed",
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no way to write values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such way to write values; use string or typed")]
pub struct UnknownValues;

impl FromStr for Values {
    type Err = UnknownValues;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|values| values.name() == name)
            .ok_or(UnknownValues)
    }
}

/// Which rules run and how strictly.
///
/// ```
/// use blackbar::Profile;
/// assert_eq!("strict".parse::<Profile>(), Ok(Profile::Strict));
/// assert_eq!(Profile::default().to_string(), "standard");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Every rule that is meant for everyday use; the surrounding text stays.
    #[default]
    Standard,
    /// Also the rules that trade noise for reach; a rejected verification still masks.
    Strict,
    /// Exactly the seven replacements of the article's `redact.js`.
    Article,
    /// The article's patterns, and its error sanitiser: every property whose name holds
    /// one of its six words.
    ArticleErrors,
}

impl Profile {
    /// All profiles, in the order in which help texts name them.
    pub const ALL: [Self; 4] = [
        Self::Standard,
        Self::Strict,
        Self::Article,
        Self::ArticleErrors,
    ];

    /// The name as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::Article => "article",
            Self::ArticleErrors => "article-errors",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such profile; use standard, strict, article or article-errors")]
pub struct UnknownProfile;

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or(UnknownProfile)
    }
}
