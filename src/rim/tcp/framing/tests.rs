use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use blackbar::{Pack, Redactor};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use proptest::prelude::*;

use super::*;
use crate::rim::config::policy::Rules;
use crate::rim::config::stream::{Delivery, Destination, Entry};

mod messages;
mod observing;
mod renewed;

const MOST: usize = 200;

/// All of them over the same rules.
fn stream(framing: StreamFraming) -> Arc<Stream> {
    static REDACTOR: OnceLock<Arc<Redactor>> = OnceLock::new();
    let redactor = REDACTOR.get_or_init(|| Arc::new(Redactor::builder().build().unwrap()));
    stream_of(framing, redactor)
}

fn stream_of(framing: StreamFraming, redactor: &Arc<Redactor>) -> Arc<Stream> {
    Arc::new(Stream {
        name: "s".to_owned(),
        entry: Entry::Unix(PathBuf::new()),
        tls: None,
        upstream: Destination::Unix(PathBuf::new()),
        upstream_tls: None,
        framing,
        delivery: Delivery::PerConnection,
        idle: None,
        max_record: MOST,
        rules: Rules::new(redactor.clone(), redactor.clone()),
        observe_until: None,
        candidates: None,
        forward: None,
    })
}

fn counters(stream: &Stream) -> Arc<Counters> {
    Arc::new(Counters {
        connections: Counter::default(),
        records: Counter::default(),
        bytes_in: Counter::default(),
        bytes_out: Counter::default(),
        findings: stream
            .rules
            .plain
            .ids()
            .map(|_| Counter::default())
            .collect(),
        observed: stream
            .rules
            .plain
            .ids()
            .map(|_| Counter::default())
            .collect(),
        candidates: vec![Counter::default()],
        reasons: Reason::ALL.map(|_| Counter::default()),
        dropped: Counter::default(),
        stubbed: Counter::default(),
        again: Counter::default(),
        split: Counter::default(),
        waiting: Gauge::default(),
    })
}

/// What comes out, where records end in it, how it ends, and how many records and masks
/// are counted.
type Told = (String, Vec<usize>, Result<(), Reason>, (u64, u64));

/// The input in steps of `step` bytes.
fn told(stream: &Arc<Stream>, form: Form, input: &[u8], step: usize) -> Told {
    let counters = counters(stream);
    let mut masker = Masker::new(stream, &counters, form);
    let mut out = Output::default();
    let written = input
        .chunks(step)
        .try_for_each(|chunk| masker.write(chunk, &mut out));
    let ended = written.and_then(|()| masker.end(&mut out));
    let findings = counters.findings.iter().map(Counter::get).sum();
    (
        String::from_utf8(out.bytes).unwrap(),
        out.ends,
        ended,
        (counters.records.get(), findings),
    )
}

/// The same whole and byte by byte.
#[track_caller]
fn both(framing: StreamFraming, form: Form, input: &str) -> Told {
    let stream = stream(framing);
    let whole = told(&stream, form, input.as_bytes(), usize::MAX);
    for step in [1, 3, 7] {
        let cut = told(&stream, form, input.as_bytes(), step);
        assert_eq!(cut, whole, "steps of {step}: {input:?}");
    }
    whole
}

fn counted(message: &str) -> String {
    format!("{} {message}", message.len())
}

#[test]
fn counts_are_those_of_the_masked_messages() {
    let first = "<34>1 2026-11-28T10:00:00Z host app - - - login password=hunter2hunter2 ok";
    let second = "<34>1 - - - - - - two\nlines, password=hunter2hunter2\n";
    let third = "x";
    let input: String = [first, second, third].map(counted).concat();
    let (out, ends, ended, counts) = both(StreamFraming::Syslog, Form::AsItCame, &input);
    let masked = [first, second, third].map(|text| text.replace("hunter2hunter2", "[REDACTED]"));
    let masked = masked.map(|text| counted(&text));
    assert_eq!((out, ended, counts), (masked.concat(), Ok(()), (3, 2)));
    let mut end = 0;
    let expected = masked.map(|text| {
        end += text.len();
        end
    });
    assert_eq!(ends, expected);
}

#[test]
fn a_message_of_several_lines_leaves_nothing_to_the_next() {
    let open = format!("<1>-----BEGIN RSA {} KEY-----\nMIIEowIBAAKCAQEA", "PRIVATE");
    let next = "<1>MIIEowIBAAKCAQEA";
    let input = counted(&open) + &counted(next) + &counted("<1>\"password\":") + &counted("stays");
    let (out, _, ended, (records, _)) = both(StreamFraming::Syslog, Form::AsItCame, &input);
    assert!(out.ends_with(&(counted(next) + &counted("<1>\"password\":") + &counted("stays"))));
    assert!(!out.starts_with(&counted(&open)));
    assert_eq!((ended, records), (Ok(()), 4));
}

#[test]
fn counts_that_lie_are_refused_and_what_was_right_before_leaves() {
    let right = counted("<1>password=hunter2hunter2");
    let masked = counted("<1>password=[REDACTED]");
    for (bad, reason) in [
        ("0 x", Reason::CountMalformed),
        ("01 x", Reason::CountMalformed),
        ("1x hunter2hunter2", Reason::CountMalformed),
        (" 5 hunter2", Reason::CountMalformed),
        ("<1>hunter2hunter2\n", Reason::CountMalformed),
        ("-5 hunter2hunter2", Reason::CountMalformed),
        ("201 hunter2hunter2", Reason::CountTooLarge),
        ("99999999999999999999999999999 x", Reason::CountTooLarge),
        ("20 hunter2hunter2", Reason::FrameIncomplete),
        ("20", Reason::FrameIncomplete),
        ("20 ", Reason::FrameIncomplete),
    ] {
        let input = right.clone() + bad;
        let (out, _, ended, _) = both(StreamFraming::Syslog, Form::AsItCame, &input);
        assert_eq!(
            (out.as_str(), ended),
            (masked.as_str(), Err(reason)),
            "{bad}"
        );
    }
    // Too short a count leaves a rest that is none.
    let (out, _, ended, _) = both(StreamFraming::Syslog, Form::AsItCame, "3 <1>hunter2hunter2");
    assert_eq!(
        (out.as_str(), ended),
        ("3 <1>", Err(Reason::CountMalformed))
    );
    // As many as are allowed are.
    let longest = counted(&"x".repeat(MOST));
    let (out, _, ended, _) = both(StreamFraming::Syslog, Form::AsItCame, &longest);
    assert_eq!((out, ended), (longest, Ok(())));
}

#[test]
fn the_first_byte_tells_the_framing() {
    for (input, framing, expected) in [
        (
            "<1>a password=hunter2hunter2\n",
            StreamFraming::Syslog,
            "<1>a password=[REDACTED]\n",
        ),
        ("5 <1>a\n", StreamFraming::Syslog, "5 <1>a\n"),
        (
            "a token=hunter2hunter2\n",
            StreamFraming::Syslog,
            "a token=[REDACTED]\n",
        ),
        (
            "5 password=hunter2hunter2\n",
            StreamFraming::Lines,
            "5 password=[REDACTED]\n",
        ),
        ("\u{feff}a\n", StreamFraming::Lines, "\u{feff}a\n"),
        ("B", StreamFraming::Lines, "B"),
        ("", StreamFraming::Syslog, ""),
    ] {
        let (out, _, ended, _) = both(framing, Form::AsItCame, input);
        assert_eq!((out.as_str(), ended), (expected, Ok(())), "{input:?}");
    }
}

#[test]
fn what_nothing_can_be_seen_in_is_refused() {
    let stream = stream(StreamFraming::Lines);
    let utf16: &[u8] = b"\xff\xfep\0a\0s\0s\0\n\0";
    for input in [utf16, b"\x1f\x8b\x08\0\0\0\0\0 and more\n", b"\xff\xfe"] {
        for step in [1, usize::MAX] {
            let (out, _, ended, _) = told(&stream, Form::AsItCame, input, step);
            assert_eq!((out.as_str(), ended), ("", Err(Reason::Encoded)));
        }
    }
}

#[test]
fn structured_data_are_fields() {
    for (data, masked) in [
        (
            r#"[a@1 password="hunter2"]"#,
            r#"[a@1 password="[REDACTED]"]"#,
        ),
        (
            r#"[a@1 password="hun\"ter\\2\]hunter2" x="y"][b@2 z="1"]"#,
            r#"[a@1 password="[REDACTED]" x="y"][b@2 z="1"]"#,
        ),
        (
            r#"[a@1 user="u" apiKey="hunter2hunter2"]"#,
            r#"[a@1 user="u" apiKey="[REDACTED]"]"#,
        ),
    ] {
        let message =
            |data: &str| format!("<165>1 2026-11-28T10:00:00Z h app 1 ID47 {data} \u{feff}it is\n");
        for form in [|text: &str| text.to_owned(), counted] {
            let (out, _, ended, _) =
                both(StreamFraming::Syslog, Form::AsItCame, &form(&message(data)));
            assert_eq!((out, ended), (form(&message(masked)), Ok(())));
        }
    }
}

#[test]
fn messages_of_rfc_3164() {
    let message = "<13>Nov 28 10:00:00 host su[42]: 'su root' failed, token: hunter2hunter2";
    let masked = message.replace("hunter2hunter2", "[REDACTED]");
    let (out, ..) = both(
        StreamFraming::Syslog,
        Form::AsItCame,
        &(message.to_owned() + "\n"),
    );
    assert_eq!(out, masked + "\n");
}

#[test]
fn whole_lines_end_with_a_newline() {
    let (out, ends, ended, _) = both(
        StreamFraming::Lines,
        Form::Records,
        "a\n\npassword=hunter2hunter2\r\nrest",
    );
    assert_eq!(out, "a\n\npassword=[REDACTED]\r\nrest\n");
    assert_eq!((ends, ended), (vec![2, 3, 24, 29], Ok(())));
}

#[test]
fn a_line_that_is_too_long_to_be_held_becomes_several() {
    let most = "x".repeat(MOST);
    let secret = "password=hunter2hunter2";
    let (before, behind) = (&most[10..], &most[..100]);
    for (input, parts) in [
        (format!("a\n{most}\nb\n"), format!("a\n{most}\nb\n")),
        (format!("a\n{most}y\nb\n"), format!("a\n{most}\n... y\nb\n")),
        (
            format!("{most}{most}y"),
            format!("{most}\n... {}\n... xxxxy\n", &most[4..]),
        ),
        // A character stays in one piece, and so does a mask behind a blank.
        (
            format!("{}ü\n", &most[1..]),
            format!("{}\n... ü\n", &most[1..]),
        ),
        (
            format!("{before} {secret} {behind}"),
            format!("{before} \n... password=[REDACTED] {behind}\n"),
        ),
    ] {
        let (out, ends, ended, _) = both(StreamFraming::Lines, Form::Records, &input);
        assert_eq!((out.as_str(), ended), (parts.as_str(), Ok(())));
        let newlines = memchr::memchr_iter(b'\n', parts.as_bytes());
        assert_eq!(ends, newlines.map(|at| at + 1).collect::<Vec<_>>());
        let (out, _, ended, _) = both(StreamFraming::Lines, Form::AsItCame, &input);
        let masked = input.replace("hunter2hunter2", "[REDACTED]");
        assert_eq!((out, ended), (masked, Ok(())));
    }
}

#[test]
fn what_is_no_text_is_cut_too() {
    let input = [0x80; 2 * MOST + 1];
    let stream = stream(StreamFraming::Lines);
    let mut masker = Masker::new(&stream, &counters(&stream), Form::Records);
    let mut out = Output::default();
    masker.write(b"x", &mut out).unwrap();
    masker.write(&input, &mut out).unwrap();
    masker.end(&mut out).unwrap();
    let parts: Vec<_> = out.records().map(<[u8]>::len).collect();
    assert_eq!(parts, [MOST, MOST, 10]);
}

#[test]
fn datagrams_have_no_counts() {
    let (out, ends, ended, _) = both(StreamFraming::Syslog, Form::Records, "3 <1>5 hello");
    assert_eq!(
        (out.as_str(), ends, ended),
        ("<1>hello", vec![3, 8], Ok(()))
    );
}

/// Read so, nothing of a record that has not begun is taken.
#[test]
fn so_much_is_wanted_of_a_record_that_has_begun() {
    let messages = [counted("<1>a"), counted("<2>bcd")].concat();
    for (framing, input, ends) in [
        (StreamFraming::Lines, "ab\ncd\n".to_owned(), vec![3, 6]),
        (StreamFraming::Syslog, messages, vec![6, 14]),
    ] {
        let stream = stream(framing);
        let mut masker = Masker::new(&stream, &counters(&stream), Form::AsItCame);
        let (mut at, mut found, mut out) = (0, Vec::new(), Output::default());
        while at < input.len() {
            let wanted = masker.wanted().max(1);
            let chunk = &input.as_bytes()[at..at + wanted];
            masker.write(chunk, &mut out).unwrap();
            at += wanted;
            if masker.wanted() == 0 {
                found.push(at);
            }
        }
        assert_eq!(found, ends);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Where reads cut a stream cannot be seen, nor that it rests there, whatever comes: counts that are right,
    /// counts that lie, lines, and anything.
    #[test]
    fn cuts_cannot_be_seen(
        parts in proptest::collection::vec(
            "(<1>password=hunter2|\\{\"token\":\"|[0-9]{1,3} |1[0-9] <1>|\n|\r\n|x{60}|\"|é|BZh)",
            0..12,
        ),
        sizes in proptest::collection::vec(1..40_usize, 1..8),
        counts in any::<bool>(),
        form in prop_oneof![Just(Form::AsItCame), Just(Form::Records)],
        framing in prop_oneof![Just(StreamFraming::Lines), Just(StreamFraming::Syslog)],
    ) {
        let parts = parts.iter().map(|part| if counts { counted(part) } else { part.clone() });
        let input: String = parts.collect();
        let stream = stream(framing);
        let whole = told(&stream, form, input.as_bytes(), usize::MAX);
        let counters = counters(&stream);
        let mut masker = Masker::new(&stream, &counters, form);
        let (mut rest, mut out) = (input.as_bytes(), Output::default());
        let mut ended = Ok(());
        for size in sizes.iter().cycle() {
            let (chunk, more) = rest.split_at(rest.len().min(*size));
            rest = more;
            ended = masker.write(chunk, &mut out);
            masker.rest();
            if ended.is_err() || rest.is_empty() {
                break;
            }
        }
        let ended = ended.and_then(|()| masker.end(&mut out));
        prop_assert_eq!(String::from_utf8(out.bytes).unwrap(), whole.0);
        prop_assert_eq!((out.ends, ended), (whole.1, whole.2));
    }
}
