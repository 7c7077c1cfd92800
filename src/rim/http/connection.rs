//! One client connection: TLS, the choice between HTTP/1.1 and HTTP/2, and its end.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::BytesMut;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::rim::http::events::Gauges;
use crate::rim::http::forward::{Client, Proxy, Way, handle};
use crate::rim::http::socket::{Reset, Socket};
use crate::rim::http::strict::{Bounds, Checked, Verdict};
use crate::rim::tls::Shown;

/// What begins a connection of HTTP/2 (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Streams of one HTTP/2 connection at a time.
const STREAMS: u32 = 100;

/// What one HTTP/2 stream, and one connection, may send unasked.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// How long the answer to a ping may take.
const PING: Duration = Duration::from_secs(20);

/// What a listener does with the requests of its clients.
pub(crate) struct Serving {
    pub(crate) proxy: Arc<Proxy>,
    /// The first that takes a request has it.
    pub(crate) ways: Arc<[Way]>,
    pub(crate) tls: Option<Arc<Shown>>,
}

/// What the connections of a listener share.
pub(crate) struct Port {
    serving: ArcSwap<Serving>,
    /// Becomes true when everything of the listener is to end.
    pub(crate) ending: watch::Receiver<bool>,
}

/// What stays with a connection while its listener changes.
#[derive(Default)]
struct Tie {
    /// The index of the worker that serves it.
    worker: usize,
    verdict: Verdict,
    reset: Reset,
    mark: Arc<()>,
}

impl Port {
    /// Of a listener that begins.
    pub(crate) fn new(serving: Serving, ending: watch::Receiver<bool>) -> Self {
        Self {
            serving: ArcSwap::from_pointee(serving),
            ending,
        }
    }

    /// From the next request on, of every connection, it is done so. What concerns the
    /// connection itself (TLS, limits of heads, idleness) stays with those that stand.
    pub(crate) fn swap(&self, serving: Serving) {
        self.serving.store(Arc::new(serving));
    }

    /// What it shows to clients.
    pub(crate) fn shown(&self) -> Option<Arc<Shown>> {
        self.serving.load().tls.clone()
    }

    /// The present state, for counting connections.
    pub(crate) fn gauges(&self) -> Arc<Gauges> {
        self.serving.load().proxy.gauges.clone()
    }

    /// Serves one connection to its end, as the worker with this index.
    pub(crate) async fn serve(&self, stream: TcpStream, worker: usize) {
        // What fails here is the client's loss alone: it broke the connection.
        let _ = self.try_serve(stream, worker).await;
    }

    async fn try_serve(&self, stream: TcpStream, worker: usize) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let tie = Tie {
            worker,
            ..Tie::default()
        };
        let bounds = {
            let Proxy {
                timeouts, limits, ..
            } = &*self.serving.load().proxy;
            Bounds {
                max_head: limits.max_head,
                head: timeouts.head,
                idle: timeouts.idle,
            }
        };
        let mut socket = match self.shown() {
            None => Socket::plain(stream, tie.reset.clone(), bounds.idle),
            Some(shown) => {
                let handshake = TlsAcceptor::from(shown.current()).accept(stream);
                let stream = tokio::time::timeout(bounds.head, handshake).await??;
                Socket::tls(stream, tie.reset.clone(), bounds.idle)
            }
        };
        let mut read = BytesMut::new();
        let is_http2 = match socket.negotiated_http2() {
            Some(is_http2) => is_http2,
            None => self.begins_http2(&mut socket, &mut read, &bounds).await?,
        };
        if is_http2 {
            let through = Checked::unchecked(socket, read, bounds);
            self.http2(through, &tie, bounds).await;
        } else {
            let checked = Checked::new(socket, read, bounds, tie.verdict.clone());
            self.http1(checked, &tie, bounds).await;
        }
        Ok(())
    }

    /// The client with what is done with its next request.
    fn client(&self, tie: &Tie) -> Client {
        let serving = self.serving.load();
        Client {
            proxy: serving.proxy.clone(),
            ways: serving.ways.clone(),
            worker: tie.worker,
            verdict: tie.verdict.clone(),
            reset: tie.reset.clone(),
            mark: tie.mark.clone(),
        }
    }

    /// Reads as much as tells whether the client speaks HTTP/2.
    async fn begins_http2(
        &self,
        socket: &mut Socket,
        read: &mut BytesMut,
        bounds: &Bounds,
    ) -> io::Result<bool> {
        let mut time = bounds.idle;
        let mut ending = self.ending.clone();
        while read.len() < PREFACE.len() && PREFACE.starts_with(read) {
            let is_idle = read.is_empty();
            let more = tokio::time::timeout(time, socket.read_buf(read));
            let ended = tokio::select! {
                more = more => more?? == 0,
                _ = ending.wait_for(|&ending| ending), if is_idle => true,
            };
            if ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            time = bounds.head;
        }
        Ok(read.starts_with(PREFACE))
    }

    async fn http1(&self, checked: Checked<Socket>, tie: &Tie, bounds: Bounds) {
        let service = service_fn(|request| Box::pin(handle(self.client(tie), request)));
        let mut connection = http1::Builder::new()
            .half_close(true)
            .preserve_header_case(true)
            .auto_date_header(false)
            .max_buf_size(bounds.max_head.max(64 * 1024))
            .serve_connection(TokioIo::new(checked), service);
        let mut ending = self.ending.clone();
        let mut is_ending = false;
        loop {
            tokio::select! {
                _ = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break,
                _ = ending.wait_for(|&ending| ending), if !is_ending => {
                    is_ending = true;
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                }
            }
        }
        let socket = connection.into_parts().io.into_inner().into_inner();
        socket.linger().await;
    }

    async fn http2(&self, through: Checked<Socket>, tie: &Tie, bounds: Bounds) {
        let idle = bounds.idle;
        let head = u32::try_from(bounds.max_head).unwrap_or(u32::MAX);
        let service = service_fn(|request| handle(self.client(tie), request));
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(head)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(64 * 1024)
            .keep_alive_interval(idle)
            .keep_alive_timeout(PING)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(through), service);
        let mut connection = pin!(connection);
        let mut ending = self.ending.clone();
        let mut is_ending = false;
        let mut was_idle = false;
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                _ = ending.wait_for(|&ending| ending), if !is_ending => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = tokio::time::sleep(idle) => {
                    let is_idle = Arc::strong_count(&tie.mark) == 1;
                    // It was told to end, and had time for it.
                    if is_idle && was_idle && is_ending {
                        return;
                    }
                    if is_idle && !is_ending {
                        is_ending = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    was_idle = is_idle;
                }
            }
        }
    }
}
