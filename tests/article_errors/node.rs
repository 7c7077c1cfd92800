//! The article's language: the scripts beside this file, run by Node.js.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

const ERRORS: u64 = 4000;
const SEED: u64 = 11;

/// One error, and what the sanitiser made of it.
pub(crate) struct Case {
    pub(crate) original: String,
    pub(crate) dropped: Vec<String>,
    pub(crate) kept: Value,
}

/// Errors whose names are `usual` or `odd`.
pub(crate) fn cases(names: &str) -> Vec<Case> {
    let count = number("BLACKBAR_ERRORS").unwrap_or(ERRORS);
    let seed = number("BLACKBAR_ERRORS_SEED").unwrap_or(SEED);
    let arguments = [&count.to_string(), &seed.to_string(), names];
    let lines = run("article_errors/sanitise.js", &arguments, String::new());
    let mut cases = Vec::new();
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).expect("sanitise.js writes JSON lines");
        let names = case["dropped"].as_array().expect("a list").iter();
        cases.push(Case {
            original: text(&case["original"]).to_owned(),
            dropped: names.map(|name| text(name).to_owned()).collect(),
            kept: case["kept"].clone(),
        });
    }
    cases
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// What a script writes, given `input`.
pub(crate) fn run(script: &str, arguments: &[&str], input: String) -> String {
    let child = Command::new("node")
        .arg(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!(
            "the comparison needs Node.js, which did not start ({error}): `tests/run` installs it"
        )
    });
    let mut stdin = child.stdin.take().expect("a pipe");
    // The other side may fail before it has read all; its status tells.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("a child to wait for");
    let _ = writer.join().expect("no panic");
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed: {report}");
    String::from_utf8(output.stdout).expect("Node writes UTF-8")
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
    )
}
