//! What a value looks like: a word, a reference, a credential.

use super::reference::is_reference;
use crate::core::mask::{self, is_placeholder};

/// So many bytes of a value are looked at.
pub(super) const LOOKED_AT: usize = 256;

/// Values that say whether there is a secret, not which.
const WORDS: [&[u8]; 30] = [
    b"true",
    b"false",
    b"yes",
    b"no",
    b"on",
    b"off",
    b"null",
    b"nil",
    b"none",
    b"undefined",
    b"nan",
    b"n/a",
    b"na",
    b"required",
    b"optional",
    b"enabled",
    b"disabled",
    b"present",
    b"missing",
    b"empty",
    b"set",
    b"unset",
    b"hidden",
    b"redacted",
    b"masked",
    b"filtered",
    b"invalid",
    b"valid",
    b"expired",
    b"unknown",
];

/// A value that tells nothing: a word of [`WORDS`], a placeholder, a reference to where
/// the secret is kept. `value` is all of it.
/// `thorough`: only what cannot be a secret at all.
pub(super) fn is_nothing(value: &[u8], thorough: bool) -> bool {
    const LITERALS: [&[u8]; 4] = [b"null", b"true", b"false", b"undefined"];
    if thorough {
        return value.is_empty() || is_placeholder(value) || LITERALS.contains(&value);
    }
    value.is_empty() || is_masked(value) || is_word_of_state(value) || is_reference(value)
}

/// In quotes only what cannot be a password counts: null, booleans, references.
pub(super) fn is_nothing_quoted(value: &[u8], thorough: bool) -> bool {
    const WORDS: [&[u8]; 6] = [b"null", b"none", b"undefined", b"nil", b"true", b"false"];
    if thorough {
        return value.is_empty() || is_placeholder(value);
    }
    value.is_empty()
        || is_masked(value)
        || is_reference(value)
        || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// A placeholder, or a word that tells of one between punctuation: `__REDACTED__`.
fn is_masked(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [
        b"redacted",
        b"filtered",
        b"masked",
        b"hidden",
        b"removed",
        b"sanitized",
    ];
    let is_mark = |byte: &u8| matches!(byte, b'_' | b'*' | b'-' | b'#');
    let from = value.iter().take_while(|&byte| is_mark(byte)).count();
    let to = value.len()
        - value[from..]
            .iter()
            .rev()
            .take_while(|&byte| is_mark(byte))
            .count();
    is_placeholder(value)
        || from > 0
            && to < value.len()
            && WORDS
                .iter()
                .any(|word| value[from..to].eq_ignore_ascii_case(word))
        || value.len() >= 3 && from == value.len() && value.iter().all(|byte| *byte == value[0])
}

fn is_word_of_state(value: &[u8]) -> bool {
    let longest = 9;
    value.len() <= longest && WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// The length of a mask in square brackets, ours or another tool's, at the start of
/// `bytes`.
pub(super) fn mask_at(bytes: &[u8]) -> Option<usize> {
    // Those that there are begin with one of these letters.
    if !matches!(bytes, [b'[', letter, ..] if b"RFMHrm".contains(letter)) {
        return None;
    }
    let near = &bytes[..bytes.len().min(mask::LONGEST_PLACEHOLDER)];
    let end = memchr::memchr(b']', near)? + 1;
    is_placeholder(&bytes[..end]).then_some(end)
}

/// What is before and after the first such mask in a value: a mask says nothing about
/// the rest.
fn around_mask(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let (start, length) = memchr::memchr_iter(b'[', value)
        .find_map(|start| mask_at(&value[start..]).map(|length| (start, length)))?;
    Some((&value[..start], &value[start + length..]))
}

/// Whether the byte at `at` belongs to the label of a mask of ours.
pub(super) fn is_in_mask(bytes: &[u8], at: usize) -> bool {
    const HEAD: &[u8] = b"[REDACTED:";
    let from = at.saturating_sub(mask::LONGEST_PLACEHOLDER);
    let to = bytes.len().min(at + mask::LONGEST_PLACEHOLDER);
    let Some(start) = memchr::memrchr(b'[', &bytes[from..at])
        .map(|start| from + start)
        .filter(|&start| bytes[start..].starts_with(HEAD))
    else {
        return false;
    };
    let end = memchr::memchr(b']', &bytes[at..to]).map(|end| at + end + 1);
    end.is_some_and(|end| is_placeholder(&bytes[start..end]))
}

/// Whether nothing of a value follows a placeholder, by the byte after it.
pub(super) fn ends_placeholder(next: Option<&u8>) -> bool {
    next.is_none_or(|&byte| byte <= b' ' || b",;:.)]}>\"'`<&|\\/%".contains(&byte) || byte == 0x7f)
}

/// Whether a text is one word of prose: letters, at most the first of them a capital.
pub(super) fn is_plain_word(text: &[u8]) -> bool {
    let text = text
        .strip_suffix(b".")
        .or_else(|| text.strip_suffix(b":"))
        .or_else(|| text.strip_suffix(b","))
        .unwrap_or(text);
    let Some((first, rest)) = text.split_first() else {
        return true;
    };
    first.is_ascii_alphabetic()
        && rest
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'\'' | b'-' | b'/'))
}

/// Whether a value is an expression of a program: a call, an index, a member. Names with
/// digits are none, for passwords have them.
pub(super) fn is_code(value: &[u8], after: &[u8]) -> bool {
    let begins = value
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$'));
    let names = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic() || b"_.$:>-".contains(byte))
        .count();
    if !begins || names < 3 {
        return false;
    }
    match value.get(names).or(after.first()) {
        Some(b'(' | b'[') => true,
        _ => names == value.len() && is_member(&value[..names]),
    }
}

/// `a.b`, `a->b`, `a::b`, each part a name of letters.
fn is_member(names: &[u8]) -> bool {
    let dotted = names.contains(&b'.') && !names.ends_with(b".");
    dotted
        || memchr::memmem::find(names, b"->").is_some()
        || memchr::memmem::find(names, b"::").is_some()
}

/// How the characters of a value are mixed.
struct Mix {
    lower: usize,
    upper: usize,
    digits: usize,
    /// Changes from a small letter to a capital or back, other than at the beginning.
    humps: usize,
    others: usize,
}

fn mix(value: &[u8]) -> Mix {
    let mut mix = Mix {
        lower: 0,
        upper: 0,
        digits: 0,
        humps: 0,
        others: 0,
    };
    let mut previous = 0_u8;
    for &byte in value {
        match byte {
            b'a'..=b'z' => mix.lower += 1,
            b'A'..=b'Z' => {
                mix.upper += 1;
                mix.humps +=
                    usize::from(previous.is_ascii_lowercase() || previous.is_ascii_digit());
            }
            b'0'..=b'9' => mix.digits += 1,
            _ => mix.others += 1,
        }
        previous = byte;
    }
    mix
}

/// Whether a value is made of words and numbers: `user:12:profile`, `orders/9`,
/// `db-3.internal`, `2026-01-02T10:20:30Z`.
fn is_structured(value: &[u8]) -> bool {
    let mut parts = 0;
    let plain = value
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .all(|part| {
            parts += 1;
            let Mix {
                lower,
                upper,
                digits,
                humps,
                ..
            } = mix(part);
            let word = digits == 0 && (lower == 0 || upper <= 1 || humps <= 1 && part.len() < 12);
            let number = lower + upper == 0;
            let short = part.len() <= 2;
            word || number || short
        });
    plain && (parts > 1 || value.len() < 16)
}

/// 8-4-4-4-12 hexadecimal digits (RFC 9562): a name for something far more often than a
/// secret.
fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a name holds a word, without regard to ASCII case.
pub(super) fn holds_word(name: &[u8], word: &[u8]) -> bool {
    word.len() >= 3
        && name
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
}

/// Whether a text begins with the words of a seed: twelve or more, of small letters
/// (BIP 39).
pub(super) fn is_phrase(text: &[u8]) -> bool {
    const LEAST: usize = 12;
    let mut at = 0;
    for number in 0..LEAST {
        if number > 0 {
            if text.get(at) != Some(&b' ') {
                return false;
            }
            at += 1;
        }
        let near = &text[at..text.len().min(at + 9)];
        let length = near
            .iter()
            .take_while(|byte| byte.is_ascii_lowercase())
            .count();
        if !(3..=8).contains(&length) {
            return false;
        }
        at += length;
    }
    text.get(at)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// Whether a text is a field of its own: `name=…`.
pub(super) fn is_field(text: &[u8]) -> bool {
    let name = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    name > 0
        && text.get(name) == Some(&b'=')
        && text.get(name + 1).is_some_and(|&byte| byte != b'=')
}

/// Whether a value looks like a credential, whatever its name: 16 characters or more,
/// of letters and digits that are no words, or fewer that are well mixed.
pub(super) fn is_likely(value: &[u8]) -> bool {
    if let Some((before, after)) = around_mask(value) {
        return is_likely(before) || is_likely(after);
    }
    if is_phrase(value) {
        return true;
    }
    if value
        .iter()
        .any(|&byte| byte <= b' ' || byte == b'<' || byte == b'{')
        || value.starts_with(b"/")
        || value.starts_with(b"./")
        || memchr::memmem::find(value, b"://").is_some()
        || is_structured(value)
        || is_uuid(value)
    {
        return false;
    }
    let Mix {
        lower,
        upper,
        digits,
        humps,
        others,
    } = mix(value);
    let letters = lower + upper;
    let kinds = usize::from(lower > 0) + usize::from(upper > 0) + usize::from(digits > 0);
    if others * 3 > value.len() {
        return false;
    }
    let hexadecimal = (lower == 0 || upper == 0)
        && value
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    match value.len() {
        0..8 => false,
        // Ids of traces and the like are as long.
        0..32 if hexadecimal => false,
        8..16 => {
            kinds == 3
                || kinds == 2 && digits > 1 && letters > 1 && others == 0 && humps + digits > 2
        }
        _ => kinds >= 2 && (digits > 0 || humps > 2),
    }
}

/// The least length of an issued value.
pub(super) const SHORTEST_ISSUED: usize = 16;

/// Whether a byte may stand in an issued value.
pub(super) fn is_of_issued(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-+/=.~".contains(&byte)
}

/// Whether a value looks issued by a service whose key is expected there: a UUID, letters
/// and digits of 16 characters or more that are no words and numbers, or a longer run of
/// letters or of digits.
pub(super) fn is_issued(value: &[u8]) -> bool {
    if value.len() < SHORTEST_ISSUED
        || !value.iter().all(|&byte| is_of_issued(byte))
        || value.starts_with(b"/")
        || is_nothing(value, false)
    {
        return false;
    }
    if is_uuid(value) {
        return true;
    }
    let Mix {
        lower,
        upper,
        digits,
        others,
        ..
    } = mix(value);
    if digits == 0 {
        let long = if lower == 0 || upper == 0 { 20 } else { 32 };
        return others == 0 && value.len() >= long;
    }
    if lower + upper == 0 {
        return others == 0 && value.len() >= 24;
    }
    // A path or a host is no key.
    let parts = value.contains(&b'/') || value.contains(&b'.');
    (!parts || lower > 0 && upper > 0) && others * 4 <= value.len() && !is_structured(value)
}

/// Whether a word among words is no word: letters and digits in one, or humps.
pub(super) fn is_random(value: &[u8]) -> bool {
    if let Some((before, after)) = around_mask(value) {
        return is_random(before) || is_random(after);
    }
    let Mix {
        lower,
        upper,
        digits,
        humps,
        ..
    } = mix(value);
    value.len() >= 8
        && !value.starts_with(b"/")
        && !is_structured(value)
        && (digits > 0 && lower + upper > 0 || humps >= 2)
        && memchr::memmem::find(value, b"://").is_none()
}

/// Whether a word among words is a credential without doubt: long, of small letters,
/// capitals and digits.
pub(super) fn is_certain(value: &[u8]) -> bool {
    if let Some((before, after)) = around_mask(value) {
        return is_certain(before) || is_certain(after);
    }
    let Mix {
        lower,
        upper,
        digits,
        ..
    } = mix(value);
    is_likely(value) && value.len() >= 16 && lower > 0 && upper > 0 && digits > 0
}

/// Whether a short value in quotes can be a credential under a name that seldom holds
/// one: letters and digits in one run.
pub(super) fn is_mixed(value: &[u8]) -> bool {
    if let Some((before, after)) = around_mask(value) {
        return is_mixed(before) || is_mixed(after);
    }
    let Mix {
        lower,
        upper,
        digits,
        ..
    } = mix(value);
    value.len() >= 6
        && digits > 0
        && lower + upper > 0
        && !is_structured(value)
        && !value
            .iter()
            .any(|&byte| byte <= b' ' || b":/{}<>()[]".contains(&byte))
}

/// Whether a value is a call: `name(…)`, its name of letters.
pub(super) fn is_call(value: &[u8], after: &[u8]) -> bool {
    let name = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b':'))
        .count();
    let closed = value.ends_with(b")") || value.len() == name || after.starts_with(b")");
    name > 2 && value.get(name).or(after.first()) == Some(&b'(') && closed
}
