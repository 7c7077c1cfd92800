//! Values under a name, in formats that are not text: protobuf, msgpack.
//!
//! Whether a name is sensitive, and which numbers stay under one that is, the engine
//! decides for JSON. So a value that is no text is put to it as the JSON that it would
//! be, and what became of that says what becomes of the value.

use crate::rim::payload::json;
use crate::rim::payload::work::Work;

/// What stands for a value when the rules leave no text in its place.
const MASK: &[u8] = b"[REDACTED]";

/// Masks text that stands under no name. `None` if it stays.
pub(crate) fn text(work: &mut Work<'_>, value: &[u8]) -> Option<Vec<u8>> {
    work.field(b"", value)
}

/// Masks text that stands under a name, or under none. `None` if it stays.
pub(crate) fn string(work: &mut Work<'_>, name: Option<&[u8]>, value: &[u8]) -> Option<Vec<u8>> {
    work.field(name.unwrap_or_default(), value)
}

/// The text that stands for a number under a name. `None` if it stays.
pub(crate) fn number(work: &mut Work<'_>, name: Option<&[u8]>, value: &str) -> Option<Vec<u8>> {
    probe(work, name?, value.as_bytes())
}

/// The text that stands for a whole container, or bytes of any kind, under a name.
/// `None` if it is to be looked into.
pub(crate) fn whole(work: &mut Work<'_>, name: Option<&[u8]>) -> Option<Vec<u8>> {
    probe(work, name?, br#"["any value at all"]"#)
}

/// What becomes of this JSON under the name.
fn probe(work: &mut Work<'_>, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let mut line = b"{\"".to_vec();
    json::escape(name, &mut line);
    line.extend_from_slice(b"\":");
    let prefix = line.len();
    line.extend_from_slice(value);
    line.extend_from_slice(b"}\n");
    let mut masked = Vec::with_capacity(line.len());
    if !work.lines(&line, &mut masked) {
        return None;
    }
    // A secret in the name alone is found where the name itself is masked.
    let rest = &line[prefix..];
    if masked.ends_with(rest) {
        return None;
    }
    let masked = masked.get(prefix..masked.len() - 2).unwrap_or_default();
    let text = serde_json::from_slice::<String>(masked);
    Some(text.map_or_else(|_| MASK.to_vec(), String::into_bytes))
}

/// Whether bytes of a type that says nothing of their content are text that the rules
/// can read: UTF-8 without NUL (UTF-16 has them), or mostly ASCII without control
/// characters (compressed data is neither).
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| matches!(byte, 0..=0x07 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    let is_mostly_ascii = || {
        let ascii = bytes.iter().filter(|byte| byte.is_ascii()).count();
        ascii * 10 >= bytes.len() * 7 && !bytes.iter().any(is_control)
    };
    !bytes.contains(&0) && (std::str::from_utf8(bytes).is_ok() || is_mostly_ascii())
}
