//! `--stats`: numbers on standard error, payload never.

use crate::support::{Files, SECRET, find};

const INPUT: &[u8] = b"a hunter2\nb hunter2 hunter2\nc";

#[test]
fn json_is_one_parsable_line() {
    let run = find(&["--stats=json"], INPUT);
    assert_eq!(run.out, b"a [REDACTED]\nb [REDACTED] [REDACTED]\nc");
    assert_eq!(run.err.lines().count(), 1);
    let stats: serde_json::Value = serde_json::from_str(&run.err).expect("JSON");
    for (name, number) in [
        ("inputs", 1),
        ("failed_inputs", 0),
        ("records", 3),
        ("bytes_in", INPUT.len()),
        ("bytes_out", run.out.len()),
        ("masks", 3),
        ("undecided", 0),
        ("unverified", 0),
    ] {
        assert_eq!(stats[name], number, "{name}");
    }
    let findings = serde_json::json!({"command-line/pattern-1": 3});
    assert_eq!(stats["findings"], findings);
    assert!(
        stats["seconds"]
            .as_f64()
            .is_some_and(|seconds| seconds > 0.0)
    );
}

#[test]
fn text_is_a_table() {
    let run = find(&["--stats"], INPUT);
    assert_eq!(run.out, b"a [REDACTED]\nb [REDACTED] [REDACTED]\nc");
    for row in ["records", "bytes in", "bytes out", "masks", "seconds"] {
        assert!(
            run.err.lines().any(|line| line.starts_with(row)),
            "{row}: {}",
            run.err
        );
    }
    assert!(
        run.err.contains("command-line/pattern-1  3\n"),
        "{}",
        run.err
    );
    assert!(!run.err.contains(SECRET));
}

#[test]
fn totals_span_all_inputs() {
    let files = Files::new();
    let a = files.write("a", "hunter2\nx\n");
    let b = files.write("b", "hunter2\n");
    let missing = files.path("missing");
    let arguments = [
        a.as_os_str(),
        missing.as_os_str(),
        b.as_os_str(),
        "--stats=json".as_ref(),
    ];
    let run = find(&arguments, b"");
    assert_eq!(run.code, Some(3));
    let line = run.err.lines().last().expect("a line");
    let stats: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(stats["inputs"], 2);
    assert_eq!(stats["failed_inputs"], 1);
    assert_eq!(stats["records"], 3);
    assert_eq!(stats["masks"], 2);
}

#[test]
fn without_the_option_nothing_is_said() {
    assert_eq!(find::<&str>(&[], INPUT).err, "");
}
