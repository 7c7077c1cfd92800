//! The edge cases of streams (S), of overlaps and of masks (O), each by its number.
//! S10 and the refusals of S8 are the rim's; O2's and O7's known values are not there
//! yet, so that two rules stand for them.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod oracle;

use std::sync::Arc;

use blackbar::check::check_pack;
use blackbar::{Limits, Pack, Redactor, Session};

use oracle::drive::{self, Pair, Stream, shown};
use oracle::rules::{Framing, Options, Spec, pack_text, spec};
use oracle::{logs, random::Random, tree};

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn embedded() -> Arc<Redactor> {
    with_limits(Limits::default())
}

fn with_limits(limits: Limits) -> Arc<Redactor> {
    Arc::new(Redactor::builder().limits(limits).build().unwrap())
}

/// `sk_live_` and so many more characters.
fn key(length: usize) -> String {
    format!(
        "{}_live_{}",
        "sk",
        Random::new(length as u64).text(ALNUM, length)
    )
}

fn text(engine: &Arc<Redactor>, input: &str) -> String {
    String::from_utf8(drive::whole(engine, Framing::Lines, input.as_bytes()).bytes).unwrap()
}

/// Asserts `input` whole, byte by byte and at every split; `M` stands for a mask.
#[track_caller]
fn at_every_split(specs: &[Spec], input: &str, expected: &str) {
    let pair = Pair::new(specs.to_vec(), Options::DEFAULT, Framing::Lines).unwrap();
    let output = pair.oracle(input.as_bytes());
    assert_eq!(
        shown(&output.bytes),
        shown(expected.replace('M', "[REDACTED]").as_bytes())
    );
    let input = input.as_bytes();
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(pair.difference(&output, &bytes), None);
    for at in 0..=input.len() {
        let (head, tail) = input.split_at(at);
        assert_eq!(pair.difference(&output, &[head, tail]), None);
    }
}

#[test]
fn s1_a_secret_is_found_however_it_is_split() {
    let engine = embedded();
    let mut random = Random::new(1);
    for _ in 0..12 {
        let credential = logs::credential(&mut random);
        let input = format!("head {} tail\n", credential.text);
        let expected = drive::whole(&engine, Framing::Lines, input.as_bytes());
        assert_eq!(expected.masks, 1, "{input}");
        assert!(!shown(&expected.bytes).contains(&credential.secret));
        for at in 0..input.len() {
            let (head, tail) = input.as_bytes().split_at(at);
            assert_eq!(
                drive::run(&engine, Framing::Lines, [head, tail]),
                expected,
                "split at {at}"
            );
        }
        assert_eq!(
            drive::bytewise(&engine, Framing::Lines, input.as_bytes()),
            expected
        );
    }
}

#[test]
fn s2_a_secret_that_overlaps_itself_is_found_however_it_is_split() {
    at_every_split(&[spec("aab")], "aaab aaaab", "aM aaM");
    at_every_split(&[spec("ababc")], "abababc ababab", "abM ababab");
}

#[test]
fn s3_a_whole_secret_at_a_chunks_end_does_not_hide_the_next() {
    at_every_split(&[spec("aba")], "abaaba", "MM");
    at_every_split(&[spec("abcab"), spec("abx")], "abcabx", "M");
    at_every_split(&[spec("abc"), spec("cab")], "abcab", "M");
}

#[test]
fn s4_a_short_match_waits_for_a_longer_candidate_that_is_alive() {
    at_every_split(&[spec("abcdef"), spec("cde")], "abcdef abcdex", "M abMx");
    at_every_split(&[spec("abcdef|abc")], "abcdef abcdex", "M Mdex");
}

#[test]
fn s5_complete_records_leave_with_the_write_that_completes_them() {
    let engine = embedded();
    let mut random = Random::new(5);
    let (log, _) = logs::log(&mut random, 80);
    let mut stream = Stream::new(&engine, Framing::Lines);
    let mut written = 0;
    for chunk in random.chunks(&log, 200) {
        stream.write(chunk);
        written += chunk.len();
        let complete = log[..written]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let expected = drive::whole(&engine, Framing::Lines, &log[..complete]).bytes;
        assert_eq!(shown(&stream.left[..expected.len()]), shown(&expected));
    }
}

#[test]
fn s6_a_secret_longer_than_any_limit_is_masked_to_its_own_end() {
    let roomy = embedded();
    let tight = with_limits(Limits {
        reach: 100,
        max_record: 1000,
        max_document: 1000,
    });
    // Longer than a chunk, than the reach, than 64 KiB, than the longest record.
    for length in [50, 5000, 9000, 70_000, 1_100_000] {
        let input = format!("head {} tail\nnext", key(length));
        for engine in [&roomy, &tight] {
            for chunk in [16, 4096, 1 << 20] {
                let chunks = input.as_bytes().chunks(chunk);
                let output = drive::run(engine, Framing::Lines, chunks);
                assert_eq!(
                    shown(&output.bytes),
                    shown(b"head [REDACTED] tail\nnext"),
                    "{length} in {chunk}"
                );
            }
        }
    }
    let overdue = drive::whole(&roomy, Framing::Lines, key(70_000).as_bytes());
    assert_eq!(overdue.undecided, 1);
}

#[test]
fn s7_the_end_of_input_decides_like_the_end_of_a_record() {
    let engine = embedded();
    assert_eq!(text(&engine, &key(20)), "[REDACTED]");
    // Half a match is none.
    let half = format!("{}_liv\npostgresql://app:hunter", "sk");
    assert_eq!(text(&engine, &half), half);
}

#[test]
fn s7_a_forced_end_masks_what_is_still_open_and_says_how_much() {
    let engine = embedded();
    let open = "url=postgresql://app:hunter2hunter";
    let mut session = Session::new(Arc::clone(&engine), blackbar::Framing::Lines);
    let mut pieces = Vec::new();
    let mut left = Vec::new();
    session.write(open.as_bytes(), &mut pieces);
    for piece in pieces.drain(..) {
        left.extend_from_slice(session.bytes(&piece, open.as_bytes()));
    }
    let undecided = session.end_forced(&mut pieces);
    for piece in pieces.drain(..) {
        left.extend_from_slice(session.bytes(&piece, &[]));
    }
    assert!(!shown(&left).contains("hunter"), "{}", shown(&left));
    assert!(shown(&left).contains("[REDACTED]"), "{}", shown(&left));
    assert!(
        undecided >= "hunter2hunter".len() as u64,
        "{undecided} bytes"
    );
}

#[test]
fn s8_characters_terminators_and_color_codes_may_be_split() {
    at_every_split(
        &[spec("b+").before("[^a-z]")],
        "é\u{1b}[31mb\u{1b}[0m\r\n😀b\r\n",
        "é\u{1b}[31mM\u{1b}[0m\r\n😀M\r\n",
    );
    at_every_split(&[spec(r"\x98")], "a😀b", "aMb");
    let engine = embedded();
    let input = [
        b"\xff\x00\xc3 ".as_slice(),
        key(20).as_bytes(),
        b"\xe2\x82\x00\r\n",
    ]
    .concat();
    let expected = b"\xff\x00\xc3 [REDACTED]\xe2\x82\x00\r\n";
    assert_eq!(
        drive::whole(&engine, Framing::Lines, &input).bytes,
        expected
    );
    assert_eq!(
        drive::bytewise(&engine, Framing::Lines, &input).bytes,
        expected
    );
}

#[test]
fn s9_streams_that_are_written_in_turn_do_not_mix() {
    let engine = embedded();
    let mut random = Random::new(9);
    let log_lines: Vec<Vec<u8>> = (0..20).map(|_| logs::log(&mut random, 20).0).collect();
    let mut streams: Vec<(Stream, Vec<&[u8]>)> = log_lines
        .iter()
        .map(|log| {
            let mut chunks = random.chunks(log, 60);
            chunks.reverse();
            (Stream::new(&engine, Framing::Lines), chunks)
        })
        .collect();
    while streams.iter().any(|(_, chunks)| !chunks.is_empty()) {
        let turn = random.below(streams.len());
        let (stream, chunks) = &mut streams[turn];
        if let Some(chunk) = chunks.pop() {
            stream.write(chunk);
        }
    }
    for ((mut stream, _), log) in streams.into_iter().zip(&log_lines) {
        assert_eq!(stream.end(), drive::whole(&engine, Framing::Lines, log));
    }
}

#[test]
fn s11_an_over_long_line_masks_the_same_whole_or_in_pieces() {
    let mut random = Random::new(11);
    let mut line = String::new();
    while line.len() < 30_000 {
        line += &logs::secret_line(&mut random).text;
        line += &logs::clean_line(&mut random);
    }
    let expected = drive::whole(&embedded(), Framing::Lines, line.as_bytes());
    assert!(expected.masks > 50);
    for max_record in [1, 100, 5000, 29_999] {
        let engine = with_limits(Limits {
            max_record,
            ..Limits::default()
        });
        for chunk in [1, 10, 1000, 40_000] {
            let chunks = line.as_bytes().chunks(chunk);
            assert_eq!(
                drive::run(&engine, Framing::Lines, chunks),
                expected,
                "{max_record}, {chunk}"
            );
        }
    }
}

#[test]
fn s13_inputs_given_together_are_sessions_of_their_own() {
    let engine = embedded();
    let secret = key(20);
    let (head, tail) = secret.split_at(10);
    let apart = [head, tail].map(|input| text(&engine, input)).concat();
    assert_eq!(apart, format!("[REDACTED]{tail}"));
    assert_eq!(text(&engine, &secret), "[REDACTED]");
    // Nor is a state left over from a key that was not finished.
    let (pem, body) = logs::pem(&mut Random::new(13), 2);
    let begun = pem.split_inclusive('\n').take(2).collect::<String>();
    assert!(!text(&engine, &begun).contains(&body[0]));
    assert_eq!(text(&engine, &body[1]), body[1]);
}

#[test]
fn o1_overlapping_secrets_become_one_mask() {
    at_every_split(&[spec("abc"), spec("abcde")], "xabcdex xabcx", "xMx xMx");
    at_every_split(&[spec("abcdeX"), spec("Xvery")], "-abcdeXvery-", "-M-");
    at_every_split(&[spec("abcd"), spec("bc")], "abcd bc", "M M");
}

#[test]
fn o2_a_pattern_goes_on_after_its_match() {
    at_every_split(&[spec("abab")], "ababab abababab", "Mab MM");
}

#[test]
fn o3_touching_secrets_become_two_masks() {
    at_every_split(&[spec("ab"), spec("cd")], "xabcdx", "xMMx");
    at_every_split(&[spec("ab")], "abab", "MM");
}

#[test]
fn o4_a_rule_that_matches_masks_is_refused_by_the_check() {
    let problems = |pattern: &str, secret: &str| {
        let text = pack_text(&[spec(pattern)]).replace(
            "examples = []",
            &format!("examples = [[{secret:?}, \"[REDACTED]\"]]"),
        );
        check_pack(&Pack::parse("t", "test.toml", &text).unwrap(), &[])
    };
    assert_eq!(problems("wxyz[0-9]+", "wxyz1"), []);
    assert!(!problems("RED[A-Z]", "REDX").is_empty());
    assert!(!problems("[A-D]{3}", "ABC").is_empty());
    // The bare word is a placeholder of its own.
    assert_eq!(problems("RED[A-Z]+", "REDX"), []);
}

#[test]
fn o4_a_secret_around_a_mask_is_masked_and_one_that_is_a_mask_stays() {
    let value = [spec("k=([^ ]+)").secret(1)];
    at_every_split(
        &value,
        "k=[REDACTED]x k=x[REDACTED] k=[REDACTED]",
        "k=M k=M k=M",
    );
    let pair = Pair::new(value.to_vec(), Options::DEFAULT, Framing::Lines).unwrap();
    assert_eq!(pair.engine([b"k=[REDACTED]".as_slice()]).findings, [0]);
    // Inside of a secret, `RED` is a part of it as any other.
    let secret = [spec("sREDs")];
    at_every_split(&secret, "sREDs RED [REDACTED]", "M RED M");
}

#[test]
fn o5_what_is_redacted_already_comes_out_unchanged() {
    let engine = embedded();
    for line in [
        "password='[REDACTED]' token=\"***\" key='[Filtered]' secret='xxxxx'",
        "Authorization: Basic [REDACTED]",
        "Authorization: Bearer [REDACTED]",
        "postgresql://app:[REDACTED]@db:5432/shop redis://:***@cache",
        r#"{"url":"postgresql://app:[REDACTED:url-credentials/url]@db"}"#,
    ] {
        assert_eq!(text(&engine, line), line);
    }
    assert_eq!(
        text(&engine, "password='***hunter2'"),
        "password='[REDACTED]'"
    );
}

#[test]
fn o6_a_mask_keeps_its_neighbours_apart() {
    let specs = [spec("xz"), spec("ab")];
    at_every_split(&specs, "xabz", "xMz");
    let pair = Pair::new(specs.to_vec(), Options::DEFAULT, Framing::Lines).unwrap();
    let once = pair.engine([b"xxabzabz".as_slice()]).bytes;
    assert_eq!(pair.engine([once.as_slice()]).bytes, once);
}

#[test]
fn o7_two_rules_on_the_same_bytes_give_one_mask_and_both_count() {
    let specs = [spec("tok[0-9]+"), spec("tok123"), spec("k12")];
    at_every_split(&specs, "x tok123 x", "x M x");
    let pair = Pair::new(specs.to_vec(), Options::DEFAULT, Framing::Lines).unwrap();
    let output = pair.engine([b"x tok123 x".as_slice()]);
    assert_eq!((output.findings, output.masks), (vec![1, 1, 1], 1));
}

#[test]
fn o8_a_mask_carries_no_quote_backslash_or_control_byte() {
    let specs = [spec("[ab]+")];
    for labels in [false, true] {
        let options = Options {
            labels,
            ..Options::DEFAULT
        };
        let pair = Pair::new(specs.to_vec(), options, Framing::Lines).unwrap();
        let mask = pair.engine([b"ab".as_slice()]).bytes;
        assert!(
            mask.iter()
                .all(|byte| (b' '..=b'~').contains(byte) && !b"\"'\\".contains(byte))
        );
    }
}

#[test]
fn o8_a_span_does_not_cross_the_end_of_a_json_string() {
    let record = r#"{"db":"postgresql://h","c":["a@b"]}"#;
    let span = [spec("postgresql://[^@]+@")];
    at_every_split(&span, record, r#"{"db":"M","M":["Mb"]}"#);
    let output = text(&embedded(), record);
    assert_eq!(tree::damage(record.as_bytes(), output.as_bytes()), None);
}

#[test]
fn o8_no_escape_and_no_character_is_cut() {
    at_every_split(
        &[spec("[A-Za-z]{4,}")],
        r#"{"a":"-\nAbCd"}"#,
        r#"{"a":"-M"}"#,
    );
    // At the beginning of a string blanks are structure, and stay whole.
    at_every_split(
        &[spec("[A-Za-z]{4,}")],
        r#"{"a":"\nAbCd"}"#,
        r#"{"a":"\nM"}"#,
    );
    at_every_split(&[spec("1bcd")], r"x\u0041bcd", "xM");
    at_every_split(&[spec(r"\x82[a-z]")], "€€a\u{82}b", "€€aM");
    at_every_split(&[spec(r"\xacb")], "x€b", "xM");
}

#[test]
fn o9_what_follows_a_string_without_a_blank_is_looked_at() {
    let engine = embedded();
    for record in [
        r#""password=hunter2hunter2"password=hunter2hunter2"#,
        r#""GET /?token=hunter2hunter2"token=hunter2hunter2"#,
        r#"["password=hunter2hunter2"token=hunter2hunter2"]"#,
        r#"{"a":"--password hunter2hunter2"token=hunter2hunter2"#,
        r#"{"a":"{\"a\":\"password=hunter2hunter2\"token=hunter2hunter2\"}","b":1}"#,
        r#"{"name":"Authorization","value":"hunter2hunter2"}password=hunter2hunter2"#,
        // Seeds go to the end of their line, here of their string.
        r#"["seed_phrase: hunter2hunter2","mnemonic: hunter2hunter2"]"#,
    ] {
        let seed = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let (input, expected) = if record.contains("seed") {
            (
                record.replace("hunter2hunter2", seed),
                record.replace("hunter2hunter2", "[REDACTED]"),
            )
        } else {
            let masked = record.replace("hunter2hunter2", "[REDACTED]");
            (record.to_owned(), masked)
        };
        assert_eq!(text(&engine, &input), expected);
        assert_eq!(text(&engine, &expected), expected);
        let limits = Limits {
            max_record: 1,
            ..Limits::default()
        };
        let small = with_limits(limits);
        for size in [1, 7, input.len()] {
            let chunks: Vec<&[u8]> = input.as_bytes().chunks(size).collect();
            let output = drive::run(&small, Framing::Lines, chunks);
            assert_eq!(shown(&output.bytes), shown(expected.as_bytes()));
        }
    }
}
