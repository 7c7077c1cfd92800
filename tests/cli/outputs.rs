//! Where bytes go: `-o`, pipes that close, devices that are full.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use crate::support::{FIND, Files, Live, assert_one_line, blackbar, ended, find, run, start};

#[test]
fn s7_a_closed_output_is_a_quiet_success() {
    let mut child = start(blackbar().stdin(Stdio::piped()));
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || {
        let line = b"line after line\n".repeat(10_000);
        while stdin.write_all(&line).is_ok() {}
    });
    assert_eq!(ended(child), (Some(0), String::new()));
    writer.join().expect("no panic");
}

#[test]
fn a_full_device_is_an_error() {
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("it is there")
    };
    let mut child = blackbar()
        .stdin(Stdio::piped())
        .stdout(full())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(b"hunter2\n")
        .expect("a pipe holds that");
    let output = child.wait_with_output().expect("it ends");
    let messages = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(3));
    assert_one_line(&messages);
    assert!(
        messages.contains("standard output: No space left on device"),
        "{messages}"
    );

    let run = run(&["-o", "/dev/full"], b"hunter2\n");
    assert_eq!(run.code, Some(3));
    assert!(
        run.err.contains("/dev/full: No space left on device"),
        "{}",
        run.err
    );
}

#[test]
fn a_file_goes_into_a_file() {
    let files = Files::new();
    let input = files.write("in", "a hunter2\n");
    let output = files.path("out");
    let run = find(&["-o".as_ref(), output.as_os_str(), input.as_os_str()], b"");
    assert_eq!(
        (run.code, run.out.len(), run.err.as_str()),
        (Some(0), 0, "")
    );
    assert_eq!(fs::read(&output).expect("written"), b"a [REDACTED]\n");
    assert_eq!(files.names(), ["in", "out"]);
    let mode = output.metadata().expect("written").mode() & 0o777;
    assert_eq!(mode, input.metadata().expect("written").mode() & 0o777);
}

#[test]
fn a_dash_is_standard_output() {
    assert_eq!(find(&["-o", "-"], b"hunter2\n").out, b"[REDACTED]\n");
}

#[test]
fn an_existing_file_is_replaced_whole_and_keeps_its_mode() {
    let files = Files::new();
    let input = files.write("in", "new hunter2\n");
    let output = files.write("out", "old and longer than the new content is\n");
    fs::set_permissions(&output, fs::Permissions::from_mode(0o640)).expect("ours");
    let before = output.metadata().expect("there").ino();
    let run = find(&["-o".as_ref(), output.as_os_str(), input.as_os_str()], b"");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(fs::read(&output).expect("written"), b"new [REDACTED]\n");
    let after = output.metadata().expect("there");
    assert_eq!(after.mode() & 0o777, 0o640);
    assert_ne!(after.ino(), before, "written beside it and renamed");
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let files = Files::new();
    let input = files.write("in", "new\n");
    let target = files.write("target", "old\n");
    let link = files.path("link");
    symlink("target", &link).expect("a link");
    assert_eq!(
        run(&["-o".as_ref(), link.as_os_str(), input.as_os_str()], b"").code,
        Some(0)
    );
    assert!(link.symlink_metadata().expect("there").is_symlink());
    assert_eq!(fs::read(target).expect("written"), b"new\n");
}

#[test]
fn an_incomplete_result_replaces_nothing() {
    let files = Files::new();
    let input = files.write("in", "new\n");
    let missing = files.path("missing");
    let output = files.write("out", "old\n");
    let arguments = [
        "-o".as_ref(),
        output.as_os_str(),
        input.as_os_str(),
        missing.as_os_str(),
    ];
    let run = run(&arguments, b"");
    assert_eq!(run.code, Some(3));
    assert!(run.err.contains("is left as it was"), "{}", run.err);
    assert_eq!(fs::read(&output).expect("there"), b"old\n");
    assert_eq!(files.names(), ["in", "out"]);
}

#[test]
fn an_input_is_never_the_output() {
    let files = Files::new();
    let log = files.write("log", "a hunter2\n");
    let same = files.path("same");
    fs::hard_link(&log, &same).expect("a link");
    let link = files.path("link");
    symlink("log", &link).expect("a link");
    for name in [&log, &same, &link] {
        let run = find(&["-o".as_ref(), name.as_os_str(), log.as_os_str()], b"");
        assert_eq!(run.code, Some(2));
        assert_one_line(&run.err);
        assert!(run.err.contains("both input and output"), "{}", run.err);
    }
    assert_eq!(fs::read(&log).expect("there"), b"a hunter2\n");
}

#[test]
fn nor_when_the_shell_made_it_so() {
    let files = Files::new();
    let log = files.write("log", "a hunter2\n");
    let open = || {
        fs::OpenOptions::new()
            .read(true)
            .append(true)
            .open(&log)
            .expect("there")
    };
    let cases: [(&[&str], bool, bool); 3] = [
        (&["log"], false, true),
        (&[], true, true),
        (&["-o", "log"], true, false),
    ];
    for (arguments, stdin, stdout) in cases {
        let mut command = blackbar();
        command.current_dir(files.dir()).args(arguments);
        if stdin {
            command.stdin(open());
        }
        if stdout {
            command.stdout(open());
        }
        let output = command.output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(fs::read(&log).expect("there"), b"a hunter2\n");
}

#[test]
fn what_comes_from_a_pipe_is_in_the_file_at_once() {
    let files = Files::new();
    let output = files.write("out", "old content, longer than what comes now\n");
    let mut command = blackbar();
    command.args(FIND).arg("-o").arg(&output);
    let mut filter = Live::start(command);
    filter.write(b"a hunter2\n");
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while fs::read(&output).expect("there") != b"a [REDACTED]\n" {
        assert!(
            std::time::Instant::now() < deadline,
            "the line did not arrive"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    drop(filter.stdin.take());
    assert_eq!(filter.end().0.code(), Some(0));
    assert_eq!(files.names(), ["out"]);
}

#[test]
fn a_refused_pipe_does_not_empty_the_file() {
    let files = Files::new();
    let output = files.write("out", "old\n");
    let run = run(&["-o".as_ref(), output.as_os_str()], b"\x1f\x8b\x08\0");
    assert_eq!(run.code, Some(3));
    assert_eq!(fs::read(&output).expect("there"), b"old\n");
}

#[test]
fn empty_input_gives_an_empty_file() {
    let files = Files::new();
    let output = files.write("out", "old\n");
    assert_eq!(run(&["-o".as_ref(), output.as_os_str()], b"").code, Some(0));
    assert_eq!(fs::read(&output).expect("there"), b"");
}

#[test]
fn a_fifo_is_written_and_not_replaced() {
    let files = Files::new();
    let input = files.write("in", "a hunter2\n");
    let fifo = files.path("fifo");
    let made = Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .expect("mkfifo is everywhere");
    assert!(made.success());
    let reader = {
        let fifo = fifo.clone();
        std::thread::spawn(move || fs::read(fifo).expect("readable"))
    };
    let run = find(&["-o".as_ref(), fifo.as_os_str(), input.as_os_str()], b"");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(reader.join().expect("no panic"), b"a [REDACTED]\n");
    assert_eq!(files.names(), ["fifo", "in"]);
}

#[test]
fn an_output_that_cannot_be_opened_is_named() {
    let files = Files::new();
    let input = files.write("in", "text\n");
    for name in ["no/such/dir/out", "."] {
        let output = files.path(name);
        let run = run(&["-o".as_ref(), output.as_os_str(), input.as_os_str()], b"");
        assert_eq!(run.code, Some(3), "{name}");
        assert_one_line(&run.err);
    }
}

/// What a shell's script leaves in the file `f`; `$B` is blackbar, `in` its input.
fn left_in_f(script: &str) -> (Option<i32>, String, String) {
    let files = Files::new();
    files.write("in", "a hunter2\n");
    let output = Command::new("sh")
        .args(["-c", script])
        .env("B", env!("CARGO_BIN_EXE_blackbar"))
        .current_dir(files.dir())
        .output()
        .expect("a shell");
    assert_eq!(files.names(), ["f", "in"], "{script}");
    let left = fs::read_to_string(files.path("f")).expect("written");
    let messages = String::from_utf8(output.stderr).expect("text");
    (output.status.code(), left, messages)
}

#[test]
fn a_descriptor_that_is_named_is_written_and_not_replaced() {
    for (name, number) in [
        ("/dev/stdout", 1),
        ("/dev/fd/1", 1),
        ("/proc/self/fd/1", 1),
        ("/dev/stderr", 2),
        ("/dev/fd/3", 3),
        ("/proc/self/fd/3", 3),
        ("link", 1),
    ] {
        // The link is gone before the folder is looked at.
        let script = format!(
            "ln -s /dev/stdout link; (echo first >&{number}; \
             $B --pattern hunter2 in -o {name}; code=$?; \
             echo after >&{number}; exit $code) {number}> f; code=$?; rm link; exit $code"
        );
        let (code, left, messages) = left_in_f(&script);
        assert_eq!(
            (code, left.as_str()),
            (Some(0), "first\na [REDACTED]\nafter\n"),
            "{name}: {messages}"
        );
    }
}

#[test]
fn a_descriptor_of_another_process_is_appended_to() {
    let script = "exec 3>> f; echo first >&3; \
        $B --pattern hunter2 in -o /proc/$$/fd/3; code=$?; echo after >&3; exit $code";
    let (code, left, messages) = left_in_f(script);
    let expected = "first\na [REDACTED]\nafter\n";
    assert_eq!((code, left.as_str()), (Some(0), expected), "{messages}");
}

#[test]
fn a_descriptor_that_is_named_may_be_the_input() {
    let (code, left, messages) = left_in_f("cp in f; $B f -o /dev/stdout >> f");
    assert_eq!((code, left.as_str()), (Some(2), "a hunter2\n"));
    assert_one_line(&messages);
}
