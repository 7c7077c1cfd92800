//! `blackbar serve`: the long-running proxy.

mod origin;

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use self::origin::{Due, Origin, Read};
use crate::rim::admin::{self, metrics::Metrics};
use crate::rim::cli::configuration::ConfigurationOptions;
use crate::rim::config::build::Built;
use crate::rim::config::serve::LogFormat;
use crate::rim::ending::{Asked, Ending};
use crate::rim::exit::{Exit, Failure};
use crate::rim::http::events::Gauges;
use crate::rim::message::reason;
use crate::rim::reload::Running;
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
  blackbar serve --tcp 0.0.0.0:5170=shipper:5171
      and send it lines; unix:/path is possible on both sides
  blackbar serve --forward 0.0.0.0:24224=fluentd:24224
      between Fluent Bit or Fluentd on both sides
  blackbar config show --http 127.0.0.1:9000=https://es.example > blackbar.toml
  blackbar serve -c blackbar.toml
";

const NOTES: &str = "\
What passes unscanned: answers of the upstream, and of HTTP requests the credentials that
the upstream needs (Authorization, the key of a DSN, API keys of known backends). `blackbar
config show` lists them for each route under `passes`.

On SIGHUP, and when the configuration file or a file that it names changes, it is read again:
rules, routes, limits and upstreams are swapped for new and running connections, as a whole
or, if anything of it does not hold, not at all. [admin] and [log] need a restart.

On SIGTERM or SIGINT nothing more is accepted and what is in flight is finished, up to
[timeouts] drain; a second signal ends at once. Exit codes: 0 after that, 2 for a wrong
configuration, 3 where it cannot listen or requests were cut off, 128+N for a second signal.
";

/// How often it is looked whether the configuration has changed.
const LOOK: Duration = Duration::from_secs(1);

/// Serves until a signal ends it.
pub(crate) fn run(options: &ServeOptions) -> Result<Exit, Failure> {
    let mut origin = Origin::new(&options.configuration);
    let read = origin.read(SystemTime::now())?;
    log::start(read.built.serve.log)
        .map_err(|error| Failure::Usage(format!("BLACKBAR_LOG: {error}")))?;
    hardening::raise_open_files();
    hardening::survive_file_sizes();
    let runtime = runtime().map_err(|error| Failure::Start(reason(&error)))?;
    runtime.block_on(serve(origin, read))
}

/// As many workers as there are processors for us.
fn runtime() -> io::Result<Runtime> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
}

async fn serve(origin: Origin<'_>, read: Read) -> Result<Exit, Failure> {
    let serve = &read.built.serve;
    let gauges = Arc::new(Gauges::new(serve));
    let metrics = Arc::new(Metrics::new(serve));
    if let Some(address) = serve.admin {
        let listener = bind(address).await?;
        admin::warn_if_open(address);
        if let Ok(address) = listener.local_addr() {
            tracing::info!("admin on {address}");
        }
        tokio::spawn(admin::serve(listener, metrics.clone(), gauges.clone()));
    }
    let mut ending = Ending::listen().map_err(|error| Failure::Start(reason(&error)))?;
    let (places, stop) = (serve.limits.max_connections, Arc::new(Notify::new()));
    let mut reloading = Reloading {
        begun_with: (serve.admin, serve.log),
        drain: serve.timeouts.drain,
        running: Running::new(&metrics, &gauges, places, &stop),
        metrics,
        origin,
    };
    reloading.take(read).await?;
    gauges.ready.store(true, Ordering::Release);
    tokio::select! {
        () = reloading.until_the_end(&mut ending) => {}
        () = stop.notified() => {}
    }
    gauges.ready.store(false, Ordering::Release);
    tracing::info!("ending; what is in flight is finished");
    reloading.running.end();
    tokio::select! {
        signal = ending.last_signal() => Ok(Exit::Signal(signal)),
        exit = drained(&gauges, &reloading.metrics, reloading.drain) => Ok(exit),
    }
}

/// What runs, and where its configuration comes from.
struct Reloading<'a> {
    origin: Origin<'a>,
    running: Running,
    metrics: Arc<Metrics>,
    /// What stays until a restart.
    begun_with: (Option<SocketAddr>, LogFormat),
    /// What the end may take.
    drain: Duration,
}

impl Reloading<'_> {
    /// Reloads when it is due or asked for, until a signal asks for the end.
    async fn until_the_end(&mut self, ending: &mut Ending) {
        let mut clock = interval(LOOK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                asked = ending.asked() => match asked {
                    Asked::End(_) => return,
                    Asked::Reload => self.asked().await,
                },
                _ = clock.tick() => self.look().await,
            }
        }
    }

    async fn asked(&mut self) {
        if let Some(limit) = self.origin.limit() {
            tracing::warn!("asked to reload: {limit}");
        }
        let read = self.origin.read(SystemTime::now());
        self.reload("asked to", read).await;
    }

    async fn look(&mut self) {
        self.metrics.forget_gone();
        let now = SystemTime::now();
        match self.origin.due(now) {
            None => {}
            Some(Due::Changed) => {
                let read = self.origin.read(now);
                self.reload("its files have changed", read).await;
            }
            Some(Due::Expired) => self.expire(now).await,
        }
    }

    /// An exception has come to its end. What is in the file, and whether it holds, is
    /// another matter.
    async fn expire(&mut self, now: SystemTime) {
        let ended = match self.origin.made_again(now) {
            Ok(None) => return,
            Ok(Some(read)) => self.take(read).await,
            Err(failure) => Err(failure),
        };
        match ended {
            Ok(()) => tracing::info!("an exception has ended"),
            Err(failure) => {
                tracing::error!("an exception should have ended, and goes on: {failure}");
                self.metrics.reloaded(false);
            }
        }
    }

    async fn reload(&mut self, why: &str, read: Result<Read, Failure>) {
        let taken = match read {
            Ok(read) => self.take(read).await,
            Err(failure) => Err(failure),
        };
        match &taken {
            Ok(()) => tracing::info!("reloaded the configuration: {why}"),
            Err(failure) => tracing::error!(
                "the configuration that runs stays, since the new one does not hold: {failure}"
            ),
        }
        self.metrics.reloaded(taken.is_ok());
    }

    /// Runs by it from now on.
    async fn take(&mut self, read: Read) -> Result<(), Failure> {
        let Built {
            serve, warnings, ..
        } = &read.built;
        self.running.swap(serve).await?;
        self.drain = serve.timeouts.drain;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let (admin, log) = self.begun_with;
        for (key, is_same) in [
            ("[admin] listen", admin == serve.admin),
            ("[log] format", log == serve.log),
        ] {
            if !is_same {
                tracing::warn!("{key} has changed, which needs a restart; the old one stays");
            }
        }
        self.origin.runs(read);
        Ok(())
    }
}

/// Waits for what is in flight, but not for longer than `time`.
async fn drained(gauges: &Gauges, metrics: &Metrics, time: Duration) -> Exit {
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
                ("requests in flight", now(&gauges.in_flight)),
                ("streams that owe something", now(&gauges.delivering)),
            ] {
                if count > 0 {
                    tracing::error!("cut at the deadline: {what}: {count}");
                }
            }
            for (route, records) in metrics.waiting() {
                tracing::error!(route, "records that the upstream has not taken: {records}");
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

#[cfg(test)]
mod tests;
