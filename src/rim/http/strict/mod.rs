//! Between the socket and hyper: every HTTP/1 head and every chunk is checked before
//! hyper sees it, and is awaited for only so long.
//!
//! # How is a bad head answered?
//!
//! hyper gets, in its place, a head of ours whose method is [`marker`], and then the end
//! of the input. The service answers that request with the [`Verdict`]. A body that
//! breaks in the middle ends in an error, and the service finds the verdict as well.

pub(crate) mod chunked;
pub(crate) mod head;

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::rim::http::answer::Reason;
use chunked::Chunked;
use head::Framing;

/// How many bytes are asked of the socket at a time, at least.
const READ: usize = 16 * 1024;

/// What is left of a body that is not worth a read of its own: what follows it is read at
/// the same time, so that the socket is known to be empty.
const SHORT: u64 = 4 * 1024;

/// The method of the request that stands for one that was refused. Nobody outside can
/// know it.
pub(crate) fn marker() -> &'static str {
    static MARKER: OnceLock<String> = OnceLock::new();
    MARKER.get_or_init(|| {
        let random = || RandomState::new().build_hasher().finish();
        format!("REFUSED-{:016x}{:016x}", random(), random())
    })
}

/// What a connection says of the request that it refused.
#[derive(Clone, Default)]
pub(crate) struct Verdict(Arc<Mutex<Option<Reason>>>);

impl Verdict {
    /// Why a request of this connection was refused, if one was.
    pub(crate) fn reason(&self) -> Option<Reason> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, reason: Reason) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }
}

/// What bounds the heads of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes of a head at most.
    pub(crate) max_head: usize,
    /// From the first byte of a head to its last.
    pub(crate) head: Duration,
    /// Until a head begins.
    pub(crate) idle: Duration,
}

/// A connection whose requests are checked as they are read.
pub(crate) struct Checked<S> {
    io: S,
    bounds: Bounds,
    verdict: Verdict,
    /// What was read and is not yet handed over; the first `vetted` bytes may be.
    inbox: BytesMut,
    vetted: usize,
    /// How many bytes of the inbox are known to hold no end of a head.
    searched: usize,
    /// Whether an empty line before the head was dropped.
    skipped: bool,
    expects: Expects,
    /// When what it expects should be there; none within bodies, which others watch.
    timer: Pin<Box<Sleep>>,
    watched: Watched,
}

/// What the bytes behind the checked ones are.
enum Expects {
    Head,
    Body(u64),
    Chunks(Chunked),
    /// Nothing: what comes is not read.
    Nothing,
}

/// What the timer is set to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    Nothing,
    Idle,
    Head,
}

impl<S> Checked<S> {
    /// `read` is what was already read of the connection.
    pub(crate) fn new(io: S, read: BytesMut, bounds: Bounds, verdict: Verdict) -> Self {
        Self {
            io,
            bounds,
            verdict,
            inbox: read,
            vetted: 0,
            searched: 0,
            skipped: false,
            expects: Expects::Head,
            timer: Box::pin(tokio::time::sleep(bounds.idle)),
            watched: Watched::Nothing,
        }
    }

    /// A connection whose bytes are none of HTTP/1: they go through as they are.
    pub(crate) fn unchecked(io: S, read: BytesMut, bounds: Bounds) -> Self {
        let mut through = Self::new(io, read, bounds, Verdict::default());
        through.expects = Expects::Body(u64::MAX);
        through
    }

    /// The connection, without what was read of it.
    pub(crate) fn into_inner(self) -> S {
        self.io
    }

    /// Checks the next head, or what is there of a body. One of them at a time: what is
    /// handed over is not lost when what follows is refused.
    fn check(&mut self) -> Result<(), Reason> {
        let (taken, has_ended) = match &mut self.expects {
            Expects::Nothing => return Ok(()),
            Expects::Head => return self.check_head(),
            Expects::Body(left) => {
                let taken = (*left).min(self.inbox.len() as u64);
                *left -= taken;
                (taken as usize, *left == 0)
            }
            Expects::Chunks(chunks) => (chunks.follow(&self.inbox)?, chunks.has_ended()),
        };
        self.vetted = taken;
        if has_ended {
            self.expects = Expects::Head;
        }
        Ok(())
    }

    /// Checks the head that begins the inbox, if it is whole.
    fn check_head(&mut self) -> Result<(), Reason> {
        // One empty line before a request is ignored (RFC 9112, 2.2).
        if self.inbox.starts_with(b"\r\n") && !self.skipped {
            self.inbox.advance(2);
            self.searched = 0;
            self.skipped = true;
        }
        let Some(end) = self.end_of_head()? else {
            return Ok(());
        };
        self.expects = match head::check(&self.inbox[..end])? {
            Framing::Length(0) => Expects::Head,
            Framing::Length(length) => Expects::Body(length),
            Framing::Chunked => Expects::Chunks(Chunked::default()),
        };
        self.vetted = end;
        self.searched = 0;
        self.skipped = false;
        self.watched = Watched::Nothing;
        Ok(())
    }

    /// Where the head ends: behind the first empty line. Bare line feeds are refused
    /// as soon as they are there.
    fn end_of_head(&mut self) -> Result<Option<usize>, Reason> {
        let most = self.bounds.max_head.min(self.inbox.len());
        let inbox = &self.inbox[..most];
        for at in memchr::memchr_iter(b'\n', &inbox[self.searched..]) {
            let at = self.searched + at;
            if at == 0 || inbox[at - 1] != b'\r' {
                return Err(Reason::BadHead);
            }
            if inbox[..at - 1].ends_with(b"\n") {
                return Ok(Some(at + 1));
            }
        }
        if self.inbox.len() >= self.bounds.max_head {
            return Err(Reason::HeadTooLarge);
        }
        self.searched = most;
        Ok(None)
    }

    /// Puts our own head in the place of the request.
    fn refuse(&mut self, reason: Reason) -> io::Result<()> {
        let is_head = matches!(self.expects, Expects::Head);
        self.verdict.set(reason);
        self.expects = Expects::Nothing;
        self.watched = Watched::Nothing;
        self.inbox.clear();
        self.vetted = 0;
        if !is_head {
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason.name()));
        }
        let head = format!("{} / HTTP/1.1\r\nhost: refused\r\n\r\n", marker());
        self.inbox.extend_from_slice(head.as_bytes());
        self.vetted = self.inbox.len();
        Ok(())
    }

    /// Sets the timer to what is awaited. `true` if that is overdue.
    fn is_overdue(&mut self, cx: &mut Context<'_>) -> bool {
        let watched = match self.expects {
            Expects::Head if self.inbox.is_empty() => Watched::Idle,
            Expects::Head => Watched::Head,
            _ => Watched::Nothing,
        };
        if watched == Watched::Nothing {
            return false;
        }
        if watched != self.watched {
            let time = match watched {
                Watched::Head => self.bounds.head,
                _ => self.bounds.idle,
            };
            self.timer.as_mut().reset(Instant::now() + time);
            self.watched = watched;
        }
        self.timer.as_mut().poll(cx).is_ready()
    }
}

impl<S: AsyncRead + Unpin> Checked<S> {
    /// Reads what is there into the inbox; `false` at the end of the input.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.inbox.reserve(READ);
        let read = pin!(self.io.read_buf(&mut self.inbox));
        let read = ready!(read.poll(cx))?;
        Poll::Ready(Ok(read > 0))
    }

    /// Hands bytes of a body of known length over without a copy of ours.
    fn poll_through(
        &mut self,
        cx: &mut Context<'_>,
        left: u64,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut body = (&mut self.io).take(left);
        ready!(Pin::new(&mut body).poll_read(cx, out))?;
        self.expects = match body.limit() {
            0 => Expects::Head,
            left => Expects::Body(left),
        };
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Checked<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.vetted > 0 {
                let most = this.vetted.min(out.remaining());
                out.put_slice(&this.inbox[..most]);
                this.inbox.advance(most);
                this.vetted -= most;
                return Poll::Ready(Ok(()));
            }
            match this.expects {
                Expects::Body(left) if left > SHORT && this.inbox.is_empty() => {
                    return this.poll_through(cx, left, out);
                }
                _ => {}
            }
            if let Err(reason) = this.check() {
                this.refuse(reason)?;
            }
            if this.vetted > 0 {
                continue;
            }
            if matches!(this.expects, Expects::Nothing) {
                return Poll::Ready(Ok(()));
            }
            match this.poll_fill(cx)? {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(Ok(())),
                Poll::Pending if !this.is_overdue(cx) => return Poll::Pending,
                Poll::Pending if this.watched == Watched::Idle => return Poll::Ready(Ok(())),
                Poll::Pending => this.refuse(Reason::HeadTimeout)?,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Checked<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
