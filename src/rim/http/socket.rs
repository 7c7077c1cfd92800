//! A client's connection, plain or TLS, whose writes may not stall for ever.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_rustls::server::TlsStream;

/// Asks for a connection to be reset instead of closed, where a close would look like
/// the good end of an answer that was cut.
#[derive(Clone, Default)]
pub(crate) struct Reset(Arc<AtomicBool>);

impl Reset {
    /// The connection is to be reset once it is dropped.
    pub(crate) fn ask(&self) {
        self.0.store(true, Ordering::Release);
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A client's connection.
pub(crate) struct Socket {
    stream: Stream,
    reset: Reset,
    /// How long a write may wait for the client to read.
    patience: Duration,
    /// When the write that waits has waited too long.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    /// A plain connection.
    pub(crate) fn plain(stream: TcpStream, reset: Reset, patience: Duration) -> Self {
        Self::new(Stream::Plain(stream), reset, patience)
    }

    /// One whose handshake is done.
    pub(crate) fn tls(stream: TlsStream<TcpStream>, reset: Reset, patience: Duration) -> Self {
        Self::new(Stream::Tls(Box::new(stream)), reset, patience)
    }

    fn new(stream: Stream, reset: Reset, patience: Duration) -> Self {
        Self {
            stream,
            reset,
            patience,
            stalled: None,
        }
    }

    /// Whether both sides agreed on HTTP/2 in the handshake; `None` without one.
    pub(crate) fn negotiated_http2(&self) -> Option<bool> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => Some(stream.get_ref().1.alpn_protocol() == Some(b"h2")),
        }
    }

    /// Ends our side and reads what the client still sends, for a little while: a close
    /// with unread bytes would reset the connection, and the client might lose the
    /// answer (RFC 9112, 9.6).
    pub(crate) async fn linger(mut self) {
        const MOST: usize = 1024 * 1024;
        const TIME: Duration = Duration::from_secs(2);
        if self.reset.0.load(Ordering::Acquire) {
            return;
        }
        let drained = async {
            self.shutdown().await?;
            let (mut waste, mut left) = (vec![0; 16 * 1024], MOST);
            while left > 0 {
                let read = self.read(&mut waste).await?;
                if read == 0 {
                    break;
                }
                left = left.saturating_sub(read);
            }
            io::Result::Ok(())
        };
        // What fails here has already been answered.
        let _ = tokio::time::timeout(TIME, drained).await;
    }

    fn stream(&mut self) -> Pin<&mut (dyn ReadWrite + Unpin)> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream),
            Stream::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }

    /// A write that waits for too long fails.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let deadline = Instant::now() + self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Both directions of a connection.
trait ReadWrite: AsyncRead + AsyncWrite {}

impl<T: AsyncRead + AsyncWrite> ReadWrite for T {}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.0.load(Ordering::Acquire) {
            let stream = match &self.stream {
                Stream::Plain(stream) => stream,
                Stream::Tls(stream) => stream.get_ref().0,
            };
            // The client sees a close instead; nothing better is at hand.
            let _ = stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, out)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = self.stream().poll_write(cx, bytes);
        self.watch(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.stream().poll_flush(cx);
        self.watch(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.stream().poll_shutdown(cx);
        self.watch(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = self.stream().poll_write_vectored(cx, slices);
        self.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
