//! `blackbar serve`: the long-running proxy.

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::rim::admin::{self, metrics::Metrics};
use crate::rim::cli::configuration::ConfigurationOptions;
use crate::rim::config::serve::Serve;
use crate::rim::ending::Ending;
use crate::rim::exit::{Exit, Failure};
use crate::rim::http;
use crate::rim::http::events::Gauges;
use crate::rim::message::reason;
use crate::rim::{hardening, log, tcp};

/// Options of `blackbar serve`.
#[derive(Args)]
#[command(before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    configuration: ConfigurationOptions,
}

const EXAMPLES: &str = "\
Examples:
  blackbar serve --http 127.0.0.1:9000=https://sentry.example
      then let the SDK's DSN name http://KEY@127.0.0.1:9000/PROJECT
  blackbar serve --http 127.0.0.1:9000=https://es.example --admin 127.0.0.1:9001
      and scrape http://127.0.0.1:9001/metrics
  blackbar serve --tcp 0.0.0.0:5170=shipper:5171
      and send it lines; unix:/path is possible on both sides
  blackbar config show --http 127.0.0.1:9000=https://es.example > blackbar.toml
  blackbar serve -c blackbar.toml
";

const NOTES: &str = "\
What passes unscanned: answers of the upstream, and of HTTP requests the credentials that
the upstream needs (Authorization, the key of a DSN, API keys of known backends). `blackbar
config show` lists them for each route under `passes`.

On SIGTERM or SIGINT nothing more is accepted and what is in flight is finished, up to
[timeouts] drain; a second signal ends at once. Exit codes: 0 after that, 2 for a wrong
configuration, 3 where it cannot listen or requests were cut off, 128+N for a second signal.
";

/// Serves until a signal ends it.
pub(crate) fn run(options: &ServeOptions) -> Result<Exit, Failure> {
    let (_, built) = options.configuration.build()?;
    log::start(built.serve.log)
        .map_err(|error| Failure::Usage(format!("BLACKBAR_LOG: {error}")))?;
    for warning in &built.warnings {
        tracing::warn!("{warning}");
    }
    hardening::raise_open_files();
    let runtime = runtime().map_err(|error| Failure::Start(reason(&error)))?;
    runtime.block_on(serve(built.serve))
}

/// As many workers as there are processors for us.
fn runtime() -> io::Result<Runtime> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
}

async fn serve(serve: Serve) -> Result<Exit, Failure> {
    let gauges = Arc::new(Gauges::new(&serve));
    let metrics = Arc::new(Metrics::new(&serve));
    if let Some(address) = serve.admin {
        let listener = bind(address).await?;
        admin::warn_if_open(address);
        if let Ok(address) = listener.local_addr() {
            tracing::info!("admin on {address}");
        }
        tokio::spawn(admin::serve(listener, metrics.clone(), gauges.clone()));
    }
    let mut ending = Ending::listen().map_err(|error| Failure::Start(reason(&error)))?;
    let room = Arc::new(Semaphore::new(serve.limits.max_connections));
    let of_http = http::Surroundings {
        observer: metrics.clone(),
        gauges: gauges.clone(),
        room: room.clone(),
        ending: ending.watch(),
    };
    let of_streams = tcp::Surroundings {
        timeouts: serve.timeouts,
        gauges: gauges.clone(),
        room,
        ending: ending.watch(),
        counters: metrics.streams(),
    };
    http::start(&serve, of_http).await?;
    tcp::start(&serve.streams, of_streams).await?;
    gauges.ready.store(true, Ordering::Release);
    ending.signal().await;
    gauges.ready.store(false, Ordering::Release);
    tracing::info!("ending; what is in flight is finished");
    ending.begin();
    tokio::select! {
        signal = ending.signal() => Ok(Exit::Signal(signal)),
        exit = drained(&gauges, serve.timeouts.drain) => Ok(exit),
    }
}

/// Waits for what is in flight, but not for longer than `time`.
async fn drained(gauges: &Gauges, time: Duration) -> Exit {
    let deadline = Instant::now() + time;
    let now = |gauge: &AtomicUsize| gauge.load(Ordering::Acquire);
    loop {
        let owed = now(&gauges.in_flight) + now(&gauges.delivering);
        if owed == 0 && now(&gauges.connections) == 0 {
            return Exit::Done;
        }
        if Instant::now() >= deadline {
            if owed == 0 {
                return Exit::Done;
            }
            for (what, count) in [
                ("requests", now(&gauges.in_flight)),
                ("streams", now(&gauges.delivering)),
            ] {
                if count > 0 {
                    tracing::error!("{count} {what} were cut at the deadline");
                }
            }
            return Exit::Io;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| {
        let why = reason(&error);
        Failure::Start(format!("cannot listen on {address}: {why}"))
    })
}
