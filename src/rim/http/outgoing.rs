//! The body of a request as it goes to the upstream.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc::Receiver;

use crate::rim::http::budget::Claim;

/// A piece of a body that leaves as it comes, or the news that it was cut.
pub(crate) type Piece = Result<Frame<Bytes>, io::Error>;

/// The body of a request as it goes to the upstream.
pub(crate) enum Outgoing {
    /// None at all.
    Empty,
    /// Leaves with its length.
    Whole {
        /// Taken once it has left.
        bytes: Option<Bytes>,
        /// Leave after it, where the protocol can carry them.
        trailers: Option<HeaderMap>,
        /// What it occupies; given back when it is gone.
        claim: Option<Claim>,
    },
    /// Leaves as it comes. A sender that is dropped ends it.
    Stream(Receiver<Piece>),
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Whole {
                bytes,
                trailers,
                claim,
            } => {
                let frame = match (bytes.take(), trailers.take()) {
                    (Some(bytes), later) => {
                        *trailers = later;
                        Some(Frame::data(bytes))
                    }
                    (None, trailers) => {
                        *claim = None;
                        trailers.map(Frame::trailers)
                    }
                };
                Poll::Ready(frame.map(Ok))
            }
            Self::Stream(pieces) => pieces.poll_recv(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole {
                bytes, trailers, ..
            } => bytes.is_none() && trailers.is_none(),
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole {
                bytes,
                trailers: None,
                ..
            } => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            // A body with a length has no trailers.
            Self::Whole { .. } | Self::Stream(_) => SizeHint::default(),
        }
    }
}
