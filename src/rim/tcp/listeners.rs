//! The listeners, and how they become those of another configuration while they run.
//!
//! What may fail is done first, without an effect. Then everything is swapped at once.
//! Connections that stand go on: they take the new rules where a record begins to which
//! nothing is left by the one before, and hand the next records to the new shared
//! upstream. A tunnel keeps its upstream, since a stream cannot go on on another one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinHandle;

use super::counters::Counters;
use super::setup::{self, Setup, Switch, Way};
use super::sink::{Sender, Work};
use super::socket::{Incoming, Listener};
use super::{Port, Surroundings, datagram, forward};
use crate::rim::config::serve::Timeouts;
use crate::rim::config::stream::{Entry, Stream};
use crate::rim::exit::Failure;
use crate::rim::http::events::Counted;
use crate::rim::listening::paired;
use crate::rim::message;
use crate::rim::seldom::Seldom;

/// How long no connection is accepted after an attempt failed for want of resources.
const PAUSE: Duration = Duration::from_millis(100);

/// Bytes of datagrams that may wait in the system: it drops what comes beyond them, unseen.
const DATAGRAMS: usize = 8 << 20;

/// All listeners of streams and of datagrams.
pub(crate) struct Listeners {
    surroundings: Arc<Surroundings>,
    open: Vec<Open>,
}

/// One that is open.
struct Open {
    entry: Entry,
    switch: Switch,
    ending: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    /// The sender of its ring, if it has one.
    sending: Option<JoinHandle<()>>,
}

/// Listeners that are ready to be those of a configuration.
pub(crate) struct Prepared(Vec<Ready>);

struct Ready {
    entry: Entry,
    place: Place,
    setup: Setup,
    /// For its ring.
    work: Work,
}

/// Where a listener comes from.
enum Place {
    /// It is this one of those that are open.
    Open(usize),
    Bound(Bound),
}

/// A listener that nobody asks yet.
enum Bound {
    Streams(Listener),
    Datagrams(UdpSocket),
}

impl Listeners {
    /// None yet.
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        Self {
            surroundings: Arc::new(surroundings),
            open: Vec::new(),
        }
    }

    /// Does everything that may fail. `counters` has those of a listener.
    ///
    /// # Errors
    ///
    /// An address is taken, a certificate cannot be used, or an upstream of datagrams
    /// cannot be found.
    pub(crate) async fn prepare(
        &self,
        streams: &[Arc<Stream>],
        timeouts: Timeouts,
        counters: impl Fn(&Stream) -> Arc<Counters>,
    ) -> Result<Prepared, Failure> {
        let open: Vec<_> = self.open.iter().map(|open| &open.entry).collect();
        let wanted = streams.iter().map(|stream| &stream.entry);
        let mut prepared = Vec::with_capacity(streams.len());
        for (stream, same) in streams.iter().zip(paired(wanted, &open)) {
            let before = same.map(|index| self.open[index].switch.now());
            let (of_stream, shared) = (counters(stream), &self.surroundings);
            let made = Setup::new(stream, of_stream, timeouts, shared, before.as_deref());
            let (setup, work) = made.await?;
            let place = match same {
                Some(index) => Place::Open(index),
                None => Place::Bound(bind(&stream.entry).await?),
            };
            prepared.push(Ready {
                entry: stream.entry.clone(),
                place,
                setup,
                work,
            });
        }
        Ok(Prepared(prepared))
    }

    /// Listens for those, and serves from there on. The others accept nothing more; their
    /// connections end where their records do.
    pub(crate) async fn commit(&mut self, Prepared(prepared): Prepared) {
        let mut before: Vec<_> = self.open.drain(..).map(Some).collect();
        for Ready {
            entry,
            place,
            setup,
            mut work,
        } in prepared
        {
            let goes_on = work.goes_on();
            work.change_settings();
            let sender = work.sender;
            let open = match place {
                Place::Open(index) => before[index]
                    .take()
                    .map(|open| self.change(open, setup, sender, goes_on)),
                Place::Bound(bound) => Some(self.begin(entry, bound, setup, sender)),
            };
            self.open.extend(open);
        }
        for open in before.into_iter().flatten() {
            open.ending.send_replace(true);
            // So that the address is free for the next configuration.
            let _ = open.accepting.await;
            tracing::info!("no longer listening on {}", open.entry);
        }
    }

    /// `goes_on` says that the sender before sends to where the new one does.
    fn change(&self, open: Open, setup: Setup, sender: Option<Sender>, goes_on: bool) -> Open {
        let goes_on = goes_on || open.switch.now().stream.upstream == setup.stream.upstream;
        let is_ring = matches!(setup.way, Way::Ring(_));
        let sending = match sender {
            // At one upstream the records of a client keep their order.
            Some(sender) => Some(self.send(sender, open.sending.filter(|_| goes_on))),
            None => open.sending.filter(|_| is_ring),
        };
        open.switch.swap(setup);
        Open { sending, ..open }
    }

    fn begin(&self, entry: Entry, bound: Bound, setup: Setup, sender: Option<Sender>) -> Open {
        let (ending, ended) = watch::channel(false);
        // Fluentd has none beside TLS.
        let has_heartbeats = setup.stream.forward.is_some() && setup.stream.tls.is_none();
        let (switch, current) = setup::current(setup);
        let accepting = match bound {
            Bound::Streams(listener) => {
                tracing::info!("listening on {}", listener.address());
                if let Ok(address) = listener.address().parse()
                    && has_heartbeats
                {
                    tokio::spawn(forward::answer_heartbeats(address, ended.clone()));
                }
                let port = Port {
                    current,
                    gauges: self.surroundings.gauges.clone(),
                    budget: self.surroundings.budget.clone(),
                    ending: ended,
                    outage: Seldom::default(),
                };
                tokio::spawn(accept(listener, Arc::new(port), self.surroundings.clone()))
            }
            Bound::Datagrams(socket) => {
                if let Ok(address) = socket.local_addr() {
                    tracing::info!("listening on {address}");
                }
                tokio::spawn(datagram::receive(socket, current, ended))
            }
        };
        Open {
            entry,
            switch,
            ending,
            accepting,
            sending: sender.map(|sender| self.send(sender, None)),
        }
    }

    /// Lets a ring's sender work, once the one before it has sent everything.
    fn send(&self, sender: Sender, before: Option<JoinHandle<()>>) -> JoinHandle<()> {
        let owes = Counted::new(&self.surroundings.gauges, |gauges| &gauges.delivering);
        tokio::spawn(async move {
            if let Some(before) = before {
                // One that failed sends nothing more, either.
                let _ = before.await;
            }
            sender.run().await;
            drop(owes);
        })
    }

    /// Accepts nothing more; what has been read is delivered.
    pub(crate) fn end(&mut self) {
        for open in self.open.drain(..) {
            open.ending.send_replace(true);
        }
    }
}

async fn bind(entry: &Entry) -> Result<Bound, Failure> {
    let bound = match entry {
        Entry::Udp(address) => UdpSocket::bind(address).await.map(|socket| {
            // As much as the system allows; less is no reason not to begin.
            let _ = sockopt::set_socket_recv_buffer_size(&socket, DATAGRAMS);
            Bound::Datagrams(socket)
        }),
        Entry::Tcp(_) | Entry::Unix(_) => Listener::bind(entry).await.map(Bound::Streams),
    };
    bound.map_err(|error: io::Error| {
        let why = message::reason(&error);
        Failure::Start(format!("{entry}: {why}"))
    })
}

/// Accepts connections until the end is asked for; no more than there is room for, so
/// that further clients wait.
async fn accept(listener: Listener, port: Arc<Port>, surroundings: Arc<Surroundings>) {
    let mut ending = port.ending.clone();
    loop {
        let next = async {
            let place = surroundings.room.place().await;
            (listener.accept().await, place)
        };
        let accepted = tokio::select! {
            biased;
            _ = ending.wait_for(|&ending| ending) => return,
            accepted = next => accepted,
        };
        match accepted {
            (Ok(incoming), Some(place)) => {
                tokio::spawn(connection(port.clone(), incoming, place));
            }
            (Ok(_), None) => return,
            (Err(error), _) => {
                tracing::warn!("cannot accept a connection: {}", message::reason(&error));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(port: Arc<Port>, incoming: Incoming, place: OwnedSemaphorePermit) {
    let counted = Counted::new(&port.gauges, |gauges| &gauges.connections);
    let owes = Counted::new(&port.gauges, |gauges| &gauges.delivering);
    port.serve(incoming).await;
    drop((owes, counted, place));
}
