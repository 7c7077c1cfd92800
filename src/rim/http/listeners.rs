//! The listeners, and how they become those of another configuration while they run.
//!
//! What may fail is done first, without an effect: addresses are bound, certificates read,
//! connections to upstreams prepared. Then everything is swapped at once. A connection has
//! the routes of its listener with each request anew, so that none holds what has gone.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Surroundings;
use super::budget::Budget;
use super::connection::{Port, Serving};
use super::events::Counted;
use super::forward::{Proxy, Way};
use super::outage::Outage;
use super::upstream::Upstreams;
use super::workers::Workers;
use crate::rim::config::policy::Rules;
use crate::rim::config::serve::{Listen, Route, Serve};
use crate::rim::exit::Failure;
use crate::rim::listening::{Room, paired};
use crate::rim::message::reason;
use crate::rim::tls::{self, Shown};

/// How long no connection is accepted after an attempt failed for want of resources.
const PAUSE: Duration = Duration::from_millis(100);

/// All listeners of HTTP.
pub(crate) struct Listeners {
    surroundings: Surroundings,
    budget: Arc<Budget>,
    open: Vec<Open>,
    upstreams: Upstreams,
    /// Begun with the first listener, and kept until what is in flight is done.
    workers: OnceLock<Arc<Workers>>,
}

/// One that is open.
struct Open {
    /// As configured.
    address: SocketAddr,
    port: Arc<Port>,
    ending: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// Listeners that are ready to be those of a configuration.
pub(crate) struct Prepared {
    listeners: Vec<(SocketAddr, Place, Serving)>,
    upstreams: Upstreams,
}

/// Where a listener comes from.
enum Place {
    /// It is open already.
    Open(Arc<Port>),
    /// It is bound, and these serve its connections.
    Bound(TcpListener, Arc<Workers>),
}

impl Listeners {
    /// None yet.
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        Self {
            budget: surroundings.budget.clone(),
            surroundings,
            open: Vec::new(),
            upstreams: Upstreams::default(),
            workers: OnceLock::new(),
        }
    }

    fn workers(&self) -> Result<Arc<Workers>, Failure> {
        if let Some(workers) = self.workers.get() {
            return Ok(workers.clone());
        }
        let workers = Workers::start().map_err(|error| Failure::Start(reason(&error)))?;
        Ok(self.workers.get_or_init(|| Arc::new(workers)).clone())
    }

    /// Does everything that may fail.
    ///
    /// # Errors
    ///
    /// An address is taken, a certificate cannot be used, or there are no threads.
    pub(crate) async fn prepare(&self, serve: &Serve) -> Result<Prepared, Failure> {
        let proxy = Arc::new(Proxy {
            timeouts: serve.timeouts,
            limits: serve.limits,
            observer: self.surroundings.observer.clone(),
            budget: self.budget.clone(),
            gauges: self.surroundings.gauges.clone(),
        });
        let open: Vec<_> = self.open.iter().map(|open| &open.address).collect();
        let wanted = serve.listen.iter().map(|listen| &listen.address);
        let (mut listeners, mut upstreams) = (Vec::new(), Upstreams::default());
        for (listen, same) in serve.listen.iter().zip(paired(wanted, &open)) {
            let port = same.map(|index| self.open[index].port.clone());
            let serving = Serving {
                tls: shown(listen, port.as_deref())?,
                ways: self.ways(listen, &proxy, &mut upstreams)?,
                proxy: proxy.clone(),
            };
            let place = match port {
                Some(port) => Place::Open(port),
                None => Place::Bound(bind(listen.address).await?, self.workers()?),
            };
            listeners.push((listen.address, place, serving));
        }
        Ok(Prepared {
            listeners,
            upstreams,
        })
    }

    fn ways(
        &self,
        listen: &Listen,
        proxy: &Proxy,
        upstreams: &mut Upstreams,
    ) -> Result<Arc<[Way]>, Failure> {
        let workers = self.workers()?.count();
        let way = |route: &Arc<Route>| {
            let Route { upstream, .. } = &**route;
            let connect = proxy.timeouts.connect;
            let pools = upstreams.pools(&self.upstreams, upstream, connect, workers);
            let failed = |error| Failure::Usage(format!("route {}: {error}", route.name));
            Ok(Way {
                route: route.clone(),
                pools: pools.map_err(failed)?,
                candidates: route
                    .candidates
                    .clone()
                    .map(|redactor| Rules::new(redactor.clone(), redactor)),
                outage: Outage::default(),
            })
        };
        listen.routes.iter().map(way).collect()
    }

    /// Listens for those, and serves from there on. The others accept nothing more; their
    /// connections end when what is in flight on them is finished.
    pub(crate) async fn commit(&mut self, prepared: Prepared) {
        let stays = |open: &Open| {
            prepared.listeners.iter().any(|(_, place, _)| match place {
                Place::Open(port) => Arc::ptr_eq(port, &open.port),
                Place::Bound(..) => false,
            })
        };
        let (stay, go): (Vec<_>, Vec<_>) = self.open.drain(..).partition(stays);
        self.open = stay;
        for (address, place, serving) in prepared.listeners {
            match place {
                Place::Open(port) => port.swap(serving),
                Place::Bound(listener, workers) => {
                    let open = self.begin(address, listener, workers, serving);
                    self.open.push(open);
                }
            }
        }
        self.upstreams = prepared.upstreams;
        for open in go {
            open.ending.send_replace(true);
            // So that the address is free for the next configuration.
            let _ = open.accepting.await;
            tracing::info!("no longer listening on {}", open.address);
        }
    }

    fn begin(
        &self,
        address: SocketAddr,
        listener: TcpListener,
        workers: Arc<Workers>,
        serving: Serving,
    ) -> Open {
        if let Ok(address) = listener.local_addr() {
            tracing::info!("listening on {address}");
        }
        let (ending, ended) = watch::channel(false);
        let port = Arc::new(Port::new(serving, ended));
        let accepting = accept(
            listener,
            port.clone(),
            workers,
            self.surroundings.room.clone(),
        );
        Open {
            address,
            port,
            ending,
            accepting: tokio::spawn(accepting),
        }
    }

    /// Accepts nothing more; what is in flight is finished.
    pub(crate) fn end(&self) {
        for open in &self.open {
            open.ending.send_replace(true);
        }
    }
}

/// What a listener shows: the same as before, if it is of the same files.
fn shown(listen: &Listen, before: Option<&Port>) -> Result<Option<Arc<Shown>>, Failure> {
    let Some(files) = &listen.tls else {
        return Ok(None);
    };
    if let Some(same) = before
        .and_then(Port::shown)
        .filter(|shown| shown.is_of(files))
    {
        return Ok(Some(same));
    }
    let shown = Shown::new(files, tls::HTTP).map_err(Failure::Usage)?;
    tokio::spawn(Shown::watch(Arc::downgrade(&shown)));
    Ok(Some(shown))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| Failure::Start(format!("{address}: {}", reason(&error))))
}

/// Accepts connections until the end is asked for; no more than there is room for, so
/// that further clients wait.
async fn accept(listener: TcpListener, port: Arc<Port>, workers: Arc<Workers>, room: Arc<Room>) {
    let mut ending = port.ending.clone();
    loop {
        let next = async {
            let place = room.place().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = ending.wait_for(|&ending| ending) => return,
        };
        let Some(stream) = usable(accepted).await else {
            continue;
        };
        // The runtime that serves it is another.
        let Ok(stream) = stream.into_std() else {
            continue;
        };
        workers.spawn(|worker| {
            let port = port.clone();
            let counted = Counted::new(&port.gauges(), |gauges| &gauges.connections);
            async move {
                // What fails here has closed the connection.
                if let Ok(stream) = TcpStream::from_std(stream) {
                    port.serve(stream, worker).await;
                }
                drop((counted, place));
            }
        });
    }
}

/// A listener outlives what goes wrong with one connection, and the want of descriptors.
async fn usable(accepted: io::Result<(TcpStream, SocketAddr)>) -> Option<TcpStream> {
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
