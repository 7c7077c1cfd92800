//! What the proxy tells of its work: one record a request, and the present state.
//!
//! Metrics and the access log are made from these. Nothing here holds payload.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use blackbar::Tally;

use crate::rim::config::serve::{Route, Serve};
use crate::rim::http::answer::Reason;
use crate::rim::payload::Outcome;

/// Is told what happened. Called once a request, when its answer has left.
pub(crate) trait Observer: Send + Sync {
    /// A request has ended.
    fn request(&self, record: &RequestRecord<'_>);
}

/// What became of one request.
pub(crate) struct RequestRecord<'a> {
    /// The route that took it, if one did.
    pub(crate) route: Option<&'a Arc<Route>>,
    /// The status of the answer; 0 if the client was gone before there was one.
    pub(crate) status: u16,
    /// Whether the answer is the upstream's.
    pub(crate) by_upstream: bool,
    /// Bytes of the request's body as they came.
    pub(crate) bytes_in: u64,
    /// Bytes of the answer's body.
    pub(crate) bytes_out: u64,
    /// What was found in path, query and headers. By rule as in the route's `rules.plain`.
    pub(crate) head: &'a Tally,
    /// What was done to the body, also to the beginning of one that was cut; `None` where
    /// there was none or nothing of it left.
    pub(crate) body: Option<&'a Outcome>,
    /// What the route's candidate rules found in the body. By rule as in them.
    pub(crate) candidates: Option<&'a Tally>,
    /// Whether the original went on and the findings were only counted.
    pub(crate) observed: bool,
    /// Why its body would have been refused, had it not been only observed.
    pub(crate) spared: Option<Reason>,
    /// Why it was refused, or what went wrong with the upstream.
    pub(crate) reason: Option<Reason>,
    /// From the end of its head to the end of the answer.
    pub(crate) time: Duration,
}

/// The present state, for gauges.
pub(crate) struct Gauges {
    /// Client connections that stand.
    pub(crate) connections: AtomicUsize,
    /// Connections of streams, and shared upstreams of them, that owe what they have read.
    pub(crate) delivering: AtomicUsize,
    /// Requests that are worked on.
    pub(crate) in_flight: AtomicUsize,
    /// Bytes that bodies occupy.
    pub(crate) budget_used: AtomicUsize,
    /// Bytes that bodies may occupy.
    pub(crate) budget_limit: AtomicUsize,
    /// Whether all listeners are up and no end was asked for.
    pub(crate) ready: AtomicBool,
    /// By the name of the route: whether its upstream was reached at the last attempt.
    /// All are up until one was not.
    upstreams: ArcSwap<Vec<(String, AtomicBool)>>,
}

impl Gauges {
    /// Of a process that has not begun.
    pub(crate) fn new(serve: &Serve) -> Self {
        let gauges = Self::with_budget(serve.limits.budget);
        gauges.adopt(serve);
        gauges
    }

    /// Of a process without routes.
    pub(crate) fn with_budget(limit: usize) -> Self {
        Self {
            connections: AtomicUsize::new(0),
            delivering: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            budget_used: AtomicUsize::new(0),
            budget_limit: AtomicUsize::new(limit),
            ready: AtomicBool::new(false),
            upstreams: ArcSwap::default(),
        }
    }

    /// From now on these are the routes and the limits. What is known of upstreams that
    /// stay is kept.
    pub(crate) fn adopt(&self, serve: &Serve) {
        let limit = serve.limits.budget;
        self.budget_limit.store(limit, Ordering::Release);
        let before = self.upstreams();
        let was_up = |name: &str| before.iter().all(|(known, up)| known != name || *up);
        let routes = serve.listen.iter().flat_map(|listen| &listen.routes);
        let names = routes.map(|route| &route.name);
        let names = names.chain(serve.streams.iter().map(|stream| &stream.name));
        let upstreams = names.map(|name| (name.clone(), AtomicBool::new(was_up(name))));
        self.upstreams.store(Arc::new(upstreams.collect()));
    }

    /// The upstreams by their routes' names, and whether they are up.
    pub(crate) fn upstreams(&self) -> Vec<(String, bool)> {
        let upstreams = self.upstreams.load();
        let now = upstreams.iter();
        now.map(|(name, up)| (name.clone(), up.load(Ordering::Relaxed)))
            .collect()
    }

    /// Notes whether the upstream of the route was reached.
    pub(crate) fn note_upstream(&self, route: &str, is_up: bool) {
        for (name, up) in &**self.upstreams.load() {
            if name == route {
                up.store(is_up, Ordering::Relaxed);
            }
        }
    }
}

/// Counts itself in a gauge for as long as it lives.
pub(crate) struct Counted {
    gauges: Arc<Gauges>,
    of: fn(&Gauges) -> &AtomicUsize,
}

impl Counted {
    /// One more in the gauge that `of` chooses.
    pub(crate) fn new(gauges: &Arc<Gauges>, of: fn(&Gauges) -> &AtomicUsize) -> Self {
        of(gauges).fetch_add(1, Ordering::AcqRel);
        Self {
            gauges: gauges.clone(),
            of,
        }
    }

    /// One more, if there are fewer than `most`.
    pub(crate) fn below(
        gauges: &Arc<Gauges>,
        of: fn(&Gauges) -> &AtomicUsize,
        most: usize,
    ) -> Option<Self> {
        let one_more = |count: usize| (count < most).then_some(count + 1);
        of(gauges)
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .ok()?;
        Some(Self {
            gauges: gauges.clone(),
            of,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.of)(&self.gauges).fetch_sub(1, Ordering::AcqRel);
    }
}
