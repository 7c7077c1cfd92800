//! Upstreams that all clients share: a connection, a file, standard output, HTTP.
//!
//! # From the ring to a sink
//!
//! Clients put whole records into a bounded [`ring`], in the shape of [`records`] that the
//! sink needs. Each sink is one file and runs by itself: a [`stream`] is a connection that is
//! made again; [`stdout`] and a [`file`] block, so each has a thread of its own; [`http`]
//! sends batches. A sink gives up a record only once it is delivered, and a failure is tried
//! again after a pause ([`backoff`]): while a sink stands still, its ring fills up.

mod backoff;
mod file;
mod http;
mod ndjson;
mod records;
mod ring;
mod stdout;
mod stream;

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;

pub(crate) use self::ring::Ring;

use crate::rim::config::serve::Timeouts;
use crate::rim::config::sink::Sink;
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
    Stream(stream::Sender),
    Stdout(stdout::Stdout),
    File(file::File),
    Http(Box<http::Http>),
}

/// The ring of a shared upstream, if it is one, and what is to be run for it.
///
/// # Errors
///
/// The sink cannot begin: a file cannot be opened or used.
pub(super) fn make(
    stream: &Stream,
    counters: &Arc<Counters>,
    timeouts: Timeouts,
    surroundings: &Surroundings,
) -> Result<Option<(Ring, Sender)>, Failure> {
    let Delivery::Shared {
        ring,
        overflow,
        sink,
    } = &stream.delivery
    else {
        return Ok(None);
    };
    let account = Account {
        name: stream.name.clone(),
        counters: counters.clone(),
        gauges: surroundings.gauges.clone(),
    };
    let shape = records::Shape::of(sink);
    let (ring, queue) = ring::ring(&stream.name, *ring, *overflow, shape, counters);
    let failed =
        |error: io::Error| Failure::Start(format!("{}: {}", stream.upstream, reason(&error)));
    let sender = match sink {
        Sink::Stream { resend } => {
            let dialer = dialer(stream, timeouts, Some(SEND_BUFFER))?;
            Sender::Stream(stream::Sender::new(dialer, queue, *resend, account))
        }
        Sink::Stdout => {
            let stdout = stdout::Stdout::new(queue, account, surroundings.stop.clone());
            Sender::Stdout(stdout.map_err(failed)?)
        }
        Sink::File(told) => Sender::File(file::File::open(told, queue, account).map_err(failed)?),
        Sink::Http(told) => {
            let http = http::Http::new(told, queue, account, timeouts);
            let http = http.map_err(|why| Failure::Usage(format!("{}: {why}", stream.name)))?;
            Sender::Http(Box::new(http))
        }
    };
    Ok(Some((ring, sender)))
}

impl Sender {
    /// Sends until no client is left and everything has been sent. Who runs it counts it
    /// among those that owe something.
    pub(super) async fn run(self) {
        match self {
            Self::Stream(sender) => sender.run().await,
            Self::Stdout(stdout) => in_thread(|| stdout.run()).await,
            Self::File(file) => in_thread(|| file.run()).await,
            Self::Http(http) => http.run().await,
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
