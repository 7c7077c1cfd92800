//! The files of `deploy/`, and the tools that they are held against.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The root of the source.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file or folder of `deploy/`.
pub(crate) fn deployed(path: &str) -> PathBuf {
    root().join("deploy").join(path)
}

/// A script of these tests.
pub(crate) fn script(name: &str) -> PathBuf {
    root().join("tests/deploy").join(name)
}

/// All files below `deploy/` whose names end so, sorted.
pub(crate) fn files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&deployed(""), ending, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// The binary, with an environment that says nothing to it.
pub(crate) fn blackbar(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blackbar"));
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("BLACKBAR_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A program that `tests/deploy/install` brings; none where it could not be had, which is
/// said aloud.
pub(crate) fn tool(name: &str) -> Option<Command> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let tools = target.expect("target/tmp has a parent").join("deploy");
    assert!(
        tools.join("installed").exists(),
        "the tools are not installed: run tests/deploy/install, or tests/run for everything"
    );
    let found = ["bin", "python/bin"]
        .map(|folder| tools.join(folder).join(name))
        .into_iter()
        .find(|path| path.is_file());
    if found.is_none() {
        // Not by `eprintln!`, which a test that passes keeps to itself.
        let _ = writeln!(io::stderr(), "SKIPPED: there is no {name} here");
    }
    found.map(Command::new)
}

/// Python with the packages of `requirements.txt`; none where it could not be had.
pub(crate) fn python(name: &str) -> Option<Command> {
    // That one is in the same environment, and in no other.
    tool("kubernetes-validate")?;
    let mut command = tool("python")?;
    command.arg("-B").arg(script(name));
    Some(command)
}

/// Runs it and gives its standard output; it has to end with 0.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}\n{}", said(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What it wrote, on both.
pub(crate) fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    format!("{out}{err}")
}

/// Runs it with a text as its standard input.
pub(crate) fn fed(command: &mut Command, text: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}
