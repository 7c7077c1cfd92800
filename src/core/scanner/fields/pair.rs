//! Pairs that spell name and value as values of their own: `"name":"password",
//! "value":"x"`, `<add key="password" value="x"/>`, `- name: password value: x`.

use super::name::Found;
use super::quote;
use super::separator::{Separator, Sign};
use super::text::{BLANKS, blanks, count, is_blank};

/// What the first half of a pair is called.
const NAMES: [&[u8]; 13] = [
    b"name",
    b"key",
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
const VALUES: [&[u8]; 7] = [
    b"value",
    b"val",
    b"content",
    b"data",
    b"stringvalue",
    b"plaintext",
    b"secretvalue",
];

/// The longest of these words.
const LONGEST: usize = 11;

/// Where the value of the pair is whose name was found.
pub(super) fn value_of(bytes: &[u8], found: &Found) -> Option<Separator> {
    if !is_name(&bytes[..found.from]) {
        return None;
    }
    let mut at = found.after;
    at += blanks(&bytes[at..], true);
    if matches!(bytes.get(at), Some(b',' | b';')) {
        at += 1;
        at += blanks(&bytes[at..], true);
    }
    let mut value = second(bytes, at)?;
    // OTLP wraps values: {"stringValue":"x"}.
    if bytes.get(value) == Some(&b'{') {
        let inner = value + 1 + blanks(&bytes[value + 1..], true);
        value = second(bytes, inner).unwrap_or(value);
    }
    Some(Separator {
        sign: Sign::Equals,
        value,
        spaced: false,
        escaped: false,
    })
}

/// Whether `head` ends as the first half of a pair begins: `"name":`, `key=`, `name: `.
pub(super) fn is_name(head: &[u8]) -> bool {
    let head = without_blanks(head);
    let Some((&sign, head)) = head.split_last() else {
        return false;
    };
    if !matches!(sign, b':' | b'=') {
        return false;
    }
    let head = without_blanks(head);
    let head = match quote::closing_before(head, head.len()) {
        Some((_, length)) => &head[..head.len() - length],
        None => head,
    };
    let length = head
        .iter()
        .rev()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let (before, word) = head.split_at(head.len() - length);
    NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
        && !before
            .last()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// The value behind `"value":`, `value=` or `value: ` at `at`.
pub(super) fn second(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    if let Some((_, length)) = quote::opening(bytes, at) {
        at += length;
    }
    let rest = &bytes[at..];
    let length = count(&rest[..rest.len().min(LONGEST + 1)], |byte| {
        byte.is_ascii_alphabetic()
    });
    let word = &rest[..length];
    if !VALUES.iter().any(|value| word.eq_ignore_ascii_case(value)) {
        return None;
    }
    at += length;
    if let Some((_, length)) = quote::opening(bytes, at) {
        at += length;
    }
    at += blanks(&bytes[at..], true);
    at += match bytes.get(at..)? {
        [b'=', b'>', ..] => 2,
        [b'=' | b':', ..] => 1,
        _ => return None,
    };
    at += blanks(&bytes[at..], true);
    Some(at)
}

fn without_blanks(head: &[u8]) -> &[u8] {
    let blanks = head
        .iter()
        .rev()
        .take(BLANKS)
        .take_while(|&&byte| is_blank(byte) || matches!(byte, b'\n' | b'\r'))
        .count();
    &head[..head.len() - blanks]
}
