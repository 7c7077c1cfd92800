//! P10 in time: how much slower than clean text are the near misses of each rule?
//!
//!     cargo bench --bench near_misses [-- PART-OF-A-RULE-ID] [--mib 10]
//!
//! Each text is tried on one line of a quarter of 10 MiB, which is longer than what a
//! session holds, and on all of them where it comes near the mark: 64 times clean. The
//! exit status is 1 if a rule misses it. What looks slow is tried again, and the
//! fastest time counts, since other work on the machine only ever adds.

#[path = "../tests/near_misses/texts.rs"]
mod texts;

mod corpus;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blackbar::{Framing, Profile, Redactor, RuleSource, Session};

const MARK: f64 = 64.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let mib: u32 = arguments
        .iter()
        .position(|argument| argument == "--mib")
        .map_or(10, |at| arguments[at + 1].parse().expect("a number of MiB"));
    let bytes = (mib as usize) << 20;
    let filter = arguments
        .first()
        .filter(|argument| *argument != "--mib")
        .map_or("", String::as_str);

    let mut missed = false;
    let mut tried = BTreeSet::new();
    for profile in [Profile::Article, Profile::Standard, Profile::Strict] {
        let redactor = Redactor::builder()
            .profile(profile)
            .build()
            .expect("the embedded packs compile");
        let redactor = Arc::new(redactor);
        let clean = fastest(&redactor, corpus::one_line(bytes).as_bytes(), 5);
        println!(
            "{profile}: clean {:.0} MB/s",
            f64::from(mib) * 1.048_576 / clean.as_secs_f64()
        );
        for rule in redactor
            .rules()
            .filter(|rule| rule.full_id().contains(filter))
        {
            // Strict runs the rules of standard, and few more; one time is enough.
            if profile != Profile::Article && !tried.insert(rule.full_id().to_owned()) {
                continue;
            }
            let (ratio, name) = worst(rule, &redactor, bytes, clean);
            missed |= ratio > MARK;
            let verdict = if ratio > MARK { "  MISSED" } else { "" };
            println!(
                "  {ratio:6.1} x clean  {:<40} {name}{verdict}",
                rule.full_id()
            );
        }
    }
    ExitCode::from(u8::from(missed))
}

/// The near miss of a rule that takes longest, in times of clean text.
fn worst(
    rule: &RuleSource,
    redactor: &Arc<Redactor>,
    bytes: usize,
    clean: Duration,
) -> (f64, String) {
    let clean = clean.as_secs_f64();
    let mut worst = (0.0, String::from("no near misses"));
    for text in texts::of(rule, redactor) {
        let short = text.line(bytes / 4);
        let mut ratio = 4.0 * time(redactor, &short).as_secs_f64() / clean;
        if ratio > MARK / 4.0 {
            ratio = ratio.min(4.0 * fastest(redactor, &short, 2).as_secs_f64() / clean);
        }
        if ratio > MARK / 2.0 && ratio < 4.0 * MARK {
            ratio = fastest(redactor, &text.line(bytes), 2).as_secs_f64() / clean;
        }
        if ratio > worst.0 {
            worst = (ratio, text.name);
        }
    }
    worst
}

fn fastest(redactor: &Arc<Redactor>, input: &[u8], times: usize) -> Duration {
    (0..times)
        .map(|_| time(redactor, input))
        .min()
        .expect("more than no times")
}

fn time(redactor: &Arc<Redactor>, input: &[u8]) -> Duration {
    let start = Instant::now();
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let mut pieces = Vec::new();
    for chunk in input.chunks(256 << 10) {
        session.write(chunk, &mut pieces);
        black_box(&pieces);
        pieces.clear();
    }
    session.end(&mut pieces);
    black_box(&pieces);
    start.elapsed()
}
