//! What patterns/README.md shows works as it is shown.

use std::fs;
use std::process::{Command, Output};

use blackbar::Pack;

#[path = "readme/page.rs"]
mod page;

const README: &str = include_str!("../patterns/README.md");

fn block(heading: &str, language: &str) -> &'static str {
    page::block(README, heading, language)
}

/// Runs a script in a folder with the files of the page, `blackbar` being this one.
fn script(text: &str) -> Output {
    let folder = tempfile::tempdir().expect("a directory for temporary files");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    write("acme.toml", block("## Add a rule", "toml")).expect("ours");
    write("cases.toml", block("## Try it", "toml")).expect("ours");
    write("app.log", "nothing to see\n").expect("ours");
    let binary = env!("CARGO_BIN_EXE_blackbar");
    Command::new("bash")
        .args([
            "-c",
            &format!("blackbar() {{ '{binary}' \"$@\"; }}\n{text}"),
        ])
        .current_dir(folder.path())
        .output()
        .expect("bash starts")
}

#[test]
fn the_rule_is_checked_and_used_as_shown() {
    let run = script(block("## Add a rule", "sh"));
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        block("## Add a rule", "text"),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(run.status.success());
}

#[test]
fn the_cases_hold_and_the_logs_compare() {
    let run = script(block("## Try it", "sh"));
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(text.starts_with("cases: 2, failed: 0\n"), "{text}");
    assert!(text.contains("newly masked: 0\n"), "{text}");
    assert!(run.status.success());
}

#[test]
fn the_names_hold() {
    page::assert_holds(block("## Names of fields", "toml"));
}

/// The table names every key that a rule can have, and none that it cannot.
#[test]
fn the_keys_are_those_that_there_are() {
    let rule = block("## Add a rule", "toml");
    let unknown = rule.replace("id = \"api-key\"", "id = \"api-key\"\nno_such_key = 1");
    let told = Pack::parse("acme", "acme.toml", &unknown)
        .err()
        .expect("refused");
    let all = told
        .what
        .split_once("expected one of ")
        .expect("the list")
        .1;
    let mut keys: Vec<&str> = all.split('`').skip(1).step_by(2).collect();
    let table = README.split_once("## Keys of").expect("the table").1;
    let table = table.split_once("## Templates").expect("its end").0;
    let mut shown: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| {
            line.split('|')
                .nth(1)
                .expect("a cell")
                .split('`')
                .skip(1)
                .step_by(2)
        })
        .collect();
    keys.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, keys);
}
