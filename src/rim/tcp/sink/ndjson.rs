//! A record as a line of NDJSON.

use serde::de::IgnoredAny;

use crate::rim::payload::json;

/// Appends a record as a line that is a JSON object: as it is if it is one, else as
/// `{"message": "…"}`. JSON is UTF-8 (RFC 8259, 8.1), so what is none becomes U+FFFD there.
pub(super) fn line(record: &[u8], out: &mut Vec<u8>) {
    if let Some(object) = object(record) {
        // Between tokens only: a string holds no newline that is not escaped.
        let blank = |byte: u8| if is_break(byte) { b' ' } else { byte };
        out.extend(object.bytes().map(blank));
    } else {
        out.extend_from_slice(b"{\"message\":\"");
        json::escape(String::from_utf8_lossy(record).as_bytes(), out);
        out.extend_from_slice(b"\"}");
    }
    out.push(b'\n');
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The record without blanks around it, if that is one JSON object and nothing else.
fn object(record: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(record.trim_ascii()).ok()?;
    let is_object = text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok();
    is_object.then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(record: &[u8]) -> String {
        let mut out = Vec::new();
        line(record, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn objects_stay_as_they_are() {
        for object in [
            "{}",
            "{\"a\":1.50,\"b\" : [\"\\u00e9\"]}",
            "{\"a\":1,\"a\":1e999}",
        ] {
            assert_eq!(written(object.as_bytes()), format!("{object}\n"));
        }
        assert_eq!(written(b" {\"a\":\r\n1}\n"), "{\"a\":  1}\n");
    }

    #[test]
    fn everything_else_is_a_message() {
        for (record, message) in [
            (&b""[..], ""),
            (b"<34>1 - a \"b\"\\", "<34>1 - a \\\"b\\\"\\\\"),
            (b"[1]", "[1]"),
            (b"{\"a\":1", "{\\\"a\\\":1"),
            (b"{} {}", "{} {}"),
            (b"{\"a\":\"x\ny\"}", "{\\\"a\\\":\\\"x\\ny\\\"}"),
            (b"tab\there\n\0", "tab\\there\\n\\u0000"),
            (b"\xff\xc3\xa9", "\u{fffd}\u{e9}"),
            (b"{\"a\":\"\xff\"}", "{\\\"a\\\":\\\"\u{fffd}\\\"}"),
        ] {
            assert_eq!(written(record), format!("{{\"message\":\"{message}\"}}\n"));
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = "{\"a\":".repeat(200_000) + "1" + &"}".repeat(200_000);
        assert_eq!(written(deep.as_bytes()), deep + "\n");
    }

    proptest! {
        #[test]
        fn each_record_is_one_object_on_one_line(record in any::<Vec<u8>>()) {
            let line = written(&record);
            prop_assert!(line.ends_with('\n') && line.matches(['\n', '\r']).count() == 1);
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            let message = value.get("message").and_then(serde_json::Value::as_str);
            let is_same = message == Some(&String::from_utf8_lossy(&record));
            prop_assert!(is_same || object(&record).is_some() && value.is_object());
        }
    }
}
