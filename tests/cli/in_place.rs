//! `--in-place`: each file is rewritten whole, or left as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{FIND, Files, PATIENCE, Run, assert_one_line, blackbar, find, wait};

fn in_place(files: &[&Path]) -> Run {
    let mut arguments = vec!["--in-place".as_ref()];
    arguments.extend(files.iter().map(|file| file.as_os_str()));
    find(&arguments, b"")
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).expect("readable")
}

#[test]
fn files_are_rewritten_and_keep_their_mode() {
    let files = Files::new();
    let (a, b) = (
        files.write("a", "one hunter2\n"),
        files.write("b", "two hunter2"),
    );
    fs::set_permissions(&a, fs::Permissions::from_mode(0o640)).expect("ours");
    let run = in_place(&[&a, &b]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(run.out, b"");
    assert_eq!(text(&a), "one [REDACTED]\n");
    assert_eq!(text(&b), "two [REDACTED]");
    assert_eq!(a.metadata().expect("there").mode() & 0o7777, 0o640);
    assert_eq!(files.names(), ["a", "b"]);
}

#[test]
fn the_owner_stays() {
    let files = Files::new();
    let log = files.write("log", "hunter2\n");
    if chown(&log, Some(12345), Some(23456)).is_err() {
        eprintln!("skipped: only root can give a file away");
        return;
    }
    assert_eq!(in_place(&[&log]).code, Some(0));
    let metadata = log.metadata().expect("there");
    assert_eq!((metadata.uid(), metadata.gid()), (12345, 23456));
    assert_eq!(text(&log), "[REDACTED]\n");
}

#[test]
fn attributes_stay() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    let files = Files::new();
    let log = files.write("log", "hunter2\n");
    if setxattr(&log, "user.origin", b"web", XattrFlags::empty()).is_err() {
        eprintln!("skipped: no extended attributes here");
        return;
    }
    assert_eq!(in_place(&[&log]).code, Some(0));
    let mut value = [0; 8];
    let length = getxattr(&log, "user.origin", &mut value).expect("kept");
    assert_eq!(&value[..length], b"web");
}

#[test]
fn a_file_without_secrets_is_not_touched() {
    let files = Files::new();
    let log = files.write("log", "nothing to see\n");
    let before = log.metadata().expect("there");
    assert_eq!(in_place(&[&log]).code, Some(0));
    let after = log.metadata().expect("there");
    assert_eq!(before.ino(), after.ino());
    assert_eq!(before.modified().ok(), after.modified().ok());
    assert_eq!(files.names(), ["log"]);
}

#[test]
fn a_link_stays_and_its_target_is_rewritten() {
    let files = Files::new();
    let target = files.write("target", "hunter2\n");
    let link = files.path("link");
    symlink("target", &link).expect("a link");
    assert_eq!(in_place(&[&link]).code, Some(0));
    assert!(link.symlink_metadata().expect("there").is_symlink());
    assert_eq!(text(&target), "[REDACTED]\n");
}

#[test]
fn what_fails_is_left_and_the_others_go_on() {
    let files = Files::new();
    let linked = files.write("linked", "hunter2\n");
    fs::hard_link(&linked, files.path("other")).expect("a link");
    let packed = files.write("packed", b"\x1f\x8b\x08\0hunter2");
    let missing = files.path("missing");
    let good = files.write("good", "hunter2\n");
    let cases: [(&Path, &str); 4] = [
        (&linked, "2 names (hard links)"),
        (&packed, "gzip"),
        (&missing, "No such file"),
        (files.dir(), "no regular file"),
    ];
    for (bad, reason) in cases {
        fs::write(&good, "hunter2\n").expect("writable");
        let run = in_place(&[bad, &good]);
        assert_eq!(run.code, Some(3), "{}", run.err);
        assert!(run.err.contains(reason), "{}", run.err);
        assert_eq!(text(&good), "[REDACTED]\n");
    }
    assert_eq!(text(&linked), "hunter2\n");
    assert_eq!(fs::read(&packed).expect("there"), b"\x1f\x8b\x08\0hunter2");
    assert_eq!(files.names(), ["good", "linked", "other", "packed"]);
}

#[test]
fn nonsense_is_refused_before_a_file_is_touched() {
    let files = Files::new();
    let log = files.write("log", "hunter2\n");
    let cases: [(&[&str], &str); 6] = [
        (&[], "no FILE"),
        (&["log", "-"], "standard input"),
        (&["log", "-o", "out"], "-o"),
        (&["log", "-z"], "-z"),
        (&["log", "--color", "always"], "--color always"),
        (&["log", "--encoding", "utf-16"], "--encoding"),
    ];
    for (arguments, reason) in cases {
        let mut command = blackbar();
        command.current_dir(files.dir());
        command.args(FIND).arg("--in-place").args(arguments);
        let run = crate::support::run_command(command, b"");
        assert_eq!(run.code, Some(2), "{arguments:?}: {}", run.err);
        assert_one_line(&run.err);
        assert!(run.err.contains(reason), "{}", run.err);
    }
    assert_eq!(text(&log), "hunter2\n");
    assert_eq!(files.names(), ["log"]);
}

#[test]
fn counters_are_those_of_all_files() {
    let files = Files::new();
    let (a, b) = (
        files.write("a", "hunter2 hunter2\n"),
        files.write("b", "hunter2\n"),
    );
    let run = find(
        &[
            "--in-place".as_ref(),
            "--stats=json".as_ref(),
            a.as_os_str(),
            b.as_os_str(),
        ],
        b"",
    );
    assert!(run.err.contains("\"inputs\":2"), "{}", run.err);
    assert!(run.err.contains("\"masks\":3"), "{}", run.err);
}

/// A file that takes long to read: a line with a secret, then a hole.
fn long(files: &Files) -> std::path::PathBuf {
    let log = files.write("log", "hunter2\n");
    fs::File::options()
        .write(true)
        .open(&log)
        .and_then(|file| file.set_len(1 << 40))
        .expect("a sparse file");
    log
}

/// The handlers of signals stand before a file is opened.
fn wait_for_temporary(files: &Files, others: usize) {
    let deadline = Instant::now() + PATIENCE;
    while files.names().len() == others {
        assert!(Instant::now() < deadline, "no temporary file");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_signal_leaves_the_original_and_the_files_after_it() {
    for signal in [Signal::TERM, Signal::HUP] {
        leaves_all(signal);
    }
}

fn leaves_all(signal: Signal) {
    let files = Files::new();
    let log = long(&files);
    let next = files.write("next", "hunter2\n");
    let mut child = blackbar()
        .args(FIND)
        .arg("--in-place")
        .args([&log, &next])
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    wait_for_temporary(&files, 2);
    kill_process(Pid::from_child(&child), signal).expect("it is running");
    assert_eq!(wait(&mut child).code(), Some(128 + signal.as_raw()));
    assert_eq!(log.metadata().expect("there").len(), 1 << 40);
    assert_eq!(text(&next), "hunter2\n");
    assert_eq!(files.names(), ["log", "next"]);
}

#[test]
fn a_kill_leaves_the_original_whole() {
    let files = Files::new();
    let log = long(&files);
    let mut child = blackbar()
        .args(FIND)
        .arg("--in-place")
        .arg(&log)
        .spawn()
        .expect("the binary starts");
    wait_for_temporary(&files, 1);
    child.kill().expect("it is running");
    wait(&mut child);
    assert_eq!(log.metadata().expect("there").len(), 1 << 40);
}

#[test]
fn lines_that_come_meanwhile_are_not_lost() {
    use std::io::Write;
    let files = Files::new();
    let log = files.write("log", "hunter2 and more\n".repeat(4_000_000));
    let child = blackbar()
        .args(FIND)
        .arg("--in-place")
        .arg(&log)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    wait_for_temporary(&files, 1);
    let mut writer = fs::File::options().append(true).open(&log).expect("there");
    writer.write_all(b"the last words\n").expect("writable");
    let run = Run::from(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(run.err.contains("meanwhile"), "{}", run.err);
    assert!(text(&log).ends_with("the last words\n"));
    assert_eq!(files.names(), ["log"]);
}
