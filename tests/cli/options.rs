//! Options: what is refused, what is suggested, and which source wins.

use std::process::{Command, Stdio};

use crate::support::{FIND, Files, assert_one_line, blackbar, find, run, run_command};

#[test]
fn an_unknown_option_gets_a_suggestion() {
    let run = run(&["--porfile", "strict"], b"text\n");
    assert_eq!((run.code, run.out.len()), (Some(2), 0));
    assert!(run.err.contains("--profile"), "{}", run.err);
}

#[test]
fn an_unknown_profile_gets_a_suggestion() {
    let run = run(&["--profile", "strcit"], b"text\n");
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("strict"), "{}", run.err);
}

#[test]
fn a_misspelt_command_gets_a_suggestion() {
    let run = run(&["rulse", "list"], b"");
    assert_eq!(run.code, Some(2));
    assert_one_line(&run.err);
    assert!(run.err.contains("blackbar rules"), "{}", run.err);
}

#[test]
fn short_help_is_short_and_long_help_begins_with_examples() {
    let short = run(&["-h"], b"");
    assert_eq!(short.code, Some(0));
    assert!(
        short.out_text().lines().count() < 60,
        "{}",
        short.out_text()
    );
    let long = run(&["--help"], b"");
    assert_eq!(long.code, Some(0));
    assert!(
        long.out_text().starts_with("Examples:\n"),
        "{}",
        long.out_text()
    );
    for text in ["Exit codes:", "BLACKBAR_PROFILE", "SIGTERM"] {
        assert!(long.out_text().contains(text), "{text}");
    }
}

#[test]
fn the_version_is_the_crates() {
    let expected = format!("blackbar {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"], b"").out_text(), expected);
}

#[test]
fn a_pattern_is_at_work_at_once_and_repeatable() {
    let arguments = ["--pattern", "acme_[a-z0-9]{4,}", "--pattern", "zeta-[0-9]+"];
    let run = run(&arguments, b"acme_a1b2c3 acme_ab zeta-42.\n");
    assert_eq!(run.out_text(), "[REDACTED] acme_ab [REDACTED].\n");
}

#[test]
fn a_pattern_that_does_not_hold_is_refused() {
    for pattern in ["acme_[", "", "x*", r"acme(?=x)", r"acme\b"] {
        let run = run(&["--pattern", pattern], b"text\n");
        assert_eq!((run.code, run.out.len()), (Some(2), 0), "{pattern}");
        assert_one_line(&run.err);
        assert!(run.err.contains("--pattern"), "{}", run.err);
    }
}

#[test]
fn labels_name_the_rule() {
    let run = find(&["--label"], b"a hunter2\n");
    assert_eq!(run.out_text(), "a [REDACTED:command-line/pattern-1]\n");
}

#[test]
fn a_rule_or_pack_can_be_disabled() {
    let secret = format!("sk_live_{}", "a1B2".repeat(8));
    let line = format!("charge {secret}\n");
    assert!(
        !run::<&str>(&[], line.as_bytes())
            .out_text()
            .contains(&secret)
    );
    let run = run(
        &["--disable", "stripe", "--disable", "article"],
        line.as_bytes(),
    );
    assert_eq!(run.out_text(), line, "{}", run.err);
}

#[test]
fn disabling_what_is_not_there_is_refused() {
    for id in ["strype", "stripe/no-such-rule"] {
        let run = run(&["--disable", id], b"text\n");
        assert_eq!((run.code, run.out.len()), (Some(2), 0), "{id}");
        assert_one_line(&run.err);
        assert!(run.err.contains(id), "{}", run.err);
    }
}

#[test]
fn sizes_take_units() {
    for size in ["4096", "64K", "64KiB", "1M", "1mb"] {
        let run = find(&["--max-record", size, "--reach", size], b"hunter2\n");
        assert_eq!(run.out, b"[REDACTED]\n", "{size}: {}", run.err);
    }
    for size in ["0", "-1", "64X", "many", "99999999999G"] {
        let argument = format!("--max-record={size}");
        assert_eq!(run(&[argument], b"text\n").code, Some(2), "{size}");
    }
}

/// What is held back is no part of the semantics (G2).
#[test]
fn limits_do_not_show_in_the_output() {
    let line = format!("{} hunter2 {}\n", "x".repeat(10_000), "y".repeat(10_000));
    let expected = line.replace("hunter2", "[REDACTED]");
    for size in ["1", "7", "100", "4K", "1M"] {
        let run = find(&["--max-record", size], line.as_bytes());
        assert_eq!(run.out_text(), expected, "{size}");
    }
}

#[test]
fn the_environment_stands_for_options_and_options_win() {
    let line = "token='q7Rk2Vx9Lm4T'\n";
    let with = |profile: &str, arguments: &[&str]| {
        let mut command = blackbar();
        command.env("BLACKBAR_PROFILE", profile).args(arguments);
        run_command(command, line.as_bytes())
    };
    assert_eq!(with("article", &[]).out_text(), "[REDACTED]\n");
    assert_eq!(
        with("standard", &["-p", "article"]).out_text(),
        "[REDACTED]\n"
    );
    assert_eq!(with("no-such-profile", &[]).code, Some(2));
}

#[test]
fn an_empty_variable_says_nothing() {
    let mut command = blackbar();
    for name in [
        "PROFILE", "LABEL", "STATS", "RULES", "DISABLE", "REACH", "JOBS",
    ] {
        command.env(format!("BLACKBAR_{name}"), "");
    }
    let run = run_command(command, b"text\n");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}

#[test]
fn commands_stand_beside_variables() {
    let mut command = blackbar();
    command
        .env("BLACKBAR_PROFILE", "strict")
        .args(["rules", "list"]);
    assert_eq!(run_command(command, b"").code, Some(0));
}

#[test]
fn other_variables_are_read_too() {
    let files = Files::new();
    let mut command = blackbar();
    command
        .env(
            "BLACKBAR_RULES",
            files.write("acme.toml", crate::support::PACK),
        )
        .env("BLACKBAR_LABEL", "1")
        .env("BLACKBAR_STATS", "json")
        .env("BLACKBAR_DISABLE", "stripe,jwt");
    let run = run_command(command, b"acme_0123456789\n");
    assert_eq!(run.out_text(), "[REDACTED:acme/key]\n");
    assert!(run.err.starts_with("{\"inputs\":1"), "{}", run.err);
}

#[test]
fn a_file_named_like_a_command_is_reachable() {
    let files = Files::new();
    files.write("rules", "a hunter2\n");
    for arguments in [
        &["./rules"][..],
        &["--", "rules"],
        &["--framing=lines", "rules"],
    ] {
        let mut command = blackbar();
        command.current_dir(files.dir()).args(FIND).args(arguments);
        assert_eq!(
            run_command(command, b"").out,
            b"a [REDACTED]\n",
            "{arguments:?}"
        );
    }
}

#[test]
fn a_terminal_without_a_file_gets_a_hint() {
    let command = format!("{} > /dev/null", env!("CARGO_BIN_EXE_blackbar"));
    let script = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .stdin(Stdio::null())
        .output();
    let Ok(output) = script else {
        eprintln!("skipped: no script(1) here to make a terminal");
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("standard input is a terminal"), "{shown}");
    assert!(shown.contains("--help"), "{shown}");
}

#[test]
fn colours_stay_off_where_nobody_sees_them() {
    let mut command = blackbar();
    command.arg("--no-such-option").env("NO_COLOR", "1");
    assert!(!run_command(command, b"").err.contains('\x1b'));
}
