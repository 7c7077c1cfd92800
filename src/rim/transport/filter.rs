//! The plain filter: inputs one after the other into one output, beside the signals.
//!
//! A [`Worker`] reads, redacts and writes. The caller's thread waits for it and for
//! signals:
//!
//! 1. The first signal lets a pipe or socket be drained for [`GRACE`], since its writer
//!    probably got the signal too and has last words. Other inputs get no grace.
//! 2. Then whoever gets the lock on the [`Flow`] ends it by force: the worker after its
//!    chunk, or a thread of its own while the worker waits for input.
//! 3. Where the lock is not to be had, the output is stalled: after [`STALL`] we go.
//! 4. A second signal ends everything at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use blackbar::Redactor;

use crate::rim::message::report;
use crate::rim::stats::Totals;
use crate::rim::transport::flow::Flow;
use crate::rim::transport::format::Format;
use crate::rim::transport::input::{Input, Reading};
use crate::rim::transport::jobs::Jobs;
use crate::rim::transport::output::{Output, OutputError, Pending};
use crate::rim::transport::progress::Progress;
use crate::rim::transport::signals;
use crate::rim::transport::worker::Worker;

/// How long a pipe is drained after the first signal.
const GRACE: Duration = Duration::from_secs(2);

/// How long a forced end may wait for an output that takes no bytes.
const STALL: Duration = Duration::from_millis(500);

/// What is to be filtered, and how.
pub(crate) struct Filter {
    /// The rules.
    pub(crate) redactor: Arc<Redactor>,
    /// How inputs are cut into records.
    pub(crate) format: Format,
    /// How inputs are unpacked.
    pub(crate) reading: Reading,
    /// How many threads scan a stored input.
    pub(crate) jobs: Jobs,
    /// Whether unfinished lines leave as far as they can when a pipe is silent.
    pub(crate) eager: bool,
    /// In order; each is a session of its own.
    pub(crate) inputs: Vec<Input>,
    /// Tells a person how far it is.
    pub(crate) progress: Option<Progress>,
}

/// How the filter came to its end.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Every input was read to its end or failed.
    Complete,
    /// The output failed.
    Output(OutputError),
    /// A signal ended it before the inputs' end; what was undecided is masked.
    Interrupted { signal: i32 },
    /// As before, but the output took nothing any more.
    Stalled { signal: i32 },
    /// A second signal.
    Killed { signal: i32 },
    /// A defect; its message is out.
    Panicked,
}

impl Filter {
    /// Runs to the end. The totals are missing where a stalled output holds them.
    ///
    /// # Errors
    ///
    /// Where a thread cannot be set up.
    pub(crate) fn run(
        self,
        output: Output,
        events: &Events,
    ) -> std::io::Result<(Ending, Option<Totals>)> {
        let Output {
            sink,
            pending,
            name,
        } = output;
        let flow = Flow::new(Arc::clone(&self.redactor), self.format, sink, name.clone());
        let shared = Arc::new(Shared {
            flow: Mutex::new(flow),
            live: AtomicBool::new(false),
            signalled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        let worker = Worker {
            shared: Arc::clone(&shared),
            redactor: self.redactor,
            reading: self.reading,
            jobs: self.jobs,
            eager: self.eager,
            inputs: self.inputs,
            progress: self.progress.clone(),
            reads_ahead: thread::available_parallelism().is_ok_and(|count| count.get() > 1),
        };
        let Events { sender, inbox, .. } = events;
        spawn("filter", sender.clone(), move || worker.work())?;
        let ending = shared.supervise(sender, inbox);
        let totals = shared.totals();
        let progress = self.progress.as_ref();
        let ending = settle(pending, ending, totals.as_ref(), &name, progress);
        Ok((ending, totals))
    }
}

/// Signals and ends, for one run of a filter after the other.
pub(crate) struct Events {
    sender: Sender<Event>,
    inbox: Receiver<Event>,
    /// The first signal that came, or 0.
    signal: Arc<AtomicI32>,
}

impl Events {
    /// From here on signals are events.
    ///
    /// # Errors
    ///
    /// Where the signal handlers cannot be set up.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let (sender, inbox) = channel();
        let signal = Arc::new(AtomicI32::new(0));
        let (events, first) = (sender.clone(), Arc::clone(&signal));
        signals::listen(move |signal| {
            let _ = first.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
            let _ = events.send(Event::Signal(signal));
        })?;
        Ok(Self {
            sender,
            inbox,
            signal,
        })
    }

    /// The first signal, if one came: then no further run is begun.
    pub(crate) fn signal(&self) -> Option<i32> {
        Some(self.signal.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }
}

/// What the supervising thread waits for.
enum Event {
    Signal(i32),
    Ended(Result<Work, OutputError>),
    Panicked,
}

/// How far the work got.
pub(super) enum Work {
    /// To the end of the last input.
    Complete,
    /// To where it was told to stop.
    Stopped,
}

/// Runs `work` on a thread and reports its end, even if it panics.
fn spawn(
    name: &str,
    events: Sender<Event>,
    work: impl FnOnce() -> Result<Work, OutputError> + Send + 'static,
) -> std::io::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let event = catch_unwind(AssertUnwindSafe(work)).map_or(Event::Panicked, Event::Ended);
            let _ = events.send(event);
        })?;
    Ok(())
}

/// What the threads know of each other.
pub(super) struct Shared {
    /// Held while a chunk is processed and written, not while one is read.
    flow: Mutex<Flow>,
    /// The input that is being read is a pipe or a socket.
    pub(super) live: AtomicBool,
    /// A signal came: no further input is begun.
    pub(super) signalled: AtomicBool,
    /// The time is over: the open input is ended by force.
    pub(super) stopped: AtomicBool,
}

impl Shared {
    fn supervise(self: &Arc<Self>, events: &Sender<Event>, inbox: &Receiver<Event>) -> Ending {
        let signal = match inbox.recv() {
            Ok(Event::Signal(signal)) => signal,
            Ok(Event::Ended(Ok(_))) => return Ending::Complete,
            Ok(Event::Ended(Err(error))) => return Ending::Output(error),
            Ok(Event::Panicked) | Err(_) => return Ending::Panicked,
        };
        self.signalled.store(true, Ordering::SeqCst);
        let live = self.live.load(Ordering::SeqCst);
        let grace = if live { GRACE } else { Duration::ZERO };
        if let Some(ending) = wait(inbox, grace, signal) {
            return ending;
        }
        self.stopped.store(true, Ordering::SeqCst);
        let shared = Arc::clone(self);
        let force = move || shared.lock().end_forced().map(|_| Work::Stopped);
        if spawn("forced end", events.clone(), force).is_err() {
            return Ending::Stalled { signal };
        }
        wait(inbox, STALL, signal).unwrap_or(Ending::Stalled { signal })
    }

    /// A panic under the lock has ended the flow, whose state then counts no more; the
    /// supervisor knows of it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn totals(&self) -> Option<Totals> {
        match self.flow.try_lock() {
            Ok(flow) => Some(flow.totals()),
            Err(TryLockError::Poisoned(_) | TryLockError::WouldBlock) => None,
        }
    }
}

/// What happens within `time` after the first signal.
fn wait(inbox: &Receiver<Event>, time: Duration, first: i32) -> Option<Ending> {
    Some(match inbox.recv_timeout(time) {
        Ok(Event::Signal(signal)) => Ending::Killed { signal },
        Ok(Event::Ended(Ok(Work::Complete))) => Ending::Complete,
        Ok(Event::Ended(Ok(Work::Stopped))) => Ending::Interrupted { signal: first },
        Ok(Event::Ended(Err(error))) => Ending::Output(error),
        Ok(Event::Panicked) | Err(RecvTimeoutError::Disconnected) => Ending::Panicked,
        Err(RecvTimeoutError::Timeout) => return None,
    })
}

/// Puts a temporary output in its place if it is complete.
fn settle(
    pending: Option<Pending>,
    ending: Ending,
    totals: Option<&Totals>,
    name: &str,
    progress: Option<&Progress>,
) -> Ending {
    let Some(pending) = pending else {
        return ending;
    };
    let complete = totals.is_some_and(|totals| totals.failed_inputs == 0);
    // A file in which nothing was found is what it would become.
    let same = pending.is_in_place() && totals.is_some_and(|totals| totals.tally.masks() == 0);
    match ending {
        Ending::Complete if complete && same => Ending::Complete,
        Ending::Complete if complete => match pending.commit() {
            Ok(()) => Ending::Complete,
            Err(error) => Ending::Output(OutputError::unwritable(name, &error)),
        },
        other => {
            Progress::aside(progress, || {
                report(&format_args!(
                    "{name} is left as it was, since the result is not complete"
                ));
            });
            other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::transport::patient::Patient;
    use crate::rim::transport::sink::Sink;
    use std::fs::File;

    fn shared() -> Arc<Shared> {
        let redactor = Redactor::builder().build().expect("the packs hold");
        let null = File::options()
            .write(true)
            .open("/dev/null")
            .expect("there");
        let sink = Sink::new(Patient(null));
        let flow = Flow::new(Arc::new(redactor), Format::Auto, sink, "null".to_owned());
        Arc::new(Shared {
            flow: Mutex::new(flow),
            live: AtomicBool::new(false),
            signalled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        })
    }

    /// G8: a defect ends the stream; nothing is written after it.
    #[test]
    fn a_panic_under_the_lock_is_an_ending() {
        let (shared, (events, inbox)) = (shared(), channel());
        let worker = Arc::clone(&shared);
        spawn("filter", events.clone(), move || {
            let _flow = worker.lock();
            panic!("for the test")
        })
        .expect("a thread");
        let ending = shared.supervise(&events, &inbox);
        assert!(matches!(ending, Ending::Panicked), "{ending:?}");
        assert!(shared.totals().is_none());
    }

    #[test]
    fn a_panic_after_a_signal_is_one_too() {
        let (shared, (events, inbox)) = (shared(), channel());
        events.send(Event::Signal(15)).expect("the inbox is open");
        events.send(Event::Panicked).expect("the inbox is open");
        let ending = shared.supervise(&events, &inbox);
        assert!(matches!(ending, Ending::Panicked), "{ending:?}");
    }

    #[test]
    fn a_lock_that_is_not_to_be_had_is_a_stall() {
        let (shared, (events, inbox)) = (shared(), channel());
        events.send(Event::Signal(15)).expect("the inbox is open");
        let held = shared.lock();
        let ending = shared.supervise(&events, &inbox);
        drop(held);
        assert!(
            matches!(ending, Ending::Stalled { signal: 15 }),
            "{ending:?}"
        );
    }
}
