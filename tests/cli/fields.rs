//! Sensitive fields at the binary: names of the user's, values that stay, formats.

use crate::support::{Files, assert_one_line, run};

fn becomes(arguments: &[&str], input: &str, expected: &str) {
    let run = run(arguments, input.as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(run.out_text(), expected, "of {input:?} with {arguments:?}");
}

#[test]
fn a_name_of_the_users_is_masked_in_every_shape() {
    let arguments = ["--field", "door_code"];
    becomes(&[], "doorCode=4711\n", "doorCode=4711\n");
    becomes(&arguments, "doorCode=4711\n", "doorCode=[REDACTED]\n");
    becomes(
        &arguments,
        "{\"DOOR-CODE\":4711,\"m\":\"{\\\"door_code\\\":\\\"a\\\"}\"}\n",
        "{\"DOOR-CODE\":\"[REDACTED]\",\"m\":\"{\\\"door_code\\\":\\\"[REDACTED]\\\"}\"}\n",
    );
    becomes(
        &["--field=door_code", "--label"],
        "door_code=1\n",
        "door_code=[REDACTED:command-line/door-code]\n",
    );
}

#[test]
fn allowed_names_and_values_stay() {
    let line = "{\"token\":\"a\",\"user_token\":\"b\"}\n";
    becomes(
        &["--allow-field", "TOKEN"],
        line,
        "{\"token\":\"a\",\"user_token\":\"[REDACTED]\"}\n",
    );
    becomes(
        &["--allow-value", "changeme"],
        "password=changeme {\"password\":\"changeme2\",\"pwd\":\"changeme\"}\n",
        "password=changeme {\"password\":\"[REDACTED]\",\"pwd\":\"changeme\"}\n",
    );
}

#[test]
fn names_and_values_come_from_files_too() {
    let files = Files::new();
    let pack = "allowed_values = [\"demo\"]\n\n[[name]]\nid = \"door\"\nabout = \"doors\"\nwords = [\"door code\"]\n\
                match = \"segment\"\nsource = \"https://acme.example\"\nexamples = [[\"doorCode=1 x\", \"doorCode=[REDACTED] x\"]]\n\n\
                [[benign]]\nwords = [\"token ring\"]\nmatch = \"segment\"\nreason = \"a network\"\n";
    let path = files.write("acme.toml", pack);
    let rules = path.to_str().unwrap();
    let check = run(&["rules", "check", rules], b"");
    assert_eq!(check.code, Some(0), "{}", check.err);
    becomes(
        &["--rules", rules],
        "door_code=7 token_ring=8 secret=demo token=x\n",
        "door_code=[REDACTED] token_ring=8 secret=demo token=[REDACTED]\n",
    );
    let wrong = files.write("wrong.toml", pack.replace("\"segment\"", "\"suffix\""));
    let check = run(&["rules", "check", wrong.to_str().unwrap()], b"");
    assert_eq!(check.code, Some(2));
    assert!(check.err.contains("match"), "{}", check.err);
}

#[test]
fn typed_values_keep_containers() {
    let line = "{\"secrets\":{\"a\":\"x\",\"b\":[1,true,null]},\"pin\":5}\n";
    becomes(
        &[],
        line,
        "{\"secrets\":\"[REDACTED]\",\"pin\":\"[REDACTED]\"}\n",
    );
    becomes(
        &["--values", "typed"],
        line,
        "{\"secrets\":{\"a\":\"[REDACTED]\",\"b\":[null,true,null]},\"pin\":null}\n",
    );
}

#[test]
fn an_indented_document_is_told_by_its_beginning() {
    let document = "{\n  \"secrets\": {\n    \"a\": 1\n  },\n  \"b\": 2\n}\n";
    let whole = "{\n  \"secrets\": \"[REDACTED]\",\n  \"b\": 2\n}\n";
    let by_line = "{\n  \"secrets\": {\n    \"a\": \"[REDACTED]\"\n  },\n  \"b\": 2\n}\n";
    let files = Files::new();
    let path = files.write("dump.json", document);
    becomes(&[path.to_str().unwrap()], "", whole);
    becomes(&["--format", "lines", path.to_str().unwrap()], "", by_line);
    // A pipe may never end, so that its lines leave one by one.
    becomes(&[], document, by_line);
    becomes(&["--format", "json"], document, whole);
    becomes(
        &["--format", "ndjson"],
        "{\"pin\":1}\n{\"pin\":2}\n",
        "{\"pin\":\"[REDACTED]\"}\n{\"pin\":\"[REDACTED]\"}\n",
    );
}

#[test]
fn article_has_no_fields_and_says_so() {
    let refused = run(&["--profile", "article", "--field", "x"], b"x=1\n");
    assert_eq!((refused.code, refused.out.len()), (Some(2), 0));
    assert_one_line(&refused.err);
    assert!(refused.err.contains("article-errors"), "{}", refused.err);
    becomes(
        &["--profile", "article-errors"],
        "{\"monkey\":\"x\",\"user\":\"y\"}\n",
        "{\"monkey\":\"[REDACTED]\",\"user\":\"y\"}\n",
    );
}

#[test]
fn wrong_names_and_values_are_refused() {
    for (arguments, said) in [
        (["--field=---"], "--field"),
        (["--allow-field=?"], "--allow-field"),
        (["--allow-value="], "--allow-value"),
        (["--values=types"], "typed"),
        (["--format=jsonl"], "ndjson"),
    ] {
        let refused = run(&arguments, b"x\n");
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.err);
        assert!(refused.err.contains(said), "{arguments:?}: {}", refused.err);
    }
}
