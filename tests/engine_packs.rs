//! The embedded packs against the oracle: their rules as the files tell them, over
//! logs and over texts made of their own patterns.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod oracle;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use blackbar::Redactor;

use oracle::drive::{self, shown};
use oracle::random::Random;
use oracle::rules::{Framing, Options, Profile, Rule, Spec};
use oracle::verify::{By, Verify};
use oracle::{generate, logs};

/// A rule of a file.
struct FileRule {
    id: String,
    spec: Spec,
}

/// The rules of `patterns/` that are enabled in `profile`, in the order of their ids.
fn rules_of(profile: Profile) -> Vec<FileRule> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns");
    let mut rules = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let pack = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let table: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        // Optional packs run where they are enabled, which none of these tests does.
        if table.get("optional").is_some() {
            continue;
        }
        for rule in table
            .get("rule")
            .and_then(toml::Value::as_array)
            .unwrap_or(&Vec::new())
        {
            let rule = rule.as_table().unwrap();
            if is_enabled(rule, profile) && !has_macro(rule) {
                rules.push(file_rule(&pack, rule));
            }
        }
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules
}

/// The oracle reads the files and does not know `{esc:…}`.
fn has_macro(rule: &toml::Table) -> bool {
    rule["pattern"].as_str().unwrap().contains("{esc:")
}

fn is_enabled(rule: &toml::Table, profile: Profile) -> bool {
    let name = match profile {
        Profile::Standard => "standard",
        Profile::Strict => "strict",
        Profile::Article => "article",
    };
    match rule.get("profiles") {
        Some(profiles) => profiles
            .as_array()
            .unwrap()
            .iter()
            .any(|other| other.as_str() == Some(name)),
        None => profile != Profile::Article,
    }
}

fn file_rule(pack: &str, rule: &toml::Table) -> FileRule {
    let text = |key: &str| {
        rule.get(key)
            .map(|value| value.as_str().unwrap().to_owned())
    };
    let number = |key: &str| {
        rule.get(key)
            .map(|value| value.as_integer().unwrap() as usize)
    };
    let pattern = text("pattern").unwrap();
    FileRule {
        id: format!("{pack}/{}", text("id").unwrap()),
        spec: Spec {
            pattern,
            ignore_case: rule
                .get("ignore_case")
                .is_some_and(|value| value.as_bool().unwrap()),
            secret: number("secret").unwrap_or(0) as u32,
            before: text("before"),
            after: text("after"),
            reach: number("reach"),
            verify: rule
                .get("verify")
                .map(|value| verify(value.as_table().unwrap())),
            opens_blocks: rule.contains_key("block"),
            ..Spec::default()
        },
    }
}

fn verify(table: &toml::Table) -> Verify {
    Verify {
        by: match table["by"].as_str().unwrap() {
            "jwt" => By::Jwt,
            "entropy" => By::Entropy(table["min"].as_float().unwrap()),
            // What is only reported is masked all the same.
            "crc32-base62" | "aws-key-id" if table["on_fail"].as_str() == Some("report") => By::Any,
            other => panic!("the oracle does not know the verifier {other}"),
        },
        rejects: table["on_fail"].as_str() == Some("reject"),
    }
}

struct Packs {
    options: Options,
    specs: Vec<Spec>,
    rules: Vec<Rule>,
    engine: Arc<Redactor>,
}

impl Packs {
    fn new(options: Options) -> Self {
        let of_files = rules_of(options.profile);
        let builder = Redactor::builder()
            .profile(drive::profile(options.profile))
            .labels(options.labels)
            .limits(drive::limits(&options));
        let packs = blackbar::embedded_packs().unwrap();
        // Names of fields are engine_fields' to compare.
        let names = packs.iter().flat_map(blackbar::Pack::names);
        let builder = names.fold(builder, |builder, name| builder.disable(name.full_id()));
        let macros = packs.iter().flat_map(blackbar::Pack::rules);
        let engine = macros
            .filter(|rule| rule.pattern().contains("{esc:"))
            .fold(builder, |builder, rule| builder.disable(rule.full_id()))
            .build()
            .unwrap();
        let ids: Vec<&str> = engine.rules().map(blackbar::RuleSource::full_id).collect();
        assert_eq!(
            ids,
            of_files
                .iter()
                .map(|rule| rule.id.as_str())
                .collect::<Vec<_>>()
        );
        Self {
            options,
            rules: of_files
                .iter()
                .map(|rule| rule.spec.rule(rule.id.clone()))
                .collect(),
            engine: Arc::new(engine),
            specs: of_files.into_iter().map(|rule| rule.spec).collect(),
        }
    }

    /// Asserts one input, whole and in the chunks; returns the number of masks.
    fn assert_same(&self, framing: Framing, input: &[u8], chunks: &[&[u8]]) -> u64 {
        let expected = oracle::redact(&self.rules, &self.options, framing, input);
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        for chunks in [&[input], chunks, &bytes] {
            let got = drive::run(&self.engine, framing, chunks.iter().copied());
            assert!(
                got == expected,
                "{} chunks, {:?}\ninput    {}\nexpected {expected:?}\ngot      {got:?}",
                chunks.len(),
                self.options,
                shown(input),
            )
        }
        expected.masks
    }
}

const SMALL_RECORDS: Options = Options {
    max_record: 60,
    ..Options::DEFAULT
};

/// No shorter than the way to an anchor.
const SHORT_REACH: Options = Options {
    reach: 40,
    max_record: 100,
    labels: true,
    ..Options::DEFAULT
};

const STRICT: Options = Options {
    profile: Profile::Strict,
    max_record: 7,
    ..Options::DEFAULT
};

#[test]
fn logs_come_out_as_the_oracle_has_them() {
    for options in [SMALL_RECORDS, SHORT_REACH, STRICT] {
        let packs = Packs::new(options);
        let mut masks = 0;
        for seed in 0..4 {
            let mut random = Random::new(seed);
            for _ in 0..15 {
                let (log, _) = logs::log(&mut random, 3);
                let chunks = random.chunks(&log, 5);
                masks += packs.assert_same(Framing::Lines, &log, &chunks);
            }
        }
        assert!(masks > 20, "{masks} masks");
    }
}

#[test]
fn texts_of_the_rules_own_patterns_come_out_as_the_oracle_has_them() {
    for options in [SMALL_RECORDS, SHORT_REACH, STRICT] {
        let packs = Packs::new(options);
        let hirs: Vec<_> = packs
            .specs
            .iter()
            .map(|spec| generate::parse(&spec.pattern))
            .collect();
        let mut random = Random::new(3);
        let mut masks = 0;
        for _ in 0..3 {
            for hir in &hirs {
                let mut text = Vec::new();
                generate::sample(hir, &mut random, &mut text);
                let other = &hirs[random.below(hirs.len())];
                text.push(*b" \"'@[\n,\\"[..].get(random.below(8)).unwrap());
                generate::sample(other, &mut random, &mut text);
                spoil(&mut random, &mut text);
                let text = wrapped(&mut random, text);
                let framing = if random.one_in(4) {
                    Framing::Document
                } else {
                    Framing::Lines
                };
                let chunks = random.chunks(&text, 5);
                masks += packs.assert_same(framing, &text, &chunks);
            }
        }
        assert!(masks > 50, "{masks} masks");
    }
}

#[test]
fn private_keys_come_out_as_the_oracle_has_them() {
    for options in [SMALL_RECORDS, SHORT_REACH, STRICT] {
        let packs = Packs::new(options);
        let mut random = Random::new(5);
        let mut masks = 0;
        for _ in 0..60 {
            let text = key_in_a_log(&mut random);
            let chunks = random.chunks(&text, 6);
            masks += packs.assert_same(Framing::Lines, &text, &chunks);
        }
        assert!(masks > 200, "{masks} masks");
    }
}

/// A private key as logs hold it: indented, prefixed, quoted, cut off, interrupted.
fn key_in_a_log(random: &mut Random) -> Vec<u8> {
    let (pem, _) = logs::pem(random, 4);
    let mut lines: Vec<String> = pem.lines().map(str::to_owned).collect();
    for _ in 0..random.below(3) {
        let other = [
            "",
            "   ",
            "Proc-Type: 4,ENCRYPTED",
            "Version: 1",
            "Private-MAC: 0a0b",
            "=aB3d",
            "c2hvcnQ=",
            "and then prose",
            "c2hvcnQ= and then prose",
            "-----END CERTIFICATE-----",
            "----- END X-----",
        ][random.below(11)];
        let at = random.between(1, lines.len());
        lines.insert(at, other.to_owned());
    }
    if random.one_in(3) {
        lines.truncate(random.between(1, lines.len()));
    }
    let seconds = random.below(40);
    let style = random.below(6);
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let second = seconds + number;
        text += &match style {
            0 => format!("    {line}"),
            1 => format!("2024-05-01T12:00:{second:02}Z app {line}"),
            2 => format!("{{\"log\":\"{line}\\n\",\"stream\":\"stdout\"}}"),
            3 => format!("  \"{line}\\n\" +"),
            4 => format!("> {line}\r"),
            _ => line.clone(),
        };
        text.push('\n');
    }
    text += &logs::clean_line(random);
    text.into_bytes()
}

/// Takes a little away or puts a little in, or neither.
fn spoil(random: &mut Random, text: &mut Vec<u8>) {
    let at = random.below(text.len());
    match random.below(4) {
        0 => drop(text.remove(at)),
        1 => text.insert(at, b"\\\"'@: \n[="[random.below(9)]),
        2 => text.truncate(at + 1),
        _ => {}
    }
}

/// The text as it is, or in the string of a document, or in that of one in a string.
fn wrapped(random: &mut Random, text: Vec<u8>) -> Vec<u8> {
    let nested = |text: &str| serde_json::to_string(&[text]).unwrap();
    let readable = String::from_utf8_lossy(&text);
    match random.below(4) {
        0 => nested(&readable).into_bytes(),
        1 => nested(&nested(&readable)).into_bytes(),
        _ => text,
    }
}
