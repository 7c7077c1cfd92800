//! The formats of bodies, one file each, and how a body's format is found.
//!
//! 1. The operator has named it. 2. The request's path says it. 3. The body looks like it.
//!
//! `Content-Type` is a hint only, since real clients lie: Splunk's send JSON as a form,
//! browsers send it as text. What has no format is text if it is UTF-8, else binary.

pub(crate) mod bulk;
pub(crate) mod datadog;
pub(crate) mod delivery;
pub(crate) mod elasticsearch;
pub(crate) mod form;
pub(crate) mod gelf;
pub(crate) mod grpc;
pub(crate) mod json;
pub(crate) mod loki_json;
pub(crate) mod loki_protobuf;
pub(crate) mod look;
pub(crate) mod msgpack;
pub(crate) mod multipart;
pub(crate) mod ndjson;
pub(crate) mod otlp;
pub(crate) mod otlp_json;
pub(crate) mod remote_write;
pub(crate) mod sentry;
pub(crate) mod splunk_hec;
pub(crate) mod text;
pub(crate) mod xml;

use crate::rim::config::policy::Policy;
use crate::rim::payload::body::Head;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// Masks a whole decoded body of one format and appends it to the last parameter.
pub(crate) type MaskBody = fn(&[u8], &Head, &mut Work<'_>, &mut Vec<u8>) -> Result<(), Refusal>;

/// Whether a body is of a format, by the request's head and the bytes.
pub(crate) type Claim = fn(&Head, &[u8]) -> bool;

/// One format of bodies.
pub(crate) struct Format {
    /// Its name in the configuration, the log and the metrics.
    pub(crate) name: &'static str,
    /// How a body of it is masked.
    pub(crate) mask: MaskBody,
    /// Whether the request's path says that the body is of it.
    pub(crate) by_path: Claim,
    /// Whether the body looks like it.
    pub(crate) by_look: Claim,
    /// Whether it may leave before its end.
    pub(crate) flow: Flow,
    /// What its bytes are.
    pub(crate) content: Content,
}

/// Whether a body may leave before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It is held whole.
    Held,
    /// Line by line.
    Lines,
    /// Line by line, for a store with a mapping.
    TypedLines,
}

/// What the bytes of a format are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text throughout: a body of other bytes cannot be read.
    Text,
    /// It may hold any bytes, and its own code looks at them.
    Bytes,
}

/// All formats. The first that claims a body has it.
pub(crate) const FORMATS: &[&Format] = &[
    &sentry::FORMAT,
    &sentry::STORE,
    &grpc::FORMAT,
    &otlp::FORMAT,
    &loki_protobuf::FORMAT,
    &remote_write::FORMAT,
    &msgpack::FORMAT,
    &bulk::FORMAT,
    &elasticsearch::FORMAT,
    &splunk_hec::FORMAT,
    &datadog::FORMAT,
    &loki_json::FORMAT,
    &otlp_json::FORMAT,
    &gelf::FORMAT,
    &delivery::FORMAT,
    &multipart::FORMAT,
    &ndjson::FORMAT,
    &json::FORMAT,
    &form::FORMAT,
    &xml::FORMAT,
    &text::FORMAT,
];

/// What a body was found to be.
pub(crate) enum Found {
    /// Of this format.
    Format(&'static Format),
    /// Of a type that the operator lets pass unread.
    Passed,
    /// Nothing that can be read.
    Binary,
}

/// For formats that no path, or no look, tells.
pub(crate) fn never(_head: &Head, _body: &[u8]) -> bool {
    false
}

/// The names of all formats, for the configuration.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name)
}

/// The format with this name.
pub(crate) fn from_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// Finds out what a whole decoded body is.
pub(crate) fn find(policy: &Policy, head: &Head, body: &[u8]) -> Found {
    let Some(name) = &policy.format else {
        return find_unnamed(policy, head, body);
    };
    from_name(name).map_or(Found::Binary, |format| readable(policy, format, head, body))
}

/// The same for an item or a part, whose format the operator does not name.
pub(crate) fn find_unnamed(policy: &Policy, head: &Head, body: &[u8]) -> Found {
    let by_path = FORMATS.iter().find(|format| (format.by_path)(head, body));
    let structured = by_path.or_else(|| FORMATS.iter().find(|format| (format.by_look)(head, body)));
    match structured {
        Some(format) if format.name != text::FORMAT.name => readable(policy, format, head, body),
        _ if passes(policy, head) => Found::Passed,
        Some(text) => readable(policy, text, head, body),
        None => Found::Binary,
    }
}

/// Masks an item or a part of a body by what it is found to be. `stub` is what stands for
/// it if it cannot be decoded.
///
/// # Errors
///
/// It cannot be decoded, and the route refuses that.
pub(crate) fn mask_item(
    head: &Head,
    item: &[u8],
    stub: &[u8],
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    if item.is_empty() {
        return Ok(());
    }
    match find_unnamed(work.policy(), head, item) {
        Found::Passed => out.extend_from_slice(item),
        Found::Binary => work.undecodable("binary", item, stub, out)?,
        Found::Format(format) => {
            let masked = work.descend(|work| (format.mask)(item, head, work, out));
            match masked {
                Some(done) => done?,
                None => work.undecodable("too_deep", item, stub, out)?,
            }
        }
    }
    Ok(())
}

/// The format in which a body may leave before its end, as far as the head can say; the
/// body's beginning has to agree.
pub(crate) fn candidate(policy: &Policy, head: &Head) -> Option<&'static Format> {
    let format = match &policy.format {
        Some(name) => from_name(name)?,
        None => FORMATS
            .iter()
            .find(|format| (format.by_path)(head, b""))
            .copied()
            .or_else(|| match look::media_type(head).as_ref() {
                kind if ndjson::TYPES.contains(&kind) => Some(&ndjson::FORMAT),
                kind if kind.starts_with("text/") => Some(&text::FORMAT),
                _ => None,
            })?,
    };
    (format.flow != Flow::Held && !passes(policy, head)).then_some(format)
}

/// Whether a body whose first bytes are `beginning` is of `candidate`.
pub(crate) fn agrees(
    policy: &Policy,
    candidate: &'static Format,
    head: &Head,
    beginning: &[u8],
) -> bool {
    if candidate.name != text::FORMAT.name && !ndjson::begins_with_a_line(beginning) {
        return false;
    }
    match find(policy, head, beginning) {
        Found::Format(format) => format.name == candidate.name,
        Found::Passed | Found::Binary => false,
    }
}

/// What stands for an item that cannot be decoded, in formats without a shape of their own
/// for it: text with the reason and the size.
pub(crate) fn stub(reason: &str, item: &[u8]) -> Vec<u8> {
    format!("[blackbar: {} bytes removed: {reason}]", item.len()).into_bytes()
}

/// Whether an item is such a stub, which an earlier pass has left.
pub(crate) fn is_stub(item: &[u8]) -> bool {
    let inside = item
        .strip_prefix(b"[blackbar: ")
        .and_then(|rest| rest.strip_suffix(b"]"));
    inside.is_some_and(|inside| {
        let length = inside
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let reason = inside[length..].strip_prefix(b" bytes removed: ");
        length > 0
            && reason.is_some_and(|reason| {
                reason
                    .iter()
                    .all(|&byte| byte == b'_' || byte.is_ascii_lowercase())
            })
    })
}

fn readable(policy: &Policy, format: &'static Format, head: &Head, body: &[u8]) -> Found {
    if format.content == Content::Bytes || look::is_text(head, body) {
        Found::Format(format)
    } else if passes(policy, head) {
        Found::Passed
    } else {
        Found::Binary
    }
}

/// Whether the operator lets bodies of this type pass unread.
fn passes(policy: &Policy, head: &Head) -> bool {
    let media_type = look::media_type(head);
    !media_type.is_empty()
        && policy.passed_types.iter().any(|passed| {
            let passed = passed.to_ascii_lowercase();
            match passed.strip_suffix('*') {
                Some(prefix) => prefix.ends_with('/') && media_type.starts_with(prefix),
                None => passed == media_type,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::payload::sample;

    #[test]
    fn names_are_unique() {
        let mut all: Vec<_> = names().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), FORMATS.len());
        for name in all {
            assert_eq!(from_name(name).map(|format| format.name), Some(name));
        }
    }

    #[test]
    fn stubs_are_known_again() {
        assert!(is_stub(&stub("too_deep", b"abc")));
        for other in [
            "",
            "[blackbar: ]",
            "[blackbar: 1 bytes removed: x y]",
            "[REDACTED]",
        ] {
            assert!(!is_stub(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn types_pass_by_name_and_by_kind() {
        let mut policy = sample::policy();
        policy.passed_types = vec!["Image/*".to_owned(), "application/pdf".to_owned()];
        let passes = |content_type| passes(&policy, &sample::head("/", content_type));
        assert!(passes("image/png") && passes("Application/PDF; x=y"));
        assert!(!passes("application/pdfx") && !passes("imagex/png") && !passes(""));
    }

    #[test]
    fn a_passed_type_does_not_hide_json() {
        let mut policy = sample::policy();
        policy.passed_types = vec!["image/*".to_owned()];
        let head = sample::head("/", "image/png");
        let (out, outcome) =
            sample::pass(&policy, &head, br#"{"password":"hunter2hunter2"}"#).expect("JSON passes");
        assert_eq!(out, br#"{"password":"[REDACTED]"}"#);
        assert_eq!(outcome.format, "json");
        let (_, outcome) = sample::pass(&policy, &head, b"\x89PNG\0\0").expect("a picture passes");
        assert_eq!(outcome.format, "passed");
    }
}
