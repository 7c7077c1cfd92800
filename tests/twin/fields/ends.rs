//! Where values end: the first place from the start on at which a condition holds, asked
//! at one place after the other.

use super::form;
use super::quote::{self, Quote, Spelling};

pub(crate) const LOOKAHEAD: usize = 320;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Quote(Quote),
    Word,
    Encoded,
    Line,
    Markup { escaped: bool },
    Angle,
    Scalar,
    Record,
    Deeper(u8),
    Part,
}

/// What is at a place: the end, or so many bytes that belong together.
enum Here {
    End,
    /// The end is so many bytes later, behind backslashes that belong to the value.
    EndAfter(usize),
    Bytes(usize),
}

impl End {
    /// The first end from `from` on; as `Err` where there is none before what more bytes
    /// may decide.
    pub(crate) fn find(self, bytes: &[u8], from: usize, complete: bool) -> Result<usize, usize> {
        let certain = if complete {
            bytes.len()
        } else {
            from.max(bytes.len().saturating_sub(LOOKAHEAD))
        };
        let mut at = from;
        while at < certain {
            match self.here(bytes, at) {
                Here::End => return Ok(at),
                Here::EndAfter(length) => return Ok(at + length),
                Here::Bytes(length) => at += length,
            }
        }
        if complete {
            Ok(bytes.len())
        } else {
            Err(at.max(certain))
        }
    }

    fn here(self, bytes: &[u8], at: usize) -> Here {
        let rest = &bytes[at..];
        let ends = match self {
            Self::Quote(quote) => match quote.spelling {
                Spelling::Plain => return plain_quote(rest, quote),
                Spelling::Percent => {
                    b"\"'&<".contains(&rest[0])
                        || rest[0] <= b' '
                        || quote::percent(rest) == Some(quote.byte)
                        || rest[0] == b'\\' && quote::opening(rest, 0).is_some()
                }
                Spelling::Entity => {
                    b"\"<\n".contains(&rest[0])
                        || quote::entity(rest).is_some_and(|(byte, _)| byte == quote.byte)
                        || rest[0] == b'\\' && quote::opening(rest, 0).is_some()
                }
            },
            Self::Word | Self::Encoded => return word(rest, self == Self::Encoded),
            Self::Line => line_ends(rest),
            Self::Markup { escaped } => {
                let run = quote::backslashes(rest);
                let tag: &[&[u8]] = &[b"u003c", b"u003C"];
                rest[0] == b'<'
                    || escaped && rest.starts_with(b"&lt;")
                    || rest.starts_with(b"]]>")
                    || run > 0 && tag.iter().any(|tag| rest[run..].starts_with(tag))
            }
            Self::Scalar => !(rest[0].is_ascii_alphanumeric() || b"+-.".contains(&rest[0])),
            Self::Angle => {
                let run = quote::backslashes(rest);
                let codes: &[&[u8]] = &[b"\"", b"n", b"r", b"u003e", b"u003E", b"u0022"];
                b"\"\n\r".contains(&rest[0])
                    || rest[0] == b'>' && form::ends_placeholder(rest.get(1))
                    || rest.starts_with(b"&gt;")
                    || run > 0 && codes.iter().any(|code| rest[run..].starts_with(code))
            }
            Self::Record => false,
            Self::Deeper(indent) => block_ends(rest, usize::from(indent)),
            Self::Part => any_newline(rest).is_some_and(|length| rest[length..].starts_with(b"--")),
        };
        if ends { Here::End } else { Here::Bytes(1) }
    }
}

/// `''` is a quote inside; one behind backslashes closes if its level is no deeper.
fn plain_quote(rest: &[u8], quote: Quote) -> Here {
    if rest[0] == quote.byte {
        let doubled = quote.byte == b'\'' && quote.level == 0 && rest.get(1) == Some(&b'\'');
        return if doubled { Here::Bytes(2) } else { Here::End };
    }
    let run = quote::backslashes(rest);
    if run == 0 {
        return Here::Bytes(1);
    }
    if run == quote::MOST_BACKSLASHES {
        return Here::Bytes(128);
    }
    let after = &rest[run..];
    let Some((byte, level, length)) = quote::after_backslashes(run, after) else {
        return Here::Bytes(run);
    };
    if byte != quote.byte {
        return Here::Bytes(run);
    }
    let apostrophe =
        byte != b'"' && level == 0 && after.get(length).is_some_and(u8::is_ascii_alphanumeric);
    let doubled = byte == b'\'' && level == 0 && quote.level == 0;
    if doubled && after.get(length) == Some(&b'\'') {
        return Here::Bytes(run + length + 1);
    }
    if apostrophe || level > quote.level {
        return Here::Bytes(run + length);
    }
    // The backslashes before those of the quote are the value's.
    let own = if length > 1 {
        run
    } else {
        (0..level).fold(0, |own, _| own * 2 + 1)
    };
    Here::EndAfter(run - own)
}

fn word(rest: &[u8], encoded: bool) -> Here {
    if let Some(length) = form::mask_at(rest) {
        return Here::Bytes(length);
    }
    let here = rest[0];
    let next = rest.get(1).copied();
    let blank = |byte: u8| byte <= b' ' || byte == 0x7f;
    // The record's end is as good as a blank, but to what begins an escape.
    let closes = next.is_none_or(blank);
    let next_of = |bytes: &[u8]| next.is_some_and(|next| bytes.contains(&next));
    let ends = match here {
        b'&' | b';' | b'<' => true,
        _ if blank(here) => true,
        b',' => closes || next_of(b"\"'`[]{}()<>,;\\") || is_name_and_sign(&rest[1..]),
        b')' | b']' | b'}' | b'>' => closes || next_of(b",;:.)]}>\"'`<|&\\/"),
        b'"' | b'\'' | b'`' => !next.is_some_and(|next| next.is_ascii_alphanumeric()),
        b'|' | b'.' | b':' => closes,
        b'\\' if rest.len() == 1 => false,
        b'\\' => {
            let run = quote::backslashes(rest);
            if escape_ends(run, &rest[run..]) {
                return Here::End;
            }
            return Here::Bytes(run);
        }
        b'%' if encoded => code(rest.get(1..3), 2).is_some_and(|code| {
            let ends = b"&;, \"'\n\r}])<";
            u8::try_from(code).is_ok_and(|code| ends.contains(&code))
        }),
        _ => false,
    };
    if ends { Here::End } else { Here::Bytes(1) }
}

fn code(digits: Option<&[u8]>, count: usize) -> Option<u32> {
    let digits = digits.filter(|digits| digits.len() == count)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

fn is_name_and_sign(rest: &[u8]) -> bool {
    let near = &rest[..rest.len().min(64)];
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let length = near.iter().take_while(|byte| is_name(byte)).count();
    length > 0 && rest.get(length).is_some_and(|byte| b"=:".contains(byte))
}

fn escape_ends(run: usize, after: &[u8]) -> bool {
    if let Some((_, _, length)) = quote::after_backslashes(run, after) {
        return !after.get(length).is_some_and(u8::is_ascii_alphanumeric);
    }
    match after.first() {
        Some(b'n' | b'r' | b't') => true,
        Some(b'u') => code(after.get(1..5), 4)
            .is_some_and(|code| code <= 0x20 || [0x26, 0x3c, 0x3e].contains(&code)),
        _ => false,
    }
}

fn line_ends(rest: &[u8]) -> bool {
    let most = LOOKAHEAD - 2;
    match rest {
        [b'\n' | b'\r', ..] | [b'\\', b'n' | b'r', ..] => true,
        [b' ' | b'\t', ..] => {
            let blanks = rest
                .iter()
                .take(most)
                .take_while(|byte| b" \t".contains(byte))
                .count();
            blanks == most || rest.get(blanks).is_none_or(|byte| b"#;\n\r".contains(byte))
        }
        _ => false,
    }
}

/// Before a newline whose next line with something on it is not indented deeper.
fn block_ends(rest: &[u8], indent: usize) -> bool {
    let Some(length) = newline(rest) else {
        return false;
    };
    let near = &rest[length..];
    let near = &near[..near.len().min(LOOKAHEAD - 2)];
    let mut column = 0;
    for byte in near {
        match byte {
            b'\n' => column = 0,
            byte if byte.is_ascii_whitespace() => column += 1,
            _ => return column <= indent,
        }
    }
    false
}

pub(crate) fn newline(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"\r\n") {
        Some(2)
    } else {
        rest.starts_with(b"\n").then_some(1)
    }
}

/// A newline as it is or behind backslashes: `\n`, `\r\n`.
pub(crate) fn any_newline(rest: &[u8]) -> Option<usize> {
    let escaped = |rest: &[u8], letter: u8| {
        let run = quote::backslashes(rest);
        (run > 0 && rest.get(run) == Some(&letter)).then_some(run + 1)
    };
    newline(rest).or_else(|| escaped(rest, b'n')).or_else(|| {
        let first = escaped(rest, b'r')?;
        Some(first + escaped(&rest[first..], b'n')?)
    })
}
