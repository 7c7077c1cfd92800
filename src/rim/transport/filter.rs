//! The plain filter: inputs one after the other into one output, beside the signals.
//!
//! A worker reads, redacts and writes. The caller's thread waits for it and for
//! signals:
//!
//! 1. The first signal lets a pipe or socket be drained for [`GRACE`], since its writer
//!    probably got the signal too and has last words. Other inputs get no grace.
//! 2. Then whoever gets the lock on the [`Flow`] ends it by force: the worker after its
//!    chunk, or a thread of its own while the worker waits for input.
//! 3. Where the lock is not to be had, the output is stalled: after [`STALL`] we go.
//! 4. A second signal ends everything at once.

use std::io::Read;
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
use crate::rim::transport::input::{Input, InputError, Reading};
use crate::rim::transport::output::{Output, OutputError, Pending};
use crate::rim::transport::progress::Progress;
use crate::rim::transport::signals;

/// How long a pipe is drained after the first signal.
const GRACE: Duration = Duration::from_secs(2);

/// How long a forced end may wait for an output that takes no bytes.
const STALL: Duration = Duration::from_millis(500);

/// Bytes read at once. Larger reads were not faster, and a pipe gives 64 KiB anyway.
const CHUNK: usize = 256 * 1024;

/// What is to be filtered, and how.
pub(crate) struct Filter {
    /// The rules.
    pub(crate) redactor: Arc<Redactor>,
    /// How inputs are cut into records.
    pub(crate) format: Format,
    /// How inputs are unpacked.
    pub(crate) reading: Reading,
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
        let flow = Flow::new(self.redactor, self.format, sink, name.clone());
        let shared = Arc::new(Shared {
            flow: Mutex::new(flow),
            live: AtomicBool::new(false),
            signalled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        let worker = Worker {
            shared: Arc::clone(&shared),
            reading: self.reading,
            inputs: self.inputs,
            progress: self.progress.clone(),
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
enum Work {
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
struct Shared {
    /// Held while a chunk is processed and written, not while one is read.
    flow: Mutex<Flow>,
    /// The input that is being read is a pipe or a socket.
    live: AtomicBool,
    /// A signal came: no further input is begun.
    signalled: AtomicBool,
    /// The time is over: the open input is ended by force.
    stopped: AtomicBool,
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
    fn lock(&self) -> MutexGuard<'_, Flow> {
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

/// The thread that moves the bytes.
struct Worker {
    shared: Arc<Shared>,
    reading: Reading,
    inputs: Vec<Input>,
    progress: Option<Progress>,
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
    fn work(&self) -> Result<Work, OutputError> {
        let mut chunk = vec![0; CHUNK];
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
        let live = opened.live;
        self.shared.live.store(live, Ordering::SeqCst);
        let progress = self.progress.as_ref();
        let mut follow =
            progress.and_then(|progress| Some((progress, progress.begin(&opened.file)?)));
        let mut reader = input.reader(opened, self.reading)?;
        self.begin(live || !input.is_named_json())?;
        loop {
            match reader.read(chunk) {
                Ok(0) => return Ok(self.open_flow()?.end()?),
                Ok(length) => {
                    self.pass(&chunk[..length])?;
                    if let Some((progress, place)) = &mut follow {
                        progress.advance(place);
                    }
                }
                Err(error) => {
                    let error = input.unreadable(&error);
                    let masked = self.open_flow()?.end_forced()?;
                    if masked > 0 {
                        report(&format_args!(
                            "{input}: undecided bytes that were masked where it broke off: {masked}"
                        ));
                    }
                    return Err(error.into());
                }
            }
        }
    }

    fn begin(&self, lines_only: bool) -> Result<(), Leave> {
        let mut flow = self.shared.lock();
        if self.shared.stopped.load(Ordering::SeqCst) {
            return Err(Leave::Stopped);
        }
        Ok(flow.begin(lines_only)?)
    }

    /// One chunk in, and out what it makes certain.
    fn pass(&self, chunk: &[u8]) -> Result<(), Leave> {
        let mut flow = self.open_flow()?;
        flow.write(chunk)?;
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
