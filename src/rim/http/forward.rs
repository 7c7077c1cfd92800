//! One request: taken, masked, sent to its upstream, and answered.

use std::borrow::Cow;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderName};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Version};
use hyper_util::client::legacy;
use tokio::sync::{mpsc, oneshot};

use crate::rim::config::policy::{Policy, Rules};
use crate::rim::config::serve::{Route, ServeLimits, Timeouts};
use crate::rim::http::account::Account;
use crate::rim::http::answer::Reason;
use crate::rim::http::budget::Budget;
use crate::rim::http::events::{Counted, Gauges, Observer};
use crate::rim::http::head::{self, Head};
use crate::rim::http::intake::{Gathered, Intake, Masker};
use crate::rim::http::outage::Outage;
use crate::rim::http::outgoing::Outgoing;
use crate::rim::http::reply::Reply;
use crate::rim::http::route;
use crate::rim::http::signed::Signed;
use crate::rim::http::socket::Reset;
use crate::rim::http::strict::{self, Verdict};
use crate::rim::http::upstream::{Pools, Used};
use crate::rim::payload::{self, Refusal};

/// Bodies that are said to be no longer leave whole, with their length.
const SMALL: u64 = 64 * 1024;

/// What all requests share.
pub(crate) struct Proxy {
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: ServeLimits,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) budget: Arc<Budget>,
}

/// A route, with its connections to the upstream.
pub(crate) struct Way {
    pub(crate) route: Arc<Route>,
    pub(crate) pools: Pools,
    /// The rules that are tried.
    pub(crate) candidates: Option<Rules>,
    /// What is said of its upstream.
    pub(crate) outage: Outage,
}

/// The connection of a client, with what is done with the request at hand.
pub(crate) struct Client {
    pub(crate) proxy: Arc<Proxy>,
    /// The first that takes a request has it.
    pub(crate) ways: Arc<[Way]>,
    /// The index of the worker that serves it.
    pub(crate) worker: usize,
    pub(crate) verdict: Verdict,
    pub(crate) reset: Reset,
    /// Shared by its requests in flight.
    pub(crate) mark: Arc<()>,
}

/// Answers one request. What goes wrong is answered by us.
pub(crate) async fn handle(
    client: Client,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Infallible> {
    let account = Account::new(client.proxy.observer.clone(), request.method().clone());
    let is_http1 = head::is_http1(request.version());
    let uri = request.uri().clone();
    match forward(&client, request, &account).await {
        Ok(response) => Ok(response),
        Err(reason) => {
            account.fail(reason);
            account.facts().status = Some(reason.status());
            account.is_complete.store(true, Ordering::Relaxed);
            let (mut parts, text) = reason.answer(&account.id, is_http1).into_parts();
            if parts.status == StatusCode::METHOD_NOT_ALLOWED {
                // A tunnel, which any other host may be asked for, is no path of ours.
                let ways = client.ways.iter().filter(|_| reason == Reason::Method);
                let routes = ways.map(|way| &*way.route);
                let allowed = route::allowed(routes, uri.path());
                parts.headers.insert(header::ALLOW, allowed);
            }
            Ok(Response::from_parts(parts, Reply::own(text, account)))
        }
    }
}

async fn forward(
    client: &Client,
    request: Request<Incoming>,
    account: &Arc<Account>,
) -> Result<Response<Reply>, Reason> {
    // 1. May it come in?
    if request.method().as_str() == strict::marker() {
        return Err(client.verdict.reason().unwrap_or(Reason::BadHead));
    }
    let (mut parts, incoming) = request.into_parts();
    head::join_cookies(&mut parts);
    take_place(client, account)?;
    route::admit(&parts, !incoming.is_end_stream())?;
    let way = client.way(&parts)?;
    // Where it matters which segments a path has, an encoded slash is read in two ways.
    let is_choice = client.ways.len() > 1 || way.route.path != "/*";
    if is_choice && route::has_encoded_slash(parts.uri.path()) {
        return Err(Reason::BadPath);
    }
    account.facts().route = Some(way.route.clone());
    // 2. Its head.
    let is_observed = is_observed(&way.route);
    let mut head = masked_head(&parts, &way.route, is_observed)?;
    let is_changed = head.is_changed();
    enter_head(account, &mut head, is_observed);
    let signed = Signed::find(&parts.headers, parts.uri.query().unwrap_or_default());
    if signed.head && is_changed && !is_observed {
        return Err(Reason::Signed);
    }
    // 3. Its body.
    let (body, ended) = client
        .body(way, &parts, incoming, signed.body, is_observed, account)
        .await?;
    // 4. The upstream's answer.
    let version = parts.version;
    let request = outgoing(parts, head, body);
    let response = client.exchange(way, request, ended, account).await?;
    Ok(client.reply(response, version, account))
}

/// Too many at a time are refused at once.
fn take_place(client: &Client, account: &Account) -> Result<(), Reason> {
    let proxy = &client.proxy;
    let most = proxy.limits.max_in_flight;
    let place = Counted::below(&proxy.gauges, |gauges| &gauges.in_flight, most);
    let mut facts = account.facts();
    facts.place = Some(place.ok_or(Reason::Busy)?);
    facts.mark = Some(client.mark.clone());
    Ok(())
}

/// Whether originals go on: until the day is there.
fn is_observed(route: &Route) -> bool {
    route
        .observe_until
        .is_some_and(|day| SystemTime::now() < day)
}

fn masked_head(parts: &Parts, route: &Route, is_observed: bool) -> Result<Head, Reason> {
    let act = || {
        if is_observed {
            head::observed(parts, route)
        } else {
            head::masked(parts, route)
        }
    };
    catch_unwind(AssertUnwindSafe(act)).unwrap_or(Err(Reason::Internal))
}

/// Moves what is only for the account there.
fn enter_head(account: &Account, head: &mut Head, is_observed: bool) {
    let mut facts = account.facts();
    facts.path = Some(std::mem::take(&mut head.path));
    facts.head = std::mem::take(&mut head.tally);
    facts.observed = is_observed;
}

fn outgoing(parts: Parts, head: Head, body: Outgoing) -> Request<Outgoing> {
    let mut request = Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = head.headers;
    // How the client spells the names of its headers is among them.
    *request.extensions_mut() = parts.extensions;
    request
}

impl Client {
    /// The first way that takes the request.
    fn way(&self, parts: &Parts) -> Result<&Way, Reason> {
        let path = parts.uri.path();
        let mut ways = self.ways.iter();
        ways.find(|way| way.route.takes(&parts.method, path))
            .ok_or_else(|| {
                let is_path_known = self.ways.iter().any(|way| way.route.takes_path(path));
                if is_path_known {
                    Reason::Method
                } else {
                    Reason::NoRoute
                }
            })
    }

    /// The masked body, and what is dropped when it has been read to its end, or told why it
    /// has none.
    async fn body(
        &self,
        way: &Way,
        parts: &Parts,
        incoming: Incoming,
        is_signed: bool,
        is_observed: bool,
        account: &Arc<Account>,
    ) -> Result<(Outgoing, oneshot::Receiver<Reason>), Reason> {
        let (ended, when_ended) = oneshot::channel();
        if incoming.is_end_stream() {
            return Ok((Outgoing::Empty, when_ended));
        }
        let length = content_length(&parts.headers);
        let mut policy = way.route.policy.clone();
        if is_signed {
            Arc::make_mut(&mut policy).hold = true;
        }
        // What is held cannot be larger. Other bodies may turn out to be records that leave
        // one by one.
        let is_held = policy.hold || parts.headers.contains_key(header::CONTENT_ENCODING);
        let is_too_large = length.is_some_and(|length| length > policy.max_body as u64);
        if is_held && is_too_large && !is_observed {
            return Err(Reason::Body(Refusal::TooLarge));
        }
        let masker = masker(way, &policy, parts, is_observed)?;
        let timeouts = self.proxy.timeouts;
        let mut intake = Intake {
            incoming,
            masker,
            claim: self.proxy.budget.claim(),
            account: account.clone(),
            verdict: self.verdict.clone(),
            idle: timeouts.idle,
            patience: timeouts.response,
            trailers: None,
            route: way.route.clone(),
        };
        let is_whole = is_signed || length.is_some_and(|length| length <= SMALL);
        match intake.gather(is_whole).await? {
            Gathered::Begun(first) => {
                let (pieces, receiver) = mpsc::channel(1);
                tokio::spawn(intake.pump(first, pieces, ended));
                Ok((Outgoing::Stream(receiver), when_ended))
            }
            Gathered::Whole(bytes, done) => {
                let is_changed = done.is_changed();
                done.enter(account);
                if is_signed && is_changed && !is_observed {
                    return Err(Reason::Signed);
                }
                let trailers = intake.masked_trailers()?;
                if bytes.is_empty() && trailers.is_none() {
                    return Ok((Outgoing::Empty, when_ended));
                }
                let whole = Outgoing::Whole {
                    bytes: Some(Bytes::from(bytes)),
                    trailers,
                    claim: Some(intake.claim),
                };
                Ok((whole, when_ended))
            }
        }
    }

    /// Sends the request, at most twice, and awaits the head of the answer.
    async fn exchange(
        &self,
        way: &Way,
        request: Request<Outgoing>,
        ended: oneshot::Receiver<Reason>,
        account: &Account,
    ) -> Result<Response<Incoming>, Reason> {
        let patience = self.proxy.timeouts.response;
        let failed = async {
            if let Ok(reason) = ended.await {
                return reason;
            }
            // The body has left, to its end.
            tokio::time::sleep(patience).await;
            Reason::ResponseTimeout
        };
        let answer = async {
            let pool = &way.pools[self.worker];
            let again = replayed(&request);
            match (pool.request(request).await, again) {
                (Err(error), Some(again)) if was_used(&error) => pool.request(again).await,
                (answer, _) => answer,
            }
        };
        let answer = tokio::select! {
            biased;
            answer = answer => answer.map_err(|error| way.outage.reason(&way.route.name, &error)),
            reason = failed => Err(reason),
        };
        self.note(way, answer.as_ref().err().copied());
        // What cut the body on our side comes before what this did to the upstream.
        let mut response = answer.map_err(|reason| account.facts().reason.unwrap_or(reason))?;
        if let Some(used) = response.extensions_mut().remove::<Used>() {
            used.note();
        }
        match response.status() {
            // Nobody asked for it.
            StatusCode::SWITCHING_PROTOCOLS => Err(Reason::UpstreamBroke),
            _ => Ok(response),
        }
    }

    fn note(&self, way: &Way, failed: Option<Reason>) {
        let is_down = matches!(
            failed,
            Some(Reason::UpstreamUnreachable | Reason::ConnectTimeout)
        );
        self.proxy.gauges.note_upstream(&way.route.name, !is_down);
    }

    fn reply(
        &self,
        response: Response<Incoming>,
        version: Version,
        account: &Arc<Account>,
    ) -> Response<Reply> {
        let (mut parts, body) = response.into_parts();
        head::without_connection(&mut parts.headers);
        parts.version = Version::HTTP_11;
        let mut facts = account.facts();
        facts.status = Some(parts.status);
        facts.by_upstream = true;
        drop(facts);
        // The end of an answer without length is the connection's for old clients.
        let reset = (version < Version::HTTP_11).then(|| self.reset.clone());
        let patience = self.proxy.timeouts.response;
        let keeps_length = parts.status == StatusCode::NOT_MODIFIED && head::is_http1(version);
        let reply = if keeps_length && parts.headers.contains_key(header::CONTENT_LENGTH) {
            Reply::announced(account.clone())
        } else {
            Reply::upstream(body, patience, reset, account.clone())
        };
        Response::from_parts(parts, reply)
    }
}

fn masker(
    way: &Way,
    policy: &Arc<Policy>,
    parts: &Parts,
    is_observed: bool,
) -> Result<Masker, Reason> {
    let text = |name: HeaderName| {
        let values = parts.headers.get_all(name).iter();
        let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
        texts
            .map(Cow::into_owned)
            .reduce(|all, text| all + "," + &text)
    };
    let head = payload::Head {
        path: parts.uri.path().to_owned(),
        content_type: text(header::CONTENT_TYPE),
        content_encoding: text(header::CONTENT_ENCODING),
        grpc_encoding: text(HeaderName::from_static("grpc-encoding")),
    };
    let rules = &way.route.rules;
    Masker::new(rules, way.candidates.as_ref(), policy, &head, is_observed)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    text.parse().ok()
}

/// The same request once more, if it may be sent twice.
fn replayed(request: &Request<Outgoing>) -> Option<Request<Outgoing>> {
    let is_idempotent = [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PUT,
        Method::DELETE,
    ]
    .contains(request.method());
    let body = match request.body() {
        _ if !is_idempotent => return None,
        Outgoing::Empty => Outgoing::Empty,
        Outgoing::Whole {
            bytes, trailers, ..
        } => Outgoing::Whole {
            bytes: bytes.clone(),
            trailers: trailers.clone(),
            claim: None,
        },
        Outgoing::Stream(_) => return None,
    };
    let mut again = Request::new(body);
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

/// Whether the connection that failed had answered before: the upstream may have closed
/// it for idleness just when the request was sent.
fn was_used(error: &legacy::Error) -> bool {
    error.connect_info().is_some_and(|connected| {
        let mut extensions = hyper::http::Extensions::new();
        connected.get_extras(&mut extensions);
        extensions.get::<Used>().is_some_and(Used::is_set)
    })
}
