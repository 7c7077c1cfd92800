//! The journal: where the findings are, whatever the chunks, and in accord with the masks.

use std::sync::Arc;

use blackbar::{Framing, Limits, Profile, Redactor, Session};

const MASK: &[u8] = b"[REDACTED]";

/// Texts whose secrets hold no escapes, so that a mask covers exactly what was found.
const PLAIN: &[&str] = &[
    "",
    "nothing here\n",
    "password=hunter2",
    "one\r\npassword=hunter2\r\ntoken: abcdefgh12345 tail\n\n\nsecret=\"a b c\" end\n",
    "{\"user\":\"me\",\"password\":\"hunter2\",\"n\":{\"api_key\":\"k-1-2-3\"}}\nplain\n",
    "url=postgresql://app:hunter2@db/shop and Authorization: Bearer abc.def-123\nCookie: a=b; c=d\n",
    "password='hunter2' secret=x1y2z3 Bearer abcdef== token=abc key=def postgresql://a:b@c\n",
];

/// The texts that are plain; a private key is put together here, so that none is in a file.
fn plain() -> Vec<String> {
    let (kind, body) = ("RSA PRIVATE KEY", "QUJD".repeat(16));
    let key = format!("-----BEGIN {kind}-----\n{body}\n{body}\n-----END {kind}-----\nafter\n");
    PLAIN
        .iter()
        .map(|&text| text.to_owned())
        .chain([key])
        .collect()
}

/// Texts in which masks and findings differ by escapes and structure.
const KNOTTY: &[&str] = &[
    "{\"password\":\"a\\\"b\\u0041c\",\"token\":12345678,\"secret\":[\"a\",{\"b\":\"c\"}],\"x\":1}\n",
    "{\"m\":\"{\\\"password\\\":\\\"hunter2\\\"}\",\"password\":{\"a\":[1,2,3\n",
    "password=\"never closed and so on\nnext=line\n",
    "password=h\u{fc}nter2\u{1f600} tail\n",
];

fn redactor(profile: Profile, limit: Option<usize>) -> Arc<Redactor> {
    let limits = limit.map_or_else(Limits::default, |limit| Limits {
        max_record: limit,
        max_document: limit,
        ..Limits::default()
    });
    let builder = Redactor::builder().profile(profile).limits(limits);
    Arc::new(builder.build().expect("the embedded packs hold"))
}

/// A finding as the tests compare it.
type Place = (usize, usize, usize, bool, bool);

/// The journal in order, and the output.
fn run(
    redactor: &Arc<Redactor>,
    framing: Framing,
    input: &[u8],
    step: usize,
) -> (Vec<Place>, Vec<u8>) {
    let mut session = Session::new(Arc::clone(redactor), framing).with_journal();
    let (mut found, mut out, mut pieces) = (Vec::new(), Vec::new(), Vec::new());
    for chunk in input.chunks(step.max(1)) {
        session.write(chunk, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, chunk));
        }
        found.extend(session.found());
    }
    session.end(&mut pieces);
    for piece in pieces.drain(..) {
        out.extend_from_slice(session.bytes(&piece, &[]));
    }
    found.extend(session.found());
    let counted: u64 = session.tally().findings().iter().sum();
    assert_eq!(found.len() as u64, counted, "as many as were counted");
    let mut places: Vec<Place> = found
        .iter()
        .map(|found| {
            let (start, end) = (found.start() as usize, found.end() as usize);
            (
                start,
                end,
                found.rule(),
                found.undecided(),
                found.unverified(),
            )
        })
        .collect();
    places.sort_unstable();
    (places, out)
}

/// The input with a mask for each finding; overlapping ones share theirs.
fn masked(input: &[u8], places: &[Place]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    for &(start, end, ..) in places {
        if start >= at {
            out.extend_from_slice(&input[at..start]);
            out.extend_from_slice(MASK);
        }
        at = at.max(end);
    }
    out.extend_from_slice(&input[at..]);
    out
}

const FRAMINGS: [Framing; 2] = [Framing::Lines, Framing::Document];

#[test]
fn the_journal_agrees_with_the_masks() {
    let mut findings = 0;
    for profile in [Profile::Standard, Profile::Strict, Profile::Article] {
        let redactor = redactor(profile, None);
        for text in plain() {
            let (places, out) = run(&redactor, Framing::Lines, text.as_bytes(), usize::MAX);
            findings += places.len();
            let expected = masked(text.as_bytes(), &places);
            assert_eq!(
                String::from_utf8_lossy(&expected),
                String::from_utf8_lossy(&out),
                "{profile:?} {places:?}"
            );
        }
    }
    assert!(
        findings > 30,
        "the texts have lost their secrets: {findings}"
    );
}

#[test]
fn the_journal_is_blind_to_chunks_and_windows() {
    for profile in [Profile::Standard, Profile::Strict, Profile::Article] {
        // The article's replacements of a whole record need a record that fits.
        let limits: &[Option<usize>] = match profile {
            Profile::Article => &[None],
            _ => &[None, Some(1), Some(17)],
        };
        let whole = redactor(profile, None);
        for &limit in limits {
            let limited = redactor(profile, limit);
            for framing in FRAMINGS {
                for text in plain()
                    .into_iter()
                    .chain(KNOTTY.iter().map(|&text| text.to_owned()))
                {
                    let (expected, _) = run(&whole, framing, text.as_bytes(), usize::MAX);
                    for step in [1, 2, 7, usize::MAX] {
                        let (places, _) = run(&limited, framing, text.as_bytes(), step);
                        assert_eq!(places, expected, "{profile:?} {limit:?} {step} {text:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn without_a_journal_there_is_none() {
    let mut session = Session::new(redactor(Profile::Standard, None), Framing::Lines);
    session.write(b"password=hunter2\n", &mut Vec::new());
    assert_eq!(session.tally().findings().iter().sum::<u64>(), 1);
    assert_eq!(session.found().count(), 0);
}
