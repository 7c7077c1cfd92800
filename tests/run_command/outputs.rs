//! Outputs that take nothing, too little, or nothing any more.

use std::io::{Read, Write};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::pipe::fcntl_setpipe_size;
use rustix::process::Signal;

use crate::support::{Live, has, output, run, shell, wait};

/// More than all pipes between hold.
const MUCH: &str = "i=0; while [ $i -lt 60000 ]; do \
    echo \"line $i hunter2 and so on and so on and so on and so on and so on\"; \
    i=$((i+1)); done";

fn line(number: usize) -> String {
    format!("line {number} [REDACTED] and so on and so on and so on and so on and so on")
}

#[test]
fn a_stalled_output_makes_the_program_wait_and_loses_nothing() {
    let mut child = shell(&[], &format!("{MUCH}; echo end >&2"))
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    sleep(Duration::from_millis(1500));
    assert!(child.try_wait().expect("ours").is_none(), "it did not wait");
    let mut text = String::new();
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_to_string(&mut text).expect("readable");
    assert_eq!(wait(&mut child).code(), Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 60000);
    for (number, seen) in lines.iter().enumerate() {
        assert_eq!(*seen, line(number));
    }
}

#[test]
fn drop_newest_does_not_make_the_program_wait_and_counts() {
    let script = format!("{MUCH}; echo through >&2");
    let mut live = shell(&["--when-blocked", "drop-newest"], &script)
        .spawn()
        .expect("the binary starts");
    // Its last word comes though nobody has read a line.
    let mut stderr = live.stderr.take().expect("piped");
    let mut word = [0; 8];
    stderr.read_exact(&mut word).expect("readable");
    assert_eq!(&word, b"through\n");
    let mut text = String::new();
    let mut stdout = live.stdout.take().expect("piped");
    stdout.read_to_string(&mut text).expect("readable");
    let mut messages = String::new();
    stderr.read_to_string(&mut messages).expect("readable");
    assert_eq!(wait(&mut live).code(), Some(0));
    let mut last = None;
    let mut seen = 0;
    for one in text.lines() {
        let number: usize = one
            .split(' ')
            .nth(1)
            .and_then(|word| word.parse().ok())
            .expect(one);
        assert_eq!(one, line(number));
        assert!(last.is_none_or(|last| last < number), "out of order");
        last = Some(number);
        seen += 1;
    }
    let dropped: usize = messages
        .lines()
        .filter_map(|line| line.split("lines dropped so far: ").nth(1))
        .filter_map(|rest| rest.split(',').next()?.parse().ok())
        .next_back()
        .unwrap_or_else(|| panic!("nothing said: {messages:?}"));
    assert!(dropped > 0);
    assert_eq!(seen + dropped, 60000, "{messages}");
}

#[test]
fn an_output_that_fails_ends_what_the_program_writes() {
    let mut command = shell(&[], "yes hunter2; echo \"yes ended with $?\" >&2; exit 5");
    command.stdout(
        std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("there"),
    );
    let run = output(command);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert!(
        run.err
            .contains("cannot write to standard output: No space left"),
        "{run:?}"
    );
    assert!(run.err.contains("yes ended with "), "{run:?}");
}

#[test]
fn a_program_that_ends_well_does_not_hide_our_failure() {
    let mut command = shell(&[], "echo hunter2; exit 0");
    command.stdout(
        std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("there"),
    );
    assert_eq!(output(command).code, Some(125));
}

#[test]
fn drain_lets_the_program_go_on() {
    for options in [
        &["--when-sink-fails", "drain"][..],
        &[
            "--when-sink-fails",
            "drain",
            "--when-blocked",
            "drop-newest",
        ],
    ] {
        let mut command = shell(options, &format!("{MUCH}; echo through >&2; exit 6"));
        command.stdout(
            std::fs::File::options()
                .write(true)
                .open("/dev/full")
                .expect("there"),
        );
        let run = output(command);
        assert_eq!(run.code, Some(6), "{run:?}");
        assert!(run.err.contains("through\n"), "{run:?}");
        assert_eq!(run.err.matches("is thrown away").count(), 1, "{run:?}");
    }
}

/// The article's pattern: an error, and at once the end, while nobody reads. Node itself
/// throws away what a pipe does not take; ours takes a mebibyte.
#[test]
fn a_node_program_that_exits_before_a_stalled_output() {
    if !has("node") {
        return;
    }
    let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
    let Ok(room) = fcntl_setpipe_size(&writer, 1 << 20) else {
        eprintln!("skipped: no room for a large pipe");
        return;
    };
    // Full to the brim before it begins.
    writer.write_all(&vec![b'x'; room]).expect("there is room");
    let program = "for (let i = 0; i < 2000; i++) console.error('filler ' + 'x'.repeat(400)); \
                   console.error('FATAL secret=q7Rk2VxW9zhunter2'); process.exit(1)";
    let mut command = run(&[], &["node", "-e", program]);
    command.stdout(Stdio::null()).stderr(writer);
    let mut child = command.spawn().expect("the binary starts");
    drop(command);
    sleep(Duration::from_millis(2500));
    assert!(
        child.try_wait().expect("ours").is_none(),
        "the tail is lost"
    );
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("readable");
    assert_eq!(wait(&mut child).code(), Some(1));
    let text = &text[room..];
    assert_eq!(text.lines().count(), 2001);
    assert!(text.ends_with("\nFATAL secret=[REDACTED]\n"));
}

#[test]
fn a_signal_and_a_stalled_output_do_not_hold_us() {
    let mut live = Live::start(shell(&[], "echo ready; exec yes hunter2 >&2"));
    live.wait_for("ready");
    // Nobody reads standard error.
    sleep(Duration::from_millis(800));
    live.send(Signal::TERM);
    assert_eq!(wait(&mut live.child).code(), Some(128 + 15));
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut live = Live::start(shell(&[], "echo ready; exec yes hunter2 >&2"));
    live.wait_for("ready");
    sleep(Duration::from_millis(800));
    live.send(Signal::TERM);
    sleep(Duration::from_millis(500));
    let sent = Instant::now();
    live.send(Signal::INT);
    assert_eq!(wait(&mut live.child).code(), Some(128 + 15));
    assert!(sent.elapsed() < Duration::from_secs(4), "it waited");
}
