//! How the process ends: exit codes, and the errors that lead to them.

use std::process::ExitCode;

use crate::rim::check::CheckError;
use crate::rim::config::ConfigError;
use crate::rim::config::file::{Wrong, Wrongs};
use crate::rim::transport::input::InputError;
use crate::rim::transport::output::OutputError;

/// The ways in which a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for was done; a reader that went away counts as done.
    Done,
    /// A command that looks for something, `check` or `verify`, found it.
    Found,
    /// The command line or a configuration file is wrong.
    Configuration,
    /// Something could not be read or written, or was refused as unreadable.
    Io,
    /// A signal ended the work before its end.
    Signal(i32),
    /// A defect of ours. Rust's own code for it.
    Panic,
    /// The code of a program that was run, or what `run` says in its place.
    Passed(u8),
}

impl Exit {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Found => 1,
            Self::Configuration => 2,
            Self::Io => 3,
            Self::Signal(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
            Self::Panic => 101,
            Self::Passed(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not do its work. Displayed as one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The rules or the options do not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration file does not hold.
    #[error(transparent)]
    Configuration(#[from] Wrongs),
    /// An input cannot be opened, read or unpacked.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A check cannot begin.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The output cannot be opened or written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// A thread or a signal handler could not be set up.
    #[error("cannot start: {0}")]
    Start(String),
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Self::Configuration(wrong.into())
    }
}

impl Failure {
    /// What is to be said, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::Configuration(wrongs) => wrongs.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        }
    }

    /// The exit code that says what kind of failure it is.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Check(CheckError::NoRandomness) => Exit::Io,
            Self::Check(_)
            | Self::Config(_)
            | Self::Configuration(_)
            | Self::Usage(_)
            | Self::Output(OutputError::IsInput { .. }) => Exit::Configuration,
            Self::Input(_) | Self::Output(_) | Self::Start(_) => Exit::Io,
        }
    }
}
