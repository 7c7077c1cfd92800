//! One stream of the program's output: read, redacted, written, on a thread of its own.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blackbar::{Framing, Piece, Redactor, Session, Tally};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionread};

use crate::rim::message::{reason, report};
use crate::rim::run::WhenSinkFails;
use crate::rim::run::output::{Target, in_turn};
use crate::rim::transport::patient::{PAUSE, timespec};
use crate::rim::transport::pipes::ROOM;
use crate::rim::transport::sink::Sink;
use crate::rim::transport::sniff::{Magic, classify};

/// When the program has ended and others hold its output open: after so long without a
/// byte, nothing more is waited for.
const QUIET: Duration = Duration::from_millis(500);

/// And after so long in any case.
const LATEST: Duration = Duration::from_secs(5);

/// What a stream needs.
pub(super) struct Stream {
    /// How messages name it and its output.
    pub(super) name: &'static str,
    /// Where the program writes to. When the stream ends this is the last that holds it, so
    /// that the program notices.
    pub(super) source: Arc<File>,
    /// Its other end is closed when the program has ended.
    pub(super) ended: OwnedFd,
    /// The output.
    pub(super) sink: Sink<Target>,
    /// What happens if the output fails.
    pub(super) when_sink_fails: WhenSinkFails,
}

/// How a stream came to its end.
pub(super) struct Ended {
    /// What its session counted.
    pub(super) tally: Tally,
    /// We could not do our part, which has been said.
    pub(super) failed: bool,
}

impl Stream {
    /// Runs to the end of what the program, or a process that it leaves, writes.
    pub(super) fn run(self, redactor: &Arc<Redactor>) -> Ended {
        let session = Session::new(Arc::clone(redactor), Framing::Lines);
        let mut course = Course {
            stream: self,
            session,
            pieces: Vec::new(),
            head: Some(Vec::new()),
            unflushed: false,
            after: None,
            lost: false,
        };
        let result = course.run();
        Ended {
            tally: course.session.tally().clone(),
            failed: matches!(result, Err(Stop::Failed)),
        }
    }
}

/// A stream on its way.
struct Course {
    stream: Stream,
    session: Session,
    pieces: Vec<Piece>,
    /// The first bytes, until it is known that they are text.
    head: Option<Vec<u8>>,
    /// Something of an unfinished line may leave.
    unflushed: bool,
    /// The program has ended.
    after: Option<After>,
    /// The output has failed and what comes is thrown away.
    lost: bool,
}

/// What is still waited for when the program has ended.
struct After {
    /// It had written so many bytes that are still to be read.
    left: u64,
    latest: Instant,
}

/// What happens next on the source.
enum Next {
    Bytes,
    Silence,
    /// Nothing more is waited for.
    Enough,
}

/// Why a stream ends before the program does.
enum Stop {
    /// Nobody reads its output any more.
    Gone,
    /// We could not do our part, and have said so.
    Failed,
}

impl Course {
    fn run(&mut self) -> Result<(), Stop> {
        let mut chunk = vec![0; ROOM];
        loop {
            match self.next() {
                Next::Bytes => match self.read(&mut chunk) {
                    0 => break,
                    length => self.take(&chunk[..length])?,
                },
                Next::Silence => self.flush()?,
                Next::Enough => {
                    report(&format_args!(
                        "a process that the program left holds its {} open; no longer read",
                        self.stream.name
                    ));
                    break;
                }
            }
        }
        self.end()
    }

    /// Waits for bytes, for a silence that is worth it, or for long enough.
    fn next(&mut self) -> Next {
        loop {
            let limit = match self.after {
                _ if self.unflushed => Some(PAUSE),
                Some(_) => Some(QUIET),
                None => None,
            };
            let ready = self.poll(limit);
            if ready.ended && self.after.is_none() {
                self.after = Some(After {
                    left: ioctl_fionread(&self.stream.source).unwrap_or(0),
                    latest: Instant::now() + LATEST,
                });
            }
            if ready.bytes {
                let over = |after: &After| after.left == 0 && Instant::now() > after.latest;
                return match &self.after {
                    Some(after) if over(after) => Next::Enough,
                    _ => Next::Bytes,
                };
            }
            if ready.nothing {
                return if self.unflushed {
                    Next::Silence
                } else {
                    Next::Enough
                };
            }
        }
    }

    fn poll(&self, limit: Option<Duration>) -> Ready {
        let limit = limit.map(timespec);
        let mut watched = [
            PollFd::new(&self.stream.source, PollFlags::IN),
            PollFd::new(&self.stream.ended, PollFlags::IN),
        ];
        // Once it is known that the program has ended, that is no news.
        let count = if self.after.is_some() { 1 } else { 2 };
        match poll(&mut watched[..count], limit.as_ref()) {
            Ok(ready) => Ready {
                bytes: !watched[0].revents().is_empty(),
                ended: !watched[1].revents().is_empty(),
                nothing: ready == 0,
            },
            Err(Errno::INTR) => Ready::default(),
            // What is wrong with it, a read will say.
            Err(_) => Ready {
                bytes: true,
                ..Ready::default()
            },
        }
    }

    /// Reads what is there. An error is an end: a terminal whose other end is closed has one.
    fn read(&mut self, chunk: &mut [u8]) -> usize {
        loop {
            match self.stream.source.read(chunk) {
                Ok(length) => {
                    if let Some(after) = &mut self.after {
                        after.left = after.left.saturating_sub(length as u64);
                    }
                    return length;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.poll(None);
                }
                Err(_) => return 0,
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        let Some(mut head) = self.head.take() else {
            return self.pass(chunk);
        };
        head.extend_from_slice(chunk);
        let (magic, undecided) = classify(&head);
        if undecided {
            self.head = Some(head);
            return Ok(());
        }
        self.begin(magic, &head)
    }

    /// Text passes; in anything else no secret could be seen.
    fn begin(&mut self, magic: Option<Magic>, head: &[u8]) -> Result<(), Stop> {
        if let Some(magic) = magic {
            report(&format_args!(
                "the program's {} begins like {magic}, in which no secret can be seen; \
                 it is not passed on",
                self.stream.name
            ));
            return Err(Stop::Failed);
        }
        self.pass(head)
    }

    fn pass(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        self.session.write(chunk, &mut self.pieces);
        self.unflushed = self.session.held() > 0;
        self.deliver(chunk)
    }

    fn flush(&mut self) -> Result<(), Stop> {
        self.session.flush(&mut self.pieces);
        self.unflushed = false;
        self.deliver(&[])
    }

    fn end(&mut self) -> Result<(), Stop> {
        if let Some(head) = self.head.take() {
            let (magic, _) = classify(&head);
            self.begin(magic, &head)?;
        }
        self.session.end(&mut self.pieces);
        self.deliver(&[])?;
        self.close()
    }

    fn deliver(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        let stream = &mut self.stream;
        let written = if self.lost || self.pieces.is_empty() {
            Ok(())
        } else {
            let (session, pieces) = (&self.session, &self.pieces);
            let last = pieces.last().map(|piece| session.bytes(piece, chunk));
            let open = last.is_some_and(|bytes| !bytes.ends_with(b"\n"));
            let turns = stream.sink.target().turns();
            in_turn(turns.as_deref(), stream.name, || {
                stream.sink.write(session, pieces, chunk).map(|()| open)
            })
        };
        self.pieces.clear();
        written.or_else(|error| self.fail(&error))
    }

    fn close(&mut self) -> Result<(), Stop> {
        let Target::Queued(queue) = self.stream.sink.target() else {
            return Ok(());
        };
        if self.lost {
            return Ok(());
        }
        queue.close().or_else(|error| self.fail(&error))
    }

    /// The output takes nothing any more. That its reader has gone is no failure of ours.
    fn fail(&mut self, error: &io::Error) -> Result<(), Stop> {
        let name = self.stream.name;
        let gone = error.kind() == ErrorKind::BrokenPipe;
        match self.stream.when_sink_fails {
            WhenSinkFails::Drain => {
                let why = reason(error);
                report(&format_args!(
                    "cannot write to {name}: {why}; what the program writes there is thrown away"
                ));
                self.lost = true;
                Ok(())
            }
            WhenSinkFails::Exit if gone => Err(Stop::Gone),
            WhenSinkFails::Exit => {
                report(&format_args!("cannot write to {name}: {}", reason(error)));
                Err(Stop::Failed)
            }
        }
    }
}

/// What can be done.
#[derive(Default)]
struct Ready {
    bytes: bool,
    /// The program has ended.
    ended: bool,
    /// The time is over.
    nothing: bool,
}
