//! Envelopes and events, as SDKs send them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::rim::config::policy::{Policy, Undecodable};
use crate::rim::payload::codec::tests::{decoded, encoded};
use crate::rim::payload::format::sentry;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::sample;
use crate::rim::payload::testing::{MASK, SECRET, Stubs, head, holds, masked_by, policy, token};

const PATH: &str = "/api/42/envelope/";
const ID: &str = "9ec79c33ec9942ab8353589fcb2e04dc";
const KEY: &str = "e12d836b15bb49d7bbf99e64295d995b";

fn mask_by(policy: &Policy, body: &[u8]) -> Result<(Vec<u8>, Stubs), Refusal> {
    masked_by(sentry::FORMAT.mask, &head(PATH), policy, body)
}

fn mask(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    mask_by(&policy(), body).map(|(out, _)| out)
}

fn store(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    masked_by(sentry::STORE.mask, &head("/api/42/store/"), &policy(), body).map(|(out, _)| out)
}

/// An item with a `length` between two other members.
fn item(kind: &str, more: &str, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let header = format!("{{ \"type\":\"{kind}\",\"length\" : {length},\"n\":1{more}}}\n");
    [header.as_bytes(), payload].concat()
}

fn envelope(items: &[Vec<u8>], end: &str) -> Vec<u8> {
    let header = format!("{{\"event_id\":\"{ID}\", \"sent_at\":\"2026-01-01T00:00:00Z\"}}\n");
    [header.as_bytes(), &items.join(&b'\n'), end.as_bytes()].concat()
}

const JSON_ITEMS: [&str; 22] = [
    "event",
    "transaction",
    "session",
    "sessions",
    "check_in",
    "feedback",
    "user_report",
    "profile",
    "profile_chunk",
    "log",
    "otel_log",
    "span",
    "client_report",
    "replay_event",
    "statsd",
    "metric_buckets",
    "trace_metric",
    "form_data",
    "security",
    "attachment",
    "not_known_yet",
    "replay_recording",
];

#[test]
fn items_are_masked_and_their_lengths_follow() {
    let json = |text: &str| {
        format!("{{\"a\":{{\"password\": \"{text}\"}},\n \"b\":[1.50,\"x password={text}\"]}}")
    };
    for kind in JSON_ITEMS {
        for end in ["", "\n"] {
            let build = |text: &str| {
                let payload = json(text).into_bytes();
                let raw = item("attachment", ",\"filename\":\"a.log\"", b"a\nb\n");
                envelope(
                    &[item(kind, "", &payload), raw, item(kind, "", &payload)],
                    end,
                )
            };
            assert_eq!(mask(&build(SECRET)), Ok(build(MASK)), "{kind}");
            let clean = build("");
            assert_eq!(mask(&clean), Ok(clean.clone()), "{kind}");
        }
    }
}

#[test]
fn items_without_length_end_with_their_line() {
    let build = |text: &str| {
        format!(
            "{{\"sent_at\":\"x\"}}\n{{\"type\":\"event\"}}\n{{\"password\":\"{text}\"}}\n{{\"type\":\"attachment\"}}\npassword={text}"
        )
    };
    assert_eq!(mask(build(SECRET).as_bytes()), Ok(build(MASK).into_bytes()));
}

#[test]
fn empty_envelopes_and_empty_payloads() {
    for body in [
        "{}",
        "{}\n",
        "{\"event_id\":\"x\"}\n\n{\"type\":\"event\",\"length\":0}\n\n",
        "{}\n{\"type\":\"event\",\"length\":0}",
        "{}\n{\"type\":\"event\"}\n\n{\"type\":\"event\",\"length\":2}\n{}",
    ] {
        assert_eq!(
            mask(body.as_bytes()),
            Ok(body.as_bytes().to_vec()),
            "{body}"
        );
    }
}

#[test]
fn what_has_no_boundaries_is_refused() {
    for body in [
        "",
        "\n",
        "not json\n",
        "[]\n",
        "{}\n{\"length\":2}\n{}",
        "{}\n{\"type\":\"event\",\"length\":3}\n{}",
        "{}\n{\"type\":\"event\",\"length\":1}\n{}",
        "{}\n{\"type\":\"event\",\"length\":-2}\n{}",
        "{}\n{\"type\":\"event\",\"length\":2.0}\n{}",
        "{}\n{\"type\":\"event\",\"length\":\"2\"}\n{}",
        "{}\n{\"type\":\"event\",\"length\":18446744073709551615}\n{}",
        "{}\n{\"type\":\"event\",\"length\":99999999999999999999999}\n{}",
        "{}\n{\"type\":\"event\",\"length\":2,\"length\":2}\n{}",
        "{}\n{\"type\":\"event\",\"length\":2,\"len\\u0067th\":1}\n{}",
        "{}\n{\"type\":\"event\"",
        "{}\npassword=x",
    ] {
        assert_eq!(mask(body.as_bytes()), Err(Refusal::Undecodable), "{body}");
    }
}

#[test]
fn ids_of_the_protocol_survive() {
    let session = |password: &str| {
        format!(
            "{{\"sid\":\"{ID}\",\"did\":\"u1\",\"attrs\":{{\"sid\":\"{password}\",\"password\":\"{password}\"}}}}"
        )
    };
    let build = |text: &str| {
        let event = format!(
            "{{\"event_id\":\"{ID}\",\"contexts\":{{\"trace\":{{\"trace_id\":\"{ID}\",\"span_id\":\"9ec79c33ec9942ab\"}}}},\"password\":\"{text}\"}}"
        );
        let items = [
            item("session", "", session(text).as_bytes()),
            item("event", "", event.as_bytes()),
        ];
        let header = format!(
            "{{\"event_id\":\"{ID}\",\"trace\":{{\"trace_id\":\"{ID}\",\"public_key\":\"{KEY}\",\"password\":\"{text}\"}}}}\n"
        );
        [header.as_bytes(), &items.join(&b'\n')].concat()
    };
    let secret = "x7".repeat(16);
    assert_eq!(mask(&build(&secret)), Ok(build(MASK)));
}

#[test]
fn ids_are_looked_for_at_a_few_levels_only() {
    let nested = |depth: usize| {
        let open = "{\"trace\":".repeat(depth);
        let close = "}".repeat(depth);
        let inner = format!("{{\"trace_id\":\"{ID}\",\"password\":\"{SECRET}\"}}");
        store(format!("{{\"contexts\":{open}{inner}{close}}}").as_bytes()).unwrap()
    };
    assert!(holds(&nested(2), ID));
    // With a pass for each level this would take minutes.
    assert!(!holds(&nested(30_000), SECRET));
}

#[test]
fn a_dsn_keeps_its_key_and_names_the_upstream() {
    let mut mapped = policy();
    mapped.sentry_upstream = Some("https://sentry.example:8443".to_owned());
    let header = |dsn: &str| format!("{{\"dsn\":\"{dsn}\",\"event_id\":\"{ID}\"}}\n");
    for (policy, dsn, expected) in [
        (
            &mapped,
            format!("http://{KEY}@127.0.0.1:9000/42"),
            format!("https://{KEY}@sentry.example:8443/42"),
        ),
        (
            &mapped,
            format!("http://{KEY}@127.0.0.1:9000/a/b/42"),
            format!("https://{KEY}@sentry.example:8443/a/b/42"),
        ),
        (
            &mapped,
            format!("http:\\/\\/{KEY}@127.0.0.1\\/42"),
            format!("https:\\/\\/{KEY}@sentry.example:8443\\/42"),
        ),
        (
            &mapped,
            format!("http://{KEY}:{SECRET}@h/42"),
            format!("https://{KEY}:{MASK}@sentry.example:8443/42"),
        ),
        (
            &policy(),
            format!("http://{KEY}@h:1/42"),
            format!("http://{KEY}@h:1/42"),
        ),
        (&mapped, "nothing".to_owned(), "nothing".to_owned()),
    ] {
        let out = mask_by(policy, header(&dsn).as_bytes())
            .map(|(out, _)| String::from_utf8(out).unwrap());
        assert_eq!(out, Ok(header(&expected)));
    }
}

#[test]
fn attachments_by_what_they_are() {
    let gzip = encoded("gzip", b"password=x");
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let minidump = b"MDMP\x93\xa7\0\0".to_vec();
    for (payload, more, reason) in [
        (gzip, "", "compressed"),
        (picture.clone(), ",\"content_type\":\"image/png\"", "binary"),
        (
            minidump,
            ",\"attachment_type\":\"event.minidump\"",
            "minidump",
        ),
    ] {
        let body = envelope(
            &[item("attachment", more, &payload), item("event", "", b"{}")],
            "\n",
        );
        let stub = format!(
            "[blackbar: attachment removed: {reason}, {} bytes]",
            payload.len()
        );
        let expected = envelope(
            &[
                item("attachment", more, stub.as_bytes()),
                item("event", "", b"{}"),
            ],
            "\n",
        );
        assert_eq!(mask_by(&policy(), &body), Ok((expected, vec![(reason, 1)])));
        let mut refusing = policy();
        refusing.undecodable = Undecodable::Refuse;
        assert_eq!(mask_by(&refusing, &body), Err(Refusal::Undecodable));
    }
    let mut passing = policy();
    passing.passed_types = vec!["image/*".to_owned()];
    let body = envelope(
        &[item(
            "attachment",
            ",\"content_type\":\"image/png\"",
            &picture,
        )],
        "",
    );
    assert_eq!(mask_by(&passing, &body), Ok((body.clone(), vec![])));
    // Text is read whatever it says that it is.
    let build = |text: &str| {
        let text = format!("a\npassword={text}\n");
        envelope(
            &[item(
                "attachment",
                ",\"content_type\":\"image/png\"",
                text.as_bytes(),
            )],
            "",
        )
    };
    assert_eq!(mask_by(&passing, &build(SECRET)), Ok((build(MASK), vec![])));
}

#[test]
fn utf_16_is_no_text() {
    let wide: Vec<u8> = SECRET.bytes().flat_map(|byte| [byte, 0]).collect();
    let out = mask(&envelope(&[item("attachment", "", &wide)], "")).unwrap();
    assert!(memchr::memmem::find(&out, &wide).is_none());
}

#[test]
fn recordings_are_decoded_and_encoded() {
    let plain = |text: &str| format!("[{{\"data\":{{\"password\":\"{text}\"}}}}]").into_bytes();
    let build = |text: &str| {
        [
            b"{\"segment_id\":0}\n",
            &encoded("deflate", &plain(text))[..],
        ]
        .concat()
    };
    let body = |text: &str| {
        envelope(
            &[
                item("replay_recording", "", &build(text)),
                item("event", "", b"{}"),
            ],
            "",
        )
    };
    let out = mask(&body(SECRET)).unwrap();
    let start = memchr::memmem::find(&out, b"segment_id").unwrap() + 15;
    let end = memchr::memmem::rfind(&out, b"\n{ \"type\":\"event\"").unwrap();
    let data = decoded("deflate", &out[start..end]);
    assert_eq!(data, Ok(plain(MASK)));
    let payload = [b"{\"segment_id\":0}\n", &out[start..end]].concat();
    let expected = [
        item("replay_recording", "", &payload),
        item("event", "", b"{}"),
    ];
    assert_eq!(out, envelope(&expected, ""));
    let clean = body("");
    assert_eq!(mask(&clean), Ok(clean.clone()));
    let broken = [b"{\"segment_id\":0}\n", &[0x78, 0x9c, 1, 2, 3, 0][..]].concat();
    let (_, stubs) = mask_by(
        &policy(),
        &envelope(&[item("replay_recording", "", &broken)], ""),
    )
    .unwrap();
    assert_eq!(stubs, [("replay", 1)]);
}

#[test]
fn a_tunnel_is_told_by_its_body() {
    let looks_like = |body: &[u8]| (sentry::FORMAT.by_look)(&head("/tunnel"), body);
    assert!(looks_like(&envelope(&[item("event", "", b"{}")], "")));
    assert!(looks_like(b"{\"dsn\":\"x\"}\n{\"type\":\"session\"}\n{}"));
    for other in [
        &b""[..],
        b"{}",
        b"{\"dsn\":\"x\"}\n",
        b"{\"a\":1}\n{\"type\":\"x\"}\n{}",
        b"{\"dsn\":1}\n{\"b\":2}",
    ] {
        assert!(!looks_like(other));
    }
    let by_path = |path: &str| (sentry::FORMAT.by_path)(&head(path), b"");
    assert!(by_path("/api/42/envelope/") && by_path("/sentry/api/42/envelope"));
    assert!(!by_path("/api/envelope/") && !by_path("/api/42/store/"));
}

#[test]
fn events_of_the_store_endpoint() {
    let event =
        |text: &str| format!("{{\"event_id\":\"{ID}\",\"extra\":{{\"password\":\"{text}\"}}}}");
    assert_eq!(
        store(event(SECRET).as_bytes()),
        Ok(event(MASK).into_bytes())
    );
    let old = |text: &str| {
        STANDARD
            .encode(encoded("deflate", event(text).as_bytes()))
            .into_bytes()
    };
    let out = STANDARD.decode(store(&old(SECRET)).unwrap()).unwrap();
    assert_eq!(decoded("deflate", &out), Ok(event(MASK).into_bytes()));
    assert_eq!(store(&old("")), Ok(old("")));
    assert_eq!(store(b"%%%"), Err(Refusal::Undecodable));
    assert_eq!(
        store(STANDARD.encode("plain").as_bytes()),
        Err(Refusal::CorruptEncoding)
    );
}

#[test]
fn bodies_are_told_by_path_and_by_look() {
    let event =
        |text: &str| format!("{{\"event_id\":\"{ID}\",\"extra\":{{\"password\":\"{text}\"}}}}");
    let whole = |text: &str| envelope(&[item("event", "", event(text).as_bytes())], "\n");
    for (path, content_type) in [
        (PATH, "application/x-sentry-envelope"),
        (PATH, ""),
        ("/tunnel", "text/plain;charset=UTF-8"),
        ("/tunnel", "application/json"),
        ("/tunnel", ""),
    ] {
        let head = sample::head(path, content_type);
        let (out, outcome) = sample::pass(&policy(), &head, &whole(SECRET)).unwrap();
        assert_eq!(
            (out, outcome.format),
            (whole(MASK), "sentry"),
            "{path} {content_type}"
        );
    }
    let (event, masked) = (event(SECRET), event(MASK));
    sample::check("/api/42/store/", "", &event, &masked, "sentry-store");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_holds_no_secret_stays(
        items in vec((prop::sample::select(&JSON_ITEMS[..]), "[ -~\n]{0,60}"), 0..4),
        end in prop::sample::select(&["", "\n", "\n\n"][..]),
    ) {
        let items: Vec<_> = items.iter().map(|(kind, text)| item(kind, "", text.as_bytes())).collect();
        let body = envelope(&items, end);
        prop_assert_eq!(mask(&body), Ok(body));
    }

    #[test]
    fn broken_envelopes_let_no_token_through(
        kind in prop::sample::select(&JSON_ITEMS[..]),
        cut in 0..600usize,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let token = token();
        let payload = format!("{{\"a\":\"{token}\"}}");
        let items = [item("attachment", "", b"a\nb"), item(kind, "", payload.as_bytes())];
        let mut body = envelope(&items, "\n");
        body.truncate(cut);
        for (index, byte) in changes {
            if !body.is_empty() {
                let at = index.index(body.len());
                let start = memchr::memmem::find(&body, token.as_bytes()).unwrap_or(body.len());
                // A letter beside the token would make another word of it.
                let is_beside = (start.saturating_sub(1)..=start + token.len()).contains(&at);
                if !is_beside {
                    body[at] = byte;
                }
            }
        }
        if let Ok(out) = mask(&body) {
            prop_assert!(!holds(&out, &token));
        }
    }
}
