//! Both streams, busy, silent, long.

use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Live, output, shell};

const LINES: usize = 40_000;

/// Writes to both streams at once, in lines that tell their number.
fn busy() -> String {
    let loop_to = |name: &str, to: &str| {
        format!(
            "awk 'BEGIN {{ for (i = 0; i < {LINES}; i++) \
             printf \"{name} %d password=q7Rk2VxW9z and hunter2 with a rather long tail\\n\", i }}' {to}"
        )
    };
    format!("{} & {}; wait", loop_to("out", ""), loop_to("err", ">&2"))
}

fn line(name: &str, number: usize) -> String {
    format!("{name} {number} password=[REDACTED] and [REDACTED] with a rather long tail")
}

fn assert_all(text: &str, name: &str) {
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), LINES);
    for (number, seen) in lines.iter().enumerate() {
        assert_eq!(*seen, line(name, number));
    }
}

#[test]
fn both_streams_are_redacted_each_to_its_own_output() {
    let run = output(shell(&[], &busy()));
    assert_eq!(run.code, Some(0));
    assert_all(&run.out, "out");
    assert_all(&run.err, "err");
}

#[test]
fn where_both_are_one_file_no_line_gets_into_another() {
    for options in [&[][..], &["--when-blocked", "drop-newest"]] {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = shell(options, &busy());
        command
            .stdout(writer.try_clone().expect("a descriptor"))
            .stderr(writer);
        let mut child = command.spawn().expect("the binary starts");
        drop(command);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut reader, &mut text).expect("readable");
        assert!(child.wait().expect("ours").success());
        let expected: HashSet<String> = (0..LINES)
            .flat_map(|number| [line("out", number), line("err", number)])
            .collect();
        let mut seen = 0;
        for one in text.lines().filter(|line| !line.starts_with("blackbar: ")) {
            assert!(expected.contains(one), "{one:?}");
            seen += 1;
        }
        if options.is_empty() {
            assert_eq!(seen, 2 * LINES);
        }
    }
}

#[test]
fn s9_a_secret_is_not_looked_for_across_the_streams() {
    let run = output(shell(
        &[],
        "printf hun; printf hun >&2; printf ter2; printf ter2 >&2",
    ));
    assert_eq!((&*run.out, &*run.err), ("[REDACTED]", "[REDACTED]"));
    let run = output(shell(&[], "printf hun; printf ter2 >&2"));
    assert_eq!((&*run.out, &*run.err), ("hun", "ter2"));
}

#[test]
fn s5_a_prompt_without_newline_appears() {
    let mut command = shell(
        &[],
        "printf 'Password: '; read answer; echo \"got $answer\"",
    );
    command.stdin(Stdio::piped());
    let mut live = Live::start(command);
    live.wait_for("Password: ");
    let mut stdin = live.child.stdin.take().expect("piped");
    std::io::Write::write_all(&mut stdin, b"hunter2\n").expect("it reads");
    let run = live.end();
    assert_eq!(run.out, "Password: got [REDACTED]\n");
}

#[test]
fn s5_half_a_secret_does_not() {
    let mut live = Live::start(shell(&[], "printf 'a hunt'; sleep 1; printf 'er2\\n'"));
    live.wait_for("a ");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(live.seen, "a ");
    assert_eq!(live.end().out, "a [REDACTED]\n");
}

#[test]
fn s5_the_filter_does_so_if_asked() {
    for (options, early) in [(&["--eager"][..], true), (&[], false)] {
        let mut command = crate::support::blackbar();
        command.args(["--pattern", "hunter2"]).args(options);
        command.stdin(Stdio::piped());
        let mut live = Live::start(command);
        let mut stdin = live.child.stdin.take().expect("piped");
        std::io::Write::write_all(&mut stdin, b"ready\nGo on? [y/n] ").expect("it reads");
        live.wait_for(if early {
            "ready\nGo on? [y/n] "
        } else {
            "ready\n"
        });
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(live.seen.contains("Go on"), early);
        drop(stdin);
        assert_eq!(live.end().out, "ready\nGo on? [y/n] ");
    }
}

#[test]
fn what_is_no_text_is_not_passed_on() {
    let run = output(shell(
        &[],
        r"printf '\037\213\010\000hunter2'; echo here >&2",
    ));
    assert_eq!((run.code, &*run.out), (Some(125), ""), "{run:?}");
    assert!(
        run.err.contains("standard output begins like gzip data"),
        "{run:?}"
    );
    assert!(run.err.contains("here\n"), "{run:?}");
    // A beginning that could become one is no loss.
    assert_eq!(output(shell(&[], "printf B")).out, "B");
    assert_eq!(output(shell(&[], r"printf '\037'; echo")).out, "\x1f\n");
}

#[test]
fn counters_are_told_if_asked() {
    let run = output(shell(
        &["--stats=json"],
        "echo hunter2; echo two hunter2 >&2; echo x",
    ));
    assert!(run.err.contains("\"inputs\":2"), "{run:?}");
    assert!(run.err.contains("\"records\":3"), "{run:?}");
    assert!(run.err.contains("\"masks\":2"), "{run:?}");
}

#[test]
fn a_pager_reads_what_a_program_says() {
    let mut command = Command::new("sh");
    let script = format!(
        "{} run --pattern hunter2 -- sh -c 'yes hunter2' | head -3; echo done",
        env!("CARGO_BIN_EXE_blackbar")
    );
    command.args(["-c", &script]);
    // The pipe's end ends the program as well.
    assert_eq!(
        output(command).out,
        "[REDACTED]\n[REDACTED]\n[REDACTED]\ndone\n"
    );
}
