//! `blackbar verify BEFORE AFTER`.

use std::path::Path;

use crate::support::{
    Files, Run, SECRET, assert_one_line, blackbar, ended, run, run_command, start,
};

const LOG: &str =
    "start\nuser=ann password=hunter2 ok\nAuthorization: Bearer hunter2hunter2hunter2\nend\n";

fn verify(before: &Path, after: &Path, options: &[&str]) -> Run {
    let mut command = blackbar();
    command.arg("verify").args(options).arg(before).arg(after);
    run_command(command, b"")
}

fn verify_texts(before: &str, after: &str, options: &[&str]) -> Run {
    let files = Files::new();
    let before = files.write("before", before);
    let after = files.write("after", after);
    verify(&before, &after, options)
}

/// The lines of a report for programs.
fn objects(run: &Run) -> Vec<serde_json::Value> {
    let text = run.out_text();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect()
}

#[test]
fn what_the_filter_writes_differs_by_masks_alone() {
    for options in [&[][..], &["--label"], &["--profile", "strict"]] {
        let masked = run(options, LOG.as_bytes()).out_text();
        assert_ne!(masked, LOG);
        let run = verify_texts(LOG, &masked, options);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        let text = run.out_text();
        assert!(
            text.contains(":2:19: offset 24, length 7, fields/password"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "findings in BEFORE: 2, masked in AFTER: 2\n\
                 the same but for masks: 2, bytes that they replace: 28\n"
            ),
            "{text}"
        );
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[test]
fn a_report_for_programs_says_the_same() {
    let masked = run(&[""; 0], LOG.as_bytes()).out_text();
    let run = verify_texts(LOG, &masked, &["--report", "json"]);
    let objects = objects(&run);
    assert_eq!(objects.len(), 3, "{objects:?}");
    let first = serde_json::json!({
        "kind": "mask", "line": 2, "column": 19, "offset": 24, "length": 7,
        "after_offset": 24, "after_length": 10, "rule": "fields/password",
    });
    assert_eq!(objects[0], first);
    assert_eq!(
        objects[2],
        serde_json::json!({
            "kind": "same", "masks": 2, "bytes": 28, "findings": 2, "findings_masked": 2,
        })
    );
}

#[test]
fn findings_that_were_left_are_counted() {
    let after = LOG.replace("=hunter2", "=[REDACTED]");
    let run = verify_texts(LOG, &after, &[]);
    assert_eq!(run.code, Some(0), "they differ by a mask alone");
    assert!(
        run.out_text().contains(
            "findings in BEFORE: 2, masked in AFTER: 1; what was not masked is still there\n"
        ),
        "{}",
        run.out_text()
    );
    let run = verify_texts(LOG, &after, &["--report=json"]);
    let last = objects(&run).pop().expect("a verdict");
    assert_eq!(
        (&last["findings"], &last["findings_masked"]),
        (&2.into(), &1.into())
    );
    // A part of a finding is not all of it.
    let run = verify_texts("password=hunter2\n", "password=[REDACTED]2\n", &[]);
    assert!(
        run.out_text()
            .contains("findings in BEFORE: 1, masked in AFTER: 0;"),
        "{}",
        run.out_text()
    );
}

#[test]
fn labels_win_and_what_no_rule_finds_is_unknown() {
    let run = verify_texts(
        "password=hunter2\nplain words\n",
        "password=[REDACTED:acme/key]\nplain [REDACTED]\n",
        &["--report=json"],
    );
    let rules: Vec<_> = objects(&run)
        .iter()
        .filter_map(|object| object["rule"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(rules, ["acme/key", "unknown"]);
    let run = verify_texts(
        "a hunter2\n",
        "a [REDACTED]\n",
        &["--report=json", "--pattern", SECRET],
    );
    assert_ne!(objects(&run)[0]["rule"], "unknown");
}

#[test]
fn the_first_difference_has_a_place_and_no_bytes() {
    for (before, after, place, what) in [
        (
            "a\nb hunter2\n",
            "a\nb hunter3\n",
            ":2:9: offset 10, in AFTER line 2, offset 10",
            "bytes",
        ),
        (
            "p=hunter2 x\n",
            "p=[REDACTED] y\n",
            ":1:11: offset 10, in AFTER line 1, offset 13",
            "bytes",
        ),
        (
            "a\nb\nc\n",
            "a\nb\n",
            ":3:1: offset 4, in AFTER line 3, offset 4",
            "AFTER ends",
        ),
        (
            "a\n",
            "a\nhunter2\n",
            ":2:1: offset 2, in AFTER line 2, offset 2",
            "BEFORE ends",
        ),
        (
            "hunter2\n",
            "hunter2",
            ":1:8: offset 7, in AFTER line 1, offset 7",
            "terminator",
        ),
        (
            "a\r\n",
            "a\n",
            ":1:2: offset 1, in AFTER line 1, offset 1",
            "terminator",
        ),
        (
            "hunter2 b\n",
            "hunter2\n",
            ":1:8: offset 7, in AFTER line 1, offset 7",
            "ends early",
        ),
        // A mask is in one line.
        (
            "a hunter2\nb c\n",
            "a [REDACTED] c\n",
            ":1:3: offset 2, in AFTER line 1, offset 12",
            "bytes",
        ),
    ] {
        let run = verify_texts(before, after, &[]);
        let text = run.out_text();
        assert_eq!((run.code, run.err.as_str()), (Some(1), ""), "{text}");
        assert!(
            text.contains(place) && text.contains(what),
            "{before:?} {after:?}: {text}"
        );
        assert!(!text.contains("hunter"), "{text}");
    }
    let run = verify_texts("a\nb hunter2\n", "a\nb hunter3\n", &["--report", "json"]);
    assert_eq!(run.code, Some(1));
    let last = objects(&run).pop().expect("a verdict");
    assert_eq!(last["kind"], "difference");
    assert_eq!(
        (&last["line"], &last["offset"], &last["after_offset"]),
        (&2.into(), &10.into(), &10.into())
    );
}

#[test]
fn a_document_is_compared_as_a_whole() {
    let before = "{\n \"password\": {\n  \"a\": 1\n },\n \"b\": 2\n}\n";
    let files = Files::new();
    let document = files.write("before.json", before);
    let after = files.path("after.json");
    let mut filter = blackbar();
    filter.arg(&document).arg("-o").arg(&after);
    assert_eq!(run_command(filter, b"").code, Some(0));
    let masked = std::fs::read_to_string(&after).expect("written");
    assert!(masked.lines().count() < before.lines().count(), "{masked}");
    let run = verify(&document, &after, &["--report=json"]);
    assert_eq!(run.code, Some(0), "{}", run.out_text());
    assert_eq!(objects(&run)[0]["rule"], "fields/password");
    assert_eq!(
        verify(&document, &after, &["--format", "lines"]).code,
        Some(1)
    );
}

#[test]
fn numbers_become_null_only_where_values_are_typed() {
    let before = "{\"password\": 12345, \"n\": 7}\n";
    let after = run(&["--values", "typed"], before.as_bytes()).out_text();
    assert!(after.contains("null"), "{after}");
    assert_eq!(
        verify_texts(before, &after, &["--values", "typed"]).code,
        Some(0)
    );
    assert_eq!(verify_texts(before, &after, &[]).code, Some(1));
    let text = after.replace("null", "nil");
    assert_eq!(
        verify_texts(before, &text, &["--values", "typed"]).code,
        Some(1)
    );
}

#[test]
fn masks_of_ones_own_are_named() {
    let (before, after) = ("password=hunter2 a\n", "password=<gone> a\n");
    assert_eq!(
        verify_texts(before, after, &["--mask-text", "<gone>"]).code,
        Some(0)
    );
    assert_eq!(verify_texts(before, after, &[]).code, Some(1));
    assert_eq!(
        verify_texts(before, after, &["--mask-text", ""]).code,
        Some(2)
    );
}

#[test]
fn standard_input_stands_for_one_file() {
    let files = Files::new();
    let before = files.write("before", LOG);
    let masked = run(&[""; 0], LOG.as_bytes());
    let mut command = blackbar();
    command.arg("verify").arg(&before).arg("-");
    assert_eq!(run_command(command, &masked.out).code, Some(0));
    let mut command = blackbar();
    command.arg("verify").arg("-").arg(&before);
    assert_eq!(run_command(command, LOG.as_bytes()).code, Some(0));
    let both = run(&["verify", "-", "-"], b"");
    assert_eq!((both.code, both.out.len()), (Some(2), 0));
    assert_one_line(&both.err);
}

#[test]
fn empty_files_are_the_same() {
    let run = verify_texts("", "", &[]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(verify_texts("x", "", &[]).code, Some(1));
    assert_eq!(verify_texts("", "[REDACTED]", &[]).code, Some(1));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let files = Files::new();
    let there = files.write("there", "x\n");
    for path in [files.path("missing"), files.dir().to_owned()] {
        for (before, after) in [(&path, &there), (&there, &path)] {
            let run = verify(before, after, &[]);
            assert_eq!((run.code, run.out.len()), (Some(3), 0));
            assert_one_line(&run.err);
        }
    }
    let long = verify_texts(&"x".repeat(200), "y", &["--max-record", "64"]);
    assert_eq!(long.code, Some(3));
    assert_one_line(&long.err);
    assert!(long.err.contains("--max-record"), "{}", long.err);
}

#[test]
fn a_reader_of_the_report_may_leave() {
    let files = Files::new();
    let before = files.write("before", "password=hunter2\n".repeat(20_000));
    let after = files.write("after", "password=[REDACTED]\n".repeat(20_000) + "more\n");
    let mut child =
        start(blackbar().args(["verify".as_ref(), before.as_os_str(), after.as_os_str()]));
    drop(child.stdout.take());
    // The exit code is the verdict all the same.
    assert_eq!(ended(child), (Some(1), String::new()));
}
