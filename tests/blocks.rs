//! P7 over several lines: what opens a block, what goes on with it, and what ends it.
//! Every case runs whole, byte by byte and at every split.

use std::sync::Arc;

use blackbar::{Framing, Limits, Redactor, Session};

fn redact(redactor: &Arc<Redactor>, chunks: &[&[u8]]) -> String {
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let (mut out, mut pieces) = (Vec::new(), Vec::new());
    for chunk in chunks {
        session.write(chunk, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, chunk));
        }
    }
    session.end(&mut pieces);
    for piece in pieces.drain(..) {
        out.extend_from_slice(session.bytes(&piece, &[]));
    }
    String::from_utf8(out).unwrap()
}

fn redactor(max_record: usize) -> Arc<Redactor> {
    let limits = Limits {
        max_record,
        ..Limits::default()
    };
    Arc::new(Redactor::builder().limits(limits).build().unwrap())
}

/// `input` becomes `output` however it is cut, and stays so.
#[track_caller]
fn check(input: &str, output: &str) {
    for max_record in [1 << 20, 16] {
        let redactor = redactor(max_record);
        let whole = redact(&redactor, &[input.as_bytes()]);
        assert_eq!(whole, output, "whole, max_record {max_record}");
        let bytes: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        assert_eq!(
            redact(&redactor, &bytes),
            output,
            "byte by byte, max_record {max_record}"
        );
        let step = (input.len() / 400).max(1);
        for at in (0..input.len()).step_by(step) {
            let (head, tail) = input.as_bytes().split_at(at);
            assert_eq!(
                redact(&redactor, &[head, tail]),
                output,
                "cut at {at}, max_record {max_record}"
            );
        }
        assert_eq!(redact(&redactor, &[output.as_bytes()]), output, "twice");
    }
}

fn begin(kind: &str) -> String {
    format!("-----{} {kind}-----", "BEGIN")
}

fn end(kind: &str) -> String {
    format!("-----{} {kind}-----", "END")
}

/// A line of base64, the same each time.
fn body(length: usize) -> String {
    "MIIEvQ0BADANBgkqhkiG9w+AQEFAASC/Kcw"
        .chars()
        .cycle()
        .take(length)
        .collect()
}

const KEY: &str = "RSA PRIVATE KEY";
const M: &str = "[REDACTED]";

#[test]
fn p7_every_line_of_a_block_is_masked_and_what_follows_is_not() {
    let input = format!(
        "a\n{}\n{}\n{}\n{}\nb c\n",
        begin(KEY),
        body(64),
        body(22) + "==",
        end(KEY)
    );
    check(&input, &format!("a\n{M}\n{M}\n{M}\n{M}\nb c\n"));
}

#[test]
fn p7_headers_blank_lines_and_carriage_returns_belong_to_the_block() {
    let input = format!(
        "{}\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128-CBC,0A1B\r\n\r\n{}\r\n{}\r\nx y\r\n",
        begin(KEY),
        body(64),
        end(KEY)
    );
    check(
        &input,
        &format!("{M}\r\n{M}\r\n{M}\r\n\r\n{M}\r\n{M}\r\nx y\r\n"),
    );
}

#[test]
fn p7_a_block_on_one_line_ends_there() {
    for (joint, blank) in [(" ", " "), ("\\n", " "), ("%0A", "+"), ("%0a", "%20")] {
        let block = [begin(KEY), body(64), end(KEY)].join(joint);
        let block = block.replace(' ', blank);
        check(
            &format!("{block}\nsingle\n/health\n"),
            &format!("{M}\nsingle\n/health\n"),
        );
    }
}

#[test]
fn p7_openpgp_blocks_have_headers_and_a_checksum() {
    let kind = "PGP PRIVATE KEY BLOCK";
    let input = format!(
        "{}\nVersion: GnuPG v2\n\n{}\n=8xQN\n{}\nok then\n",
        begin(kind),
        body(64),
        end(kind)
    );
    check(&input, &format!("{M}\n{M}\n\n{M}\n{M}\n{M}\nok then\n"));
}

#[test]
fn p7_a_missing_end_ends_at_the_first_line_of_prose() {
    let input = format!(
        "{}\n{}\nGET /health 200\n{}\n",
        begin(KEY),
        body(64),
        body(64)
    );
    check(
        &input,
        &format!("{M}\n{M}\nGET /health 200\n{}\n", body(64)),
    );
}

#[test]
fn p7_a_begin_in_prose_or_planted_swallows_no_log() {
    for line in [
        "found {} in the file",
        "{} was rejected",
        "user sent {}, ignoring it",
    ] {
        let planted = line.replace("{}", &begin(KEY));
        let redacted = line.replace("{}", M);
        let log = "10:01 GET / 200\n10:02 POST /a 500\n";
        check(&format!("{planted}\n{log}"), &format!("{redacted}\n{log}"));
    }
    let log = "10:01 GET / 200\nsingle\n";
    check(&format!("{}\n{log}", begin(KEY)), &format!("{M}\n{log}"));
}

#[test]
fn p7_a_constant_prefix_is_kept_and_its_digits_may_change() {
    for (first, second, third) in [
        ("    ", "    ", "    "),
        ("app_1  | ", "app_1  | ", "app_1  | "),
        (
            "2026-11-23T10:00:01.123Z api: ",
            "2026-11-23T10:00:01.124Z api: ",
            "2026-11-23T10:00:02.001Z api: ",
        ),
    ] {
        let input = format!(
            "{first}{}\n{second}{}\n{third}{}\n{third}done with it\n",
            begin(KEY),
            body(64),
            end(KEY)
        );
        check(
            &input,
            &format!("{first}{M}\n{second}{M}\n{third}{M}\n{third}done with it\n"),
        );
    }
}

#[test]
fn p7_lines_that_are_wrapped_in_documents_stay_documents() {
    let line = |log: &str, second: u8| {
        format!(
            "{{\"log\":\"{log}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-23T10:00:0{second}Z\"}}\n"
        )
    };
    let input = line(&begin(KEY), 1)
        + &line(&body(64), 2)
        + &line("abcdEFGHijkl", 2)
        + &line(&end(KEY), 3)
        + &line("ready", 4);
    let redactor = redactor(1 << 20);
    let output = redact(&redactor, &[input.as_bytes()]);
    assert!(!output.contains(&body(20)), "{output}");
    assert!(output.ends_with(&line("ready", 4)));
    assert!(
        !output.contains("EFGH") && !output.contains("END"),
        "{output}"
    );
    assert_eq!(output.lines().count(), 5);
    for line in output.lines() {
        let value: serde_json::Value =
            serde_json::from_str(line).expect("a line that was JSON is JSON");
        assert_eq!(value["stream"], "stdout");
    }
    let bytes: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
    assert_eq!(redact(&redactor, &bytes), output);
}

#[test]
fn p7_lines_of_source_code_and_arrays_are_lines_of_the_block() {
    let input = format!(
        "key = \"{}\\n\" +\n  \"{}\\n\" +\n  \"{}\\n\";\nnext();\n",
        begin(KEY),
        body(64),
        end(KEY)
    );
    check(
        &input,
        &format!("key = \"{M}\\n\" +\n  \"{M}\\n\" +\n  \"{M}\\n\";\nnext();\n"),
    );
}

#[test]
fn p7_putty_keys_end_with_their_mac() {
    let input = format!(
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 1\n{}\nPrivate-Lines: 1\n{}\nPrivate-MAC: 00ff\nafter that\n",
        body(64),
        body(48)
    );
    let redactor = redactor(1 << 20);
    let output = redact(&redactor, &[input.as_bytes()]);
    assert!(!output.contains(&body(20)), "{output}");
    assert!(!output.contains("00ff"), "{output}");
    assert!(output.ends_with("after that\n"), "{output}");
}

#[test]
fn p7_public_keys_and_certificates_survive() {
    for kind in [
        "PUBLIC KEY",
        "CERTIFICATE",
        "PGP PUBLIC KEY BLOCK",
        "CERTIFICATE REQUEST",
    ] {
        let input = format!("{}\n{}\n{}\n", begin(kind), body(64), end(kind));
        check(&input, &input);
    }
}

#[test]
fn s6_a_line_of_base64_without_an_end_is_masked_to_its_own() {
    for length in [8 * 1024, 8 * 1024 + 1, 40_000] {
        let input = format!("{}\n{}\n{}\n", begin(KEY), body(length), body(64));
        check(&input, &format!("{M}\n{M}\n{M}\n"));
        let input = format!("{}\n{} and prose\n{}\n", begin(KEY), body(length), body(64));
        let redactor = redactor(1 << 20);
        let whole = redact(&redactor, &[input.as_bytes()]);
        let bytes: Vec<&[u8]> = input.as_bytes().chunks(1000).collect();
        assert_eq!(redact(&redactor, &bytes), whole);
        assert!(
            whole.ends_with(&format!("{}\n", body(64))),
            "prose has ended the block"
        );
    }
}

#[test]
fn two_streams_have_blocks_of_their_own() {
    let redactor = redactor(1 << 20);
    let mut one = Session::new(Arc::clone(&redactor), Framing::Lines);
    let mut pieces = Vec::new();
    one.write((begin(KEY) + "\n").as_bytes(), &mut pieces);
    let other = redact(&redactor, &[(body(64) + "\n").as_bytes()]);
    assert_eq!(other, body(64) + "\n");
}
