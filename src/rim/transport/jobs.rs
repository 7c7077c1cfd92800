//! One input on several threads (`--jobs`): segments of it are scanned ahead of their
//! turn, each by a session of its own, and join the stream in order.
//!
//! A segment is scanned as though the stream began with it. Mostly that is so: segments
//! are cut behind newlines, and most lines leave nothing to the next. Where the stream is
//! not fresh when a segment's turn comes (an open key block, a value still to come, a line
//! longer than a segment), what was made ahead is dropped and the stream's own session
//! takes the segment in. So the output and the counts are the same as with one job.

use std::io::{self, Read};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use blackbar::{Framing, Piece, Redactor, Session};

/// How much is scanned at a time. Smaller ones cost a new session more often, and larger
/// ones were not faster.
const SEGMENT: usize = 1 << 20;

/// Segments of each thread that are on their way, so that none waits for the others' turn.
const AHEAD: usize = 2;

/// How many threads scan, and how much at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jobs {
    threads: usize,
    segment: usize,
}

/// Some complete lines of an input, if they are not longer than a segment, and what a
/// session over them alone made of them.
#[derive(Default)]
pub(crate) struct Segment {
    buffer: Vec<u8>,
    length: usize,
    /// None where nothing was made ahead.
    session: Option<Session>,
    pieces: Vec<Piece>,
}

impl Jobs {
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            threads,
            segment: SEGMENT,
        }
    }

    /// Whether there is more than one thread to scan.
    pub(crate) fn are_several(self) -> bool {
        self.threads > 1
    }

    /// Cuts an input of lines and hands each segment to `take` when its turn comes.
    /// `head` is what was read of it already. At most [`AHEAD`] segments a thread are in
    /// memory, and one that is being filled.
    ///
    /// # Errors
    ///
    /// What `take` fails with, at once; inside, what the reader fails with, after all that
    /// it gave before was taken.
    pub(crate) fn run<E>(
        self,
        redactor: &Arc<Redactor>,
        head: &[u8],
        reader: &mut dyn Read,
        mut take: impl FnMut(&mut Segment) -> Result<(), E>,
    ) -> Result<io::Result<()>, E> {
        let mut cutter = Cutter::new(head, reader, self.segment);
        let mut segment = Segment::default();
        if !cutter.fill(&mut segment) {
            return Ok(cutter.result);
        }
        // What is no longer than a segment is not worth a thread.
        if cutter.ended {
            take(&mut segment)?;
            return Ok(cutter.result);
        }
        thread::scope(|scope| {
            let lanes: Vec<Lane> = (0..self.threads.min(threads_with_room()))
                .map_while(|_| Lane::open(scope, redactor).ok())
                .collect();
            if !lanes.is_empty() {
                return drive(&lanes, segment, cutter, take);
            }
            // No thread was to be had.
            loop {
                take(&mut segment)?;
                if !cutter.fill(&mut segment) {
                    return Ok(cutter.result);
                }
            }
        })
    }
}

/// Address space that a thread may take: an arena of the allocator, its stack, its
/// segments. More was never seen in `/proc/self/maps`.
const ROOM: u64 = 160 << 20;

/// How many threads there is room for under a limit of the address space (`ulimit -v`), of
/// which half is left to the rest of the process.
fn threads_with_room() -> usize {
    #[cfg(unix)]
    if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::As).current {
        return usize::try_from(limit / 2 / ROOM).unwrap_or(usize::MAX);
    }
    usize::MAX
}

/// Lanes get segments in turn, and so their results come in order.
fn drive<E>(
    lanes: &[Lane],
    first: Segment,
    mut cutter: Cutter<'_>,
    mut take: impl FnMut(&mut Segment) -> Result<(), E>,
) -> Result<io::Result<()>, E> {
    let mut next = Some(first);
    let mut spare = Vec::new();
    let (mut begun, mut taken) = (0, 0);
    loop {
        // 1. Every lane has as much before it as it may.
        while begun - taken < AHEAD * lanes.len()
            && let Some(segment) = next.take()
        {
            lanes[begun % lanes.len()].begin(segment);
            begun += 1;
            let mut segment = spare.pop().unwrap_or_default();
            next = cutter.fill(&mut segment).then_some(segment);
        }
        if taken == begun {
            return Ok(cutter.result);
        }
        // 2. The oldest one's turn.
        let mut segment = lanes[taken % lanes.len()].done();
        taken += 1;
        take(&mut segment)?;
        spare.push(segment);
    }
}

impl Segment {
    /// What its pieces are ranges of.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// Takes the segment into the stream of `session`, and appends to `out` what leaves.
    /// Where the stream goes on in another session, returns the one that has ended: its
    /// counts are to be added to those of the new one.
    pub(crate) fn join(&mut self, session: &mut Session, out: &mut Vec<Piece>) -> Option<Session> {
        match self.session.take() {
            Some(ahead) if session.is_fresh() => {
                out.append(&mut self.pieces);
                Some(std::mem::replace(session, ahead))
            }
            _ => {
                session.write(self.bytes(), out);
                None
            }
        }
    }

    /// Scans it as though the stream began here.
    fn scan(&mut self, redactor: &Arc<Redactor>) {
        let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
        self.pieces.clear();
        session.write(&self.buffer[..self.length], &mut self.pieces);
        self.session = Some(session);
    }
}

/// A thread that scans, with its two queues.
struct Lane {
    todo: SyncSender<Segment>,
    done: Receiver<Segment>,
}

impl Lane {
    fn open<'scope>(
        scope: &'scope Scope<'scope, '_>,
        redactor: &Arc<Redactor>,
    ) -> io::Result<Self> {
        let (todo, inbox) = sync_channel::<Segment>(AHEAD);
        let (outbox, done) = sync_channel(AHEAD);
        let redactor = Arc::clone(redactor);
        let work = move || {
            for mut segment in inbox {
                segment.scan(&redactor);
                if outbox.send(segment).is_err() {
                    return;
                }
            }
        };
        let builder = thread::Builder::new().name("scanner".to_owned());
        builder.spawn_scoped(scope, work)?;
        Ok(Self { todo, done })
    }

    fn begin(&self, segment: Segment) {
        if self.todo.send(segment).is_err() {
            panicked();
        }
    }

    fn done(&self) -> Segment {
        self.done.recv().unwrap_or_else(|_| panicked())
    }
}

/// A lane is gone, and its panic has been reported: it is ours too.
fn panicked() -> ! {
    resume_unwind(Box::new(()))
}

/// Cuts an input into segments, behind a newline where there is one.
struct Cutter<'a> {
    reader: &'a mut dyn Read,
    size: usize,
    /// What was read and is in no segment yet: less than a segment, or the head.
    rest: Vec<u8>,
    ended: bool,
    result: io::Result<()>,
}

impl<'a> Cutter<'a> {
    fn new(head: &[u8], reader: &'a mut dyn Read, size: usize) -> Self {
        Self {
            reader,
            size,
            rest: head.to_vec(),
            ended: false,
            result: Ok(()),
        }
    }

    /// Makes `segment` the next one. False at the end.
    fn fill(&mut self, segment: &mut Segment) -> bool {
        let Segment { buffer, length, .. } = segment;
        let size = self.size.max(self.rest.len());
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        *length = self.rest.len();
        buffer[..*length].copy_from_slice(&self.rest);
        self.rest.clear();
        while *length < size && !self.ended {
            match self.reader.read(&mut buffer[*length..size]) {
                Ok(0) => self.ended = true,
                Ok(read) => *length += read,
                Err(error) => {
                    self.ended = true;
                    self.result = Err(error);
                }
            }
        }
        if !self.ended
            && let Some(newline) = memchr::memrchr(b'\n', &buffer[..*length])
        {
            self.rest.extend_from_slice(&buffer[newline + 1..*length]);
            *length = newline + 1;
        }
        *length > 0
    }
}

#[cfg(test)]
mod tests;
