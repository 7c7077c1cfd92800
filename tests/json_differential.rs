//! Random documents with secrets under sensitive names, written in the dialects of many
//! serializers and put into strings up to three deep: at each planted place there is a
//! mask afterwards, and everything else is as it was, byte by byte.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

#[path = "json_differential/node.rs"]
mod node;
#[path = "oracle/random.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod random;
mod torture;
#[path = "json_differential/writer.rs"]
mod writer;

use std::cell::Cell;
use std::sync::Arc;

use blackbar::{Framing, Limits, Redactor, Values};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use node::Node;
use random::Random;
use torture::{held, in_chunks, leak, redactor, shown};
use writer::{Dialect, Layout, Written};

const CASES: u32 = 2000;

/// Strings in strings are read as documents down to here.
const DEEPEST: usize = 5;

/// Around a document in a string, and around a record.
const AROUND: [(&str, &str); 5] = [
    ("", ""),
    ("upstream said: ", ""),
    ("he's \"sure\": ", " (200)"),
    ("body=", " in <5ms>"),
    ("\n ", "\n"),
];

/// A document, how it is written, and how it is fed.
#[derive(Clone, Debug)]
struct Case {
    document: Node,
    dialect: Dialect,
    /// For each string that it is in, from the inside: what stands around it there.
    strings: Vec<usize>,
    /// Text before and after the record.
    record: usize,
    seed: u64,
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let layout = prop_oneof![
        3 => Just(Layout::Compact),
        2 => Just(Layout::Spaced),
        1 => Just(Layout::Wide),
        1 => Just(Layout::Indented("  ")),
        1 => Just(Layout::Indented("    ")),
        1 => Just(Layout::Indented("\t")),
    ];
    let unicode = prop_oneof![Just(None), Just(Some(false)), Just(Some(true))];
    let often = || proptest::bool::weighted(0.3);
    (layout, unicode, often(), often(), often(), often()).prop_map(
        |(layout, upper_hex, slash, quotes, angles, keys)| Dialect {
            layout,
            upper_hex,
            slash,
            quotes,
            angles,
            keys,
        },
    )
}

fn cases() -> impl Strategy<Value = Case> {
    let strings = proptest::collection::vec(0..AROUND.len(), 0..=3);
    let record = prop_oneof![3 => Just(0), 1 => 0..AROUND.len() - 1];
    (node::documents(), dialects(), strings, record, any::<u64>()).prop_map(
        |(document, mut dialect, mut strings, record, seed)| {
            strings.truncate(DEEPEST.saturating_sub(document.depth()));
            // Each level doubles the backslashes of a key: a name has its bounds.
            dialect.keys &= strings.len() + document.depth() <= 3;
            Case {
                document,
                dialect,
                strings,
                record,
                seed,
            }
        },
    )
}

impl Case {
    /// The record, and what it has to become.
    fn written(&self, values: Values) -> (String, String) {
        let mut written = Written::of(&self.document, &self.dialect, values);
        for &around in &self.strings {
            written = written.in_a_string(AROUND[around], &self.dialect);
        }
        let (head, tail) = AROUND[self.record];
        let (before, after) = written.finished();
        (
            format!("{head}{before}{tail}"),
            format!("{head}{after}{tail}"),
        )
    }

    /// The document that is at the bottom of a record.
    fn read(&self, record: &str) -> Option<Value> {
        let inside = |text: &str, around: usize| {
            let (head, tail) = AROUND[around];
            let text = text.strip_prefix(head)?.strip_suffix(tail)?;
            serde_json::from_str::<Value>(text).ok()
        };
        let mut value = inside(record, self.record)?;
        for &around in self.strings.iter().rev() {
            value = inside(value.get("msg")?.as_str()?, around)?;
        }
        Some(value)
    }
}

struct Engines {
    values: Values,
    roomy: Arc<Redactor>,
    tight: Vec<Arc<Redactor>>,
}

impl Engines {
    fn new(values: Values) -> Self {
        let build = |limits| Arc::new(redactor(values, limits));
        Self {
            values,
            roomy: build(Limits::default()),
            tight: [1, 7, 40, 300].map(|room| build(held(room))).into(),
        }
    }

    fn test(&self, case: &Case) -> Result<(), TestCaseError> {
        let (before, after) = case.written(self.values);
        let framing = if before.contains('\n') {
            Framing::Document
        } else {
            Framing::Lines
        };
        let got = in_chunks(&self.roomy, framing, [before.as_bytes()]);
        let text = String::from_utf8_lossy(&got);
        let report = || format!("\n  input    {before}\n  expected {after}\n  got      {text}");

        // The document itself, through another's reader.
        let is_seen = |record: &str, masked| {
            case.read(record)
                .is_some_and(|value| case.document.is_seen_in(&value, masked))
        };
        prop_assert!(is_seen(&before, None), "the writer of the test{}", report());
        prop_assert!(
            is_seen(&text, Some(self.values)),
            "the document{}",
            report()
        );
        // And every byte of its text.
        prop_assert!(text == after, "the bytes{}", report());
        for secret in case.document.secrets() {
            prop_assert!(
                leak(&got, &secret).is_none(),
                "{} leaks{}",
                secret,
                report()
            );
        }

        let mut random = Random::new(case.seed);
        let chunks = random.chunks(before.as_bytes(), 6);
        prop_assert_eq!(
            shown(&in_chunks(&self.roomy, framing, chunks)),
            shown(&got),
            "in chunks{}",
            report()
        );
        let tight = &self.tight[random.below(self.tight.len())];
        let chunks = random.chunks(before.as_bytes(), 9);
        prop_assert!(
            in_chunks(tight, framing, chunks) == got,
            "in windows{}",
            report()
        );
        prop_assert!(
            in_chunks(&self.roomy, framing, [&*got]) == got,
            "twice{}",
            report()
        );
        Ok(())
    }

    /// Of a record that is cut somewhere, in a stream of lines too.
    fn test_cut(&self, case: &Case) -> Result<(), TestCaseError> {
        let (before, _) = case.written(self.values);
        let mut random = Random::new(case.seed);
        let input = &before.as_bytes()[..random.below(before.len() + 1)];
        for framing in [Framing::Lines, Framing::Document] {
            let got = in_chunks(&self.roomy, framing, [input]);
            let report = || {
                format!(
                    "{framing:?}\n  input    {}\n  got      {}",
                    whole(input),
                    whole(&got)
                )
            };
            for secret in case.document.secrets() {
                prop_assert!(
                    leak(&got, &secret).is_none(),
                    "{} leaks, {}",
                    secret,
                    report()
                );
            }
            let tight = &self.tight[random.below(self.tight.len())];
            let chunks = random.chunks(input, 9);
            prop_assert!(
                in_chunks(tight, framing, chunks) == got,
                "in windows, {}",
                report()
            );
            prop_assert!(
                in_chunks(&self.roomy, framing, [&*got]) == got,
                "twice, {}",
                report()
            );
        }
        Ok(())
    }
}

fn whole(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What must hold of a case.
type Property = fn(&Engines, &Case) -> Result<(), TestCaseError>;

fn run(values: Values, property: Property) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let engines = Engines::new(values);
    let masked = Cell::new(0);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&cases(), |case| {
        let (before, after) = case.written(values);
        masked.set(masked.get() + u32::from(before != after));
        property(&engines, &case)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // The cases are worth something only if they are about something.
    let masked = masked.get();
    assert!(masked > CASES / 2, "only {masked} documents hold secrets");
}

#[test]
fn planted_places_become_strings_and_all_else_stays() {
    run(Values::String, Engines::test);
}

#[test]
fn planted_leaves_are_masked_in_their_containers_and_all_else_stays() {
    run(Values::Typed, Engines::test);
}

#[test]
fn records_that_are_cut_show_nothing_of_their_secrets() {
    run(Values::String, Engines::test_cut);
    run(Values::Typed, Engines::test_cut);
}
