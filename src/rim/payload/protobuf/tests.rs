//! Messages of OTLP, written by a few lines that know nothing of the code under test.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::rim::payload::format::{grpc, loki_protobuf, otlp, remote_write};
use crate::rim::payload::inflate;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::testing::{MASK, SECRET, head, holds, masked, masked_by, policy, token};

/// A field of bytes, whose length is less than 2^14.
fn field(number: u32, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut out = tag(number, 2);
    if content.len() > 127 {
        out.push(content.len() as u8 & 127 | 128);
        out.push((content.len() >> 7) as u8);
    } else {
        out.push(content.len() as u8);
    }
    out.extend_from_slice(content);
    out
}

fn tag(number: u32, wire: u32) -> Vec<u8> {
    let tag = number << 3 | wire;
    if tag > 127 {
        vec![tag as u8 & 127 | 128, (tag >> 7) as u8]
    } else {
        vec![tag as u8]
    }
}

/// A field with a varint of one byte.
fn int(number: u32, value: u8) -> Vec<u8> {
    [tag(number, 0), vec![value]].concat()
}

fn fixed64(number: u32, value: f64) -> Vec<u8> {
    [tag(number, 1), value.to_le_bytes().to_vec()].concat()
}

fn string(text: &str) -> Vec<u8> {
    field(1, text)
}

fn array(values: &[Vec<u8>]) -> Vec<u8> {
    let values: Vec<_> = values.iter().map(|value| field(1, value)).collect();
    field(5, values.concat())
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| field(1, pair(key, value)))
        .collect();
    field(6, pairs.concat())
}

fn pair(key: &str, value: &[u8]) -> Vec<u8> {
    [field(1, key), field(2, value)].concat()
}

const TRACE: [u8; 16] = *b"=token=abcdefgh\xff";

/// A request of logs whose record has these fields.
fn logs(record: &[Vec<u8>]) -> Vec<u8> {
    field(1, field(2, field(2, record.concat())))
}

fn logs_masked(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    masked(otlp::mask, "/v1/logs", body)
}

/// Logs with this text wherever a string can be.
fn logs_of(text: &str) -> Vec<u8> {
    let attributes = [field(1, pair("plain", &string(text))), int(2, 3)].concat();
    let entity = [
        field(1, text),
        field(2, text),
        field(3, text),
        field(4, text),
    ]
    .concat();
    let scope = [
        field(1, text),
        field(2, text),
        field(3, pair("plain", &string(text))),
    ];
    let record = [
        [tag(1, 1), vec![1; 8]].concat(),
        int(2, 9),
        field(3, text),
        field(
            5,
            map(&[("a", array(&[string(text), map(&[("b", string(text))])]))]),
        ),
        field(6, pair("bytes", &field(7, text))),
        field(6, pair(text, &string(text))),
        field(9, TRACE),
        field(10, b"=token=x"),
        field(12, text),
        [tag(8, 5), vec![1; 4]].concat(),
        field(500, text),
        field(501, field(3, field(7, text))),
    ];
    let resource = [attributes, field(3, entity)].concat();
    let scope_logs = [
        field(1, scope.concat()),
        field(2, record.concat()),
        field(3, text),
    ];
    field(
        1,
        [
            field(1, resource),
            field(2, scope_logs.concat()),
            field(3, text),
        ]
        .concat(),
    )
}

fn traces_of(text: &str) -> Vec<u8> {
    let attribute = pair("plain", &string(text));
    let span = [
        field(1, TRACE),
        field(2, b"=token=x"),
        field(3, text),
        field(4, b"=token=x"),
        field(5, text),
        int(6, 1),
        field(9, &attribute),
        field(11, [field(2, text), field(3, &attribute)].concat()),
        field(
            13,
            [field(1, TRACE), field(3, text), field(4, &attribute)].concat(),
        ),
        field(15, [field(2, text), int(3, 2)].concat()),
    ];
    field(1, field(2, field(2, span.concat())))
}

fn metrics_of(text: &str) -> Vec<u8> {
    let attribute = pair("plain", &string(text));
    let exemplar = [field(7, &attribute), field(4, b"=token=x"), field(5, TRACE)].concat();
    let metric = [
        field(1, text),
        field(2, text),
        field(3, text),
        field(
            5,
            field(1, [field(7, &attribute), field(5, &exemplar)].concat()),
        ),
        field(7, [field(1, field(7, &attribute)), int(2, 2)].concat()),
        field(
            9,
            field(
                1,
                [field(9, &attribute), field(6, [7; 16]), field(8, &exemplar)].concat(),
            ),
        ),
        field(
            10,
            field(1, [field(1, &attribute), field(11, &exemplar)].concat()),
        ),
        field(11, field(1, field(7, &attribute))),
        field(12, &attribute),
    ];
    field(1, field(2, field(2, metric.concat())))
}

fn profiles_of(text: &str) -> Vec<u8> {
    let dictionary = [
        field(5, ""),
        field(5, text),
        field(6, [int(1, 0), field(2, string(text)), int(3, 0)].concat()),
        field(2, [int(1, 0), field(9, text)].concat()),
    ];
    let resource = field(1, pair("plain", &string(text)));
    let profiles = [field(1, &resource), field(2, field(2, field(7, text)))].concat();
    [field(1, profiles), field(2, dictionary.concat())].concat()
}

type Build = fn(&str) -> Vec<u8>;

const SIGNALS: [(&str, Build); 4] = [
    ("/v1/logs", logs_of),
    ("/v1/traces", traces_of),
    ("/v1/metrics", metrics_of),
    ("/v1development/profiles", profiles_of),
];

#[test]
fn every_string_is_masked_and_every_other_byte_stays() {
    for (path, build) in SIGNALS {
        for (secret, expected) in [
            (
                format!("a password={SECRET} b"),
                format!("a password={MASK} b"),
            ),
            (token(), MASK.to_owned()),
            (
                format!("{{\"password\":\"{SECRET}\"}}"),
                format!("{{\"password\":\"{MASK}\"}}"),
            ),
            ("nothing at all".repeat(12), "nothing at all".repeat(12)),
        ] {
            let out = masked(otlp::mask, path, &build(&secret));
            assert_eq!(out, Ok(build(&expected)), "{path} {expected}");
        }
    }
}

#[test]
fn values_go_by_their_names() {
    let cases = [
        (string(SECRET), string(MASK)),
        (int(3, 77), string(MASK)),
        (fixed64(4, 1.5), string(MASK)),
        (int(2, 1), int(2, 1)),
        (field(7, SECRET), field(7, MASK)),
        (field(7, [0, 1, 2]), field(7, MASK)),
        (map(&[("a", string(SECRET))]), string(MASK)),
        (array(&[int(3, 77), string(SECRET)]), string(MASK)),
    ];
    for (value, expected) in cases {
        let build = |value: &Vec<u8>| {
            let nested = map(&[("a", array(&[map(&[("user_password", value.clone())])]))]);
            logs(&[
                field(6, pair("password", value)),
                field(6, pair("harmless", &int(3, 77))),
                field(5, nested),
            ])
        };
        let out = logs_masked(&build(&value));
        assert_eq!(out, Ok(build(&expected)), "{value:?}");
    }
}

#[test]
fn a_value_before_its_name_and_a_name_said_twice() {
    let build = |text: &str| {
        logs(&[
            field(6, [field(2, string(text)), field(1, "password")].concat()),
            field(
                6,
                [field(1, "a"), field(1, "password"), field(2, string(text))].concat(),
            ),
        ])
    };
    assert_eq!(logs_masked(&build(SECRET)), Ok(build(MASK)));
}

#[test]
fn names_by_index() {
    let build = |text: &str| {
        let by_index = |index| [int(1, index), field(2, string(text))].concat();
        let dictionary = [field(5, ""), field(5, "password"), field(6, by_index(1))];
        field(2, dictionary.concat())
    };
    let out = masked(otlp::mask, "/v1development/profiles", &build(SECRET));
    assert_eq!(out, Ok(build(MASK)));
}

#[test]
fn bytes_that_are_no_text_are_stubbed_or_refused() {
    let body = logs(&[field(6, pair("x", &field(7, [0x1f, 0x8b, 8, 0])))]);
    let expected = logs(&[field(6, pair("x", &field(7, "[blackbar: bytes removed]")))]);
    let (out, _, stubs) = masked_by(otlp::mask, &head("/v1/logs"), &policy(), &body).unwrap();
    assert_eq!((out, stubs), (expected, vec![("binary", 1)]));
    let mut refusing = policy();
    refusing.undecodable = crate::rim::config::policy::Undecodable::Refuse;
    let out = masked_by(otlp::mask, &head("/v1/logs"), &refusing, &body);
    assert_eq!(out.unwrap_err(), Refusal::Undecodable);
}

#[test]
fn what_is_no_message_is_refused() {
    let mut deep = string("x");
    for _ in 0..200 {
        let mut outer = tag(5, 2);
        super::wire::write_varint(deep.len() as u64 + 3, &mut outer);
        outer.extend(tag(1, 2));
        super::wire::write_varint(deep.len() as u64, &mut outer);
        outer.extend(&deep);
        deep = outer;
    }
    let cases = [
        vec![0x0b, 0x0c],
        vec![0x00, 0x01],
        [vec![0x08], vec![0xff; 10], vec![1]].concat(),
        vec![0x0a, 5, 1],
        vec![
            0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
        ],
        vec![0x0f],
        logs(&[deep]),
    ];
    for body in cases {
        assert_eq!(logs_masked(&body), Err(Refusal::Undecodable), "{body:?}");
    }
    assert_eq!(masked(otlp::mask, "/other", b""), Err(Refusal::Undecodable));
}

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
    for encoding in ["gzip", "deflate"] {
        let pack = |bytes: &[u8]| match encoding {
            "gzip" => inflate::to_gzip(bytes),
            _ => inflate::to_zlib(bytes),
        };
        let body = frame(1, &pack(&logs_of(&token())));
        let out = call(Some(encoding), EXPORT, &body).unwrap();
        let unpacked = match encoding {
            "gzip" => inflate::from_gzip(&out[5..], &policy()),
            _ => inflate::from_zlib(&out[5..], &policy()),
        };
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
    let bomb = frame(1, &inflate::to_gzip(&vec![0; 4 << 20]));
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
            loki_protobuf::mask as crate::rim::payload::format::MaskBody,
            push_of as fn(&str, &str) -> Vec<u8>,
        ),
        (remote_write::mask, write_of),
        (remote_write::mask, write_2_of),
    ] {
        let body = inflate::to_snappy(&build(&text, SECRET)).unwrap();
        let out = masked(mask, "/", &body).unwrap();
        let expected = build(&format!("token {MASK}"), MASK);
        assert_eq!(inflate::from_snappy(&out, &policy()), Ok(expected));
        let clean = inflate::to_snappy(&build("clean", "")).unwrap();
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

// Whatever comes.

/// A value of any type, in OTLP's terms.
fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        "[a-z {}\"\\\\é]{0,20}".prop_map(|text| string(&text)),
        (0..100u8).prop_map(|value| int(3, value)),
        any::<f64>().prop_map(|value| fixed64(4, value)),
        "[ -~]{0,9}".prop_map(|text| field(20, text)),
        Just(Vec::new()),
    ];
    leaf.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|values| array(&values)),
            vec(("[a-z]{0,5}", inner), 0..3).prop_map(|pairs| {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(key, value)| (&**key, value.clone()))
                    .collect();
                map(&pairs)
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_holds_no_secret_stays(value in any_value(), unknown in vec(any::<u8>(), 0..40)) {
        let body = logs(&[field(5, &value), field(6, pair("a", &value)), field(99, &unknown)]);
        let out = logs_masked(&body);
        prop_assert_eq!(out, Ok(body));
    }

    #[test]
    fn a_secret_among_other_values_goes(value in any_value(), depth in 0..6usize) {
        let mut inner = map(&[("secret", value.clone()), ("password", string(SECRET))]);
        for _ in 0..depth {
            inner = array(&[value.clone(), map(&[("a", inner)])]);
        }
        let out = logs_masked(&logs(&[field(5, inner)])).unwrap();
        prop_assert!(!holds(&out, SECRET));
    }

    #[test]
    fn broken_messages_let_no_token_through(
        signal in 0..4usize,
        cut in 0..2000usize,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let (path, build) = SIGNALS[signal];
        let token = token();
        let mut body = build(&token);
        body.truncate(cut);
        for (index, byte) in changes {
            if !body.is_empty() {
                let at = index.index(body.len());
                // The token itself stays what it is.
                if !token.as_bytes().contains(&body[at]) {
                    body[at] = byte;
                }
            }
        }
        if let Ok(out) = masked(otlp::mask, path, &body) {
            prop_assert!(!holds(&out, &token));
        }
    }
}
