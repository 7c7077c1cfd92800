//! JSON as text (RFC 8259): strings and where values end. Nothing here builds a tree, and
//! nothing refuses what is not quite JSON: callers look for a place, or find none.

use std::ops::Range;

/// Appends `text` as the content of a string. Only what must be escaped is; bytes that are
/// no UTF-8 stay.
pub(crate) fn escape(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
}

/// The text that a string's content stands for; `None` if an escape is broken.
pub(crate) fn unescape(content: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(content.len());
    let mut at = 0;
    while at < content.len() {
        if content[at] != b'\\' {
            text.push(content[at]);
            at += 1;
            continue;
        }
        let escaped = *content.get(at + 1)?;
        at += 2;
        match escaped {
            b'"' | b'\\' | b'/' => text.push(escaped),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'u' => {
                let (char, length) = unicode(&content[at..])?;
                text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                at += length;
            }
            _ => return None,
        }
    }
    Some(text)
}

/// The character behind `\u`, and how many bytes spell it.
fn unicode(spelled: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = std::str::from_utf8(spelled.get(at..at + 4)?).ok()?;
        let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        hex.then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0)?;
    if let Some(char) = char::from_u32(u32::from(first)) {
        return Some((char, 4));
    }
    if spelled.get(4..6) != Some(b"\\u".as_slice()) {
        return None;
    }
    let pair = char::decode_utf16([first, unit(6)?]).next()?.ok()?;
    Some((pair, 10))
}

/// The end of the string whose quote is at `start`, behind its last quote.
pub(crate) fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The end of the object or array that `text` begins with, by its brackets; `None` if it
/// does not end in `text`, or does not begin with one.
pub(crate) fn container_end(text: &[u8]) -> Option<usize> {
    let mut open = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' if !open.is_empty() => {
                at = string_end(text, at)?;
                continue;
            }
            bracket @ (b'{' | b'[') => open.push(bracket),
            b'}' if open.pop() != Some(b'{') => return None,
            b']' if open.pop() != Some(b'[') => return None,
            _ => {}
        }
        at += 1;
        if open.is_empty() {
            return matches!(text[at - 1], b'}' | b']').then_some(at);
        }
    }
    None
}

/// `text` from its first byte on that is no blank and no byte order mark.
pub(crate) fn without_lead(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(text)
        .trim_ascii_start()
}

/// The strings that are the value of a member with one of these `names`, at any depth:
/// the places of their contents, in order. Names are compared as they are spelled.
pub(crate) fn members(text: &[u8], names: &[&str]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = text.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
        let start = at + offset;
        let Some(end) = string_end(text, start) else {
            break;
        };
        at = end;
        let Some(value) = value_of(text, end) else {
            continue;
        };
        let name = &text[start + 1..end - 1];
        if text[value] == b'"' && names.iter().any(|known| known.as_bytes() == name) {
            let Some(end) = string_end(text, value) else {
                break;
            };
            found.push(value + 1..end - 1);
            at = end;
        }
    }
    found
}

/// Where the value of the member begins whose name ends at `end`.
fn value_of(text: &[u8], end: usize) -> Option<usize> {
    let behind = text[end..].trim_ascii_start().strip_prefix(b":")?;
    let value = behind.trim_ascii_start();
    (!value.is_empty()).then(|| text.len() - value.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_undone() {
        let text = unescape(br#"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"#);
        let expected = "a\"\\/\u{8}\u{c}\n\r\té😀".as_bytes();
        assert_eq!(text.as_deref(), Some(expected));
        for broken in [r"\", r"\x", r"\u12", r"\u+123", r"\ud83d", r"\ud83d\u0041"] {
            assert_eq!(unescape(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn containers_end_at_their_bracket() {
        assert_eq!(container_end(br#"{"a":"}","b":[1]} x"#), Some(17));
        assert_eq!(container_end(b"[[],{}]{}"), Some(7));
        for open in ["", "{", "[1", "1", "{]", "\"a\"", r#"{"a"#] {
            assert_eq!(container_end(open.as_bytes()), None, "{open}");
        }
    }

    #[test]
    fn members_are_found_at_any_depth() {
        let text = br#"{"data" : "x\"y", "a":[{"data":"2"},"data",{"data":3}],"b":"data"}"#;
        let found: Vec<&[u8]> = members(text, &["data"])
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(found, [br#"x\"y"#.as_slice(), b"2"]);
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut content = Vec::new();
            escape(&text, &mut content);
            prop_assert_eq!(unescape(&content), Some(text));
            content.insert(0, b'"');
            content.push(b'"');
            prop_assert_eq!(string_end(&content, 0), Some(content.len()));
        }

        #[test]
        fn nothing_panics(text in r#"[\[\]{}":,\\ adtu0-9]{0,40}"#) {
            let text = text.as_bytes();
            let _ = (container_end(text), unescape(text), members(text, &["a", "data"]));
        }
    }
}
