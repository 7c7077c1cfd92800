//! What is told besides the findings: nothing secret, and what was not looked for.

use std::fs;

use crate::support::{Project, VALUE, line, token};

#[test]
fn a_token_in_the_name_of_a_file_is_not_told() {
    let project = Project::new();
    let name = format!("dir/{}/x.txt", token());
    project.write(&name, line());
    project.write(&format!("dir/{}.gz", token()), b"\x1f\x8b\x08\0 and so on");
    for format in ["text", "json", "sarif"] {
        let baseline = format!("known-{format}");
        let run = project.check(&["--format", format, "dir", "--write-baseline", &baseline]);
        let baseline = fs::read_to_string(project.path(&baseline)).unwrap();
        for told in [&run.out, &run.err, &baseline] {
            assert!(!told.contains(&token()), "{format}: the token is told");
        }
        assert!(run.out.contains("REDACTED"), "{}", run.out);
    }
    let missing = format!("{}.txt", token());
    let run = project.check(&[&missing]);
    assert!(
        !run.err.contains(&token()) && run.code == Some(3),
        "{}",
        run.code.unwrap()
    );
}

#[test]
fn the_rule_is_that_of_the_label() {
    let project = Project::new();
    let github = format!("ghp_{}", "k3Y".repeat(12));
    let texts = [
        format!("STRIPE_SECRET_KEY={}\n", token()),
        format!("{{\"password\":\"{}\"}}\n", token()),
        format!("github_token: {github}\n"),
        format!("password=my {} x\n", token()),
        format!("Authorization: Bearer {}\n", token()),
        line(),
    ];
    for text in texts {
        project.write("a.txt", &text);
        let run = project.check(&["--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let rules: Vec<&str> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["rule"].as_str().unwrap())
            .collect();
        let filtered = std::process::Command::new(env!("CARGO_BIN_EXE_blackbar"))
            .arg("--label")
            .arg(project.path("a.txt"))
            .output()
            .unwrap();
        let filtered = String::from_utf8(filtered.stdout).unwrap();
        let labels: Vec<&str> = filtered
            .split("[REDACTED:")
            .skip(1)
            .map(|rest| rest.split(']').next().unwrap())
            .collect();
        assert!(!labels.is_empty(), "{filtered}");
        assert_eq!(rules, labels, "{filtered}");
    }
}

#[test]
fn what_restricts_the_check_is_told() {
    let project = Project::new();
    project.write("a.txt", line());
    let run = project
        .command(&[])
        .env("BLACKBAR_ONLY", "stripe,github")
        .output()
        .unwrap();
    let err = String::from_utf8(run.stderr).unwrap();
    assert!(
        err.contains("only stripe, github") && err.contains("BLACKBAR_ONLY"),
        "{err}"
    );
    let run = project.check(&["--except", "fields", "--format", "json"]);
    assert!(
        run.err.contains("not fields") && run.err.contains("--except"),
        "{}",
        run.err
    );
    let run = project.check(&["--allow-field", "sort_key"]);
    assert!(run.err.contains("no field sort_key"), "{}", run.err);
    let run = project.check(&["--profile", "article"]);
    assert!(run.err.contains("profile article"), "{}", run.err);
    assert_eq!(project.check(&[]).err.lines().count(), 1);
}

#[test]
fn a_baseline_tells_what_it_holds() {
    let project = Project::new();
    project.write("a.txt", line());
    project.write("key", "a key that nobody can guess");
    let run = project.check(&["--write-baseline", "known"]);
    let told: Vec<&str> = run
        .err
        .lines()
        .filter(|line| line.contains("--fingerprint-key"))
        .collect();
    assert_eq!(told.len(), 1, "{}", run.err);
    assert!(
        told[0].contains("known") && told[0].contains("short values"),
        "{}",
        run.err
    );
    let own = ["--write-baseline", "other", "--fingerprint-key", "key"];
    let run = project.check(&own);
    assert!(!run.err.contains("short values"), "{}", run.err);
    assert!(!run.out.contains(VALUE));
}
