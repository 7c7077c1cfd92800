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
//!
//! # What if the settings change?
//!
//! The connection is one of the old ones, so it is closed in order as soon as a block is
//! through, and the next one is made by the new ones. A pause ends, too.

use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt, split};
use tokio::time::{Instant, sleep, timeout};

use super::Account;
use super::backoff::Backoff;
use super::latest::Latest;
use super::ring::{Block, OVERHEAD, Queue};
use crate::rim::message::reason;
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::socket::{CHUNK, Dialer, Socket, read_with};

/// A connection that stood for so long was a good one, also if it carried nothing new.
const GOOD: Duration = Duration::from_secs(1);

/// How long an upstream may take to end its side, and how long a reset may take to come
/// after ours.
const LAST: Duration = Duration::from_secs(1);

/// What ended a connection.
enum Ended {
    /// There is nothing more to send, ever.
    Done,
    /// The upstream has read everything and closed in order.
    InOrder,
    /// It broke.
    Broken,
}

/// How it is reached.
pub(in crate::rim::tcp) struct Settings {
    pub(super) dialer: Dialer,
    /// Bytes of those written last that are kept.
    pub(super) resend: usize,
}

/// The upstream's end.
pub(in crate::rim::tcp) struct Sender {
    settings: Latest<Settings>,
    queue: Queue,
    account: Account,
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

impl Sender {
    /// One that has sent nothing.
    pub(super) fn new(settings: Latest<Settings>, queue: Queue, account: Account) -> Self {
        Self {
            settings,
            queue,
            account,
            kept: VecDeque::new(),
            next: 0,
            fresh: 0,
            carried: 0,
            owes: false,
            has_advanced: false,
        }
    }

    /// Sends until no client is left and everything has been sent.
    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::new();
        // Connects when there is something to send, and not before.
        while self.owes || self.fresh < self.kept.len() || self.take().await {
            let settings = self.settings.now();
            let connected = tokio::select! {
                connected = settings.dialer.connect() => connected,
                () = self.settings.changed() => continue,
            };
            let socket = match connected {
                Ok(socket) => socket,
                Err(error) => {
                    let why = reason(&error);
                    self.account.failed(Reason::UpstreamUnreachable, &why);
                    self.pause(&mut backoff).await;
                    continue;
                }
            };
            self.account.reached();
            let begun = Instant::now();
            match self.feed(socket, &settings).await {
                Ended::Done => return,
                Ended::InOrder => self.forget(),
                Ended::Broken => {
                    let carried = self.kept.iter().take(self.next);
                    let records = carried.map(|block| block.records).sum();
                    self.account.counters.wait(records);
                    self.owes = !self.kept.is_empty();
                    self.account.counters.note(Reason::UpstreamLost);
                }
            }
            if self.has_advanced || begun.elapsed() > GOOD {
                backoff.reset();
            } else {
                let name = &self.account.name;
                tracing::warn!(
                    route = name,
                    "the upstream closes before it has taken anything new"
                );
                self.pause(&mut backoff).await;
            }
        }
    }

    /// Waits for the next attempt, but not if it is one by other settings.
    async fn pause(&self, backoff: &mut Backoff) {
        tokio::select! {
            () = sleep(backoff.pause()) => {}
            () = self.settings.changed() => backoff.reset(),
        }
    }

    /// Waits for a block and keeps it. False when there will be none.
    async fn take(&mut self) -> bool {
        let block = self.queue.next().await;
        let is_there = block.is_some();
        self.kept.extend(block);
        is_there
    }

    /// Sends over one connection to its end.
    async fn feed(&mut self, mut socket: Socket, settings: &Settings) -> Ended {
        match self.carry(&mut socket, settings).await {
            Ended::InOrder if !stays_whole(&socket).await => Ended::Broken,
            ended => ended,
        }
    }

    /// Sends what is kept, and then what comes.
    async fn carry(&mut self, socket: &mut Socket, settings: &Settings) -> Ended {
        (self.next, self.carried, self.has_advanced) = (0, 0, false);
        let (mut reader, mut writer) = split(socket);
        let mut answers = pin!(ignore(&mut reader));
        let mut changed = pin!(self.settings.changed());
        let (is_in_order, is_shut) = loop {
            if self.settings.has_changed() {
                let is_shut = matches!(timeout(LAST, writer.shutdown()).await, Ok(Ok(())));
                // What one that stays open has read is unknown.
                let ended = timeout(LAST, &mut answers).await;
                break (matches!(ended, Ok(Ok(()))), is_shut);
            }
            if self.next == self.kept.len() {
                self.owes = false;
                tokio::select! {
                    ended = &mut answers => break (ended.is_ok(), false),
                    () = &mut changed => continue,
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
            let is_new = self.next >= self.fresh;
            if is_new {
                self.fresh = self.next + 1;
            } else {
                self.account.counters.again.inc_by(block.records);
            }
            let write = async {
                writer.write_all(&block.bytes).await?;
                writer.flush().await
            };
            let written = tokio::select! {
                written = write => written,
                // It reads no more of what is being written.
                _ = &mut answers => return Ended::Broken,
                // It has had its time for what is being written.
                () = async { changed.as_mut().await; sleep(settings.dialer.time).await } =>
                    return Ended::Broken,
            };
            if written.is_err() {
                return Ended::Broken;
            }
            self.account.delivered(block.bytes.len());
            self.account.counters.settle(block.records);
            self.next += 1;
            self.has_advanced |= is_new;
            self.carried += block.bytes.len() + OVERHEAD;
            self.trim(settings.resend);
        };
        let is_shut = is_shut || writer.shutdown().await.is_ok();
        if is_in_order && is_shut {
            Ended::InOrder
        } else {
            Ended::Broken
        }
    }

    /// Gives up what was written long enough ago.
    fn trim(&mut self, resend: usize) {
        while self.next > 0 {
            let oldest = self.kept[0].bytes.len() + OVERHEAD;
            if self.carried - oldest < resend {
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
