//! A folder to check, and a run of the binary over it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The value that every test hides, and no report may show.
pub(crate) const VALUE: &str = "correct-horse-42";

/// A line that holds it.
pub(crate) fn line() -> String {
    format!("password={VALUE}\n")
}

/// A token that its form alone gives away.
pub(crate) fn token() -> String {
    format!("sk_live_{}", "Zq9".repeat(8))
}

/// A folder that is gone after the test.
pub(crate) struct Project(tempfile::TempDir);

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Project {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for temporary files"))
    }

    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("writable");
        fs::write(path, content).expect("writable");
    }

    /// The binary in this folder, with an environment that says nothing to it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blackbar"));
        for (name, _) in std::env::vars_os() {
            let told = name.to_string_lossy();
            if told.starts_with("BLACKBAR_") || told.starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command.arg("check").args(arguments).current_dir(self.dir());
        command
    }

    pub(crate) fn check(&self, arguments: &[&str]) -> Run {
        self.check_input(arguments, b"")
    }

    /// Runs, and makes sure that the value is nowhere in what is told.
    pub(crate) fn check_input(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        // One that does not read its input is no fault of the test.
        let _ = child.stdin.take().expect("piped").write_all(input);
        let output = child.wait_with_output().expect("its output is readable");
        let run = Run {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("reports are UTF-8"),
            err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        };
        for told in [&run.out, &run.err] {
            assert!(!told.contains(VALUE), "the value is told");
        }
        run
    }
}

impl Run {
    /// The paths of the findings of a report in text, in its order.
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.out
            .lines()
            .map(|line| line.split(':').next().expect("a first part"))
            .collect()
    }

    pub(crate) fn expect(&self, code: i32, paths: &[&str]) {
        assert_eq!(self.paths(), paths, "{}{}", self.out, self.err);
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
    }
}
