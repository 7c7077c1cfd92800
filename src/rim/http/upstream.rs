//! Connections to an upstream: pooled, with TLS and HTTP/2 where they are agreed on.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::rim::config::serve::Upstream;
use crate::rim::http::outgoing::Outgoing;
use crate::rim::tls;

/// How long an idle connection is kept. Most servers keep theirs for 5 s and longer, so
/// that one that is taken from the pool is seldom closed at the same time.
const IDLE: Duration = Duration::from_secs(4);

/// The pool of an upstream.
pub(crate) type Pool = Client<Connector, Outgoing>;

/// The pools of an upstream, by the worker that uses them: a connection stays with its
/// thread.
pub(crate) type Pools = Arc<[Pool]>;

/// The pools of a configuration.
#[derive(Default)]
pub(crate) struct Upstreams(Vec<Known>);

/// Pools, and what they were made of.
struct Known {
    upstream: Upstream,
    connect: Duration,
    pools: Pools,
}

impl Upstreams {
    /// The pools of an upstream for so many `workers`: those of another configuration,
    /// `before` this one, if nothing has changed, so that its connections go on.
    ///
    /// # Errors
    ///
    /// A file of certificates cannot be used.
    pub(crate) fn pools(
        &mut self,
        before: &Self,
        upstream: &Upstream,
        connect: Duration,
        workers: usize,
    ) -> Result<Pools, String> {
        let is_same = |known: &&Known| known.upstream == *upstream && known.connect == connect;
        let mut all = self.0.iter().chain(&before.0);
        let known = all.find(is_same).map(|known| known.pools.clone());
        let pools = known.map_or_else(|| pools(upstream, connect, workers), Ok)?;
        self.0.push(Known {
            upstream: upstream.clone(),
            connect,
            pools: pools.clone(),
        });
        Ok(pools)
    }
}

/// Pools without connections.
fn pools(upstream: &Upstream, connect: Duration, workers: usize) -> Result<Pools, String> {
    let connector = Connector::new(upstream, connect)?;
    Ok((0..workers).map(|_| connector.pool()).collect())
}

/// A pool without connections.
///
/// # Errors
///
/// A file of certificates cannot be used.
pub(crate) fn pool(upstream: &Upstream, connect: Duration) -> Result<Pool, String> {
    Ok(Connector::new(upstream, connect)?.pool())
}

/// Whether a connection has already answered, as the request that it carried sees it.
#[derive(Clone, Default)]
pub(crate) struct Used(Arc<AtomicBool>);

impl Used {
    /// Notes that it has answered.
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it had.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Makes connections.
#[derive(Clone)]
pub(crate) struct Connector {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    time: Duration,
    /// Whether HTTP/2 is spoken without being agreed on.
    is_http2: bool,
}

impl Connector {
    fn new(upstream: &Upstream, connect: Duration) -> Result<Self, String> {
        let is_tls = upstream.base.scheme_str() == Some("https");
        let tls = if is_tls {
            Some(Arc::new(tls::client(&upstream.tls, tls::HTTP)?))
        } else {
            None
        };
        let host = upstream.base.host().unwrap_or_default();
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: upstream
                .base
                .port_u16()
                .unwrap_or(if is_tls { 443 } else { 80 }),
            tls,
            time: connect,
            is_http2: upstream.http2 && !is_tls,
        })
    }

    fn pool(&self) -> Pool {
        Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_preserve_header_case(true)
            .http2_only(self.is_http2)
            .set_host(true)
            .build(self.clone())
    }

    async fn connect(self) -> io::Result<TokioIo<Link>> {
        let connected = tokio::time::timeout(self.time, self.open()).await;
        connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Connects to the upstream, whomever the request names.
    async fn open(&self) -> io::Result<TokioIo<Link>> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        tcp.set_nodelay(true)?;
        let stream = match &self.tls {
            None => Stream::Plain(tcp),
            Some(config) => {
                let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
                let connector = TlsConnector::from(config.clone());
                Stream::Tls(Box::new(connector.connect(name, tcp).await?))
            }
        };
        Ok(TokioIo::new(Link {
            stream,
            used: Used::default(),
        }))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Link>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Link>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// One connection to an upstream.
pub(crate) struct Link {
    stream: Stream,
    used: Used,
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.used.clone());
        match &self.stream {
            Stream::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                connected.negotiated_h2()
            }
            _ => connected,
        }
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, out),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, out),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
