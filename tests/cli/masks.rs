//! `--mask`: another text, which a second pass leaves.

use crate::support::{assert_one_line, blackbar, run, run_command};

const TEXTS: [&str; 7] = [
    "***",
    "********",
    "[MASKED]",
    "[Filtered]",
    "[HIDDEN]",
    "<redacted>",
    "<hidden>",
];

/// Secrets in the shapes in which they occur.
const LINES: &str = r#"
password=q7Rk2Vx9Lm4T user=ada
password="q7Rk2Vx9Lm4T", token='a1b2c3d4e5f6g7h8'
{"password":"q7Rk2Vx9Lm4T","n":1,"token":12345678,"secrets":["a1b2",{"b":"c3d4"}]}
{"log":"{\"password\":\"q7Rk2Vx9Lm4T\"}"}
Authorization: Bearer a1b2c3d4e5f6g7h8i9j0
Authorization: Basic dXNlcjpodW50ZXIyaHVudGVy
Cookie: sid=q7Rk2Vx9Lm4T; theme=q7Rk2Vx9Lm4T
GET /a?token=a1b2c3d4e5f6g7h8&x=1
postgresql://app:q7Rk2Vx9Lm4T@db/shop
https://ada:q7Rk2Vx9Lm4T@example.org/x
<password>q7Rk2Vx9Lm4T</password>
--password q7Rk2Vx9Lm4T --verbose
db:
  password: q7Rk2Vx9Lm4T
  api_key: |
    a1b2c3d4e5f6g7h8
CREATE USER a IDENTIFIED BY 'q7Rk2Vx9Lm4T'
Server=db;Pwd=q7Rk2Vx9Lm4T;
{Password:q7Rk2Vx9Lm4T Name:ada}
"#;

#[test]
fn the_text_stands_where_the_mask_stood_and_stays() {
    let standard = run(&["--", "-"], LINES.as_bytes()).out_text();
    assert!(!standard.contains("q7Rk2Vx9Lm4T"), "{standard}");
    for text in TEXTS {
        let once = run(&["--mask", text], LINES.as_bytes());
        assert_eq!((once.code, once.err.as_str()), (Some(0), ""), "{text}");
        assert_eq!(once.out_text(), standard.replace("[REDACTED]", text));
        let twice = run(&["--mask", text], &once.out);
        assert_eq!(twice.out_text(), once.out_text(), "{text}");
        let other = run(&["--", "-"], &once.out);
        assert_eq!(other.out_text(), once.out_text(), "{text}, told nothing");
    }
}

#[test]
fn other_texts_are_refused_with_the_list() {
    for text in [
        "",
        "**",
        "hunter2",
        "[hunter2]",
        "XXXXX",
        "REDACTED",
        "\"***\"",
        "a b",
        "[REDACTED:a]",
    ] {
        let run = run(&["--mask", text], b"text\n");
        assert_eq!((run.code, run.out.len()), (Some(2), 0), "{text:?}");
        assert_one_line(&run.err.replace("hunter2", ""));
        assert!(run.err.contains("[MASKED]"), "{}", run.err);
    }
}

#[test]
fn a_label_needs_the_standard_mask() {
    let run = run(&["--mask", "***", "--label"], b"text\n");
    assert_eq!(run.code, Some(2));
    assert_one_line(&run.err);
    assert!(run.err.contains("labels"), "{}", run.err);
}

#[test]
fn the_environment_has_a_mask_too() {
    let mut command = blackbar();
    command.env("BLACKBAR_MASK", "***");
    let run = run_command(command, b"password=q7Rk2Vx9Lm4T\n");
    assert_eq!(run.out_text(), "password=***\n");
}

/// G5: a rule that finds secrets in masks would not end.
#[test]
fn a_pattern_that_matches_in_the_mask_is_refused_by_its_name() {
    let cases: [(&[&str], &str); 4] = [
        (&["--pattern", "RED"], "command-line/pattern-1"),
        (
            &["--pattern", "acme-[0-9]+", "--pattern", "[A-Z]{4}"],
            "command-line/pattern-2",
        ),
        (
            &["--label", "--pattern", "stripe"],
            "command-line/pattern-1",
        ),
        (
            &["--mask", "<hidden>", "--pattern", "hid"],
            "command-line/pattern-1",
        ),
    ];
    for (arguments, id) in cases {
        let run = run(arguments, b"text\n");
        assert_eq!((run.code, run.out.len()), (Some(2), 0), "{arguments:?}");
        assert_one_line(&run.err);
        assert!(run.err.contains(id), "{}", run.err);
    }
    assert_eq!(
        run(&["--pattern", "stripe"], b"stripe\n").out,
        b"[REDACTED]\n"
    );
    assert_eq!(
        run(&["--label", "--pattern", "acme-[0-9]+"], b"acme-4\n").out,
        b"[REDACTED:command-line/pattern-1]\n"
    );
}
