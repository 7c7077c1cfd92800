//! Running the binary without ever hanging.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a busy machine; a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The word that [`FIND`] makes a secret, so that these tests depend on no pack.
pub(crate) const SECRET: &str = "hunter2";

/// Options under which [`SECRET`] is masked wherever it stands.
pub(crate) const FIND: [&str; 2] = ["--pattern", SECRET];

/// A pack that holds.
pub(crate) const PACK: &str = r#"
about = "Acme"
[[rule]]
id = "key"
about = "Key of the Acme API"
pattern = "acme_[a-z0-9]{8,}"
anchors = ["acme_"]
source = "https://acme.example/docs/keys"
examples = [["use {acme_|hex*12}.", "use [REDACTED]."]]
passes = ["acme_short"]
"#;

/// The binary, with an environment that says nothing to it.
pub(crate) fn blackbar() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blackbar"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BLACKBAR_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn out_text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: output.stdout,
            err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }
}

/// Runs with arguments and standard input.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: &[S], input: &[u8]) -> Run {
    let mut command = blackbar();
    command.args(arguments);
    run_command(command, input)
}

/// Runs with [`FIND`] before the arguments.
pub(crate) fn find<S: AsRef<OsStr>>(arguments: &[S], input: &[u8]) -> Run {
    let mut command = blackbar();
    command.args(FIND).args(arguments);
    run_command(command, input)
}

/// Runs a prepared command.
pub(crate) fn run_command(mut command: Command, input: &[u8]) -> Run {
    let mut child = start(command.stdin(Stdio::piped()));
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = thread::spawn(move || {
        // A child that does not read its input is no fault of the test.
        let _ = stdin.write_all(&input);
    });
    let run = child
        .wait_with_output()
        .expect("the output is readable")
        .into();
    writer.join().expect("no panic");
    run
}

/// A running filter whose pipes stay open.
pub(crate) struct Live {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    chunks: Receiver<Vec<u8>>,
    pub(crate) seen: Vec<u8>,
}

impl Live {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = start(command.stdin(Stdio::piped()));
        let stdin = child.stdin.take();
        let mut stdout = child.stdout.take().expect("piped");
        let (sender, chunks) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            stdin,
            chunks,
            seen: Vec::new(),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("still open");
        stdin.write_all(bytes).expect("the child reads");
        stdin.flush().expect("the child reads");
    }

    /// Waits until everything seen is `expected`.
    pub(crate) fn expect(&mut self, expected: &[u8]) {
        let deadline = Instant::now() + PATIENCE;
        while self.seen != expected {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => self.seen.extend(chunk),
                Err(error) => panic!(
                    "{error}; saw {:?} of {:?}",
                    String::from_utf8_lossy(&self.seen),
                    String::from_utf8_lossy(expected)
                ),
            }
        }
    }

    /// Makes sure that for a while nothing more comes.
    pub(crate) fn expect_silence(&mut self) {
        if let Ok(chunk) = self.chunks.recv_timeout(Duration::from_millis(300)) {
            panic!("came too early: {:?}", String::from_utf8_lossy(&chunk));
        }
    }

    /// Waits for the end; the rest of the output goes to `seen`.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let status = wait(&mut self.child);
        while let Ok(chunk) = self.chunks.recv_timeout(PATIENCE) {
            self.seen.extend(chunk);
        }
        let mut messages = String::new();
        let mut stderr = self.child.stderr.take().expect("piped");
        stderr
            .read_to_string(&mut messages)
            .expect("messages are UTF-8");
        (status, messages)
    }
}

/// Starts a command with pipes for all that it writes, and its input as it is.
pub(crate) fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// Waits for a child's end: its exit code, and what it said on standard error.
pub(crate) fn ended(mut child: Child) -> (Option<i32>, String) {
    let status = wait(&mut child);
    let mut messages = String::new();
    let mut stderr = child.stderr.take().expect("piped");
    stderr
        .read_to_string(&mut messages)
        .expect("messages are UTF-8");
    (status.code(), messages)
}

/// Waits for a child's end, and fails instead of hanging.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("the filter did not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A directory that is gone after the test, and files in it.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory for temporary files"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("writable");
        path
    }

    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }

    /// The names in the directory, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir())
            .expect("readable")
            .map(|entry| {
                entry
                    .expect("readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

/// Messages are single lines that begin with our name and hold no payload.
pub(crate) fn assert_one_line(err: &str) {
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("blackbar: "), "{err}");
    assert!(!err.contains(SECRET), "{err}");
}
