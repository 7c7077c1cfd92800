//! OTLP in JSON: attributes are `{"key": …, "value": {"stringValue": …}}`, and the value
//! stays an object. Bytes are base64 in `bytesValue`, which is looked into.
//!
//! Format: "OTLP/HTTP" and "JSON Protobuf Encoding" of the OTLP specification.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, delivery, json, never};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What is sent to an OTLP endpoint and begins like JSON.
pub(crate) const FORMAT: Format = Format {
    name: "otlp-json",
    mask,
    by_path: is_otlp,
    by_look: never,
    flow: Flow::Held,
    content: Content::Text,
};

fn is_otlp(head: &Head, body: &[u8]) -> bool {
    let path = head.path.trim_end_matches('/');
    [
        "/v1/logs",
        "/v1/traces",
        "/v1/metrics",
        "/v1development/profiles",
    ]
    .iter()
    .any(|known| path.ends_with(known))
        && json::begins_like_json(body)
}

fn mask(body: &[u8], _: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut readable = Vec::with_capacity(body.len());
    delivery::mask_encoded(body, &["bytesValue", "bytes_value"], work, &mut readable)?;
    work.typed_document(&readable, out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::check;

    #[test]
    fn attributes_keep_their_type() {
        let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"password=hunter2hunter2"},"traceId":"0af7651916cd43dd8448eb211c80319c","attributes":[{"key":"password","value":{"stringValue":"hunter2hunter2"}},{"key":"n","value":{"intValue":"7"}},{"key":"b","value":{"bytesValue":"BASE64"}}]}]}]}]}"#;
        let masked = body
            .replace("hunter2hunter2", "[REDACTED]")
            .replace("BASE64", "YSBwYXNzd29yZD1bUkVEQUNURURd");
        let body = body.replace("BASE64", "YSBwYXNzd29yZD1odW50ZXIyaHVudGVyMg==");
        check("/v1/logs", "application/json", &body, &masked, "otlp-json");
    }
}
