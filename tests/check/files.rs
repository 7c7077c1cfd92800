//! Which files are looked at, and how a check ends.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use crate::support::{Project, VALUE, line};

#[test]
fn exit_codes() {
    let project = Project::new();
    project.check(&[]).expect(0, &[]);
    project.write("clean.txt", "nothing\n");
    project.check(&[]).expect(0, &[]);
    project.write("a.txt", line());
    project.check(&[]).expect(1, &["a.txt"]);
    assert_eq!(project.check(&["--format", "xml"]).code, Some(2));
    assert_eq!(project.check(&["--exclude", "a[b"]).code, Some(2));
    let missing = project.check(&["missing", "a.txt"]);
    missing.expect(3, &["a.txt"]);
    assert!(
        missing
            .err
            .contains("cannot read missing: No such file or directory\n"),
        "{}",
        missing.err
    );
}

#[test]
fn nothing_is_changed() {
    let project = Project::new();
    project.write("a.txt", line());
    project.check(&[]).expect(1, &["a.txt"]);
    assert_eq!(fs::read_to_string(project.path("a.txt")).unwrap(), line());
    assert_eq!(fs::read_dir(project.dir()).unwrap().count(), 1);
}

#[test]
fn ignored_files_are_left_out() {
    let project = Project::new();
    project.write(".gitignore", "ignored.txt\nbuild/\n");
    project.write(".ignore", "second.txt\n");
    project.write(".blackbarignore", "fixtures/\n");
    for name in [
        "ignored.txt",
        "build/x.txt",
        "second.txt",
        "fixtures/x.txt",
        "kept.txt",
    ] {
        project.write(name, line());
    }
    project.check(&[]).expect(1, &["kept.txt"]);
    let all = [
        "build/x.txt",
        "fixtures/x.txt",
        "ignored.txt",
        "kept.txt",
        "second.txt",
    ];
    project.check(&["--no-ignore"]).expect(1, &all);
    let some = ["fixtures/x.txt", "ignored.txt", "second.txt"];
    let excluded = ["--no-ignore", "--exclude", "build/", "--exclude", "kept.*"];
    project.check(&excluded).expect(1, &some);
}

#[test]
fn hidden_files_are_looked_at_but_not_what_git_keeps() {
    let project = Project::new();
    for name in [".env", ".config/app", ".git/config"] {
        project.write(name, line());
    }
    project.check(&[]).expect(1, &[".config/app", ".env"]);
}

#[test]
fn environment_files_under_version_control_are_told_as_such() {
    let project = Project::new();
    project.write(".env", line());
    assert!(
        !project.check(&[]).out.contains("version control"),
        "no repository"
    );
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    assert!(project.check(&[]).out.contains("version control"));
    project.write(".gitignore", ".env\n");
    project.check(&[]).expect(0, &[]);
    let all = project.check(&["--no-ignore"]);
    all.expect(1, &[".env"]);
    assert!(!all.out.contains("version control"), "{}", all.out);
}

#[test]
fn binary_files_are_skipped_and_counted() {
    let project = Project::new();
    project.write("a.bin", [b"\0\0", line().as_bytes()].concat());
    let run = project.check(&[]);
    run.expect(0, &[]);
    assert!(run.err.contains("binary files skipped: 1"), "{}", run.err);
    project.check(&["--binary"]).expect(1, &["a.bin"]);
    // A NUL far from the beginning makes no file binary.
    project.write(
        "a.bin",
        [&[b'x'; 9000], &b"\n\0\n"[..], line().as_bytes()].concat(),
    );
    project.check(&[]).expect(1, &["a.bin"]);
}

#[test]
fn what_cannot_be_seen_is_named() {
    let project = Project::new();
    project.write("a.gz", b"\x1f\x8b\x08\0 and so on");
    let run = project.check(&[]);
    run.expect(0, &[]);
    assert!(run.err.contains("a.gz: gzip data"), "{}", run.err);
    let utf_16: Vec<u8> = format!("\u{feff}one\n{}", line())
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    project.write("a.txt", utf_16);
    let run = project.check(&[]);
    run.expect(1, &["a.txt"]);
    assert!(
        run.out.starts_with("a.txt:2:10: fields/password"),
        "{}",
        run.out
    );
}

#[test]
fn links_are_not_followed() {
    let project = Project::new();
    let elsewhere = Project::new();
    elsewhere.write("a.txt", line());
    symlink(elsewhere.dir(), project.path("folder")).unwrap();
    symlink(elsewhere.path("a.txt"), project.path("file")).unwrap();
    project.check(&[]).expect(0, &[]);
}

#[test]
fn a_pipe_in_a_folder_is_not_waited_for() {
    let project = Project::new();
    project.write("a.txt", line());
    let made = std::process::Command::new("mkfifo")
        .arg(project.path("pipe"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    project.check(&[]).expect(1, &["a.txt"]);
}

#[test]
fn an_unreadable_file_does_not_hide_the_others() {
    let project = Project::new();
    project.write("a.txt", line());
    project.write("b.txt", line());
    fs::set_permissions(project.path("a.txt"), fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(project.path("a.txt")).is_ok() {
        // Root reads everything; what it cannot read either is a file that is not there.
        fs::remove_file(project.path("a.txt")).unwrap();
    }
    let run = project.check(&["a.txt", "b.txt"]);
    run.expect(3, &["b.txt"]);
    assert!(run.err.contains("cannot read a.txt"), "{}", run.err);
}

#[test]
fn standard_input_is_a_file() {
    let project = Project::new();
    project.write("a.txt", "nothing\n");
    project
        .check_input(&["-"], line().as_bytes())
        .expect(1, &["-"]);
    project.check_input(&["-", "."], b"nothing").expect(0, &[]);
}

#[test]
fn a_reader_may_go_early() {
    let project = Project::new();
    project.write("a.txt", line().repeat(20_000));
    let mut child = project
        .command(&[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 16]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.lines().count() <= 1 && !err.contains(VALUE), "{err}");
}

#[test]
fn this_repository_is_clean() {
    let project = Project::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let output = project.command(&["."]).current_dir(root).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("findings: 0"));
}

#[test]
fn a_file_that_was_named_is_not_passed_over_in_silence() {
    let project = Project::new();
    project.write("a.txt", line());
    project.write("z.gz", b"\x1f\x8b\x08\0 and so on");
    project.write("bin.dat", [b"\0\0", line().as_bytes()].concat());
    let utf_16: Vec<u8> = line().encode_utf16().flat_map(u16::to_le_bytes).collect();
    project.write("wide.txt", utf_16);
    // In a folder they are skipped and counted.
    project.check(&[]).expect(1, &["a.txt"]);
    let cases = [
        ("z.gz", "z.gz: gzip data"),
        (
            "bin.dat",
            "cannot check bin.dat: it is binary; --binary looks at it",
        ),
        ("wide.txt", "cannot check wide.txt: it is binary"),
    ];
    for (name, told) in cases {
        let run = project.check(&[name, "a.txt"]);
        run.expect(3, &["a.txt"]);
        assert!(run.err.contains(told), "{}", run.err);
        assert!(run.err.contains("named but not checked: 1"), "{}", run.err);
        let run = project.check(&[name, "--format", "json"]);
        assert_eq!(run.code, Some(3), "{}", run.out);
    }
    project
        .check(&["--binary", "bin.dat"])
        .expect(1, &["bin.dat"]);
    let run = project.check_input(&["-"], b"\x1f\x8b\x08\0 and so on");
    run.expect(3, &[]);
    assert!(run.err.contains("gzip data"), "{}", run.err);
    // It is known that they are skipped: a baseline does not say otherwise.
    let run = project.check(&["z.gz", "--write-baseline", "known"]);
    assert_eq!(run.code, Some(3), "{}", run.err);
}
