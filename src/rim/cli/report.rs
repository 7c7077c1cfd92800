//! What commands that look and do not redact write to standard output.

use std::io::{BufWriter, ErrorKind, Write};

use anstream::AutoStream;
use clap::ValueEnum;
use serde::Serialize;

use crate::rim::exit::Failure;
use crate::rim::transport::output::OutputError;

/// For whom a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Lines for people
    Text,
    /// A JSON object a line, for programs
    Json,
}

/// Standard output. Colours reach a terminal only, and not under `NO_COLOR`. A reader
/// that has seen enough may go; the work goes on, for the exit code.
pub(crate) struct Report {
    out: BufWriter<AutoStream<std::io::Stdout>>,
    gone: bool,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            out: BufWriter::new(anstream::stdout()),
            gone: false,
        }
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_unread(&self) -> bool {
        self.gone
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        let written = writeln!(self.out, "{text}");
        self.told(written)
    }

    /// Writes an object as a line.
    pub(crate) fn json(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(object)
            .unwrap_or_else(|_| unreachable!("texts and numbers are always JSON"));
        self.line(&text)
    }

    /// Writes out what waits.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let flushed = self.out.flush();
        self.told(flushed)
    }

    fn told(&mut self, result: std::io::Result<()>) -> Result<(), Failure> {
        match result {
            Err(_) if self.gone => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(())
            }
            Err(error) => Err(OutputError::unwritable("standard output", &error).into()),
            Ok(()) => Ok(()),
        }
    }
}
