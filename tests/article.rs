//! `--profile article` is exactly the article's redact.js.
//!
//! The seven replacements run in Node, the language that they were written for,
//! over lines made to have them meet; the library has to give the same bytes,
//! whole and in chunks.
//!
//! `BLACKBAR_ARTICLE_LINES` and `BLACKBAR_ARTICLE_SEED` make it longer or other.

#[path = "article/lines.rs"]
mod lines;

use std::io::{Seek, SeekFrom, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use blackbar::{Framing, Limits, Piece, Profile, Redactor, Session};

const LINES: usize = 240_000;
const SEED: u64 = 7;

struct Yardstick {
    input: Vec<u8>,
    /// What Node made of the input.
    output: Vec<u8>,
    /// How often each replacement struck.
    struck: Vec<u64>,
    lines_with_several: u64,
}

/// Node runs once; the tests of this file share its answer.
static YARDSTICK: LazyLock<Yardstick> = LazyLock::new(|| {
    let input = lines::corpus(
        number("BLACKBAR_ARTICLE_SEED").unwrap_or(SEED),
        number("BLACKBAR_ARTICLE_LINES").map_or(LINES, |lines| lines as usize),
    );
    node(input)
});

#[test]
fn the_lines_are_worth_comparing() {
    let lines = split(&YARDSTICK.input).count() as u64;
    assert!(lines >= 200_000, "only {lines} lines");
    for (index, &struck) in YARDSTICK.struck.iter().enumerate() {
        assert!(
            struck * 20 > lines,
            "replacement {index} struck only {struck} times on {lines} lines"
        );
    }
    let several = YARDSTICK.lines_with_several;
    assert!(
        several * 4 > lines,
        "two or more replacements struck on only {several} of {lines} lines"
    );
}

#[test]
fn article_equals_the_seven_replacements_whole() {
    let output = article(Limits::default()).redact(&YARDSTICK.input);
    compare(&output, "whole", |_| true);
}

#[test]
fn article_equals_the_seven_replacements_in_chunks() {
    for (seed, longest) in [(1, 64), (2, 4 << 10), (3, 200 << 10)] {
        let output = in_chunks(article(Limits::default()), &YARDSTICK.input, seed, longest);
        compare(
            &output,
            &format!("in chunks of up to {longest} bytes, seed {seed}"),
            |_| true,
        );
    }
}

/// The promise holds for lines of up to `max_record` bytes, so a small limit must change nothing about short lines.
#[test]
fn article_is_exact_up_to_the_record_limit() {
    for max_record in [1, 17, 64] {
        let limits = Limits {
            max_record,
            ..Limits::default()
        };
        let output = in_chunks(article(limits), &YARDSTICK.input, 4, 256);
        compare(&output, &format!("with max_record {max_record}"), |line| {
            line.len() <= max_record
        });
    }
}

fn article(limits: Limits) -> Arc<Redactor> {
    let redactor = Redactor::builder()
        .profile(Profile::Article)
        .limits(limits)
        .build();
    Arc::new(redactor.expect("the embedded packs compile"))
}

fn in_chunks(redactor: Arc<Redactor>, input: &[u8], seed: u64, longest: usize) -> Vec<u8> {
    let mut random = lines::Random::new(seed);
    let mut session = Session::new(redactor, Framing::Lines);
    let mut output = Vec::with_capacity(input.len());
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = input;
    while !rest.is_empty() {
        // Mostly tiny cuts with long ones between, so that both the tail and the middle of lines are hit.
        let most = if random.below(3) == 0 {
            longest
        } else {
            longest.min(16)
        };
        let (chunk, after) = rest.split_at((random.below(most) + 1).min(rest.len()));
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

/// Fails at the first line of `output` that is not what Node wrote, among those whose input `counts`.
fn compare(output: &[u8], how: &str, counts: impl Fn(&[u8]) -> bool) {
    let (input, expected) = (&YARDSTICK.input, &YARDSTICK.output);
    let (mut different, mut first) = (0_usize, None);
    let mut found = split(output);
    for (number, (input, expected)) in split(input).zip(split(expected)).enumerate() {
        let found = found.next().unwrap_or_default();
        if found != expected && counts(content(input)) {
            different += 1;
            first.get_or_insert((number + 1, input, expected, found.to_vec()));
        }
    }
    if let Some((number, input, expected, found)) = first {
        panic!(
            "{how}: {different} lines differ, first line {number}\n   input {}\nexpected {}\n   found {}",
            escaped(input),
            escaped(expected),
            escaped(&found),
        );
    }
    assert_eq!(
        found.next().map(escaped),
        None,
        "{how}: more lines than the input has"
    );
}

fn split(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n')
}

fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A line as it can be pasted into a test; the middle of a long one is left out.
fn escaped(line: &[u8]) -> String {
    const ENDS: usize = 1500;
    if line.len() <= 2 * ENDS {
        return line.escape_ascii().to_string();
    }
    let (start, end) = (&line[..ENDS], &line[line.len() - ENDS..]);
    format!(
        "{} <{} bytes> {}",
        start.escape_ascii(),
        line.len() - 2 * ENDS,
        end.escape_ascii()
    )
}

fn node(input: Vec<u8>) -> Yardstick {
    let mut stdin = tempfile::tempfile().expect("a temporary file");
    stdin.write_all(&input).expect("room for the lines");
    stdin.seek(SeekFrom::Start(0)).expect("a file that seeks");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/article/redact.js");
    let node = Command::new("node")
        .arg(script)
        .stdin(Stdio::from(stdin))
        .output();
    let node = node.unwrap_or_else(|error| {
        panic!(
            "the comparison needs Node.js, which did not start ({error}): `tests/run` installs it"
        )
    });
    let report = String::from_utf8_lossy(&node.stderr).into_owned();
    assert!(node.status.success(), "redact.js failed: {report}");
    let report: serde_json::Value =
        serde_json::from_str(&report).expect("redact.js reports in JSON");
    Yardstick {
        input,
        output: node.stdout,
        struck: report["struck"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(serde_json::Value::as_u64)
            .collect(),
        lines_with_several: report["linesWithSeveral"].as_u64().expect("a number"),
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
    )
}

/// A pattern of the user's runs after the seven, with or without a literal to look for.
#[test]
fn patterns_of_the_user_take_part() {
    for (pattern, input, output) in [
        ("[0-9]{6}", "id 123456 ok\n", "id [REDACTED] ok\n"),
        (
            "x?acme_[a-z]+",
            "an xacme_abc key='v'\n",
            "an [REDACTED] [REDACTED]\n",
        ),
    ] {
        let redactor = blackbar::Redactor::builder()
            .profile(blackbar::Profile::Article)
            .pattern(pattern)
            .build()
            .unwrap();
        assert_eq!(
            redactor.redact(input.as_bytes()),
            output.as_bytes(),
            "{pattern}"
        );
    }
}
