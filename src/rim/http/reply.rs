//! The body of an answer as it goes to the client.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::rim::http::account::Account;
use crate::rim::http::answer::Reason;
use crate::rim::http::socket::Reset;

/// The body of an answer. It holds the account of its request, so that this is closed
/// when the answer has left.
pub(crate) struct Reply {
    source: Source,
    account: Arc<Account>,
}

enum Source {
    Own(Option<Bytes>),
    /// Nothing, though the head says how long something would be.
    Announced,
    Upstream {
        body: Incoming,
        /// How long the upstream may pause.
        patience: Duration,
        timer: Option<Pin<Box<Sleep>>>,
        /// Where an end that is a close would look like a good one.
        reset: Option<Reset>,
    },
}

impl Reply {
    /// An answer of our own.
    pub(crate) fn own(text: String, account: Arc<Account>) -> Self {
        Self {
            source: Source::Own(Some(Bytes::from(text))),
            account,
        }
    }

    /// The upstream's answer, untouched. `reset` where the answer would end with the
    /// connection: if it is cut, the connection is reset.
    pub(crate) fn upstream(
        body: Incoming,
        patience: Duration,
        reset: Option<Reset>,
        account: Arc<Account>,
    ) -> Self {
        let complete = body.is_end_stream();
        account.is_complete.store(complete, Ordering::Relaxed);
        Self {
            source: Source::Upstream {
                body,
                patience,
                timer: None,
                reset,
            },
            account,
        }
    }
}

impl Reply {
    /// The upstream's answer without a body, whose head names a length all the same: that
    /// of what the client has already (304; RFC 9110, 15.4.5).
    pub(crate) fn announced(account: Arc<Account>) -> Self {
        account.is_complete.store(true, Ordering::Relaxed);
        Self {
            source: Source::Announced,
            account,
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        let polled = match &mut this.source {
            Source::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Announced => Poll::Ready(None),
            Source::Upstream {
                body,
                patience,
                timer,
                ..
            } => match Pin::new(body).poll_frame(cx) {
                Poll::Ready(frame) => {
                    *timer = None;
                    let broke = |_| Reason::UpstreamBroke;
                    Poll::Ready(frame.map(|frame| frame.map_err(broke)))
                }
                Poll::Pending => {
                    let deadline = Instant::now() + *patience;
                    let timer =
                        timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
                    let overdue = timer.as_mut().poll(cx);
                    overdue.map(|()| Some(Err(Reason::ResponseTimeout)))
                }
            },
        };
        polled.map(|frame| this.pass(frame))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Own(bytes) => bytes.is_none(),
            // hyper keeps the length only where a body may still come.
            Source::Announced => false,
            Source::Upstream { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Own(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Source::Announced => SizeHint::default(),
            Source::Upstream { body, .. } => body.size_hint(),
        }
    }
}

impl Reply {
    /// Counts what passes.
    fn pass(
        &mut self,
        frame: Option<Result<Frame<Bytes>, Reason>>,
    ) -> Option<Result<Frame<Bytes>, io::Error>> {
        match frame {
            None => {
                self.account.is_complete.store(true, Ordering::Relaxed);
                None
            }
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    let length = data.len() as u64;
                    self.account.bytes_out.fetch_add(length, Ordering::Relaxed);
                }
                // Nothing follows trailers, and nobody asks whether something does.
                let complete = frame.is_trailers() || self.is_end_stream();
                self.account.is_complete.store(complete, Ordering::Relaxed);
                Some(Ok(frame))
            }
            Some(Err(reason)) => {
                self.account.fail(reason);
                if let Source::Upstream {
                    reset: Some(reset), ..
                } = &self.source
                {
                    reset.ask();
                }
                Some(Err(io::Error::other(reason.name())))
            }
        }
    }
}
