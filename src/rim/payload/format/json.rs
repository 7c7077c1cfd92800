//! JSON (RFC 8259): one value, or several one after the other, with or without blanks
//! between. The engine lexes it; nothing is written anew.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, look, never};
use crate::rim::payload::json;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What begins like JSON.
pub(crate) const FORMAT: Format = Format {
    name: "json",
    mask,
    by_path: never,
    by_look: looks_like_json,
    flow: Flow::Held,
    content: Content::Text,
};

/// Masks the whole body as one document.
#[allow(clippy::unnecessary_wraps, reason = "all formats have this signature")]
pub(crate) fn mask(
    body: &[u8],
    _: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    work.document(body, out);
    Ok(())
}

/// Whether a body begins like an object or an array of JSON. A log line may begin with a
/// bracket too, so that what follows it counts.
pub(crate) fn begins_like_json(body: &[u8]) -> bool {
    let body = json::without_lead(body);
    let Some((first, rest)) = body.split_first() else {
        return false;
    };
    let next = rest.trim_ascii_start().first();
    match first {
        b'{' => matches!(next, Some(b'"' | b'}')),
        b'[' => {
            matches!(next, Some(b'{' | b'[' | b'"'))
                || json::container_end(body)
                    .is_some_and(|end| body[end..].trim_ascii_start().is_empty())
        }
        _ => false,
    }
}

fn looks_like_json(head: &Head, body: &[u8]) -> bool {
    let kind = look::media_type(head);
    let said = kind == "application/json" || kind.ends_with("+json");
    begins_like_json(body) || (said && look::is_utf8(head, body))
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::{check, head, pass, policy};
    use proptest::prelude::*;

    #[test]
    fn found_by_its_look_whatever_the_type() {
        let body = " \u{feff}{ \"a\" : 1.50e+1 ,\n\"password\" :\n [ 1,\n \"x\" ] }\n";
        let masked = " \u{feff}{ \"a\" : 1.50e+1 ,\n\"password\" :\n \"[REDACTED]\" }\n";
        let body = body.trim_start();
        let masked = masked.trim_start();
        for content_type in [
            "",
            "application/json",
            "text/plain;charset=UTF-8",
            "image/png",
        ] {
            check("/x", content_type, body, masked, "json");
        }
    }

    #[test]
    fn scalars_are_json_where_they_are_said_to_be() {
        check("/", "application/json", "12", "12", "json");
        check("/", "application/problem+json", "\"a\"", "\"a\"", "json");
        check("/", "", "12", "12", "text");
    }

    #[test]
    fn log_lines_with_brackets_are_text() {
        for body in [
            "[2026-11-28 10:00:00] up\n",
            "{password: 'hunter2hunter2'}\n",
            "[",
        ] {
            let masked = body.replace("hunter2hunter2", "[REDACTED]");
            check("/", "", body, &masked, "text");
        }
        check("/", "", "[1, 2]", "[1, 2]", "json");
    }

    #[test]
    fn strings_may_hold_json_and_lines() {
        let body = r#"{"log":"{\"a\":{\"password\":\"hunter2hunter2\"}}","m":"x\ntoken: hunter2hunter2\ny","n":12345678901234567890123}"#;
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check("/", "application/json", body, &masked, "json");
    }

    #[test]
    fn events_of_cloudwatch_are_json() {
        let body = r#"{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"password=hunter2hunter2"},{"timestamp":2,"message":"{\"password\":\"hunter2hunter2\"}"}]}"#;
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check("/", "application/x-amz-json-1.1", body, &masked, "json");
    }

    #[test]
    fn broken_json_is_masked_all_the_same() {
        check(
            "/",
            "",
            r#"{"password":"hunter2hunter2"#,
            r#"{"password":"[REDACTED]"#,
            "json",
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Nothing is found in it, so nothing changes.
        #[test]
        fn clean_bodies_leave_as_they_came(
            text in r#"[{\[]["{}\[\]][\[\]{}":,\\ \r\nab0-9.é]{0,60}"#,
        ) {
            let (out, outcome) = pass(&policy(), &head("/", ""), text.as_bytes()).expect("passes");
            prop_assert_eq!(out, text.as_bytes());
            prop_assert!(!outcome.changed);
        }
    }
}
