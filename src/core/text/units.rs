//! Units of text: escapes, UTF-8 characters, single bytes.
//!
//! A mask never covers half a unit: what an escape begins is not left behind as a
//! lone backslash, and no character is torn.

/// The longest unit: the escapes of a surrogate pair.
pub(crate) const LONGEST: usize = 12;

/// The length of the unit at the start of `rest`, which is not empty. `None` where
/// more bytes could come (`complete` is false) and decide.
pub(crate) fn length(rest: &[u8], complete: bool) -> Option<usize> {
    match rest[0] {
        b'\\' => escape(rest, complete),
        0xc2..=0xf4 => character(rest, complete),
        _ => Some(1),
    }
}

/// The start of the unit that the byte at `at` belongs to, or `at` where that is the
/// end of the bytes and of a unit. `from <= at` is the start of some unit; nothing
/// before it is looked at.
pub(crate) fn floor(bytes: &[u8], from: usize, at: usize, complete: bool) -> usize {
    if at == from || at == bytes.len() && complete {
        return at;
    }
    // From a place where a unit starts (or from inside a character, whose further bytes
    // count as units of their own only until the next one starts) forward to `at`.
    let mut start = match first_backslash(bytes, from, at) {
        Some(backslash) => start_of_escape(bytes, from, backslash),
        None => at.saturating_sub(3).max(from),
    };
    while start < at {
        match length(&bytes[start..], complete) {
            Some(length) if start + length <= at => start += length,
            _ => return start,
        }
    }
    start
}

/// The end of the unit that `at` lies inside, or `at` where it lies between two.
/// `None` as for [`length`].
pub(crate) fn ceil(bytes: &[u8], from: usize, at: usize, complete: bool) -> Option<usize> {
    let start = floor(bytes, from, at, complete);
    if start == at {
        return Some(at);
    }
    Some(start + length(&bytes[start..], complete)?)
}

/// The first backslash close enough before `at` for its escape to reach `at`.
fn first_backslash(bytes: &[u8], from: usize, at: usize) -> Option<usize> {
    let near = at.saturating_sub(LONGEST - 1).max(from);
    memchr::memchr(b'\\', &bytes[near..bytes.len().min(at + 1)]).map(|offset| near + offset)
}

/// A place not after `backslash` where a unit starts: its run of backslashes pairs up
/// from its own start.
fn start_of_escape(bytes: &[u8], from: usize, backslash: usize) -> usize {
    let run = bytes[from..backslash]
        .iter()
        .rev()
        .take_while(|&&byte| byte == b'\\')
        .count();
    // A run that does not start here may start inside the escape of a surrogate pair;
    // its second half is as long as an escape of its own, so that pairs up, too.
    backslash - run % 2
}

fn character(rest: &[u8], complete: bool) -> Option<usize> {
    let length = match rest[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let seen = &rest[..length.min(rest.len())];
    match std::str::from_utf8(seen) {
        Ok(_) => Some(length),
        Err(error) if error.error_len().is_some() => Some(1),
        Err(_) if complete => Some(1),
        Err(_) => None,
    }
}

fn escape(rest: &[u8], complete: bool) -> Option<usize> {
    let short = if complete { Some(1) } else { None };
    match rest.get(1) {
        None => short,
        Some(
            b'"' | b'\'' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'a' | b'e'
            | b'0',
        ) => Some(2),
        Some(b'x') => match digits(&rest[2..], 2) {
            Digits::All(_) => Some(4),
            Digits::Cut => short,
            Digits::Other => Some(1),
        },
        Some(b'u') => match digits(&rest[2..], 4) {
            Digits::All(0xd800..=0xdbff) => pair(&rest[6..], complete),
            Digits::All(_) => Some(6),
            Digits::Cut => short,
            Digits::Other => Some(1),
        },
        Some(_) => Some(1),
    }
}

/// The whole length of an escape of a high surrogate, by what follows it.
fn pair(after: &[u8], complete: bool) -> Option<usize> {
    let alone = Some(6);
    if !b"\\u".starts_with(&after[..after.len().min(2)]) {
        return alone;
    }
    if after.len() < 2 {
        return if complete { alone } else { None };
    }
    match digits(&after[2..], 4) {
        Digits::All(0xdc00..=0xdfff) => Some(LONGEST),
        Digits::Cut if !complete => None,
        _ => alone,
    }
}

enum Digits {
    All(u32),
    /// The bytes end while all of them are digits.
    Cut,
    Other,
}

fn digits(bytes: &[u8], count: usize) -> Digits {
    let mut value = 0;
    for at in 0..count {
        let Some(&byte) = bytes.get(at) else {
            return Digits::Cut;
        };
        let Some(digit) = char::from(byte).to_digit(16) else {
            return Digits::Other;
        };
        value = value << 4 | digit;
    }
    Digits::All(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &[u8]) -> Vec<usize> {
        let mut starts = vec![];
        let mut at = 0;
        while at < text.len() {
            starts.push(at);
            at += length(&text[at..], true).unwrap();
        }
        starts
    }

    #[test]
    fn floor_and_ceil_agree_with_reading_from_the_start() {
        let texts: [&[u8]; 9] = [
            br#"a\\\nb\"\q"#,
            br"\ud83d\ude00x\ud83d\\ude00",
            br"\ud83d\ud83d\ude00\ude00",
            "aé€😀\u{7f}".as_bytes(),
            b"\xe2\x82\xe2\x82\xac\xf0\x9f\x98",
            br"\x41\x4\u12\u0041\u",
            br"\\\\\\\\\\\\\\\\\\\\\u0041",
            br"\\\\\\\\\\\\\\\\\\\\\\\u004",
            b"\xf0\x9f\x98\x80\xc3\xa9\\",
        ];
        for text in texts {
            let starts = units(text);
            for &from in &starts {
                for at in from..=text.len() {
                    let floor_wanted = *starts.iter().rev().find(|&&start| start <= at).unwrap();
                    let floor_wanted = if at == text.len() { at } else { floor_wanted };
                    let ceil_wanted = starts
                        .iter()
                        .copied()
                        .find(|&start| start >= at)
                        .unwrap_or(text.len());
                    assert_eq!(
                        floor(text, from, at, true),
                        floor_wanted,
                        "{text:?} {from} {at}"
                    );
                    assert_eq!(
                        ceil(text, from, at, true),
                        Some(ceil_wanted),
                        "{text:?} {from} {at}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_more_bytes_could_decide_is_left_open() {
        for open in [
            &b"\\"[..],
            b"\\u00",
            b"\\x4",
            b"\\ud83d",
            b"\\ud83d\\",
            b"\\ud83d\\ude0",
            b"\xe2\x82",
        ] {
            assert_eq!(length(open, false), None, "{open:?}");
            assert!(length(open, true).is_some());
        }
        for decided in [
            &b"\\q"[..],
            b"\\u0g",
            b"\\ud83dx",
            b"\\ud83d\\n",
            b"\xe2x",
            b"a",
        ] {
            assert!(length(decided, false).is_some(), "{decided:?}");
        }
    }
}
