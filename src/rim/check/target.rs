//! Where a report goes.

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use crate::rim::check::private;
use crate::rim::message::name;
use crate::rim::transport::output::OutputError;

/// Standard output as the findings come, or a file when all are there.
pub(crate) enum Target {
    Stdout(Box<dyn Write>),
    File { path: PathBuf, content: Vec<u8> },
}

impl Target {
    /// `styled` content has colours where standard output is a terminal that wants them.
    pub(crate) fn new(path: Option<PathBuf>, styled: bool) -> Self {
        match path {
            Some(path) => Self::File {
                path,
                content: Vec::new(),
            },
            None if styled => Self::Stdout(Box::new(anstream::stdout())),
            None => Self::Stdout(Box::new(io::BufWriter::new(io::stdout()))),
        }
    }

    /// All is written.
    pub(crate) fn commit(&mut self) -> Result<(), OutputError> {
        let Self::File { path, content } = self else {
            return Ok(());
        };
        let plain = anstream::adapter::strip_bytes(content).into_vec();
        private::replace(path, &plain).map_err(|error| OutputError::unwritable(&name(path), &error))
    }

    /// A write failed. A reader that has seen enough may go.
    pub(crate) fn failed(&self, error: &io::Error) -> Result<(), OutputError> {
        if error.kind() == ErrorKind::BrokenPipe {
            return Ok(());
        }
        Err(OutputError::unwritable("standard output", error))
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File { content, .. } => content.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File { .. } => Ok(()),
        }
    }
}
