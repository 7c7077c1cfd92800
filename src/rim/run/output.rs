//! An output of ours, which two streams may share.

use std::io::{self, IoSlice, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::rim::run::queue::Queue;
use crate::rim::transport::patient::Patient;

/// Held while bytes are written, where two streams have one output: no line gets into
/// another.
pub(super) type Turn = Option<Arc<Mutex<()>>>;

/// A file to write to.
pub(super) struct Output {
    pub(super) file: Patient,
    pub(super) turn: Turn,
}

/// Where a stream's bytes go.
pub(super) enum Target {
    /// To the output, which may make the program wait.
    Direct(Output),
    /// Through a queue, which does not.
    Queued(Queue),
}

impl Target {
    /// What is to be held while bytes are written; a queue does so itself.
    pub(super) fn turn(&self) -> Turn {
        match self {
            Self::Direct(output) => output.turn.clone(),
            Self::Queued(_) => None,
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(output) => output.file.write(bytes),
            Self::Queued(queue) => queue.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Direct(output) => output.file.write_vectored(slices),
            Self::Queued(queue) => queue.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A lock that guards no data, so that a panic under it has spoilt none.
pub(super) fn lock(turn: &Mutex<()>) -> MutexGuard<'_, ()> {
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}
