//! Where other rules come.

use super::*;

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
