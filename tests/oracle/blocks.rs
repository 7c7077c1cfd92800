//! Key material that goes on in the records after its header: what
//! `src/core/scanner/blocks.rs` says at its beginning.

use std::ops::Range;

/// A block that may go on in the next record.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The rule that opened it.
    pub(crate) rule: usize,
    /// What stood before its header.
    prefix: Vec<u8>,
}

/// What a record in a block is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) masked: Option<Range<usize>>,
    /// It is longer than is looked at.
    pub(crate) overdue: bool,
    /// The block stays open.
    pub(crate) goes_on: bool,
}

/// The longest prefix that is remembered.
const LONGEST_PREFIX: usize = 256;

/// The longest run of base64 whose end is looked at.
const LONGEST_LINE: usize = 8 * 1024;

/// A record this much longer than its prefix is no header.
const LONGEST_HEADER: usize = LONGEST_LINE + 96 + 3 * JOINTS;

/// The most bytes that joints are.
const JOINTS: usize = 64;

impl Block {
    /// The block that a match opens, if it does.
    pub(crate) fn opened_by(rule: usize, content: &[u8], found: Range<usize>) -> Option<Self> {
        let after = &content[found.end..];
        let joints = joints(after);
        let ends_the_record = joints == after.len() || has_quote(&after[..joints]);
        if !ends_the_record || holds_end(&content[found.clone()]) {
            return None;
        }
        let prefix = match &content[..found.start] {
            prefix if prefix.len() <= LONGEST_PREFIX => prefix.to_vec(),
            _ => Vec::new(),
        };
        Some(Self { rule, prefix })
    }

    /// What the next record is.
    pub(crate) fn line(&self, content: &[u8]) -> Line {
        let prefix = self.prefix.len();
        let prefixed = prefix > 0
            && content.len() >= prefix
            && content
                .iter()
                .zip(&self.prefix)
                .all(|(a, b)| a == b || a.is_ascii_digit() && b.is_ascii_digit());
        let mut start = if prefixed { prefix } else { 0 };
        start += joints(&content[start..]);
        let text = &content[start..];
        if text.is_empty() {
            return Line {
                goes_on: true,
                ..Line::default()
            };
        }
        let masked = |length: usize, goes_on: bool| Line {
            masked: Some(start..start + length),
            overdue: false,
            goes_on,
        };
        if let Some(length) = end_line(text) {
            return masked(length, false);
        }
        if content.len() < prefix + LONGEST_HEADER
            && let Some(is_last) = header(text)
        {
            return masked(text.len(), !is_last);
        }
        let length = base64(text);
        if length > LONGEST_LINE {
            let length = text
                .iter()
                .take_while(|&&byte| is_base64(byte) || byte == b'=')
                .count();
            return Line {
                overdue: true,
                ..masked(length, length == text.len())
            };
        }
        let after = &text[length..];
        let joints = joints(after);
        match end_line(&after[joints..]) {
            _ if length == 0 => Line::default(),
            _ if joints == after.len() => masked(length, true),
            Some(end) => masked(length + joints + end, false),
            None if prefixed && has_quote(&after[..joints]) => masked(length, true),
            None => Line::default(),
        }
    }
}

/// The length of blanks, quotes and other joints at the beginning.
fn joints(text: &[u8]) -> usize {
    let mut length = 0;
    while length < JOINTS {
        length += match &text[length..] {
            // A plus sign before more base64 is base64.
            [b'+', next, ..] if is_base64(*next) => break,
            [b'\\', b'n' | b'r' | b't', ..] => 2,
            [byte, ..] if b" \t\r\"',+;()[]>|\\".contains(byte) => 1,
            _ => break,
        };
    }
    length
}

fn has_quote(text: &[u8]) -> bool {
    text.iter().any(|byte| b"\"'".contains(byte))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/".contains(&byte)
}

/// The length of the base64 at the beginning: digits and padding, or a checksum.
fn base64(text: &[u8]) -> usize {
    let sign = matches!(text, [b'=', next, ..] if is_base64(*next));
    let rest = &text[usize::from(sign)..];
    let digits = rest.iter().take_while(|&&byte| is_base64(byte)).count();
    let padding = rest[digits..]
        .iter()
        .take_while(|&&byte| byte == b'=')
        .count();
    usize::from(sign) + digits + padding
}

/// The length of an END line at the beginning.
fn end_line(text: &[u8]) -> Option<usize> {
    let dashes = text.iter().take_while(|&&byte| byte == b'-').count();
    if dashes != 4 && dashes != 5 {
        return None;
    }
    let rest = &text[dashes..];
    let words = rest
        .strip_prefix(b" ")
        .unwrap_or(rest)
        .strip_prefix(b"END ")?;
    let label = words
        .iter()
        .take(96)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b' ')
        .count();
    let closing = &words[label..];
    let is_closed = closing
        .iter()
        .take(dashes)
        .filter(|&&byte| byte == b'-')
        .count()
        == dashes;
    is_closed.then(|| text.len() - closing.len() + dashes)
}

fn holds_end(text: &[u8]) -> bool {
    // Forms and URLs write a blank as a plus or as %20.
    let text = String::from_utf8_lossy(text).replace('+', " ");
    let text = text.replace("%20", " ").into_bytes();
    (0..text.len()).any(|at| (at == 0 || text[at - 1] != b'-') && end_line(&text[at..]).is_some())
}

/// Whether the text begins with a header of the formats; if so, whether it is the last
/// line of its format.
fn header(text: &[u8]) -> Option<bool> {
    let last = ["Private-MAC", "Private-Hash"];
    let others = [
        "Proc-Type",
        "DEK-Info",
        "Key-Info",
        "Content-Domain",
        "Version",
        "Comment",
        "MessageID",
        "Hash",
        "Charset",
        "Subject",
        "Encryption",
        "Public-Lines",
        "Private-Lines",
        "Key-Derivation",
        "Argon2-Memory",
        "Argon2-Passes",
        "Argon2-Parallelism",
        "Argon2-Salt",
    ];
    let is = |name: &&str| text.starts_with(name.as_bytes()) && text.get(name.len()) == Some(&b':');
    if last.iter().any(is) {
        return Some(true);
    }
    others.iter().any(is).then_some(false)
}
