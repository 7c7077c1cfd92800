//! Loki's push API as protobuf in a snappy block.
//!
//! Source: `pkg/push/push.proto` of <https://github.com/grafana/loki>.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, look, never};
use crate::rim::payload::packed;
use crate::rim::payload::protobuf::schema::{Kind, Message, Named};
use crate::rim::payload::protobuf::walk::Walker;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// A push to Loki that is no JSON.
pub(crate) const FORMAT: Format = Format {
    name: "loki-protobuf",
    mask,
    by_path: is_push,
    by_look: never,
    flow: Flow::Held,
    content: Content::Bytes,
};

fn is_push(head: &Head, body: &[u8]) -> bool {
    // A length of 123 is a brace. A block begins with a literal then, JSON hardly with
    // what would be one.
    let begins_a_block = matches!(body, [b'{' | b'[', tag, ..] if tag.trailing_zeros() >= 2);
    let looks_like_json = json::begins_like_json(body)
        && (look::media_type(head).ends_with("json") || !begins_a_block);
    let path = head.path.trim_end_matches('/');
    (path.ends_with("/loki/api/v1/push") || path.ends_with("/api/prom/push")) && !looks_like_json
}

/// Masks a push request.
///
/// # Errors
///
/// The block or the message does not decode, or is beyond the limits.
pub(crate) fn mask(
    body: &[u8],
    _head: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let plain = packed::from_snappy(body, work.policy())?;
    match Walker::new(work, Vec::new()).message(&plain, &PUSH)? {
        Some(masked) => out.extend_from_slice(&packed::to_snappy(&masked)?),
        None => out.extend_from_slice(body),
    }
    Ok(())
}

static PUSH: Message = Message::of(&[(1, Kind::Message(&STREAM))]);
static STREAM: Message = Message::of(&[(1, Kind::Text), (2, Kind::Message(&ENTRY))]);
static ENTRY: Message = Message::of(&[
    (2, Kind::Text),
    (3, Kind::Message(&LABEL)),
    (4, Kind::Message(&LABEL)),
]);

/// A label, and one of structured metadata: a name and its value.
pub(super) static LABEL: Message = Message {
    fields: &[(1, Kind::Text), (2, Kind::Text)],
    named: Some(Named {
        name: Some(1),
        index: None,
        value: 2,
    }),
};
