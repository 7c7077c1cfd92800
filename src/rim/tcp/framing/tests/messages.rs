//! What a message leaves to the next.

use std::net::SocketAddr;

use super::super::message::Messages;
use super::*;

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

proptest! {
    /// Whatever bytes they hold, also where one leaves something open.
    #[test]
    fn messages_in_which_nothing_is_found_leave_as_they_came(
        messages in prop::collection::vec("[a-c<>&:=\"'{}\\[\\]\\\\ \r\n\0\x1bm-]{1,40}", 1..6),
        step in 1..90_usize,
    ) {
        let stream = stream(StreamFraming::Syslog);
        let input: String = messages.iter().map(|message| counted(message)).collect();
        let (out, _, ended, (records, masks)) =
            told(&stream, Form::AsItCame, input.as_bytes(), step);
        prop_assert_eq!((ended, records), (Ok(()), messages.len() as u64));
        prop_assert!(masks > 0 || out == input, "{out:?} {input:?}");
    }
}
