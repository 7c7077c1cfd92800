//! `--pty`, and a terminal's keys. `script` makes our terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Live, SECRET, has, output, run, shell, wait};

/// A command on a terminal whose keys are the child's input. A shell stands between: it
/// gets the keys' signals too, so one that is to outlive them starts with `exec`.
fn on_terminal(command: &str) -> Option<Live> {
    if !has("script") {
        return None;
    }
    let mut script = Command::new("script");
    script
        .args(["-qec", command, "/dev/null"])
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some(Live::start(script))
}

fn binary() -> String {
    format!("{} run --pattern {SECRET}", env!("CARGO_BIN_EXE_blackbar"))
}

fn press(live: &mut Live, keys: &[u8]) {
    let stdin = live.child.stdin.as_mut().expect("piped");
    stdin.write_all(keys).expect("it reads");
    stdin.flush().expect("it reads");
}

#[test]
fn with_pty_the_program_has_a_terminal() {
    let script = "test -t 0 && test -t 1 && test -t 2 && echo terminal; exit 12";
    let run = output(shell(&["--pty"], script));
    assert_eq!(
        (run.code, &*run.out, &*run.err),
        (Some(12), "terminal\r\n", "")
    );
    let run = output(shell(&[], "test -t 1 || echo none"));
    assert_eq!(run.out, "none\n");
}

#[test]
fn what_it_writes_there_is_redacted_with_both_streams_in_order() {
    let script = "for i in 1 2 3; do echo out $i hunter2; echo err $i hunter2 >&2; done";
    let run = output(shell(&["-t"], script));
    let expected = (1..=3)
        .map(|i| format!("out {i} [REDACTED]\r\nerr {i} [REDACTED]\r\n"))
        .collect::<String>();
    assert_eq!((&*run.out, &*run.err), (&*expected, ""));
}

#[test]
fn much_output_on_a_terminal_is_whole() {
    let run = output(shell(&["--pty"], "seq 1 100000; printf 'the end hunter2'"));
    let expected = (1..=100_000)
        .map(|i| format!("{i}\r\n"))
        .collect::<String>();
    assert!(
        run.out == expected + "the end [REDACTED]",
        "{} bytes",
        run.out.len()
    );
}

/// What a script says on its terminal once it is ready for `input`, which is all that there is
/// in the pipe that is our standard input.
fn with_input(script: &str, input: &[u8]) -> String {
    let mut command = shell(&["--pty"], script);
    command.stdin(Stdio::piped());
    let mut live = Live::start(command);
    live.wait_for("ready\r\n");
    press(&mut live, input);
    drop(live.child.stdin.take());
    let run = live.end();
    assert_eq!((run.code, &*run.err), (Some(0), ""));
    run.out.replacen("ready\r\n", "", 1)
}

#[test]
fn the_end_of_our_input_is_the_end_of_the_programs() {
    let script = "stty -echo; echo ready; cat; echo over";
    for input in ["", "abc\n", "abc", "abc\r", "abc\n\x04", "abc\x04"] {
        let text = input.replace('\x04', "").replace(['\n', '\r'], "\r\n");
        let expected = text + "over\r\n";
        assert_eq!(with_input(script, input.as_bytes()), expected, "{input:?}");
    }
    // A terminal's line has so many bytes; what comes behind is lost on any of them.
    let long = with_input(script, &[b'a'; 10_000]);
    assert_eq!(long.len(), 4095 + "over\r\n".len());
}

/// The key for the end is what the terminal says it is.
#[test]
fn another_key_may_be_that_for_the_end() {
    let script = "stty -echo eof '^X'; echo ready; cat; echo over";
    assert_eq!(with_input(script, b"abc"), "abcover\r\n");
}

/// Where there are no lines the key comes as a byte, once.
#[test]
fn a_program_that_reads_keys_gets_the_one_for_the_end_once() {
    let script = "stty -icanon -echo min 1; echo ready; head -c 4 | od -An -tx1; \
        stty min 0 time 5; od -An -tx1";
    assert_eq!(with_input(script, b"abc"), " 61 62 63 04\r\n");
}

/// As a terminal does whose window is closed: 129 is 128 + SIGHUP.
#[test]
fn an_output_that_fails_hangs_its_terminal_up() {
    for input in [&b""[..], &[b'\n'; 1 << 20]] {
        let mut command = shell(&["--pty"], "exec yes");
        command.stdin(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("piped");
        let input = input.to_owned();
        // Nobody reads this, either; the input stays open.
        let typing = std::thread::spawn(move || {
            let _ = stdin.write_all(&input);
            stdin
        });
        let mut first = [0; 3];
        let mut stdout = child.stdout.take().expect("piped");
        stdout.read_exact(&mut first).expect("readable");
        drop(stdout);
        assert_eq!(wait(&mut child).code(), Some(129));
        typing.join().expect("it has ended");
    }
}

/// Whatever a secret may begin with: the letters at the end do, with our pattern or others.
#[test]
fn the_last_control_sequence_of_an_output_is_there_at_once() {
    for sequence in [
        r"\033[?25h",
        r"\033[K",
        r"\033[27;5H",
        r"\033[m",
        r"\0337",
        r"\033(B",
    ] {
        let script = format!("printf 'word {sequence}'; exec sleep 1000");
        let mut live = Live::start(shell(&["--pty"], &script));
        live.wait_for(&format!("word {}", sequence.replace(r"\033", "\x1b")));
        live.send(Signal::TERM);
        live.end();
    }
}

#[test]
fn what_follows_a_control_sequence_is_redacted() {
    let script = r"printf '\033[?25h'; sleep 0.3; printf 'hunter2 \033[Khunter2\033[0m\n'; \
        printf '\033[?25hpassword=q7Rk2VxW9z\033[0m\n'";
    let run = output(shell(&["--pty"], script));
    assert_eq!(
        run.out,
        "\x1b[?25h[REDACTED] \x1b[K[REDACTED]\x1b[0m\r\n\x1b[?25hpassword=[REDACTED]\x1b[0m\r\n"
    );
}

#[test]
fn a_program_may_close_its_terminal_and_open_it_again() {
    let script = "exec <&- >&- 2>&-; sleep 0.3; echo back hunter2 >/dev/tty; sleep 0.3; exit 3";
    let run = output(shell(&["--pty"], script));
    assert_eq!((run.code, &*run.out), (Some(3), "back [REDACTED]\r\n"));
}

#[test]
fn one_that_is_not_there_gives_127_with_pty_too() {
    assert_eq!(
        output(run(&["--pty"], &["no-such-program-of-any-name"])).code,
        Some(127)
    );
}

#[test]
fn the_size_is_ours_and_follows() {
    let command = format!(
        "stty rows 33 cols 101; {} --pty -- sh -c 'stty size; \
         trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.05; done' & \
         sleep 1; stty rows 20 cols 70; wait",
        binary()
    );
    // Job control would take the terminal away from what runs in the background.
    let Some(mut live) = on_terminal(&command) else {
        return;
    };
    live.wait_for("33 101");
    live.wait_for("20 70");
    live.end();
}

#[test]
fn our_terminal_is_as_before_afterwards() {
    let command = format!(
        "before=$(stty -g); {} --pty -- sh -c 'kill -KILL $$'; \
         test \"$before\" = \"$(stty -g)\" && echo same",
        binary()
    );
    let Some(mut live) = on_terminal(&command) else {
        return;
    };
    live.wait_for("same");
    live.end();
}

#[test]
fn keys_reach_the_program_and_its_echo_is_redacted() {
    let Some(mut live) = on_terminal(&format!("{} --pty -- cat", binary())) else {
        return;
    };
    std::thread::sleep(Duration::from_millis(700));
    press(&mut live, b"my hunter2 is\n");
    live.wait_for("my [REDACTED] is\r\nmy [REDACTED] is\r\n");
    press(&mut live, &[4]);
    let run = live.end();
    assert_eq!(run.code, Some(0));
    assert!(!run.out.contains("hunter2"), "{run:?}");
}

#[test]
fn ctrl_c_on_its_own_terminal_is_the_programs() {
    let command = format!(
        "exec {} --pty -- sh -c 'trap \"echo caught; exit 5\" INT; echo ready; \
         while :; do sleep 0.05; done'",
        binary()
    );
    let Some(mut live) = on_terminal(&command) else {
        return;
    };
    live.wait_for("ready");
    press(&mut live, &[3]);
    live.wait_for("caught");
    assert_eq!(live.end().code, Some(5));
}

#[test]
fn ctrl_c_on_our_terminal_comes_once() {
    let command = format!(
        "exec {} -- sh -c 'trap \"echo caught\" INT; trap \"exit 6\" QUIT; echo ready; \
         while :; do sleep 0.05; done'",
        binary()
    );
    let Some(mut live) = on_terminal(&command) else {
        return;
    };
    live.wait_for("ready");
    press(&mut live, &[3]);
    live.wait_for("caught");
    std::thread::sleep(Duration::from_millis(300));
    press(&mut live, &[0x1c]);
    let run = live.end();
    assert_eq!(run.out.matches("caught").count(), 1, "{run:?}");
    assert_eq!(run.code, Some(6), "{run:?}");
}

#[test]
fn bash_has_job_control_on_it() {
    if !has("bash") {
        return;
    }
    let command = format!(
        "PS1='what next: ' {} --pty -- bash --norc --noprofile -i",
        binary()
    );
    let Some(mut live) = on_terminal(&command) else {
        return;
    };
    live.wait_for("what next:");
    press(&mut live, b"sleep 30\n");
    std::thread::sleep(Duration::from_millis(700));
    press(&mut live, &[0x1a]);
    live.wait_for("Stopped");
    press(&mut live, b"kill -KILL %1; echo hun''ter2; exit 8\n");
    live.wait_for("[REDACTED]");
    // The first one may find the job still stopped, and then only warns.
    let stdin = live.child.stdin.as_mut().expect("piped");
    let _ = stdin.write_all(b"exit 8\n");
    let run = live.end();
    assert_eq!(run.code, Some(8), "{run:?}");
}

#[test]
fn a_full_screen_program_draws_and_ends() {
    if !has("vim") {
        return;
    }
    let command = format!("{} --pty -- vim -u NONE -i NONE -n", binary());
    let Some(mut live) = on_terminal(&command) else {
        return;
    };
    live.wait_for("~");
    press(&mut live, b"ia line of text\x1b:q!\n");
    let run = live.end();
    assert_eq!(run.code, Some(0), "{run:?}");
}
