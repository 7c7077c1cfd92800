//! What `/metrics` shows. All series are there from the start, at zero, and nothing in a
//! request makes one: labels are names of routes, of the rules that are loaded and their
//! packs, of reasons and of classes of status codes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use blackbar::{Redactor, Tally};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::rim::admin::streams::OfStreams;
use crate::rim::config::serve::{Route, Serve};
use crate::rim::http::answer::Reason;
use crate::rim::http::events::{Gauges, Observer, RequestRecord};
use crate::rim::tcp;

pub(super) type Labels = Vec<(&'static str, String)>;
pub(super) type Counters = Family<Labels, Counter>;
type States = Family<Labels, Gauge>;

/// Under this name stands what no route took; no route can be called so.
const NO_ROUTE: &str = "(none)";

/// Classes of status codes; a client that was gone before its answer has `none`.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Reasons of stubs that formats have in common; others follow when they first occur, and
/// are as fixed, since they stand in the code.
const STUBS: [&str; 3] = ["binary", "replay", "too_deep"];

/// Seconds; from what a proxy should add to what a slow backend takes.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];

/// All metrics.
pub(crate) struct Metrics {
    registry: Registry,
    families: Families,
    /// By name; [`NO_ROUTE`] is one.
    routes: HashMap<String, OfRoute>,
    /// By name.
    streams: HashMap<String, Arc<tcp::counters::Counters>>,
    state: State,
}

#[derive(Clone)]
pub(super) struct Families {
    requests: Counters,
    bytes: Counters,
    pub(super) records: Counters,
    pub(super) findings: Counters,
    observed: Counters,
    candidates: Counters,
    pub(super) refused: Counters,
    stubbed: Counters,
    pub(super) upstream_errors: Counters,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
}

/// What shows the present, brought up to date when somebody asks.
struct State {
    upstream_up: States,
    observing: States,
    budget: Gauge,
    budget_limit: Gauge,
    connections: Gauge,
    in_flight: Gauge,
}

/// The counters of one route, found without looking up labels.
struct OfRoute {
    route: Option<Arc<Route>>,
    requests: [Counter; CLASSES.len()],
    bytes_in: Counter,
    bytes_out: Counter,
    records: Counter,
    /// By rule.
    findings: Vec<Counter>,
    observed: Vec<Counter>,
    candidates: Vec<Counter>,
    seconds: Histogram,
}

impl Metrics {
    /// Of a process with these routes; every series at zero.
    pub(crate) fn new(serve: &Serve) -> Self {
        let mut registry = Registry::with_prefix("blackbar");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", version);
        let families = Families::register(&mut registry);
        let of_streams = OfStreams::register(&mut registry);
        let state = State::register(&mut registry);
        let routes = serve.listen.iter().flat_map(|listen| &listen.routes);
        let mut all: HashMap<_, _> = routes
            .map(|route| (route.name.clone(), families.of_route(Some(route))))
            .collect();
        all.insert(NO_ROUTE.to_owned(), families.of_route(None));
        let streams = serve.streams.iter().map(|stream| {
            let counters = of_streams.of(stream, &families);
            (stream.name.clone(), Arc::new(counters))
        });
        let streams = streams.collect();
        Self {
            registry,
            families,
            routes: all,
            streams,
            state,
        }
    }

    /// The counters of the listeners of streams, by their names.
    pub(crate) fn streams(&self) -> HashMap<String, Arc<tcp::counters::Counters>> {
        self.streams.clone()
    }

    /// The exposition, as `OpenMetrics` text.
    pub(crate) fn text(&self, gauges: &Gauges) -> String {
        self.state.update(gauges, self.routes.values());
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Observer for Metrics {
    fn request(&self, record: &RequestRecord<'_>) {
        let name = record.route.map_or(NO_ROUTE, |route| route.name.as_str());
        let Some(of) = self.routes.get(name) else {
            return;
        };
        of.requests[usize::from(record.status / 100).min(CLASSES.len() - 1)].inc();
        of.bytes_in.inc_by(record.bytes_in);
        of.bytes_out.inc_by(record.bytes_out);
        of.seconds.observe(record.time.as_secs_f64());
        let findings = if record.observed {
            &of.observed
        } else {
            &of.findings
        };
        count(findings, record.head);
        if let Some(body) = record.body {
            of.records.inc_by(body.tally.records());
            count(findings, &body.tally);
            for &(reason, stubs) in &body.stubs {
                let labels = labels(name, "reason", reason);
                self.families.stubbed.get_or_create(&labels).inc_by(stubs);
            }
        }
        if let Some(candidates) = record.candidates {
            count(&of.candidates, candidates);
        }
        if let Some(reason) = record.reason {
            let labels = labels(name, "reason", reason.name());
            self.families.of_reason(reason).get_or_create(&labels).inc();
        }
    }
}

/// Adds findings by rule.
fn count(counters: &[Counter], tally: &Tally) {
    for (counter, &found) in counters.iter().zip(tally.findings()) {
        counter.inc_by(found);
    }
}

pub(super) fn labels(route: &str, key: &'static str, value: &str) -> Labels {
    vec![("route", route.to_owned()), (key, value.to_owned())]
}

/// The counter of each rule, by its full id and its pack.
pub(super) fn by_rule(
    family: &Counters,
    route: &str,
    redactor: Option<&Arc<Redactor>>,
) -> Vec<Counter> {
    let ids = redactor.iter().flat_map(|redactor| redactor.ids());
    let of_rule = |id: &str| {
        let pack = id.split('/').next().unwrap_or_default();
        let mut labels = labels(route, "pack", pack);
        labels.push(("rule", id.to_owned()));
        family.get_or_create_owned(&labels)
    };
    ids.map(of_rule).collect()
}

impl Families {
    fn register(registry: &mut Registry) -> Self {
        let mut counters = |name: &str, help: &str| {
            let family = Counters::default();
            registry.register(name, help, family.clone());
            family
        };
        let requests = counters("requests", "Requests by the class of the answer's status");
        let bytes = counters(
            "request_bytes",
            "Bytes of bodies: of requests in, of answers out",
        );
        let records = counters("records", "Lines and documents that were looked at");
        let findings = counters(
            "findings",
            "Secrets that were masked, by their rule and its pack",
        );
        let observed = counters(
            "observed_findings",
            "Secrets that went on unmasked, since the route observes, by their rule and its pack",
        );
        let candidates = counters(
            "candidate_findings",
            "What rules on trial found, by rule and its pack",
        );
        let refused = counters("refused", "Requests that were refused, by reason");
        let stubbed = counters(
            "stubbed",
            "Items, parts and records that a stub stands for, by reason",
        );
        let upstream_errors = counters("upstream_errors", "Requests that an upstream failed");
        let make: fn() -> Histogram = || Histogram::new(SECONDS);
        let seconds = Family::new_with_constructor(make);
        registry.register(
            "request_duration_seconds",
            "From the end of a request's head to the end of its answer",
            seconds.clone(),
        );
        Self {
            requests,
            bytes,
            records,
            findings,
            observed,
            candidates,
            refused,
            stubbed,
            upstream_errors,
            seconds,
        }
    }

    fn of_reason(&self, reason: Reason) -> &Counters {
        if reason.is_of_upstream() {
            &self.upstream_errors
        } else {
            &self.refused
        }
    }

    /// All series of a route.
    fn of_route(&self, route: Option<&Arc<Route>>) -> OfRoute {
        let name = route.map_or(NO_ROUTE, |route| route.name.as_str());
        let one = |family: &Counters, key, value: &str| {
            family.get_or_create_owned(&labels(name, key, value))
        };
        for reason in Reason::all() {
            one(self.of_reason(reason), "reason", reason.name());
        }
        for reason in STUBS {
            one(&self.stubbed, "reason", reason);
        }
        let rules = route.map(|route| &route.rules.plain);
        let observes = route.is_some_and(|route| route.observe_until.is_some());
        let candidates = route.and_then(|route| route.candidates.as_ref());
        let of_route = vec![("route", name.to_owned())];
        OfRoute {
            route: route.cloned(),
            requests: CLASSES.map(|class| one(&self.requests, "code_class", class)),
            bytes_in: one(&self.bytes, "direction", "in"),
            bytes_out: one(&self.bytes, "direction", "out"),
            records: self.records.get_or_create_owned(&of_route),
            findings: by_rule(&self.findings, name, rules),
            observed: by_rule(&self.observed, name, rules.filter(|_| observes)),
            candidates: by_rule(&self.candidates, name, candidates),
            seconds: self.seconds.get_or_create_owned(&of_route),
        }
    }
}

impl State {
    fn register(registry: &mut Registry) -> Self {
        let state = Self {
            upstream_up: States::default(),
            observing: States::default(),
            budget: Gauge::default(),
            budget_limit: Gauge::default(),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
        };
        let up = "Whether the upstream was reached at the last attempt";
        registry.register("upstream_up", up, state.upstream_up.clone());
        let observing = "Whether the route passes originals on, with their secrets";
        registry.register("observing", observing, state.observing.clone());
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

    fn update<'a>(&self, gauges: &Gauges, routes: impl Iterator<Item = &'a OfRoute>) {
        let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        let now = |value: &AtomicUsize| number(value.load(Ordering::Relaxed));
        self.budget.set(now(&gauges.budget_used));
        self.budget_limit.set(number(gauges.budget_limit));
        self.connections.set(now(&gauges.connections));
        self.in_flight.set(now(&gauges.in_flight));
        for (name, is_up) in gauges.upstreams() {
            let labels = vec![("route", name.to_owned())];
            self.upstream_up
                .get_or_create(&labels)
                .set(i64::from(is_up));
        }
        for route in routes.filter_map(|of| of.route.as_ref()) {
            let observes = route
                .observe_until
                .is_some_and(|until| SystemTime::now() < until);
            let labels = vec![("route", route.name.clone())];
            self.observing
                .get_or_create(&labels)
                .set(i64::from(observes));
        }
    }
}
