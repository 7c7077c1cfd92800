//! What is different on a terminal: masks that stand out, and progress.
//!
//! `script` makes the terminal.

use std::process::{Command, Stdio};

use crate::support::{Files, blackbar, find, run_command};

const BAR: &str = "\x1b[7m[REDACTED]\x1b[27m";

/// What a shell command shows on a terminal; none without script(1).
fn shown(files: &Files, arguments: &str, environment: &[(&str, &str)]) -> Option<String> {
    shown_of("", files, arguments, environment)
}

/// The same of a command that is run by another.
fn shown_of(
    runner: &str,
    files: &Files,
    arguments: &str,
    environment: &[(&str, &str)],
) -> Option<String> {
    let binary = env!("CARGO_BIN_EXE_blackbar");
    let mut command = format!("{runner} {binary} --pattern hunter2 {arguments}");
    if !runner.is_empty() {
        command.push_str("; true");
    }
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(files.dir())
        .stdin(Stdio::null())
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .envs(environment.iter().copied())
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: no script(1) here to make a terminal");
        return None;
    };
    assert_eq!(output.status.code(), Some(0));
    Some(String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n"))
}

#[test]
fn masks_stand_out_on_a_terminal_and_nothing_else_changes() {
    let files = Files::new();
    files.write("log", "a hunter2 b\n\x1b[31mred hunter2 red\x1b[0m\n");
    let Some(text) = shown(&files, "log", &[]) else {
        return;
    };
    assert_eq!(text, format!("a {BAR} b\n\x1b[31mred {BAR} red\x1b[0m\n"));
}

#[test]
fn not_where_it_is_not_wanted() {
    let files = Files::new();
    files.write("log", "a hunter2 b\n");
    let plain = "a [REDACTED] b\n";
    for (arguments, environment) in [
        ("--color never log", &[][..]),
        ("log", &[("NO_COLOR", "1")]),
        ("log", &[("TERM", "dumb")]),
        ("log | cat", &[]),
        ("log -o out; cat out", &[]),
    ] {
        let Some(text) = shown(&files, arguments, environment) else {
            return;
        };
        assert_eq!(text, plain, "{arguments} {environment:?}");
    }
}

#[test]
fn always_is_for_pagers() {
    let always = find(&["--color", "always"], b"a hunter2\n");
    assert_eq!(always.out_text(), format!("a {BAR}\n"));
    assert_eq!(find(&["--colour=always"], b"a hunter2\n").out, always.out);
    // More pieces than go into one system call, short and long.
    let line = format!("hunter2{}", "x".repeat(2000));
    let many = find(&["--color", "always"], line.repeat(300).as_bytes());
    assert_eq!(many.out_text(), line.replace("hunter2", BAR).repeat(300));
}

#[test]
fn a_pipe_gets_the_plain_bytes() {
    let mut command = blackbar();
    command.env("TERM", "xterm").args(["--pattern", "hunter2"]);
    assert_eq!(
        run_command(command, b"a hunter2\n").out_text(),
        "a [REDACTED]\n"
    );
}

/// Makes whatever follows take two seconds. What it reads takes longer on any machine.
const TWO_SECONDS: &str = "timeout --foreground 2";

/// A file that takes long to read: a line with a secret, then a hole.
fn long(files: &Files) {
    let path = files.write("log", "hunter2\n");
    std::fs::File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_len(1 << 40))
        .expect("a sparse file");
}

#[test]
fn progress_is_shown_where_it_takes_long_and_disturbs_nobody() {
    let files = Files::new();
    long(&files);
    files.write("short", "hunter2\n");
    // `script` shows standard error as well.
    for (arguments, expected) in [
        ("log -o out", true),
        ("log > /dev/null", true),
        ("--in-place log", true),
        ("short -o out", false),
        ("--no-progress log -o out", false),
        ("log | cat > /dev/null", false),
        ("- < log | cat > /dev/null", false),
    ] {
        let Some(text) = shown_of(TWO_SECONDS, &files, arguments, &[]) else {
            return;
        };
        assert_eq!(text.contains("% ["), expected, "{arguments}: {text:?}");
        // Two seconds without the half in which there is none, three a second, and once more
        // where a message wants its line.
        let drawn = text.matches("% [").count();
        assert!(drawn <= 7, "{arguments}: {drawn} times: {text:?}");
    }
    let silent = "--no-progress log -o out";
    let silent = shown_of(TWO_SECONDS, &files, silent, &[]).expect("it ran before");
    let dumb = [("TERM", "dumb")];
    let dumb = shown_of(TWO_SECONDS, &files, "log -o out", &dumb).expect("it ran before");
    assert_eq!(dumb, silent);
}
