//! Chars and how escapes join them: what is masked whole or not at all.

use std::ops::Range;

/// One element of a text at some level: what it decodes to, and where it is in the
/// content. At level 0 these are the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Char {
    pub(crate) code: Code,
    pub(crate) range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Byte(u8),
    /// What an escape or a character beyond ASCII stands for: no syntax cares for it.
    Wide,
}

impl Char {
    pub(crate) fn is(&self, byte: u8) -> bool {
        self.code == Code::Byte(byte)
    }

    pub(crate) fn is_any_of(&self, bytes: &[u8]) -> bool {
        bytes.iter().any(|&byte| self.is(byte))
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.is_any_of(b" \t\n\r")
    }

    fn ascii(&self) -> Option<u8> {
        match self.code {
            Code::Byte(byte) if byte.is_ascii() => Some(byte),
            _ => None,
        }
    }
}

/// The content as chars of level 0.
pub(crate) fn bytes(content: &[u8]) -> Vec<Char> {
    content
        .iter()
        .enumerate()
        .map(|(at, &byte)| Char {
            code: Code::Byte(byte),
            range: at..at + 1,
        })
        .collect()
}

/// Joins escapes and UTF-8 characters, from left to right.
pub(crate) fn joined(mut chars: &[Char]) -> Vec<Char> {
    let mut all = Vec::new();
    while let Some((first, rest)) = first(chars) {
        all.push(first);
        chars = rest;
    }
    all
}

/// The first escape, UTF-8 character or other char, and what follows it.
pub(crate) fn first(chars: &[Char]) -> Option<(Char, &[Char])> {
    let first = chars.first()?;
    let (length, code) = escape(chars)
        .or_else(|| character(chars).map(|length| (length, Code::Wide)))
        .unwrap_or((1, first.code));
    let range = first.range.start..chars[length - 1].range.end;
    Some((Char { code, range }, &chars[length..]))
}

/// The number of chars and the meaning of the escape at the beginning, if there is one.
fn escape(chars: &[Char]) -> Option<(usize, Code)> {
    if !chars.first()?.is(b'\\') {
        return None;
    }
    let simple = |byte| Some((2, Code::Byte(byte)));
    match chars.get(1)?.ascii()? {
        byte @ (b'"' | b'\'' | b'\\' | b'/') => simple(byte),
        b'b' => simple(0x08),
        b'f' => simple(0x0C),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(0x0B),
        b'a' => simple(0x07),
        b'e' => simple(0x1B),
        b'0' => simple(0x00),
        b'x' => Some((4, ascii_or_wide(hexadecimal(chars.get(2..4)?)?))),
        b'u' => Some(match hexadecimal(chars.get(2..6)?)? {
            0xD800..=0xDBFF if is_low_surrogate(&chars[6..]) => (12, Code::Wide),
            code => (6, ascii_or_wide(code)),
        }),
        _ => None,
    }
}

fn ascii_or_wide(code: u32) -> Code {
    match u8::try_from(code) {
        Ok(byte) if byte.is_ascii() => Code::Byte(byte),
        _ => Code::Wide,
    }
}

fn is_low_surrogate(chars: &[Char]) -> bool {
    chars.len() >= 6
        && chars[0].is(b'\\')
        && chars[1].is(b'u')
        && hexadecimal(&chars[2..6]).is_some_and(|code| (0xDC00..=0xDFFF).contains(&code))
}

fn hexadecimal(digits: &[Char]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(digit.ascii()?).to_digit(16)?)
    })
}

/// The length of the UTF-8 character of two or more bytes at the beginning, if there
/// is one.
fn character(chars: &[Char]) -> Option<usize> {
    (2..=4).find(|&length| {
        chars.get(..length).is_some_and(|chars| {
            let bytes: Option<Vec<u8>> = chars
                .iter()
                .map(|char| match char.code {
                    Code::Byte(byte) => Some(byte),
                    Code::Wide => None,
                })
                .collect();
            bytes.is_some_and(|bytes| {
                str::from_utf8(&bytes).is_ok_and(|text| text.chars().count() == 1)
            })
        })
    })
}
