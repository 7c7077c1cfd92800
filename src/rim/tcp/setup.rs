//! What a listener does at present, and how its connections hear of a change.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use super::Surroundings;
use super::counters::Counters;
use super::datagram::Datagrams;
use super::sink::{self, Ring, Shared, Work};
use super::socket::Dialer;
use crate::rim::config::serve::{ClientTls, Timeouts};
use crate::rim::config::stream::{Delivery, Destination, Entry, Stream};
use crate::rim::exit::Failure;
use crate::rim::message;
use crate::rim::tls::{self, Shown};

/// What a listener does.
pub(super) struct Setup {
    pub(super) stream: Arc<Stream>,
    pub(super) counters: Arc<Counters>,
    pub(super) timeouts: Timeouts,
    pub(super) tls: Option<Arc<Shown>>,
    pub(super) way: Way,
    /// What the way is, if its upstream is shared.
    shared: Option<Shared>,
    made_of: MadeOf,
}

/// How records go on.
#[derive(Clone)]
pub(super) enum Way {
    Tunnel(Arc<Dialer>),
    Ring(Ring),
    /// Each connection has a socket of its own.
    Datagrams,
    /// All that comes in datagrams leaves by this socket.
    Socket(Arc<Datagrams>),
}

/// What a way depends on: as long as nothing of it changes, it goes on.
#[derive(PartialEq)]
struct MadeOf {
    name: String,
    upstream: Destination,
    tls: Option<ClientTls>,
    delivery: Delivery,
    connect: Duration,
    /// Only HTTP and Forward wait for answers.
    response: Option<Duration>,
}

impl Setup {
    /// Makes everything ready. With it comes what is to be done for a shared upstream once
    /// it runs. What has not changed since `before` goes on.
    ///
    /// # Errors
    ///
    /// A certificate cannot be used, or an upstream of datagrams cannot be found.
    pub(super) async fn new(
        stream: &Arc<Stream>,
        counters: Arc<Counters>,
        timeouts: Timeouts,
        surroundings: &Surroundings,
        before: Option<&Self>,
    ) -> Result<(Self, Work), Failure> {
        let made_of = MadeOf::new(stream, timeouts);
        let same = before.filter(|before| before.made_of == made_of);
        let (way, shared, work) = if let Some(same) = same {
            (same.way.clone(), same.shared.clone(), Work::default())
        } else {
            let has_moved = |before: &&Self| stream.upstream.follows(&before.stream.upstream);
            let before = before.filter(has_moved);
            let keeps_ring = before.is_some_and(|before| before.made_of.has_ring_of(&made_of));
            let before = before.and_then(|before| before.shared.as_ref());
            let made = sink::make(
                stream,
                &counters,
                timeouts,
                surroundings,
                before,
                keeps_ring,
            )?;
            if let Some((shared, work)) = made {
                (Way::Ring(shared.ring.clone()), Some(shared), work)
            } else {
                let way = way(stream, &counters, timeouts).await?;
                (way, None, Work::default())
            }
        };
        let setup = Self {
            tls: shown(stream, before)?,
            stream: stream.clone(),
            counters,
            timeouts,
            way,
            shared,
            made_of,
        };
        Ok((setup, work))
    }
}

impl MadeOf {
    fn new(stream: &Stream, timeouts: Timeouts) -> Self {
        let answers = matches!(
            stream.upstream,
            Destination::Http(_) | Destination::Forward { .. }
        );
        Self {
            name: stream.name.clone(),
            upstream: stream.upstream.clone(),
            tls: stream.upstream_tls.clone(),
            delivery: stream.delivery.clone(),
            connect: timeouts.connect,
            response: answers.then_some(timeouts.response),
        }
    }

    /// Whether a ring made of `other` is the same as one made of this.
    fn has_ring_of(&self, other: &Self) -> bool {
        let ring = |made_of: &Self| match made_of.delivery {
            Delivery::Shared { ring, overflow, .. } => Some((ring, overflow)),
            Delivery::PerConnection => None,
        };
        self.name == other.name && ring(self) == ring(other)
    }
}

async fn way(
    stream: &Stream,
    counters: &Arc<Counters>,
    timeouts: Timeouts,
) -> Result<Way, Failure> {
    Ok(match (&stream.entry, &stream.upstream) {
        (Entry::Udp(_), upstream) => {
            let socket = Datagrams::to(upstream, counters).await;
            let failed = |error: io::Error| {
                Failure::Start(format!("{upstream}: {}", message::reason(&error)))
            };
            Way::Socket(Arc::new(socket.map_err(failed)?))
        }
        (_, Destination::Udp { .. }) => Way::Datagrams,
        _ => Way::Tunnel(Arc::new(dialer(stream, timeouts, None)?)),
    })
}

/// What connects to its upstream.
pub(super) fn dialer(
    stream: &Stream,
    timeouts: Timeouts,
    send_buffer: Option<usize>,
) -> Result<Dialer, Failure> {
    let config = stream.upstream_tls.as_ref().map(|told| {
        let config = tls::client(told, tls::STREAM);
        config.map_err(|error| Failure::Usage(format!("{}: {error}", stream.name)))
    });
    Ok(Dialer {
        to: stream.upstream.clone(),
        tls: config.transpose()?.map(Arc::new),
        time: timeouts.connect,
        send_buffer,
    })
}

/// What it shows to clients: the same as before, if it is of the same files.
fn shown(stream: &Stream, before: Option<&Setup>) -> Result<Option<Arc<Shown>>, Failure> {
    let Some(files) = &stream.tls else {
        return Ok(None);
    };
    let before = before.and_then(|before| before.tls.as_ref());
    if let Some(same) = before.filter(|shown| shown.is_of(files)) {
        return Ok(Some(same.clone()));
    }
    let shown = Shown::new(files, tls::STREAM).map_err(Failure::Usage)?;
    tokio::spawn(Shown::watch(Arc::downgrade(&shown)));
    Ok(Some(shown))
}

/// The present setup of a listener, as its connections see it.
#[derive(Clone)]
pub(super) struct Current {
    setup: Arc<ArcSwap<Setup>>,
    changes: watch::Receiver<()>,
}

/// Changes it.
pub(super) struct Switch {
    setup: Arc<ArcSwap<Setup>>,
    changes: watch::Sender<()>,
}

/// Both ends of it.
pub(super) fn current(setup: Setup) -> (Switch, Current) {
    let setup = Arc::new(ArcSwap::from_pointee(setup));
    let (sender, changes) = watch::channel(());
    let switch = Switch {
        setup: setup.clone(),
        changes: sender,
    };
    (switch, Current { setup, changes })
}

impl Switch {
    /// The present one.
    pub(super) fn now(&self) -> Arc<Setup> {
        self.setup.load_full()
    }

    /// What is read from now on is worked on so, and who waits is woken.
    pub(super) fn swap(&self, setup: Setup) {
        self.setup.store(Arc::new(setup));
        self.changes.send_replace(());
    }
}

impl Current {
    /// The present one. Whoever keeps it keeps its rules and its ring.
    pub(super) fn now(&self) -> Arc<Setup> {
        self.setup.load_full()
    }

    /// The present one, for a look.
    pub(super) fn look(&self) -> Guard<Arc<Setup>> {
        self.setup.load()
    }

    /// Tells of changes from here on. What is looked at afterwards is not older.
    pub(super) fn changes(&self) -> Changes {
        let mut changes = self.changes.clone();
        changes.mark_unchanged();
        Changes(changes)
    }
}

/// Tells of changes.
pub(super) struct Changes(watch::Receiver<()>);

impl Changes {
    /// Waits for the next one. A listener that is gone does not change.
    pub(super) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
