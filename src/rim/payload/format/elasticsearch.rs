//! A document on its way into Elasticsearch or `OpenSearch`: JSON whose values keep their
//! types, since the store has a mapping.
//!
//! Format: the "Index API", "Create API" and "Update API" of the Elasticsearch reference.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, never};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What is sent to `/{index}/_doc` and its like, and begins like JSON.
pub(crate) const FORMAT: Format = Format {
    name: "elasticsearch-document",
    mask,
    by_path: is_document,
    by_look: never,
    flow: Flow::Held,
    content: Content::Text,
};

fn is_document(head: &Head, body: &[u8]) -> bool {
    let mut segments = head.path.split('/').skip(2);
    segments.any(|segment| matches!(segment, "_doc" | "_create" | "_update"))
        && json::begins_like_json(body)
}

#[allow(clippy::unnecessary_wraps, reason = "all formats have this signature")]
fn mask(body: &[u8], _: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    work.typed_document(body, out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::check;

    #[test]
    fn types_are_kept() {
        let body = r#"{ "password":12345, "secret":{"a":"hunter2hunter2"}, "x":[1.0] }"#;
        let masked = r#"{ "password":null, "secret":{"a":"[REDACTED]"}, "x":[1.0] }"#;
        for path in [
            "/logs/_doc",
            "/logs/_doc/7",
            "/logs/_create/7",
            "/logs/_update/7",
        ] {
            check(
                path,
                "application/json",
                body,
                masked,
                "elasticsearch-document",
            );
        }
    }
}
