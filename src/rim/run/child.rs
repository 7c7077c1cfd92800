//! The program: how it is started, passed signals, and waited for.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait};

use crate::rim::message::reason;
use crate::rim::run::named;
use crate::rim::run::script;
use crate::rim::run::terminal::Pty;
use crate::rim::transport::pipes;

/// A program that runs, and what it writes to.
pub(super) struct Child {
    pid: Pid,
}

/// The ends at which the program's output is read.
pub(super) enum Outputs {
    /// Its standard output and its standard error.
    Pipes([File; 2]),
    /// Both, through its terminal.
    Terminal(File),
}

/// Why the program did not start.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpawnError {
    /// There is none of that name.
    #[error("cannot run {program}: {reason}")]
    NotFound { program: String, reason: String },
    /// The system does not execute it.
    #[error("cannot run {program}: {reason}")]
    NotExecutable { program: String, reason: String },
    /// There is no pipe, terminal or process to be had.
    #[error("cannot start {program}: {reason}")]
    NoMeans { program: String, reason: String },
}

impl SpawnError {
    /// The exit code that env(1), nice(1) and the shells use for it.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::NotFound { .. } => 127,
            Self::NotExecutable { .. } => 126,
            Self::NoMeans { .. } => super::FAILED,
        }
    }

    /// By what the system says.
    pub(super) fn of(program: &OsStr, error: &io::Error) -> Self {
        let program = program.to_string_lossy().into_owned();
        let reason = reason(error);
        match Errno::from_io_error(error) {
            Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::NOSPC) => {
                Self::NoMeans { program, reason }
            }
            _ if error.kind() == ErrorKind::NotFound => Self::NotFound { program, reason },
            _ => Self::NotExecutable { program, reason },
        }
    }
}

/// Starts the program. It keeps our standard input, or gets the terminal; our limits, our
/// directory and our environment, in which it is named where we were ([`named`]); none of our
/// descriptors.
///
/// # Errors
///
/// Where it does not start.
pub(super) fn spawn(words: &[OsString], pty: Option<&Pty>) -> Result<(Child, Outputs), SpawnError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(SpawnError::of(OsStr::new(""), &Errno::NOENT.into()));
    };
    let no_means = |error: io::Error| SpawnError::NoMeans {
        program: program.to_string_lossy().into_owned(),
        reason: reason(&error),
    };
    let start = |mut command: Command| {
        let outputs = match pty {
            Some(pty) => on_terminal(&mut command, pty),
            None => on_pipes(&mut command),
        };
        let outputs = outputs.map_err(no_means)?;
        Ok((command.spawn(), outputs))
    };
    let (mut child, mut outputs) = start(named::command(program, arguments))?;
    if is_not_executed(child.as_ref().err())
        && let Some(shell) = script::command(program, arguments)
    {
        (child, outputs) = start(shell)?;
    }
    let child = child.map_err(|error| SpawnError::of(program, &error))?;
    Ok((
        Child {
            pid: Pid::from_child(&child),
        },
        outputs,
    ))
}

/// Whether the system does not know how to execute it.
pub(super) fn is_not_executed(error: Option<&io::Error>) -> bool {
    error.and_then(Errno::from_io_error) == Some(Errno::NOEXEC)
}

fn on_pipes(command: &mut Command) -> io::Result<Outputs> {
    let (stdout, its_stdout) = io::pipe()?;
    let (stderr, its_stderr) = io::pipe()?;
    let readers = [stdout, stderr].map(|reader| File::from(OwnedFd::from(reader)));
    readers.iter().for_each(pipes::enlarge);
    command.stdout(its_stdout).stderr(its_stderr);
    Ok(Outputs::Pipes(readers))
}

#[allow(
    unsafe_code,
    reason = "a terminal becomes the program's own only from within it"
)]
fn on_terminal(command: &mut Command, pty: &Pty) -> io::Result<Outputs> {
    let slave = pty.slave.try_clone()?;
    command
        .stdin(Stdio::from(slave.try_clone()?))
        .stdout(Stdio::from(slave.try_clone()?))
        .stderr(Stdio::from(slave.try_clone()?));
    let begin_session = move || {
        rustix::process::setsid()?;
        rustix::process::ioctl_tiocsctty(&slave)?;
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes two system calls, setsid and ioctl,
    // which are safe there (signal-safety(7)); it takes no lock and allocates nothing: its
    // errors are numbers, and the descriptor is its own.
    unsafe {
        command.pre_exec(begin_session);
    }
    Ok(Outputs::Terminal(File::from(pty.master.try_clone()?)))
}

impl Child {
    /// Passes a signal on. A program that is gone gets none.
    pub(super) fn signal(&self, number: i32) {
        if let Some(signal) = Signal::from_named_raw(number) {
            let _ = kill_process(self.pid, signal);
        }
    }

    /// Takes note of every process of ours that has ended: as the first process of a
    /// container also of those whose parents have gone. Returns the exit code if the
    /// program is among them.
    pub(super) fn reap(&self) -> Option<u8> {
        let mut code = None;
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.pid => code = code_of(status).or(code),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) | Err(_) => return code,
            }
        }
    }
}

/// As a shell has it: the status, or 128 and the signal's number.
fn code_of(status: WaitStatus) -> Option<u8> {
    let signalled = status.terminating_signal().map(|signal| 128 + signal);
    let code = status.exit_status().or(signalled)?;
    Some(u8::try_from(code).unwrap_or(u8::MAX))
}
