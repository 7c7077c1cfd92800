//! Upstreams that all clients share: a connection, a file, standard output, HTTP, Forward.
//!
//! # From the ring to a sink
//!
//! Clients put whole records into a bounded [`ring`], in the shape of [`records`] that the
//! sink needs. Each sink is one file and runs by itself: a [`stream`] is a connection that is
//! made again; [`stdout`] and a [`file`] block, so each has a thread of its own; [`http`]
//! and [`forward`] send [`batches`]. A sink gives up a record only once it is delivered, and a
//! failure is tried again after a pause ([`backoff`]): while a sink stands still, its ring
//! fills up.

mod backoff;
mod batches;
mod entries;
mod file;
mod forward;
mod http;
mod latest;
mod ndjson;
mod records;
mod ring;
mod stdout;
mod stream;

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::sync::{Notify, oneshot};

pub(crate) use self::ring::Ring;

use self::latest::Change;
use self::ring::Queue;
use crate::rim::config::serve::Timeouts;
use crate::rim::config::sink::{FileSink, Sink};
use crate::rim::config::stream::{Delivery, Stream};
use crate::rim::exit::Failure;
use crate::rim::http::events::Gauges;
use crate::rim::message::reason;
use crate::rim::tcp::Surroundings;
use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::setup::dialer;

/// What the system may hold of what was sent over a shared connection and was not
/// acknowledged. Linux makes twice of it.
const SEND_BUFFER: usize = 128 * 1024;

/// What takes what is in a ring.
pub(super) enum Sender {
    /// Where records leave in the framing that they came with, a second one has those with
    /// counts.
    Stream(stream::Sender, Option<stream::Sender>),
    Stdout(stdout::Stdout),
    File(file::File),
    Http(Box<http::Http>),
    Forward(Box<forward::Forward>),
}

/// A shared upstream as a listener has it.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) ring: Ring,
    settings: Changing,
}

/// The settings of those that send to one upstream, one after the other: what an operator
/// mends reaches also the one that still has to deliver what an old ring held.
#[derive(Clone)]
enum Changing {
    Stream(Change<stream::Settings>),
    Stdout,
    File(Change<FileSink>),
    Http(Change<http::Settings>),
    Forward(Change<forward::Settings>),
}

/// Settings that hold, and have no effect yet.
enum Settings {
    Stream(stream::Settings),
    Stdout,
    File(FileSink),
    Http(Box<http::Settings>),
    Forward(Box<forward::Settings>),
}

/// What is to be done once a configuration runs.
#[derive(Default)]
pub(super) struct Work {
    /// To be run: that of a new ring.
    pub(super) sender: Option<Sender>,
    /// To be set: those of a sender that goes on.
    change: Option<(Changing, Settings)>,
}

impl Work {
    /// Whether what waits in the ring before is sent where that of the new one is.
    pub(super) fn goes_on(&self) -> bool {
        self.change.is_some()
    }

    /// A sender that goes on does so by the new settings.
    pub(super) fn change_settings(&mut self) {
        match self.change.take() {
            Some((Changing::Stream(change), Settings::Stream(settings))) => change.set(settings),
            Some((Changing::File(change), Settings::File(settings))) => change.set(settings),
            Some((Changing::Http(change), Settings::Http(settings))) => change.set(*settings),
            Some((Changing::Forward(change), Settings::Forward(settings))) => change.set(*settings),
            _ => {}
        }
    }
}

/// The shared upstream of a stream, if it has one, and what is to be done for it. `before`
/// is what was shared so far with one that it may follow; its ring goes on where
/// `keeps_ring`.
///
/// # Errors
///
/// The sink cannot begin: a file cannot be opened or used.
pub(super) fn make(
    stream: &Stream,
    counters: &Arc<Counters>,
    timeouts: Timeouts,
    surroundings: &Surroundings,
    before: Option<&Shared>,
    keeps_ring: bool,
) -> Result<Option<(Shared, Work)>, Failure> {
    let Delivery::Shared {
        ring,
        overflow,
        sink,
    } = &stream.delivery
    else {
        return Ok(None);
    };
    let told = settings(stream, sink, timeouts)?;
    let shape = records::Shape::of(sink);
    // What waits in another shape is for the upstream that it was made for.
    let fits = |before: &&Shared| before.settings.fits(&told) && before.ring.shape() == shape;
    let (settings, change) = match before.filter(fits) {
        Some(before) => (
            before.settings.clone(),
            Some((before.settings.clone(), told)),
        ),
        None => (Changing::new(told), None),
    };
    if let Some(before) = before.filter(|_| keeps_ring && change.is_some()) {
        let work = Work {
            sender: None,
            change,
        };
        return Ok(Some((before.clone(), work)));
    }
    let account = Account {
        name: stream.name.clone(),
        counters: counters.clone(),
        gauges: surroundings.gauges.clone(),
    };
    let (ring, queue, of_messages) = ring::ring(&stream.name, *ring, *overflow, shape, counters);
    let sender = settings.sender(queue, of_messages, account, &surroundings.stop);
    let sender = sender
        .map_err(|error| Failure::Start(format!("{}: {}", stream.upstream, reason(&error))))?;
    let work = Work {
        sender: Some(sender),
        change,
    };
    Ok(Some((Shared { ring, settings }, work)))
}

fn settings(stream: &Stream, sink: &Sink, timeouts: Timeouts) -> Result<Settings, Failure> {
    Ok(match sink {
        Sink::Stream { resend, .. } => Settings::Stream(stream::Settings {
            dialer: dialer(stream, timeouts, Some(SEND_BUFFER))?,
            resend: *resend,
        }),
        Sink::Stdout => Settings::Stdout,
        Sink::File(told) => Settings::File(told.clone()),
        Sink::Http(told) => {
            let settings = http::Settings::new(told, timeouts);
            let settings =
                settings.map_err(|why| Failure::Usage(format!("{}: {why}", stream.name)))?;
            Settings::Http(Box::new(settings))
        }
        Sink::Forward(told) => {
            let dialer = dialer(stream, timeouts, None)?;
            Settings::Forward(forward::Settings::new(told, dialer, timeouts.response).into())
        }
    })
}

impl Changing {
    fn new(settings: Settings) -> Self {
        match settings {
            Settings::Stream(settings) => Self::Stream(Change::new(settings)),
            Settings::Stdout => Self::Stdout,
            Settings::File(settings) => Self::File(Change::new(settings)),
            Settings::Http(settings) => Self::Http(Change::new(*settings)),
            Settings::Forward(settings) => Self::Forward(Change::new(*settings)),
        }
    }

    /// Whether those are settings of the same kind of sink.
    fn fits(&self, settings: &Settings) -> bool {
        matches!(
            (self, settings),
            (Self::Stream(_), Settings::Stream(_))
                | (Self::Stdout, Settings::Stdout)
                | (Self::File(_), Settings::File(_))
                | (Self::Http(_), Settings::Http(_))
                | (Self::Forward(_), Settings::Forward(_))
        )
    }

    /// What takes what is in the queues of a ring.
    fn sender(
        &self,
        queue: Queue,
        of_messages: Option<Queue>,
        account: Account,
        stop: &Arc<Notify>,
    ) -> io::Result<Sender> {
        Ok(match self {
            Self::Stream(settings) => {
                let sender = |queue| stream::Sender::new(settings.latest(), queue, account.clone());
                Sender::Stream(sender(queue), of_messages.map(sender))
            }
            Self::Stdout => Sender::Stdout(stdout::Stdout::new(queue, account, stop.clone())?),
            Self::File(settings) => {
                Sender::File(file::File::open(settings.latest(), queue, account)?)
            }
            Self::Http(settings) => {
                Sender::Http(Box::new(http::Http::new(settings.latest(), queue, account)))
            }
            Self::Forward(settings) => {
                let forward = forward::Forward::new(settings.latest(), queue, account)?;
                Sender::Forward(Box::new(forward))
            }
        })
    }
}

impl Sender {
    /// Sends until no client is left and everything has been sent. Who runs it counts it
    /// among those that owe something.
    pub(super) async fn run(self) {
        match self {
            Self::Stream(sender, None) => sender.run().await,
            Self::Stream(sender, Some(of_messages)) => {
                tokio::join!(sender.run(), of_messages.run());
            }
            Self::Stdout(stdout) => in_thread(|| stdout.run()).await,
            Self::File(file) => in_thread(|| file.run()).await,
            Self::Http(http) => http.run().await,
            Self::Forward(forward) => forward.run().await,
        }
    }
}

/// Runs what may block for ever: the process ends without waiting for it, as it would for
/// what tokio runs.
async fn in_thread(run: impl FnOnce() + Send + 'static) {
    let (ended, end) = oneshot::channel::<()>();
    let run = move || {
        run();
        drop(ended);
    };
    match thread::Builder::new().name("sink".to_owned()).spawn(run) {
        // The end is told by dropping, also by a defect of ours.
        Ok(_) => drop(end.await),
        Err(error) => tracing::error!("no thread for a sink: {}", reason(&error)),
    }
}

/// Where a sink tells what it does.
#[derive(Clone)]
struct Account {
    name: String,
    counters: Arc<Counters>,
    gauges: Arc<Gauges>,
}

impl Account {
    /// The upstream is there.
    fn reached(&self) {
        self.gauges.note_upstream(&self.name, true);
    }

    /// The upstream has taken bytes.
    fn delivered(&self, bytes: usize) {
        self.counters.bytes_out.inc_by(bytes as u64);
        self.reached();
    }

    /// The upstream has not taken what it was given; it gets it again.
    fn failed(&self, reason: Reason, why: &str) {
        self.gauges.note_upstream(&self.name, false);
        self.counters.note(reason);
        let what = match reason {
            Reason::UpstreamUnreachable => "is not reached",
            _ => "takes nothing",
        };
        tracing::warn!(route = self.name, "the upstream {what}: {why}");
    }
}
