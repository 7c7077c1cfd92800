//! Signals: passed on, once, and none of them ends us.

use std::os::unix::process::CommandExt;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal as Blocked};
use rustix::process::Signal;

use crate::support::{Live, has, run, shell};

/// Says which signals came, and ends at USR2.
const COUNTS: &str = "for s in TERM INT HUP QUIT USR1 WINCH CONT; do trap \"echo got $s\" $s; done; \
    trap 'echo bye; exit 11' USR2; echo ready; while :; do sleep 0.02; done";

#[test]
fn each_is_passed_on_once() {
    let mut live = Live::start(shell(&[], COUNTS));
    live.wait_for("ready");
    let signals = [
        (Signal::TERM, "TERM"),
        (Signal::INT, "INT"),
        (Signal::HUP, "HUP"),
        (Signal::QUIT, "QUIT"),
        (Signal::USR1, "USR1"),
        (Signal::WINCH, "WINCH"),
        (Signal::CONT, "CONT"),
    ];
    for (signal, name) in signals {
        live.send(signal);
        live.wait_for(&format!("got {name}\n"));
    }
    live.send(Signal::USR2);
    let run = live.end();
    assert_eq!(run.code, Some(11), "{run:?}");
    for (_, name) in signals {
        assert_eq!(
            run.out.matches(&format!("got {name}\n")).count(),
            1,
            "{run:?}"
        );
    }
    assert_eq!(run.err, "");
}

#[test]
fn a_program_without_handlers_dies_of_them_and_we_say_so() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::INT, 2), (Signal::USR1, 10)] {
        let mut live = Live::start(shell(&[], "echo ready; exec sleep 60"));
        live.wait_for("ready");
        std::thread::sleep(Duration::from_millis(100));
        live.send(signal);
        assert_eq!(live.end().code, Some(128 + number));
    }
}

#[test]
fn last_words_after_a_signal_are_heard() {
    let script = "trap 'sleep 0.5; echo last hunter2; exit 2' TERM; echo ready; \
                  while :; do sleep 0.02; done";
    let mut live = Live::start(shell(&[], script));
    live.wait_for("ready");
    live.send(Signal::TERM);
    let run = live.end();
    assert_eq!((run.code, &*run.out), (Some(2), "ready\nlast [REDACTED]\n"));
}

#[test]
fn what_is_ignored_when_we_start_is_ignored_by_the_program() {
    let mut command = std::process::Command::new("sh");
    let script = format!(
        "trap '' HUP; exec {} run -- sh -c 'echo ready; sleep 0.7; echo still here'",
        env!("CARGO_BIN_EXE_blackbar")
    );
    command
        .args(["-c", &script])
        .stdout(std::process::Stdio::piped());
    let mut live = Live::start(command);
    live.wait_for("ready");
    live.send(Signal::HUP);
    let run = live.end();
    assert_eq!((run.code, &*run.out), (Some(0), "ready\nstill here\n"));
}

/// What is started on this thread is started with these signals blocked. No shell stands
/// between: they clear the mask.
fn started_with(blocked: &[Blocked], words: &[&str]) -> Live {
    let blocked: SigSet = blocked.iter().copied().collect();
    blocked.thread_block().expect("a mask");
    let live = Live::start(run(&[], words));
    blocked.thread_unblock().expect("a mask");
    live
}

/// What is blocked for us is blocked for the program, and nothing else.
#[test]
fn we_hear_of_the_end_where_its_signal_is_blocked() {
    let words = ["grep", "SigBlk", "/proc/self/status"];
    let run = started_with(&[Blocked::SIGCHLD, Blocked::SIGUSR2], &words).end();
    // Bit 0 is signal 1.
    let expected = format!("SigBlk:\t{:016x}\n", 1 << (17 - 1) | 1 << (12 - 1));
    assert_eq!((run.code, run.out), (Some(0), expected));
}

#[test]
fn what_is_blocked_when_we_start_is_passed_on_and_blocked_for_the_program() {
    if !has("perl") {
        return;
    }
    // It waits for the program as long as that blocks it.
    let program = r"$| = 1; print qq(ready\n); until (`grep ShdPnd /proc/$$/status` =~ /4...$/) {
        select undef, undef, undef, 0.02 } print qq(waits\n); exit 4";
    let mut live = started_with(&[Blocked::SIGTERM], &["perl", "-e", program]);
    live.wait_for("ready");
    live.send(Signal::TERM);
    let run = live.end();
    assert_eq!((run.code, &*run.out), (Some(4), "ready\nwaits\n"));
}

#[test]
fn both_stop_and_both_go_on() {
    let script = "echo $$ ready; while :; do sleep 0.05; echo tick; done";
    let mut command = shell(&[], script);
    // Nobody can stop a group that has no parent in its session, as that of a test that was
    // started by a daemon.
    command.process_group(0);
    let mut live = Live::start(command);
    live.wait_for("ready");
    let program: u32 = live
        .seen
        .split(' ')
        .next()
        .and_then(|pid| pid.parse().ok())
        .expect("a pid");
    live.send(Signal::TSTP);
    for pid in [live.child.id(), program] {
        wait_for_state(pid, 'T');
    }
    live.send(Signal::CONT);
    wait_for_state(live.child.id(), 'S');
    let before = live.seen.len();
    let all = live.seen.clone() + "tick";
    assert!(all.len() > before);
    live.wait_for("tick\ntick\ntick");
    live.send(Signal::TERM);
    assert_eq!(live.end().code, Some(128 + 15));
}

fn wait_for_state(pid: u32, state: char) {
    let path = format!("/proc/{pid}/stat");
    for _ in 0..1000 {
        let stat = std::fs::read_to_string(&path).expect("it is running");
        let now = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        if now == Some(state) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{pid} is never {state}");
}
