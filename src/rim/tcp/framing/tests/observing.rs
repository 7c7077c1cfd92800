//! While a listener observes, originals go on; afterwards none does.

use super::*;

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
