//! The detector of sensitive fields: the same output however the stream is cut (G2),
//! nothing more on a second run (G5), valid JSON stays valid, and no panic, over texts of
//! fields in all shapes; and the same as the oracle.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

#[path = "twin/core/mod.rs"]
#[allow(dead_code, reason = "the acceptance names more of it than it reads")]
mod core;
#[path = "twin/fields/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "some of its files are the engine's"
)]
mod fields;
#[path = "twin/names.rs"]
mod names;
mod oracle;
#[path = "twin/pair.rs"]
mod pair;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use blackbar::Values;

use oracle::drive::{self, shown};
use oracle::random::Random;
use oracle::rules::Framing;
use oracle::{Output, shapes};
use pair::{Sizes, Twin, broken_json, engine, engine_of, is_json, pack, shrunk};

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
            let (input, spoiled) = shapes::text(&mut random);
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
            // In broken text a mask may take away what told where another value ends.
            if spoiled && kind.starts_with("G5") && std::env::var("FIELDS_ALL").is_err() {
                continue;
            }
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

#[test]
fn texts_of_fields_come_out_as_the_oracle_has_them() {
    let count = std::env::var("FIELDS_COUNT").map_or(500, |count| count.parse().unwrap());
    let mut problems = 0;
    let modes = [(Values::String, false), (Values::Typed, true)];
    for (number, (values, labels)) in modes.into_iter().enumerate() {
        let engine = engine(1 << 20, values, labels);
        let mut twin = Twin::new(&pack(), values, labels);
        let mut masks = 0;
        let mut differs = |framing: Framing, input: &[u8]| {
            let got = catch_unwind(AssertUnwindSafe(|| drive::whole(&engine, framing, input))).ok();
            let expected = Some(twin.redact(framing, input));
            masks += expected.as_ref().map_or(0, |output| output.masks);
            (got != expected).then_some((got, expected))
        };
        for seed in 0..count {
            let mut random = Random::new(7_000_000 * (number as u64 + 1) + seed);
            let (input, _) = shapes::text(&mut random);
            let framing = if random.one_in(3) {
                Framing::Document
            } else {
                Framing::Lines
            };
            if differs(framing, &input).is_none() {
                continue;
            }
            let mut probe = |input: &[u8]| differs(framing, input).is_some();
            let probe = std::cell::RefCell::new(&mut probe);
            let input = shrunk(&input, |input| probe.borrow_mut()(input));
            let (got, expected) = differs(framing, &input).unwrap();
            println!(
                "seed {seed} {values:?} {framing:?}\n  input    {}\n  engine   {got:?}\n  expected {expected:?}",
                shown(&input),
            );
            problems += 1;
            assert!(problems < 12, "many problems");
        }
        assert!(masks > count, "{masks} masks");
    }
    assert_eq!(problems, 0);
}

/// One sensitive word, and one exception.
const SMALL: &str = r#"
about = "a word"

[[name]]
id = "word"
about = "a word"
words = ["pw"]
match = "substring"
source = "https://example.org"
examples = [["pw=x1", "pw=[REDACTED]"]]

[[benign]]
words = ["pwx"]
match = "substring"
reason = "an exception"
"#;

/// Every sequence of up to `longest` tokens behind a prefix: the engine whole, with tiny
/// limits, cut at every place and byte by byte, against the oracle, and again over its own
/// output.
fn every_input(prefix: &str, tokens: &[&str], longest: u32) {
    for values in [Values::String, Values::Typed] {
        let whole = engine_of(SMALL, 1 << 20, values, false);
        let tight = engine_of(SMALL, 4, values, false);
        let mut twin = Twin::new(SMALL, values, false);
        let mut masks = 0;
        for length in 0..=longest {
            for number in 0..tokens.len().pow(length) {
                let mut input = prefix.to_owned();
                let mut rest = number;
                for _ in 0..length {
                    input += tokens[rest % tokens.len()];
                    rest /= tokens.len();
                }
                let input = input.as_bytes();
                let expected = twin.redact(Framing::Lines, input);
                let same = |got: &Output, how: &str| {
                    assert!(
                        *got == expected,
                        "{how}, {values:?}\n  input    {}\n  expected {expected:?}\n  got      {got:?}",
                        shown(input)
                    );
                };
                same(&drive::whole(&whole, Framing::Lines, input), "whole");
                same(
                    &drive::bytewise(&tight, Framing::Lines, input),
                    "byte by byte",
                );
                let (head, tail) = input.split_at(number % (input.len() + 1));
                same(&drive::run(&tight, Framing::Lines, [head, tail]), "in two");
                // A name in a list may become a value when the list's values are masked, and
                // the quotes of a mask in what is no JSON those of a name.
                let open = values == Values::Typed && input.contains(&b'[')
                    || input.starts_with(b"{") && !is_json(input);
                if expected.masks > 0 && !open {
                    let again = drive::whole(&whole, Framing::Lines, &expected.bytes);
                    assert!(
                        again.bytes == expected.bytes,
                        "G5, {values:?}\n  input {}\n  once  {expected:?}\n  twice {again:?}",
                        shown(input)
                    );
                    let broken = broken_json(Framing::Lines, input, &expected.bytes);
                    assert!(broken.is_none(), "broken JSON {broken:?}\n  {expected:?}");
                }
                masks += expected.masks;
            }
        }
        assert!(masks > 0);
    }
}

#[test]
fn every_input_of_names_signs_and_quotes() {
    every_input("", &["pw", "=", "\"", "\\", " ", "\n", "x1"], 6);
}

#[test]
fn every_input_of_lines() {
    every_input(
        "",
        &["pw:", "\"pw\":", " ", "\n", "x1", "- ", "|", "[", "]"],
        6,
    );
}

#[test]
fn every_input_of_objects() {
    every_input(
        "{\"pw\":",
        &["{", "}", "\"", "pw", ":", "x", ",", "[", "1"],
        6,
    );
}

#[test]
fn every_input_of_strings_in_strings() {
    every_input(
        "[\"{\\\"pw\\\":",
        &["{", "\\\"", "\"", "\\\\", "]", "x", ",", "'"],
        6,
    );
}

#[test]
fn every_input_of_elements() {
    every_input("", &["<pw>", "</a>", "<b>", "\n", " ", "x1", "/"], 6);
}

/// Inputs and outputs, `M` for a mask: the engine whole and byte by byte, the oracle, and
/// the engine again.
fn becomes(cases: &[(&str, &str)]) {
    let whole = engine(1 << 20, Values::String, false);
    let tight = engine(4, Values::String, false);
    let mut twin = Twin::new(&pack(), Values::String, false);
    for (input, expected) in cases {
        let input = input.as_bytes();
        let expected = expected.replace('M', "[REDACTED]");
        let framing = Framing::Lines;
        let got = [
            ("whole", drive::whole(&whole, framing, input)),
            ("byte by byte", drive::bytewise(&tight, framing, input)),
            ("oracle", twin.redact(framing, input)),
            ("twice", drive::whole(&whole, framing, expected.as_bytes())),
        ];
        for (how, got) in got {
            assert_eq!(
                String::from_utf8_lossy(&got.bytes),
                expected,
                "{how}\n  {}",
                shown(input)
            );
        }
    }
}

#[test]
fn the_text_of_an_element_is_on_the_lines_behind_its_tag() {
    becomes(&[
        (
            "<login>\n  <password>\n    hunter2\n  </password>\n</login>\nnext\n",
            "<login>\n  <password>\n    M\n  </password>\n</login>\nnext\n",
        ),
        (
            "<password>\n\n  a pass phrase\n  of two lines\n</password>\n",
            "<password>\n\n  M\n  M\n</password>\n",
        ),
        (
            "<wsse:Password Type=\"a\">\nhunter2</wsse:Password>\nnext\n",
            "<wsse:Password Type=\"a\">\nM</wsse:Password>\nnext\n",
        ),
        (
            "10:02 <user>ada</user> <password>\nhunter2\n",
            "10:02 <user>ada</user> <password>\nM\n",
        ),
        (
            "10:02 sent <login><password>\nhunter2\n",
            "10:02 sent <login><password>\nM\n",
        ),
        (
            "\u{feff}<?xml version=\"1.0\"?><password>\nhunter2\n",
            "\u{feff}<?xml version=\"1.0\"?><password>\nM\n",
        ),
        (
            "&lt;password&gt;\nhunter2\n&lt;/password&gt;\nnext\n",
            "&lt;password&gt;\nM\n&lt;/password&gt;\nnext\n",
        ),
    ]);
}

#[test]
fn what_looks_like_a_tag_in_text_leaves_the_next_lines() {
    let rest = "next\n10:03 x {\"a\":1}\n  indented a b\n";
    for line in [
        "Usage: vault login <token>",
        "expected Vec<Secret>",
        "Pair<String><Secret>",
        "GET /users/<token>",
        "tool login --user <user> --password <password>",
        "tool login <user> <password>",
        "10:02 <password>",
        "if a < b then <password>",
    ] {
        let text = format!("{line}\n{rest}");
        becomes(&[(&text, &text)]);
    }
}

#[test]
fn the_text_of_an_element_has_a_bound() {
    let tag = "<password>\n";
    let text = |line: &str, count: usize| format!("{tag}{}", line.repeat(count));
    let words = text("hunter2\n", 70);
    let several = text(" a pass phrase\n", 20);
    let long = text(&format!("{}\n", "x1".repeat(300)), 20);
    let blank = format!("{tag}{}hunter2\n", "\n".repeat(64));
    becomes(&[
        (
            &words,
            &format!("{tag}{}{}", "M\n".repeat(64), "hunter2\n".repeat(6)),
        ),
        (
            &several,
            &format!("{tag}{}{}", " M\n".repeat(8), " a pass phrase\n".repeat(12)),
        ),
        (
            &long,
            &format!(
                "{tag}{}{}",
                "M\n".repeat(8),
                long[tag.len() + 8 * 601..].to_owned()
            ),
        ),
        (&blank, &blank),
    ]);
}

#[test]
fn the_body_of_a_part_has_a_bound() {
    let head = "Content-Disposition: form-data; name=\"password\"\n\n";
    becomes(&[(
        &format!("{head}{}", "hunter2\n".repeat(300)),
        &format!("{head}{}{}", "M\n".repeat(254), "hunter2\n".repeat(46)),
    )]);
}

#[test]
fn the_text_of_an_element_ends_at_a_line_that_is_none() {
    let same = [
        "<password>\n10:02 next line\nhunter2\n",
        "  <password>\n  no deeper\nhunter2\n",
        "<password>\n{\"a\":1}\nhunter2\n",
        "<password>\n  ${PASSWORD}\nhunter2\n",
        "<password>\n  ****\nhunter2\n",
        "<password>\n  [REDACTED] b\nhunter2\n",
    ];
    becomes(&same.map(|text| (text, text)));
    becomes(&[
        (
            "<password>\nhunter2\n10:02 password=hunter3\nnext\n",
            "<password>\nM\n10:02 password=M\nnext\n",
        ),
        (
            "<password>\na password=\"b c\"\nnext\n",
            "<password>\na password=\"M\"\nnext\n",
        ),
    ]);
}

/// Lines of the corpora, if they are there: the oracle, the cuts, and the second run.
#[test]
fn lines_of_the_corpora_come_out_as_the_oracle_has_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpora");
    let mut lines = Vec::new();
    collect(&folder, &mut lines);
    if lines.is_empty() {
        println!("no corpora at {}: skipped", folder.display());
        return;
    }
    let sizes = Sizes::new(Values::String, false);
    let mut twin = Twin::new(&pack(), Values::String, false);
    let (mut masks, mut problems) = (0, Vec::new());
    for (number, line) in lines.iter().enumerate() {
        let expected = twin.redact(Framing::Document, line);
        masks += expected.masks;
        let got = drive::whole(&sizes.whole, Framing::Document, line);
        if got != expected {
            problems.push(format!(
                "{}\n  expected {expected:?}\n  got      {got:?}",
                shown(line)
            ));
        }
        if let Some(problem) = sizes.problem(Framing::Document, line, number as u64) {
            problems.push(format!("{}\n  {problem}", shown(line)));
        }
    }
    println!("{} lines, {masks} masks", lines.len());
    let few = &problems[..problems.len().min(10)];
    assert!(
        problems.is_empty(),
        "{} problems\n{}",
        problems.len(),
        few.join("\n")
    );
    assert!(masks > 0);
}

/// Some lines of each file, not too long.
fn collect(folder: &Path, lines: &mut Vec<Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, lines);
            continue;
        }
        let text = std::fs::read(&path).unwrap();
        let all: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        let step = 1 + all.len() / LINES;
        let some = all.into_iter().step_by(step);
        let some = some.filter(|line| line.len() < 3000);
        lines.extend(some.map(<[u8]>::to_vec));
    }
}

/// About so many lines of each file.
const LINES: usize = 60;

/// Several fields in one record, at any depth of strings: no secret is left.
#[test]
fn no_value_of_a_certain_field_is_left() {
    const LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let engine = engine(1 << 20, Values::String, false);
    let mut left = Vec::new();
    for seed in 0..100000 {
        let mut random = Random::new(90_000_000 + seed);
        let mut secrets = Vec::new();
        let mut text = String::new();
        for _ in 0..random.between(1, 4) {
            let secret = format!("Zq7{}", random.text(LETTERS, 13));
            let field = shapes::certain_field(&mut random, &secret);
            secrets.push(secret);
            let field = match random.below(4) {
                0 => format!("{{\"msg\":{}}}", serde_json::to_string(&field).unwrap()),
                1 => serde_json::to_string(&format!("x {field} y")).unwrap(),
                _ => field,
            };
            text += &field;
            text += random.pick(&[
                " ",
                " and ",
                ", ",
                "; ",
                "\n",
                " | ",
                " it's ",
                " \" ",
                " { ",
                " [ ",
                " \\ ",
                " ' ",
                ": ",
                " ( ",
                " token= ",
                " secret: ",
                " \"key\": ",
                "\t",
                " password ",
                " <b> ",
                " ) ",
                " } ",
                "\", \"",
            ]);
        }
        for _ in 0..random.below(3) {
            text = format!(
                "{{\"a\":{},\"n\":1}}",
                serde_json::to_string(&text).unwrap()
            );
        }
        let output = drive::whole(&engine, Framing::Document, text.as_bytes());
        let output = String::from_utf8(output.bytes).unwrap();
        if secrets
            .iter()
            .any(|secret| output.contains(secret.as_str()))
        {
            left.push(format!("{text}\n  {output}"));
        }
    }
    let few = &left[..left.len().min(12)];
    assert!(left.is_empty(), "{} leaks\n{}", left.len(), few.join("\n"));
}
