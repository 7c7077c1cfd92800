//! The condition on the byte before a match, which sees through one escape or control sequence.

use super::control::is_sequence;
use super::regex::ByteClass;

/// How long an escape may be that a condition sees through.
const LONGEST_ESCAPE: usize = 32;

/// What an escape counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Byte(u8),
    /// A byte that every class holds.
    Any,
}

pub(crate) fn holds_before(class: &ByteClass, content: &[u8], start: usize) -> bool {
    let before = &content[..start];
    let Some(&last) = before.last() else {
        return true;
    };
    let escapes = (1..=LONGEST_ESCAPE.min(start)).filter_map(|length| {
        let escape = &before[start - length..];
        control(escape)
            .or_else(|| hexadecimal(escape))
            .or_else(|| color(escape))
            .or_else(|| is_sequence(escape).then_some(Reading::Any))
    });
    std::iter::once(Reading::Byte(last))
        .chain(escapes)
        .any(|reading| match reading {
            Reading::Byte(byte) => class.holds(byte),
            Reading::Any => true,
        })
}

pub(crate) fn holds_after(class: &ByteClass, content: &[u8], end: usize) -> bool {
    content.get(end).is_none_or(|&byte| class.holds(byte))
}

fn control(escape: &[u8]) -> Option<Reading> {
    let byte = match escape {
        b"\\n" => b'\n',
        b"\\r" => b'\r',
        b"\\t" => b'\t',
        b"\\b" => 0x08,
        b"\\f" => 0x0C,
        b"\\v" => 0x0B,
        b"\\a" => 0x07,
        b"\\0" => 0x00,
        b"\\e" => 0x1B,
        _ => return None,
    };
    Some(Reading::Byte(byte))
}

fn hexadecimal(escape: &[u8]) -> Option<Reading> {
    let (digits, length) = if let Some(digits) = escape.strip_prefix(b"\\x") {
        (digits, 2)
    } else if let Some(digits) = escape.strip_prefix(b"%") {
        (digits, 2)
    } else {
        (escape.strip_prefix(b"\\u")?, 4)
    };
    if digits.len() != length || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let code = u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    Some(u8::try_from(code).map_or(Reading::Any, Reading::Byte))
}

fn color(escape: &[u8]) -> Option<Reading> {
    let spellings: [&[u8]; 5] = [b"\x1B", b"\\x1b", b"\\u001b", b"\\033", b"\\e"];
    spellings
        .iter()
        .filter_map(|spelling| {
            let (head, tail) = escape.split_at_checked(spelling.len())?;
            let is_same = match spelling.len() {
                // The hexadecimal digit may be upper case, the letter before it not.
                4.. => head[..2] == spelling[..2] && head.eq_ignore_ascii_case(spelling),
                _ => head == *spelling,
            };
            is_same.then_some(tail)
        })
        .any(|rest| {
            rest.strip_prefix(b"[")
                .and_then(|rest| rest.strip_suffix(b"m"))
                .is_some_and(|codes| {
                    codes
                        .iter()
                        .all(|byte| byte.is_ascii_digit() || *byte == b';')
                })
        })
        .then_some(Reading::Any)
}
