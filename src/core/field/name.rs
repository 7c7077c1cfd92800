//! A name taken apart into segments.

use super::Matching;

/// So many bytes of a word are compared at once.
pub(super) const HEAD: usize = size_of::<u64>();

/// The longest name that is looked at, in letters and digits.
pub(crate) const LONGEST: usize = 96;

/// A name taken apart.
pub(crate) struct Name {
    /// Its letters and digits in lower case, and zeros.
    flat: [u8; LONGEST + HEAD],
    length: usize,
    /// Bit `i`: a segment begins at `flat[i]`.
    segments: u128,
    /// Bit `i`: it does so because a separator stands before it.
    separated: u128,
}

impl Name {
    /// None where there is no letter or digit, or too many.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let mut name = Self {
            flat: [0; LONGEST + HEAD],
            length: 0,
            segments: 0,
            separated: 0,
        };
        let mut previous = 0_u8;
        for (index, &byte) in text.iter().enumerate() {
            if byte.is_ascii_alphanumeric() {
                if name.length == LONGEST {
                    return None;
                }
                let next = text.get(index + 1).copied().unwrap_or(0);
                let bit = 1 << name.length;
                if !previous.is_ascii_alphanumeric() {
                    name.segments |= bit;
                    name.separated |= bit;
                } else if is_hump(previous, byte, next) {
                    name.segments |= bit;
                }
                name.flat[name.length] = byte.to_ascii_lowercase();
                name.length += 1;
            }
            previous = byte;
        }
        (name.length > 0).then_some(name)
    }

    pub(super) fn flat(&self) -> &[u8] {
        &self.flat[..self.length]
    }

    /// Whether it is of more than one segment.
    pub(crate) fn is_compound(&self) -> bool {
        self.segments & (self.segments - 1) != 0
    }

    /// The bytes from `at` on as a number; zeros where there are no more.
    #[inline]
    pub(super) fn head(&self, at: usize) -> u64 {
        let head = self.flat[at..].first_chunk::<HEAD>();
        head.map_or(0, |head| u64::from_le_bytes(*head))
    }

    fn begins_segment(&self, at: usize) -> bool {
        at == self.length || self.segments >> at & 1 == 1
    }

    /// Where a word ends that begins at `at`, as `matching` says.
    #[inline]
    pub(super) fn word_at(&self, at: usize, word: &[u8], matching: Matching) -> Option<usize> {
        let flat = self.flat();
        let end = at + word.len();
        if !flat[at..].starts_with(word) {
            return None;
        }
        match matching {
            Matching::Exact => (at == 0 && end == flat.len()).then_some(end),
            Matching::Suffix => (end == flat.len() && self.begins_segment(at)).then_some(end),
            Matching::Substring => {
                let inside = self.separated >> at >> 1 & ((1 << (word.len() - 1)) - 1);
                (inside == 0).then_some(end)
            }
            Matching::Segment if !self.begins_segment(at) => None,
            Matching::Segment if self.begins_segment(end) => Some(end),
            Matching::Segment => {
                let plural = flat[end] == b's' && self.begins_segment(end + 1);
                plural.then_some(end + 1)
            }
        }
    }

    /// Whether a digit follows directly on what ends at `end`.
    pub(super) fn is_numbered(&self, end: usize) -> bool {
        self.flat().get(end).is_some_and(u8::is_ascii_digit) && self.separated >> end & 1 == 0
    }
}

/// Whether a segment begins at `byte` without a separator.
fn is_hump(previous: u8, byte: u8, next: u8) -> bool {
    byte.is_ascii_uppercase() && (previous.is_ascii_lowercase() || next.is_ascii_lowercase())
        || byte.is_ascii_digit() != previous.is_ascii_digit()
}
