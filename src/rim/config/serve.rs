//! What `blackbar serve` runs on.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blackbar::Redactor;
use hyper::{Method, Uri};
use serde::{Deserialize, Serialize};

use crate::rim::config::policy::{Policy, Rules};
pub(crate) use crate::rim::config::stream::Stream;
use crate::rim::stamp::Stamp;

/// A whole configuration, validated and compiled.
pub(crate) struct Serve {
    /// Where clients of HTTP come in.
    pub(crate) listen: Vec<Listen>,
    /// Where lines and messages come in.
    pub(crate) streams: Vec<Arc<Stream>>,
    /// Where health and metrics are asked for.
    pub(crate) admin: Option<SocketAddr>,
    /// What bounds the process.
    pub(crate) limits: ServeLimits,
    /// How long things may take.
    pub(crate) timeouts: Timeouts,
    /// How the log is written.
    pub(crate) log: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What bounds the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServeLimits {
    /// Bytes that all bodies together may occupy.
    pub(crate) budget: usize,
    /// Bytes of a request's head at most.
    pub(crate) max_head: usize,
    /// Client connections at most.
    pub(crate) max_connections: usize,
    /// Requests worked on at a time at most.
    pub(crate) max_in_flight: usize,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// Until a request's head is there, from its first byte; also for the TLS handshake.
    pub(crate) head: Duration,
    /// Between two chunks of a body, and for a connection without a request.
    pub(crate) idle: Duration,
    /// Until a connection to the upstream stands, TLS included.
    pub(crate) connect: Duration,
    /// Until the upstream answers, from the request's end.
    pub(crate) response: Duration,
    /// For the requests in flight after the first SIGTERM.
    pub(crate) drain: Duration,
}

/// One listener.
pub(crate) struct Listen {
    /// Where it listens; port 0 lets the system choose.
    pub(crate) address: SocketAddr,
    /// The certificate that it shows; none is plain text.
    pub(crate) tls: Option<ServerTls>,
    /// The first that matches takes the request.
    pub(crate) routes: Vec<Arc<Route>>,
}

/// How a listener speaks TLS. The files are read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerTls {
    /// The chain, PEM.
    pub(crate) certificate: PathBuf,
    /// Its key, PEM.
    pub(crate) key: PathBuf,
    /// Authorities of client certificates, PEM; with them, a client must show one.
    pub(crate) client_ca: Option<PathBuf>,
}

/// Where requests go and what is done to them.
pub(crate) struct Route {
    /// Its name in logs and metrics.
    pub(crate) name: String,
    /// Methods that it takes; empty takes all.
    pub(crate) methods: Vec<Method>,
    /// Paths that it takes: `/api/*` a prefix, `/x` exactly this, `*` in the middle one
    /// segment. See [`Route::takes`].
    pub(crate) path: String,
    /// Where its requests go.
    pub(crate) upstream: Upstream,
    /// What is a secret.
    pub(crate) rules: Rules,
    /// How bodies are read.
    pub(crate) policy: Arc<Policy>,
    /// Credentials that go on to the upstream as they are.
    pub(crate) passes: Passes,
    /// Whether originals go on until a day, and are only counted.
    pub(crate) observe_until: Option<SystemTime>,
    /// Rules that are tried: counted, never masked.
    pub(crate) candidates: Option<Arc<Redactor>>,
}

impl Route {
    /// Whether it takes a request. `path` is without the query, as it came.
    pub(crate) fn takes(&self, method: &Method, path: &str) -> bool {
        (self.methods.is_empty() || self.methods.contains(method)) && self.takes_path(path)
    }

    /// Whether it takes the path, whatever the method.
    pub(crate) fn takes_path(&self, path: &str) -> bool {
        path_matches(&self.path, path)
    }
}

fn path_matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let mut patterns = pattern.split('/').peekable();
    while let Some(pattern) = patterns.next() {
        match segments.next() {
            // A last `*` is the rest of the path.
            Some(_) if pattern == "*" && patterns.peek().is_none() => return true,
            Some(segment) if pattern == "*" && !segment.is_empty() || pattern == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// Where a route's requests go.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Upstream {
    /// Scheme, host, port, and a path that is put before the request's.
    pub(crate) base: Uri,
    /// Whether HTTP/2 is spoken without negotiation (h2c) to an `http:` upstream.
    pub(crate) http2: bool,
    /// Whether the client's Host goes on instead of the upstream's.
    pub(crate) preserve_host: bool,
    /// Whom we believe and what we show, where its scheme is https.
    pub(crate) tls: ClientTls,
}

/// How we speak TLS to an upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientTls {
    /// Authorities, PEM; without them the system's roots.
    pub(crate) ca: Option<PathBuf>,
    /// A client certificate and its key, PEM.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Of these files, so that it is another one when they change.
    pub(crate) stamps: Vec<Option<Stamp>>,
}

/// Credentials that the upstream needs and that are not scanned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passes {
    /// Names of headers, in lower case.
    pub(crate) headers: Vec<String>,
    /// Names of query parameters.
    pub(crate) parameters: Vec<String>,
    /// Names of cookies.
    pub(crate) cookies: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_by_segments() {
        for (pattern, path, matches) in [
            ("/*", "/", true),
            ("/*", "/a/b", true),
            ("/*", "*", false),
            ("/api/*", "/api/", true),
            ("/api/*", "/api/a/b/", true),
            ("/api/*", "/api", false),
            ("/api/*", "/apis/a", false),
            ("/x", "/x", true),
            ("/x", "/x/", false),
            ("/api/*/store/", "/api/7/store/", true),
            ("/api/*/store/", "/api//store/", false),
            ("/api/*/store/", "/api/7/8/store/", false),
            ("/api/*/store/", "/api/7/store", false),
        ] {
            assert_eq!(path_matches(pattern, path), matches, "{pattern} {path}");
        }
    }
}
