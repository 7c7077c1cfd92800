//! Where values end: each way to write a value has its own end, and no value has a
//! longest length.
//!
//! An end is the first place from the value's start on at which a condition holds that
//! looks at the bytes there and at most [`LOOKAHEAD`] bytes after it. So the end of a
//! value depends on nothing before it, and two values of one kind that overlap end at
//! the same place.

use super::form;
use super::quote::{self, Quote, Spelling};
use super::text::{count, hexadecimal, is_blank};

/// So many bytes after a place are looked at to tell whether a value ends there.
pub(super) const LOOKAHEAD: usize = 320;

/// How a value ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At the quote that closes it, or at one of a level further out.
    Quote(Quote),
    /// At white space or punctuation that closes what is around it.
    Word,
    /// The same, percent-encoded too.
    Encoded,
    /// At the end of the line, or at a comment.
    Line,
    /// At the next tag; `escaped`: one that is written `&lt;`.
    Markup { escaped: bool },
    /// At the bracket of `<value>`, if nothing of a value follows it.
    Angle,
    /// After the last character of a number.
    Scalar,
    /// With the record.
    Record,
    /// Before the first line that is indented no deeper than this.
    Deeper(u8),
    /// Before the boundary of a multipart body.
    Part,
}

/// How many kinds of ends there are, see [`End::kind`].
pub(super) const KINDS: usize = 3 * (LEVELS + 2) + 10;

/// Levels of quotes that are told apart.
const LEVELS: usize = 9;

impl End {
    /// A number for the kind, less than [`KINDS`].
    pub(super) fn kind(self) -> usize {
        let quotes = 3 * (LEVELS + 2);
        match self {
            Self::Quote(quote) => {
                let row = match quote.spelling {
                    Spelling::Plain => usize::from(quote.level).min(LEVELS - 1),
                    Spelling::Percent => LEVELS,
                    Spelling::Entity => LEVELS + 1,
                };
                let column = match quote.byte {
                    b'"' => 0,
                    b'\'' => 1,
                    _ => 2,
                };
                row * 3 + column
            }
            Self::Word => quotes,
            Self::Encoded => quotes + 1,
            Self::Line => quotes + 2,
            Self::Markup { escaped } => quotes + if escaped { 6 } else { 3 },
            Self::Scalar => quotes + 4,
            Self::Record => quotes + 5,
            // A block inside a block ends no later, so one kind does for all.
            Self::Deeper(_) => quotes + 7,
            Self::Part => quotes + 8,
            Self::Angle => quotes + 9,
        }
    }

    /// The first end at or after `from`. `complete`: the content ends with `bytes`, and
    /// so does every value. `Err`: none before that index, and more bytes decide.
    pub(super) fn find(self, bytes: &[u8], from: usize, complete: bool) -> Result<usize, usize> {
        // What lies after this index cannot be judged yet.
        let certain = if complete {
            bytes.len()
        } else {
            bytes.len().saturating_sub(LOOKAHEAD).max(from)
        };
        let found = match self {
            Self::Quote(quote) => match quote.spelling {
                Spelling::Plain => match plain_quote(bytes, from, certain, quote) {
                    Err(reached) if !complete => return Err(reached),
                    found => found.ok(),
                },
                Spelling::Percent => first(bytes, from, certain, |at| {
                    percent_ends(bytes, at, quote.byte)
                }),
                Spelling::Entity => first(bytes, from, certain, |at| {
                    entity_ends(bytes, at, quote.byte)
                }),
            },
            Self::Word | Self::Encoded => match word(bytes, from, certain, self == Self::Encoded) {
                Err(reached) if !complete => return Err(reached),
                found => found.ok(),
            },
            Self::Line => first(bytes, from, certain, |at| line_ends(bytes, at)),
            Self::Markup { escaped } => {
                first(bytes, from, certain, |at| markup_ends(bytes, at, escaped))
            }
            Self::Scalar => first(bytes, from, certain, |at| {
                let byte = bytes[at];
                !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
            }),
            Self::Angle => first(bytes, from, certain, |at| angle_ends(&bytes[at..])),
            Self::Record => None,
            Self::Deeper(indent) => first(bytes, from, certain, |at| {
                block_ends(bytes, at, usize::from(indent))
            }),
            Self::Part => first(bytes, from, certain, |at| part_ends(&bytes[at..])),
        };
        match found {
            Some(end) => Ok(end),
            None if complete => Ok(bytes.len()),
            None => Err(certain),
        }
    }
}

fn first(bytes: &[u8], from: usize, certain: usize, ends: impl Fn(usize) -> bool) -> Option<usize> {
    (from..certain.min(bytes.len())).find(|&at| ends(at))
}

/// The quote that closes a value; backslashes pair up from the value's start.
/// `Err`: none before that index, which lies between two pairs.
fn plain_quote(bytes: &[u8], from: usize, certain: usize, quote: Quote) -> Result<usize, usize> {
    let mut at = from;
    while at < certain {
        match memchr::memchr2(quote.byte, b'\\', &bytes[at..certain]) {
            Some(offset) => at += offset,
            None => return Err(certain),
        }
        if bytes[at] == quote.byte {
            // SQL doubles a quote inside.
            if quote.byte == b'\'' && quote.level == 0 && bytes.get(at + 1) == Some(&b'\'') {
                at += 2;
                continue;
            }
            return Ok(at);
        }
        let run = quote::backslashes(&bytes[at..]);
        if run == quote::MOST_BACKSLASHES {
            // Their number modulo 128 is what counts.
            at += 128;
            continue;
        }
        let after = &bytes[at + run..];
        match quote::after_backslashes(run, after) {
            Some((byte, level, length)) if byte == quote.byte => {
                let next = after.get(length);
                // In a string of JSON `\'` has two backslashes, and `'` none.
                let apostrophe =
                    byte != b'"' && level == 0 && next.is_some_and(u8::is_ascii_alphanumeric);
                let doubled = byte == b'\'' && level == 0 && next == Some(&b'\'');
                if level <= quote.level && doubled && quote.level == 0 {
                    at += run + length + 1;
                    continue;
                }
                if level <= quote.level && !apostrophe {
                    let own = if length > 1 { run } else { (1 << level) - 1 };
                    return Ok(at + run - own);
                }
                at += run + length;
            }
            _ => at += run,
        }
    }
    Err(at.max(certain))
}

/// What bytes are to a word.
const GOES_ON: u8 = 0;
const ENDS: u8 = 1;
const MAY_END: u8 = 2;

static WORD: [u8; 256] = {
    let mut table = [GOES_ON; 256];
    let mut byte = 0;
    while byte <= b' ' as usize {
        table[byte] = ENDS;
        byte += 1;
    }
    table[0x7f] = ENDS;
    table[b'&' as usize] = ENDS;
    table[b';' as usize] = ENDS;
    table[b'<' as usize] = ENDS;
    let may = b"[,)]}>\"'`|\\.:%";
    let mut index = 0;
    while index < may.len() {
        table[may[index] as usize] = MAY_END;
        index += 1;
    }
    table
};

fn word(bytes: &[u8], from: usize, certain: usize, encoded: bool) -> Result<usize, usize> {
    let mut at = from;
    while at < certain {
        match WORD[usize::from(bytes[at])] {
            GOES_ON => at += 1,
            ENDS => return Ok(at),
            // A mask of ours is no part of what is around the word.
            _ if bytes[at] == b'[' => at += form::mask_at(&bytes[at..]).unwrap_or(1),
            _ => {
                if word_ends(bytes, at, encoded) {
                    return Ok(at);
                }
                at += quote::backslashes(&bytes[at..]).max(1);
            }
        }
    }
    Err(at.max(certain))
}

/// Whether a word ends before the punctuation at `at`: where what follows shows that it
/// belongs to what is around the word.
fn word_ends(bytes: &[u8], at: usize, encoded: bool) -> bool {
    let rest = &bytes[at + 1..];
    let Some(&next) = rest.first() else {
        // At the very end a backslash or a percent sign belongs to the word.
        return !matches!(bytes[at], b'\\' | b'%');
    };
    let closes = next <= b' ' || next == 0x7f;
    match bytes[at] {
        b',' => closes || b"\"'`[]{}()<>,;\\".contains(&next) || begins_field(rest),
        b')' | b']' | b'}' | b'>' => closes || b",;:.)]}>\"'`<|&\\/".contains(&next),
        b'"' | b'\'' | b'`' => !next.is_ascii_alphanumeric(),
        b'|' | b'.' | b':' => closes,
        b'\\' => escape_ends(&bytes[at..]),
        _ => encoded && percent_code(rest).is_some_and(|code| b"&;, \"'\n\r}])<".contains(&code)),
    }
}

fn percent_code(rest: &[u8]) -> Option<u8> {
    u8::try_from(hexadecimal(rest.get(..2)?)?).ok()
}

/// `name=` or `name:` at the start of `rest`.
fn begins_field(rest: &[u8]) -> bool {
    let length = count(&rest[..rest.len().min(64)], |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
    });
    length > 0 && matches!(rest.get(length), Some(b'=' | b':'))
}

/// Whether backslashes at the start of `rest` spell what ends a word: a quote, white
/// space, an ampersand, an angle bracket.
fn escape_ends(rest: &[u8]) -> bool {
    let run = quote::backslashes(rest);
    let after = &rest[run..];
    if let Some((_, _, length)) = quote::after_backslashes(run, after) {
        return !after.get(length).is_some_and(u8::is_ascii_alphanumeric);
    }
    match after.first() {
        Some(b'n' | b'r' | b't') => true,
        Some(b'u') => after
            .get(1..5)
            .and_then(hexadecimal)
            .is_some_and(|code| code <= 0x20 || matches!(code, 0x26 | 0x3c | 0x3e)),
        _ => false,
    }
}

fn percent_ends(bytes: &[u8], at: usize, byte: u8) -> bool {
    let here = bytes[at];
    here <= b' '
        || matches!(here, b'"' | b'\'' | b'&' | b'<')
        || here == b'\\' && quote::opening(bytes, at).is_some()
        || here == b'%' && quote::percent(&bytes[at..]) == Some(byte)
}

fn entity_ends(bytes: &[u8], at: usize, byte: u8) -> bool {
    let here = bytes[at];
    matches!(here, b'"' | b'<' | b'\n')
        || here == b'\\' && quote::opening(bytes, at).is_some()
        || here == b'&' && quote::entity(&bytes[at..]).is_some_and(|(other, _)| other == byte)
}

/// A line ends at its newline, at an escaped one, or before blanks that one of these or
/// a comment follows.
fn line_ends(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    match rest[0] {
        b'\n' | b'\r' => true,
        b'\\' => matches!(rest.get(1), Some(b'n' | b'r')),
        byte if is_blank(byte) => {
            let blanks = count(&rest[..rest.len().min(LOOKAHEAD - 2)], is_blank);
            match rest.get(blanks) {
                None | Some(b'#' | b';' | b'\n' | b'\r') => true,
                Some(_) => blanks == LOOKAHEAD - 2,
            }
        }
        _ => false,
    }
}

/// A block ends at a newline after which the first line that is not blank is indented no
/// deeper than `indent`. Where no such line is in sight, it goes on.
fn block_ends(bytes: &[u8], at: usize, indent: usize) -> bool {
    let Some(length) = newline(&bytes[at..]) else {
        return false;
    };
    let rest = &bytes[at + length..];
    let rest = &rest[..rest.len().min(LOOKAHEAD - 2)];
    let blanks = count(rest, |byte| byte.is_ascii_whitespace());
    let line = rest[..blanks]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |newline| newline + 1);
    blanks < rest.len() && blanks - line <= indent
}

/// The length of a newline at the start of `rest`, with a carriage return before it.
pub(super) fn newline(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// The length of a newline at the start of `rest`, as it is or escaped.
pub(super) fn any_newline(rest: &[u8]) -> Option<usize> {
    if let Some(length) = newline(rest) {
        return Some(length);
    }
    let run = quote::backslashes(rest);
    match rest.get(run) {
        Some(b'n') if run > 0 => Some(run + 1),
        Some(b'r') if run > 0 => {
            let after = &rest[run + 1..];
            let run_again = quote::backslashes(after);
            let follows = run_again > 0 && after.get(run_again) == Some(&b'n');
            follows.then_some(run + 1 + run_again + 1)
        }
        _ => None,
    }
}

/// A value in angle brackets ends at the one that closes it, as it is or escaped, and with
/// its line and string.
fn angle_ends(rest: &[u8]) -> bool {
    match rest[0] {
        b'>' => form::ends_placeholder(rest.get(1)),
        b'"' | b'\n' | b'\r' => true,
        b'&' => rest.starts_with(b"&gt;"),
        b'\\' => {
            let after = &rest[quote::backslashes(rest)..];
            matches!(after.first(), Some(b'"' | b'n' | b'r'))
                || [&b"u003e"[..], b"u003E", b"u0022"]
                    .iter()
                    .any(|code| after.starts_with(code))
        }
        _ => false,
    }
}

fn part_ends(rest: &[u8]) -> bool {
    matches!(rest[0], b'\r' | b'\n' | b'\\')
        && any_newline(rest).is_some_and(|length| rest[length..].starts_with(b"--"))
}

fn markup_ends(bytes: &[u8], at: usize, escaped: bool) -> bool {
    let rest = &bytes[at..];
    match rest[0] {
        b'<' => true,
        b'&' => escaped && rest.starts_with(b"&lt;"),
        b'\\' => {
            let run = quote::backslashes(rest);
            let after = &rest[run..];
            after.starts_with(b"u003c") || after.starts_with(b"u003C")
        }
        b']' => rest.starts_with(b"]]>"),
        _ => false,
    }
}
