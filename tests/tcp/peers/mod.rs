//! Real senders and receivers. Each test does nothing where its program is not installed.

mod programs;
mod syslog;

use std::process::{Child, Command, Stdio};

/// Whether a program is there; if not, that is told.
fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args([
            "-c",
            &format!("PATH=$PATH:/usr/sbin:/sbin command -v {program}"),
        ])
        .stdout(Stdio::null())
        .status()
        .unwrap()
        .success();
    if !found {
        eprintln!("{program} is not installed; nothing is tested");
    }
    found
}

/// A process that ends with its test.
struct Running(Child);

impl Running {
    /// Starts a command of the shell, which becomes the program.
    fn start(command: &str) -> Self {
        let child = Command::new("sh")
            .args(["-c", &format!("PATH=$PATH:/usr/sbin:/sbin exec {command}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
