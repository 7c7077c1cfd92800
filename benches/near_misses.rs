//! P10 in time: how much slower than clean text are the near misses of each rule, and
//! texts full of sensitive names?
//!
//!     cargo bench --bench near_misses [-- PART-OF-A-RULE-ID] [--mib 10]
//!
//! `names` is the rule id of the texts with names.
//!
//! Each text is tried on one line of a quarter of 10 MiB, which is longer than what a
//! session holds, and on all of them where it comes near the mark: 64 times clean. The
//! exit status is 1 if something misses it. What looks slow is tried again, and the
//! fastest time counts, since other work on the machine only ever adds.

#[path = "../tests/near_misses/texts.rs"]
mod texts;

mod corpus;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blackbar::{Framing, Profile, Redactor, Session};

use texts::NearMiss;

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
    for profile in Profile::ALL {
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
            let worst = texts::of(rule, &redactor)
                .into_iter()
                .map(|text| (ratio(&text, &redactor, bytes, clean), text.name))
                .fold((0.0, String::from("no near misses")), |worst, next| {
                    if next.0 > worst.0 { next } else { worst }
                });
            missed |= report(worst.0, rule.full_id(), &worst.1);
        }
        // The article's seven patterns know no names, and strict knows those of standard.
        let has_names = matches!(profile, Profile::Standard | Profile::ArticleErrors);
        if has_names && "names".contains(filter) {
            for text in texts::of_names() {
                missed |= report(ratio(&text, &redactor, bytes, clean), "names", &text.name);
            }
        }
    }
    ExitCode::from(u8::from(missed))
}

/// Prints one line. Whether the mark is missed.
fn report(ratio: f64, id: &str, name: &str) -> bool {
    let missed = ratio > MARK;
    let verdict = if missed { "  MISSED" } else { "" };
    println!("  {ratio:6.1} x clean  {id:<40} {name}{verdict}");
    missed
}

/// How long a near miss takes, in times of clean text.
fn ratio(text: &NearMiss, redactor: &Arc<Redactor>, bytes: usize, clean: Duration) -> f64 {
    let clean = clean.as_secs_f64();
    let short = text.line(bytes / 4);
    let mut ratio = 4.0 * time(redactor, &short).as_secs_f64() / clean;
    if ratio > MARK / 4.0 {
        ratio = ratio.min(4.0 * fastest(redactor, &short, 2).as_secs_f64() / clean);
    }
    if ratio > MARK / 2.0 && ratio < 4.0 * MARK {
        ratio = fastest(redactor, &text.line(bytes), 2).as_secs_f64() / clean;
    }
    ratio
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
