//! Control sequences of terminals, such as the one that shows the cursor, `ESC[?25h`.
//!
//! Their last bytes are digits and letters, which may begin a secret, too. So that a
//! sequence need not wait for what follows, a finding that would begin in one begins behind
//! it: no secret begins with the half of a sequence. But where a rule matches in a sequence
//! its findings stay as they are.
//!
//! The forms are those of ECMA-48, 5.4 (`ESC [`, parameters, an intermediate byte, a final
//! byte) and of ECMA-35, 13.2 (`ESC ( B`, `ESC 7`), as terminals know them. Numbers of more
//! digits, other final bytes, and strings such as window titles do not count: what stands
//! in them may be a secret.

use std::ops::Range;

/// No sequence is longer, in bytes.
pub(crate) const LONGEST: usize = 24;

/// The most digits of one parameter.
const DIGITS: usize = 4;

/// The sequence that has begun before `at` and holds the byte there.
pub(crate) fn around(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at.saturating_sub(LONGEST - 1);
    let escape = from + memchr::memrchr(0x1b, bytes.get(from..at)?)?;
    let end = end_of(bytes, escape)?;
    (at < end).then_some(escape..end)
}

/// Where the sequence ends whose ESC is at `escape`.
pub(crate) fn end_of(bytes: &[u8], escape: usize) -> Option<usize> {
    let length = 1 + length(&bytes[escape + 1..])?;
    (length <= LONGEST).then_some(escape + length)
}

/// Whether a sequence ends right before `at`.
pub(crate) fn ends_at(bytes: &[u8], at: usize) -> bool {
    at > 0 && around(bytes, at - 1).is_some_and(|sequence| sequence.end == at)
}

/// The length of a sequence without its ESC.
fn length(rest: &[u8]) -> Option<usize> {
    match *rest.first()? {
        b'[' => {
            let mut at = 1;
            let mut digits = 0;
            while let Some(byte @ 0x30..=0x3f) = rest.get(at) {
                digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
                if digits > DIGITS {
                    return None;
                }
                at += 1;
            }
            at += usize::from(matches!(rest.get(at), Some(0x20..=0x2f)));
            is_final(*rest.get(at)?).then_some(at + 1)
        }
        // A character set, a code, the height and width of a line.
        b'(' | b')' | b'*' | b'+' | b'%' | b'#' => {
            rest.get(1)?.is_ascii_alphanumeric().then_some(2)
        }
        b'7' | b'8' | b'=' | b'>' | b'D' | b'E' | b'H' | b'M' | b'Z' | b'c' => Some(1),
        _ => None,
    }
}

fn is_final(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'@' | b'`' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_holds_all_behind_its_first_byte() {
        for sequence in [
            "\x1b[?25h",
            "\x1b[K",
            "\x1b[27;5H",
            "\x1b[m",
            "\x1b[38;2;255;255;255m",
            "\x1b[2 q",
            "\x1b[?2004h",
            "\x1b[>4;1m",
            "\x1b(B",
            "\x1b7",
            "\x1b=",
            "\x1b[3~",
        ] {
            let text = format!("ab{sequence}1c");
            let end = sequence.len() + 2;
            for at in 0..text.len() {
                let expected = (3..end).contains(&at).then_some(2..end);
                assert_eq!(around(text.as_bytes(), at), expected, "{text:?} {at}");
                let cut = &text.as_bytes()[..end - 1];
                assert_eq!(around(cut, at), None, "{cut:?} {at}");
            }
        }
    }

    #[test]
    fn other_text_is_none() {
        for text in [
            "[?25h",
            "\x1b[12345m",
            "\x1b]0;title\x07",
            "\x1bA",
            "\x1b[1\x1b",
            "\x1b[1;2;3;4;5;6;7;8;9;1;2;3m",
            "\x1b[_a",
        ] {
            for at in 0..text.len() {
                assert_eq!(around(text.as_bytes(), at), None, "{text:?} {at}");
            }
        }
    }
}
