//! What is known of one request, until its answer has left: then it is logged and told.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use blackbar::{Redactor, Tally};
use hyper::{Method, StatusCode};

use crate::rim::config::serve::Route;
use crate::rim::http::answer::Reason;
use crate::rim::http::events::{Counted, Observer, RequestRecord};
use crate::rim::http::head::KNOWN;
use crate::rim::payload::Outcome;

/// What is known of one request. It is told when the last of those who work on it drops
/// it.
pub(crate) struct Account {
    observer: Arc<dyn Observer>,
    /// Names the request in the log and in our own answers.
    pub(crate) id: String,
    method: Method,
    begun: Instant,
    /// Bytes of the request's body as they came.
    pub(crate) bytes_in: AtomicU64,
    /// Bytes of the answer's body.
    pub(crate) bytes_out: AtomicU64,
    /// Whether the answer was there to its end.
    pub(crate) is_complete: AtomicBool,
    facts: Mutex<Facts>,
}

/// What is found out on the way.
#[derive(Default)]
pub(crate) struct Facts {
    /// The route that took it.
    pub(crate) route: Option<Arc<Route>>,
    /// The masked path.
    pub(crate) path: Option<String>,
    /// The status of the answer.
    pub(crate) status: Option<StatusCode>,
    /// Whether the answer is the upstream's.
    pub(crate) by_upstream: bool,
    /// What was found in the head.
    pub(crate) head: Tally,
    /// What was done to the body.
    pub(crate) body: Option<Outcome>,
    /// What the candidates found.
    pub(crate) candidates: Option<Tally>,
    /// Whether originals went on.
    pub(crate) observed: bool,
    /// Why the body would have been refused, had it not been only observed.
    pub(crate) spared: Option<Reason>,
    /// What went wrong first.
    pub(crate) reason: Option<Reason>,
    /// Its place among those in flight.
    pub(crate) place: Option<Counted>,
    /// Its mark on its connection, which is not idle as long as there is one.
    pub(crate) mark: Option<Arc<()>>,
}

impl Account {
    /// A request has come.
    pub(crate) fn new(observer: Arc<dyn Observer>, method: Method) -> Arc<Self> {
        Arc::new(Self {
            observer,
            id: next_id(),
            method,
            begun: Instant::now(),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            is_complete: AtomicBool::new(false),
            facts: Mutex::default(),
        })
    }

    /// What is found out on the way.
    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something went wrong; the first reason stays.
    pub(crate) fn fail(&self, reason: Reason) {
        self.facts().reason.get_or_insert(reason);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let mut facts = std::mem::take(&mut *self.facts());
        let time = self.begun.elapsed();
        if !self.is_complete.load(Ordering::Relaxed) {
            // Without a reason of ours the client has gone.
            facts.reason.get_or_insert(Reason::IncompleteBody);
        }
        let record = RequestRecord {
            route: facts.route.as_ref(),
            status: facts.status.map_or(0, |status| status.as_u16()),
            by_upstream: facts.by_upstream,
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            head: &facts.head,
            body: facts.body.as_ref(),
            candidates: facts.candidates.as_ref(),
            observed: facts.observed,
            spared: facts.spared,
            reason: facts.reason,
            time,
        };
        log(&self.id, &self.method, facts.path.as_deref(), &record);
        self.observer.request(&record);
    }
}

/// Writes the line of the access log.
fn log(id: &str, method: &Method, path: Option<&str>, record: &RequestRecord<'_>) {
    if !tracing::enabled!(target: "access", tracing::Level::INFO) {
        return;
    }
    let findings = record.route.map_or_else(String::new, |route| {
        let mut tally = record.head.clone();
        if let Some(body) = record.body {
            tally.add(&body.tally);
        }
        by_rule(&route.rules.plain, &tally)
    });
    tracing::info!(
        target: "access",
        id,
        route = record.route.map_or("-", |route| route.name.as_str()),
        method = known(method),
        path = path.unwrap_or("-"),
        status = record.status,
        by_upstream = record.by_upstream,
        bytes_in = record.bytes_in,
        bytes_out = record.bytes_out,
        format = record.body.map_or("-", |body| body.format),
        findings,
        reason = record.reason.map_or("-", Reason::name),
        observed = record.observed,
        would_refuse = record.spared.map(Reason::name),
        ms = record.time.as_millis() as u64,
    );
}

/// `rule=count` of the rules that found something.
fn by_rule(redactor: &Redactor, tally: &Tally) -> String {
    let mut text = String::new();
    for (id, &count) in redactor.ids().zip(tally.findings()) {
        if count > 0 {
            let blank = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{blank}{id}={count}");
        }
    }
    text
}

/// The method, if it is none of the client's invention.
fn known(method: &Method) -> &str {
    if KNOWN.contains(method) || *method == Method::TRACE {
        method.as_str()
    } else {
        "other"
    }
}

/// Distinct in this process, and in all likelihood among processes.
fn next_id() -> String {
    use std::collections::hash_map::RandomState;
    use std::hash::BuildHasher;
    use std::sync::OnceLock;
    static KEY: OnceLock<RandomState> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let hash = KEY.get_or_init(RandomState::new).hash_one(count);
    format!("{hash:016x}")
}
