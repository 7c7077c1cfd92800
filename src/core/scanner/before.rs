//! The condition on the byte before a match, which sees through one escape, colour code or
//! control sequence.

use crate::core::form::ByteSet;
use crate::core::text::control;

/// How far back an escape or a colour code is looked for, in bytes.
pub(crate) const LOOK_BEHIND: usize = 32;

const _: () = assert!(control::LONGEST <= LOOK_BEHIND);

/// Whether a match may begin after `before`, the bytes before it (the last
/// [`LOOK_BEHIND`] are enough; none: the content's start).
pub(super) fn allows(class: &ByteSet, before: &[u8]) -> bool {
    let Some(&last) = before.last() else {
        return true;
    };
    if class.has(last) {
        return true;
    }
    let near = &before[before.len().saturating_sub(LOOK_BEHIND)..];
    short_escape(near).is_some_and(|byte| class.has(byte))
        || hexadecimal(near, b"\\x", 2).is_some_and(|code| class.has(code as u8))
        || hexadecimal(near, b"%", 2).is_some_and(|code| class.has(code as u8))
        || hexadecimal(near, b"\\u", 4)
            .is_some_and(|code| u8::try_from(code).map_or(true, |byte| class.has(byte)))
        || colour(near)
        || control::ends_at(near, near.len())
}

/// `\n` and the like at the end of `near`, as the byte that they name.
fn short_escape(near: &[u8]) -> Option<u8> {
    let [.., b'\\', name] = near else {
        return None;
    };
    Some(match name {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'f' => 0x0c,
        b'v' => 0x0b,
        b'a' => 0x07,
        b'e' => 0x1b,
        b'0' => 0,
        _ => return None,
    })
}

/// `count` hexadecimal digits behind `prefix` at the end of `near`.
fn hexadecimal(near: &[u8], prefix: &[u8], count: usize) -> Option<u32> {
    let (head, digits) = near.split_at_checked(near.len().checked_sub(count)?)?;
    if !head.ends_with(prefix) {
        return None;
    }
    digits.iter().try_fold(0, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

/// A colour code (SGR) at the end of `near`: ESC, `[`, digits and semicolons, `m`.
fn colour(near: &[u8]) -> bool {
    let Some(parameters) = near.strip_suffix(b"m") else {
        return false;
    };
    let from = parameters
        .iter()
        .rposition(|byte| !byte.is_ascii_digit() && *byte != b';')
        .map_or(0, |at| at + 1);
    let Some(head) = parameters[..from].strip_suffix(b"[") else {
        return false;
    };
    head.ends_with(b"\x1b")
        || head.ends_with(b"\\033")
        || head.ends_with(b"\\e")
        || ends_with_ignoring_case(head, b"\\x1b")
        || ends_with_ignoring_case(head, b"\\u001b")
}

fn ends_with_ignoring_case(bytes: &[u8], suffix: &[u8]) -> bool {
    // Only the digits may differ in case: the letters before them are told apart.
    bytes.len() >= suffix.len() && {
        let tail = &bytes[bytes.len() - suffix.len()..];
        tail[..2] == suffix[..2] && tail[2..].eq_ignore_ascii_case(&suffix[2..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_a_word_byte() -> ByteSet {
        let hir = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build();
        ByteSet::of_class(&{ hir }.parse("[^A-Za-z0-9]").unwrap()).unwrap()
    }

    #[test]
    fn escapes_and_colours_are_seen_through() {
        let class = not_a_word_byte();
        for allowed in [
            "",
            " ",
            "=",
            "\\n",
            "\\\\t",
            "\\u000a",
            "\\u20aC",
            "\\x0A",
            "%20",
            "\x1b[32m",
            "\\u001B[1;31m",
            "\\033[0m",
            "\\x1B[m",
            "\\e[1m",
            "\x1b[K",
            "\x1b[?25h",
            "\x1b(B",
            "\x1b8",
        ] {
            assert!(allows(&class, allowed.as_bytes()), "{allowed:?}");
        }
        for refused in [
            "x",
            "\\q",
            "\\u0041",
            "%41",
            "\\x5",
            "[32m",
            "[?25h",
            "\x1b[12345K",
            "m",
            "\\U000a",
        ] {
            assert!(!allows(&class, refused.as_bytes()), "{refused:?}");
        }
    }
}
