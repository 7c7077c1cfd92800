//! What waits for a shared upstream: bounded, in the order of each client.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::records::Shape;
use crate::rim::config::stream::Overflow;
use crate::rim::seldom::Seldom;
use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::framing::Output;
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::socket::CHUNK;

/// It is told again that records are dropped after so long.
pub(super) const SILENCE: Duration = Duration::from_secs(60);

/// What a block costs beside its bytes.
pub(super) const OVERHEAD: usize = 64;

/// Whole records, in the order of their client.
pub(super) struct Block {
    /// The records, each with its framing.
    pub(super) bytes: Vec<u8>,
    /// How many they are.
    pub(super) records: u64,
}

type Put = mpsc::UnboundedSender<(Block, OwnedSemaphorePermit)>;

/// The clients' end.
#[derive(Clone)]
pub(crate) struct Ring {
    queue: Put,
    /// For records that are no lines, where their shape is another one.
    of_messages: Option<Put>,
    /// Bytes that there is room for.
    room: Arc<Semaphore>,
    capacity: usize,
    overflow: Overflow,
    shape: Shape,
    counters: Arc<Counters>,
    name: Arc<str>,
    /// When it was last told that records are dropped.
    told: Arc<Seldom>,
}

/// The sink's end. What was taken out is no longer in the ring, and is for the sink to keep.
pub(super) struct Queue(mpsc::UnboundedReceiver<(Block, OwnedSemaphorePermit)>);

/// A ring of `capacity` bytes, empty. It has one queue, and where records leave in the
/// framing that they came with, a second one for those with counts.
pub(super) fn ring(
    name: &str,
    capacity: usize,
    overflow: Overflow,
    shape: Shape,
    counters: &Arc<Counters>,
) -> (Ring, Queue, Option<Queue>) {
    let (queue, taken) = mpsc::unbounded_channel();
    let of_messages = (shape == Shape::AsItCame).then(mpsc::unbounded_channel);
    let (of_messages, messages_taken) = of_messages.unzip();
    let ring = Ring {
        queue,
        of_messages,
        room: Arc::new(Semaphore::new(capacity.min(Semaphore::MAX_PERMITS))),
        capacity,
        overflow,
        shape,
        counters: counters.clone(),
        name: name.into(),
        told: Arc::default(),
    };
    (ring, Queue(taken), messages_taken.map(Queue))
}

impl Ring {
    /// How records stand in it.
    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// Hands over the whole records in `out`; what is behind them stays. Waits for room,
    /// unless the operator wants the newest to be dropped. If it is dropped while it
    /// waits, `out` has everything.
    pub(crate) async fn put(&self, out: &mut Output) {
        let Some(shaped) = self.shape.shaped(out) else {
            return;
        };
        let cost = (shaped.length(out) + OVERHEAD).min(self.capacity);
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        // Before a full ring they wait, too.
        let waiting = Waiting::new(&self.counters, out.ends.len() as u64);
        let permit = match self.overflow {
            Overflow::Block => self.room.clone().acquire_many_owned(cost).await.ok(),
            Overflow::DropNewest => self.room.clone().try_acquire_many_owned(cost).ok(),
        };
        let block = shaped.take(out);
        let of_messages = self.of_messages.as_ref().filter(|_| !out.are_lines);
        let queue = of_messages.unwrap_or(&self.queue);
        let Some(permit) = permit else {
            self.counters.dropped.inc_by(block.records);
            self.tell_of_drops();
            return;
        };
        waiting.goes_on();
        // The sink lives as long as there is a ring, unless there was a defect of ours.
        if let Err(lost) = queue.send((block, permit)) {
            self.counters.settle(lost.0.0.records);
            self.counters.dropped.inc_by(lost.0.0.records);
            self.counters.note(Reason::Internal);
        }
    }

    fn tell_of_drops(&self) {
        if self.told.is_due(SILENCE) {
            let name = &*self.name;
            tracing::warn!(
                route = name,
                "the ring is full; the newest records are dropped"
            );
        }
    }
}

/// Records that wait, as long as it is not known that they are in the ring.
struct Waiting<'a> {
    counters: &'a Counters,
    records: u64,
}

impl<'a> Waiting<'a> {
    fn new(counters: &'a Counters, records: u64) -> Self {
        counters.wait(records);
        Self { counters, records }
    }

    /// Whoever takes them from the ring settles.
    fn goes_on(mut self) {
        self.records = 0;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.counters.settle(self.records);
    }
}

impl Queue {
    /// The next records, small blocks joined. None when no client is left, and nothing of
    /// them.
    pub(super) async fn next(&mut self) -> Option<Block> {
        let first = self.0.recv().await;
        self.join(first)
    }

    /// The same for a thread that may block.
    pub(super) fn next_blocking(&mut self) -> Option<Block> {
        let first = self.0.blocking_recv();
        self.join(first)
    }

    fn join(&mut self, first: Option<(Block, OwnedSemaphorePermit)>) -> Option<Block> {
        let (mut block, _) = first?;
        while block.bytes.len() < CHUNK {
            let Ok((more, _)) = self.0.try_recv() else {
                break;
            };
            block.bytes.extend_from_slice(&more.bytes);
            block.records += more.records;
        }
        Some(block)
    }
}
