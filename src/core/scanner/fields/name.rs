//! The name around a suspect, read outwards: its bounds, its quotes, what leads it in.

use super::quote::{self, Quote};
use super::text::{blanks, count, hexadecimal, is_blank};
use crate::core::text::control;

/// How far a name is read to each side of the suspect, in bytes.
pub(super) const EXTENT: usize = 64;

/// A name in the text, not yet known to be sensitive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Where the name begins and ends, without quotes and dashes.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The quotes around it, if it is all that they hold.
    pub(super) quote: Option<Quote>,
    /// Where what belongs to it begins: quotes, dashes, a bracket.
    pub(super) from: usize,
    /// Where what belongs to it ends.
    pub(super) after: usize,
    /// It is an option of a command line: `--name` or `-name`.
    pub(super) flag: bool,
    /// It is the last part of a path: `/run/secrets/name`.
    pub(super) path: bool,
    /// It stands in brackets: `[name]`.
    pub(super) bracketed: bool,
}

/// Reads the name that holds the byte at `at`: as all that quotes hold, and as a word
/// without them. None where it has no end in reach, or is a path or a reference.
pub(super) fn read(bytes: &[u8], at: usize) -> [Option<Found>; 2] {
    let Some((start, end)) = run(bytes, at) else {
        return [None, None];
    };
    let start = after_escape(bytes, start, at);
    let quoted = quoted(bytes, start, end);
    let bare = unquoted(bytes, start, end).map(|found| match quoted {
        None => half_quoted(bytes, found).unwrap_or(found),
        Some(_) => found,
    });
    [quoted, bare]
}

/// The longest run of bytes that a name may hold, around `at`.
fn run(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = run_start(bytes, at)?;
    let mut end = at;
    while end - at <= EXTENT {
        let near = bytes.len().min(at + EXTENT + 1);
        end += count(&bytes[end..near], is_name_byte);
        // Nothing else begins an escape.
        if !matches!(bytes.get(end), Some(b'%' | b'\\')) {
            break;
        }
        let Some(length) = piece_at(bytes, end) else {
            break;
        };
        end += length;
    }
    // A longer one is no name, but a token that holds a word.
    (end > start && end - start <= EXTENT).then_some((start, end))
}

/// Where the run begins that ends at `at`; None where that is too far.
fn run_start(bytes: &[u8], at: usize) -> Option<usize> {
    /// The digits of an escape and what leads them in are bytes of a name.
    const DIGITS: usize = 5;
    let near = &bytes[at.saturating_sub(EXTENT + DIGITS + 1)..at];
    let length = near.iter().rev().take_while(|&&byte| is_name_byte(byte));
    let start = at - length.count();
    // Only at its beginning a run may hold an escape.
    let escaped = start > 0 && matches!(bytes[start - 1], b'%' | b'\\');
    if !escaped {
        return (at - start <= EXTENT).then_some(start);
    }
    let mut start = at;
    while let Some(length) = piece_before(bytes, start) {
        start -= length;
        if at - start > EXTENT {
            return None;
        }
    }
    Some(start)
}

/// The length of the part of a name that begins at `at`: a byte, or an escape of one.
fn piece_at(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    match *rest.first()? {
        byte if is_name_byte(byte) => Some(1),
        b'%' => hexadecimal(rest.get(1..3)?)
            .filter(|&code| is_name_code(code))
            .map(|_| 3),
        b'\\' => {
            let slashes = quote::backslashes(rest);
            let digits = rest[slashes..].strip_prefix(b"u")?;
            hexadecimal(digits.get(..4)?)
                .filter(|&code| is_name_code(code))
                .map(|_| slashes + 5)
        }
        _ => None,
    }
}

/// The same for one that ends right before `at`.
fn piece_before(bytes: &[u8], at: usize) -> Option<usize> {
    let head = &bytes[..at];
    let last = *head.last()?;
    if last.is_ascii_hexdigit() {
        if at >= 3 && head[at - 3] == b'%' && head[at - 2].is_ascii_hexdigit() {
            let code = hexadecimal(&head[at - 2..])?;
            return is_name_code(code).then_some(3);
        }
        if at >= 6
            && head[at - 5] == b'u'
            && head[at - 6] == b'\\'
            && let Some(code) = hexadecimal(&head[at - 4..])
        {
            let slashes = head[..at - 5]
                .iter()
                .rev()
                .take(quote::MOST_BACKSLASHES)
                .take_while(|&&byte| byte == b'\\')
                .count();
            return is_name_code(code).then_some(slashes + 5);
        }
    }
    is_name_byte(last).then_some(1)
}

#[inline]
fn is_name_byte(byte: u8) -> bool {
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            let plain = matches!(byte as u8, b'_' | b'-' | b'.' | b'$' | 0x80..);
            table[byte] = plain || (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        table
    };
    TABLE[usize::from(byte)]
}

fn is_name_code(code: u32) -> bool {
    u8::try_from(code).is_ok_and(|byte| byte < 0x80 && is_name_byte(byte))
}

/// Where the name begins, if its first bytes are the rest of an escape (`\nTOKEN`), of a
/// control sequence (`ESC[KTOKEN`) or of a colour code that is spelled (`\e[32mTOKEN`).
fn after_escape(bytes: &[u8], start: usize, at: usize) -> usize {
    let sequence = control::around(bytes, start);
    if let Some(sequence) = sequence.filter(|sequence| sequence.end <= at) {
        return sequence.end;
    }
    let (head, name) = bytes.split_at(start);
    if head.ends_with(b"\\") {
        let length = match name.first() {
            Some(b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'a' | b'e' | b'0') => 1,
            Some(b'x') => 3,
            Some(b'u') => 5,
            _ => 0,
        };
        // `\033[…m` and the like continue below.
        if start + length <= at {
            return start + length;
        }
    }
    if head.ends_with(b"[") && name.first().is_some_and(u8::is_ascii_digit) {
        let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if name.get(digits) == Some(&b'm') && start + digits < at {
            return start + digits + 1;
        }
    }
    // `;1mTOKEN`, the last parameter of several.
    if head.ends_with(b";") && name.first().is_some_and(u8::is_ascii_digit) {
        let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if name.get(digits) == Some(&b'm') && start + digits < at {
            return start + digits + 1;
        }
    }
    start
}

/// A name that is all that two quotes of one level hold. It may be of several words.
fn quoted(bytes: &[u8], start: usize, end: usize) -> Option<Found> {
    let (right, closing) = quote_right(bytes, end)?;
    let (opening, length, left) = quote_left(bytes, start, right)?;
    let (_, closing_length) = quote::opening(bytes, closing)?;
    let inner = left..closing;
    let text = &bytes[inner.clone()];
    let mut words = 0;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b' ' => words += 1,
            b'=' | b'{' | b',' | b';' | b'<' | b'>' | b'&' | b'?' => return None,
            b'[' if text[at..].starts_with(b"[REDACTED") => return None,
            // `%3D`, `%26`
            b'%' if piece_at(text, at).is_none() => return None,
            _ => {}
        }
    }
    if words > 3 {
        return None;
    }
    let dashes = text.iter().take_while(|&&byte| byte == b'-').count();
    if dashes > 3 {
        return None;
    }
    let from = inner.start - length;
    // `b'name'`
    let has_letter = from > 0
        && matches!(bytes[from - 1], b'b' | b'u' | b'r')
        && (from == 1 || !bytes[from - 2].is_ascii_alphanumeric());
    Some(Found {
        start: inner.start + dashes,
        end: inner.end,
        quote: Some(opening),
        from: from - usize::from(has_letter),
        after: inner.end + closing_length,
        flag: (1..=3).contains(&dashes),
        path: false,
        bracketed: false,
    })
}

/// A name whose opening quote is cut off, as at the beginning of a part of a record:
/// `name":"value`. The quote, the sign and the quote of the value tell that it is one.
fn half_quoted(bytes: &[u8], found: Found) -> Option<Found> {
    let (quote, length) = quote::opening(bytes, found.after)?;
    if found.bracketed || quote_left(bytes, found.start, quote).is_some() {
        return None;
    }
    let after = found.after + length;
    let at = after + blanks(&bytes[after..], false);
    let signs = [&b":"[..], b"=>", b"%3A", b"%3a"];
    let sign = signs.iter().find(|sign| bytes[at..].starts_with(sign))?;
    let at = at + sign.len();
    let at = at + blanks(&bytes[at..], false);
    let (value, _) = quote::opening(bytes, at)?;
    (value == quote).then_some(Found {
        quote: Some(quote),
        after,
        ..found
    })
}

/// The next quote to the right, and where it begins. None where something stands before it
/// that no name in quotes holds.
fn quote_right(bytes: &[u8], end: usize) -> Option<(Quote, usize)> {
    let mut words = 0;
    for at in end..bytes.len().min(end + EXTENT) {
        match bytes[at] {
            // More words than a name has.
            b' ' if words == 3 => return None,
            b' ' => words += 1,
            byte if byte < b' ' => return None,
            b'=' | b'{' | b',' | b';' | b'<' | b'>' | b'?' => return None,
            b'"' | b'\'' | b'`' | b'\\' | b'%' | b'&' => {
                if let Some((quote, _)) = quote::opening(bytes, at) {
                    return Some((quote, at));
                }
                if at == end && bytes[at] == b'\\' && piece_at(bytes, at).is_none() {
                    return None;
                }
            }
            _ => {}
        }
    }
    None
}

/// The next quote to the left that is like `right`: it, its length, and where its
/// content begins.
fn quote_left(bytes: &[u8], start: usize, right: Quote) -> Option<(Quote, usize, usize)> {
    for at in (start.saturating_sub(EXTENT)..=start).rev() {
        let last = *bytes[..at].last()?;
        if may_end_quote(last)
            && let Some((quote, length)) = quote::closing_before(bytes, at)
        {
            return (quote == right).then_some((quote, length, at));
        }
        if last < b' ' {
            return None;
        }
    }
    None
}

/// Whether the last byte of a quote, however it is spelled, may be this one.
fn may_end_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'2' | b'7' | b';')
}

fn unquoted(bytes: &[u8], start: usize, end: usize) -> Option<Found> {
    let name = &bytes[start..end];
    let dashes = name.iter().take_while(|&&byte| byte == b'-').count();
    let rest = &name[dashes..];
    let trailing = rest
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b'.' | b'-'))
        .count();
    let before = start.checked_sub(1).map(|at| bytes[at]);
    let flag = (1..=3).contains(&dashes)
        && before.is_none_or(|byte| {
            let escaped = start >= 2 && bytes[start - 2] == b'\\' && b"nrt".contains(&byte);
            escaped || is_blank(byte) || b"\"'`[(,=|;>\n\r".contains(&byte)
        });
    let inner = start + dashes..end - trailing;
    if inner.is_empty() {
        return None;
    }
    match before {
        // A shell's or a template's reference.
        Some(b'{') if start >= 2 && matches!(bytes[start - 2], b'$' | b'#') => return None,
        Some(b'(') if start >= 2 && matches!(bytes[start - 2], b'%' | b'$') => return None,
        _ => {}
    }
    if rest.starts_with(b"$")
        && !rest[1..].starts_with(b"_")
        && !flag
        && looks_like_shell(bytes, end)
    {
        return None;
    }
    let bracketed = before == Some(b'[') && trailing == 0 && bytes.get(end) == Some(&b']');
    Some(Found {
        start: inner.start,
        end: inner.end,
        quote: None,
        from: if bracketed { start - 1 } else { start },
        after: if bracketed { end + 1 } else { inner.end },
        flag,
        path: before == Some(b'/'),
        bracketed,
    })
}

/// `$NAME` that nothing is assigned to.
fn looks_like_shell(bytes: &[u8], end: usize) -> bool {
    let rest = &bytes[end + blanks(&bytes[end..], false)..];
    // `.=`, `+=`, `:=`, `||=` and the like assign as well.
    let sign = count(&rest[..rest.len().min(3)], |byte| {
        b".+?|&~:".contains(&byte)
    });
    !match rest.get(sign) {
        Some(b'=') => true,
        Some(b'[' | b'-') => sign == 0,
        _ => false,
    }
}

/// Whether a name's text may differ from how it is written.
pub(super) fn has_escapes(bytes: &[u8]) -> bool {
    bytes.len() > 4 * EXTENT || memchr::memchr2(b'%', b'\\', bytes).is_some()
}

/// The name's text with its escapes undone, in `buffer`.
pub(super) fn decoded<'a>(bytes: &[u8], buffer: &'a mut [u8; 4 * EXTENT]) -> &'a [u8] {
    let mut length = 0;
    let mut at = 0;
    while at < bytes.len() && length < buffer.len() {
        let piece = piece_at(bytes, at).unwrap_or(1);
        buffer[length] = match piece {
            1 => bytes[at],
            3 => hexadecimal(&bytes[at + 1..at + 3]).unwrap_or(0) as u8,
            _ => hexadecimal(&bytes[at + piece - 4..at + piece]).unwrap_or(0) as u8,
        };
        length += 1;
        at += piece;
    }
    &buffer[..length]
}
