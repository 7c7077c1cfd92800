//! Records that wait for others, so that they are sent together.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::ring::Queue;

/// How large a batch gets, and how late.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of a batch at most, if it has more than one record.
    pub(super) bytes: usize,
    /// How long a record waits at most for others.
    pub(super) time: Duration,
}

/// Makes batches of what is in a ring.
pub(super) struct Batches {
    queue: Queue,
    /// Where to cut records, so that what is before has at most so many bytes, and at least
    /// one record.
    cut: fn(&[u8], usize) -> usize,
    /// Records that are in no batch yet.
    held: Vec<u8>,
}

impl Batches {
    /// Of the records in `queue`, cut between them by `cut`.
    pub(super) fn new(queue: Queue, cut: fn(&[u8], usize) -> usize) -> Self {
        Self {
            queue,
            cut,
            held: Vec::new(),
        }
    }

    /// Waits for a batch: full, or after its time. Its bounds are asked for when its first
    /// record is there. None when there will be no more.
    pub(super) async fn next(&mut self, bounds: impl FnOnce() -> Bounds) -> Option<Vec<u8>> {
        if self.held.is_empty() {
            self.held = self.queue.next().await?.bytes;
        }
        let Bounds { bytes, time } = bounds();
        let deadline = Instant::now() + time;
        while self.held.len() < bytes {
            match timeout_at(deadline, self.queue.next()).await {
                Ok(Some(block)) => self.held.extend_from_slice(&block.bytes),
                // Late, or the end.
                Ok(None) | Err(_) => break,
            }
        }
        let rest = self.held.split_off((self.cut)(&self.held, bytes));
        Some(std::mem::replace(&mut self.held, rest))
    }
}
