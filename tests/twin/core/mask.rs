//! Placeholders and quotes of masks.

use crate::oracle::placeholder;

/// Eleven bytes, a label of 64, a bracket.
pub(crate) const LONGEST_PLACEHOLDER: usize = 76;

/// Strings at a deeper level are not written.
const DEEPEST: u8 = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    None,
    Level(u8),
    Single(u8),
    Null,
}

impl Quotes {
    pub(crate) fn double(level: u8) -> Self {
        Some(level)
            .filter(|&level| level <= DEEPEST)
            .map_or(Self::None, Self::Level)
    }

    pub(crate) fn single(level: u8) -> Self {
        Some(level)
            .filter(|&level| level <= DEEPEST)
            .map_or(Self::None, Self::Single)
    }
}

pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    placeholder::is_placeholder(value)
}
