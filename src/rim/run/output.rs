//! An output of ours, which two streams may share.

use std::fmt::Display;
use std::io::{self, IoSlice, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::rim::message::report;
use crate::rim::run::queue::Queue;
use crate::rim::transport::patient::Patient;

/// So long a stream leaves another one time to end a line of which it wrote the beginning.
/// It may be a prompt, which has no end.
const COURTESY: Duration = Duration::from_millis(200);

/// Who writes, where two streams have one output, so that no line gets into another.
#[derive(Default)]
pub(super) struct Turns {
    /// By name, the stream that has written a part of a line.
    open: Mutex<Option<&'static str>>,
    changed: Condvar,
}

impl Turns {
    /// Writes when it is the stream's turn. `write` returns whether a line is left open.
    fn with(
        &self,
        stream: &'static str,
        write: impl FnOnce() -> io::Result<bool>,
    ) -> io::Result<()> {
        // Under this lock nothing is spoilt by a panic.
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let other = |open: &mut Option<&str>| open.is_some_and(|name| name != stream);
        let waited = self.changed.wait_timeout_while(open, COURTESY, other);
        let (mut open, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let written = write();
        *open = matches!(written, Ok(true)).then_some(stream);
        self.changed.notify_all();
        written.map(|_| ())
    }
}

/// A file to write to.
pub(super) struct Output {
    /// The stream, as messages name it.
    pub(super) name: &'static str,
    pub(super) file: Patient,
    /// None where the stream has it for itself.
    pub(super) turns: Option<Arc<Turns>>,
}

impl Output {
    /// Writes all of it.
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = &mut self.file;
        in_turn(self.turns.as_deref(), self.name, || {
            file.write_all(bytes)?;
            Ok(bytes.last().is_some_and(|&byte| byte != b'\n'))
        })
    }

    /// Says something of it on standard error, which may be the same file.
    pub(super) fn say(&self, message: &dyn Display) {
        let _ = in_turn(self.turns.as_deref(), "blackbar", || {
            report(message);
            Ok(false)
        });
    }
}

/// Writes when it is the stream's turn. `write` returns whether a line is left open.
pub(super) fn in_turn(
    turns: Option<&Turns>,
    stream: &'static str,
    write: impl FnOnce() -> io::Result<bool>,
) -> io::Result<()> {
    match turns {
        Some(turns) => turns.with(stream, write),
        None => write().map(|_| ()),
    }
}

/// Where a stream's bytes go.
pub(super) enum Target {
    /// To the output, which may make the program wait.
    Direct(Output),
    /// Through a queue, which does not.
    Queued(Queue),
}

impl Target {
    /// What bytes are to be written under; a queue sees to that itself.
    pub(super) fn turns(&self) -> Option<Arc<Turns>> {
        match self {
            Self::Direct(output) => output.turns.clone(),
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
