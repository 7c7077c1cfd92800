//! Pairs that spell name and value as values of their own: `"name":"password",
//! "value":"x"`, `<add key="password" value="x"/>`, `- name: password value: x`.

use super::name::Found;
use super::quote;
use super::separator::{Separator, Sign};
use super::text::{BLANKS, blanks, count, is_blank};
use crate::core::field::pair::{LONGEST, MEMBERS, begins_pair, ends_pair};

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
    let mut members = 0;
    let mut value = loop {
        if let Some(value) = second(bytes, at) {
            break value;
        }
        if members == MEMBERS {
            return None;
        }
        at = member(bytes, at)?;
        members += 1;
    };
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

/// Where the next member begins after a short one at `at`: `"type":"x",`, `type="x" `.
fn member(bytes: &[u8], at: usize) -> Option<usize> {
    /// How long its name may be, and its value.
    const SHORT: usize = 64;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.+".contains(&byte);
    let word = |at: usize| count(&bytes[at..bytes.len().min(at + SHORT)], is_word);
    let (opening, length) = match quote::opening(bytes, at) {
        Some((quote, length)) => (Some(quote), length),
        None => (None, 0),
    };
    let mut at = at + length;
    let name = word(at);
    at += name;
    if let Some(opening) = opening {
        let (closing, length) = quote::opening(bytes, at)?;
        if closing != opening {
            return None;
        }
        at += length;
    }
    at += blanks(&bytes[at..], true);
    if name == 0 || name == SHORT || !matches!(bytes.get(at), Some(b':' | b'=')) {
        return None;
    }
    at += 1;
    at += blanks(&bytes[at..], true);
    let separated = if let Some((quote, length)) = quote::opening(bytes, at) {
        at += length;
        let near = &bytes[..bytes.len().min(at + SHORT)];
        at = (at..near.len())
            .find(|&end| quote::opening(near, end).is_some_and(|(other, _)| other == quote))?;
        at += length;
        true
    } else {
        // Words without quotes are told apart by commas.
        let value = word(at);
        at += value;
        if value == 0 || value == SHORT {
            return None;
        }
        opening.is_some()
    };
    let blank = blanks(&bytes[at..], true);
    at += blank;
    if matches!(bytes.get(at), Some(b',' | b';')) {
        at += 1;
        return Some(at + blanks(&bytes[at..], true));
    }
    (separated && blank > 0).then_some(at)
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
    let quote = quote::closing_before(head, head.len());
    let head = &head[..head.len() - quote.map_or(0, |(_, length)| length)];
    let length = head
        .iter()
        .rev()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let (before, word) = head.split_at(head.len() - length);
    // `k=` is anything.
    (quote.is_some() || length > 2)
        && begins_pair(word)
        && !before
            .last()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// The value behind `"value":`, `value=` or `value: ` at `at`.
pub(super) fn second(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = quote::opening(bytes, at).map_or(0, |(_, length)| length);
    let mut at = at + quote;
    let rest = &bytes[at..];
    let length = count(&rest[..rest.len().min(LONGEST + 1)], |byte| {
        byte.is_ascii_alphabetic()
    });
    let word = &rest[..length];
    if !ends_pair(word) || quote == 0 && length < 2 {
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
