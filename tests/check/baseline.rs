//! Known findings.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, VALUE, line};

#[test]
fn known_findings_do_not_count_and_new_ones_do() {
    let project = Project::new();
    project.write("a.txt", line());
    let written = project.check(&["--write-baseline", "known.json"]);
    written.expect(0, &["a.txt"]);
    let baseline = ["--baseline", "known.json"];
    let run = project.check(&baseline);
    run.expect(0, &[]);
    assert!(run.err.contains("known: 1"), "{}", run.err);
    // It may move in its file.
    project.write("a.txt", format!("\n\nmoved {}", line()));
    project.check(&baseline).expect(0, &[]);
    // Another file, and another value, are new.
    project.write("b.txt", line());
    project.check(&baseline).expect(1, &["b.txt"]);
    project.write("a.txt", "password=another-horse-43\n");
    project.check(&baseline).expect(1, &["a.txt", "b.txt"]);
    // And then known.
    let both = ["--baseline", "known.json", "--write-baseline", "known.json"];
    project.check(&both).expect(0, &["a.txt", "b.txt"]);
    project.check(&baseline).expect(0, &[]);
}

#[test]
fn a_baseline_is_private_and_holds_no_value() {
    let project = Project::new();
    project.write("a.txt", line());
    project.check(&["--write-baseline", "known.json"]);
    let path = project.path("known.json");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("fields/password") && !text.contains(VALUE));
    assert_eq!(
        fs::read_dir(project.dir()).unwrap().count(),
        2,
        "no file is left over"
    );
}

#[test]
fn a_key_of_the_users_is_not_in_the_baseline() {
    let project = Project::new();
    project.write("a.txt", line());
    project.write("key", "a key that nobody can guess");
    project.write("other", "another key that nobody guesses");
    let write = [
        "a.txt",
        "--write-baseline",
        "known.json",
        "--fingerprint-key",
        "key",
    ];
    project.check(&write).expect(0, &["a.txt"]);
    let text = fs::read_to_string(project.path("known.json")).unwrap();
    assert!(!text.contains("salt") && !text.contains("nobody"), "{text}");
    let check =
        |key: &[&str]| project.check(&[&["a.txt", "--baseline", "known.json"], key].concat());
    check(&["--fingerprint-key", "key"]).expect(0, &[]);
    for key in [&["--fingerprint-key", "other"][..], &[]] {
        let run = check(key);
        assert_eq!(run.code, Some(2));
        assert!(run.err.contains("another key"), "{}", run.err);
    }
}

#[test]
fn what_is_no_baseline_is_refused() {
    let project = Project::new();
    project.write("a.txt", line());
    for text in [
        "",
        "[]",
        "{\"version\":1}",
        &format!("{{\"x\":\"{VALUE}\"}}"),
    ] {
        project.write("known.json", text);
        let run = project.check(&["--baseline", "known.json"]);
        assert_eq!(run.code, Some(2), "{text}");
        assert!(run.err.contains("known.json"), "{}", run.err);
    }
    assert_eq!(project.check(&["--baseline", "missing.json"]).code, Some(2));
}
