//! Findings that a comment in their line allows.

use crate::support::{Project, VALUE, line, token};

#[test]
fn a_comment_in_the_line_allows_what_is_found_in_it() {
    let project = Project::new();
    let text = [
        "blackbar:allow",
        "gitleaks:allow",
        "pragma: allowlist secret",
    ]
    .map(|marker| format!("password={VALUE} # {marker}\n"));
    project.write("a.txt", text.concat());
    let run = project.check(&[]);
    run.expect(0, &[]);
    assert!(
        run.err.contains("findings: 0, files: 1, allowed: 3"),
        "{}",
        run.err
    );
    let json = project.check(&["--format", "json"]).out;
    assert!(json.contains("\"allowed\":3"), "{json}");
    let sarif = project.check(&["--format", "sarif"]).out;
    assert!(sarif.contains("\"results\":[\n]"), "{sarif}");
    // Nor are they known ones.
    project.check(&["--write-baseline", "known"]).expect(0, &[]);
    // The line before and the line after are others.
    project.write(
        "a.txt",
        format!("# blackbar:allow\n{}# blackbar:allow\n", line()),
    );
    project.check(&["a.txt"]).expect(1, &["a.txt"]);
}

#[test]
fn a_value_does_not_allow_itself() {
    let project = Project::new();
    project.write("a.txt", format!("password=\"{VALUE} blackbar:allow\"\n"));
    project.check(&[]).expect(1, &["a.txt"]);
}

#[test]
fn programs_manifests_and_dockerfiles_have_comments_too() {
    let project = Project::new();
    project.write(
        "a.py",
        format!("password = \"{VALUE}\"  # blackbar:allow\n"),
    );
    project.write(
        "Dockerfile",
        format!("ENV PASSWORD {VALUE} # blackbar:allow\n"),
    );
    project.write(
        "a.yaml",
        "kind: Secret\ndata:\n  a: Y29ycmVjdA== # blackbar:allow\n",
    );
    let run = project.check(&[]);
    run.expect(0, &[]);
    assert!(run.err.contains("allowed: 3"), "{}", run.err);
}

#[test]
fn many_findings_in_one_line_take_no_longer_than_as_many_lines() {
    let project = Project::new();
    project.write(
        "a.txt",
        format!("{} ", token()).repeat(20_000) + "# blackbar:allow",
    );
    let run = project.check(&[]);
    run.expect(0, &[]);
    assert!(run.err.contains("allowed: 20000"), "{}", run.err);
}

#[test]
fn the_filter_knows_no_such_comment() {
    let project = Project::new();
    project.write("a.txt", format!("password={VALUE} # blackbar:allow\n"));
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_blackbar"))
        .arg(project.path("a.txt"))
        .output()
        .unwrap();
    assert_eq!(run.stdout, b"password=[REDACTED] # blackbar:allow\n");
}
