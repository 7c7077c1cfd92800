//! What `check` writes, it writes over nothing that it was to look at.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Project, Run, line};

fn refused(run: &Run, name: &str) {
    assert_eq!((run.code, &run.out[..]), (Some(2), ""), "{}", run.err);
    let told = format!("{name} is both input and output");
    assert!(run.err.contains(&told), "{}", run.err);
}

#[test]
fn a_report_does_not_replace_a_file_that_was_named() {
    let project = Project::new();
    project.write("x", line());
    symlink("x", project.path("link")).unwrap();
    fs::hard_link(project.path("x"), project.path("twin")).unwrap();
    for output in ["x", "link", "twin", "./x"] {
        for path in ["x", "link"] {
            refused(&project.check(&["-o", output, path]), output);
            let baseline = project.check(&["--write-baseline", output, path]);
            refused(&baseline, output);
        }
    }
    assert_eq!(fs::read_to_string(project.path("x")).unwrap(), line());
}

#[test]
fn a_report_replaces_nothing_in_a_folder_but_a_former_report() {
    let project = Project::new();
    project.write("notes/x.txt", line());
    refused(&project.check(&["-o", "notes/x.txt"]), "notes/x.txt");
    refused(
        &project.check(&["-o", "notes/x.txt", "notes", "-"]),
        "notes/x.txt",
    );
    // Elsewhere it replaces what is there, as a redirection does.
    project.write("old", "an old file\n");
    project.check(&["-o", "old", "notes"]).expect(1, &[]);
    for format in ["text", "json", "sarif"] {
        for _ in 0..2 {
            let run = project.check(&["-o", format, "--format", format, "notes", "."]);
            assert_eq!(run.code, Some(1), "{format}: {}", run.err);
        }
    }
    // One form may follow another.
    let run = project.check(&["-o", "text", "--format", "json"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    // A line more, and it is a report no longer.
    project.write(
        "sarif",
        fs::read_to_string(project.path("sarif")).unwrap() + &line(),
    );
    refused(&project.check(&["-o", "sarif"]), "sarif");
    assert_eq!(
        fs::read_to_string(project.path("notes/x.txt")).unwrap(),
        line()
    );
}

#[test]
fn an_empty_report_is_a_report() {
    let project = Project::new();
    project.write("a.txt", "nothing\n");
    for format in ["text", "json", "sarif"] {
        for _ in 0..2 {
            let run = project.check(&["-o", format, "--format", format]);
            assert_eq!(run.code, Some(0), "{format}: {}", run.err);
        }
    }
}

#[test]
fn a_report_replaces_nothing_that_the_check_needs() {
    let project = Project::new();
    project.write("a.txt", line());
    project.write("key", "a key that nobody can guess");
    project.check(&["a.txt", "--write-baseline", "known"]);
    let key = ["a.txt", "-o", "key", "--fingerprint-key", "key"];
    refused(&project.check(&key), "key");
    refused(
        &project.check(&["a.txt", "-o", "known", "--baseline", "known"]),
        "known",
    );
    let both = ["a.txt", "-o", "new", "--write-baseline", "./new"];
    assert_eq!(project.check(&both).code, Some(2));
    assert!(!project.path("new").exists());
}

#[test]
fn a_baseline_replaces_nothing_but_a_baseline() {
    let project = Project::new();
    project.write("a.txt", line());
    for old in [line(), String::new()] {
        project.write("w", &old);
        for path in [".", "a.txt"] {
            let run = project.check(&["--write-baseline", "w", path]);
            assert_eq!((run.code, &run.out[..]), (Some(2), ""), "{}", run.err);
            assert!(run.err.contains("name another file"), "{}", run.err);
            assert_eq!(fs::read_to_string(project.path("w")).unwrap(), old);
        }
    }
    fs::remove_file(project.path("w")).unwrap();
    for _ in 0..2 {
        project
            .check(&["--write-baseline", "w"])
            .expect(0, &["a.txt"]);
    }
    refused(&project.check(&["--write-baseline", "w", "w"]), "w");
}

#[test]
fn a_file_that_is_named_is_looked_at_whatever_else_it_is() {
    let project = Project::new();
    project.write("key", line());
    let named = ["--fingerprint-key", "key", "key"];
    project.check(&named).expect(1, &["key"]);
}
