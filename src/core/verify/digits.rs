//! The digits of a number that people write in groups.

/// The longest number that is looked at.
const MOST: usize = 40;

/// Digits and letters, without what stands between their groups.
pub(super) struct Digits {
    bytes: [u8; MOST],
    length: usize,
}

impl Digits {
    /// The letters, in upper case, and the digits of `text`, as characters. None where it
    /// holds more of them than any number has.
    pub(super) fn letters_too(text: &[u8]) -> Option<Self> {
        Self::of(text, u8::is_ascii_alphanumeric, |byte| {
            byte.to_ascii_uppercase()
        })
    }

    /// The digits of `text`, as numbers from 0 to 9.
    pub(super) fn only(text: &[u8]) -> Option<Self> {
        Self::of(text, u8::is_ascii_digit, |byte| byte - b'0')
    }

    fn of(text: &[u8], keep: fn(&u8) -> bool, value: fn(u8) -> u8) -> Option<Self> {
        let mut digits = Self {
            bytes: [0; MOST],
            length: 0,
        };
        for &byte in text.iter().filter(|byte| keep(byte)) {
            *digits.bytes.get_mut(digits.length)? = value(byte);
            digits.length += 1;
        }
        Some(digits)
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_joined() {
        assert_eq!(Digits::only(b"12 3-4.").unwrap().as_slice(), [1, 2, 3, 4]);
        assert_eq!(Digits::letters_too(b"ab 1").unwrap().as_slice(), b"AB1");
        assert!(Digits::only(&[b'1'; MOST]).is_some());
        assert!(Digits::only(&[b'1'; MOST + 1]).is_none());
    }
}
