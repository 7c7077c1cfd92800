//! Lines and syslog messages over TCP, unix sockets, TLS and UDP.
//!
//! # The way of a record
//!
//! `socket` has connections of every kind. `intake` reads a client and has `framing` cut
//! what comes into records and mask it, without I/O. What may leave goes through a
//! `tunnel`, which is a client's own upstream connection, into the ring of a `shared` one,
//! or out as a `datagram`. Nothing is read from a client while what was read before has
//! not left, so that an upstream that stalls stalls its clients. What goes wrong is one of
//! the reasons of `reason`.

pub(crate) mod counters;
mod datagram;
mod framing;
mod intake;
pub(crate) mod reason;
mod shared;
mod socket;
mod tunnel;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::split;
use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::counters::Counters;
use self::datagram::{Datagrams, Onward};
use self::framing::{Form, Masker, Output};
use self::intake::{Activity, Came, Intake};
use self::reason::Reason;
use self::shared::Ring;
use self::socket::{Dialer, Incoming, Listener, Socket};
use self::tunnel::Forward;
use crate::rim::config::serve::Timeouts;
use crate::rim::config::stream::{Delivery, Destination, Entry, Stream};
use crate::rim::exit::Failure;
use crate::rim::http::events::{Counted, Gauges};
use crate::rim::message;
use crate::rim::tls::{self, Shown};

/// How long no connection is accepted after an attempt failed for want of resources.
const PAUSE: Duration = Duration::from_millis(100);

/// What the system may hold of what was sent over a shared connection and was not
/// acknowledged. Linux makes twice of it.
const SEND_BUFFER: usize = 128 * 1024;

/// What the listeners of a process share.
pub(crate) struct Surroundings {
    /// How long things may take.
    pub(crate) timeouts: Timeouts,
    /// The present state.
    pub(crate) gauges: Arc<Gauges>,
    /// Places for connections.
    pub(crate) room: Arc<Semaphore>,
    /// Becomes true when everything is to end.
    pub(crate) ending: watch::Receiver<bool>,
    /// By the names of the listeners.
    pub(crate) counters: HashMap<String, Arc<Counters>>,
}

/// Listens for all of them, and serves from there on.
///
/// # Errors
///
/// It cannot begin: an address is taken, or a certificate cannot be used.
pub(crate) async fn start(
    streams: &[Arc<Stream>],
    surroundings: Surroundings,
) -> Result<(), Failure> {
    let surroundings = Arc::new(surroundings);
    for stream in streams {
        let Some(counters) = surroundings.counters.get(&stream.name) else {
            continue;
        };
        let failed = |error: io::Error| {
            let why = message::reason(&error);
            Failure::Start(format!("{}: {why}", stream.entry))
        };
        match stream.entry {
            Entry::Udp(address) => {
                let socket = UdpSocket::bind(address).await.map_err(failed)?;
                start_datagrams(socket, stream, counters, &surroundings).await?;
            }
            Entry::Tcp(_) | Entry::Unix(_) => {
                let port = Port::new(stream, counters, &surroundings)?;
                let listener = Listener::bind(&stream.entry).await.map_err(failed)?;
                tracing::info!("listening on {}", listener.address());
                if let Some(shown) = &port.tls {
                    tokio::spawn(shown.clone().watch());
                }
                tokio::spawn(accept(listener, Arc::new(port)));
            }
        }
    }
    Ok(())
}

async fn start_datagrams(
    socket: UdpSocket,
    stream: &Arc<Stream>,
    counters: &Arc<Counters>,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let onward = if let Some(ring) = start_ring(stream, counters, surroundings)? {
        Onward::Ring(ring)
    } else {
        let datagrams = Datagrams::to(&stream.upstream, counters).await;
        Onward::Datagrams(datagrams.map_err(|error| {
            let why = message::reason(&error);
            Failure::Start(format!("{}: {why}", stream.upstream))
        })?)
    };
    if let Ok(address) = socket.local_addr() {
        tracing::info!("listening on {address}");
    }
    let ending = surroundings.ending.clone();
    let receive = datagram::receive(socket, stream.clone(), counters.clone(), onward, ending);
    tokio::spawn(receive);
    Ok(())
}

/// The ring of a shared upstream, if it is one, with its sender at work.
fn start_ring(
    stream: &Stream,
    counters: &Arc<Counters>,
    surroundings: &Surroundings,
) -> Result<Option<Ring>, Failure> {
    let Delivery::Shared {
        ring,
        resend,
        overflow,
    } = stream.delivery
    else {
        return Ok(None);
    };
    let dialer = dialer(stream, surroundings, Some(SEND_BUFFER))?;
    let bounds = (ring, resend, overflow);
    let (ring, sender) = shared::ring(&stream.name, dialer, bounds, counters, &surroundings.gauges);
    tokio::spawn(sender.run());
    Ok(Some(ring))
}

fn dialer(
    stream: &Stream,
    surroundings: &Surroundings,
    send_buffer: Option<usize>,
) -> Result<Dialer, Failure> {
    let config = stream.upstream_tls.as_ref().map(|told| {
        let config = tls::client(told, tls::STREAM);
        config.map_err(|error| Failure::Usage(format!("{}: {error}", stream.name)))
    });
    Ok(Dialer {
        to: stream.upstream.clone(),
        tls: config.transpose()?.map(Arc::new),
        time: surroundings.timeouts.connect,
        send_buffer,
    })
}

/// One listener.
struct Port {
    stream: Arc<Stream>,
    counters: Arc<Counters>,
    surroundings: Arc<Surroundings>,
    tls: Option<Arc<Shown>>,
    way: Way,
}

/// How records go on.
enum Way {
    Tunnel(Dialer),
    Ring(Ring),
    Datagrams,
}

impl Port {
    fn new(
        stream: &Arc<Stream>,
        counters: &Arc<Counters>,
        surroundings: &Arc<Surroundings>,
    ) -> Result<Self, Failure> {
        let shown = stream.tls.as_ref().map(|files| {
            let shown = Shown::new(files, tls::STREAM);
            shown.map_err(Failure::Usage)
        });
        let way = match start_ring(stream, counters, surroundings)? {
            Some(ring) => Way::Ring(ring),
            None if matches!(stream.upstream, Destination::Udp { .. }) => Way::Datagrams,
            None => Way::Tunnel(dialer(stream, surroundings, None)?),
        };
        Ok(Self {
            stream: stream.clone(),
            counters: counters.clone(),
            surroundings: surroundings.clone(),
            tls: shown.transpose()?,
            way,
        })
    }

    /// Serves one connection to its end.
    async fn serve(&self, incoming: Incoming) {
        let end = End {
            counters: &self.counters,
            name: &self.stream.name,
        };
        let time = self.surroundings.timeouts.head;
        let client = incoming.open(self.tls.as_deref(), time).await;
        let reason = match client {
            Ok(client) => self.pass(client).await,
            Err(_) => Some(Reason::Handshake),
        };
        if let Some(reason) = reason {
            end.tell(reason);
        }
    }

    async fn pass(&self, client: Socket) -> Option<Reason> {
        let activity = Activity::new();
        match &self.way {
            Way::Tunnel(dialer) => self.tunnel(client, dialer, activity).await,
            Way::Ring(ring) => {
                let mut intake = self.intake(client, Form::Whole, activity);
                let mut out = Output::default();
                loop {
                    let came = intake.next(&mut out).await;
                    ring.put(&mut out).await;
                    if let Came::End(reason) = came {
                        return reason;
                    }
                }
            }
            Way::Datagrams => {
                let to = Datagrams::to(&self.stream.upstream, &self.counters).await;
                let Ok(datagrams) = to else {
                    return Some(Reason::UpstreamUnreachable);
                };
                let mut intake = self.intake(client, Form::Datagrams, activity);
                let mut out = Output::default();
                loop {
                    let came = intake.next(&mut out).await;
                    datagrams.put(&mut out).await;
                    if let Came::End(reason) = came {
                        return reason;
                    }
                }
            }
        }
    }

    /// Nothing is read from a client whose upstream is not there.
    async fn tunnel(
        &self,
        client: Socket,
        dialer: &Dialer,
        activity: Arc<Activity>,
    ) -> Option<Reason> {
        let upstream = dialer.connect().await;
        let gauges = &self.surroundings.gauges;
        gauges.note_upstream(&self.stream.name, upstream.is_ok());
        let Ok(upstream) = upstream else {
            return Some(Reason::UpstreamUnreachable);
        };
        let (reader, writer) = split(client);
        let (answers, upstream) = split(upstream);
        let forward = Forward {
            intake: self.intake(reader, Form::AsItCame, activity.clone()),
            upstream,
            counters: self.counters.clone(),
            out: Output::default(),
            written: 0,
        };
        let (idle, ending) = (self.stream.idle, self.surroundings.ending.clone());
        tunnel::run(forward, answers, writer, &activity, idle, ending).await
    }

    fn intake<R: tokio::io::AsyncRead + Unpin>(
        &self,
        reader: R,
        form: Form,
        activity: Arc<Activity>,
    ) -> Intake<R> {
        Intake::new(
            reader,
            Masker::new(&self.stream, &self.counters, form),
            self.counters.clone(),
            activity,
            self.stream.idle,
            self.surroundings.ending.clone(),
        )
    }
}

/// Tells how a connection ended, also if it was by a defect of ours.
struct End<'a> {
    counters: &'a Counters,
    name: &'a str,
}

impl End<'_> {
    fn tell(&self, reason: Reason) {
        self.counters.note(reason);
        let (name, reason) = (self.name, reason.name());
        tracing::info!(target: "access", route = name, reason, "a connection was ended");
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.counters.note(Reason::Internal);
        }
    }
}

/// Accepts connections until the end is asked for; no more than there is room for, so
/// that further clients wait.
async fn accept(listener: Listener, port: Arc<Port>) {
    let surroundings = &port.surroundings;
    let mut ending = surroundings.ending.clone();
    loop {
        let next = async {
            let place = surroundings.room.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let accepted = tokio::select! {
            biased;
            _ = ending.wait_for(|&ending| ending) => return,
            accepted = next => accepted,
        };
        match accepted {
            (Ok(incoming), Ok(place)) => {
                port.counters.connections.inc();
                tokio::spawn(connection(port.clone(), incoming, place));
            }
            (Ok(_), Err(_)) => return,
            (Err(error), _) => {
                tracing::warn!("cannot accept a connection: {}", message::reason(&error));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(port: Arc<Port>, incoming: Incoming, place: OwnedSemaphorePermit) {
    let gauges = &port.surroundings.gauges;
    let counted = Counted::new(gauges, |gauges| &gauges.connections);
    let owes = Counted::new(gauges, |gauges| &gauges.delivering);
    port.serve(incoming).await;
    drop((owes, counted, place));
}
