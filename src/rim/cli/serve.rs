//! `blackbar serve`: the long-running proxy.

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::rim::admin::{self, metrics::Metrics};
use crate::rim::cli::configuration::ConfigurationOptions;
use crate::rim::config::serve::Serve;
use crate::rim::exit::{Exit, Failure};
use crate::rim::http;
use crate::rim::http::events::Gauges;
use crate::rim::message::reason;
use crate::rim::{hardening, log};

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
  blackbar config show --http 127.0.0.1:9000=https://es.example > blackbar.toml
  blackbar serve -c blackbar.toml
";

const NOTES: &str = "\
What passes unscanned: answers of the upstream, and of requests the credentials that the
upstream needs (Authorization, the key of a DSN, API keys of known backends). `blackbar
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
    http::run(serve, metrics, gauges).await
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| {
        let why = reason(&error);
        Failure::Start(format!("cannot listen on {address}: {why}"))
    })
}
