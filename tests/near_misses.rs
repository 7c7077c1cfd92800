//! P10: near misses of every rule, on one line, end, and are the same however they arrive.
//!
//! Time is not measured here, where the machine may be busy: the engine's steps are
//! counted instead, and `cargo bench --bench near_misses` takes the time.

#[path = "near_misses/texts.rs"]
mod texts;

use std::sync::Arc;

use blackbar::{Framing, Limits, Profile, Redactor, Session, check, embedded_packs};

/// Long against the reach and the small limits below, short enough for a debug build.
const BYTES: usize = 24 << 10;

/// Several rules may look at the same bytes, but no near miss of one needs to be hard for all.
const MOST_WORK_TOGETHER: u64 = check::MOST_WORK;

#[test]
fn near_misses_are_the_same_whole_and_split() {
    for profile in [Profile::Article, Profile::Standard, Profile::Strict] {
        // One byte beyond the longest text, so that its limit decides nothing about `article`.
        let wide = redactor(profile, Limits::default());
        let narrow = redactor(
            profile,
            Limits {
                max_record: 3000,
                ..Limits::default()
            },
        );
        let mut count = 0;
        for rule in wide.rules() {
            for text in texts::of(rule, &wide) {
                let line = text.line(BYTES);
                let whole = wide.redact(&line);
                let how =
                    |how: &str| format!("{profile}, {}, {}: {how}", rule.full_id(), text.name);
                assert!(
                    in_chunks(&wide, &line, 1000) == whole,
                    "{}",
                    how("in chunks of 1000")
                );
                assert!(
                    in_chunks(&wide, &line, 4099) == whole,
                    "{}",
                    how("in chunks of 4099")
                );
                if profile != Profile::Article {
                    // Exactness of `article` is promised up to max_record only.
                    assert!(
                        in_chunks(&narrow, &line, 1000) == whole,
                        "{}",
                        how("in windows")
                    );
                }
                count += 1;
            }
        }
        assert!(count > 30, "{profile}: only {count} texts");
    }
}

#[test]
fn names_are_the_same_whole_and_split() {
    for profile in Profile::ALL {
        let wide = redactor(profile, Limits::default());
        let narrow = redactor(
            profile,
            Limits {
                max_record: 3000,
                ..Limits::default()
            },
        );
        for text in texts::of_names() {
            let line = text.line(BYTES);
            let whole = wide.redact(&line);
            for size in [1000, 4099] {
                assert!(
                    in_chunks(&wide, &line, size) == whole,
                    "{profile}, {}: in chunks of {size}",
                    text.name
                );
            }
            // Exactness of the article's patterns is promised up to max_record only.
            if matches!(profile, Profile::Standard | Profile::Strict) {
                assert!(
                    in_chunks(&narrow, &line, 1000) == whole,
                    "{profile}, {}: in windows",
                    text.name
                );
            }
        }
    }
}

/// For each rule alone, and for all rules of a profile together on texts four times as long: were the
/// work not linear, the second limit would not hold.
#[test]
fn near_misses_cost_few_steps_a_byte() {
    for pack in embedded_packs().expect("the embedded packs parse") {
        for rule in pack.rules() {
            let work = check::near_miss_work(&pack, rule).expect("the embedded packs compile");
            assert!(
                work <= check::MOST_WORK,
                "{}: {work} steps a byte",
                rule.full_id()
            );
        }
    }
    for profile in [Profile::Article, Profile::Standard, Profile::Strict] {
        let redactor = redactor(profile, Limits::default());
        let mut worst = (0, String::new());
        for rule in redactor.rules() {
            for text in texts::of(rule, &redactor) {
                let work = check::work_per_byte(&redactor, &text.line(4 * BYTES));
                worst = worst.max((work, format!("{}, {}", rule.full_id(), text.name)));
            }
        }
        let (work, text) = worst;
        println!("{profile}: {work} steps a byte, {text}");
        assert!(
            work <= MOST_WORK_TOGETHER,
            "{profile}, {text}: {work} steps a byte"
        );
    }
}

fn redactor(profile: Profile, limits: Limits) -> Arc<Redactor> {
    let redactor = Redactor::builder().profile(profile).limits(limits).build();
    Arc::new(redactor.expect("the embedded packs compile"))
}

fn in_chunks(redactor: &Arc<Redactor>, input: &[u8], size: usize) -> Vec<u8> {
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let (mut output, mut pieces) = (Vec::new(), Vec::new());
    for chunk in input.chunks(size) {
        session.write(chunk, &mut pieces);
        for piece in pieces.drain(..) {
            output.extend_from_slice(session.bytes(&piece, chunk));
        }
    }
    session.end(&mut pieces);
    for piece in &pieces {
        output.extend_from_slice(session.bytes(piece, &[]));
    }
    output
}
