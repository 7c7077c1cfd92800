//! How the program ends, and we with it.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Run, SECRET, blackbar, has, output, run, shell};

#[test]
fn the_programs_code_is_ours() {
    for code in [0, 1, 2, 3, 42, 101, 125, 126, 127, 128, 255] {
        let run = output(shell(&[], &format!("echo hunter2; exit {code}")));
        assert_eq!(run.code, Some(code), "{run:?}");
        assert_eq!((&*run.out, &*run.err), ("[REDACTED]\n", ""));
    }
}

#[test]
fn one_that_a_signal_kills_gives_128_and_its_number() {
    for (name, number) in [
        ("KILL", 9),
        ("TERM", 15),
        ("ABRT", 6),
        ("SEGV", 11),
        ("PIPE", 13),
    ] {
        let run = output(shell(
            &[],
            &format!("echo hunter2; kill -{name} $$; sleep 60"),
        ));
        assert_eq!(run.code, Some(128 + number), "{name}: {run:?}");
        assert_eq!(run.out, "[REDACTED]\n");
    }
}

#[test]
fn one_that_is_not_there_gives_127() {
    for words in [
        &["no-such-program-of-any-name"][..],
        &["/no/such/program", "x"],
    ] {
        let run = output(run(&[], words));
        assert_eq!(run.code, Some(127), "{run:?}");
        let said = format!(
            "blackbar: cannot run {}: No such file or directory\n",
            words[0]
        );
        assert_eq!((&*run.out, run.err), ("", said));
    }
}

#[test]
fn one_that_is_not_executable_gives_126() {
    let folder = tempfile::tempdir().expect("a directory for temporary files");
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "no program\n").expect("writable");
    let odd = folder.path().join("odd");
    std::fs::write(&odd, [0x7f, b'E', b'L', b'F', 0, 0]).expect("writable");
    std::fs::set_permissions(&odd, PermissionsExt::from_mode(0o755)).expect("ours");
    for path in [folder.path(), &plain, &odd] {
        let run = output(run(&[], &[path.to_str().expect("UTF-8")]));
        assert_eq!(run.code, Some(126), "{run:?}");
        assert!(run.err.starts_with("blackbar: cannot run "), "{run:?}");
    }
}

/// As env(1) runs it.
#[test]
fn a_script_without_a_first_line_of_its_own_is_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let executable = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a mode");
        path.display().to_string()
    };
    let script = executable("a-script", b"echo $1 hunter2\nexit 6\n");
    for options in [&[][..], &["--pty"]] {
        for words in [[&*script, "says"], ["a-script", "says"]] {
            let mut command = run(options, &words);
            let path = std::env::var("PATH").expect("a path");
            command.env("PATH", format!("{}:{path}", folder.path().display()));
            let run = output(command);
            let lines: Vec<&str> = run.out.lines().collect();
            assert_eq!((run.code, &lines[..]), (Some(6), &["says [REDACTED]"][..]));
        }
    }
}

#[test]
fn our_own_failure_gives_125_and_the_program_does_not_run() {
    let mut command = blackbar();
    command.args(["run", "--pattern", "(", "--", "sh", "-c", "echo ran"]);
    let run = output(command);
    assert_eq!((run.code, &*run.out), (Some(125), ""), "{run:?}");
    assert!(run.err.starts_with("blackbar: "), "{run:?}");
}

#[test]
fn wrong_options_are_no_program() {
    for arguments in [
        &["run"][..],
        &["run", "--"],
        &["run", "--no-such-option", "true"],
    ] {
        let mut command = blackbar();
        command.args(arguments);
        assert_eq!(output(command).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn options_behind_the_program_are_its_own() {
    for arguments in [
        &["run", "--", "echo", "--pty", "-x"][..],
        &["run", "echo", "--pty", "-x"],
    ] {
        let mut command = blackbar();
        command.args(arguments);
        assert_eq!(output(command).out, "--pty -x\n", "{arguments:?}");
    }
}

#[test]
fn the_tail_of_a_dying_program_is_not_lost() {
    // More than a pipe holds, and at once the end.
    let script = "i=0; while [ $i -lt 20000 ]; do echo \"line $i hunter2 and so on and so on\"; \
                  i=$((i+1)); done; printf 'last %s' hunter2; kill -KILL $$";
    let run = output(shell(&[], script));
    assert_eq!(run.code, Some(128 + 9));
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 20001);
    for (number, line) in lines[..20000].iter().enumerate() {
        assert_eq!(
            *line,
            format!("line {number} [REDACTED] and so on and so on")
        );
    }
    assert_eq!(lines[20000], "last [REDACTED]");
}

#[test]
fn one_that_forks_and_exits_is_not_waited_for_forever() {
    let began = Instant::now();
    let run = output(shell(
        &[],
        "sleep 50 & echo out hunter2; echo err hunter2 >&2; exit 7",
    ));
    assert!(began.elapsed() < Duration::from_secs(30), "it waited");
    assert_eq!((run.code, &*run.out), (Some(7), "out [REDACTED]\n"));
    assert!(run.err.starts_with("err [REDACTED]\n"), "{run:?}");
    assert_eq!(
        run.err
            .matches("a process that the program left holds")
            .count(),
        2,
        "{run:?}"
    );
}

#[test]
fn what_a_process_says_that_the_program_leaves_is_read_while_it_speaks() {
    let script = "(for i in 1 2 3 4; do sleep 0.1; echo $i hunter2; done) & exit 0";
    let run = output(shell(&[], script));
    assert_eq!(
        run.out,
        "1 [REDACTED]\n2 [REDACTED]\n3 [REDACTED]\n4 [REDACTED]\n"
    );
    assert_eq!((run.code, &*run.err), (Some(0), ""));
}

#[test]
fn a_process_that_never_stops_talking_does_not_hold_us() {
    let began = Instant::now();
    let script = "(while sleep 0.05; do echo still here || exit; done) & exit 3";
    let run = output(shell(&[], script));
    assert_eq!(run.code, Some(3));
    assert!(began.elapsed() < Duration::from_secs(30), "it waited");
    assert!(
        run.err.contains("standard output open; no longer read"),
        "{run:?}"
    );
}

#[test]
fn one_that_closes_its_outputs_goes_on() {
    let began = Instant::now();
    let run = output(shell(&[], "echo hunter2; exec >&- 2>&-; sleep 0.5; exit 4"));
    assert!(began.elapsed() >= Duration::from_millis(450));
    assert_eq!(
        (run.code, &*run.out, &*run.err),
        (Some(4), "[REDACTED]\n", "")
    );
}

#[test]
fn its_input_is_ours() {
    let mut command = Command::new("sh");
    let script = format!(
        "printf 'one\\ntwo {SECRET}' | {} run --pattern {SECRET} -- cat",
        env!("CARGO_BIN_EXE_blackbar")
    );
    command.args(["-c", &script]);
    assert_eq!(output(command).out, "one\ntwo [REDACTED]");
}

#[test]
fn our_limits_are_not_its_own() {
    let script = "ulimit -c; ulimit -n; ulimit -s; ulimit -v";
    let mut bare = Command::new("sh");
    bare.args(["-c", script]);
    assert_eq!(output(shell(&[], script)).out, output(bare).out);
    if cfg!(target_os = "linux") {
        // A process that must not be dumped has files in /proc that are root's and is not
        // to be read by others; so its own is to be opened where it is root's, too.
        let script = "cat /proc/self/maps > /dev/null && echo readable; \
                      grep -c '^SigIgn:.*0000000000000000$' /proc/self/status; \
                      ls /proc/self/fd | grep -cv '^[012]$'";
        let mut bare = Command::new("sh");
        bare.args(["-c", script]);
        assert_eq!(output(shell(&[], script)).out, output(bare).out);
    }
}

#[test]
fn as_the_first_process_it_reaps_what_is_left_behind() {
    let namespace = ["-r", "-p", "-f", "--mount-proc"];
    let allowed = Command::new("unshare").args(namespace).arg("true").status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no namespaces here (unshare -rpf)");
        return;
    }
    // Orphans that end at once, and then a look at all processes.
    let script = "echo pid $PPID; for i in 1 2 3 4 5; do (sh -c 'exit 0' &) ; done; sleep 0.5; \
                  grep -l '^State:.Z' /proc/[0-9]*/status | wc -l; echo hunter2; exit 9";
    let mut command = Command::new("unshare");
    command.args(namespace).arg(env!("CARGO_BIN_EXE_blackbar"));
    command.args(["run", "--pattern", SECRET, "--", "sh", "-c", script]);
    let run = output(command);
    assert_eq!(
        (run.code, &*run.out),
        (Some(9), "pid 1\n0\n[REDACTED]\n"),
        "{run:?}"
    );
}

#[test]
fn a_node_program_says_its_last_words() {
    if !has("node") {
        return;
    }
    let program = "console.error('FATAL password=hunter2secretvalue'); process.exit(1)";
    let run = output(run(&[], &["node", "-e", program]));
    assert_eq!(
        (run.code, &*run.err),
        (Some(1), "FATAL password=[REDACTED]\n")
    );
}

#[test]
fn a_python_program_too() {
    if !has("python3") {
        return;
    }
    let program = "import sys; print('hunter2'); sys.exit('bye hunter2')";
    let run = output(run(&[], &["python3", "-c", program]));
    assert_eq!(
        (run.code, &*run.out, &*run.err),
        (Some(1), "[REDACTED]\n", "bye [REDACTED]\n")
    );
}

/// `run` as systemd starts it, with variables that name its process.
fn named(run: &str) -> Run {
    let mut command = Command::new("sh");
    let script = format!(
        "LISTEN_PID=$$ LISTEN_PIDFDID=1 LISTEN_FDS=1 WATCHDOG_PID=$$ exec {} run {run}",
        env!("CARGO_BIN_EXE_blackbar"),
    );
    command.args(["-c", &script]);
    output(command)
}

#[test]
fn where_systemd_names_us_the_program_is_named() {
    let says = "test $LISTEN_PID,$WATCHDOG_PID = $$,$$ && echo the same $LISTEN_FDS; \
        echo ${LISTEN_PIDFDID:-nothing beside}; exit 7";
    for options in ["", "--pty"] {
        let run = named(&format!("{options} -- sh -c '{says}'"));
        let lines: Vec<&str> = run.out.lines().collect();
        assert_eq!(lines, ["the same 1", "nothing beside"], "{run:?}");
        assert_eq!(run.code, Some(7));
    }
    // The sockets are there as well.
    let run = named("-- sh -c 'readlink /proc/$$/fd/3' 3</dev/null");
    assert_eq!((run.code, &*run.out), (Some(0), "/dev/null\n"));
}

#[test]
fn where_systemd_names_us_failures_are_what_they_are() {
    let run = named("-- no-such-program-of-any-name");
    let message = "blackbar: cannot run no-such-program-of-any-name: No such file or directory\n";
    assert_eq!((run.code, &*run.err), (Some(127), message));
    assert_eq!(named("-- /etc/passwd").code, Some(126));
}

#[test]
fn variables_that_name_others_stay() {
    let mut command = shell(&[], "echo $LISTEN_PID $WATCHDOG_PID");
    command.env("LISTEN_PID", "1").env("WATCHDOG_PID", "x");
    assert_eq!(output(command).out, "1 x\n");
}
