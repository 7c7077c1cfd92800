//! The caller's thread, while the program runs and until its last words are out.

use std::io;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::{SIGCHLD, SIGTSTP, SIGWINCH};

use crate::rim::message::report;
use crate::rim::run::child::Child;
use crate::rim::run::queue::stderr_has_room;
use crate::rim::run::signals::Arrived;
use crate::rim::run::stream::Ended;
use crate::rim::run::terminal::Console;
use crate::rim::run::{FAILED, Outcome};
use crate::rim::stats::Totals;

/// How long an output that takes nothing is waited for at the end, where it is not waited
/// for without a limit.
const STALLED: Duration = Duration::from_secs(5);

/// What the supervising thread waits for.
pub(super) enum Event {
    /// A signal came.
    Signal(Arrived),
    /// A stream is at its end; none where it panicked.
    Ended(Option<Ended>),
}

/// What is left to do once the program runs.
pub(super) struct Supervisor {
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
    /// The program's.
    code: Option<u8>,
    health: Health,
}

/// Whether we did our part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Well,
    /// An output did not take what there was, or there was what cannot be redacted.
    Failed,
    /// A defect of ours cut a stream off.
    Broken,
}

impl Health {
    /// The exit code, by the program's. One that failed says more than that its output did;
    /// it says nothing if we are the reason.
    fn code(self, programs: Option<u8>) -> u8 {
        match (self, programs) {
            (Self::Well, Some(code)) => code,
            (Self::Failed, Some(code)) if code != 0 => code,
            _ => FAILED,
        }
    }
}

impl Supervisor {
    /// `alive` is closed when the program has ended; so many streams will tell their ends.
    /// `patient`: an output that takes nothing is waited for.
    pub(super) fn new(
        child: Child,
        console: Option<Console>,
        alive: io::PipeWriter,
        streams: usize,
        patient: bool,
    ) -> Self {
        Self {
            child,
            console,
            alive: Some(alive),
            streams,
            patient,
            signalled: false,
            totals: Totals::default(),
            code: None,
            health: Health::Well,
        }
    }

    /// Waits for the ends of the program and of its streams.
    pub(super) fn supervise(mut self, inbox: &Receiver<Event>) -> Outcome {
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
            if let Some(console) = &mut self.console {
                console.release();
            }
        }
    }

    fn note(&mut self, ended: Option<Ended>) {
        self.streams -= 1;
        match ended {
            Some(Ended { tally, failed }) => {
                self.totals.tally.add(&tally);
                if failed {
                    self.health = self.health.max(Health::Failed);
                }
            }
            None => self.health = Health::Broken,
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
        Outcome {
            code: self.health.code(self.code),
            totals: self.totals,
        }
    }
}

/// The next event; none when the time is over.
fn next(inbox: &Receiver<Event>, until: Option<Instant>) -> Option<Event> {
    let Some(until) = until else {
        return inbox.recv().ok();
    };
    let left = until.saturating_duration_since(Instant::now());
    inbox.recv_timeout(left).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_failures_have_a_code_of_their_own() {
        assert_eq!(Health::Well.code(Some(7)), 7);
        assert_eq!(Health::Failed.code(Some(7)), 7);
        assert_eq!(Health::Failed.code(Some(0)), FAILED);
        // 128 + SIGPIPE, of which we are the reason.
        assert_eq!(Health::Broken.code(Some(141)), FAILED);
        assert!(Health::Broken > Health::Failed && Health::Failed > Health::Well);
    }
}
