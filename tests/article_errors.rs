//! `--profile article-errors` masks what the article's error sanitiser drops.
//!
//! The sanitiser runs in Node, the language that it was written for, over errors with
//! secrets in them; the library gets the lines that an unsanitised log would hold. What
//! the sanitiser drops has to be there, masked; what it keeps has to be kept, but for
//! properties below the top, where the article does not look and blackbar does.
//!
//! `BLACKBAR_ERRORS` and `BLACKBAR_ERRORS_SEED` make it longer or other.

#[path = "article_errors/model.rs"]
mod model;
#[path = "article_errors/node.rs"]
mod node;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use blackbar::{Framing, Profile, Redactor, Session};
use serde_json::{Map, Value};

const MASK: &str = "[REDACTED]";

/// One of them is in every planted secret; see sanitise.js.
const MARKS: [&str; 2] = ["zQ9x", "0817263"];

/// Node runs once; the tests of this file share its answer.
static CASES: LazyLock<Vec<node::Case>> = LazyLock::new(|| node::cases("usual"));

/// What blackbar makes of all the lines at once, line by line.
static OUTPUT: LazyLock<Vec<String>> = LazyLock::new(|| {
    let output = String::from_utf8(redactor().redact(lines().as_bytes())).expect("UTF-8");
    let lines: Vec<String> = output.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), CASES.len(), "lines have joined or split");
    lines
});

#[test]
fn the_errors_are_worth_comparing() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |what: String| *seen.entry(what).or_default() += 1;
    for case in CASES.iter() {
        let original = parsed(&case.original);
        let names = fields(&original).keys();
        let mut dropped: Vec<&String> = names.filter(|name| model::is_sensitive(name)).collect();
        let mut expected: Vec<&String> = case.dropped.iter().collect();
        dropped.sort_unstable();
        expected.sort_unstable();
        assert_eq!(dropped, expected, "what Node drops from {}", case.original);
        for name in &case.dropped {
            count(format!("dropped {}", kind(&fields(&original)[name])));
        }
        tour(&case.kept, &mut |name, value| {
            if name.is_some_and(model::is_sensitive) {
                count(format!("nested {}", kind(value)));
            } else if value.as_str().is_some_and(|value| value.contains(MARKS[0])) {
                count("text with a pattern".to_owned());
            } else if value.is_string() {
                count("text without".to_owned());
            }
        });
    }
    println!("{seen:?}");
    for place in ["dropped", "nested"] {
        for kind in [
            "null", "boolean", "number", "text", "empty", "array", "object",
        ] {
            let times = seen.get(&format!("{place} {kind}")).copied().unwrap_or(0);
            assert!(times * 100 > CASES.len(), "{place} {kind}: only {times}");
        }
    }
    assert!(seen["text with a pattern"] > CASES.len());
    assert!(seen["text without"] > CASES.len());
}

/// Read as JSON: what was dropped is masked, what was kept is equal where it holds no secret.
#[test]
fn what_the_sanitiser_drops_is_masked_and_the_rest_is_kept() {
    for (case, output) in CASES.iter().zip(OUTPUT.iter()) {
        let found: Value = serde_json::from_str(output)
            .unwrap_or_else(|error| panic!("{error}\n   from {}\n     to {output}", case.original));
        let original = parsed(&case.original);
        let mut kept = fields(&found).clone();
        for name in &case.dropped {
            let place = format!("{name:?} of {}", case.original);
            let value = kept.remove(name).expect(&place);
            assert_eq!(value, masked(&fields(&original)[name]), "{place}");
        }
        assert_kept(&case.kept, &Value::Object(kept), &case.original);
    }
}

/// Read as bytes: the line is the original with masks in it, and then what the article's
/// seven replacements make of that, as Node runs them.
#[test]
fn everything_else_stays_byte_for_byte() {
    let sanitised: String = CASES
        .iter()
        .map(|case| model::sanitised(&case.original) + "\n")
        .collect();
    let redacted = node::run("article/redact.js", &[], sanitised);
    let (mut different, mut first) = (0, None);
    for ((case, expected), found) in CASES.iter().zip(redacted.lines()).zip(OUTPUT.iter()) {
        if found != expected {
            different += 1;
            let found = difference(expected, found);
            first.get_or_insert_with(|| format!("   from {}\n{found}", case.original));
        }
    }
    assert_eq!(redacted.lines().count(), CASES.len());
    if let Some(first) = first {
        panic!("{different} lines differ, the first is\n{first}");
    }
}

#[test]
fn no_planted_secret_survives() {
    for (case, output) in CASES.iter().zip(OUTPUT.iter()) {
        let survivor = MARKS.iter().find_map(|mark| output.find(mark));
        if let Some(at) = survivor {
            panic!(
                "a secret is left at {at}\n   from {}\n     to {output}",
                case.original
            );
        }
    }
}

#[test]
fn chunks_change_nothing() {
    let (redactor, input) = (redactor(), lines());
    let whole = OUTPUT.join("\n") + "\n";
    for (seed, longest) in [(1, 9), (2, 64), (3, 4 << 10), (4, 200 << 10)] {
        let chunked = in_chunks(&redactor, input.as_bytes(), seed, longest);
        let same = chunked.iter().zip(whole.as_bytes());
        let same = same.take_while(|(chunked, whole)| chunked == whole).count();
        let around = |text: &[u8]| {
            let end = text.len().min(same + 100);
            text[same.saturating_sub(200).min(end)..end]
                .escape_ascii()
                .to_string()
        };
        assert!(
            chunked == whole.as_bytes(),
            "chunks of up to {longest}, seed {seed}: different from byte {same}\n  whole {}\nchunked {}",
            around(whole.as_bytes()),
            around(&chunked)
        );
    }
}

/// A line of its own, one without an end, and a document are the same as a line among others.
#[test]
fn framing_changes_nothing() {
    let redactor = redactor();
    for (case, expected) in CASES.iter().zip(OUTPUT.iter()).take(500) {
        let original = case.original.as_bytes();
        assert!(
            redactor.redact(original) == expected.as_bytes(),
            "alone: {}",
            case.original
        );
        assert!(
            redactor.redact_document(original) == expected.as_bytes(),
            "as a document: {}",
            case.original
        );
    }
}

/// Names that no program chooses may hide what they are, and what stands near them looks
/// sensitive; still a value is masked as a whole or kept, and the line stays JSON.
#[test]
fn odd_names_break_nothing() {
    let (redactor, cases) = (redactor(), node::cases("odd"));
    for case in &cases {
        let output = redactor.redact(case.original.as_bytes());
        let found: Value = serde_json::from_slice(&output).unwrap_or_else(|error| {
            panic!(
                "{error}\n   from {}\n     to {}",
                case.original,
                String::from_utf8_lossy(&output)
            )
        });
        assert_kept_or_masked(&parsed(&case.original), &found, &case.original);
    }
}

fn assert_kept_or_masked(original: &Value, found: &Value, line: &str) {
    match (original, found) {
        (_, found) if *found == masked(original) || found == MASK => {}
        (Value::Object(original), Value::Object(found)) => {
            assert!(original.keys().eq(found.keys()), "{line}");
            for (original, found) in original.values().zip(found.values()) {
                assert_kept_or_masked(original, found, line);
            }
        }
        (Value::Array(original), Value::Array(found)) => {
            assert_eq!(original.len(), found.len(), "{line}");
            for (original, found) in original.iter().zip(found) {
                assert_kept_or_masked(original, found, line);
            }
        }
        (Value::String(original), Value::String(found)) if original.contains(MARKS[0]) => {
            assert!(found == original || found.contains(MASK), "{line}");
        }
        _ => assert_eq!(original, found, "{line}"),
    }
}

/// A string has to be as good as empty to stay, or a mask.
#[test]
fn what_tells_nothing_is_dropped_too() {
    for value in [
        "[]",
        "{}",
        "[ ]",
        "0",
        r#"" ""#,
        r#""-""#,
        r#""true""#,
        r#""none""#,
        r#""<b>""#,
        r#""%s""#,
        r#""$HOME""#,
        r#""${HOME}""#,
    ] {
        for name in [
            "password",
            "secrets",
            "TOKENS",
            "keys",
            "max_tokens",
            "cookieConsent",
        ] {
            let line = format!(r#"{{"a":[{{"{name}":{value},"b":{value}}}]}}"#);
            let expected = format!(r#"{{"a":[{{"{name}":"{MASK}","b":{value}}}]}}"#);
            let found = redactor().redact(line.as_bytes());
            assert_eq!(String::from_utf8_lossy(&found), expected);
        }
    }
}

/// `found` has the properties of `kept`, and their values but for masks.
fn assert_kept(kept: &Value, found: &Value, line: &str) {
    match (kept, found) {
        (Value::Object(kept), Value::Object(found)) => {
            assert!(
                kept.keys().eq(found.keys()),
                "{:?} is not {:?} in {line}",
                found.keys(),
                kept.keys()
            );
            for ((name, kept), found) in kept.iter().zip(found.values()) {
                if model::is_sensitive(name) {
                    assert_eq!(*found, masked(kept), "nested {name:?} of {line}");
                } else {
                    assert_kept(kept, found, line);
                }
            }
        }
        (Value::Array(kept), Value::Array(found)) => {
            assert_eq!(kept.len(), found.len(), "{line}");
            for (kept, found) in kept.iter().zip(found) {
                assert_kept(kept, found, line);
            }
        }
        (Value::String(kept), Value::String(found)) if kept.contains(MARKS[0]) => {
            assert!(
                found.contains(MASK) && !found.contains(MARKS[0]),
                "{found} instead of {kept} in {line}"
            );
        }
        _ => assert_eq!(kept, found, "{line}"),
    }
}

/// What has to stand under a sensitive name instead of `value`.
fn masked(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(text) if text.is_empty() => value.clone(),
        _ => Value::from(MASK),
    }
}

/// Shows each value to `visit`, with its name if it has one, but nothing below a sensitive name.
fn tour(value: &Value, visit: &mut impl FnMut(Option<&str>, &Value)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                visit(Some(name), value);
                if !model::is_sensitive(name) {
                    tour(value, visit);
                }
            }
        }
        Value::Array(elements) => {
            for value in elements {
                visit(None, value);
                tour(value, visit);
            }
        }
        _ => {}
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(text) if text.is_empty() => "empty",
        Value::String(_) => "text",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn redactor() -> Arc<Redactor> {
    let redactor = Redactor::builder().profile(Profile::ArticleErrors).build();
    Arc::new(redactor.expect("the embedded packs compile"))
}

fn in_chunks(redactor: &Arc<Redactor>, input: &[u8], seed: u64, longest: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % bound
    };
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let (mut output, mut pieces) = (Vec::with_capacity(input.len()), Vec::new());
    let mut rest = input;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at((below(longest) + 1).min(rest.len()));
        session.write(chunk, &mut pieces);
        for piece in pieces.drain(..) {
            output.extend_from_slice(session.bytes(&piece, chunk));
        }
        rest = after;
    }
    session.end(&mut pieces);
    for piece in &pieces {
        output.extend_from_slice(session.bytes(piece, &[]));
    }
    output
}

fn lines() -> String {
    CASES
        .iter()
        .map(|case| case.original.clone() + "\n")
        .collect()
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).expect("sanitise.js writes JSON")
}

fn fields(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an error is an object")
}

/// From a little before the first difference.
fn difference(expected: &str, found: &str) -> String {
    let same = expected.bytes().zip(found.bytes());
    let same = same
        .take_while(|(expected, found)| expected == found)
        .count();
    let from = |text: &str| {
        let bytes = text.as_bytes();
        let end = bytes.len().min(same + 200);
        bytes[same.saturating_sub(100).min(end)..end]
            .escape_ascii()
            .to_string()
    };
    format!("expected {}\n   found {}", from(expected), from(found))
}
