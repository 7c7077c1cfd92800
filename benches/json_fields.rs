//! Is it worth it not to parse? JSON lines of which 1 in 20 holds a sensitive field,
//! through a session and through `serde_json`: parse, walk, print.
//!
//!     cargo bench --bench json_fields
//!
//! Both sides write their output, and have to have found the same before anything is
//! timed. After the figures it says how many times faster `standard` is; the exit
//! status is 1 if that is less than the mark.

mod corpus;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blackbar::{Framing, Piece, Profile, Redactor, Session};
use criterion::{Criterion, Throughput};
use serde_json::Value;

use corpus::fields::SECRET;
use corpus::{Corpus, Kind};

const BYTES: usize = 8 << 20;

/// What the binary reads at once.
const READ: usize = 256 << 10;

/// Times as fast as `serde_json`.
const MARK: f64 = 5.0;

const MASK: &str = "[REDACTED]";

fn main() -> ExitCode {
    let corpus = Corpus::new(Kind::Fields, BYTES);
    let text = corpus.text.as_bytes();
    let standard = redactor(Profile::Standard);
    let errors = redactor(Profile::ArticleErrors);
    let mut out = Vec::with_capacity(2 * text.len());
    assert_same(&corpus, &[&standard, &errors]);

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("json-fields");
    group
        .throughput(Throughput::Bytes(text.len() as u64))
        .sample_size(20)
        .measurement_time(Duration::from_secs(3));
    group.bench_function("serde_json", |bencher| {
        bencher.iter(|| peer(black_box(text), &mut out));
    });
    for redactor in [&standard, &errors] {
        group.bench_function(redactor.profile().name(), |bencher| {
            bencher.iter(|| session(redactor, black_box(text), &mut out));
        });
    }
    group.finish();
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    verdict(&standard, text, &mut out)
}

/// Every secret is masked on both sides, and nothing else.
fn assert_same(corpus: &Corpus, redactors: &[&Arc<Redactor>]) {
    let lines = corpus.text.lines().count() as u64;
    assert!(
        lines / 25 < corpus.secrets && corpus.secrets < lines / 16,
        "{} secrets in {lines} lines",
        corpus.secrets
    );
    let mut expected = Vec::new();
    assert_eq!(peer(corpus.text.as_bytes(), &mut expected), corpus.secrets);
    assert_clean("serde_json", &expected, corpus.secrets);
    for redactor in redactors {
        let profile = redactor.profile();
        let mut out = Vec::new();
        let masks = session(redactor, corpus.text.as_bytes(), &mut out);
        assert_eq!(masks, corpus.secrets, "{profile}");
        assert_clean(profile.name(), &out, corpus.secrets);
    }
}

fn assert_clean(who: &str, out: &[u8], masks: u64) {
    let out = std::str::from_utf8(out).expect("UTF-8");
    assert_eq!(out.matches(SECRET).count(), 0, "{who}");
    assert_eq!(out.matches(MASK).count() as u64, masks, "{who}");
}

/// Rounds of both, one after the other, so that a slow moment of the machine strikes both.
fn verdict(standard: &Arc<Redactor>, text: &[u8], out: &mut Vec<u8>) -> ExitCode {
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..10 {
        theirs = theirs.min(time(|| peer(black_box(text), out)));
        ours = ours.min(time(|| session(standard, black_box(text), out)));
    }
    // Bytes a microsecond are MB/s.
    let speed = |time: Duration| text.len() as u128 / time.as_micros().max(1);
    let times = theirs.as_secs_f64() / ours.as_secs_f64();
    let missed = times < MARK;
    println!(
        "standard {} MB/s, serde_json {} MB/s: {times:.1} times as fast, mark {MARK:.0}: {}",
        speed(ours),
        speed(theirs),
        if missed { "MISSED" } else { "met" },
    );
    ExitCode::from(u8::from(missed))
}

fn time(run: impl FnOnce() -> u64) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

/// What one writes who needs it done: each line parsed, walked and printed again. Returns
/// how many values it replaced.
fn peer(input: &[u8], out: &mut Vec<u8>) -> u64 {
    out.clear();
    let mut replaced = 0;
    for line in input.split_inclusive(|&byte| byte == b'\n') {
        let mut value: Value = serde_json::from_slice(line).expect("a line of JSON");
        replaced += walk(&mut value);
        serde_json::to_writer(&mut *out, &value).expect("a Vec takes all");
        out.push(b'\n');
    }
    black_box(&out);
    replaced
}

fn walk(value: &mut Value) -> u64 {
    match value {
        Value::Object(fields) => fields
            .iter_mut()
            .map(|(name, value)| {
                if is_sensitive(name) {
                    mask(value)
                } else {
                    walk(value)
                }
            })
            .sum(),
        Value::Array(elements) => elements.iter_mut().map(walk).sum(),
        _ => 0,
    }
}

fn is_sensitive(name: &str) -> bool {
    const WORDS: [&str; 6] = [
        "password",
        "secret",
        "token",
        "key",
        "authorization",
        "cookie",
    ];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

fn mask(value: &mut Value) -> u64 {
    if matches!(value, Value::Null | Value::Bool(_)) || value.as_str() == Some("") {
        return 0;
    }
    *value = Value::from(MASK);
    1
}

/// The same by blackbar, its pieces put together. Returns the number of masks.
fn session(redactor: &Arc<Redactor>, input: &[u8], out: &mut Vec<u8>) -> u64 {
    out.clear();
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let mut pieces = Vec::new();
    let mut masks = 0;
    let mut take = |session: &Session, pieces: &mut Vec<Piece>, chunk: &[u8]| {
        for piece in pieces.drain(..) {
            masks += u64::from(matches!(piece, Piece::Mask(_)));
            out.extend_from_slice(session.bytes(&piece, chunk));
        }
    };
    for chunk in input.chunks(READ) {
        session.write(chunk, &mut pieces);
        take(&session, &mut pieces, chunk);
    }
    session.end(&mut pieces);
    take(&session, &mut pieces, &[]);
    black_box(&out);
    masks
}

fn redactor(profile: Profile) -> Arc<Redactor> {
    let redactor = Redactor::builder().profile(profile).build();
    Arc::new(redactor.expect("the embedded packs compile"))
}
