//! G4 at the binary: what is no secret comes out as it went in.

use crate::support::{FIND, Files, blackbar, find, run, run_command};

fn unchanged(input: &[u8]) {
    let run = run::<&str>(&[], input);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(run.err, "");
    assert!(
        run.out == input,
        "{} bytes in, {} out",
        input.len(),
        run.out.len()
    );
}

#[test]
fn empty_input_gives_empty_output() {
    unchanged(b"");
}

#[test]
fn s7_a_missing_last_newline_stays_missing() {
    unchanged(b"one\ntwo");
    assert_eq!(find::<&str>(&[], b"one\nhunter2").out, b"one\n[REDACTED]");
}

#[test]
fn line_ends_stay_as_they_are() {
    unchanged(b"dos\r\nunix\nmac\rbare\r\n\r\n\n\r");
    assert_eq!(
        find::<&str>(&[], b"a hunter2\r\nb\r\n").out,
        b"a [REDACTED]\r\nb\r\n"
    );
}

#[test]
fn s8_nul_and_invalid_utf8_pass() {
    unchanged(b"a\0b\0\n\xff\xfe\xc3(\n\xf0\x9f\x98\n");
    assert_eq!(
        find::<&str>(&[], b"\0hunter2\xff\n").out,
        b"\0[REDACTED]\xff\n"
    );
}

#[test]
fn a_binary_file_passes() {
    // A xorshift of every byte value; it holds no credential.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let noise: Vec<u8> = (0..1 << 20)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect();
    let files = Files::new();
    let path = files.write("noise.bin", &noise);
    let out = run(&[path], b"").out;
    assert!(out == noise, "{} bytes in, {} out", noise.len(), out.len());
}

#[test]
fn a_byte_order_mark_of_utf8_stays() {
    unchanged(b"\xef\xbb\xbftext\n");
}

#[test]
fn a_long_line_passes_whole() {
    let mut line = vec![b'x'; 5 << 20];
    line.extend(b" hunter2 end\n");
    let out = find::<&str>(&[], &line).out;
    assert!(out.ends_with(b"xx [REDACTED] end\n"));
    assert_eq!(out.len(), line.len() + "[REDACTED]".len() - "hunter2".len());
}

#[test]
fn s13_files_are_sessions_of_their_own_with_nothing_between() {
    let files = Files::new();
    let a = files.write("a", "first hun");
    let b = files.write("b", "ter2 second\nhunter2");
    let run = find(&[a, b], b"");
    assert_eq!(run.out_text(), "first hunter2 second\n[REDACTED]");
    assert_eq!(run.code, Some(0));
}

#[test]
fn a_dash_is_standard_input() {
    let files = Files::new();
    let a = files.write("a", "a\n");
    let mut command = blackbar();
    command.args(FIND).arg(&a).arg("-").arg(&a);
    assert_eq!(
        run_command(command, b"in hunter2\n").out,
        b"a\nin [REDACTED]\na\n"
    );
}

#[test]
fn framing_document_takes_lines_together() {
    let arguments = ["--framing", "document", "--pattern", r"BEGIN\nhunter2"];
    let run = run(&arguments, b"x\nBEGIN\nhunter2\nend\n");
    assert_eq!(run.out_text(), "x\n[REDACTED]\nend\n");
}

/// What the article's `redact.js` is shown to replace, one of each. Put together here,
/// since the files of this repository hold nothing of a token's shape.
fn article_secrets() -> Vec<(String, String)> {
    let word = "q7Rk2Vx9Lm4T";
    vec![
        (format!("login password='{word}' ok\n"), word.to_owned()),
        (format!("secret=\"{word}\"\n"), word.to_owned()),
        (format!("TOKEN='{word}';\n"), word.to_owned()),
        (format!("key=\"{word}\"\n"), word.to_owned()),
        (
            format!("Authorization: Bearer {word}.{word}-{word}\n"),
            word.to_owned(),
        ),
        (
            format!("charge with sk_live_{word}{word}\n"),
            format!("{word}{word}"),
        ),
        (
            format!("connect postgresql://app:{word}@db.local/shop\n"),
            word.to_owned(),
        ),
    ]
}

#[test]
fn the_articles_secrets_are_replaced_in_every_profile() {
    for profile in ["article", "standard", "strict"] {
        for (line, secret) in article_secrets() {
            let run = run(&["--profile", profile], line.as_bytes());
            assert_eq!(run.code, Some(0));
            assert!(run.out_text().contains("[REDACTED]"), "{profile}: {line}");
            assert!(!run.out_text().contains(&secret), "{profile}: {line}");
        }
    }
}

#[test]
fn the_article_profile_replaces_whole_matches() {
    let (input, _): (Vec<String>, Vec<String>) = article_secrets().into_iter().unzip();
    let run = run(&["-p", "article"], input.concat().as_bytes());
    let expected = "login [REDACTED] ok\n[REDACTED]\n[REDACTED];\n[REDACTED]\n\
        Authorization: [REDACTED]\ncharge with [REDACTED]\nconnect [REDACTED]db.local/shop\n";
    assert_eq!(run.out_text(), expected);
}
