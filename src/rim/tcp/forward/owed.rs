//! What the upstream has to acknowledge, and whom it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::rim::payload::msgpack::token::write_str;
use crate::rim::tcp::forward::handshake::is_helo;
use crate::rim::tcp::forward::message::Chunk;
use crate::rim::tcp::forward::values::{content, pairs};
use crate::rim::tcp::reason::Reason;

/// Chunks that may wait for their acknowledgement. A client with more has to wait.
const MOST: usize = 256;

/// The chunks of one connection that went to the upstream and were not acknowledged.
pub(super) struct Owed {
    chunks: Mutex<VecDeque<(Chunk, OwnedSemaphorePermit)>>,
    room: Arc<Semaphore>,
    /// Told when the last one has been acknowledged.
    settled: Notify,
}

impl Owed {
    /// Nothing.
    pub(super) fn new() -> Self {
        Self {
            chunks: Mutex::default(),
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
            self.chunks().push_back((chunk, place));
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
        let mut chunks = self.chunks();
        // Servers acknowledge in the order in which they get.
        let at = chunks.iter().position(|(chunk, _)| chunk.name == name);
        let (chunk, _) = at
            .and_then(|at| chunks.remove(at))
            .ok_or(Reason::UpstreamAnswer)?;
        if chunks.is_empty() {
            self.settled.notify_waiters();
        }
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
            if self.chunks().is_empty() {
                return;
            }
            settled.await;
        }
    }

    fn chunks(&self) -> MutexGuard<'_, VecDeque<(Chunk, OwnedSemaphorePermit)>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The chunk that `{"ack": chunk}` names.
fn acknowledged(said: &[u8]) -> Option<&[u8]> {
    let pairs = pairs(said).ok()?;
    let text = |place| content(said, place).ok()?.map(|text| &said[text]);
    let (_, value) = pairs.iter().find(|(key, _)| text(key) == Some(b"ack"))?;
    text(value)
}
