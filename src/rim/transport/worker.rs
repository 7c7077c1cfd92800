//! The thread that moves the bytes of the inputs: read, redact, write.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use blackbar::{Framing, Redactor};

use crate::rim::message::report;
use crate::rim::transport::ahead::ReadAhead;
use crate::rim::transport::filter::{Shared, Work};
use crate::rim::transport::flow::Flow;
use crate::rim::transport::input::{Input, InputError, Opened, Reading};
use crate::rim::transport::jobs::Jobs;
use crate::rim::transport::output::OutputError;
use crate::rim::transport::patient::is_silent;
use crate::rim::transport::pipes;
use crate::rim::transport::progress::{Place, Progress};

/// Bytes read at once: what stays in a processor's own cache while it is scanned. Larger
/// reads of files were not faster.
const CHUNK: usize = 256 * 1024;

/// The same for pipes: all that one holds. The processes around it are woken less often,
/// which was a tenth faster.
const PIPE_CHUNK: usize = pipes::ROOM;

/// The same for what is read ahead: fewer, and so larger, chunks are handed over.
const AHEAD_CHUNK: usize = 512 * 1024;

/// Regular files from this length on are read ahead of the scan, where there is a second
/// processor. Of 32 MiB, that costs some 2 ms more of the processors, and the filter takes
/// an eighth less time with the profile article, 1 to 3 of 100 with standard. Pipes are not:
/// with processes on either side that use the other processors, it was not faster (`cat |
/// blackbar | cat`, two processors), and each line would pass from thread to thread.
const AHEAD_FROM: u64 = 1 << 20;

/// The thread that moves the bytes.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) redactor: Arc<Redactor>,
    pub(super) reading: Reading,
    pub(super) jobs: Jobs,
    pub(super) inputs: Vec<Input>,
    pub(super) progress: Option<Progress>,
    /// Whether unfinished lines leave as far as they can when a pipe is silent.
    pub(super) eager: bool,
    /// Whether there is a second processor for it.
    pub(super) reads_ahead: bool,
}

/// Why an input was left.
enum Leave {
    Input(InputError),
    Output(OutputError),
    Stopped,
}

impl From<InputError> for Leave {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<OutputError> for Leave {
    fn from(error: OutputError) -> Self {
        Self::Output(error)
    }
}

impl Worker {
    /// Every input in turn. One that cannot be read does not keep the others back.
    pub(super) fn work(&self) -> Result<Work, OutputError> {
        let mut chunk = vec![0; PIPE_CHUNK.max(CHUNK)];
        for input in &self.inputs {
            if self.shared.signalled.load(Ordering::SeqCst) {
                return Ok(Work::Stopped);
            }
            match self.one(input, &mut chunk) {
                Ok(()) => {}
                Err(Leave::Stopped) => return Ok(Work::Stopped),
                Err(Leave::Output(error)) => return Err(error),
                Err(Leave::Input(error)) => {
                    Progress::aside(self.progress.as_ref(), || report(&error));
                    self.shared.lock().count_failure();
                }
            }
        }
        Ok(Work::Complete)
    }

    fn one(&self, input: &Input, chunk: &mut [u8]) -> Result<(), Leave> {
        self.shared.live.store(false, Ordering::SeqCst);
        let opened = input.open()?;
        let Opened { live, stored, .. } = opened;
        self.shared.live.store(live, Ordering::SeqCst);
        let mut course = Course::of(self.progress.as_ref(), &opened);
        // Without another descriptor there is no haste.
        let watched = opened.file.try_clone();
        let watched = watched.ok().filter(|_| self.eager && stored.is_none());
        let mut reader = input.reader(opened, self.reading)?;
        self.begin(live || !input.is_named_json())?;
        let chunk = &mut chunk[..if live { PIPE_CHUNK } else { CHUNK }];
        let read = if self.jobs.are_several() && stored.is_some() {
            self.in_segments(&mut *reader, chunk, &mut course)?
        } else if stored.is_some_and(|length| length >= AHEAD_FROM) && self.reads_ahead {
            self.read_ahead(reader, chunk, &mut course)?
        } else {
            self.in_chunks(&mut *reader, chunk, watched.as_ref(), &mut course)?
        };
        match read {
            Ok(()) => Ok(self.open_flow()?.end()?),
            Err(error) => {
                let error = input.unreadable(&error);
                let masked = self.open_flow()?.end_forced()?;
                if masked > 0 {
                    report(&format_args!(
                        "{input}: undecided bytes that were masked where it broke off: {masked}"
                    ));
                }
                Err(error.into())
            }
        }
    }

    /// To the end of the reader, or to where it fails. `watched`: is silent when it is.
    fn in_chunks(
        &self,
        reader: &mut dyn Read,
        chunk: &mut [u8],
        watched: Option<&File>,
        course: &mut Course<'_>,
    ) -> Result<io::Result<()>, Leave> {
        loop {
            match reader.read(chunk) {
                Ok(0) => return Ok(Ok(())),
                Ok(length) => {
                    self.pass(|flow| flow.write(&chunk[..length]))?;
                    if watched.is_some_and(is_silent) {
                        self.pass(Flow::flush)?;
                    }
                    course.advance();
                }
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    /// The same while a thread of its own reads, and unpacks, what comes next.
    fn read_ahead(
        &self,
        reader: Box<dyn Read + Send>,
        chunk: &mut [u8],
        course: &mut Course<'_>,
    ) -> Result<io::Result<()>, Leave> {
        let ahead = match ReadAhead::start(reader, AHEAD_CHUNK) {
            Ok(ahead) => ahead,
            Err(mut reader) => return self.in_chunks(&mut *reader, chunk, None, course),
        };
        loop {
            match ahead.next() {
                Ok(chunk) if chunk.bytes().is_empty() => return Ok(Ok(())),
                Ok(chunk) => {
                    self.pass(|flow| flow.write(chunk.bytes()))?;
                    course.advance();
                    ahead.give_back(chunk);
                }
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    /// The same on several threads, where the input is one of lines.
    fn in_segments(
        &self,
        reader: &mut dyn Read,
        chunk: &mut [u8],
        course: &mut Course<'_>,
    ) -> Result<io::Result<()>, Leave> {
        let length = match reader.read(chunk) {
            Ok(length @ 1..) => length,
            other => return Ok(other.map(|_| ())),
        };
        let head = &chunk[..length];
        if self.open_flow()?.frame(head) == Framing::Document {
            self.pass(|flow| flow.write(head))?;
            return self.in_chunks(reader, chunk, None, course);
        }
        self.jobs.run(&self.redactor, head, reader, |segment| {
            self.pass(|flow| flow.join(segment))?;
            course.advance();
            Ok(())
        })
    }

    fn begin(&self, lines_only: bool) -> Result<(), Leave> {
        let mut flow = self.shared.lock();
        if self.shared.stopped.load(Ordering::SeqCst) {
            return Err(Leave::Stopped);
        }
        Ok(flow.begin(lines_only)?)
    }

    /// One chunk or segment in, and out what it makes certain.
    fn pass(&self, take: impl FnOnce(&mut Flow) -> Result<(), OutputError>) -> Result<(), Leave> {
        let mut flow = self.open_flow()?;
        take(&mut flow)?;
        if self.shared.stopped.load(Ordering::SeqCst) {
            flow.end_forced()?;
            return Err(Leave::Stopped);
        }
        Ok(())
    }

    /// The flow, unless it was ended by force while we were reading.
    fn open_flow(&self) -> Result<MutexGuard<'_, Flow>, Leave> {
        let flow = self.shared.lock();
        if flow.is_open() {
            Ok(flow)
        } else {
            Err(Leave::Stopped)
        }
    }
}

/// How far an input has been read, for those who want to see it.
struct Course<'a>(Option<(&'a Progress, Place)>);

impl<'a> Course<'a> {
    fn of(progress: Option<&'a Progress>, opened: &Opened) -> Self {
        Self(progress.and_then(|progress| Some((progress, progress.begin(&opened.file)?))))
    }

    fn advance(&mut self) {
        if let Some((progress, place)) = &mut self.0 {
            progress.advance(place);
        }
    }
}
