//! Random rules, options and inputs that have something to do with each other.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::random::Random;
use super::rules::{Framing, Options, Profile, Spec};

/// What a pattern's literals are made of.
const LETTERS: &[&str] = &["a", "b", "c", "1", "2"];
const ANYTHING: &[&str] = &[
    "a", "b", "c", "1", "2", "\"", "'", r"\\", "n", "u", "0", "=", ":", ",", " ", r"\[", r"\{",
    r"\}", "é", r"\xa9", r"\r", "R", "x", r"\*",
];

const CLASSES: &[&str] = &["[ab]", "[a-c1]", "[12]", "[bc2]"];
const WIDE_CLASSES: &[&str] = &[
    "[^a]",
    "[^\"]",
    ".",
    r"[^ \n]",
    "[^'\"]",
    "[^b1]",
    r"[\\/a]",
    r"[\x80-\xff]",
];

const CONDITIONS: &[&str] = &[
    "[^A-Za-z0-9]",
    "[^a]",
    "[ab1]",
    "[\"' ]",
    r"[^\\]",
    r"[\n\t=]",
    "[^0-9]",
    "n",
];

/// What inputs are made of, beside matches of the rules.
const TOKENS: &[&str] = &[
    "a",
    "b",
    "c",
    "1",
    "2",
    "aa",
    "ab",
    "abc",
    "x",
    "n",
    "u",
    "\"",
    "'",
    "\\",
    "\n",
    "\r\n",
    "\r",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    " ",
    "=",
    r"\n",
    r"\\",
    r#"\""#,
    r"\u0061",
    r"\u00e9",
    r"\u0022",
    r"\ud83d\ude00",
    r"\ud83d",
    r"\x41",
    r"\u00",
    "%0A",
    "%41",
    "\u{1b}[31m",
    "\u{1b}[1a",
    "\u{1b}[12;1c",
    "\u{1b}[b",
    "\u{1b}[2",
    "\u{1b}(1",
    "\u{1b}",
    r"\x1b[0m",
    r"\u001b[1;31m",
    "é",
    "€",
    "😀",
    "\u{feff}",
    "\0",
    "[REDACTED]",
    "[REDACTED:t/r0]",
    "***",
    "xxxxx",
    "null",
    "true",
    "12",
    "-1.5e3",
    "\"a\"",
    r#"{"a":"#,
    r"[",
    r#"[\""#,
    r#"{\"a\":1"#,
    r#"\\\""#,
    "0.",
    "-Inf",
];

/// Rules and limits of one test, and whether what they write never concerns them.
pub(crate) struct Setting {
    pub(crate) specs: Vec<Spec>,
    pub(crate) options: Options,
    pub(crate) framing: Framing,
    pub(crate) is_inert: bool,
}

pub(crate) fn setting(random: &mut Random) -> Setting {
    let is_inert = random.one_in(3);
    let is_tight = !random.one_in(3);
    let limit = |random: &mut Random, most| {
        if is_tight {
            random.between(1, most)
        } else {
            4096
        }
    };
    let options = Options {
        profile: if random.one_in(4) {
            Profile::Strict
        } else {
            Profile::Standard
        },
        labels: !is_inert && random.one_in(3),
        reach: limit(random, 20),
        max_record: limit(random, 40),
    };
    let specs = (0..random.between(1, 4))
        .map(|_| {
            if is_inert {
                inert_rule(random)
            } else {
                rule(random)
            }
        })
        .collect();
    Setting {
        specs,
        options,
        framing: if random.one_in(4) {
            Framing::Document
        } else {
            Framing::Lines
        },
        is_inert,
    }
}

/// The same with limits of some hundred bytes.
pub(crate) fn wide_setting(random: &mut Random) -> Setting {
    let mut setting = setting(random);
    for spec in &mut setting.specs {
        spec.reach = random.one_in(2).then(|| random.between(30, 500));
    }
    setting.options.reach = random.between(30, 800);
    setting.options.max_record = random.between(1, 800);
    setting
}

/// A rule whose matches hold none of a mask's bytes and whose decisions look at
/// nothing but the match.
fn inert_rule(random: &mut Random) -> Spec {
    Spec {
        pattern: nonempty(random, |random| pattern(random, 3, true)),
        reach: random.one_in(2).then(|| random.between(1, 20)),
        ..Spec::default()
    }
}

fn rule(random: &mut Random) -> Spec {
    let mut spec = if random.one_in(3) {
        anchored(random)
    } else {
        free(random)
    };
    if random.one_in(3) {
        spec.before = Some(random.pick(CONDITIONS).to_owned());
    }
    if random.one_in(3) {
        spec.after = Some(random.pick(CONDITIONS).to_owned());
    }
    if random.one_in(6) {
        spec = spec.entropy(random.between(0, 8) as f64 / 4.0, !random.one_in(3));
    }
    spec
}

/// A rule whose anchors the engine finds out.
fn free(random: &mut Random) -> Spec {
    let has_group = random.one_in(2);
    let pattern = nonempty(random, |random| {
        let mut part = |depth| pattern(random, depth, false);
        let (head, body, tail) = (part(2), part(2), part(1));
        match (has_group, random.below(4)) {
            (false, _) => head + &body,
            (true, 0) => format!("(?:{head}(?:({body}))?)+{tail}"),
            (true, 1) => format!("{head}(?:({body})|{tail})"),
            (true, _) => format!("{head}({body}){tail}"),
        }
    });
    Spec {
        pattern,
        secret: u32::from(has_group),
        ignore_case: random.one_in(8),
        reach: random.one_in(2).then(|| random.between(1, 20)),
        ..Spec::default()
    }
}

/// A rule with an anchor of its own behind a lead of bounded length.
fn anchored(random: &mut Random) -> Spec {
    let anchor: String = (0..random.between(1, 3))
        .map(|_| random.pick(LETTERS))
        .collect();
    let (head, lead) = loop {
        let head = pattern(random, 1, false);
        match parse(&head).properties().maximum_len() {
            Some(lead) if lead < 8 => break (head, lead),
            _ => {}
        }
    };
    let tail = pattern(random, 2, false);
    Spec {
        pattern: format!("{head}{anchor}({tail})"),
        reach: Some(random.between(1, 20)),
        anchors: vec![anchor],
        lead,
        secret: random.below(2) as u32,
        ..Spec::default()
    }
}

/// Retries until the pattern needs at least one byte and stays small.
fn nonempty(random: &mut Random, mut make: impl FnMut(&mut Random) -> String) -> String {
    loop {
        let pattern = make(random);
        let hir = parse(&pattern);
        if hir
            .properties()
            .minimum_len()
            .is_some_and(|least| (1..40).contains(&least))
        {
            return pattern;
        }
    }
}

fn pattern(random: &mut Random, depth: usize, is_inert: bool) -> String {
    if depth == 0 {
        return atom(random, is_inert);
    }
    let part = |random: &mut Random| pattern(random, depth - 1, is_inert);
    match random.below(8) {
        0 => format!("(?:{}|{})", part(random), part(random)),
        1 => format!("(?:{}|{}|{})", part(random), part(random), part(random)),
        2 | 3 => {
            let repeats = [
                "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{2,}", "{0,2}?",
            ];
            format!("(?:{}){}", part(random), random.pick(&repeats))
        }
        4 => part(random),
        _ => part(random) + &part(random),
    }
}

fn atom(random: &mut Random, is_inert: bool) -> String {
    let literals = if is_inert { LETTERS } else { ANYTHING };
    match random.below(6) {
        0 if !is_inert => {
            random.pick(WIDE_CLASSES).to_owned() + random.pick(&["", "*", "+", "{0,2}"])
        }
        0 | 1 => random.pick(CLASSES).to_owned() + random.pick(&["", "*", "+", "{1,2}"]),
        _ => random.pick(literals).to_owned(),
    }
}

pub(crate) fn parse(pattern: &str) -> Hir {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// An input with matches, near matches and whatever else upsets a redactor.
pub(crate) fn input(random: &mut Random, specs: &[Spec]) -> Vec<u8> {
    let longest = if random.one_in(8) { 60 } else { 12 };
    let mut input = match random.below(3) {
        0 => json(random, specs, 3),
        1 => {
            let mut text = json(random, specs, 2);
            let from = random.below(text.len() + 1);
            let to = random.between(from, text.len().min(from + 3));
            text.splice(from..to, soup(random, specs, 2));
            text
        }
        _ => soup(random, specs, longest),
    };
    if random.one_in(4) {
        input.extend(soup(random, specs, 4));
    }
    if random.one_in(6) && !input.is_empty() {
        input.truncate(random.below(input.len()));
    }
    if random.one_in(8) {
        let at = random.below(input.len() + 1);
        input.insert(at, random.next() as u8);
    }
    input
}

/// The same few bytes again and again: runs that end alike, or hardly ever.
pub(crate) fn repetitive_input(random: &mut Random, specs: &[Spec]) -> Vec<u8> {
    let mut input = Vec::new();
    let longest = random.between(100, 1500);
    while input.len() < longest {
        let unit = soup(random, specs, 4);
        let times = random.between(1, 60);
        input.extend(unit.repeat(times));
    }
    input.truncate(longest);
    input
}

fn soup(random: &mut Random, specs: &[Spec], longest: usize) -> Vec<u8> {
    let mut soup = Vec::new();
    for _ in 0..random.below(longest + 1) {
        if random.one_in(3) {
            let spec = &specs[random.below(specs.len())];
            sample(&parse(&spec.pattern), random, &mut soup);
        } else {
            soup.extend_from_slice(random.pick(TOKENS).as_bytes());
        }
    }
    soup
}

/// One of the texts that a pattern matches.
pub(crate) fn sample(hir: &Hir, random: &mut Random, out: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(Class::Bytes(class)) => {
            let range = class.ranges()[random.below(class.ranges().len())];
            out.push(random.between(range.start().into(), range.end().into()) as u8);
        }
        HirKind::Class(Class::Unicode(class)) => {
            let range = class.ranges()[random.below(class.ranges().len())];
            out.extend_from_slice(range.start().encode_utf8(&mut [0; 4]).as_bytes());
        }
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let most = repetition.max.map_or(least + 3, |max| max as usize);
            for _ in 0..random.between(least, most) {
                sample(&repetition.sub, random, out);
            }
        }
        HirKind::Capture(group) => sample(&group.sub, random, out),
        HirKind::Concat(items) => items.iter().for_each(|item| sample(item, random, out)),
        HirKind::Alternation(items) => sample(&items[random.below(items.len())], random, out),
    }
}

/// A document of JSON, with documents in its strings.
fn json(random: &mut Random, specs: &[Spec], depth: usize) -> Vec<u8> {
    let value = value(random, specs, depth);
    let mut text = match random.below(4) {
        0 => serde_json::to_vec_pretty(&value),
        _ => serde_json::to_vec(&value),
    }
    .expect("a value has a text");
    if random.one_in(4) {
        // Other spellings of the same.
        text = String::from_utf8(text)
            .expect("JSON is UTF-8")
            .replace('a', r"\u0061")
            .into_bytes();
    }
    text
}

fn value(random: &mut Random, specs: &[Spec], depth: usize) -> serde_json::Value {
    use serde_json::Value;
    match random.below(if depth == 0 { 6 } else { 12 }) {
        0 => Value::Null,
        1 => Value::Bool(random.one_in(2)),
        2 => Value::from(random.below(400)),
        3 => Value::from(random.below(9999) as f64 / -8.0),
        4 | 5 => Value::from(text(random, specs)),
        6 | 7 => (0..random.below(4))
            .map(|_| value(random, specs, depth - 1))
            .collect(),
        8 | 9 => {
            let text = json(random, specs, depth - 1);
            Value::from(String::from_utf8(text).expect("JSON is UTF-8"))
        }
        _ => (0..random.below(4))
            .map(|_| (text(random, specs), value(random, specs, depth - 1)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn text(random: &mut Random, specs: &[Spec]) -> String {
    let soup = soup(random, specs, 4);
    String::from_utf8_lossy(&soup).into_owned()
}
