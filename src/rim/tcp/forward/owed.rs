//! What the upstream has to acknowledge, and whom it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::rim::payload::msgpack::token::write_str;
use crate::rim::tcp::forward::handshake::is_helo;
use crate::rim::tcp::forward::message::Chunk;
use crate::rim::tcp::forward::values::{content, pairs};
use crate::rim::tcp::reason::Reason;

/// Chunks that may wait for their acknowledgement. A client with more has to wait.
const MOST: usize = 256;

/// What waits, and since when.
struct Waiting {
    chunks: VecDeque<(Chunk, OwnedSemaphorePermit)>,
    /// When the upstream last acknowledged something, or began to owe.
    since: Instant,
}

/// The chunks of one connection that went to the upstream and were not acknowledged.
pub(super) struct Owed {
    waiting: Mutex<Waiting>,
    room: Arc<Semaphore>,
    /// Told when the last one has been acknowledged.
    settled: Notify,
}

impl Owed {
    /// Nothing.
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                chunks: VecDeque::new(),
                since: Instant::now(),
            }),
            room: Arc::new(Semaphore::new(MOST)),
            settled: Notify::new(),
        }
    }

    /// Whether one more may be added now.
    pub(super) fn has_room(&self) -> bool {
        self.room.available_permits() > 0
    }

    /// One more, once there is room. It is to be added before it is sent.
    pub(super) async fn add(&self, chunk: Chunk) {
        // It is never closed.
        if let Ok(place) = self.room.clone().acquire_owned().await {
            let mut waiting = self.waiting();
            if waiting.chunks.is_empty() {
                waiting.since = Instant::now();
            }
            waiting.chunks.push_back((chunk, place));
        }
    }

    /// What the client gets for what the upstream has said.
    ///
    /// # Errors
    ///
    /// It acknowledges nothing that it has got, or wants a handshake.
    pub(super) fn settle(&self, said: &[u8]) -> Result<Vec<u8>, Reason> {
        if is_helo(said) {
            return Err(Reason::UpstreamHandshake);
        }
        let name = acknowledged(said).ok_or(Reason::UpstreamAnswer)?;
        let mut waiting = self.waiting();
        let chunks = &mut waiting.chunks;
        // Servers acknowledge in the order in which they get.
        let at = chunks.iter().position(|(chunk, _)| chunk.name == name);
        let (chunk, _) = at
            .and_then(|at| chunks.remove(at))
            .ok_or(Reason::UpstreamAnswer)?;
        if chunks.is_empty() {
            self.settled.notify_waiters();
        }
        waiting.since = Instant::now();
        let mut answer = vec![0x81];
        write_str(b"ack", &mut answer);
        answer.extend_from_slice(&chunk.answer);
        Ok(answer)
    }

    /// Returns when nothing is owed.
    pub(super) async fn settled(&self) {
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            // What is settled between the look and the wait is noticed, too.
            settled.as_mut().enable();
            if self.waiting().chunks.is_empty() {
                return;
            }
            settled.await;
        }
    }

    /// Returns when something was owed for so long, and nothing acknowledged meanwhile.
    pub(super) async fn overdue(&self, patience: Duration) {
        let mut end = Instant::now() + patience;
        loop {
            sleep_until(end).await;
            let now = Instant::now();
            let waiting = self.waiting();
            // What is owed from now on is not overdue any sooner.
            let since = if waiting.chunks.is_empty() {
                now
            } else {
                waiting.since
            };
            drop(waiting);
            end = since + patience;
            if end <= now {
                return;
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The chunk that `{"ack": chunk}` names.
pub(in crate::rim::tcp) fn acknowledged(said: &[u8]) -> Option<&[u8]> {
    let pairs = pairs(said).ok()?;
    let text = |place| content(said, place).ok()?.map(|text| &said[text]);
    let (_, value) = pairs.iter().find(|(key, _)| text(key) == Some(b"ack"))?;
    text(value)
}
