//! Values written and read by a few lines that know nothing of the code under test.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::rim::payload::format::msgpack;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::sample;
use crate::rim::payload::testing::{MASK, SECRET, head, masked, masked_by, policy, token};

fn mask(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    masked(msgpack::mask, "/v0.4/traces", body)
}

/// Text in its shortest form, up to 2^16 bytes.
fn text(text: &str) -> Vec<u8> {
    let head = match text.len() {
        length @ ..32 => vec![0xa0 + length as u8],
        length @ ..256 => vec![0xd9, length as u8],
        length => vec![0xda, (length >> 8) as u8, length as u8],
    };
    [&head, text.as_bytes()].concat()
}

fn bin(bytes: &[u8]) -> Vec<u8> {
    [&[0xc4, bytes.len() as u8], bytes].concat()
}

fn array(values: &[Vec<u8>]) -> Vec<u8> {
    [vec![0x90 + values.len() as u8], values.concat()].concat()
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| [text(key), value.clone()].concat())
        .collect();
    [vec![0x80 + pairs.len() as u8], pairs.concat()].concat()
}

/// All strings, bytes and data of applications in well-formed values.
fn strings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let first = bytes[at];
        let number = |from: usize, size: usize| {
            bytes[at + from..at + from + size]
                .iter()
                .fold(0usize, |number, byte| number << 8 | usize::from(*byte))
        };
        let (head, length) = match first {
            0xa0..=0xbf => (1, usize::from(first & 31)),
            0xc4 | 0xd9 => (2, number(1, 1)),
            0xc5 | 0xda => (3, number(1, 2)),
            0xc6 | 0xdb => (5, number(1, 4)),
            0xc7 => (3, number(1, 1)),
            0xc8 => (4, number(1, 2)),
            0xc9 => (6, number(1, 4)),
            0xd4..=0xd8 => (2, 1 << (first - 0xd4)),
            0xcc | 0xd0 => (2, 0),
            0xcd | 0xd1 | 0xdc | 0xde => (3, 0),
            0xca | 0xce | 0xd2 | 0xdd | 0xdf => (5, 0),
            0xcb | 0xcf | 0xd3 => (9, 0),
            _ => (1, 0),
        };
        found.push(bytes[at + head..at + head + length].to_vec());
        at += head + length;
    }
    found
}

#[test]
fn every_string_is_masked_and_every_other_byte_stays() {
    let build = |secret: &str| {
        let ext = [&[0xc7, secret.len() as u8, 9], secret.as_bytes()].concat();
        array(&[
            map(&[
                ("a", text(secret)),
                ("b", array(&[text(secret), vec![0xc0][..].to_vec()])),
            ]),
            bin(secret.as_bytes()),
            ext,
            map(&[(secret, vec![0xcd, 0, 1])]),
            // A number, a time and an id in forms that are not the shortest.
            vec![0xd3, 0, 0, 0, 0, 0, 0, 0, 1],
            vec![0xd7, 0, 1, 2, 3, 4, 5, 6, 7, 8],
            [vec![0xda, 0, 1], b"x".to_vec()].concat(),
            bin(&[0, 1, 2, 3, 4, 5, 6, 7]),
        ])
    };
    let long = "x".repeat(60);
    for (secret, expected) in [
        (
            format!("{long} password={SECRET} b"),
            format!("{long} password={MASK} b"),
        ),
        (
            format!("{{\"password\":\"{SECRET}\", \"b\": \"{long}\"}}"),
            format!("{{\"password\":\"{MASK}\", \"b\": \"{long}\"}}"),
        ),
        (format!("{} {long}", token()), format!("{MASK} {long}")),
        ("clean".repeat(9), "clean".repeat(9)),
    ] {
        assert_eq!(mask(&build(&secret)), Ok(build(&expected)), "{expected}");
    }
}

#[test]
fn values_go_by_their_keys() {
    for (value, expected) in [
        (text(SECRET), text(MASK)),
        (bin(SECRET.as_bytes()), bin(MASK.as_bytes())),
        (bin(&[0, 1, 2]), bin(MASK.as_bytes())),
        (vec![77], text(MASK)),
        (vec![0xcd, 1, 2], text(MASK)),
        (vec![0xca, 0x3f, 0xc0, 0, 0], text(MASK)),
        (vec![0xd1, 0xff, 0], text(MASK)),
        (array(&[vec![77], text(SECRET)]), text(MASK)),
        (map(&[("a", map(&[("b", text(SECRET))]))]), text(MASK)),
        (vec![0xc0], vec![0xc0]),
        (vec![0xc3], vec![0xc3]),
    ] {
        let build = |value: &Vec<u8>| {
            map(&[
                ("password", value.clone()),
                (
                    "x",
                    array(&[map(&[("user_password", value.clone())]), vec![77]]),
                ),
            ])
        };
        assert_eq!(mask(&build(&value)), Ok(build(&expected)), "{value:?}");
    }
}

#[test]
fn values_go_by_the_names_of_pairs() {
    for build in [
        |it: Vec<u8>| map(&[("name", text("user_password")), ("value", it)]),
        |it| map(&[("Key", bin(b"password")), ("type", text("x")), ("v", it)]),
        |it| map(&[("id", text("7")), ("field", text("password")), ("data", it)]),
        |it| {
            map(&[(
                "x",
                array(&[map(&[("header", text("password")), ("val", it)])]),
            )])
        },
    ] {
        for (value, expected) in [
            (text(SECRET), text(MASK)),
            (bin(SECRET.as_bytes()), bin(MASK.as_bytes())),
            (bin(&[0xff, 1, 2]), bin(MASK.as_bytes())),
            (vec![0xcd, 1, 2], text(MASK)),
            (map(&[("stringValue", text(SECRET))]), text(MASK)),
            (array(&[text(SECRET), vec![7], vec![8]]), text(MASK)),
        ] {
            assert_eq!(
                mask(&build(value.clone())),
                Ok(build(expected)),
                "{value:?}"
            );
        }
    }
    // What stands before its name is found where it holds no other values.
    let behind = |it: Vec<u8>| map(&[("value", it), ("name", text("user_password"))]);
    for value in [text(SECRET), bin(&[0xff, 1, 2]), vec![0xcd, 1, 2]] {
        let is_bin = value[0] == 0xc4;
        let expected = if is_bin {
            bin(MASK.as_bytes())
        } else {
            text(MASK)
        };
        assert_eq!(mask(&behind(value)), Ok(behind(expected)));
    }
    let build = |it: &str| {
        let value = format!("Basic {it}");
        map(&[("name", text("Authorization")), ("value", text(&value))])
    };
    assert_eq!(mask(&build(SECRET)), Ok(build(MASK)));
}

#[test]
fn of_two_texts_the_first_may_name_the_second() {
    let build = |it: &Vec<u8>| map(&[("h", array(&[text("DB_PASSWORD"), it.clone()]))]);
    let basic = |it: &str| array(&[text("Authorization"), text(&format!("Basic {it}"))]);
    assert_eq!(mask(&build(&text(SECRET))), Ok(build(&text(MASK))));
    let (secret, masked) = (bin(SECRET.as_bytes()), bin(MASK.as_bytes()));
    assert_eq!(mask(&build(&secret)), Ok(build(&masked)));
    assert_eq!(mask(&basic(SECRET)), Ok(basic(MASK)));
}

#[test]
fn values_without_the_name_of_a_pair_stay() {
    let far = |name: &'static str| (name, text("x"));
    for body in [
        map(&[("name", text("colour")), ("value", text(SECRET))]),
        map(&[("title", text("password")), ("value", text(SECRET))]),
        map(&[("name", text("password")), ("shown", text(SECRET))]),
        map(&[
            ("name", text("password")),
            far("a"),
            far("b"),
            far("c"),
            ("value", text(SECRET)),
        ]),
        array(&[text("a"), text("password"), text(SECRET)]),
        array(&[text("a"), text("b")]),
    ] {
        assert_eq!(mask(&body), Ok(body));
    }
}

#[test]
fn bytes_that_are_no_text_are_stubbed() {
    let packed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let body = map(&[("x", bin(&packed))]);
    let (out, stubs) = masked_by(msgpack::mask, &head("/"), &policy(), &body).unwrap();
    assert_eq!(out, map(&[("x", bin(b"[blackbar: bytes removed]"))]));
    assert_eq!(stubs, [("binary", 1)]);
}

#[test]
fn several_values_and_text_that_poses_as_numbers() {
    let build = |text_: &str| [map(&[("password", text(text_))]), array(&[text("b")])].concat();
    assert_eq!(mask(&build(SECRET)), Ok(build(MASK)));
    let line = format!("password={SECRET}");
    assert_eq!(
        mask(line.as_bytes()),
        Ok(format!("password={MASK}").into_bytes())
    );
    let behind = [map(&[]), line.into_bytes()].concat();
    assert_eq!(mask(&behind), Err(Refusal::Undecodable));
}

#[test]
fn bodies_are_told_by_path_and_by_type() {
    let build = |text_: &str| array(&[map(&[("password", text(text_))])]);
    for (path, content_type) in [
        ("/v0.4/traces", "application/octet-stream"),
        ("/v0.5/traces", ""),
        ("/any", "application/msgpack"),
        ("/any", "application/vnd.msgpack"),
        ("/any", "application/x-msgpack"),
    ] {
        let head = sample::head(path, content_type);
        let (out, outcome) = sample::pass(&policy(), &head, &build(SECRET)).unwrap();
        assert_eq!((out, outcome.format), (build(MASK), "msgpack"), "{path}");
    }
}

#[test]
fn what_is_no_msgpack_is_refused() {
    let deep = [vec![0x91; 300], vec![0xc0]].concat();
    let body = map(&[
        ("password", array(&[text(SECRET), vec![7]])),
        ("a", text("b")),
    ]);
    for cut in 1..body.len() {
        assert_eq!(mask(&body[..cut]), Err(Refusal::Undecodable), "{cut}");
    }
    for body in [
        deep,
        vec![0x91, 0xc1],
        vec![0xdf, 0xff, 0xff, 0xff, 0xff, 0x80],
        vec![0xdb, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert_eq!(mask(&body), Err(Refusal::Undecodable));
    }
}

/// A value in one of its forms, not always the shortest.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        "[a-z {}\"\\\\é]{0,40}".prop_map(|value| text(&value)),
        "[a-z]{0,9}"
            .prop_map(|value| [&[0xdb, 0, 0, 0, value.len() as u8], value.as_bytes()].concat()),
        "[a-z]{0,9}".prop_map(|value| bin(value.as_bytes())),
        vec(any::<u8>(), 0..=16).prop_map(|value| bin(&value)),
        vec(any::<u8>(), 8).prop_map(|value| [&[0xcb], &value[..]].concat()),
        vec(any::<u8>(), 4).prop_map(|value| [&[0xd2], &value[..]].concat()),
        vec(any::<u8>(), 9).prop_map(|value| [&[0xd7], &value[..]].concat()),
        prop_oneof![Just(0xc0), Just(0xc2), Just(0xc3), 0..0x80u8, 0xe0..=0xffu8]
            .prop_map(|first| vec![first]),
    ];
    leaf.prop_recursive(5, 30, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| array(&values)),
            vec(inner.clone(), 0..4).prop_map(|values| [
                vec![0xdd, 0, 0, 0, values.len() as u8],
                values.concat()
            ]
            .concat()),
            vec((inner.clone(), inner.clone()), 0..4).prop_map(|pairs| {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(key, value)| [&key[..], value].concat())
                    .collect();
                [vec![0xde, 0, pairs.len() as u8], pairs.concat()].concat()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_holds_no_secret_stays(values in vec(value(), 0..4)) {
        let body = array(&values);
        prop_assert_eq!(mask(&body), Ok(body));
    }

    #[test]
    fn broken_values_let_no_token_through(
        before in value(),
        after in value(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let token = token();
        let mut body = array(&[before, map(&[("a", text(&token))]), after]);
        for (index, byte) in changes {
            let at = index.index(body.len());
            if !token.as_bytes().contains(&body[at]) {
                body[at] = byte;
            }
        }
        if std::str::from_utf8(&body).is_err() && let Ok(out) = mask(&body) {
            for string in strings(&out) {
                prop_assert!(memchr::memmem::find(&string, token.as_bytes()).is_none());
            }
        }
    }
}
