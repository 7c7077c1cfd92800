//! One upstream connection for the records of all clients.
//!
//! # What is lost when the upstream goes away?
//!
//! What waits is kept in a ring that is bounded. What was written last is kept, too, up to
//! `resend` bytes: more than the systems of both sides hold of it, so that a record that
//! the upstream has not read is still here. It is sent again over the next connection,
//! from a record's start, and what is sent twice is counted. Only an upstream that has
//! closed in order has read everything: then the system answers to our own close with
//! no reset, and nothing is sent twice.

use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt, split};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep, timeout};

use crate::rim::config::stream::Overflow;
use crate::rim::http::events::Gauges;
use crate::rim::message::reason;
use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::framing::Output;
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::socket::{CHUNK, Dialer, Socket, read_with};

/// Between two attempts to connect: at first, and at most.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// A connection that stood for so long was a good one, also if it carried nothing new.
const GOOD: Duration = Duration::from_secs(1);

/// How long an upstream may take to end its side, and how long a reset may take to come
/// after ours.
const LAST: Duration = Duration::from_secs(1);

/// It is told again that records are dropped after so long.
const SILENCE: Duration = Duration::from_secs(60);

/// What a block costs beside its bytes.
const OVERHEAD: usize = 64;

/// Whole records, in the order of their client.
struct Block {
    bytes: Vec<u8>,
    records: u64,
}

/// The clients' end of a shared upstream.
#[derive(Clone)]
pub(crate) struct Ring {
    queue: mpsc::UnboundedSender<(Block, OwnedSemaphorePermit)>,
    /// Bytes that there is room for.
    room: Arc<Semaphore>,
    capacity: usize,
    overflow: Overflow,
    counters: Arc<Counters>,
    name: Arc<str>,
    /// When it was last told that records are dropped.
    told: Arc<Mutex<Option<Instant>>>,
}

impl Ring {
    /// Hands over the whole records in `out`; what is behind them stays. Waits for room,
    /// unless the operator wants the newest to be dropped. If it is dropped while it
    /// waits, `out` has everything.
    pub(crate) async fn put(&self, out: &mut Output) {
        let Some(end) = out.ends.last().copied() else {
            return;
        };
        let cost = (end + OVERHEAD).min(self.capacity);
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        let permit = match self.overflow {
            Overflow::Block => self.room.clone().acquire_many_owned(cost).await.ok(),
            Overflow::DropNewest => self.room.clone().try_acquire_many_owned(cost).ok(),
        };
        let records = out.ends.len() as u64;
        let rest = out.bytes.split_off(end);
        let bytes = std::mem::replace(&mut out.bytes, rest);
        out.ends.clear();
        let Some(permit) = permit else {
            self.counters.dropped.inc_by(records);
            self.tell_of_drops();
            return;
        };
        // The sender lives as long as there is a ring.
        let _ = self.queue.send((Block { bytes, records }, permit));
    }

    fn tell_of_drops(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() > SILENCE) {
            *told = Some(Instant::now());
            let name = &*self.name;
            tracing::warn!(
                route = name,
                "the ring is full; the newest records are dropped"
            );
        }
    }
}

/// What ended a connection.
enum Ended {
    /// There is nothing more to send, ever.
    Done,
    /// The upstream has read everything and closed in order.
    InOrder,
    /// It broke.
    Broken,
}

/// The upstream's end.
pub(crate) struct Sender {
    name: String,
    dialer: Dialer,
    queue: mpsc::UnboundedReceiver<(Block, OwnedSemaphorePermit)>,
    resend: usize,
    counters: Arc<Counters>,
    gauges: Arc<Gauges>,
    /// What was written last, and what is being written.
    kept: VecDeque<Block>,
    /// The first of `kept` that this connection has not carried whole.
    next: usize,
    /// The first of `kept` that no connection has carried any of.
    fresh: usize,
    /// What those before `next` cost.
    carried: usize,
    /// The last connection broke, and what is kept has to be sent again.
    owes: bool,
    /// The last connection has carried something new.
    has_advanced: bool,
}

/// A ring and its sender, which is to be run.
pub(crate) fn ring(
    name: &str,
    dialer: Dialer,
    (capacity, resend, overflow): (usize, usize, Overflow),
    counters: &Arc<Counters>,
    gauges: &Arc<Gauges>,
) -> (Ring, Sender) {
    let (queue, taken) = mpsc::unbounded_channel();
    let ring = Ring {
        queue,
        room: Arc::new(Semaphore::new(capacity.min(Semaphore::MAX_PERMITS))),
        capacity,
        overflow,
        counters: counters.clone(),
        name: name.into(),
        told: Arc::default(),
    };
    let sender = Sender {
        name: name.to_owned(),
        dialer,
        queue: taken,
        resend,
        counters: counters.clone(),
        gauges: gauges.clone(),
        kept: VecDeque::new(),
        next: 0,
        fresh: 0,
        carried: 0,
        owes: false,
        has_advanced: false,
    };
    (ring, sender)
}

impl Sender {
    /// Sends until no client is left and everything has been sent. Who runs it counts it
    /// among those that owe something.
    pub(crate) async fn run(mut self) {
        let mut pause = FIRST;
        // Connects when there is something to send, and not before.
        while self.owes || self.fresh < self.kept.len() || self.take().await {
            let socket = match self.dialer.connect().await {
                Ok(socket) => socket,
                Err(error) => {
                    self.failed(pause, &error).await;
                    pause = (pause * 2).min(LONGEST);
                    continue;
                }
            };
            self.gauges.note_upstream(&self.name, true);
            let begun = Instant::now();
            match self.feed(socket).await {
                Ended::Done => return,
                Ended::InOrder => self.forget(),
                Ended::Broken => {
                    self.owes = !self.kept.is_empty();
                    self.counters.note(Reason::UpstreamLost);
                }
            }
            if self.has_advanced || begun.elapsed() > GOOD {
                pause = FIRST;
            } else {
                sleep(jittered(pause)).await;
                pause = (pause * 2).min(LONGEST);
            }
        }
    }

    async fn failed(&self, pause: Duration, error: &io::Error) {
        self.gauges.note_upstream(&self.name, false);
        self.counters.note(Reason::UpstreamUnreachable);
        tracing::warn!(
            route = self.name,
            "the upstream is not reached: {}",
            reason(error)
        );
        sleep(jittered(pause)).await;
    }

    /// Waits for a block and keeps it; joins small ones. False when there will be none.
    async fn take(&mut self) -> bool {
        let Some((mut block, permit)) = self.queue.recv().await else {
            return false;
        };
        drop(permit);
        while block.bytes.len() < CHUNK {
            let Ok((more, _permit)) = self.queue.try_recv() else {
                break;
            };
            block.bytes.extend_from_slice(&more.bytes);
            block.records += more.records;
        }
        self.kept.push_back(block);
        true
    }

    /// Sends over one connection to its end.
    async fn feed(&mut self, mut socket: Socket) -> Ended {
        match self.carry(&mut socket).await {
            Ended::InOrder if !stays_whole(&socket).await => Ended::Broken,
            ended => ended,
        }
    }

    /// Sends what is kept, and then what comes.
    async fn carry(&mut self, socket: &mut Socket) -> Ended {
        (self.next, self.carried, self.has_advanced) = (0, 0, false);
        let (mut reader, mut writer) = split(socket);
        let mut answers = pin!(ignore(&mut reader));
        let (is_in_order, is_shut) = loop {
            if self.next == self.kept.len() {
                self.owes = false;
                tokio::select! {
                    ended = &mut answers => break (ended.is_ok(), false),
                    is_there = self.take() => if !is_there {
                        if writer.shutdown().await.is_err() {
                            return Ended::Broken;
                        }
                        match timeout(LAST, &mut answers).await {
                            // One that stays open has had its time.
                            Err(_) => return Ended::Done,
                            Ok(ended) => break (ended.is_ok(), true),
                        }
                    }
                }
            }
            let block = &self.kept[self.next];
            if self.next < self.fresh {
                self.counters.again.inc_by(block.records);
            } else {
                self.fresh = self.next + 1;
            }
            let write = async {
                writer.write_all(&block.bytes).await?;
                writer.flush().await
            };
            let written = tokio::select! {
                written = write => written,
                // It reads no more of what is being written.
                _ = &mut answers => return Ended::Broken,
            };
            if written.is_err() {
                return Ended::Broken;
            }
            self.counters.bytes_out.inc_by(block.bytes.len() as u64);
            self.next += 1;
            self.has_advanced |= self.next == self.fresh;
            self.carried += block.bytes.len() + OVERHEAD;
            self.trim();
        };
        let is_shut = is_shut || writer.shutdown().await.is_ok();
        if is_in_order && is_shut {
            Ended::InOrder
        } else {
            Ended::Broken
        }
    }

    /// Gives up what was written long enough ago.
    fn trim(&mut self) {
        while self.next > 0 {
            let oldest = self.kept[0].bytes.len() + OVERHEAD;
            if self.carried - oldest < self.resend {
                break;
            }
            self.carried -= oldest;
            self.kept.pop_front();
            self.next -= 1;
            self.fresh -= 1;
        }
    }

    /// Everything that was written has been read.
    fn forget(&mut self) {
        self.kept.drain(..self.next);
        self.fresh -= self.next;
        self.next = 0;
    }
}

/// Reads to the upstream's end. Its answers belong to no client.
async fn ignore(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    loop {
        match read_with(reader, CHUNK, |_| ()).await {
            Ok(Some(())) => {}
            Ok(None) => return Ok(()),
            // Many end TLS without saying so; whether TCP ended in order is seen later.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Whether no reset comes: the upstream has closed with something unread if one does.
async fn stays_whole(socket: &Socket) -> bool {
    let deadline = Instant::now() + LAST;
    while Instant::now() < deadline {
        if socket.has_broken() {
            return false;
        }
        sleep(Duration::from_millis(20)).await;
    }
    true
}

/// Between half of it and all of it, so that not all come back at the same time.
fn jittered(pause: Duration) -> Duration {
    let half = pause / 2;
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}
