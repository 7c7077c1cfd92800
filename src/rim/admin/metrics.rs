//! What `/metrics` shows. All series are there from the start, at zero, and nothing in a
//! request makes one: labels are names of routes, of the rules that are loaded and their
//! packs, of reasons and of classes of status codes.
//!
//! A new configuration brings the series of its routes with it. Those of a route that stays
//! go on; those of one that has gone go when the last request by it has ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwap;
use blackbar::{Redactor, Tally};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::rim::admin::families::{CLASSES, Families, OfRoute, labels};
use crate::rim::admin::state::{Observed, Reloads, State, observed};
use crate::rim::admin::streams::OfStreams;
use crate::rim::config::serve::{Route, Serve, Stream};
use crate::rim::http::events::{Gauges, Observer, RequestRecord};
use crate::rim::tcp;

/// All metrics.
pub(crate) struct Metrics {
    registry: Registry,
    families: Families,
    of_streams: OfStreams,
    /// By the [`place`] of the route: one of an earlier configuration, by which requests
    /// are still worked on, may have the same name and other rules.
    table: ArcSwap<HashMap<usize, Arc<OfRoute>>>,
    /// The listeners of streams whose counters somebody has.
    streams: Mutex<Vec<OfStream>>,
    observed: Mutex<Vec<Observed>>,
    state: State,
    reloads: Reloads,
}

/// A listener of streams, by one of the configurations that it had.
struct OfStream {
    name: String,
    counters: Weak<tcp::counters::Counters>,
    rules: Vec<Weak<Redactor>>,
}

impl OfStream {
    /// The rules by which somebody may still work.
    fn rules(&self) -> impl Iterator<Item = Arc<Redactor>> {
        self.rules.iter().filter_map(Weak::upgrade)
    }
}

impl Metrics {
    /// Of a process with these routes; every series at zero.
    pub(crate) fn new(serve: &Serve) -> Self {
        let mut registry = Registry::with_prefix("blackbar");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", version);
        let metrics = Self {
            families: Families::register(&mut registry),
            of_streams: OfStreams::register(&mut registry),
            state: State::register(&mut registry),
            reloads: Reloads::register(&mut registry),
            registry,
            table: ArcSwap::default(),
            streams: Mutex::default(),
            observed: Mutex::default(),
        };
        metrics.adopt(serve);
        metrics
    }

    /// From now on these are the routes.
    pub(crate) fn adopt(&self, serve: &Serve) {
        let routes = serve.listen.iter().flat_map(|listen| &listen.routes);
        let routes = routes.map(Some).chain([None]);
        let mut table = (**self.table.load()).clone();
        table.extend(routes.map(|route| (place(route), Arc::new(self.families.of_route(route)))));
        self.table.store(Arc::new(table));
        *locked(&self.observed) = observed(serve);
    }

    /// The counters of a listener of streams.
    pub(crate) fn stream(&self, stream: &Stream) -> Arc<tcp::counters::Counters> {
        let counters = Arc::new(self.of_streams.of(stream, &self.families));
        let rules = stream.candidates.iter().chain([&stream.rules.plain]);
        locked(&self.streams).push(OfStream {
            name: stream.name.clone(),
            counters: Arc::downgrade(&counters),
            rules: rules.map(Arc::downgrade).collect(),
        });
        counters
    }

    /// The listeners of whose records some have not been taken by their shared upstream, and
    /// how many.
    pub(crate) fn waiting(&self) -> BTreeMap<String, i64> {
        let streams = locked(&self.streams);
        let waiting = streams.iter().filter_map(|of| {
            let records = of.counters.upgrade()?.waiting.get();
            (records > 0).then(|| (of.name.clone(), records))
        });
        waiting.collect()
    }

    /// Forgets routes, listeners and rules that are gone, once the last work by them has ended.
    pub(crate) fn forget_gone(&self) {
        let mut streams = locked(&self.streams);
        let table = self.table.load();
        let gone = table.values().filter(|of| !of.lives());
        let mut names: BTreeSet<_> = gone.map(|of| of.name.clone()).collect();
        let is_gone = |of: &mut OfStream| of.counters.strong_count() == 0;
        names.extend(streams.extract_if(.., is_gone).map(|of| of.name));
        if names.is_empty() {
            return;
        }
        let living: HashMap<_, _> = table.iter().filter(|(_, of)| of.lives()).collect();
        for name in names {
            let streams = streams.iter().filter(|of| of.name == name);
            let routes = living.values().filter(|of| of.name == name);
            if streams.clone().next().is_some() || routes.clone().next().is_some() {
                // A configuration may have names of fields of its own each time.
                let of_routes = routes.flat_map(|of| of.rules());
                let rules: Vec<_> = streams.flat_map(OfStream::rules).chain(of_routes).collect();
                self.families.retain_rules(&name, &rules);
            } else {
                self.families.forget(&name);
                self.of_streams.forget(&name);
                self.state.forget(&name);
            }
        }
        let living = living.into_iter().map(|(&place, of)| (place, of.clone()));
        self.table.store(Arc::new(living.collect()));
    }

    /// The configuration was read again; `is_good` says whether it runs now.
    pub(crate) fn reloaded(&self, is_good: bool) {
        self.reloads.note(is_good);
    }

    /// The exposition, as `OpenMetrics` text.
    pub(crate) fn text(&self, gauges: &Gauges) -> String {
        self.state.update(gauges, &locked(&self.observed));
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Where a route is in memory. It is not used for another one as long as it is in the table,
/// which keeps a weak pointer to it.
fn place(route: Option<&Arc<Route>>) -> usize {
    route.map_or(0, |route| Arc::as_ptr(route).addr())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Metrics {
    fn request(&self, record: &RequestRecord<'_>) {
        let table = self.table.load();
        let Some(of) = table.get(&place(record.route)) else {
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
                let labels = labels(&of.name, "reason", reason);
                let stubbed = self.families.stubbed.get_or_create_owned(&labels);
                stubbed.inc_by(stubs);
            }
        }
        if let Some(candidates) = record.candidates {
            count(&of.candidates, candidates);
        }
        if let Some(reason) = record.spared {
            let labels = labels(&of.name, "reason", reason.name());
            self.families.spared.get_or_create_owned(&labels).inc();
        }
        if let Some(reason) = record.reason {
            let labels = labels(&of.name, "reason", reason.name());
            let family = self.families.of_reason(reason);
            family.get_or_create_owned(&labels).inc();
        }
    }
}

/// Adds findings by rule.
fn count(counters: &[Counter], tally: &Tally) {
    // Most rules found nothing, and a counter is shared by all threads.
    let found = counters.iter().zip(tally.findings());
    for (counter, &count) in found.filter(|&(_, &count)| count > 0) {
        counter.inc_by(count);
    }
}
