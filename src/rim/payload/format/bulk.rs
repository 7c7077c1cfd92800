//! Elasticsearch's and `OpenSearch`'s bulk and multi-search bodies: NDJSON of action lines
//! and documents. The store has a mapping, so the types of values are kept.
//!
//! Format: the "Bulk API" and "Multi search API" of the Elasticsearch reference. `OpenSearch`'s
//! clients send it as `application/json`.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, ndjson, never};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What is sent to `_bulk`, `_msearch` and their like.
pub(crate) const FORMAT: Format = Format {
    name: "elasticsearch-bulk",
    mask,
    by_path: is_bulk,
    by_look: never,
    flow: Flow::TypedLines,
    content: Content::Text,
};

fn is_bulk(head: &Head, _: &[u8]) -> bool {
    let mut segments = head.path.trim_end_matches('/').rsplit('/');
    let last = segments.next().unwrap_or_default();
    let before = segments.next().unwrap_or_default();
    matches!(last, "_bulk" | "_msearch")
        || (last, before) == ("template", "_msearch")
        || (last, before) == ("stream", "_bulk")
}

#[allow(clippy::unnecessary_wraps, reason = "all formats have this signature")]
fn mask(body: &[u8], _: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if ndjson::begins_with_a_line(body) {
        work.typed_lines(body, out);
    } else {
        work.typed_document(body, out);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::check;

    #[test]
    fn types_are_kept() {
        let body = "{\"create\":{\"_index\":\"logs\"}}\n\
            {\"password\":12345,\"secret\":{\"a\":\"hunter2hunter2\"},\"x\":1.0}\n\
            {\"delete\":{\"_id\":\"7\"}}\n";
        let masked = "{\"create\":{\"_index\":\"logs\"}}\n\
            {\"password\":null,\"secret\":{\"a\":\"[REDACTED]\"},\"x\":1.0}\n\
            {\"delete\":{\"_id\":\"7\"}}\n";
        for path in ["/_bulk", "/logs/_bulk/", "/_msearch", "/_msearch/template"] {
            check(path, "application/json", body, masked, "elasticsearch-bulk");
        }
    }

    #[test]
    fn a_body_that_is_no_lines_is_masked_whole() {
        let body = "{\n\"password\":\n[\n12345\n]}";
        check(
            "/_bulk",
            "",
            body,
            "{\n\"password\":\n[\nnull\n]}",
            "elasticsearch-bulk",
        );
    }
}
