//! Lines and syslog messages over TCP, unix sockets, TLS and UDP; Fluent Forward.
//!
//! # The way of a record
//!
//! `socket` has connections of every kind. `intake` reads a client and has `framing` cut
//! what comes into records and mask it, without I/O. What may leave goes through a
//! `tunnel`, which is a client's own upstream connection, into the ring of a `sink` that
//! clients share, or out as a `datagram`. `forward` has messages of its own, and acknowledges
//! them. Nothing is read from a client while what was read before has not left, so that an
//! upstream that stalls stalls its clients. What goes wrong is one of the reasons of `reason`.
//!
//! `listeners` are those of a configuration, and become those of the next one; a `setup` is
//! what one of them does at present.

pub(crate) mod counters;
mod datagram;
mod forward;
mod framing;
mod intake;
pub(crate) mod listeners;
pub(crate) mod reason;
mod setup;
mod sink;
mod socket;
mod tunnel;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::split;
use tokio::sync::{Notify, watch};

use self::counters::Counters;
use self::datagram::Datagrams;
use self::framing::{Form, Masker, Output};
use self::intake::{Activity, Came, Intake};
use self::reason::Reason;
use self::setup::{Current, Setup, Way};
use self::sink::Ring;
use self::socket::{Dialer, Incoming, Socket};
use self::tunnel::Forward;
use crate::rim::config::stream::Destination;
use crate::rim::http::budget::Budget;
use crate::rim::http::events::Gauges;
use crate::rim::listening::Room;
use crate::rim::message;
use crate::rim::seldom::Seldom;

/// What the listeners of a process share.
pub(crate) struct Surroundings {
    /// The present state.
    pub(crate) gauges: Arc<Gauges>,
    /// The bytes that messages of Forward, and bodies of HTTP, may occupy.
    pub(crate) budget: Arc<Budget>,
    /// Places for connections.
    pub(crate) room: Arc<Room>,
    /// Asks for the end, when standard output can take nothing any more.
    pub(crate) stop: Arc<Notify>,
}

/// What the connections of a listener share.
struct Port {
    current: Current,
    gauges: Arc<Gauges>,
    budget: Arc<Budget>,
    /// Becomes true when everything of the listener is to end.
    ending: watch::Receiver<bool>,
    /// When it was told why the upstream is not reached.
    outage: Seldom,
}

/// Why is told so often, however many connections end for it.
const OUTAGE: Duration = Duration::from_secs(10);

impl Port {
    /// Serves one connection to its end.
    async fn serve(&self, incoming: Incoming) {
        let setup = self.current.now();
        setup.counters.connections.inc();
        let end = End {
            counters: setup.counters.clone(),
            name: setup.stream.name.clone(),
        };
        let client = incoming
            .open(setup.tls.as_deref(), setup.timeouts.head)
            .await;
        drop(setup);
        let reason = match client {
            Ok(client) => self.pass(client).await,
            Err(_) => Some(Reason::Handshake),
        };
        if let Some(reason) = reason {
            end.tell(reason);
        }
    }

    async fn pass(&self, client: Socket) -> Option<Reason> {
        let (setup, activity) = (self.current.now(), Activity::new());
        match &setup.way {
            Way::Tunnel(dialer) => {
                let dialer = dialer.clone();
                if setup.stream.forward.is_some() {
                    return self.relay(client, setup, &dialer).await;
                }
                self.tunnel(client, setup, &dialer, activity).await
            }
            Way::Ring(ring) => {
                let ring = ring.clone();
                self.share(client, setup, ring, activity).await
            }
            Way::Datagrams | Way::Socket(_) => self.send(client, setup, activity).await,
        }
    }

    // None of those below keeps the setup that it begins with: its rules and its ring could
    // not go.

    /// Hands records to a shared upstream: to that of the present, as long as it is one.
    async fn share(
        &self,
        client: Socket,
        setup: Arc<Setup>,
        mut ring: Ring,
        activity: Arc<Activity>,
    ) -> Option<Reason> {
        let mut intake = self.intake(client, &setup, Form::Records, activity);
        drop(setup);
        let (mut out, mut changes) = (Output::default(), self.current.changes());
        loop {
            let came = intake.next(&mut out).await;
            loop {
                if let Way::Ring(now) = &self.current.look().way {
                    ring.clone_from(now);
                }
                tokio::select! {
                    biased;
                    () = ring.put(&mut out) => break,
                    // Perhaps there is room in another ring now.
                    () = changes.next() => {}
                }
            }
            if let Came::End(reason) = came {
                return reason;
            }
            if !matches!(self.current.look().way, Way::Ring(_)) {
                intake.wind_up();
            }
        }
    }

    /// Sends records as datagrams.
    async fn send(
        &self,
        client: Socket,
        setup: Arc<Setup>,
        activity: Arc<Activity>,
    ) -> Option<Reason> {
        let to = Datagrams::to(&setup.stream.upstream, &setup.counters).await;
        let mut datagrams = match self.reached(&setup, to) {
            Ok(datagrams) => datagrams,
            Err(reason) => return Some(reason),
        };
        let mut upstream = setup.stream.upstream.clone();
        let mut intake = self.intake(client, &setup, Form::Records, activity);
        drop(setup);
        let mut out = Output::default();
        loop {
            let came = intake.next(&mut out).await;
            datagrams.put(&mut out).await;
            if let Came::End(reason) = came {
                return reason;
            }
            let Setup {
                stream, counters, ..
            } = &*self.current.now();
            let sends = matches!(stream.upstream, Destination::Udp { .. });
            if !sends {
                intake.wind_up();
            }
            if sends && stream.upstream != upstream {
                upstream = stream.upstream.clone();
                let Ok(now) = Datagrams::to(&upstream, counters).await else {
                    return Some(Reason::UpstreamUnreachable);
                };
                datagrams = now;
            }
        }
    }

    /// Nothing is read from a client whose upstream is not there.
    async fn tunnel(
        &self,
        client: Socket,
        setup: Arc<Setup>,
        dialer: &Dialer,
        activity: Arc<Activity>,
    ) -> Option<Reason> {
        let upstream = match self.reached(&setup, dialer.connect().await) {
            Ok(upstream) => upstream,
            Err(reason) => return Some(reason),
        };
        let (reader, writer) = split(client);
        let (answers, upstream) = split(upstream);
        let (idle, ending) = (setup.stream.idle, self.ending.clone());
        let forward = Forward {
            counters: setup.counters.clone(),
            intake: self.intake(reader, &setup, Form::AsItCame, activity.clone()),
            upstream,
            out: Output::default(),
            written: 0,
        };
        drop(setup);
        tunnel::run(forward, answers, writer, &activity, idle, ending).await
    }

    /// Notes whether the upstream is reached, and tells why it is not.
    fn reached<T>(&self, setup: &Setup, upstream: io::Result<T>) -> Result<T, Reason> {
        let name = &setup.stream.name;
        self.gauges.note_upstream(name, upstream.is_ok());
        upstream.map_err(|error| {
            if self.outage.is_due(OUTAGE) {
                let why = message::reason(&error);
                tracing::warn!(route = name, "the upstream is not reached: {why}");
            }
            Reason::UpstreamUnreachable
        })
    }

    /// Relays Forward.
    async fn relay(&self, client: Socket, setup: Arc<Setup>, dialer: &Dialer) -> Option<Reason> {
        let relay = forward::Relay {
            name: setup.stream.name.clone(),
            timeouts: setup.timeouts,
            dialer,
            current: &self.current,
            gauges: &self.gauges,
            budget: &self.budget,
            ending: &self.ending,
        };
        relay.run(client, setup).await
    }

    fn intake<R: tokio::io::AsyncRead + Unpin>(
        &self,
        reader: R,
        setup: &Setup,
        form: Form,
        activity: Arc<Activity>,
    ) -> Intake<R> {
        let masker = Masker::new(&setup.stream, &setup.counters, form);
        let current = self.current.clone();
        let ending = self.ending.clone();
        Intake::new(reader, masker, setup, current, activity, ending)
    }
}

/// Tells how a connection ended, also if it was by a defect of ours.
struct End {
    counters: Arc<Counters>,
    name: String,
}

impl End {
    fn tell(&self, reason: Reason) {
        self.counters.note(reason);
        let (name, reason) = (&self.name, reason.name());
        tracing::info!(target: "access", route = name, reason, "a connection was ended");
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.counters.note(Reason::Internal);
        }
    }
}
