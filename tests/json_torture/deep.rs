//! A million levels: no stack overflows, and the time grows with the length alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blackbar::{Framing, Limits, Redactor, Values};

use crate::QUOTED;
use crate::torture::{BOTH, held, holds, in_chunks, is_json, marked, marked_as, redactor, shown};

const LEVELS: usize = 1_000_000;

/// What is built of `levels` levels, as a template.
struct Shape {
    name: &'static str,
    build: fn(usize) -> String,
}

const fn shape(name: &'static str, build: fn(usize) -> String) -> Shape {
    Shape { name, build }
}

const SHAPES: &[Shape] = &[
    shape("arrays", |n| {
        format!(
            r#"{}{{"password":"«hunter2»"}}{}"#,
            "[".repeat(n),
            "]".repeat(n)
        )
    }),
    shape("arrays, open", |n| {
        format!(r#"{}{{"password":"«hunter2»"}}"#, "[".repeat(n))
    }),
    shape("objects", |n| {
        format!(
            r#"{}{{"password":"«hunter2»"}}{}"#,
            r#"{"a":"#.repeat(n),
            "}".repeat(n)
        )
    }),
    shape("objects, open", |n| {
        format!(r#"{}{{"password":"«hunter2»"#, r#"{"a":"#.repeat(n))
    }),
    shape("both, secrets in the middle", |n| {
        let (open, close) = (r#"[{"a":"#.repeat(n / 4), "}]".repeat(n / 4));
        format!(r#"{open}[{{"password":"«hunter2»"}},{open}{{"token":"«hunter3»"}}{close}]{close}"#)
    }),
    shape("closing only", |n| {
        format!(r#"{}{{"password":"«hunter2»"}}"#, "]}".repeat(n / 2))
    }),
    shape("many siblings", |n| {
        format!(
            r#"[{}{{"password":‹1›}}]"#,
            r#"{"password":"«a1»"},"#.repeat(n / 8)
        )
    }),
    shape("many harmless names", |n| {
        format!(
            r#"{{{}"password":"«hunter2»"}}"#,
            r#""id":1,"#.repeat(n / 2)
        )
    }),
    shape("names without values", |n| {
        format!(
            r#"[{}{{"password":"«hunter2»"}}]"#,
            r#""password","#.repeat(n / 8)
        )
    }),
];

/// Under a sensitive name: one mask.
const UNDER_A_NAME: &[Shape] = &[
    shape("arrays under a name", |n| {
        format!(
            r#"{{"password":‹{}"hunter2"{}›,"a":[1]}}"#,
            "[".repeat(n),
            "]".repeat(n)
        )
    }),
    shape("objects under a name", |n| {
        format!(
            r#"{{"password":‹{}"hunter2"{}›,"a":[1]}}"#,
            r#"{"a":"#.repeat(n),
            "}".repeat(n)
        )
    }),
    shape("names under names", |n| {
        format!(
            r#"{{"password":‹{}"hunter2"{}›,"a":1}}"#,
            r#"{"token":"#.repeat(n / 4),
            "}".repeat(n / 4)
        )
    }),
];

/// The same where containers stay.
const TYPED: &[Shape] = &[
    shape("arrays, typed", |n| {
        format!(
            r#"{{"password":{}"«hunter2»",‹7›{},"a":[1]}}"#,
            "[".repeat(n),
            "]".repeat(n)
        )
    }),
    shape("objects, typed", |n| {
        format!(
            r#"{{"password":{}"«hunter2»"{},"a":["b"]}}"#,
            r#"{"a":"#.repeat(n),
            "}".repeat(n)
        )
    }),
    shape("names under names, typed", |n| {
        format!(
            r#"{{"password":{}‹1›{},"a":1}}"#,
            r#"{"token":"#.repeat(n / 4),
            "}".repeat(n / 4)
        )
    }),
];

fn all() -> impl Iterator<Item = (&'static Shape, Values, &'static str)> {
    let strings = SHAPES.iter().chain(UNDER_A_NAME);
    let strings = strings.map(|shape| (shape, Values::String, QUOTED));
    strings.chain(
        SHAPES
            .iter()
            .chain(TYPED)
            .map(|shape| (shape, Values::Typed, "null")),
    )
}

#[test]
fn a_million_levels_are_read_and_masked() {
    for (shape, values, value) in all() {
        let redactor = Arc::new(redactor(values, Limits::default()));
        let (input, expected) = marked_as(&(shape.build)(LEVELS), value);
        for &framing in BOTH {
            for chunk in [input.len(), 50_000] {
                let got = in_chunks(&redactor, framing, input.as_bytes().chunks(chunk));
                let name = format!("{}, {framing:?}, chunks of {chunk}", shape.name);
                assert!(
                    got == expected.as_bytes(),
                    "{name}: {}",
                    difference(&got, expected.as_bytes())
                );
                assert_eq!(is_json(input.as_bytes()), is_json(&got), "{name}");
            }
        }
    }
}

#[test]
fn an_open_container_of_a_million_levels_under_a_name_is_masked_to_the_end() {
    for values in [Values::String, Values::Typed] {
        let redactor = Arc::new(redactor(values, Limits::default()));
        for open in ["[", r#"{"a":"#, r#"{"password":["#] {
            for tail in ["", r#""],"b":["hunter4","#] {
                let (head, middle) = (r#"{"id":1,"password":"#, open.repeat(LEVELS / 2));
                let input = format!(r#"{head}{middle}"hunter2",{middle}"hunter3{tail}"#);
                for chunk in [input.len(), 50_000] {
                    let got = in_chunks(&redactor, Framing::Lines, input.as_bytes().chunks(chunk));
                    assert!(got.starts_with(head.as_bytes()), "{}", shown(&got));
                    for secret in ["hunter2", "hunter3", "hunter4"] {
                        assert!(
                            !holds(&got, secret),
                            "{values:?}, {open:?}, {tail:?}: {secret} leaks"
                        );
                    }
                }
            }
        }
    }
}

/// The better of two, since the machine may be busy.
fn time(redactor: &Arc<Redactor>, input: &str) -> Duration {
    let once = || {
        let start = Instant::now();
        in_chunks(redactor, Framing::Lines, input.as_bytes().chunks(64 << 10));
        start.elapsed()
    };
    once().min(once())
}

#[test]
fn the_time_for_deep_documents_grows_with_their_length_alone() {
    // In windows, and held as a whole.
    for room in [32 << 10, 1 << 30] {
        for (shape, values, _) in all() {
            let redactor = Arc::new(redactor(values, held(room)));
            let input = |levels| marked(&(shape.build)(levels)).0;
            let short = time(&redactor, &input(LEVELS / 8));
            let long = time(&redactor, &input(LEVELS));
            // Eight times the length: 64 times the time would be quadratic.
            let most = short * 24 + Duration::from_millis(300);
            assert!(
                long < most,
                "{}, room for {room}: {short:?} for an eighth, {long:?} in all",
                shape.name
            );
        }
    }
}

fn difference(got: &[u8], expected: &[u8]) -> String {
    let at = got.iter().zip(expected).position(|(a, b)| a != b);
    let at = at
        .unwrap_or(got.len().min(expected.len()))
        .saturating_sub(30);
    let around = |text: &[u8]| shown(&text[at..text.len().min(at + 100)]);
    format!(
        "from {at} expected {} got {}",
        around(expected),
        around(got)
    )
}
