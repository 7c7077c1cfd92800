//! What shows the present, brought up to date when somebody asks.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::rim::admin::series::{Labels, Series};
use crate::rim::config::serve::Serve;
use crate::rim::http::events::Gauges;

/// Gauges.
pub(super) struct State {
    upstream_up: Series<Gauge>,
    observing: Series<Gauge>,
    budget: Gauge,
    budget_limit: Gauge,
    connections: Gauge,
    in_flight: Gauge,
}

/// A route, and until when it observes.
pub(super) type Observed = (String, Option<SystemTime>);

impl State {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let state = Self {
            upstream_up: Series::register(
                registry,
                "upstream_up",
                "Whether the upstream was reached at the last attempt",
                Gauge::default,
            ),
            observing: Series::register(
                registry,
                "observing",
                "Whether the route passes originals on, with their secrets",
                Gauge::default,
            ),
            budget: Gauge::default(),
            budget_limit: Gauge::default(),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
        };
        for (name, help, gauge) in [
            ("budget_bytes", "Bytes that bodies occupy", &state.budget),
            (
                "budget_limit_bytes",
                "Bytes that bodies may occupy",
                &state.budget_limit,
            ),
            (
                "connections",
                "Client connections that stand",
                &state.connections,
            ),
            ("in_flight", "Requests that are worked on", &state.in_flight),
        ] {
            registry.register(name, help, gauge.clone());
        }
        state
    }

    pub(super) fn update(&self, gauges: &Gauges, routes: &[Observed]) {
        let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        let now = |value: &AtomicUsize| number(value.load(Ordering::Relaxed));
        self.budget.set(now(&gauges.budget_used));
        self.budget_limit.set(now(&gauges.budget_limit));
        self.connections.set(now(&gauges.connections));
        self.in_flight.set(now(&gauges.in_flight));
        let set = |series: &Series<Gauge>, route: &str, value: bool| {
            let labels = vec![("route", route.to_owned())];
            series.get_or_create_owned(&labels).set(i64::from(value));
        };
        for (name, is_up) in gauges.upstreams() {
            set(&self.upstream_up, &name, is_up);
        }
        for (name, until) in routes {
            let observes = until.is_some_and(|until| SystemTime::now() < until);
            set(&self.observing, name, observes);
        }
    }

    /// The route is gone.
    pub(super) fn forget(&self, route: &str) {
        self.upstream_up.forget(route);
        self.observing.forget(route);
    }
}

/// The routes of a configuration, and its listeners of streams.
pub(super) fn observed(serve: &Serve) -> Vec<Observed> {
    let routes = serve.listen.iter().flat_map(|listen| &listen.routes);
    let routes = routes.map(|route| (route.name.clone(), route.observe_until));
    let streams = serve.streams.iter();
    let streams = streams.map(|stream| (stream.name.clone(), stream.observe_until));
    routes.chain(streams).collect()
}

/// What is told of the configuration, by the names that Prometheus has for it.
pub(super) struct Reloads {
    is_good: Gauge,
    good_at: Gauge<f64, AtomicU64>,
    done: Counter,
    failed: Counter,
}

impl Reloads {
    /// Of a process that has just read one.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (is_good, good_at) = (Gauge::default(), Gauge::default());
        registry.register(
            "config_last_reload_successful",
            "Whether the configuration, as it was last read, is the one that runs",
            is_good.clone(),
        );
        registry.register(
            "config_last_reload_success_timestamp_seconds",
            "When the configuration that runs was read",
            good_at.clone(),
        );
        let reloads = Family::<Labels, Counter>::default();
        registry.register("config_reloads", "Reloads, by result", reloads.clone());
        let of = |result: &str| reloads.get_or_create_owned(&vec![("result", result.to_owned())]);
        let reloads = Self {
            is_good,
            good_at,
            done: of("success"),
            failed: of("failure"),
        };
        reloads.note_good();
        reloads
    }

    /// The configuration was read again, and runs or does not.
    pub(super) fn note(&self, is_good: bool) {
        if is_good {
            self.done.inc();
            self.note_good();
        } else {
            self.failed.inc();
            self.is_good.set(0);
        }
    }

    fn note_good(&self) {
        self.is_good.set(1);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        self.good_at.set(now.unwrap_or_default().as_secs_f64());
    }
}
