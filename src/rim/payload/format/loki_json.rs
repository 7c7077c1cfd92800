//! Loki's push body in JSON: streams with labels, and values of time, line and metadata.
//! The line is text that may hold JSON.
//!
//! Format: "Ingest logs" of Loki's HTTP API (`/loki/api/v1/push`, `/api/prom/push`).

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, never};

/// What is pushed to Loki and begins like JSON.
pub(crate) const FORMAT: Format = Format {
    name: "loki-json",
    mask: json::mask,
    by_path: is_push,
    by_look: never,
    flow: Flow::Held,
    content: Content::Text,
};

fn is_push(head: &Head, body: &[u8]) -> bool {
    let path = head.path.trim_end_matches('/');
    (path.ends_with("/loki/api/v1/push") || path.ends_with("/api/prom/push"))
        && json::begins_like_json(body)
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::check;

    #[test]
    fn lines_labels_and_metadata() {
        let body = r#"{"streams":[{"stream":{"app":"x","password":"hunter2hunter2"},"values":[["1700000000000000000","a password=hunter2hunter2 b"],["1700000000000000001","{\"password\":\"hunter2hunter2\"}\n",{"token":"hunter2hunter2","trace_id":"0af7651916cd43dd8448eb211c80319c"}]]}]}"#;
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check(
            "/loki/api/v1/push",
            "application/json",
            body,
            &masked,
            "loki-json",
        );
    }
}
