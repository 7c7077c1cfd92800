//! `rules test`.

use std::ffi::OsStr;

use crate::support::{Files, PACK, Run, assert_one_line, run};

const CASES: &str = r#"
[[case]]
name = "a key of ours"
input = "use {acme_|hex*12}."
output = "use [REDACTED]."
rule = "acme/key"

[[case]]
stays = "nothing here"

[[case]]
name = "a document"
input = "{\"password\":\n \"hunter2\"}"
output = "{\"password\":\n \"[REDACTED]\"}"
framing = "document"
profile = "strict"
"#;

fn test(files: &Files, cases: &str) -> Run {
    let (pack, cases) = (
        files.write("acme.toml", PACK),
        files.write("cases.toml", cases),
    );
    let arguments: [&OsStr; 5] = [
        "rules".as_ref(),
        "test".as_ref(),
        "--rules".as_ref(),
        pack.as_ref(),
        cases.as_ref(),
    ];
    run(&arguments, b"")
}

#[test]
fn cases_that_hold() {
    let run = test(&Files::new(), CASES);
    assert_eq!(
        (run.code, run.err.as_str()),
        (Some(0), ""),
        "{}",
        run.out_text()
    );
    assert_eq!(run.out_text(), "cases: 3, failed: 0\n");
}

#[test]
fn cases_that_fail_are_named_with_their_lines() {
    let cases = CASES
        .replace("use [REDACTED].", "use another.")
        .replace("stays = \"nothing here\"", "stays = \"password=hunter2\"");
    let run = test(&Files::new(), &cases);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let text = run.out_text();
    for part in [
        "cases.toml:2: a key of ours\n",
        "expected \"use another.\"",
        "got \"use [REDACTED].\"",
        "found by acme/key",
        "cases.toml:8: case 2\n",
        "got \"password=[REDACTED]\"",
        "cases: 3, failed: 2\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_rule_must_be_the_one_that_found_it() {
    let run = test(&Files::new(), &CASES.replace("acme/key", "acme/other"));
    assert_eq!(run.code, Some(1));
    assert!(
        run.out_text().contains("not by acme/other"),
        "{}",
        run.out_text()
    );
}

#[test]
fn wrong_files_are_refused() {
    let files = Files::new();
    let misspelt = test(&files, &CASES.replace("stays =", "stay ="));
    assert_eq!((misspelt.code, misspelt.out.len()), (Some(2), 0));
    assert_one_line(&misspelt.err);
    assert!(
        misspelt.err.contains("cases.toml:9") && misspelt.err.contains("did you mean `stays`?"),
        "{}",
        misspelt.err
    );
    let missing = run(
        &[
            "rules".as_ref(),
            "test".as_ref(),
            files.path("missing.toml").as_os_str(),
        ],
        b"",
    );
    assert_eq!(missing.code, Some(2));
    assert_one_line(&missing.err);
}
