//! `blackbar run`: a program whose output is redacted on its way to ours.
//!
//! The program ([`child`]) writes into pipes, or on a terminal of its own ([`terminal`]).
//! Each of its streams is a session on a thread of its own ([`stream`]), maybe with a queue
//! ([`queue`]) before the output ([`output`]). The caller's thread waits for signals ([`signals`]), for
//! the program's end and for the streams' ends:
//!
//! 1. Signals are passed on, each once. None of them ends us: the program decides.
//! 2. When the program has ended, the streams are read to their ends. A process that it
//!    leaves behind with its output open is not waited for, but what is in the pipe is read.
//! 3. An output that takes no more bytes is waited for; not longer than [`STALLED`] where a
//!    signal has asked for the end, or the output must not hold anybody up.
//!
//! Where we fail, the stream's pipe is closed: the program notices, and nothing passes
//! that was not redacted.

mod child;
mod output;
mod queue;
mod signals;
mod stream;
mod terminal;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use blackbar::Redactor;
use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::{SIGCHLD, SIGTSTP, SIGWINCH};

use crate::rim::message::{reason, report};
use crate::rim::run::child::{Child, Outputs, spawn};
use crate::rim::run::output::{Output, Target, Turns};
use crate::rim::run::queue::{Queue, stderr_has_room};
use crate::rim::run::signals::{Arrived, listen};
use crate::rim::run::stream::{Ended, Stream};
use crate::rim::run::terminal::{Console, Pty};
use crate::rim::stats::Totals;
use crate::rim::transport::descriptor::Descriptor;
use crate::rim::transport::input::file_id;
use crate::rim::transport::patient::Patient;
use crate::rim::transport::pipes;
use crate::rim::transport::sink::Sink;

/// The exit code where we could not do our part.
pub(crate) const FAILED: u8 = 125;

/// How long an output that takes nothing is waited for at the end, at most.
const STALLED: Duration = Duration::from_secs(5);

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

/// What the supervising thread waits for.
enum Event {
    Signal(Arrived),
    /// A stream is at its end; none where it panicked.
    Ended(Option<Ended>),
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

    /// Everything is set up before the program starts, so that it loses no byte.
    fn start(&self, events: &Sender<Event>) -> io::Result<Result<Supervisor, child::SpawnError>> {
        let (ended, alive) = io::pipe()?;
        let ended = OwnedFd::from(ended);
        let pty = if self.pty { Some(Pty::open()?) } else { None };
        let outputs = [Descriptor::Own(1).file()?, Descriptor::Own(2).file()?];
        let turns: Option<Arc<Turns>> = are_same(&outputs)?.then(Arc::default);
        let (child, sources) = match spawn(&self.words, pty) {
            Ok(started) => started,
            Err(error) => return Ok(Err(error)),
        };
        let [stdout, stderr] = outputs;
        let mut console = None;
        let plan = match sources {
            Outputs::Pipes([out, err]) => vec![
                ("standard output", out, stdout),
                ("standard error", err, stderr),
            ],
            Outputs::Terminal(master) => {
                let source = master.try_clone()?;
                console = Some(Console::attach(master)?);
                vec![("standard output", source, stdout)]
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
        Ok(Ok(Supervisor {
            child,
            console,
            alive: Some(alive),
            streams,
            patient: self.when_blocked == WhenBlocked::Block,
            signalled: false,
            totals: Totals::default(),
            code: None,
            failed: false,
        }))
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

    /// A panic drops the stream, and with it the pipe that the program writes to.
    fn begin(&self, stream: Stream, events: Sender<Event>) -> io::Result<()> {
        let redactor = Arc::clone(&self.redactor);
        thread::Builder::new()
            .name(stream.name.to_owned())
            .spawn(move || {
                let ended = catch_unwind(AssertUnwindSafe(|| stream.run(&redactor)));
                let _ = events.send(Event::Ended(ended.ok()));
            })?;
        Ok(())
    }
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

/// What is left to do once the program runs.
struct Supervisor {
    child: Child,
    console: Option<Console>,
    /// Closed when the program has ended.
    alive: Option<io::PipeWriter>,
    /// Streams that are not at their end.
    streams: usize,
    /// Outputs that take nothing are waited for, unless a signal asked for an end.
    patient: bool,
    signalled: bool,
    totals: Totals,
    code: Option<u8>,
    failed: bool,
}

impl Supervisor {
    fn supervise(mut self, inbox: &Receiver<Event>) -> Outcome {
        self.totals.inputs = self.streams as u64;
        let mut until = None;
        while self.code.is_none() || self.streams > 0 {
            if self.code.is_some() && (self.signalled || !self.patient) && until.is_none() {
                until = Some(Instant::now() + STALLED);
            }
            match next(inbox, until) {
                Some(Event::Signal(arrived)) if self.ends_the_wait(arrived) => {
                    return self.stalled();
                }
                Some(Event::Signal(arrived)) => self.pass_on(arrived),
                Some(Event::Ended(ended)) => self.note(ended),
                None => return self.stalled(),
            }
        }
        self.outcome()
    }

    /// Whether a signal means us: the program has ended, and this is not the signal that
    /// ended it, of which we hear maybe later than of the end.
    fn ends_the_wait(&self, arrived: Arrived) -> bool {
        self.code.is_some() && self.signalled && arrived.asks_to_end()
    }

    fn pass_on(&mut self, arrived: Arrived) {
        self.signalled |= arrived.asks_to_end();
        match (arrived.signal, &self.console) {
            (SIGCHLD, _) => self.look_for_the_end(),
            // Its own terminal tells the program.
            (SIGWINCH, Some(console)) => console.resize(),
            (SIGTSTP, _) => self.stop(arrived),
            _ => {
                // A terminal of its own has its own keys; ours did not reach it.
                if !arrived.by_terminal || self.console.is_some() {
                    self.child.signal(arrived.signal);
                }
            }
        }
    }

    /// We stop as the program does, so that a shell sees the job stopped.
    fn stop(&self, arrived: Arrived) {
        if !arrived.by_terminal {
            self.child.signal(SIGTSTP);
        }
        let stop = || {
            let _ = kill_process(getpid(), Signal::STOP);
        };
        match &self.console {
            Some(console) => console.aside(stop),
            None => stop(),
        }
    }

    fn look_for_the_end(&mut self) {
        if let Some(code) = self.child.reap() {
            self.code = Some(code);
            self.alive = None;
        }
    }

    fn note(&mut self, ended: Option<Ended>) {
        self.streams -= 1;
        match ended {
            Some(Ended { tally, failed }) => {
                self.totals.tally.add(&tally);
                self.failed |= failed;
            }
            None => self.failed = true,
        }
    }

    /// The program has ended and its last words find no reader.
    fn stalled(self) -> Outcome {
        if stderr_has_room() {
            report(&"the output takes no more bytes, and what was waiting is lost");
        }
        self.outcome()
    }

    fn outcome(self) -> Outcome {
        let code = match self.code {
            // A program that failed as well says more.
            None | Some(0) if self.failed => FAILED,
            Some(code) => code,
            None => FAILED,
        };
        Outcome {
            code,
            totals: self.totals,
        }
    }
}

/// The next event; none when the time is over.
fn next(inbox: &Receiver<Event>, until: Option<Instant>) -> Option<Event> {
    let Some(until) = until else {
        return inbox.recv().ok();
    };
    match inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(event) => Some(event),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}
