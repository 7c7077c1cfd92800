use super::*;
use crate::rim::payload::codec::tests::{NAMES, decoded, encoded};
use crate::rim::payload::sample::{head, pass, pass_in, policy, rules};
use proptest::prelude::*;

fn encoded_head(coding: &str) -> Head {
    Head {
        content_encoding: Some(coding.to_owned()),
        ..head("/", "application/json")
    }
}

/// Texts with a secret.
const PLANTED: [&str; 3] = [
    " password=hunter2hunter2 ",
    " postgresql://app:hunter2hunter2@db/shop ",
    " token: hunter2hunter2 ",
];

/// Bodies of each format with a place for one.
const SHAPES: [(&str, &str, &str); 12] = [
    ("/", "text/plain", "a\nPLANTED\nb\n"),
    ("/", "application/json", r#"[{"a":["PLANTED"],"b":1}]"#),
    (
        "/",
        "application/x-ndjson",
        "{\"a\":1}\n{\"a\":\"PLANTED\"}\n",
    ),
    (
        "/_bulk",
        "application/json",
        "{\"index\":{}}\n{\"a\":\"PLANTED\"}\n",
    ),
    ("/i/_doc/1", "application/json", r#"{"a":{"b":"PLANTED"}}"#),
    (
        "/services/collector",
        "",
        r#"{"event":"a"}{"event":{"a":"PLANTED"}}"#,
    ),
    ("/", "application/x-www-form-urlencoded", "a=1&b=PLANTED&c"),
    (
        "/",
        "multipart/form-data; boundary=b",
        "--b\r\n\r\nPLANTED\r\n--b--\r\n",
    ),
    ("/", "application/xml", "<a><b c=\"d\">PLANTED</b></a>"),
    ("/api/v2/logs", "", r#"[{"message":"{\"a\":\"PLANTED\"}"}]"#),
    (
        "/loki/api/v1/push",
        "",
        r#"{"streams":[{"stream":{},"values":[["1","PLANTED"]]}]}"#,
    ),
    (
        "/v1/logs",
        "",
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"PLANTED"}}]}]}]}"#,
    ),
];

const SECRET: &[u8] = br#"{"a": 1.0, "password":"hunter2hunter2"}"#;
const MASKED: &[u8] = br#"{"a": 1.0, "password":"[REDACTED]"}"#;

#[test]
fn encoded_bodies_leave_as_they_came() {
    for coding in NAMES
        .into_iter()
        .chain(["gzip, br", "zstd,deflate , gzip", "identity"])
    {
        let head = encoded_head(coding);
        let (out, outcome) = pass_in(7, &policy(), &head, &encoded(coding, SECRET)).expect(coding);
        assert!(outcome.changed);
        assert_eq!(decoded(coding, &out).as_deref(), Ok(MASKED), "{coding}");
        assert_eq!(outcome.format, "json");

        let clean = encoded(coding, br#"{"a":1}"#);
        let (out, outcome) = pass(&policy(), &head, &clean).expect(coding);
        assert_eq!(out, clean);
        assert!(!outcome.changed);
    }
}

#[test]
fn what_gzip_says_beside_the_body_is_looked_at() {
    use std::io::Write as _;
    let plain = br#"{"a":1}"#;
    let named = |name: &str| {
        let builder = flate2::GzBuilder::new()
            .extra("ab")
            .filename(name)
            .comment("c");
        let mut encoder = builder.write(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).expect("memory");
        encoder.finish().expect("memory")
    };
    let clean = named("report.json");
    let (out, _) = pass(&policy(), &encoded_head("gzip"), &clean).expect("passes");
    assert_eq!(out, clean);
    for coding in ["gzip", "gzip, zstd"] {
        let mut bytes = encoded("gzip", b" ");
        bytes.extend_from_slice(&named("password=hunter2hunter2"));
        if coding != "gzip" {
            bytes = encoded("zstd", &bytes);
        }
        let (out, outcome) = pass(&policy(), &encoded_head(coding), &bytes).expect("passes");
        assert!(outcome.changed && outcome.tally.masks() == 1);
        assert_eq!(out, encoded(coding, b" {\"a\":1}"));
    }
}

/// A brotli stream of one block of metadata and one of uncompressed data (RFC 7932, 9.1
/// and 9.2). Both are short.
fn brotli_with_metadata(metadata: &[u8], data: &[u8]) -> Vec<u8> {
    // From the lowest bit on: WBITS 16; no last block; MNIBBLES 0; reserved; one byte of
    // length, less one.
    let head = 0b010_1100_u16 | (u16::try_from(metadata.len() - 1).unwrap() << 7);
    // No last block; four nibbles of length, less one; uncompressed.
    let block = u32::try_from(data.len() - 1).unwrap() << 3 | 1 << 19;
    [
        &head.to_le_bytes(),
        metadata,
        &block.to_le_bytes()[..3],
        data,
        &[0b11],
    ]
    .concat()
}

#[test]
fn what_brotli_hides_beside_the_body_is_looked_at() {
    let plain = br#"{"a":1}"#;
    let clean = brotli_with_metadata(b"made on a monday", plain);
    let (out, outcome) = pass(&policy(), &encoded_head("br"), &clean).expect("passes");
    assert_eq!((out, outcome.changed), (clean, false));
    let hiding = brotli_with_metadata(b"password=hunter2hunter2", plain);
    for coding in ["br", "br, gzip"] {
        let bytes = match coding {
            "br" => hiding.clone(),
            _ => encoded("gzip", &hiding),
        };
        let (out, outcome) = pass(&policy(), &encoded_head(coding), &bytes).expect("passes");
        assert!(outcome.changed, "{coding}");
        assert_eq!(out, encoded(coding, plain), "{coding}");
    }
}

#[test]
fn unknown_codings_are_refused() {
    for coding in ["compress", "gzip, x", "gzip;q=1", "gzip,gzip,gzip,gzip"] {
        let begun = Body::new(&rules(), &Arc::new(policy()), &encoded_head(coding));
        assert_eq!(begun.err(), Some(Refusal::UnknownEncoding), "{coding}");
    }
}

#[test]
fn empty_bodies_pass() {
    for coding in ["", "gzip", "br"] {
        let (out, outcome) = pass(&policy(), &encoded_head(coding), b"").expect("passes");
        assert!(out.is_empty() && !outcome.changed);
        assert_eq!(outcome.format, "empty");
    }
    let empty = encoded("gzip", b"");
    let (out, _) = pass(&policy(), &encoded_head("gzip"), &empty).expect("passes");
    assert_eq!(out, empty);
}

#[test]
fn more_than_the_route_takes_is_refused() {
    let mut policy = policy();
    policy.max_body = 100;
    let json = format!("[\"{}\"]", "a".repeat(96));
    assert!(pass(&policy, &head("/", ""), json.as_bytes()).is_ok());
    let json = format!("[\"{}\"]", "a".repeat(97));
    for coding in ["", "gzip", "br", "zstd", "deflate"] {
        let refused = pass(
            &policy,
            &encoded_head(coding),
            &encoded(coding, json.as_bytes()),
        );
        assert_eq!(refused.map(|_| ()), Err(Refusal::TooLarge), "{coding}");
    }
    // No line has ended, so that it is held.
    let refused = pass(&policy, &head("/", "application/x-ndjson"), json.as_bytes());
    assert_eq!(refused.map(|_| ()), Err(Refusal::TooLarge));
}

#[test]
fn held_says_what_is_held() {
    for coding in ["", "gzip", "zstd"] {
        let bytes = encoded(coding, format!("[\"{}\"]", "ab".repeat(50_000)).as_bytes());
        let mut body =
            Body::new(&rules(), &Arc::new(policy()), &encoded_head(coding)).expect("begins");
        body.write(&bytes, &mut Vec::new()).expect("goes on");
        assert!(body.held() >= 2 * 100_000, "{coding}");
        body.end(&mut Vec::new()).expect("ends");
        assert_eq!(body.held(), 0);
    }
}

#[test]
fn a_named_format_is_taken_at_its_word() {
    let mut policy = policy();
    policy.format = Some("text".to_owned());
    let (_, outcome) = pass(&policy, &head("/_bulk", "application/json"), SECRET).expect("passes");
    assert_eq!(outcome.format, "text");
    policy.format = Some("json".to_owned());
    let refused = pass(
        &policy,
        &head("/", "application/json"),
        b"\x1f\x8b\x08\0\0\0",
    );
    assert_eq!(refused.map(|_| ()), Err(Refusal::Undecodable));
}

#[test]
fn a_body_may_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Body>();
}

#[test]
fn padding_behind_gzip_stays_where_nothing_was_found() {
    let head = encoded_head("gzip");
    for (plain, is_clean) in [(&br#"{"a": 1.0}"#[..], true), (SECRET, false)] {
        let mut body = encoded("gzip", plain);
        body.resize(body.len() + 512, 0);
        let (out, outcome) = pass(&policy(), &head, &body).expect("passes");
        assert_eq!((out == body, outcome.changed), (is_clean, !is_clean));
        let plain = decoded("gzip", &out).expect("decodes");
        assert!(!plain.windows(7).any(|window| window == b"hunter2"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A secret in any place of any format is gone, and (asserted by `pass`) a second
    /// pass changes nothing.
    #[test]
    fn planted_secrets_are_gone(
        before in r"[a-z ]{0,8}",
        after in r"[a-z ]{0,8}",
        shape in 0..SHAPES.len(),
        planted in 0..PLANTED.len(),
        coding in prop::sample::select(vec!["", "gzip", "deflate", "br", "zstd", "gzip, zstd"]),
    ) {
        let (path, content_type, template) = SHAPES[shape];
        let planted = format!("{before}{}{after}", PLANTED[planted]);
        let spelled = if content_type.ends_with("urlencoded") {
            planted.replace('=', "%3D").replace(' ', "+")
        } else {
            planted
        };
        let body = template.replace("PLANTED", &spelled);
        let head = Head { content_encoding: Some(coding.to_owned()), ..head(path, content_type) };
        let bytes = encoded(coding, body.as_bytes());
        let (out, outcome) = pass(&policy(), &head, &bytes).expect("passes");
        let out = decoded(coding, &out).expect("decodes");
        let out = String::from_utf8_lossy(&out);
        prop_assert!(outcome.changed && outcome.tally.masks() > 0);
        prop_assert!(!out.contains("hunter2"), "{out}");
    }

    /// Multipart bodies in any order of their pieces.
    #[test]
    fn broken_parts_hide_nothing(
        text in "(--a|--|\r\n|\n|\r\n\r\n|b|c: d|name=\"x\"| password=hunter2hunter2 ){0,24}",
    ) {
        let body = format!("--a\r\n{text}");
        let head = head("/", "multipart/form-data; boundary=a");
        let (out, outcome) = pass(&policy(), &head, body.as_bytes()).expect("passes");
        let out = String::from_utf8_lossy(&out);
        prop_assert!(!out.contains("hunter2"), "{out}");
        prop_assert_eq!(outcome.format, "multipart");
        prop_assert_eq!(outcome.changed, text.contains("hunter2"));
    }

    /// Any bytes: nothing panics, and cuts cannot be seen (asserted by `pass`).
    #[test]
    fn any_bytes_pass_or_are_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        text in r#"[a-z{}\[\]":=&\n <>]{0,40}"#,
        kind in 0..6_usize,
    ) {
        let content_type = [
            "", "text/plain", "application/json", "application/x-ndjson",
            "application/x-www-form-urlencoded", "multipart/form-data; boundary=a",
        ][kind];
        let _ = pass(&policy(), &head("/", content_type), &bytes);
        let _ = pass(&policy(), &head("/_bulk", content_type), text.as_bytes());
        let _ = pass(&policy(), &head("/", content_type), text.as_bytes());
    }
}
