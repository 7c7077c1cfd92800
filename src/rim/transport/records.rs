//! An input record by record, for commands that look at it and write none of it.

use std::io::Read;

use blackbar::{Framing, Limits};
use serde::Serialize;

use crate::rim::transport::format::Format;
use crate::rim::transport::input::{Input, InputError, Reading};

/// So many bytes are read at a time, and the first ones tell the format.
const STEP: usize = 64 * 1024;

/// An input that is cut into records. Holds one record and what was read behind it.
pub(crate) struct Records {
    input: Input,
    reader: Box<dyn Read + Send>,
    framing: Framing,
    limits: Limits,
    /// What was read and is in no record yet, from `from` on.
    held: Vec<u8>,
    from: usize,
    ended: bool,
    /// The offset in the input of `held[from]`, and the number of its line.
    offset: u64,
    line: u64,
}

/// A record of an input.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// With its terminator.
    pub(crate) bytes: &'a [u8],
    /// So many of them are content.
    pub(crate) content: usize,
    /// Where in the input it begins.
    pub(crate) offset: u64,
    /// The number of its first line, from 1.
    pub(crate) line: u64,
}

/// Where in an input something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) line: u64,
    /// In bytes, from 1.
    pub(crate) column: u64,
    /// In bytes, from 0.
    pub(crate) offset: u64,
}

impl Record<'_> {
    /// The place of the byte at `at`.
    pub(crate) fn place(&self, at: usize) -> Place {
        let head = &self.bytes[..at];
        let start = memchr::memrchr(b'\n', head).map_or(0, |newline| newline + 1);
        Place {
            line: self.line + memchr::memchr_iter(b'\n', head).count() as u64,
            column: (at - start + 1) as u64,
            offset: self.offset + at as u64,
        }
    }
}

impl Records {
    /// Opens an input. `format` says how it is cut.
    pub(crate) fn open(
        input: &Input,
        reading: Reading,
        format: Format,
        limits: Limits,
    ) -> Result<Self, InputError> {
        let opened = input.open()?;
        let lines_only = opened.live || !input.is_named_json();
        let mut records = Self {
            input: input.clone(),
            reader: input.reader(opened, reading)?,
            framing: format.first_guess(),
            limits,
            held: Vec::new(),
            from: 0,
            ended: false,
            offset: 0,
            line: 1,
        };
        if format == Format::Auto && !lines_only {
            while !records.ended && records.held.len() < STEP {
                records.read()?;
            }
            records.framing = format.framing(&records.held, lines_only);
        }
        Ok(records)
    }

    /// How it is cut.
    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// The offset and the line of what the last record left.
    pub(crate) fn position(&self) -> (u64, u64) {
        (self.offset, self.line)
    }

    /// The next record; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, InputError> {
        self.held.drain(..self.from);
        self.from = 0;
        let length = self.complete()?;
        if length == 0 {
            return Ok(None);
        }
        self.from = length;
        let bytes = &self.held[..length];
        let record = Record {
            bytes,
            content: content_length(bytes),
            offset: self.offset,
            line: self.line,
        };
        self.offset += length as u64;
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        Ok(Some(record))
    }

    /// Reads until a record is whole. Returns its length.
    fn complete(&mut self) -> Result<usize, InputError> {
        let most = match self.framing {
            Framing::Lines => self.limits.max_record,
            Framing::Document => self.limits.max_document,
        };
        let mut searched = 0;
        loop {
            let newline = match self.framing {
                Framing::Lines => memchr::memchr(b'\n', &self.held[searched..]),
                Framing::Document => None,
            };
            let length = newline.map_or(self.held.len(), |at| searched + at + 1);
            // The terminator does not count.
            if length > most.saturating_add(2) {
                return Err(self.too_long(most));
            }
            if newline.is_some() || self.ended {
                return Ok(length);
            }
            searched = self.held.len();
            self.read()?;
        }
    }

    fn read(&mut self) -> Result<(), InputError> {
        let before = self.held.len();
        self.held.resize(before + STEP, 0);
        let read = self.reader.read(&mut self.held[before..]);
        self.held.truncate(before + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(self.input.unreadable(&error)),
        }
        Ok(())
    }

    fn too_long(&self, most: usize) -> InputError {
        let reason = match self.framing {
            Framing::Lines => format!(
                "line {} is longer than {most} bytes; raise --max-record",
                self.line
            ),
            Framing::Document => {
                format!("the document is longer than {most} bytes; raise --max-document")
            }
        };
        InputError::Unreadable {
            input: self.input.clone(),
            reason,
        }
    }
}

/// How many bytes of a record are its content: those that the engine looks at.
fn content_length(bytes: &[u8]) -> usize {
    match bytes {
        [content @ .., b'\r', b'\n'] | [content @ .., b'\n'] => content.len(),
        _ => bytes.len(),
    }
}
