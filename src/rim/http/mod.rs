//! The redacting reverse proxy.
//!
//! # The way of a request
//!
//! `connection` chooses the protocol; `strict` checks each byte of HTTP/1 before hyper
//! sees it. `forward` is the numbered plan of one request: `route` says whether and where
//! it goes, `head` masks its path, query and headers, `intake` reads and masks its body
//! under the `budget`, `upstream` has the connections, and `reply` passes the answer on
//! untouched. What goes wrong is one of the reasons of `answer`. The `account` of the
//! request is told to the log and to the observer of `events` when the answer has left.

mod account;
pub(crate) mod answer;
mod budget;
mod connection;
pub(crate) mod events;
mod forward;
mod head;
mod host;
mod intake;
mod masking;
mod outgoing;
mod reply;
mod route;
mod signed;
mod socket;
mod strict;
mod upstream;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;

use crate::rim::config::policy::Rules;
use crate::rim::config::serve::{Listen, Route, Serve};
use crate::rim::exit::Failure;
use crate::rim::http::budget::Budget;
use crate::rim::http::connection::Port;
use crate::rim::http::events::{Counted, Gauges, Observer};
use crate::rim::http::forward::{Proxy, Way};
use crate::rim::message::reason;
use crate::rim::tls::{self, Shown};

/// How long a body waits for others to free some of the budget.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long no connection is accepted after an attempt failed for want of resources.
const PAUSE: Duration = Duration::from_millis(100);

/// What the listeners of a process share.
pub(crate) struct Surroundings {
    /// Is told of each request.
    pub(crate) observer: Arc<dyn Observer>,
    /// The present state.
    pub(crate) gauges: Arc<Gauges>,
    /// Places for connections.
    pub(crate) room: Arc<Semaphore>,
    /// Becomes true when everything is to end.
    pub(crate) ending: watch::Receiver<bool>,
}

/// Listens for all of them, and serves from there on.
///
/// # Errors
///
/// It cannot begin: an address is taken, or a certificate cannot be used.
pub(crate) async fn start(serve: &Serve, surroundings: Surroundings) -> Result<(), Failure> {
    let Surroundings {
        observer,
        gauges,
        room,
        ending,
    } = surroundings;
    let proxy = Arc::new(Proxy {
        timeouts: serve.timeouts,
        limits: serve.limits,
        observer,
        budget: Budget::new(gauges.clone(), PATIENCE),
        gauges,
    });
    let mut opened = Vec::new();
    for listen in &serve.listen {
        opened.push(open(listen, &proxy, &ending).await?);
    }
    for (listener, port) in opened {
        if let Ok(address) = listener.local_addr() {
            tracing::info!("listening on {address}");
        }
        tokio::spawn(accept(listener, port, room.clone()));
    }
    Ok(())
}

/// Makes a listener ready.
async fn open(
    listen: &Listen,
    proxy: &Arc<Proxy>,
    ending: &watch::Receiver<bool>,
) -> Result<(TcpListener, Arc<Port>), Failure> {
    let tls = match &listen.tls {
        Some(files) => Some(Shown::new(files, tls::HTTP).map_err(Failure::Usage)?),
        None => None,
    };
    let ways = listen.routes.iter().map(|route| way(route, proxy));
    let port = Port {
        proxy: proxy.clone(),
        ways: ways.collect::<Result<_, _>>()?,
        tls: tls.clone(),
        ending: ending.clone(),
    };
    let listener = TcpListener::bind(listen.address)
        .await
        .map_err(|error| Failure::Start(format!("{}: {}", listen.address, reason(&error))))?;
    if let Some(shown) = tls {
        tokio::spawn(shown.watch());
    }
    Ok((listener, Arc::new(port)))
}

fn way(route: &Arc<Route>, proxy: &Proxy) -> Result<Way, Failure> {
    let pool = upstream::pool(&route.upstream, proxy.timeouts.connect)
        .map_err(|error| Failure::Usage(format!("route {}: {error}", route.name)))?;
    Ok(Way {
        route: route.clone(),
        pool,
        candidates: route.candidates.clone().map(|redactor| Rules {
            plain: redactor.clone(),
            typed: redactor,
        }),
    })
}

/// Accepts connections until the end is asked for; no more than there is room for, so
/// that further clients wait.
async fn accept(listener: TcpListener, port: Arc<Port>, room: Arc<Semaphore>) {
    let mut ending = port.ending.clone();
    loop {
        let next = async {
            let place = room.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = ending.wait_for(|&ending| ending) => return,
        };
        let Some(stream) = usable(accepted).await else {
            continue;
        };
        let port = port.clone();
        tokio::spawn(async move {
            let counted = Counted::new(&port.proxy.gauges, |gauges| &gauges.connections);
            port.serve(stream).await;
            drop((counted, place));
        });
    }
}

/// A listener outlives what goes wrong with one connection, and the want of descriptors.
async fn usable(accepted: io::Result<(TcpStream, std::net::SocketAddr)>) -> Option<TcpStream> {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset};
    match accepted {
        Ok((stream, _)) => Some(stream),
        Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionReset) => None,
        Err(error) => {
            tracing::warn!("cannot accept a connection: {}", reason(&error));
            sleep(PAUSE).await;
            None
        }
    }
}
