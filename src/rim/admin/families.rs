//! The series of routes of HTTP.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use blackbar::Redactor;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::rim::admin::series::{Labels, Series};
use crate::rim::config::serve::Route;
use crate::rim::http::answer::Reason;

pub(super) type Counters = Series<Counter>;

/// Under this name stands what no route took; no route can be called so.
pub(super) const NO_ROUTE: &str = "(none)";

/// Classes of status codes; a client that was gone before its answer has `none`.
pub(super) const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Reasons of stubs that formats have in common; others follow when they first occur, and
/// are as fixed, since they stand in the code.
const STUBS: [&str; 3] = ["binary", "replay", "too_deep"];

/// Seconds; from what a proxy should add to what a slow backend takes.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];

/// The families of what is counted of routes.
pub(super) struct Families {
    requests: Counters,
    bytes: Counters,
    pub(super) records: Counters,
    pub(super) findings: Counters,
    pub(super) observed: Counters,
    pub(super) candidates: Counters,
    pub(super) refused: Counters,
    pub(super) spared: Counters,
    pub(super) stubbed: Counters,
    pub(super) upstream_errors: Counters,
    seconds: Series<Histogram>,
}

/// The counters of one route, found without looking up labels.
pub(super) struct OfRoute {
    pub(super) name: String,
    /// None of what no route took.
    route: Option<Weak<Route>>,
    pub(super) requests: [Counter; CLASSES.len()],
    pub(super) bytes_in: Counter,
    pub(super) bytes_out: Counter,
    pub(super) records: Counter,
    /// By rule.
    pub(super) findings: Vec<Counter>,
    pub(super) observed: Vec<Counter>,
    pub(super) candidates: Vec<Counter>,
    pub(super) seconds: Histogram,
}

impl OfRoute {
    /// The rules by which somebody may still work.
    pub(super) fn rules(&self) -> Vec<Arc<Redactor>> {
        let route = self.route.as_ref().and_then(Weak::upgrade);
        let rules = |route: Arc<Route>| {
            let candidates = route.candidates.iter().cloned();
            candidates.chain([route.rules.plain.clone()]).collect()
        };
        route.map(rules).unwrap_or_default()
    }

    /// Whether somebody may still work by the route.
    pub(super) fn lives(&self) -> bool {
        let route = self.route.as_ref();
        route.is_none_or(|route| route.strong_count() > 0)
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
    /// Without a series yet.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let mut counters =
            |name: &str, help: &str| Counters::register(registry, name, help, Counter::default);
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
        let spared = counters(
            "observed_refusals",
            "Requests that went on though their bodies cannot be read, since the route observes, \
             by reason",
        );
        let stubbed = counters(
            "stubbed",
            "Items, parts and records that a stub stands for, by reason",
        );
        let upstream_errors = counters("upstream_errors", "Requests that an upstream failed");
        let seconds = Series::register(
            registry,
            "request_duration_seconds",
            "From the end of a request's head to the end of its answer",
            || Histogram::new(SECONDS),
        );
        Self {
            requests,
            bytes,
            records,
            findings,
            observed,
            candidates,
            refused,
            spared,
            stubbed,
            upstream_errors,
            seconds,
        }
    }

    /// The family that counts the reason.
    pub(super) fn of_reason(&self, reason: Reason) -> &Counters {
        if reason.is_of_upstream() {
            &self.upstream_errors
        } else {
            &self.refused
        }
    }

    /// All series of a route; without one, of what no route took.
    pub(super) fn of_route(&self, route: Option<&Arc<Route>>) -> OfRoute {
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
        if observes {
            for reason in Reason::of_bodies() {
                one(&self.spared, "reason", reason.name());
            }
        }
        let candidates = route.and_then(|route| route.candidates.as_ref());
        let of_route = vec![("route", name.to_owned())];
        OfRoute {
            name: name.to_owned(),
            route: route.map(Arc::downgrade),
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

    /// The route, or the listener, has these rules now, and no others.
    pub(super) fn retain_rules(&self, route: &str, rules: &[Arc<Redactor>]) {
        let ids: HashSet<&str> = rules.iter().flat_map(|rules| rules.ids()).collect();
        let stays = |labels: &Labels| {
            let mut of_rule = labels.iter().filter(|(key, _)| *key == "rule");
            of_rule.all(|(_, id)| ids.contains(id.as_str()))
        };
        for family in [&self.findings, &self.observed, &self.candidates] {
            family.retain(route, stays);
        }
    }

    /// The route, or the listener, is gone.
    pub(super) fn forget(&self, route: &str) {
        let Self {
            requests,
            bytes,
            records,
            findings,
            observed,
            candidates,
            refused,
            spared,
            stubbed,
            upstream_errors,
            seconds,
        } = self;
        for family in [
            requests,
            bytes,
            records,
            findings,
            observed,
            candidates,
            refused,
            spared,
            stubbed,
            upstream_errors,
        ] {
            family.forget(route);
        }
        seconds.forget(route);
    }
}
