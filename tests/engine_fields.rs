//! The detector of sensitive fields: the same output however the stream is cut (G2),
//! nothing more on a second run (G5), valid JSON stays valid, and no panic, over texts of
//! fields in all shapes; and the same as the oracle.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod oracle;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use blackbar::{Limits, Pack, Redactor, Values};

use oracle::drive::{self, shown};
use oracle::random::Random;
use oracle::rules::Framing;
use oracle::{Output, shapes};

/// The names of `patterns/fields.toml` and nothing else.
fn engine(max_record: usize, values: Values, labels: bool) -> Arc<Redactor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/fields.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let limits = Limits {
        max_record,
        max_document: max_record,
        ..Limits::default()
    };
    let redactor = Redactor::builder()
        .embedded(false)
        .pack(Pack::parse("fields", "fields.toml", &text).unwrap())
        .values(values)
        .labels(labels)
        .limits(limits)
        .build()
        .unwrap();
    Arc::new(redactor)
}

/// Engines that differ in what they hold of a record alone.
struct Sizes {
    whole: Arc<Redactor>,
    small: Vec<Arc<Redactor>>,
}

impl Sizes {
    fn new(values: Values, labels: bool) -> Self {
        Self {
            whole: engine(1 << 20, values, labels),
            small: [1, 4, 100]
                .map(|size| engine(size, values, labels))
                .to_vec(),
        }
    }

    /// What is wrong with the engine's output, if something is.
    fn problem(&self, framing: Framing, input: &[u8], seed: u64) -> Option<String> {
        catch_unwind(AssertUnwindSafe(|| self.difference(framing, input, seed)))
            .unwrap_or_else(|_| Some("panic".to_owned()))
    }

    fn difference(&self, framing: Framing, input: &[u8], seed: u64) -> Option<String> {
        let whole = drive::whole(&self.whole, framing, input);
        let mut random = Random::new(seed);
        let differs = |what: &str, got: &Output| {
            (*got != whole).then(|| format!("G2 {what}\n  got   {got:?}\n  whole {whole:?}"))
        };
        let chunks = random.chunks(input, 4);
        let cut = drive::run(&self.whole, framing, chunks);
        if let Some(problem) = differs("cut", &cut) {
            return Some(problem);
        }
        for redactor in &self.small {
            let size = redactor.limits().max_record;
            let got = drive::whole(redactor, framing, input);
            if let Some(problem) = differs(&format!("whole chunk, max_record {size}"), &got) {
                return Some(problem);
            }
            let got = match random.below(3) {
                0 => drive::bytewise(redactor, framing, input),
                1 => drive::run(redactor, framing, input.chunks(random.between(2, 40))),
                _ => drive::run(redactor, framing, random.chunks(input, 6)),
            };
            if let Some(problem) = differs(&format!("chunks, max_record {size}"), &got) {
                return Some(problem);
            }
        }
        let again = drive::whole(&self.whole, framing, &whole.bytes);
        if again.bytes != whole.bytes {
            return Some(format!("G5 again\n  once  {whole:?}\n  twice {again:?}"));
        }
        broken_json(framing, input, &whole.bytes)
            .map(|record| format!("broken JSON {record}\n  whole {whole:?}"))
    }
}

/// A record that was valid JSON and no longer is.
fn broken_json(framing: Framing, before: &[u8], after: &[u8]) -> Option<String> {
    // A scalar alone is no document.
    let valid = |text: &[u8]| {
        serde_json::from_slice::<serde_json::Value>(text)
            .is_ok_and(|value| value.is_object() || value.is_array() || value.is_string())
    };
    match framing {
        Framing::Document => (valid(before) && !valid(after)).then(|| shown(before)),
        Framing::Lines => {
            let split = |text: &[u8]| -> Vec<Vec<u8>> {
                text.split(|&byte| byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect()
            };
            let (before, after) = (split(before), split(after));
            before
                .iter()
                .zip(&after)
                .find(|(before, after)| valid(before) && !valid(after))
                .map(|(before, _)| shown(before))
        }
    }
}

/// A smaller input with a problem of the same kind.
fn shrunk(input: &[u8], has_problem: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut input = input.to_vec();
    let mut size = input.len() / 2;
    while size > 0 {
        let mut at = 0;
        let mut changed = false;
        while at < input.len() {
            let mut shorter = input.clone();
            shorter.drain(at..input.len().min(at + size));
            if has_problem(&shorter) {
                input = shorter;
                changed = true;
            } else {
                at += size;
            }
        }
        if !(changed && size == 1) {
            size /= 2;
        }
    }
    input
}

#[test]
fn output_depends_on_the_text_alone_and_is_inert() {
    let count = std::env::var("FIELDS_COUNT").map_or(700, |count| count.parse().unwrap());
    let first = std::env::var("FIELDS_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut problems = 0;
    let modes = [
        (Values::String, false),
        (Values::Typed, false),
        (Values::String, true),
        (Values::Typed, true),
    ];
    for (number, (values, labels)) in modes.into_iter().enumerate() {
        let sizes = Sizes::new(values, labels);
        let first = first + 1_000_000 * number as u64;
        for seed in first..first + count {
            let mut random = Random::new(seed);
            let input = shapes::text(&mut random);
            // The rows of an INSERT are looked at as far as the neighbourhood goes.
            if input.len() > 700 && input.windows(6).any(|word| word == b"VALUES") {
                continue;
            }
            let framing = if random.one_in(3) {
                Framing::Document
            } else {
                Framing::Lines
            };
            let Some(problem) = sizes.problem(framing, &input, seed) else {
                continue;
            };
            let kind: String = problem.chars().take(6).collect();
            let input = shrunk(&input, |input| {
                (0..8).any(|again| {
                    let problem = sizes.problem(framing, input, seed + again);
                    problem.is_some_and(|problem| problem.starts_with(&kind))
                })
            });
            let problem = (0..8).find_map(|again| sizes.problem(framing, &input, seed + again));
            println!(
                "seed {seed} {values:?} {framing:?}\n  input {}\n  {}",
                shown(&input),
                problem.unwrap_or_default()
            );
            problems += 1;
            if problems > 40 {
                panic!("many problems");
            }
        }
    }
    assert_eq!(problems, 0);
}

/// Long values made of short parts again and again: every boundary of windows lies in
/// some part.
#[test]
fn long_values_end_at_the_same_place_in_windows() {
    const OPENERS: [&str; 14] = [
        "password=\"",
        "password='",
        "password=",
        "password%3D",
        "\\\"password\\\":\\\"",
        "{\"password\": [",
        "{\"password\":{",
        "<password>",
        "password=&quot;",
        "password=%22",
        "Cookie: a=",
        "password = ",
        "token: [{",
        "{\"a\":\"x password='",
    ];
    const PARTS: [&str; 26] = [
        "a",
        "'",
        "\"",
        "\\",
        " ",
        ",",
        "]",
        "}",
        "[",
        "{",
        ";",
        "&",
        "<",
        "%22",
        "n",
        "-",
        "1",
        ":",
        "=",
        "\\\"",
        "\\u0022",
        "é",
        "&quot;",
        "(",
        "[REDACTED]",
        "token=",
    ];
    let mut problems = Vec::new();
    for values in [Values::String, Values::Typed] {
        let whole = engine(1 << 20, values, false);
        let small = engine(1, values, false);
        let mut random = Random::new(5);
        for opener in OPENERS {
            for number in 0..PARTS.len() * (PARTS.len() + 1) {
                let (first, second) = (number % PARTS.len(), number / PARTS.len());
                let second = PARTS.get(second).copied().unwrap_or("");
                let part = format!("{}{second}", PARTS[first]);
                // A quarter of them is enough for a test.
                if !random.one_in(2) {
                    continue;
                }
                let count = random.between(1500, 3500) / part.len();
                let text = format!("{opener}{}\"]}} token='x' 'y", part.repeat(count));
                let expected = drive::whole(&whole, Framing::Lines, text.as_bytes());
                let size = random.between(1, 400);
                let chunks = text.as_bytes().chunks(size);
                let got = catch_unwind(AssertUnwindSafe(|| {
                    drive::run(&small, Framing::Lines, chunks)
                }));
                if got.ok().as_ref() != Some(&expected) {
                    problems.push(format!("{values:?} {opener}({part}){{{count}}}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} {problems:#?}", problems.len());
}
