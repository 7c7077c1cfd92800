//! The forms of reports, and that none of them shows a value.

use std::fs;

use serde_json::Value;

use crate::support::{Project, VALUE, line};

#[test]
fn text_is_a_line_a_finding() {
    let project = Project::new();
    project.write("a.txt", format!("one\n\u{fc} {}", line()));
    let run = project.check(&[]);
    let (head, fingerprint) = run
        .out
        .trim_end()
        .split_once(", fp ")
        .expect("a fingerprint");
    let expected = "a.txt:2:12: fields/password  Passwords and pass phrases  (16 bytes";
    assert_eq!(head, expected);
    let digits = fingerprint.strip_suffix(')').expect("the end");
    assert!(digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    assert_eq!(run.err, "blackbar: findings: 1, files: 1\n");
}

#[test]
fn json_is_one_object() {
    let project = Project::new();
    project.write("a.txt", line());
    project.write("b.txt", line());
    let run = project.check(&["--format", "json"]);
    assert_eq!((run.code, &run.err[..]), (Some(1), ""));
    let report: Value = serde_json::from_str(&run.out).expect("it is JSON");
    assert_eq!(report["version"], 1);
    assert_eq!(report["summary"]["findings"], 2);
    assert_eq!(report["summary"]["files"], 2);
    let [a, b] = &report["findings"].as_array().expect("an array")[..] else {
        panic!("{report}");
    };
    assert_eq!((&a["path"], &b["path"]), (&"a.txt".into(), &"b.txt".into()));
    for (key, value) in [("line", 1), ("column", 10), ("offset", 9), ("length", 16)] {
        assert_eq!(a[key], value, "{key}");
    }
    assert_eq!(a["rule"], "fields/password");
    assert_eq!(a["fingerprint"].as_str().map(str::len), Some(32));
    assert_eq!(a["fingerprint"], b["fingerprint"], "the same value");
    // Without a key of the user's each run has its own.
    let again = project.check(&["--format", "json"]).out;
    let again: Value = serde_json::from_str(&again).expect("it is JSON");
    assert_ne!(again["findings"][0]["fingerprint"], a["fingerprint"]);
}

#[test]
fn json_without_findings() {
    let project = Project::new();
    let run = project.check(&["--format", "json"]);
    let report: Value = serde_json::from_str(&run.out).expect("it is JSON");
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    assert_eq!(run.code, Some(0));
}

#[test]
fn a_key_makes_fingerprints_last() {
    let project = Project::new();
    project.write("a.txt", line());
    project.write("key", "a key that nobody can guess");
    project.write("short", "short");
    let arguments = ["a.txt", "--fingerprint-key", "key"];
    assert_eq!(project.check(&arguments).out, project.check(&arguments).out);
    let short = project.check(&["a.txt", "--fingerprint-key", "short"]);
    assert_eq!(short.code, Some(2));
    assert!(short.err.contains("16 bytes"), "{}", short.err);
}

#[test]
fn a_report_goes_to_a_file() {
    let project = Project::new();
    project.write("a.txt", line());
    let run = project.check(&["-o", "report.txt"]);
    assert_eq!((run.code, &run.out[..]), (Some(1), ""));
    let report = fs::read_to_string(project.path("report.txt")).expect("it is there");
    assert!(
        report.starts_with("a.txt:1:10: fields/password"),
        "{report}"
    );
    assert!(!report.contains('\x1b') && !report.contains(VALUE));
    let nowhere = project.check(&["-o", "missing/report.txt"]);
    assert_eq!(nowhere.code, Some(3));
}

#[test]
fn overlapping_findings_are_one() {
    let project = Project::new();
    project.write("a.txt", line());
    let run = project.check(&["--pattern", VALUE, "--pattern", &VALUE[2..]]);
    assert_eq!(run.out.lines().count(), 1, "{}", run.out);
}
