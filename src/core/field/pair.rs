//! The words of pairs that spell name and value as members of their own:
//! `{"name":"password","value":"x"}`. Formats that are not text read them here, too.

/// What the first half of a pair is called.
const NAMES: [&[u8]; 15] = [
    b"name",
    b"key",
    b"k",
    b"id",
    b"header",
    b"field",
    b"param",
    b"parameter",
    b"variable",
    b"var",
    b"attribute",
    b"property",
    b"setting",
    b"option",
    b"env",
];

/// What the second half is called.
const VALUES: [&[u8]; 8] = [
    b"value",
    b"v",
    b"val",
    b"content",
    b"data",
    b"stringvalue",
    b"plaintext",
    b"secretvalue",
];

/// So many members may stand between the two.
pub const MEMBERS: usize = 2;

/// The bytes of the longest of these words.
pub const LONGEST: usize = 11;

/// Whether a member that is called so may hold the name of a pair.
#[must_use]
pub fn begins_pair(word: &[u8]) -> bool {
    NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// Whether a member that is called so may hold the value of a pair.
#[must_use]
pub fn ends_pair(word: &[u8]) -> bool {
    VALUES.iter().any(|value| word.eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_longer_than_the_longest() {
        let lengths = NAMES.iter().chain(&VALUES).map(|word| word.len());
        assert_eq!(lengths.max(), Some(LONGEST));
    }
}
