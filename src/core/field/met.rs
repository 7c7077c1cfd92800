//! What is known of the names that were met last: a text repeats few of them.

use super::{FieldNames, Sense};

/// So many names are remembered.
const PLACES: usize = 1 << BITS;

const BITS: u32 = 6;

/// The longest name that is remembered, in bytes.
const LONGEST: usize = 2 * size_of::<u128>();

/// Names, each at the place that its bytes tell.
pub(crate) struct Met {
    places: Box<[(Key, Option<Sense>)]>,
}

/// The bytes of a name, each of them at least once, and their number.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Key {
    bytes: [u128; 2],
    length: usize,
}

impl Met {
    pub(crate) fn new() -> Self {
        // Of no bytes there is no name.
        Self {
            places: vec![(Key::default(), None); PLACES].into(),
        }
    }

    /// The same as [`FieldNames::sense`]; always of the same names.
    #[inline]
    pub(crate) fn sense(&mut self, names: &FieldNames, text: &[u8]) -> Option<Sense> {
        let Some(key) = Key::of(text) else {
            return names.sense(text);
        };
        let (known, sense) = &mut self.places[key.place()];
        if *known != key {
            (*known, *sense) = (key, names.sense(text));
        }
        *sense
    }
}

impl Key {
    /// None where the text is too long.
    #[inline]
    fn of(text: &[u8]) -> Option<Self> {
        let bytes = match *text {
            _ if text.len() > LONGEST => return None,
            // Two pieces of one size, which overlap in the middle.
            [..] if text.len() > 16 => [
                u128::from_le_bytes(*text.first_chunk()?),
                u128::from_le_bytes(*text.last_chunk()?),
            ],
            [..] if text.len() >= 8 => [
                u64::from_le_bytes(*text.first_chunk()?).into(),
                u64::from_le_bytes(*text.last_chunk()?).into(),
            ],
            [..] if text.len() >= 4 => [
                u32::from_le_bytes(*text.first_chunk()?).into(),
                u32::from_le_bytes(*text.last_chunk()?).into(),
            ],
            [first, middle, last] => [first.into(), u128::from(middle) << 8 | u128::from(last)],
            [first, last] => [first.into(), last.into()],
            [byte] => [byte.into(), 0],
            _ => [0, 0],
        };
        Some(Self {
            bytes,
            length: text.len(),
        })
    }

    /// Where it is remembered.
    #[inline]
    fn place(&self) -> usize {
        let [first, last] = self.bytes.map(|bytes| bytes as u64 ^ (bytes >> 64) as u64);
        let mixed = (first ^ last.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (u64::BITS - BITS)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_names_have_different_keys() {
        let letters: Vec<u8> = (b'a'..=b'z').chain(b'A'..=b'Z').collect();
        for length in 0..=LONGEST {
            let text = &letters[..length];
            let key = Key::of(text).unwrap();
            for at in 0..length {
                let mut other = text.to_vec();
                other[at] = b'_';
                assert!(Key::of(&other).unwrap() != key, "{length} {at}");
                assert!(Key::of(&text[..at]).unwrap() != key, "{length} {at}");
            }
        }
        assert!(Key::of(&letters[..=LONGEST]).is_none());
    }
}
