//! `blackbar explain [FILE]`.

use blackbar::{Profile, embedded_packs};
use serde_json::Value;

use crate::support::{Files, SECRET, assert_one_line, blackbar, ended, run, start};

/// The objects of a report on `input`.
fn explain(options: &[&str], input: &str) -> Vec<Value> {
    let arguments = [&["explain", "--report", "json"], options].concat();
    let run = run(&arguments, input.as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.err);
    let text = run.out_text();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect()
}

#[test]
fn findings_are_told_without_their_values() {
    let token = format!("ghp_{}", "aB3".repeat(12));
    let input = format!("a\npassword=hunter2 x\n{token} y\n");
    let told = explain(&[], &input);
    assert_eq!(told.len(), 2, "{told:?}");
    let first = &told[0];
    assert_eq!(
        (&first["kind"], &first["rule"]),
        (&"masked".into(), &"fields/password".into())
    );
    assert_eq!((&first["line"], &first["column"]), (&2.into(), &10.into()));
    assert_eq!(
        (&first["offset"], &first["length"]),
        (&11.into(), &7.into())
    );
    assert_eq!(
        (&first["shape"], &first["verifier"]),
        (&"7 of [a-z0-9]".into(), &"none".into())
    );
    assert_eq!(
        (&first["undecided"], &first["carried"]),
        (&false.into(), &false.into())
    );
    assert_eq!(
        (&told[1]["anchor"], &told[1]["shape"]),
        (&"ghp_".into(), &"ghp_ and 36 of [A-Za-z0-9]".into())
    );
    let run = run(&["explain"], input.as_bytes());
    let text = run.out_text();
    assert!(
        text.contains("standard input:2:10: offset 11: masked by fields/password"),
        "{text}"
    );
    assert!(
        !text.contains(SECRET) && !text.contains(&token) && !text.contains('\x1b'),
        "{text}"
    );
    assert!(run.err.contains("records: 3, masked: 2"), "{}", run.err);
    assert_one_line(&run.err);
}

#[test]
fn what_is_passed_has_its_reason() {
    let reason = |options: &[&str], input: &str| {
        let told = explain(options, input);
        assert!(
            told.iter().all(|told| told["kind"] == "passed"),
            "{input}: {told:?}"
        );
        told.iter()
            .map(|told| told["reason"].clone())
            .collect::<Vec<_>>()
    };
    for (input, expected) in [
        ("eyJabc\n", "pattern"),
        ("token_count=4\n", "benign"),
        ("password=${PASSWORD}\n", "nothing"),
        ("password=[REDACTED]\n", "placeholder"),
        ("monkeys\n", "benign"),
        ("password:\n", "next"),
        ("password = password\n", "unlikely"),
    ] {
        let told = reason(&[], input);
        assert!(
            told.iter().any(|reason| reason == expected),
            "{input}: {told:?}"
        );
    }
    let told = reason(&["--allow-value", SECRET], "password=hunter2\n");
    assert_eq!(told, ["allowed"]);
}

#[test]
fn what_earlier_lines_leave_is_told_as_such() {
    let told = explain(&[], "password:\n  hunter2b\n");
    let masked: Vec<_> = told
        .iter()
        .filter(|told| told["kind"] == "masked")
        .collect();
    assert_eq!(masked.len(), 1, "{told:?}");
    assert_eq!(
        (&masked[0]["line"], &masked[0]["carried"]),
        (&2.into(), &true.into())
    );
}

#[test]
fn clean_input_tells_nothing() {
    for input in ["", "nothing to see\n"] {
        let run = run(&["explain"], input.as_bytes());
        assert_eq!((run.code, run.out.len()), (Some(0), 0));
        assert_one_line(&run.err);
    }
}

#[test]
fn patterns_of_the_command_line_are_not_repeated() {
    let run = run(&["explain", "--pattern", SECRET], b"a hunter2 b\n");
    assert!(run.out_text().contains("masked"), "{}", run.out_text());
    assert!(!run.out_text().contains(SECRET), "{}", run.out_text());
}

#[test]
fn values_are_for_terminals() {
    let run = run(&["explain", "--reveal"], b"password=hunter2\n");
    assert_eq!((run.code, run.out.len()), (Some(2), 0));
    assert_one_line(&run.err);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let files = Files::new();
    for path in [files.path("missing"), files.dir().to_owned()] {
        let run = run(&["explain".as_ref(), path.as_os_str()], b"");
        assert_eq!((run.code, run.out.len()), (Some(3), 0));
        assert_one_line(&run.err);
    }
}

#[test]
fn a_reader_of_the_report_may_leave() {
    let files = Files::new();
    let path = files.write("log", "password=hunter2\n".repeat(20_000));
    let mut child = start(blackbar().args(["explain".as_ref(), path.as_os_str()]));
    drop(child.stdout.take());
    let (code, messages) = ended(child);
    assert_eq!(code, Some(0));
    assert!(!messages.contains("error"), "{messages}");
}

/// What `explain` says is masked is what the filter masks, for every example of a rule.
#[test]
fn it_agrees_with_the_filter_on_the_packs_own_examples() {
    let packs = embedded_packs().expect("ours");
    let rules = packs.iter().flat_map(blackbar::Pack::rules);
    let standard = rules.filter(|rule| rule.profiles().contains(&Profile::Standard));
    let examples: Vec<String> = standard
        .flat_map(blackbar::RuleSource::examples)
        .map(|example| example.input.clone())
        .filter(|input| !input.contains('\n'))
        .collect();
    assert!(examples.len() > 20, "{}", examples.len());
    let input = examples.join("\n") + "\n";
    let files = Files::new();
    let before = files.write("before", &input);
    let after = files.write("after", run(&[""; 0], input.as_bytes()).out);
    let verify = [
        "verify".as_ref(),
        "--report=json".as_ref(),
        before.as_os_str(),
        after.as_os_str(),
    ];
    let masks = run(&verify, b"");
    assert_eq!(masks.code, Some(0), "{}", masks.out_text());
    let number = |object: &Value, key: &str| object[key].as_u64().expect("a number");
    let told = explain(&[], &input);
    let found: Vec<(u64, u64)> = told
        .iter()
        .filter(|told| told["kind"] == "masked")
        .map(|told| {
            (
                number(told, "offset"),
                number(told, "offset") + number(told, "length"),
            )
        })
        .collect();
    let masks = masks.out_text();
    let masks: Vec<(u64, u64)> = masks
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("an object"))
        .filter(|told| told["kind"] == "mask")
        .map(|told| {
            (
                number(&told, "offset"),
                number(&told, "offset") + number(&told, "length"),
            )
        })
        .collect();
    let meet = |a: &(u64, u64), b: &(u64, u64)| a.0 < b.1 && b.0 < a.1;
    for mask in &masks {
        assert!(
            found.iter().any(|found| meet(found, mask)),
            "no finding at {mask:?}"
        );
    }
    for found in &found {
        assert!(
            masks.iter().any(|mask| meet(found, mask)),
            "no mask at {found:?}"
        );
    }
}
