//! OTLP in JSON: attributes are `{"key": …, "value": {"stringValue": …}}`, and the value
//! stays an object. Bytes are base64 in `bytesValue`, which is looked into.
//!
//! A number, a bool or bytes that hold a mask would make the receiver refuse the whole
//! export, so what is masked there becomes what its type can be read from.
//!
//! Format: "OTLP/HTTP" and "JSON Protobuf Encoding" of the OTLP specification, and the
//! JSON mapping of protobuf: `null` is the default value of any type, and 64-bit numbers
//! are strings.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, delivery, json, never};
use crate::rim::payload::json as text;
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

/// Members that hold bytes, by either name that receivers read.
const BYTES: [&str; 2] = ["bytesValue", "bytes_value"];

/// The members of values and data points that text cannot stand in.
const TYPED: [&str; 12] = [
    "bytesValue",
    "bytes_value",
    "intValue",
    "int_value",
    "doubleValue",
    "double_value",
    "boolValue",
    "bool_value",
    "asInt",
    "as_int",
    "asDouble",
    "as_double",
];

/// Every text that a mask can have holds one of these, and no number and no base64 does.
const OF_MASKS: &[u8] = b"[<*";

/// The mask in base64.
const MASKED_BYTES: &[u8] = b"\"W1JFREFDVEVEXQ==\"";

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
    delivery::mask_encoded(body, &BYTES, work, &mut readable)?;
    let mut masked = Vec::with_capacity(readable.len());
    if work.typed_document(&readable, &mut masked) {
        keep_types(&masked, out);
    } else {
        out.append(&mut masked);
    }
    Ok(())
}

/// Appends a masked document, in which members of a type other than text hold what that
/// type is read from.
fn keep_types(masked: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    for content in text::members(masked, &TYPED) {
        let is_masked = masked[content.clone()]
            .iter()
            .any(|byte| OF_MASKS.contains(byte));
        if !is_masked {
            continue;
        }
        // The name in quotes, then a colon, blanks and the quote of the content.
        let name = masked[..content.start - 1].trim_ascii_end();
        let name = name.strip_suffix(b":").unwrap_or(name).trim_ascii_end();
        let name = name.strip_suffix(b"\"").unwrap_or(name);
        let is_bytes = BYTES.iter().any(|known| name.ends_with(known.as_bytes()));
        out.extend_from_slice(&masked[at..content.start - 1]);
        out.extend_from_slice(if is_bytes { MASKED_BYTES } else { b"null" });
        at = content.end + 1;
    }
    out.extend_from_slice(&masked[at..]);
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

    /// Attributes in a log record, whose values hold a secret.
    fn attributes(values: &[(&str, &str)]) -> String {
        let values: Vec<String> = values
            .iter()
            .map(|(key, value)| format!("{{\"key\":\"{key}\",\"value\":{{{value}}}}}"))
            .collect();
        format!(
            "{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"attributes\":[{}]}}]}}]}}]}}",
            values.join(",")
        )
    }

    fn check_attribute(value: &str, masked: &str) {
        let body = attributes(&[("password", value), ("n", r#""intValue":"7""#)]);
        let masked = attributes(&[("password", masked), ("n", r#""intValue":"7""#)]);
        check("/v1/logs", "application/json", &body, &masked, "otlp-json");
    }

    #[test]
    fn masked_values_can_be_read_as_their_type() {
        for (value, masked) in [
            (r#""intValue":"1234567""#, r#""intValue":null"#),
            (r#""intValue":1234567"#, r#""intValue":null"#),
            (r#""int_value" : "1234567""#, r#""int_value" : null"#),
            (r#""doubleValue":1234567.25"#, r#""doubleValue":null"#),
            (r#""doubleValue":"1234567.25""#, r#""doubleValue":null"#),
            (
                r#""bytesValue":"aHVudGVyMmh1bnRlcjI=""#,
                r#""bytesValue":"W1JFREFDVEVEXQ==""#,
            ),
            (
                r#""bytes_value": "aHVudGVyMmh1bnRlcjI=""#,
                r#""bytes_value": "W1JFREFDVEVEXQ==""#,
            ),
            (
                r#""stringValue":"hunter2hunter2""#,
                r#""stringValue":"[REDACTED]""#,
            ),
        ] {
            check_attribute(value, masked);
        }
    }

    #[test]
    fn values_in_lists_keep_their_type() {
        for (value, masked) in [
            (
                r#""arrayValue":{"values":[{"intValue":"1234567"},{"intValue":7654321}]}"#,
                r#""arrayValue":{"values":[{"intValue":null},{"intValue":null}]}"#,
            ),
            (
                r#""kvlistValue":{"values":[{"key":"password","value":{"intValue":"1234567"}}]}"#,
                r#""kvlistValue":{"values":[{"key":"[REDACTED]","value":{"intValue":null}}]}"#,
            ),
        ] {
            check_attribute(value, masked);
        }
    }

    #[test]
    fn text_that_spells_a_typed_member_stays_text() {
        let body = attributes(&[(
            "x",
            r#""stringValue":"{\"intValue\":\"[REDACTED]\"} password=hunter2hunter2""#,
        )]);
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check("/v1/logs", "application/json", &body, &masked, "otlp-json");
    }

    #[test]
    fn what_is_not_masked_here_comes_out_as_it_came() {
        let body = attributes(&[("n", r#""intValue":"[REDACTED]""#)]);
        check("/v1/logs", "application/json", &body, &body, "otlp-json");
    }
}
