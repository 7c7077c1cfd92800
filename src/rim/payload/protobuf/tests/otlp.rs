//! OTLP: the strings of every signal, values by their names, and whatever else comes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::rim::config::policy::Undecodable;
use crate::rim::payload::format::otlp;
use crate::rim::payload::protobuf::wire::write_varint;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::testing::{MASK, SECRET, head, holds, masked, masked_by, policy, token};

fn logs_masked(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    masked(otlp::mask, "/v1/logs", body)
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
    let (out, stubs) = masked_by(otlp::mask, &head("/v1/logs"), &policy(), &body).unwrap();
    assert_eq!((out, stubs), (expected, vec![("binary", 1)]));
    let mut refusing = policy();
    refusing.undecodable = Undecodable::Refuse;
    let out = masked_by(otlp::mask, &head("/v1/logs"), &refusing, &body);
    assert_eq!(out.unwrap_err(), Refusal::Undecodable);
}

#[test]
fn what_is_no_message_is_refused() {
    let mut deep = string("x");
    for _ in 0..200 {
        let mut outer = tag(5, 2);
        write_varint(deep.len() as u64 + 3, &mut outer);
        outer.extend(tag(1, 2));
        write_varint(deep.len() as u64, &mut outer);
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
        logs(&[field(5, deep)]),
    ];
    for body in cases {
        assert_eq!(logs_masked(&body), Err(Refusal::Undecodable), "{body:?}");
    }
    assert_eq!(masked(otlp::mask, "/other", b""), Err(Refusal::Undecodable));
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
            vec(("[xyz]{0,5}", inner), 0..3).prop_map(|pairs| {
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
                // The token itself stays what it is, and no letter before it makes another
                // word of it.
                if !token.as_bytes().contains(&body[at]) && !byte.is_ascii_alphanumeric() {
                    body[at] = byte;
                }
            }
        }
        if let Ok(out) = masked(otlp::mask, path, &body) {
            prop_assert!(!holds(&out, &token));
        }
    }
}
