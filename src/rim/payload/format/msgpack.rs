//! Bodies of msgpack: any number of values, one after the other. Datadog's tracers and
//! Fluent's HTTP senders use it.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, look};
use crate::rim::payload::msgpack::walk::Walker;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// Any values of msgpack.
pub(crate) const FORMAT: Format = Format {
    name: "msgpack",
    mask,
    by_path: is_traces,
    by_look: is_msgpack,
    flow: Flow::Held,
    content: Content::Bytes,
};

/// Datadog's tracers: `/v0.3/traces` and later.
fn is_traces(head: &Head, body: &[u8]) -> bool {
    let path = head.path.trim_end_matches('/');
    let version = path
        .strip_suffix("/traces")
        .and_then(|path| path.rsplit_once("/v0."));
    version.is_some_and(|(_, minor)| matches!(minor, "3" | "4" | "5"))
        && !json::begins_like_json(body)
}

fn is_msgpack(head: &Head, body: &[u8]) -> bool {
    look::media_type(head).ends_with("msgpack") && !json::begins_like_json(body)
}

/// Masks a body of msgpack values.
///
/// # Errors
///
/// A value does not decode or is nested too deeply, or the route refuses bytes that are
/// no text.
pub(crate) fn mask(
    body: &[u8],
    _head: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    // Small numbers are ASCII, so that text would pass as an array of them. UTF-8 holds
    // no container of msgpack and no string.
    if std::str::from_utf8(body).is_ok() {
        work.document(body, out);
        return Ok(());
    }
    Walker::new(work, body, out).all()?;
    Ok(())
}
