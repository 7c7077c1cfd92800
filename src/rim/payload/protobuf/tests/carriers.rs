//! What carries protobuf: calls of gRPC, and blocks of snappy.

use super::*;
use crate::rim::payload::codec::tests::{NAMES, decoded, encoded};
use crate::rim::payload::format::{MaskBody, grpc, loki_protobuf, remote_write};
use crate::rim::payload::packed;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::sample;
use crate::rim::payload::testing::{MASK, SECRET, head, masked, masked_by, policy, token};

// gRPC.

const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u32).to_be_bytes();
    [&[flag][..], &length, message].concat()
}

fn call(encoding: Option<&str>, path: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut head = head(path);
    head.content_type = Some("application/grpc".to_owned());
    head.grpc_encoding = encoding.map(str::to_owned);
    masked_by(grpc::mask, &head, &policy(), body).map(|(out, ..)| out)
}

#[test]
fn grpc_messages_are_framed_anew() {
    let build = |text: &str| [frame(0, &logs_of(text)), frame(0, &logs_of("b"))].concat();
    let body = build(&format!("password={SECRET}"));
    let expected = build(&format!("password={MASK}"));
    assert_eq!(call(None, EXPORT, &body), Ok(expected));
    assert_eq!(
        call(None, "/grpc.health.v1.Health/Check", &body),
        Err(Refusal::Undecodable)
    );
    for cut in 1..10 {
        assert_eq!(call(None, EXPORT, &body[..cut]), Err(Refusal::Undecodable));
    }
}

#[test]
fn grpc_messages_are_compressed_as_they_came() {
    for encoding in NAMES {
        let pack = |bytes: &[u8]| encoded(encoding, bytes);
        let body = frame(1, &pack(&logs_of(&token())));
        let out = call(Some(encoding), EXPORT, &body).unwrap();
        let unpacked = decoded(encoding, &out[5..]);
        assert_eq!(unpacked, Ok(logs_of(MASK)));
        assert_eq!(out[..5], frame(1, &out[5..])[..5]);
        let clean = frame(1, &pack(&logs_of("clean")));
        assert_eq!(call(Some(encoding), EXPORT, &clean), Ok(clean.clone()));
        assert_eq!(call(None, EXPORT, &clean), Err(Refusal::Undecodable));
        assert_eq!(
            call(Some("snappy"), EXPORT, &clean),
            Err(Refusal::UnknownEncoding)
        );
    }
    let bomb = frame(1, &encoded("gzip", &vec![0; 4 << 20]));
    assert_eq!(call(Some("gzip"), EXPORT, &bomb), Err(Refusal::TooDense));
}

// Loki and Prometheus.

fn push_of(text: &str, named: &str) -> Vec<u8> {
    let label = [field(1, "password"), field(2, named)].concat();
    let time = [int(1, 5), int(2, 7)].concat();
    let entry = [field(1, time), field(2, text), field(3, label)].concat();
    field(
        1,
        [
            field(1, format!("{{app=\"x\"}} {text}")),
            field(2, entry),
            int(3, 1),
        ]
        .concat(),
    )
}

fn write_of(text: &str, named: &str) -> Vec<u8> {
    let label = [field(1, "password"), field(2, named)].concat();
    let other = [field(1, "url"), field(2, text)].concat();
    let sample = fixed64(1, 0.5);
    let exemplar = [field(1, &other), fixed64(2, 1.0)].concat();
    let series = [
        field(1, label),
        field(1, other),
        field(2, sample),
        field(3, exemplar),
    ];
    let metadata = [int(1, 1), field(2, "name"), field(4, text), field(5, "s")].concat();
    [field(1, series.concat()), field(3, metadata)].concat()
}

/// Version 2: the name's index is 1, its value's 2.
fn write_2_of(text: &str, named: &str) -> Vec<u8> {
    let symbols = ["", "password", named, "url", text].map(|symbol| field(4, symbol));
    let series = [field(1, [1, 2, 3, 4]), field(2, fixed64(1, 0.5))].concat();
    [symbols.concat(), field(5, series)].concat()
}

#[test]
fn snappy_blocks_of_loki_and_prometheus() {
    let text = format!("token {}", token());
    for (mask, build) in [
        (
            loki_protobuf::mask as MaskBody,
            push_of as fn(&str, &str) -> Vec<u8>,
        ),
        (remote_write::mask, write_of),
        (remote_write::mask, write_2_of),
    ] {
        let body = packed::to_snappy(&build(&text, SECRET)).unwrap();
        let out = masked(mask, "/", &body).unwrap();
        let expected = build(&format!("token {MASK}"), MASK);
        assert_eq!(packed::from_snappy(&out, &policy()), Ok(expected));
        let clean = packed::to_snappy(&build("clean", "")).unwrap();
        assert_eq!(masked(mask, "/", &clean), Ok(clean.clone()));
        for cut in 0..body.len() {
            assert!(masked(mask, "/", &body[..cut]).is_err(), "{cut}");
        }
    }
    // Four bytes that say that they are 4 GiB.
    let bomb = [0xff, 0xff, 0xff, 0xff, 0x0f, 0];
    assert_eq!(
        masked(loki_protobuf::mask, "/", &bomb),
        Err(Refusal::TooLarge)
    );
}

#[test]
fn bodies_are_told_by_path_and_by_type() {
    let text = format!("password={SECRET}");
    let hidden = format!("password={MASK}");
    let block = |plain: &[u8]| packed::to_snappy(plain).unwrap();
    for (path, content_type, body, expected, format) in [
        (
            "/v1/logs",
            "application/x-protobuf",
            logs_of(&text),
            logs_of(&hidden),
            "otlp",
        ),
        (
            "/otlp/v1/traces",
            "",
            traces_of(&text),
            traces_of(&hidden),
            "otlp",
        ),
        (
            "/v1/metrics",
            "text/plain",
            metrics_of(&text),
            metrics_of(&hidden),
            "otlp",
        ),
        (
            EXPORT,
            "application/grpc",
            frame(0, &logs_of(&text)),
            frame(0, &logs_of(&hidden)),
            "otlp-grpc",
        ),
        (
            "/loki/api/v1/push",
            "",
            block(&push_of(&text, SECRET)),
            block(&push_of(&hidden, MASK)),
            "loki-protobuf",
        ),
        (
            "/api/v1/write",
            "",
            block(&write_of(&text, SECRET)),
            block(&write_of(&hidden, MASK)),
            "prometheus-remote-write",
        ),
    ] {
        let head = sample::head(path, content_type);
        let (out, outcome) = sample::pass(&policy(), &head, &body).unwrap();
        assert_eq!((out, outcome.format), (expected, format), "{path}");
    }
    let other = sample::head("/grpc.health.v1.Health/Check", "application/grpc");
    let out = sample::pass(&policy(), &other, &frame(0, b""));
    assert_eq!(out.unwrap_err(), Refusal::Undecodable);
}

#[test]
fn lengths_that_look_like_json() {
    let text = |length: usize| format!("{} password={SECRET}", "x".repeat(length));
    let hidden = |length: usize| format!("{} password={MASK}", "x".repeat(length));
    let record = |text: &str| logs(&[field(5, string(text))]);
    let push = |text: &str| field(1, field(2, field(2, text)));
    let mut seen = [0, 0];
    for length in 0..120 {
        let body = record(&text(length));
        seen[0] += usize::from(matches!(body[1], b'{' | b'['));
        let head = sample::head("/v1/logs", "application/x-protobuf");
        let (out, outcome) = sample::pass(&policy(), &head, &body).unwrap();
        assert_eq!((out, outcome.format), (record(&hidden(length)), "otlp"));
        let body = packed::to_snappy(&push(&text(length))).unwrap();
        seen[1] += usize::from(matches!(body[0], b'{' | b'['));
        let head = sample::head("/loki/api/v1/push", "application/x-protobuf");
        let (out, outcome) = sample::pass(&policy(), &head, &body).unwrap();
        let plain = packed::from_snappy(&out, &policy());
        assert_eq!(
            (plain, outcome.format),
            (Ok(push(&hidden(length))), "loki-protobuf")
        );
    }
    assert_eq!(seen, [2, 2]);
}
