//! Ends before the end: signals, kills, stalled outputs.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{FIND, Files, Live, PATIENCE, blackbar, ended, start, wait};

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_child(child);
    kill_process(pid, signal).expect("it is running");
}

/// Waits until the process catches SIGTERM, so that a signal is not the end of it.
fn wait_for_handlers(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(&status).expect("it is running");
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let mask = u64::from_str_radix(caught.expect("it is there").trim(), 16).expect("hex");
        if mask >> (Signal::TERM.as_raw() - 1) & 1 == 1 {
            return;
        }
        assert!(Instant::now() < deadline, "no handlers");
        sleep(Duration::from_millis(2));
    }
}

fn live() -> Live {
    let mut command = blackbar();
    command.args(FIND);
    let mut filter = Live::start(command);
    // Its handlers stand once it has answered.
    filter.write(b"ready\n");
    filter.expect(b"ready\n");
    filter
}

#[test]
fn what_a_pipe_brings_after_a_signal_is_drained() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut filter = live();
        send(&filter.child, signal);
        sleep(Duration::from_millis(100));
        filter.write(b"last words: hunter2\n");
        filter.expect(b"ready\nlast words: [REDACTED]\n");
        filter.write(b"no newline");
        drop(filter.stdin.take());
        let (status, messages) = filter.end();
        assert_eq!((status.code(), messages.as_str()), (Some(0), ""));
        assert_eq!(filter.seen, b"ready\nlast words: [REDACTED]\nno newline");
    }
}

#[test]
fn s7_after_the_grace_the_open_candidate_is_masked() {
    let mut command = blackbar();
    command.args(["--profile", "standard", "--stats=json"]);
    let mut filter = Live::start(command);
    filter.write(b"ready\n");
    filter.expect(b"ready\n");
    filter.write(b"then password='q7Rk2Vx");
    send(&filter.child, Signal::TERM);
    let sent = Instant::now();
    let (status, messages) = filter.end();
    assert_eq!(status.code(), Some(128 + 15));
    let took = sent.elapsed();
    assert!(
        took > Duration::from_millis(1500),
        "the pipe was not drained: {took:?}"
    );
    assert!(took < Duration::from_secs(20), "{took:?}");
    let seen = String::from_utf8_lossy(&filter.seen).into_owned();
    assert!(
        seen.starts_with("ready\nthen ") && seen.contains("[REDACTED]"),
        "{seen}"
    );
    assert!(!seen.contains("q7Rk2Vx"), "{seen}");
    let said = messages
        .lines()
        .any(|line| line.starts_with("blackbar: ended by signal 15") && !line.ends_with(": 0"));
    assert!(said, "{messages}");
    assert!(
        messages
            .lines()
            .any(|line| line.starts_with("{\"inputs\":1")),
        "{messages}"
    );
}

#[test]
fn what_is_no_candidate_leaves_at_a_forced_end() {
    let mut filter = live();
    filter.write(b"a line that goes on and");
    send(&filter.child, Signal::INT);
    let (status, _) = filter.end();
    assert_eq!(status.code(), Some(128 + 2));
    assert_eq!(filter.seen, b"ready\na line that goes on and");
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut filter = live();
    filter.write(b"half a line");
    send(&filter.child, Signal::TERM);
    sleep(Duration::from_millis(200));
    send(&filter.child, Signal::INT);
    let (status, messages) = filter.end();
    // A forced end would say so, write what it holds and name the first signal.
    assert_eq!((status.code(), messages.as_str()), (Some(128 + 2), ""));
    assert_eq!(filter.seen, b"ready\n");
}

/// How long an endless device goes on after a signal.
fn end_of_a_device() -> Duration {
    let mut child = blackbar()
        .arg("/dev/zero")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    wait_for_handlers(&child);
    let sent = Instant::now();
    send(&child, Signal::INT);
    assert_eq!(wait(&mut child).code(), Some(128 + 2));
    sent.elapsed()
}

#[test]
fn what_is_no_pipe_gets_no_grace() {
    // A busy machine may be slow once.
    let quick = (0..5).any(|_| end_of_a_device() < Duration::from_millis(1500));
    assert!(quick, "it waited");
}

#[test]
fn a_stalled_output_does_not_hold_us() {
    let mut child = start(blackbar().arg("/dev/zero"));
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut [0]).expect("it writes");
    wait_for_handlers(&child);
    // Nobody reads any more: the pipe is full before long.
    sleep(Duration::from_millis(700));
    send(&child, Signal::TERM);
    let (code, messages) = ended(child);
    assert_eq!(code, Some(128 + 15));
    assert!(messages.contains("takes no more bytes"), "{messages}");
}

#[test]
fn no_further_input_is_begun() {
    let files = Files::new();
    let next = files.write("next", "must not appear\n");
    let mut command = blackbar();
    command.arg("-").arg(next);
    let mut filter = Live::start(command);
    filter.write(b"ready\n");
    filter.expect(b"ready\n");
    send(&filter.child, Signal::TERM);
    sleep(Duration::from_millis(200));
    drop(filter.stdin.take());
    assert_eq!(filter.end().0.code(), Some(128 + 15));
    assert_eq!(filter.seen, b"ready\n");
}

#[test]
fn an_interrupted_result_replaces_nothing() {
    let files = Files::new();
    let input = files.path("in");
    // A hole: long to read, and no space on the disk.
    fs::File::create(&input)
        .and_then(|file| file.set_len(1 << 40))
        .expect("a sparse file");
    let output = files.write("out", "old\n");
    let mut child = blackbar()
        .arg(input)
        .arg("-o")
        .arg(&output)
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    wait_for_handlers(&child);
    sleep(Duration::from_millis(50));
    assert_eq!(files.names().len(), 3, "a temporary file beside the two");
    send(&child, Signal::TERM);
    assert_eq!(wait(&mut child).code(), Some(128 + 15));
    assert_eq!(files.names(), ["in", "out"]);
    assert_eq!(fs::read(output).expect("there"), b"old\n");
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let mut command = Command::new("sh");
    let exec = format!(
        "trap '' INT HUP; exec {} --pattern hunter2",
        env!("CARGO_BIN_EXE_blackbar")
    );
    command.args(["-c", &exec]);
    let mut filter = Live::start(command);
    filter.write(b"ready\n");
    filter.expect(b"ready\n");
    for signal in [Signal::INT, Signal::HUP, Signal::INT] {
        send(&filter.child, signal);
        sleep(Duration::from_millis(50));
    }
    filter.write(b"hunter2\n");
    drop(filter.stdin.take());
    assert_eq!(filter.end().0.code(), Some(0));
    assert_eq!(filter.seen, b"ready\n[REDACTED]\n");
}

#[test]
fn s7_a_kill_in_the_middle_leaves_whole_records() {
    let mut filter = live();
    filter.write(b"whole hunter2\nhalf hun");
    filter.expect(b"ready\nwhole [REDACTED]\n");
    filter.expect_silence();
    send(&filter.child, Signal::KILL);
    assert_eq!(filter.end().0.code(), None);
    assert_eq!(filter.seen, b"ready\nwhole [REDACTED]\n");
}

#[test]
fn s7_the_inputs_end_decides_half_a_match() {
    let mut command = blackbar();
    command.args(["--pattern", "acme_[a-z]{4,}"]);
    let mut filter = Live::start(command);
    filter.write(b"acme_abcd acme_ab");
    drop(filter.stdin.take());
    assert_eq!(filter.end().0.code(), Some(0));
    assert_eq!(filter.seen, b"[REDACTED] acme_ab");
}
