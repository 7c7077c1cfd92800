//! `--when-blocked drop-newest`: an output that never makes the program wait.
//!
//! What is redacted goes into a queue of [`ROOM`] bytes, from which a thread writes. A line
//! that finds no room is dropped whole; one of which a part is in the queue is ended there.
//! How much was dropped is counted, and said on standard error where that takes bytes.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use crate::rim::run::output::Output;
use crate::rim::transport::patient::timespec;
use crate::rim::transport::pipes::ROOM;

/// Drops are announced at most so often.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// The end of a queue at which bytes are put in.
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    room: usize,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// The last byte that was put in ends no line.
    in_line: bool,
    /// The rest of a line is dropped, too.
    dropping: bool,
    dropped: Dropped,
    phase: Phase,
    failed: Option<io::Error>,
}

/// How far a queue's life is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// Nothing more will be put in.
    Closed,
    /// Everything is written, or the output has failed.
    Done,
}

/// What did not pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Dropped {
    /// Lines, also those of which only a part did not.
    lines: u64,
    /// Bytes, after redaction.
    bytes: u64,
}

impl Queue {
    /// A queue before an output.
    ///
    /// # Errors
    ///
    /// Where there is no thread to be had.
    pub(super) fn start(output: Output) -> io::Result<Self> {
        let queue = Self::with_room(ROOM);
        let shared = Arc::clone(&queue.0);
        thread::Builder::new()
            .name("queue".to_owned())
            .spawn(move || shared.empty_into(output))?;
        Ok(queue)
    }

    fn with_room(room: usize) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            room,
        }))
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    ///
    /// What the output failed with.
    pub(super) fn close(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closed;
        }
        self.0.changed.notify_all();
        while state.phase != Phase::Done {
            state = self.0.wait(state);
        }
        match state.failed.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl Write for Queue {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            state.put(part, self.0.room);
        }
        self.0.changed.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl State {
    /// A line, or a part of one.
    fn put(&mut self, part: &[u8], room: usize) {
        let ends = part.ends_with(b"\n");
        // A part that is longer than the whole queue passes where there is nothing else.
        // The rest of a line finds some more room, so that few are torn.
        let room = if self.in_line { room + room / 8 } else { room };
        let fits = self.bytes.is_empty() || self.bytes.len() + part.len() <= room;
        if !self.dropping && fits {
            self.bytes.extend_from_slice(part);
            self.in_line = !ends;
            return;
        }
        self.dropped.lines += u64::from(!self.dropping);
        self.dropped.bytes += part.len() as u64;
        self.dropping = !ends;
        if mem::take(&mut self.in_line) {
            self.bytes.push(b'\n');
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let woken = self.changed.wait(state);
        woken.unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is in the queue until it is closed and empty, or the output fails.
    fn empty_into(&self, mut output: Output) {
        let mut bytes = Vec::new();
        let mut said = Said::default();
        loop {
            bytes.clear();
            let (dropped, last) = self.take(&mut bytes);
            let written = output.write_all(&bytes);
            // Not into a line of the same file.
            if written.is_ok() && (last || bytes.ends_with(b"\n")) {
                said.say(&output, dropped, last);
            }
            if last || written.is_err() {
                let mut state = self.lock();
                state.failed = written.err();
                state.phase = Phase::Done;
                self.changed.notify_all();
                return;
            }
        }
    }

    /// Waits for bytes. Returns what was dropped so far, and whether these are the last.
    fn take(&self, bytes: &mut Vec<u8>) -> (Dropped, bool) {
        let mut state = self.lock();
        while state.bytes.is_empty() && state.phase == Phase::Open {
            state = self.wait(state);
        }
        mem::swap(&mut state.bytes, bytes);
        (state.dropped, state.phase == Phase::Closed)
    }
}

/// What was announced of the drops.
#[derive(Default)]
struct Said {
    dropped: Dropped,
    at: Option<Instant>,
}

impl Said {
    /// Says how much was dropped, if that is news and not too soon after the last time.
    fn say(&mut self, output: &Output, dropped: Dropped, last: bool) {
        let due = last || self.at.is_none_or(|at| at.elapsed() >= SAID_EVERY);
        if dropped != self.dropped && due && stderr_has_room() {
            output.say(&format_args!(
                "{} takes too little; lines dropped so far: {}, bytes: {}",
                output.name, dropped.lines, dropped.bytes
            ));
            self.dropped = dropped;
            self.at = Some(Instant::now());
        }
    }
}

/// Whether a message would not have to wait.
pub(super) fn stderr_has_room() -> bool {
    let now = timespec(Duration::ZERO);
    let stderr = io::stderr();
    poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], Some(&now)).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::transport::patient::Patient;
    use std::fs::File;
    use std::os::fd::OwnedFd;

    fn output(writer: io::PipeWriter) -> Output {
        Output {
            file: Patient(File::from(OwnedFd::from(writer))),
            name: "a pipe",
            turns: None,
        }
    }

    fn queued(queue: &Queue) -> String {
        String::from_utf8_lossy(&queue.0.lock().bytes).into_owned()
    }

    #[test]
    fn what_finds_no_room_is_dropped_line_by_line() {
        let mut queue = Queue::with_room(12);
        queue
            .write_all(b"one\ntwo\nthree and more\n4\n")
            .expect("it takes all");
        assert_eq!(queued(&queue), "one\ntwo\n4\n");
        let dropped = queue.0.lock().dropped;
        assert_eq!((dropped.lines, dropped.bytes), (1, 15));
    }

    #[test]
    fn a_line_that_began_is_ended_where_its_rest_is_dropped() {
        let mut queue = Queue::with_room(12);
        for part in ["one\nand the ", "rest of", " it\n", "2\n"] {
            queue.write_all(part.as_bytes()).expect("it takes all");
        }
        // The newline may go beyond the room; what comes behind finds none.
        assert_eq!(queued(&queue), "one\nand the \n");
        let dropped = queue.0.lock().dropped;
        assert_eq!((dropped.lines, dropped.bytes), (2, 13));
    }

    #[test]
    fn a_line_longer_than_the_room_passes_alone() {
        let mut queue = Queue::with_room(4);
        queue
            .write_all(b"a long line\nnext\n")
            .expect("it takes all");
        assert_eq!(queued(&queue), "a long line\n");
    }

    #[test]
    fn everything_is_written_before_the_end() {
        let (mut reader, writer) = io::pipe().expect("a pipe");
        let mut queue = Queue::start(output(writer)).expect("a thread");
        queue.write_all(b"one\ntwo").expect("it takes all");
        queue.close().expect("nobody failed");
        drop(queue);
        let mut text = String::new();
        io::Read::read_to_string(&mut reader, &mut text).expect("readable");
        assert_eq!(text, "one\ntwo");
    }

    #[test]
    fn the_outputs_failure_is_ours() {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let mut queue = Queue::start(output(writer)).expect("a thread");
        queue.write_all(b"one\n").expect("it takes all");
        let error = queue.close().expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
