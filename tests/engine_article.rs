//! The article profile against the oracle's own matchers: every sequence of the words
//! that its patterns are made of, whole, byte by byte and at every split, and with
//! records that are too long for replacements.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod oracle;

use std::sync::Arc;

use blackbar::{Redactor, RuleSource};

use oracle::rules::{Framing, Options, Profile, Rule, article_rules};
use oracle::{Output, drive};

struct Article {
    options: Options,
    engine: Arc<Redactor>,
    /// In the article's order, with the engine's ids.
    rules: Vec<Rule>,
    /// Where the engine, which sorts by id, has each of them.
    places: Vec<usize>,
}

impl Article {
    fn new(options: Options) -> Self {
        let options = Options {
            profile: Profile::Article,
            ..options
        };
        let engine = Redactor::builder()
            .profile(drive::profile(options.profile))
            .labels(options.labels)
            .limits(drive::limits(&options))
            .build()
            .unwrap();
        let packs = blackbar::embedded_packs().unwrap();
        let in_article = |rule: &&RuleSource| rule.profiles().contains(&blackbar::Profile::Article);
        let ids: Vec<String> = packs
            .iter()
            .flat_map(|pack| pack.rules().iter().filter(in_article))
            .map(|rule| rule.full_id().to_owned())
            .collect();
        assert_eq!(ids.len(), 7);
        let place = |id: &String| {
            engine
                .rules()
                .position(|rule| rule.full_id() == id)
                .unwrap()
        };
        Self {
            options,
            rules: article_rules(&ids),
            places: ids.iter().map(place).collect(),
            engine: Arc::new(engine),
        }
    }

    fn oracle(&self, framing: Framing, input: &[u8]) -> Output {
        let mut output = oracle::redact(&self.rules, &self.options, framing, input);
        let mut findings = vec![0; output.findings.len()];
        for (&place, &count) in self.places.iter().zip(&output.findings) {
            findings[place] = count;
        }
        output.findings = findings;
        output
    }

    fn assert_same(&self, framing: Framing, input: &[u8]) -> u64 {
        let expected = self.oracle(framing, input);
        let same = |chunks: &[&[u8]]| {
            let got = drive::run(&self.engine, framing, chunks.iter().copied());
            assert_eq!(got, expected, "{:?} {}", self.options, drive::shown(input));
        };
        same(&[input]);
        for at in 1..input.len() {
            let (head, tail) = input.split_at(at);
            same(&[head, tail]);
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        same(&bytes);
        expected.masks
    }

    /// Every sequence of up to `longest` of `words`.
    fn every_sequence(&self, words: &[&str], longest: u32, framing: Framing) {
        let mut masks = 0;
        for length in 0..=longest {
            for mut index in 0..words.len().pow(length) {
                let mut input = String::new();
                for _ in 0..length {
                    input.push_str(words[index % words.len()]);
                    index /= words.len();
                }
                masks += self.assert_same(framing, input.as_bytes());
            }
        }
        assert!(masks > 0, "nothing was masked");
    }
}

const SHORT_RECORDS: Options = Options {
    max_record: 24,
    ..Options::DEFAULT
};

const TIGHT: Options = Options {
    max_record: 10,
    reach: 16,
    ..Options::DEFAULT
};

const LABELLED: Options = Options {
    labels: true,
    ..Options::DEFAULT
};

#[test]
fn assignments_in_quotes() {
    let words = ["key=", "Token=", "'", "\"", "a", "\n"];
    Article::new(LABELLED).every_sequence(&words, 5, Framing::Lines);
    Article::new(SHORT_RECORDS).every_sequence(&words, 5, Framing::Document);
    Article::new(TIGHT).every_sequence(&words, 5, Framing::Lines);
}

#[test]
fn bearer_tokens() {
    let words = ["Bearer", " ", "\u{a0}", "\u{3000}", "a-", "=", "\u{e9}"];
    Article::new(LABELLED).every_sequence(&words, 4, Framing::Lines);
    Article::new(SHORT_RECORDS).every_sequence(&words, 4, Framing::Lines);
    Article::new(TIGHT).every_sequence(&words, 4, Framing::Lines);
}

#[test]
fn connection_strings_take_earlier_masks_in() {
    let words = ["postgresql://", "@", "a", "key='x'", "sk_live_b", "\r\n"];
    Article::new(LABELLED).every_sequence(&words, 4, Framing::Lines);
    Article::new(SHORT_RECORDS).every_sequence(&words, 4, Framing::Document);
    Article::new(TIGHT).every_sequence(&words, 4, Framing::Lines);
}

#[test]
fn every_replacement_meets_every_other() {
    let words = [
        "password='",
        "secret=\"",
        "token='",
        "KEY=\"",
        "Bearer x",
        "sk_live_",
        "postgresql://",
        "@",
        "'",
        "\"",
    ];
    Article::new(Options::DEFAULT).every_sequence(&words, 4, Framing::Lines);
}

#[test]
fn json_is_text_for_replacements_and_has_structure_in_longer_records() {
    let text = br#"{"a":"token='x'","b":["Bearer abc",{"c":"postgresql://u:p@h"}]}"#;
    for max_record in [8, 30, 62, 63, 64, 1024] {
        let options = Options {
            max_record,
            ..Options::DEFAULT
        };
        assert!(Article::new(options).assert_same(Framing::Lines, text) >= 3);
    }
}
