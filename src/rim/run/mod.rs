//! `blackbar run`: a program whose output is redacted on its way to ours.
//!
//! The program ([`child`], [`named`], [`script`]) writes into pipes, or on a terminal of its own ([`terminal`]).
//! Each of its streams is a session on a thread of its own ([`stream`]), maybe with a queue
//! ([`queue`]) before the output ([`output`]). The caller's thread waits for signals ([`signals`]), for
//! the program's end and for the streams' ends:
//!
//! 1. Signals are passed on, each once. None of them ends us: the program decides.
//! 2. When the program has ended, the streams are read to their ends. A process that it
//!    leaves behind with its output open is not waited for, but what is in the pipe is read.
//! 3. An output that takes no more bytes is waited for; not for long where a signal has
//!    asked for the end, or the output must not hold anybody up ([`supervisor`]).
//!
//! Where we fail, the stream's pipe is closed: the program notices, and nothing passes
//! that was not redacted.

mod child;
mod named;
mod output;
mod queue;
mod script;
mod signals;
mod stream;
mod supervisor;
mod terminal;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use blackbar::Redactor;

use crate::rim::message::{reason, report};
use crate::rim::run::child::{Outputs, SpawnError, spawn};
use crate::rim::run::output::{Output, Target, Turns};
use crate::rim::run::queue::Queue;
use crate::rim::run::signals::listen;
use crate::rim::run::stream::{Ended, Stream};
use crate::rim::run::supervisor::{Event, Supervisor};
use crate::rim::run::terminal::{Console, Pty};
use crate::rim::stats::Totals;
use crate::rim::transport::descriptor::Descriptor;
use crate::rim::transport::input::file_id;
use crate::rim::transport::patient::Patient;
use crate::rim::transport::pipes;
use crate::rim::transport::sink::Sink;

/// The exit code where we could not do our part.
pub(crate) const FAILED: u8 = 125;

/// What an output does that takes no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WhenBlocked {
    /// Makes the program wait, as it would without blackbar
    Block,
    /// Loses new lines, which are counted and announced
    DropNewest,
}

/// What happens where an output has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WhenSinkFails {
    /// The program's pipe is closed, as if it had written to the output itself
    Exit,
    /// The program goes on, and what it writes is thrown away
    Drain,
}

/// What is to be run, and how.
pub(crate) struct Run {
    /// The rules.
    pub(crate) redactor: Arc<Redactor>,
    /// The program and its arguments.
    pub(crate) words: Vec<OsString>,
    /// Whether it gets a terminal.
    pub(crate) pty: bool,
    /// What a stalled output does.
    pub(crate) when_blocked: WhenBlocked,
    /// What a failed output does.
    pub(crate) when_sink_fails: WhenSinkFails,
}

/// How it ended.
pub(crate) struct Outcome {
    /// Our exit code: the program's, or what stands for it.
    pub(crate) code: u8,
    /// What the streams counted that came to their ends.
    pub(crate) totals: Totals,
}

/// Becomes the program, as its process does where our environment names us ([`named`]).
/// Returns our exit code if it cannot.
pub(crate) fn become_program(words: &[OsString]) -> u8 {
    let (program, arguments) = words.split_first().expect("the command line asks for one");
    let error = named::become_program(program, arguments);
    report(&error);
    error.code()
}

impl Run {
    /// Runs the program to its end.
    pub(crate) fn run(self) -> Outcome {
        let (sender, inbox) = channel();
        let events = sender.clone();
        let listening = listen(move |arrived| {
            let _ = events.send(Event::Signal(arrived));
        });
        match listening.and_then(|()| self.start(&sender)) {
            Ok(Ok(supervisor)) => supervisor.supervise(&inbox),
            Ok(Err(error)) => {
                report(&error);
                Outcome::without_program(error.code())
            }
            Err(error) => {
                report(&format_args!("cannot start: {}", reason(&error)));
                Outcome::without_program(FAILED)
            }
        }
    }

    /// Where a thread is not to be had for a stream, its pipe is closed, and the program notices.
    fn start(&self, events: &Sender<Event>) -> io::Result<Result<Supervisor, SpawnError>> {
        let (ended, alive) = io::pipe()?;
        let ended = OwnedFd::from(ended);
        let pty = if self.pty { Some(Pty::open()?) } else { None };
        let outputs = [Descriptor::Own(1).file()?, Descriptor::Own(2).file()?];
        let turns: Option<Arc<Turns>> = are_same(&outputs)?.then(Arc::default);
        let (child, sources) = match spawn(&self.words, pty.as_ref()) {
            Ok(started) => started,
            Err(error) => return Ok(Err(error)),
        };
        let [stdout, stderr] = outputs;
        let mut console = None;
        let plan = match sources {
            Outputs::Pipes([out, err]) => vec![
                ("standard output", Arc::new(out), stdout),
                ("standard error", Arc::new(err), stderr),
            ],
            Outputs::Terminal(master) => {
                let master = Arc::new(master);
                let attach = |pty: Pty| Console::attach(&master, pty.slave);
                console = pty.map(attach).transpose()?;
                vec![("standard output", master, stdout)]
            }
        };
        let streams = plan.len();
        for (name, source, output) in plan {
            let stream = Stream {
                name,
                source,
                ended: ended.try_clone()?,
                sink: Sink::new(self.target(output, name, turns.clone())?),
                when_sink_fails: self.when_sink_fails,
            };
            self.begin(stream, events.clone())?;
        }
        let patient = self.when_blocked == WhenBlocked::Block;
        Ok(Ok(Supervisor::new(child, console, alive, streams, patient)))
    }

    fn target(
        &self,
        file: File,
        name: &'static str,
        turns: Option<Arc<Turns>>,
    ) -> io::Result<Target> {
        pipes::enlarge(&file);
        let output = Output {
            name,
            file: Patient(file),
            turns,
        };
        Ok(match self.when_blocked {
            WhenBlocked::Block => Target::Direct(output),
            WhenBlocked::DropNewest => Target::Queued(Queue::start(output)?),
        })
    }

    fn begin(&self, stream: Stream, events: Sender<Event>) -> io::Result<()> {
        let redactor = Arc::clone(&self.redactor);
        thread::Builder::new()
            .name(stream.name.to_owned())
            .spawn(move || {
                let _ = events.send(to_the_end(move || stream.run(&redactor)));
            })?;
        Ok(())
    }
}

/// A panic drops the stream, and with it the pipe that the program writes to.
fn to_the_end(stream: impl FnOnce() -> Ended) -> Event {
    Event::Ended(catch_unwind(AssertUnwindSafe(stream)).ok())
}

impl Outcome {
    fn without_program(code: u8) -> Self {
        Self {
            code,
            totals: Totals::default(),
        }
    }
}

/// Whether both outputs are one file, in which lines could get into each other.
fn are_same(outputs: &[File; 2]) -> io::Result<bool> {
    let [stdout, stderr] = outputs;
    Ok(file_id(&stdout.metadata()?) == file_id(&stderr.metadata()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Write};

    /// G8: nothing passes that was not redacted, and the program notices.
    #[test]
    fn a_panic_closes_the_programs_pipe() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let event = to_the_end(move || {
            let _reader = &reader;
            panic!("for the test")
        });
        assert!(matches!(event, Event::Ended(None)));
        let error = writer.write_all(b"secret").expect_err("nobody reads");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}
