//! G1 to G5 of the crate's page, each as tests that bear its name. (G6 is in
//! `steady.rs`; G2 is also what the `engine_*` tests are about.)
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

#[path = "oracle/alloc.rs"]
mod alloc;
mod oracle;

use std::sync::Arc;

use blackbar::{Limits, Piece, Profile, Redactor, Session};

use oracle::drive::{self, Stream, framing, shown};
use oracle::random::Random;
use oracle::rules::Framing;
use oracle::{generate, logs, tree};

const FRAMINGS: [Framing; 2] = [Framing::Lines, Framing::Document];

fn embedded(profile: Profile, limits: Limits) -> Arc<Redactor> {
    Arc::new(
        Redactor::builder()
            .profile(profile)
            .limits(limits)
            .build()
            .unwrap(),
    )
}

/// Random rules and limits, and inputs that they have something to do with.
fn for_random_rules(
    seeds: u64,
    mut test: impl FnMut(&mut Random, &generate::Setting, &Arc<Redactor>),
) {
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let setting = generate::setting(&mut random);
        let engine = drive::engine(&setting.specs, &setting.options).unwrap();
        for _ in 0..10 {
            test(&mut random, &setting, &engine);
        }
    }
}

/// What has left after `prefix` is the beginning of what leaves in all, for each of
/// the continuations. Returns how much had left.
fn assert_settled(
    engine: &Arc<Redactor>,
    of: Framing,
    chunks: &[&[u8]],
    continuations: &[&[u8]],
) -> usize {
    let prefix = chunks.concat();
    let mut stream = Stream::new(engine, of);
    for chunk in chunks {
        stream.write(chunk);
    }
    for continuation in continuations {
        let input = [&prefix, *continuation].concat();
        let all = drive::whole(engine, of, &input).bytes;
        assert!(
            all.starts_with(&stream.left),
            "{} had left of {}, but {} becomes {}",
            shown(&stream.left),
            shown(&prefix),
            shown(&input),
            shown(&all)
        );
    }
    stream.left.len()
}

#[test]
fn g1_bytes_that_left_never_change_whatever_follows_under_random_rules() {
    let mut left = 0;
    for_random_rules(1500, |random, setting, engine| {
        let prefix = generate::input(random, &setting.specs);
        let chunks = random.chunks(&prefix, 4);
        let continuations = [
            generate::input(random, &setting.specs),
            generate::input(random, &setting.specs),
            Vec::new(),
            b"\n".to_vec(),
        ];
        let continuations = continuations.each_ref().map(Vec::as_slice);
        left += assert_settled(engine, setting.framing, &chunks, &continuations);
    });
    assert!(left > 10_000, "hardly anything left early: {left} bytes");
}

/// Limits down to those at which nearly every record is worked off in windows.
fn limits(max_record: usize, reach: usize) -> Limits {
    Limits {
        reach,
        max_record,
        max_document: max_record,
    }
}

#[test]
fn g1_bytes_that_left_never_change_whatever_follows_under_the_embedded_packs() {
    for limits in [limits(1, 16), limits(40, 64), limits(300, 8192)] {
        let engine = embedded(Profile::Standard, limits);
        for (seed, of) in (0..30).zip(FRAMINGS.into_iter().cycle()) {
            let mut random = Random::new(seed);
            let (log, _) = logs::log(&mut random, 12);
            let (other, _) = logs::log(&mut random, 4);
            for _ in 0..20 {
                let at = random.below(log.len() + 1);
                let resumed = random.below(other.len());
                let chunks = random.chunks(&log[..at], 5);
                assert_settled(
                    &engine,
                    of,
                    &chunks,
                    &[&log[at..], &other, &other[resumed..], b""],
                );
            }
        }
    }
}

#[test]
fn g2_output_does_not_depend_on_where_the_chunks_were_cut() {
    for profile in Profile::ALL {
        // A record that is too long for the article's replacements is computed otherwise.
        let records: &[usize] = match profile {
            Profile::Article => &[1 << 20],
            _ => &[1 << 20, 150, 20],
        };
        let engines: Vec<Arc<Redactor>> = records
            .iter()
            .map(|&max_record| embedded(profile, limits(max_record, 8192)))
            .collect();
        for (seed, of) in (0..8).zip(FRAMINGS.into_iter().cycle()) {
            let mut random = Random::new(seed);
            let (log, _) = logs::log(&mut random, 60);
            let whole = drive::whole(&engines[0], of, &log);
            assert!(whole.masks > 3, "{profile}: {whole:?}");
            for engine in &engines {
                assert_eq!(
                    drive::bytewise(engine, of, &log),
                    whole,
                    "{profile}, seed {seed}"
                );
                for most in [1, 7, 100] {
                    let chunks = random.chunks(&log, most);
                    assert_eq!(
                        drive::run(engine, of, chunks),
                        whole,
                        "{profile}, seed {seed}"
                    );
                }
            }
        }
    }
}

#[test]
fn g2_chunks_larger_than_any_buffer_do_not_show_in_the_output() {
    let engine = embedded(Profile::Standard, Limits::default());
    let windowed = embedded(Profile::Standard, limits(10_000, 8192));
    let mut random = Random::new(2);
    let (mut log, _) = logs::log(&mut random, 3000);
    // And a line longer than all of them.
    let (long, _) = logs::log(&mut random, 3000);
    log.extend(long.iter().filter(|&&byte| byte != b'\n'));
    assert!(log.len() > 400_000);
    for of in FRAMINGS {
        let reference = drive::run(&engine, of, log.chunks(1000));
        assert!(reference.masks > 1000);
        for chunk in [50_000, 65_536, 131_072, 131_073, 300_000, log.len()] {
            for engine in [&engine, &windowed] {
                let output = drive::run(engine, of, log.chunks(chunk));
                assert!(output == reference, "{of:?} in chunks of {chunk}");
            }
        }
    }
}

#[test]
fn g2_the_limits_of_what_is_held_do_not_show_in_the_output() {
    for_random_rules(300, |random, setting, engine| {
        let input = generate::input(random, &setting.specs);
        let roomy = oracle::rules::Options {
            max_record: 1 << 20,
            ..setting.options
        };
        let roomy = drive::engine(&setting.specs, &roomy).unwrap();
        let tight = drive::bytewise(engine, setting.framing, &input);
        assert_eq!(
            tight,
            drive::whole(&roomy, setting.framing, &input),
            "{}",
            shown(&input)
        );
    });
}

/// Streams that want to make a session hold everything: none has an end.
fn endless() -> Vec<(&'static str, String)> {
    let stripe = format!("{}_live_", "sk");
    [
        ("clean", "no secret to be seen here, "),
        ("blanks", "   \t"),
        ("open brackets", "[{["),
        ("an open string", "\"aaaa"),
        ("escaped quotes", r#"["\"\\\"\\\\"#),
        ("half characters", "\u{10000}\u{7ff}"),
        ("backslashes", r"\"),
        ("digits of a number", "[1234567890"),
        ("repeated anchors", "postgresql://"),
        ("open assignments", "password='"),
        ("open passwords", "redis://:hunter"),
        ("dots and letters", "eyJhbGci.eyJ."),
        ("bearers", "Bearer Bearer\u{a0}"),
        ("key headers", "-----BEGIN RSA PRIVATE KEY-----"),
        ("base64 of a key", "MIIEowIBAAKCAQEA"),
        ("carriage returns", "\r"),
    ]
    .into_iter()
    .map(|(name, text)| (name, text.to_owned()))
    .chain([
        ("repeated prefixes", stripe.clone()),
        ("one long key", stripe),
    ])
    .collect()
}

/// The beginning of the stream, then the unit again and again.
fn flood(name: &str, unit: &str, bytes: usize) -> Vec<u8> {
    match name {
        "an open string" | "digits of a number" | "one long key" => {
            let (head, tail) = unit.split_at(unit.len() - 1);
            let tail = if name == "one long key" { "a" } else { tail };
            [head.as_bytes(), &tail.as_bytes().repeat(bytes)].concat()
        }
        "base64 of a key" => {
            let head = format!("-----BEGIN {}PRIVATE KEY-----\n", "RSA ");
            [head.as_bytes(), &unit.as_bytes().repeat(bytes / unit.len())].concat()
        }
        _ => unit.as_bytes().repeat(bytes / unit.len()),
    }
}

#[test]
fn g3_memory_of_a_session_is_bounded_newline_or_not() {
    const CHUNK: usize = 8 * 1024;
    let engine = embedded(Profile::Standard, limits(32 * 1024, 4 * 1024));
    // Warm what is made on first use and shared.
    let (log, _) = logs::log(&mut Random::new(1), 100);
    drive::whole(&engine, Framing::Lines, &log);
    for (name, unit) in endless() {
        let input = flood(name, &unit, 2 << 20);
        for of in FRAMINGS {
            let peak = alloc::peak(|| {
                let mut session = Session::new(Arc::clone(&engine), framing(of));
                let mut pieces = Vec::new();
                for chunk in input.chunks(CHUNK) {
                    session.write(chunk, &mut pieces);
                    pieces.clear();
                }
                session.end(&mut pieces);
            });
            assert!(
                peak < 1 << 20,
                "{name}, {of:?}: {peak} bytes for a stream of {}",
                input.len()
            );
        }
    }
}

#[test]
fn g3_of_a_clean_unfinished_record_no_more_than_the_limit_is_held() {
    /// What a later window may have to look at again: the head of the record for a
    /// block's prefix, the longest anchor, the longest lead, the escape before a match.
    const CONTEXT: usize = 2048;
    for limit in [1, 10, 1000] {
        let engine = embedded(Profile::Standard, limits(limit, 8192));
        for of in FRAMINGS {
            let mut session = Session::new(Arc::clone(&engine), framing(of));
            let mut pieces = Vec::new();
            for byte in flood("clean", "quiet words ", 4000).chunks(1) {
                session.write(byte, &mut pieces);
                assert!(
                    session.held() <= limit + CONTEXT,
                    "{} bytes are held",
                    session.held()
                );
            }
        }
    }
}

#[test]
fn g4_bytes_without_suspects_leave_as_they_came() {
    let mut random = Random::new(4);
    let noise: Vec<u8> = (0..200_000).map(|_| random.next() as u8).collect();
    let corners: [&[u8]; 8] = [
        b"",
        b"\n",
        b"\r\n\r\r\n",
        b"\0\xff\xfe\n\xc3",
        b"no newline at the end",
        b"{\"b\":1.0e+05,\"a\":[00, -0] , \"a\":\"\\u0041\\/\"}\r\n",
        b"\xef\xbb\xbf[1]",
        b"\\\\\\",
    ];
    for profile in Profile::ALL {
        let engine = embedded(profile, Limits::default());
        for of in FRAMINGS {
            for input in corners.into_iter().chain([noise.as_slice()]) {
                assert_eq!(drive::whole(&engine, of, input).bytes, input);
                for chunk in [1, 3, 1000] {
                    assert_eq!(drive::run(&engine, of, input.chunks(chunk)).bytes, input);
                }
            }
        }
    }
}

#[test]
fn g4_what_is_not_masked_leaves_unchanged_and_in_order() {
    let mut kept_in_all = 0;
    for_random_rules(800, |random, setting, engine| {
        let input = generate::input(random, &setting.specs);
        let mut session = Session::new(Arc::clone(engine), framing(setting.framing));
        let (mut pieces, mut kept, mut masks) = (Vec::new(), Vec::new(), 0);
        let mut take = |session: &Session, pieces: &mut Vec<Piece>, chunk: &[u8]| {
            for piece in pieces.drain(..) {
                match piece {
                    Piece::Mask(_) => masks += 1,
                    _ => kept.extend_from_slice(session.bytes(&piece, chunk)),
                }
            }
        };
        for chunk in random.chunks(&input, 4) {
            session.write(chunk, &mut pieces);
            take(&session, &mut pieces, chunk);
        }
        session.end(&mut pieces);
        take(&session, &mut pieces, &[]);
        kept_in_all += kept.len();
        assert_eq!(kept == input, masks == 0, "{}", shown(&input));
        let mut rest = input.iter();
        let in_order = kept.iter().all(|byte| rest.any(|other| other == byte));
        assert!(in_order, "{} is not in {}", shown(&kept), shown(&input));
    });
    assert!(kept_in_all > 100_000, "{kept_in_all}");
}

#[test]
fn g5_redacting_twice_changes_nothing_more() {
    for profile in [Profile::Standard, Profile::Strict] {
        for labels in [false, true] {
            let engine = Redactor::builder()
                .profile(profile)
                .labels(labels)
                .build()
                .unwrap();
            for seed in 0..30 {
                let (log, _) = logs::log(&mut Random::new(seed), 50);
                let once = engine.redact(&log);
                assert_ne!(once, log);
                let lines = |text: &[u8]| -> Vec<String> {
                    text.split(|&byte| byte == b'\n').map(shown).collect()
                };
                assert_eq!(
                    lines(&engine.redact(&once)),
                    lines(&once),
                    "{profile}, seed {seed}"
                );
            }
        }
    }
}

#[test]
fn g5_json_stays_json_at_every_depth() {
    let engine = embedded(Profile::Strict, Limits::default());
    let mut documents = 0;
    for seed in 0..60 {
        let (log, _) = logs::log(&mut Random::new(seed), 50);
        let redacted = engine.redact(&log);
        let lines = |text: &[u8]| -> Vec<Vec<u8>> {
            text.split(|&byte| byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect()
        };
        for (before, after) in lines(&log).iter().zip(&lines(&redacted)) {
            documents += u64::from(tree::parse(before).is_some() && before != after);
            let damage = tree::damage(before, after);
            assert_eq!(damage, None, "{}", shown(before));
        }
    }
    assert!(documents > 50, "{documents} documents were masked");
}

#[test]
fn no_secret_of_a_log_is_seen_in_what_becomes_of_it() {
    let engine = embedded(Profile::Standard, Limits::default());
    for seed in 0..60 {
        let (log, secrets) = logs::log(&mut Random::new(seed), 50);
        let redacted = String::from_utf8(engine.redact(&log)).unwrap();
        for secret in secrets {
            assert!(!redacted.contains(&secret), "seed {seed}: {secret} leaks");
        }
    }
}
