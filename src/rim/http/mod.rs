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
mod intake;
mod masking;
mod outgoing;
mod reply;
mod route;
mod signed;
mod socket;
mod strict;
mod tls;
mod upstream;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::rim::config::policy::Rules;
use crate::rim::config::serve::{Listen, Route, Serve};
use crate::rim::exit::{Exit, Failure};
use crate::rim::http::budget::Budget;
use crate::rim::http::connection::Port;
use crate::rim::http::events::{Counted, Gauges, Observer};
use crate::rim::http::forward::{Proxy, Way};
use crate::rim::message::reason;
use crate::rim::transport::signals;

/// How long a body waits for others to free some of the budget.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long no connection is accepted after an attempt failed for want of resources.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until a signal asks for the end, on a runtime of several threads.
///
/// # Errors
///
/// It cannot begin: an address is taken, or a certificate cannot be used.
pub(crate) async fn run(
    serve: Serve,
    observer: Arc<dyn Observer>,
    gauges: Arc<Gauges>,
) -> Result<Exit, Failure> {
    let (sender, mut asked) = mpsc::unbounded_channel();
    signals::listen(move |signal| {
        // Nobody listens any more once the end has come.
        let _ = sender.send(signal);
    })
    .map_err(|error| Failure::Start(reason(&error)))?;
    let proxy = Arc::new(Proxy {
        timeouts: serve.timeouts,
        limits: serve.limits,
        observer,
        budget: Budget::new(gauges.clone(), PATIENCE),
        gauges: gauges.clone(),
    });
    let (end, ending) = watch::channel(false);
    let mut opened = Vec::new();
    for listen in &serve.listen {
        opened.push(open(listen, &proxy, &ending).await?);
    }
    let room = Arc::new(Semaphore::new(serve.limits.max_connections));
    for (listener, port) in opened {
        if let Ok(address) = listener.local_addr() {
            tracing::info!("listening on {address}");
        }
        tokio::spawn(accept(listener, port, room.clone()));
    }
    gauges.ready.store(true, Ordering::Release);
    let first = asked.recv().await;
    gauges.ready.store(false, Ordering::Release);
    tracing::info!("ending; requests in flight are finished");
    end.send_replace(true);
    tokio::select! {
        second = asked.recv() => Ok(Exit::Signal(second.or(first).unwrap_or(15))),
        exit = drained(&gauges, serve.timeouts.drain) => Ok(exit),
    }
}

/// Makes a listener ready.
async fn open(
    listen: &Listen,
    proxy: &Arc<Proxy>,
    ending: &watch::Receiver<bool>,
) -> Result<(TcpListener, Arc<Port>), Failure> {
    let tls = match &listen.tls {
        Some(files) => Some(tls::Shown::new(files).map_err(Failure::Usage)?),
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

/// Waits for what is in flight, but not for longer than `time`.
async fn drained(gauges: &Gauges, time: Duration) -> Exit {
    let deadline = Instant::now() + time;
    loop {
        let in_flight = gauges.in_flight.load(Ordering::Acquire);
        if in_flight == 0 && gauges.connections.load(Ordering::Acquire) == 0 {
            return Exit::Done;
        }
        if Instant::now() >= deadline {
            if in_flight == 0 {
                return Exit::Done;
            }
            tracing::error!("{in_flight} requests were cut at the deadline");
            return Exit::Io;
        }
        sleep(Duration::from_millis(10)).await;
    }
}
