use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use blackbar::{Pack, Redactor};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use proptest::prelude::*;

use super::message::Messages;
use super::*;
use crate::rim::config::policy::Rules;
use crate::rim::config::stream::{Delivery, Destination, Entry};

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
fn a_message_leaves_nothing_to_the_next() {
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

/// A listener that observes until then, with a rule on trial.
fn observing(framing: StreamFraming, until: SystemTime) -> Arc<Stream> {
    let pack = Pack::parse(
        "trial",
        "trial.toml",
        "[[rule]]\nid = \"one\"\nabout = \"On trial\"\npattern = \"trial-[0-9]{4}\"\n\
         anchors = [\"trial-\"]\nsource = \"here\"\nexamples = [[\"trial-1234\", \"[REDACTED]\"]]\n",
    );
    let candidates = Redactor::builder().embedded(false).pack(pack.unwrap());
    let mut stream = Arc::into_inner(stream(framing)).unwrap();
    stream.observe_until = Some(until);
    stream.candidates = Some(Arc::new(candidates.build().unwrap()));
    Arc::new(stream)
}

fn sum(counters: &[Counter]) -> u64 {
    counters.iter().map(Counter::get).sum()
}

const TRIED: &str = "password=hunter2 trial-1234\npassword=hunter2";

#[test]
fn originals_go_on_while_it_observes_and_are_counted() {
    let later = SystemTime::now() + Duration::from_secs(3600);
    for (framing, input) in [
        (StreamFraming::Lines, TRIED.to_owned()),
        (StreamFraming::Syslog, counted(TRIED)),
    ] {
        for (form, step) in [
            (Form::AsItCame, 1),
            (Form::AsItCame, 99),
            (Form::Records, 1),
        ] {
            let stream = observing(framing, later);
            let counters = counters(&stream);
            let mut masker = Masker::new(&stream, &counters, form);
            let mut out = Output::default();
            for chunk in input.as_bytes().chunks(step) {
                masker.write(chunk, &mut out).unwrap();
            }
            masker.end(&mut out).unwrap();
            let text = String::from_utf8(out.bytes).unwrap();
            let original = match form {
                Form::AsItCame => &input,
                Form::Records => TRIED,
            };
            assert_eq!(text.trim_end(), original, "{form:?} {step}");
            assert_eq!(sum(&counters.findings), 0);
            assert_eq!(sum(&counters.observed), 2);
            assert_eq!(sum(&counters.candidates), 1);
        }
    }
}

#[test]
fn candidates_mask_nothing_and_rest_with_their_connection() {
    let stream = observing(StreamFraming::Lines, SystemTime::UNIX_EPOCH);
    let counters = counters(&stream);
    let mut masker = Masker::new(&stream, &counters, Form::AsItCame);
    let mut out = Output::default();
    for line in TRIED.split_inclusive('\n') {
        masker.write(line.as_bytes(), &mut out).unwrap();
        masker.rest();
    }
    masker.end(&mut out).unwrap();
    assert_eq!(
        out.bytes,
        b"password=[REDACTED] trial-1234\npassword=[REDACTED]"
    );
    assert_eq!((sum(&counters.findings), sum(&counters.observed)), (2, 0));
    assert_eq!(sum(&counters.candidates), 1);
}

#[test]
fn once_its_day_has_come_the_next_line_is_masked() {
    for rest in ["=hunter2\npassword=hunter2\n", "=hunter2\n", "=hun"] {
        let soon = SystemTime::now() + Duration::from_millis(300);
        let stream = observing(StreamFraming::Lines, soon);
        let mut masker = Masker::new(&stream, &counters(&stream), Form::AsItCame);
        let mut out = Output::default();
        masker.write(b"password", &mut out).unwrap();
        std::thread::sleep(Duration::from_millis(350));
        masker.write(rest.as_bytes(), &mut out).unwrap();
        let rest = rest.replacen("\npassword=hunter2", "\npassword=[REDACTED]", 1);
        assert_eq!(
            String::from_utf8_lossy(&out.bytes),
            format!("password{rest}")
        );
        out.bytes.clear();
        if !rest.ends_with('\n') {
            masker.write(b"ter2\n", &mut out).unwrap();
            assert_eq!(String::from_utf8_lossy(&out.bytes), "ter2\n");
            out.bytes.clear();
        }
        masker.write(b"password=hunter2\n", &mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&out.bytes), "password=[REDACTED]\n");
    }
}

/// The input in steps of `step` bytes. Other rules come with the byte `at`: those under
/// which `ticket` is sensitive, and keys are none.
fn renewed(form: Form, framing: StreamFraming, input: &str, at: usize, step: usize) -> String {
    static OTHER: OnceLock<Arc<Redactor>> = OnceLock::new();
    let other = OTHER.get_or_init(|| {
        let builder = Redactor::builder().field("ticket").disable("pem");
        Arc::new(builder.build().unwrap())
    });
    let (old, new) = (stream(framing), stream_of(framing, other));
    let mut masker = Masker::new(&old, &counters(&old), form);
    let mut out = Output::default();
    let (before, after) = input.as_bytes().split_at(at);
    for chunk in before.chunks(step) {
        masker.write(chunk, &mut out).unwrap();
    }
    assert!(masker.is_of(&old));
    masker.renew(&new, &counters(&new));
    assert!(masker.is_of(&new));
    for chunk in after.chunks(step) {
        masker.write(chunk, &mut out).unwrap();
    }
    masker.end(&mut out).unwrap();
    String::from_utf8(out.bytes).unwrap()
}

#[test]
fn other_rules_come_where_a_record_begins_that_nothing_is_left_to() {
    let lines = "ticket=hunter2hunter2\n".repeat(3);
    let (open, masked) = ("ticket=hunter2hunter2\n", "ticket=[REDACTED]\n");
    let key = ["-----BEGIN ", "PRIVATE KEY-----\n"].concat();
    let end = ["-----END ", "PRIVATE KEY-----\n"].concat();
    let body = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0\n".repeat(2);
    let block = [&key, &body, &end, open, &key, &body].concat();
    let (form, framing) = (Form::AsItCame, StreamFraming::Lines);
    for step in [1, 2, 7, 1000] {
        for (at, old) in [(0, 0), (1, 1), (21, 1), (22, 1), (23, 2), (44, 2), (66, 3)] {
            let expected = [open.repeat(old), masked.repeat(3 - old)].concat();
            for form in [Form::AsItCame, Form::Records] {
                assert_eq!(
                    renewed(form, framing, &lines, at, step),
                    expected,
                    "{at} {step}"
                );
            }
        }
        // A block of a key is finished by the rules that know of keys.
        for at in [key.len(), key.len() + 10, key.len() + body.len()] {
            let text = renewed(form, framing, &block, at, step);
            let rest = [masked, &key, &body].concat();
            let is_finished = text
                .strip_suffix(&rest)
                .is_some_and(|text| !text.contains("QUJD"));
            assert!(is_finished, "{at} {step} {text}");
        }
    }
}

#[test]
fn other_rules_come_with_the_next_message_that_is_whole() {
    let message = "21 ticket=hunter2hunter2";
    let masked = "17 ticket=[REDACTED]";
    let (form, framing) = (Form::AsItCame, StreamFraming::Syslog);
    for step in [1, 5, 1000] {
        for (at, old) in [(1, 0), (10, 0), (24, 1), (30, 1), (48, 2)] {
            let text = renewed(form, framing, &message.repeat(2), at, step);
            let expected = [message.repeat(old), masked.repeat(2 - old)].concat();
            assert_eq!(text, expected, "{at} {step}");
        }
    }
}

/// Whatever the lines before have left open, and in whatever pieces they come.
#[test]
fn originals_do_not_go_on_once_a_new_configuration_masks() {
    let later = SystemTime::now() + Duration::from_secs(3600);
    let (observing, masking) = (
        observing(StreamFraming::Lines, later),
        stream(StreamFraming::Lines),
    );
    let block = format!("-----BEGIN {} KEY-----\n", "PRIVATE");
    for before in [
        "got <password>\n",
        "password:\n",
        "password: |\n  a\n",
        &block,
        "half",
    ] {
        for form in [Form::AsItCame, Form::Records] {
            let mut masker = Masker::new(&observing, &counters(&observing), form);
            let mut out = Output::default();
            masker.write(before.as_bytes(), &mut out).unwrap();
            masker.renew(&masking, &counters(&masking));
            let secret = "  password=hunter2hunter2\n";
            masker.write(b"ends\n", &mut out).unwrap();
            masker.write(secret.repeat(3).as_bytes(), &mut out).unwrap();
            masker.end(&mut out).unwrap();
            let text = String::from_utf8(out.bytes).unwrap();
            assert!(text.starts_with(before), "{text}");
            assert!(!text.contains("hunter2"), "{form:?} {text}");
        }
    }
}

/// A key, and messages of which each has a line of it.
fn key_in_messages() -> (Vec<String>, Vec<String>) {
    let body = (0..6).map(|line| format!("MIIEpAIB{line}AKCAQEA").repeat(4));
    let begin = format!("-----BEGIN RSA {} KEY-----", "PRIVATE");
    let end = begin.replace("BEGIN", "END");
    let body: Vec<_> = body.map(|line| line[..64].to_owned()).collect();
    let lines = [begin].into_iter().chain(body.clone()).chain([end]);
    let head = "<34>1 2026-11-28T00:00:00Z h app 1 - - ";
    (body, lines.map(|line| format!("{head}{line}")).collect())
}

#[test]
fn a_key_of_which_each_message_has_a_line_is_masked_to_its_end() {
    let (body, messages) = key_in_messages();
    let after = "<34>1 2026-11-28T00:00:00Z h app 1 - - after it";
    let input: String = messages.iter().map(|message| counted(message)).collect();
    let input = input + &counted(after);
    let (out, _, ended, (records, masks)) = both(StreamFraming::Syslog, Form::AsItCame, &input);
    assert_eq!((ended, records), (Ok(()), messages.len() as u64 + 1));
    assert!(
        masks >= 1 && !body.iter().any(|line| out.contains(line)),
        "{out}"
    );
    assert!(out.ends_with(&counted(after)), "{out}");
}

#[test]
fn what_a_source_of_datagrams_leaves_open_is_of_no_concern_to_others() {
    let (body, lines) = key_in_messages();
    let stream = stream(StreamFraming::Syslog);
    let mut messages = Messages::new(&stream, &counters(&stream));
    let source = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    for (line, secret) in lines[1..].iter().zip(&body) {
        // Of another source it is no part of a key that is known.
        assert_eq!(
            messages.mask(source(2), line.as_bytes()),
            Ok(line.as_bytes())
        );
        if secret == &body[0] {
            messages.mask(source(1), lines[0].as_bytes()).unwrap();
        }
        let masked = messages.mask(source(1), line.as_bytes()).unwrap();
        assert!(!String::from_utf8_lossy(masked).contains(secret));
        messages.renew(&stream, &counters(&stream));
    }
}

#[test]
fn a_message_that_is_encoded_is_refused() {
    for encoded in [&b"\x1f\x8b\x08\0"[..], b"\xff\xfep\0"] {
        let stream = stream(StreamFraming::Syslog);
        let mut messages = Messages::new(&stream, &counters(&stream));
        assert_eq!(messages.mask(None, encoded), Err(Reason::Encoded));
        let message = [b"4 ", encoded].concat();
        for step in [1, 99] {
            let (out, _, ended, _) = told(&stream, Form::AsItCame, &message, step);
            assert_eq!((out.as_str(), ended), ("", Err(Reason::Encoded)));
        }
    }
}
