//! What runs by a configuration, and how it comes to run by another one.
//!
//! `changes` tells that the files of the configuration have changed. What is made of them
//! is swapped here, as a whole or not at all: everything that may fail comes first.

pub(crate) mod changes;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::rim::admin::metrics::Metrics;
use crate::rim::config::serve::Serve;
use crate::rim::exit::Failure;
use crate::rim::http::budget::{Budget, PATIENCE};
use crate::rim::http::events::Gauges;
use crate::rim::listening::Room;
use crate::rim::{http, tcp};

/// All listeners of a process, with what they share.
pub(crate) struct Running {
    metrics: Arc<Metrics>,
    gauges: Arc<Gauges>,
    room: Arc<Room>,
    http: http::listeners::Listeners,
    streams: tcp::listeners::Listeners,
}

impl Running {
    /// Nothing listens yet. `stop` is told when nothing can be delivered any more.
    pub(crate) fn new(
        metrics: &Arc<Metrics>,
        gauges: &Arc<Gauges>,
        places: usize,
        stop: &Arc<Notify>,
    ) -> Self {
        let room = Arc::new(Room::new(places));
        let budget = Budget::new(gauges.clone(), PATIENCE);
        let of_http = http::Surroundings {
            observer: metrics.clone(),
            budget: budget.clone(),
            gauges: gauges.clone(),
            room: room.clone(),
        };
        let of_streams = tcp::Surroundings {
            budget,
            gauges: gauges.clone(),
            room: room.clone(),
            stop: stop.clone(),
        };
        Self {
            metrics: metrics.clone(),
            gauges: gauges.clone(),
            room,
            http: http::listeners::Listeners::new(of_http),
            streams: tcp::listeners::Listeners::new(of_streams),
        }
    }

    /// Runs by this configuration from now on. What the one before has begun is finished:
    /// requests by their routes, records by their rules.
    ///
    /// # Errors
    ///
    /// Something of it cannot be: an address is taken, a certificate cannot be used. Then
    /// nothing has changed.
    pub(crate) async fn swap(&mut self, serve: &Serve) -> Result<(), Failure> {
        let counters = |stream: &_| self.metrics.stream(stream);
        let http = self.http.prepare(serve).await?;
        let streams = self
            .streams
            .prepare(&serve.streams, serve.timeouts, counters);
        let streams = streams.await?;
        self.metrics.adopt(serve);
        self.gauges.adopt(serve);
        self.room.resize(serve.limits.max_connections);
        self.http.commit(http).await;
        self.streams.commit(streams).await;
        Ok(())
    }

    /// Accepts nothing more, and finishes what is in flight.
    pub(crate) fn end(&mut self) {
        self.http.end();
        self.streams.end();
    }
}
