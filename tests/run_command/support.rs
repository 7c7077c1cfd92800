//! `blackbar run` with programs, and what it does.

use std::io::Read;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What is masked wherever it stands.
pub(crate) const SECRET: &str = "hunter2";

/// No test waits longer for something that should happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// `blackbar run [OPTIONS] -- sh -c SCRIPT`, with pipes.
pub(crate) fn shell(options: &[&str], script: &str) -> Command {
    run(options, &["sh", "-c", script])
}

/// `blackbar run [OPTIONS] -- WORDS`, with pipes.
pub(crate) fn run(options: &[&str], words: &[&str]) -> Command {
    let mut command = blackbar();
    command
        .args(["run", "--pattern", SECRET])
        .args(options)
        .arg("--")
        .args(words);
    command
}

/// The binary, with an environment that says nothing to it.
pub(crate) fn blackbar() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blackbar"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BLACKBAR_") {
            command.env_remove(name);
        }
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs to the end.
pub(crate) fn output(mut command: Command) -> Run {
    let output = command.output().expect("the binary starts");
    Run {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// One that runs.
pub(crate) struct Live {
    pub(crate) child: Child,
    chunks: Receiver<Vec<u8>>,
    pub(crate) seen: String,
    pub(crate) stderr: Option<ChildStderr>,
}

impl Live {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let stdout = child.stdout.take().expect("piped");
        let stderr = child.stderr.take();
        Self {
            child,
            chunks: chunks_of(stdout),
            seen: String::new(),
            stderr,
        }
    }

    /// Waits until `text` is in what was seen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.seen.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => self.seen += &String::from_utf8_lossy(&chunk),
                Err(error) => panic!("{error}; saw {:?}, not {text:?}", self.seen),
            }
        }
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is running");
    }

    /// Waits for the end: the code, all of the output, all of the messages.
    pub(crate) fn end(mut self) -> Run {
        let status = wait(&mut self.child);
        while let Ok(chunk) = self.chunks.recv_timeout(PATIENCE) {
            self.seen += &String::from_utf8_lossy(&chunk);
        }
        let mut err = Vec::new();
        if let Some(mut stderr) = self.stderr.take() {
            stderr.read_to_end(&mut err).expect("readable");
        }
        Run {
            code: status.code(),
            out: self.seen,
            err: String::from_utf8_lossy(&err).into_owned(),
        }
    }
}

fn chunks_of(mut stdout: ChildStdout) -> Receiver<Vec<u8>> {
    let (sender, chunks) = channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        while let Ok(length @ 1..) = stdout.read(&mut buffer) {
            if sender.send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    chunks
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
            panic!("it did not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a program is there; says so if not.
pub(crate) fn has(program: &str) -> bool {
    let there = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !there {
        eprintln!("skipped: no {program} here");
    }
    there
}
