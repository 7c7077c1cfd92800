//! What AWS delivers: records in base64, often gzip inside, in members of a JSON document.
//! They are decoded, masked by what they are, and encoded as they came.
//!
//! Format: "HTTP endpoint delivery request and response specifications" of Amazon Data
//! Firehose (`{"requestId", "timestamp", "records": [{"data"}]}`), and the subscription
//! events of `CloudWatch` Logs (`{"awslogs": {"data"}}`).

use base64::Engine as _;
use base64::engine::general_purpose::{
    GeneralPurpose, STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD,
};
use memchr::memmem;

use crate::rim::payload::body::Head;
use crate::rim::payload::codec::{Coding, Decoder};
use crate::rim::payload::format::{Content, Flow, Format, json, mask_item, never, stub};
use crate::rim::payload::json as text;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What has the members of a delivery.
pub(crate) const FORMAT: Format = Format {
    name: "aws-delivery",
    mask,
    by_path: never,
    by_look: looks_like_delivery,
    flow: Flow::Held,
    content: Content::Text,
};

/// The first bytes of a gzip member (RFC 1952, 2.3.1).
const GZIP: &[u8] = b"\x1f\x8b\x08";

fn looks_like_delivery(_: &Head, body: &[u8]) -> bool {
    json::begins_like_json(body)
        && (has(
            body,
            "\"records\"",
            &[b":", b"[", b"{", b"\"data\"", b":", b"\""],
        ) && memmem::find(body, b"\"requestId\"").is_some()
            || has(body, "\"awslogs\"", &[b":", b"{", b"\"data\"", b":", b"\""]))
}

/// Whether `name` stands anywhere in `body` with these tokens behind it.
fn has(body: &[u8], name: &str, tokens: &[&[u8]]) -> bool {
    memmem::find_iter(body, name).any(|at| {
        let behind = Some(&body[at + name.len()..]);
        let rest = tokens.iter().fold(behind, |rest, token| {
            rest?.trim_ascii_start().strip_prefix(*token)
        });
        rest.is_some()
    })
}

fn mask(body: &[u8], head: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut readable = Vec::with_capacity(body.len());
    mask_encoded(body, &["data"], work, &mut readable)?;
    json::mask(&readable, head, work, out)
}

/// Copies JSON and masks what the members with these `names` hold in base64. The rest is
/// left to be masked.
///
/// # Errors
///
/// A record cannot be decoded, and the route refuses that.
pub(crate) fn mask_encoded(
    body: &[u8],
    names: &[&str],
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let mut at = 0;
    for range in text::members(body, names) {
        out.extend_from_slice(&body[at..range.start]);
        at = range.end;
        let content = &body[range];
        let record = text::unescape(content).and_then(|spelled| decode(&spelled));
        let Some((alphabet, record)) = record else {
            out.extend_from_slice(content);
            continue;
        };
        let masked = mask_record(&record, work)?;
        if masked == record {
            out.extend_from_slice(content);
        } else {
            out.extend_from_slice(alphabet.encode(masked).as_bytes());
        }
    }
    out.extend_from_slice(&body[at..]);
    Ok(())
}

/// Decodes base64 of any kind that the JSON form of protobuf admits. What is none is text.
fn decode(spelled: &[u8]) -> Option<(&'static GeneralPurpose, Vec<u8>)> {
    [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
        .into_iter()
        .find_map(|alphabet| Some((alphabet, alphabet.decode(spelled).ok()?)))
}

fn mask_record(record: &[u8], work: &mut Work<'_>) -> Result<Vec<u8>, Refusal> {
    let mut masked = Vec::new();
    if !record.starts_with(GZIP) {
        mask_item(
            &Head::default(),
            record,
            &stub("binary", record),
            work,
            &mut masked,
        )?;
        return Ok(masked);
    }
    let mut decoder = Decoder::new(&[Coding::Gzip], work.policy());
    let mut plain = Vec::new();
    let outcome = decoder
        .write(record, &mut plain)
        .and_then(|()| decoder.end());
    match outcome {
        Err(Refusal::CorruptEncoding) => {
            work.undecodable("corrupt", record, &stub("corrupt", record), &mut masked)?;
            return Ok(masked);
        }
        other => other?,
    }
    mask_item(
        &Head::default(),
        &plain,
        &stub("binary", &plain),
        work,
        &mut masked,
    )?;
    let must_go = decoder.unseen().any(|text| work.holds_secrets(text));
    Ok(if masked == plain && !must_go {
        record.to_vec()
    } else {
        decoder.encode(masked)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::payload::codec::tests::{decoded, encoded};
    use crate::rim::payload::sample::{check, head, pass, policy};

    fn delivery(records: &[Vec<u8>]) -> String {
        let records: Vec<String> = records
            .iter()
            .map(|record| format!("{{ \"data\" : \"{}\" }}", STANDARD.encode(record)))
            .collect();
        format!(
            "{{\"requestId\":\"a\",\"timestamp\":1578090901599,\"records\":[{}]}}",
            records.join(", ")
        )
    }

    #[test]
    fn records_are_looked_into() {
        let record = |text: &str| text.as_bytes().to_vec();
        let body = delivery(&[
            record("password=hunter2hunter2\n"),
            record("{\"a\":\"b\"}"),
            record("{\"password\":\"hunter2hunter2\"}"),
        ]);
        let masked = delivery(&[
            record("password=[REDACTED]\n"),
            record("{\"a\":\"b\"}"),
            record("{\"password\":\"[REDACTED]\"}"),
        ]);
        check("/any", "application/json", &body, &masked, "aws-delivery");
    }

    #[test]
    fn records_of_cloudwatch_are_gzip() {
        let event = r#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":"{\"password\":\"hunter2hunter2\"}"}]}"#;
        let clean = encoded("gzip", b"{\"logEvents\":[]}");
        let record = encoded("gzip", event.as_bytes());
        let body = delivery(&[clean.clone(), record.clone()]);
        let (out, outcome) = pass(&policy(), &head("/", ""), body.as_bytes()).expect("passes");
        let text = String::from_utf8(out).expect("text");
        let found = text::members(text.as_bytes(), &["data"]);
        let record_now = |at: usize| STANDARD.decode(&text[found[at].clone()]).expect("base64");
        assert_eq!(record_now(0), clean);
        let masked = decoded("gzip", &record_now(1)).expect("gzip");
        let expected = event.replace("hunter2hunter2", "[REDACTED]");
        assert_eq!(String::from_utf8_lossy(&masked), expected);
        assert_eq!(outcome.tally.masks(), 1);

        let body = format!(
            "{{\"awslogs\":{{\"data\":\"{}\"}}}}",
            STANDARD.encode(&record)
        );
        let (out, _) = pass(&policy(), &head("/", ""), body.as_bytes()).expect("passes");
        assert_ne!(out, body.as_bytes());
    }

    #[test]
    fn a_record_that_cannot_be_read_is_replaced() {
        let mut cut = encoded("gzip", b"password=hunter2hunter2");
        cut.truncate(20);
        let body = delivery(&[vec![0, 1, 2, 0xff], cut, b"x".to_vec()]);
        let (out, outcome) = pass(&policy(), &head("/", ""), body.as_bytes()).expect("passes");
        let expected = delivery(&[
            b"[blackbar: 4 bytes removed: binary]".to_vec(),
            b"[blackbar: 20 bytes removed: corrupt]".to_vec(),
            b"x".to_vec(),
        ]);
        assert_eq!(String::from_utf8_lossy(&out), expected);
        assert_eq!(outcome.stubs, [("binary", 1), ("corrupt", 1)]);
    }

    #[test]
    fn other_documents_with_data_are_left_alone() {
        for body in [
            r#"{"records":[{"data":"test"}]}"#,
            r#"{"requestId":"a","timestamp":1,"records":[],"data":"abcd"}"#,
            r#"{"awslogs":"data","data":"abcd"}"#,
        ] {
            check("/", "", body, body, "json");
        }
    }

    #[test]
    fn all_kinds_of_base64_are_read() {
        let secret = b"\xc3\xbe? the password=hunter2hunter2";
        let masked = b"\xc3\xbe? the password=[REDACTED]";
        for alphabet in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            let delivery = |spelled: &str| format!("{{\"awslogs\": {{\"data\" :\"{spelled}\"}}}}");
            let spelled = alphabet.encode(secret).replace('/', "\\/");
            let masked = delivery(&alphabet.encode(masked));
            check("/", "", &delivery(&spelled), &masked, "aws-delivery");
        }
    }
}
