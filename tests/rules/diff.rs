//! `rules diff`.

use std::ffi::OsStr;

use crate::support::{Files, PACK, Run, assert_one_line, run};

const LOG: &str = "acme_0123456789ab\nnothing\nzeta_abcdefgh and password=hunter2\n";

fn diff(files: &Files, old: &str, new: &str, more: &[&str]) -> Run {
    let corpus = files.write("app.log", LOG);
    let mut arguments: Vec<&OsStr> = ["rules", "diff", old, new, "--corpus"]
        .map(OsStr::new)
        .into();
    arguments.push(corpus.as_ref());
    arguments.extend(more.iter().map(OsStr::new));
    run(&arguments, b"")
}

#[test]
fn the_same_rules_differ_in_nothing() {
    let run = diff(&Files::new(), "embedded", "embedded", &[]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(
        run.out_text(),
        "newly masked: 0\nno longer masked: 0\nlines: 3\n"
    );
}

#[test]
fn differences_are_counted_by_rule_and_shape_without_values() {
    let files = Files::new();
    let acme = files.write("acme.toml", PACK).display().to_string();
    let zeta = PACK.replace("acme_", "zeta_");
    let zeta = files.write("zeta.toml", zeta).display().to_string();
    let new = format!("embedded,{acme}");
    let run = diff(&files, "embedded", &new, &["--lines"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert_eq!(
        run.out_text(),
        "newly masked: 1\n  acme/key: 1\n         1  a{4}_9{10}a{2}  on line 1\n\
         no longer masked: 0\nlines: 3\n"
    );
    let run = diff(&files, &new, &zeta, &["--report", "json"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let text = run.out_text();
    assert!(
        !text.contains("hunter2") && !text.contains("012345"),
        "{text}"
    );
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["newly_masked"][0]["rule"], "zeta/key");
    assert_eq!(report["newly_masked"][0]["shapes"][0]["shape"], "a{4}_a{8}");
    let removed: Vec<&str> = report["no_longer_masked"]
        .as_array()
        .expect("an array")
        .iter()
        .filter_map(|entry| entry["rule"].as_str())
        .collect();
    assert_eq!(removed, ["acme/key", "fields/password"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let files = Files::new();
    let missing = files.path("missing.toml").display().to_string();
    let rules = diff(&files, "embedded", &missing, &[]);
    assert_eq!((rules.code, rules.out.len()), (Some(2), 0));
    assert_one_line(&rules.err);
    let corpus = run(
        &[
            "rules", "diff", "embedded", "embedded", "--corpus", &missing,
        ],
        b"",
    );
    assert_eq!((corpus.code, corpus.out.len()), (Some(3), 0));
    assert_one_line(&corpus.err);
}

#[test]
fn the_help_has_no_holes() {
    let help = run(&["rules", "diff", "--help"], b"").out_text();
    let words: Vec<&str> = help.split_whitespace().collect();
    let help = words.join(" ");
    assert!(
        help.contains("* for other characters, and a number in braces for how many."),
        "{help}"
    );
}
