//! From the bytes of a connection to masked records. No I/O.

mod lines;
pub(crate) mod message;
mod octets;
mod trial;

use std::sync::Arc;

use self::lines::Lines;
use self::octets::Octets;
use crate::rim::config::stream::{Stream, StreamFraming};
use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::reason::Reason;
use crate::rim::transport::sniff;

/// In what form records leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As one stream, like the one that came: also parts of long records.
    AsItCame,
    /// Whole records only, without the counts of octets that they came with. See
    /// [`Output::records`].
    Records,
}

/// What may leave.
#[derive(Default)]
pub(crate) struct Output {
    /// The bytes, in order.
    pub(crate) bytes: Vec<u8>,
    /// Where in them records end; told unless they leave as they came.
    pub(crate) ends: Vec<usize>,
    /// Whether a newline at a record's end is not of the record, but ends it.
    pub(crate) are_lines: bool,
}

impl Output {
    /// It has left. Room that only a burst needed is given back.
    pub(crate) fn clear(&mut self) {
        const KEPT: usize = 4096;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.ends.clear();
        self.ends.shrink_to(KEPT / size_of::<usize>());
    }

    /// A record ends here.
    pub(crate) fn end_record(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// The whole records in it, without the newline that ends a line.
    pub(crate) fn records(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let record = &self.bytes[start..end];
            start = end;
            match record.strip_suffix(b"\n") {
                Some(line) if self.are_lines => line.strip_suffix(b"\r").unwrap_or(line),
                _ => record,
            }
        })
    }

    /// Each newline from there on is one.
    fn end_lines(&mut self, from: usize) {
        self.are_lines = true;
        let newlines = memchr::memchr_iter(b'\n', &self.bytes[from..]);
        self.ends.extend(newlines.map(|newline| from + newline + 1));
    }

    /// Cuts lines of more than `most` bytes after the first `sound` ends: each part becomes
    /// a line. Says how many were added. Where a line is cut depends on its bytes alone.
    fn cut(&mut self, sound: usize, most: usize) -> u64 {
        let first = self.ends[..sound].last().copied().unwrap_or(0);
        let ends = self.ends[sound..].iter().map(|end| end - 1);
        let starts = [first]
            .into_iter()
            .chain(self.ends[sound..].iter().copied());
        let mut lines = starts.zip(ends.chain([self.bytes.len()]));
        if lines.all(|(start, end)| end - start <= most) {
            return 0;
        }
        let lines = self.bytes.split_off(first);
        self.ends.truncate(sound);
        let mut added = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let (mut head, mut rest) = (&b""[..], line);
            loop {
                let room = most.saturating_sub(head.len()).max(1);
                if rest.strip_suffix(b"\n").unwrap_or(rest).len() <= room {
                    break;
                }
                let (part, after) = rest.split_at(cut_at(rest, room));
                self.bytes.extend_from_slice(head);
                self.bytes.extend_from_slice(part);
                self.bytes.push(b'\n');
                self.end_record();
                (head, rest) = (CONTINUED, after);
                added += 1;
            }
            self.bytes.extend_from_slice(head);
            self.bytes.extend_from_slice(rest);
            if line.ends_with(b"\n") {
                self.end_record();
            }
        }
        added
    }

    /// Whether there is something behind the last end.
    fn has_open_end(&self) -> bool {
        self.bytes.len() > self.last_end()
    }

    fn last_end(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }
}

/// A part of a line that is not its first one begins so: what somebody writes into a line
/// must not be able to pass for the beginning of another one.
const CONTINUED: &[u8] = b"... ";

/// Where a line is cut, at `most` at the latest: behind a blank, which no mask has, if there
/// is one near; or else not inside of a character of UTF-8, if it is text.
fn cut_at(line: &[u8], most: usize) -> usize {
    const NEAR: usize = 256;
    const CHARACTER: usize = 4;
    let from = most - NEAR.min(most / 4);
    if let Some(blank) = memchr::memrchr(b' ', &line[from..most]) {
        return from + blank + 1;
    }
    let is_inside = |at: &usize| line[*at] & 0b1100_0000 == 0b1000_0000;
    let places = most.saturating_sub(CHARACTER - 1).max(1)..=most;
    places.rev().find(|at| !is_inside(at)).unwrap_or(most)
}

/// Masks one connection.
pub(crate) struct Masker {
    stream: Arc<Stream>,
    counters: Arc<Counters>,
    form: Form,
    state: State,
}

enum State {
    /// The first bytes of a connection, as long as they do not tell what it is. An idle
    /// connection has no session.
    Undecided(Vec<u8>),
    Lines(Box<Lines>),
    Octets(Box<Octets>),
}

impl Masker {
    /// For a connection that begins.
    pub(crate) fn new(stream: &Arc<Stream>, counters: &Arc<Counters>, form: Form) -> Self {
        Self {
            stream: stream.clone(),
            counters: counters.clone(),
            form,
            state: State::Undecided(Vec::new()),
        }
    }

    /// Whether it masks by the rules of this listener, or will with the next record.
    pub(crate) fn is_of(&self, stream: &Arc<Stream>) -> bool {
        Arc::ptr_eq(&self.stream, stream)
    }

    /// The listener has changed: what has begun ends by the rules that it began with. How
    /// records are told apart stays, once it is known.
    pub(crate) fn renew(&mut self, stream: &Arc<Stream>, counters: &Arc<Counters>) {
        if self.is_of(stream) {
            return;
        }
        self.stream = stream.clone();
        self.counters = counters.clone();
        match &mut self.state {
            State::Undecided(_) => {}
            State::Lines(lines) => lines.renew(stream, counters),
            State::Octets(octets) => octets.renew(stream, counters),
        }
    }

    /// Takes in a chunk and appends what may leave.
    ///
    /// # Errors
    ///
    /// The connection cannot go on. What is in `out` may leave.
    pub(crate) fn write(&mut self, chunk: &[u8], out: &mut Output) -> Result<(), Reason> {
        match &mut self.state {
            State::Lines(lines) => {
                lines.write(chunk, out);
                Ok(())
            }
            State::Octets(octets) => octets.write(chunk, out),
            State::Undecided(head) => {
                head.extend_from_slice(chunk);
                let head = std::mem::take(head);
                self.begin(head, false, out)
            }
        }
    }

    /// The client has ended the stream.
    ///
    /// # Errors
    ///
    /// It did so where it must not.
    pub(crate) fn end(&mut self, out: &mut Output) -> Result<(), Reason> {
        self.finish(false, out)
    }

    /// The stream has to end, though its client has not ended it: what is undecided is
    /// masked.
    ///
    /// # Errors
    ///
    /// Of the last record nothing can leave.
    pub(crate) fn end_forced(&mut self, out: &mut Output) -> Result<(), Reason> {
        self.finish(true, out)
    }

    /// How many bytes may be read without touching the record after the unfinished one;
    /// 0 between records.
    pub(crate) fn wanted(&self) -> usize {
        match &self.state {
            State::Undecided(head) => usize::from(!head.is_empty()),
            State::Lines(lines) => lines.wanted(),
            State::Octets(octets) => octets.wanted(),
        }
    }

    /// Nothing has come for a while: gives up memory that is not needed between records.
    pub(crate) fn rest(&mut self) {
        match &mut self.state {
            State::Undecided(_) => {}
            State::Lines(lines) => lines.rest(),
            State::Octets(octets) => octets.rest(),
        }
    }

    fn finish(&mut self, forced: bool, out: &mut Output) -> Result<(), Reason> {
        if let State::Undecided(head) = &mut self.state {
            let head = std::mem::take(head);
            if head.is_empty() {
                return Ok(());
            }
            self.begin(head, true, out)?;
        }
        match &mut self.state {
            State::Lines(lines) => lines.end(forced, out),
            State::Octets(octets) => octets.end()?,
            State::Undecided(_) => {}
        }
        Ok(())
    }

    /// Looks at the first bytes. `ended` says that there will be no more.
    fn begin(&mut self, head: Vec<u8>, ended: bool, out: &mut Output) -> Result<(), Reason> {
        let is_syslog = self.stream.framing == StreamFraming::Syslog;
        if is_syslog && head.first().is_some_and(u8::is_ascii_digit) {
            let octets = Octets::new(&self.stream, &self.counters, self.form);
            self.state = State::Octets(Box::new(octets));
            return self.write(&head, out);
        }
        match sniff::classify(&head) {
            (_, true) if !ended => {
                self.state = State::Undecided(head);
                return Ok(());
            }
            (Some(_), _) => return Err(Reason::Encoded),
            (None, _) => {}
        }
        let lines = Lines::new(&self.stream, &self.counters, self.form);
        self.state = State::Lines(Box::new(lines));
        self.write(&head, out)
    }
}

#[cfg(test)]
mod tests;
