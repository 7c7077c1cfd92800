//! A look at a body: what its type says, and whether its bytes are text.

use std::borrow::Cow;

use crate::rim::payload::body::Head;

/// Encodings in which ASCII is spelled as ASCII and every other byte stands for itself, so
/// that the engine can read them. Beside them only UTF-8 can be read.
const SINGLE_BYTE: [&str; 4] = ["iso-8859-", "windows-125", "latin1", "cp125"];

/// Among text, one byte in so many may be none: a stray character in an old encoding.
const STRAY: usize = 16;

/// The type and subtype of `Content-Type`, in lower case, without parameters; empty if
/// there is none.
pub(crate) fn media_type(head: &Head) -> Cow<'_, str> {
    let value = head.content_type.as_deref().unwrap_or_default();
    let end = value.find(';').unwrap_or(value.len());
    let value = value[..end].trim();
    if value.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(value.to_ascii_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}

/// A parameter of a header's value, without its quotes (RFC 9110, 5.6.6).
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    let mut parameters = parameters(value).into_iter();
    parameters.find_map(|(key, text)| key.eq_ignore_ascii_case(name).then_some(text))
}

/// All parameters of a header's value: names in lower case, and texts without their
/// quotes. What is no parameter is left out, and a quote that is missing at the end is
/// borne: what is not read hides what is behind it.
pub(crate) fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([';', ',', ' ', '\t']);
        if rest.is_empty() {
            return found;
        }
        let end = rest.find([';', ',', '=', ' ', '\t']).unwrap_or(rest.len());
        let (key, behind) = rest.split_at(end);
        let Some(behind) = behind.trim_start().strip_prefix('=') else {
            rest = behind;
            continue;
        };
        let behind = behind.trim_start();
        let (text, behind) = if let Some(quoted) = behind.strip_prefix('"') {
            unquote(quoted)
        } else {
            let end = behind.find(';').unwrap_or(behind.len());
            (behind[..end].trim().to_owned(), &behind[end..])
        };
        found.push((key.to_ascii_lowercase(), text));
        rest = behind;
    }
}

/// A quoted string's text, and what is behind its last quote.
fn unquote(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (text, &quoted[at + 1..]),
            '\\' => text.extend(chars.next().map(|(_, char)| char)),
            _ => text.push(char),
        }
    }
    (text, "")
}

/// Whether bytes are said to be UTF-16, or begin with its mark: scanned as they are, nothing
/// would be found in them.
pub(crate) fn is_utf16(head: &Head, bytes: &[u8]) -> bool {
    let content_type = head.content_type.as_deref().unwrap_or_default();
    let charset = parameter(content_type, "charset").unwrap_or_default();
    charset.to_ascii_lowercase().starts_with("utf-16")
        || bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
}

/// Whether bytes are text that the engine can read: of an encoding with ASCII in it, and
/// but for a few strays what they are said to be. UTF-16, compressed and encrypted bytes
/// are none.
pub(crate) fn is_text(head: &Head, bytes: &[u8]) -> bool {
    let content_type = head.content_type.as_deref().unwrap_or_default();
    let charset = parameter(content_type, "charset").unwrap_or_default();
    let charset = charset.to_ascii_lowercase();
    let single_byte = SINGLE_BYTE.iter().any(|known| charset.starts_with(known));
    if !single_byte
        && !matches!(
            charset.as_str(),
            "" | "utf-8" | "utf8" | "us-ascii" | "ascii"
        )
    {
        return false;
    }
    let beginning = &bytes[..bytes.len().min(4)];
    if beginning.contains(&0)
        || beginning.starts_with(b"\xff\xfe")
        || beginning.starts_with(b"\xfe\xff")
    {
        return false;
    }
    let invalid = if single_byte || std::str::from_utf8(bytes).is_ok() {
        0
    } else {
        invalid(bytes)
    };
    (invalid + odd(bytes)) * STRAY <= bytes.len()
}

/// Whether bytes are text without any doubt: UTF-8 without NUL.
pub(crate) fn is_utf8(head: &Head, bytes: &[u8]) -> bool {
    is_text(head, bytes) && memchr::memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok()
}

fn invalid(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum()
}

/// How many bytes are odd.
fn odd(bytes: &[u8]) -> usize {
    // So few at a time that a byte can count them, which makes vector code.
    let few = bytes.chunks(usize::from(u8::MAX));
    few.map(|few| usize::from(few.iter().map(|&byte| u8::from(is_odd(byte))).sum::<u8>()))
        .sum()
}

/// Control characters that text does not have; it does have blanks (7 to 13) and colours
/// (27).
#[allow(clippy::needless_bitwise_bool, reason = "branches are no vector code")]
#[inline]
fn is_odd(byte: u8) -> bool {
    let is_control = (byte < 0x20) | (byte == 0x7f);
    let is_of_text = (byte.wrapping_sub(7) < 7) | (byte == 0x1b);
    is_control & !is_of_text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::payload::sample::head;

    #[test]
    fn parameters_are_read() {
        let value = "Multipart/Form-Data; a=b;boundary=\"x;\\\"y\" ; charset = utf-8";
        assert_eq!(parameter(value, "boundary").as_deref(), Some("x;\"y"));
        assert_eq!(parameter(value, "A").as_deref(), Some("b"));
        assert_eq!(parameter(value, "CHARSET").as_deref(), Some("utf-8"));
        assert_eq!(parameter(value, "none"), None);
        assert_eq!(parameter("text/plain", "charset"), None);
        assert_eq!(parameter("a;b=\"open", "b").as_deref(), Some("open"));
        assert_eq!(parameter("a; flag; b=c", "b").as_deref(), Some("c"));
        assert_eq!(media_type(&head("/", " Text/Plain ;x=y")), "text/plain");
    }

    #[test]
    fn encodings_that_hide_ascii_are_no_text() {
        let utf16: Vec<u8> = "{\"a\":1}"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(!is_text(&head("/", ""), &utf16));
        assert!(!is_text(&head("/", ""), b"\xff\xfea"));
        assert!(!is_text(&head("/", "text/plain; charset=UTF-16"), b"abc"));
        assert!(!is_text(&head("/", "text/plain; charset=utf-7"), b"abc"));
        assert!(is_text(&head("/", "text/plain; charset=UTF-8"), b"abc"));
    }

    #[test]
    fn controls_are_odd_but_for_blanks_and_colours() {
        for byte in 0..=u8::MAX {
            let expected = matches!(byte, 0..=6 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
            assert_eq!(is_odd(byte), expected, "{byte}");
        }
        assert_eq!(odd(&[0; 1000]), 1000);
    }

    #[test]
    fn strays_are_borne_in_text() {
        let latin1 = b"a line in an old encoding: caf\xe9\n";
        assert!(is_text(&head("/", ""), latin1));
        assert!(!is_utf8(&head("/", ""), latin1));
        assert!(is_text(
            &head("/", "text/plain; charset=windows-1251"),
            &[0xe0; 40]
        ));
        assert!(!is_text(&head("/", ""), &[0xe0; 40]));
        assert!(is_text(&head("/", ""), b"\x1b[31mred\x1b[0m\t\r\n"));
        assert!(!is_text(&head("/", ""), b"\x1f\x8b\x08\x04\x01\x02ab"));
    }
}
