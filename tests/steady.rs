//! G6: once warm, no record allocates, and time is proportional to the input.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

#[path = "oracle/alloc.rs"]
mod alloc;
mod oracle;

use std::fs;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use blackbar::{Framing, Piece, Profile, Redactor, Session};

use oracle::logs;
use oracle::random::Random;

fn embedded(profile: Profile) -> Arc<Redactor> {
    Arc::new(Redactor::builder().profile(profile).build().unwrap())
}

/// Writes `input` in chunks of `size` bytes and looks at every byte that leaves.
fn feed(session: &mut Session, pieces: &mut Vec<Piece>, input: &[u8], size: usize) -> u64 {
    let mut left = 0;
    for chunk in input.chunks(size) {
        session.write(chunk, pieces);
        for piece in pieces.drain(..) {
            left += session.bytes(&piece, chunk).len() as u64;
        }
    }
    left
}

/// The allocations of a second pass over what the session has seen once.
fn allocations_once_warm(profile: Profile, input: &[u8], size: usize) -> u64 {
    let mut session = Session::new(embedded(profile), Framing::Lines);
    let mut pieces = Vec::new();
    // Twice, since a buffer may grow when a second kind of record follows the last.
    feed(&mut session, &mut pieces, input, size);
    feed(&mut session, &mut pieces, input, size);
    alloc::allocations(|| {
        assert!(feed(&mut session, &mut pieces, input, size) > 0);
    })
}

fn assert_steady(input: &[u8]) {
    assert!(
        input.ends_with(b"\n"),
        "the next pass begins a record of its own"
    );
    for profile in Profile::ALL {
        for size in [input.len(), 4096, 100, 1] {
            let allocations = allocations_once_warm(profile, input, size);
            assert_eq!(allocations, 0, "{profile}, chunks of {size} bytes");
        }
    }
}

fn lines(count: usize, mut line: impl FnMut(&mut Random) -> String) -> Vec<u8> {
    let mut random = Random::new(6);
    let mut text = String::new();
    for _ in 0..count {
        text += &line(&mut random);
        text.push('\n');
    }
    text.into_bytes()
}

#[test]
fn g6_the_allocator_counts() {
    let allocations = alloc::allocations(|| drop(std::hint::black_box(vec![1, 2, 3])));
    assert_eq!(allocations, 1);
    let peak = alloc::peak(|| drop(std::hint::black_box(vec![0_u8; 1000])));
    assert!((1000..2000).contains(&peak), "{peak}");
}

#[test]
fn g6_clean_lines_allocate_nothing_once_warm() {
    assert_steady(&lines(200, logs::clean_line));
}

#[test]
fn g6_lines_with_findings_allocate_nothing_once_warm() {
    assert_steady(&lines(200, |random| logs::credential(random).text));
}

#[test]
fn g6_json_lines_allocate_nothing_once_warm() {
    assert_steady(&lines(200, |random| {
        let text = serde_json::to_string(&logs::secret_line(random).text).unwrap();
        let inner = serde_json::to_string(&format!(r#"{{"a":[{text},{text}]}}"#)).unwrap();
        format!(r#"{{"level":"info","n":[1,2,3],"text":{text},"inner":{inner}}}"#)
    }));
}

#[test]
fn g6_private_keys_allocate_nothing_once_warm() {
    let keys = lines(20, |random| logs::pem(random, 12).0);
    assert_steady(&keys);
}

#[test]
fn g6_long_lines_that_are_worked_off_in_windows_allocate_nothing_once_warm() {
    let line = [b"redis://:hunter2@h ".repeat(4000), b"\n".to_vec()].concat();
    let limits = blackbar::Limits {
        max_record: 1000,
        ..Default::default()
    };
    let redactor = Arc::new(Redactor::builder().limits(limits).build().unwrap());
    let mut session = Session::new(redactor, Framing::Lines);
    let mut pieces = Vec::new();
    feed(&mut session, &mut pieces, &line, 512);
    let allocations = alloc::allocations(|| {
        feed(&mut session, &mut pieces, &line, 512);
    });
    assert_eq!(allocations, 0);
}

/// What this thread has computed, whatever else the machine does meanwhile.
fn thread_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let of_linux = || {
        let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let nanoseconds = text.split(' ').next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    };
    of_linux().unwrap_or_else(|| START.elapsed())
}

/// The shortest of a few runs over `input`.
fn time(redactor: &Arc<Redactor>, input: &[u8]) -> Duration {
    let run = || {
        let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
        let mut pieces = Vec::new();
        let start = thread_time();
        feed(&mut session, &mut pieces, input, 64 * 1024);
        session.end(&mut pieces);
        thread_time().checked_sub(start).unwrap()
    };
    (0..3).map(|_| run()).min().unwrap_or_default()
}

#[test]
fn g6_time_grows_with_the_input_and_not_with_its_square() {
    const SMALL: usize = 48 * 1024;
    const TIMES: usize = 8;
    let redactor = embedded(Profile::Standard);
    let stripe = format!("{}_live_", "sk");
    for unit in [
        "postgresql://",
        "password='",
        "redis://:a@",
        "Bearer ",
        "Authorization: ",
        "eyJ",
        "eyJhbGciOi.eyJ.",
        "-----BEGIN RSA PRIVATE KEY-----",
        r#"{"a":""#,
        r#"["\"\\\"\\\\\\\""#,
        r"\u005c",
        "[[[[",
        "\u{1b}[31m",
        &stripe,
    ] {
        let small = unit.repeat(SMALL / unit.len());
        let large = unit.repeat(SMALL * TIMES / unit.len());
        let small_time = time(&redactor, small.as_bytes()).max(Duration::from_millis(1));
        let large_time = time(&redactor, large.as_bytes());
        assert!(
            large_time < small_time * (4 * TIMES as u32),
            "{unit:?}: {SMALL} bytes take {small_time:?}, {TIMES} times as many {large_time:?}"
        );
    }
}
