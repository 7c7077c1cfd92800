//! `--only` and `--except`: which rules run.

use crate::support::{assert_one_line, blackbar, run, run_command};

/// A line with a secret of a vendor and one of a field.
fn line() -> (String, String) {
    let key = format!("sk_live_{}", "a1B2".repeat(8));
    (format!("charge {key} password=q7Rk2Vx9Lm4T\n"), key)
}

#[test]
fn only_runs_nothing_else() {
    let (line, key) = line();
    let fields = run(&["--only", "fields"], line.as_bytes());
    assert_eq!(
        fields.out_text(),
        format!("charge {key} password=[REDACTED]\n")
    );
    let stripe = run(&["--only", "stripe"], line.as_bytes());
    assert_eq!(
        stripe.out_text(),
        "charge [REDACTED] password=q7Rk2Vx9Lm4T\n"
    );
    let both = run(&["--only", "stripe,fields"], line.as_bytes());
    assert_eq!(both.out_text(), "charge [REDACTED] password=[REDACTED]\n");
    let twice = run(&["--only", "stripe", "--only", "fields"], line.as_bytes());
    assert_eq!(twice.out, both.out);
}

#[test]
fn own_patterns_and_fields_stay() {
    let run = run(
        &[
            "--only",
            "stripe",
            "--pattern",
            "acme-[0-9]+",
            "--field",
            "colour",
        ],
        b"acme-42 colour=blue7 password=q7Rk2Vx9Lm4T\n",
    );
    assert_eq!(
        run.out_text(),
        "[REDACTED] colour=[REDACTED] password=q7Rk2Vx9Lm4T\n"
    );
}

#[test]
fn except_is_disable_and_wins_over_only() {
    let (line, _) = line();
    let except = run(&["--except", "fields"], line.as_bytes());
    assert!(except.out_text().ends_with("password=q7Rk2Vx9Lm4T\n"));
    assert_eq!(run(&["--disable", "fields"], line.as_bytes()), except);
    let nothing = run(&["--only", "fields", "--except", "fields"], line.as_bytes());
    assert_eq!((nothing.code, nothing.out.len()), (Some(2), 0));
    assert!(
        nothing.err.contains("no rule is enabled"),
        "{}",
        nothing.err
    );
}

#[test]
fn unknown_ids_get_the_nearest_name() {
    for option in ["--only", "--except", "--disable"] {
        let run = run(&[option, "strype"], b"text\n");
        assert_eq!((run.code, run.out.len()), (Some(2), 0), "{option}");
        assert_one_line(&run.err);
        assert!(run.err.contains("`strype`"), "{}", run.err);
        assert!(run.err.contains("did you mean `stripe`?"), "{}", run.err);
    }
}

#[test]
fn what_the_profile_does_not_run_cannot_run_alone() {
    let run = run(&["--profile", "article", "--only", "fields"], b"text\n");
    assert_eq!((run.code, run.out.len()), (Some(2), 0));
    assert_one_line(&run.err);
    assert!(run.err.contains("profile article"), "{}", run.err);
}

#[test]
fn the_environment_chooses_too() {
    let (line, key) = line();
    let mut command = blackbar();
    command.env("BLACKBAR_ONLY", "fields");
    let run = run_command(command, line.as_bytes());
    assert_eq!(
        run.out_text(),
        format!("charge {key} password=[REDACTED]\n")
    );
}
