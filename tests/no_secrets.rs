//! P8: ids, hashes, timestamps and versions are no secrets, whatever packs there are.
//!
//! The lines are generated: every kind in every sentence, with values of their own.

#[path = "no_secrets/kinds.rs"]
mod kinds;
mod oracle;

use std::collections::BTreeMap;

use blackbar::Redactor;

use oracle::random::Random;

/// How many lines are looked at.
const LINES: usize = 20_000;

/// Sentences that say nothing about what stands in them.
const SENTENCES: [&str; 12] = [
    "2026-11-24T10:00:00.123Z INFO worker: processed {} in 12 ms",
    "Nov 24 10:00:00 host app[71]: got {}, retrying",
    "level=info msg=done ref={} n=3",
    "level=info msg=\"saw {}\" n=3",
    "{\"level\":\"info\",\"ref\":\"{}\",\"n\":1}",
    "{\"level\":\"info\",\"msg\":\"{\\\"ref\\\":\\\"{}\\\"}\"}",
    "GET /items/{}?page=2 HTTP/1.1 200 1532",
    "GET /x?ref={}&page=2 HTTP/1.1 304",
    "<item ref=\"{}\">{}</item>",
    "\x1b[32mOK\x1b[0m {} (cached)",
    "  - {}",
    "{}",
];

#[test]
fn nothing_changes_where_no_secret_is() {
    let redactor = Redactor::builder()
        .build()
        .expect("the embedded packs compile");
    let mut random = Random::new(8);
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for number in 0..LINES {
        let (kind, make) = kinds::ALL[number % kinds::ALL.len()];
        let sentence = random.pick(&SENTENCES);
        let line = sentence.replace("{}", &make(&mut random));
        let out = redactor.redact(line.as_bytes());
        if out != line.as_bytes() {
            let out = String::from_utf8_lossy(&out);
            let told = wrong.entry(kind).or_default();
            told.push(format!("{kind}: {line:?} became {out:?}"));
        }
    }
    let told: Vec<String> = wrong
        .values()
        .map(|lines| format!("{} lines; {}", lines.len(), lines[0]))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}
