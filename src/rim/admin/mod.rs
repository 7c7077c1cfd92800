//! The admin listener: is the process alive, is it ready, what has it counted.
//!
//! | path | answer |
//! |---|---|
//! | `/healthz` | 200 while the process lives |
//! | `/readyz` | 200 while requests are taken in; 503 before and while draining |
//! | `/metrics` | the counters of [`metrics`], as `OpenMetrics` text |
//!
//! None of them depends on an upstream. It is for the machine's own network: there is no
//! TLS and no log-in, and what it tells is names of routes and counts.

mod families;
pub(crate) mod metrics;
mod series;
mod state;
mod streams;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::rim::admin::metrics::Metrics;
use crate::rim::http::events::Gauges;

/// Connections at a time; more wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 16;
/// For a request's head.
const HEAD: Duration = Duration::from_secs(5);
/// For all of a connection, so that none is held for ever.
const CONNECTION: Duration = Duration::from_secs(60);
/// After an accept that failed, for want of descriptors mostly.
const PAUSE: Duration = Duration::from_millis(100);

/// <https://prometheus.io/docs/specs/om/open_metrics_spec/>, which Prometheus 2 and 3 read.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// Warns where others than this machine can ask.
pub(crate) fn warn_if_open(address: SocketAddr) {
    if !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "the admin listener is not on a loopback address: whoever reaches it can read the metrics"
        );
    }
}

/// Answers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, metrics: Arc<Metrics>, gauges: Arc<Gauges>) {
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(permit) = connections.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let (metrics, gauges) = (metrics.clone(), gauges.clone());
        tokio::spawn(async move {
            // A connection that takes too long, or breaks, ends here; nobody is told.
            let _ = timeout(CONNECTION, connection(stream, &metrics, &gauges)).await;
            drop(permit);
        });
    }
}

async fn connection(stream: TcpStream, metrics: &Metrics, gauges: &Gauges) -> hyper::Result<()> {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer(request.method(), request.uri().path(), metrics, gauges);
        async move { Ok::<_, Infallible>(answer) }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(8192)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

fn answer(method: &Method, path: &str, metrics: &Metrics, gauges: &Gauges) -> Response<String> {
    let reply = |status, kind, text: String| {
        let mut response = Response::new(text);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    };
    let told = |status, text: &str| reply(status, PLAIN, text.to_owned());
    if !matches!(path, "/healthz" | "/readyz" | "/metrics") {
        return told(
            StatusCode::NOT_FOUND,
            "there are /healthz, /readyz and /metrics\n",
        );
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = told(StatusCode::METHOD_NOT_ALLOWED, "use GET\n");
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match path {
        "/healthz" => told(StatusCode::OK, "alive\n"),
        "/metrics" => reply(StatusCode::OK, OPENMETRICS, metrics.text(gauges)),
        _ if gauges.ready.load(Ordering::Acquire) => told(StatusCode::OK, "ready\n"),
        _ => told(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}

#[cfg(test)]
mod tests;
