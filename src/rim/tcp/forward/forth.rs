//! From a client to the upstream: reads, masks, and writes when it may.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::rim::config::policy::Policy;
use crate::rim::http::answer;
use crate::rim::http::budget::Claim;
use crate::rim::payload::Refusal;
use crate::rim::payload::codec::{Coding, Decoder};
use crate::rim::payload::work::{Thread, Work};
use crate::rim::tcp::forward::connection::Relay;
use crate::rim::tcp::forward::framer::Framer;
use crate::rim::tcp::forward::owed::Owed;
use crate::rim::tcp::forward::shape::Shape;
use crate::rim::tcp::intake::{Activity, GRACE, until};
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::socket::{CHUNK, read_with};

/// Messages of this size and more are worked on where they keep no other client waiting.
const LARGE: usize = 128 * 1024;

/// Compressed bytes that are worked on at a time.
const BLOCK: usize = 4096;

/// What happened first on the client's side.
enum Step {
    /// The end was asked for.
    Ending,
    /// Bytes, the client's end, or an error.
    Read(io::Result<Option<()>>),
    /// The message was not finished in time.
    Late,
    /// Nothing came for too long.
    Quiet,
}

/// From the client to the upstream.
pub(super) struct Forth<'a, R, W> {
    pub(super) relay: &'a Relay<'a>,
    pub(super) reader: R,
    pub(super) framer: Framer,
    pub(super) claim: Claim,
    pub(super) upstream: W,
    /// What is masked and was not written.
    pub(super) out: Vec<u8>,
    /// Events of a tag are lines that follow each other.
    pub(super) thread: Thread,
    pub(super) owed: &'a Owed,
    pub(super) activity: &'a Activity,
    /// Becomes true when everything is to end.
    pub(super) ending: watch::Receiver<bool>,
    /// The end was asked for, and until then the unfinished message may be finished.
    pub(super) deadline: Option<Instant>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Forth<'_, R, W> {
    /// Passes on until the client's end. Returns what went wrong.
    pub(super) async fn run(&mut self) -> Option<Reason> {
        loop {
            // What came with the handshake comes first. What was right before something
            // that is not still goes on.
            let passed = self.pass_all().await;
            let flushed = self.flush().await;
            self.framer.forget();
            let kept = self.claim.resize(self.framer.held()).await.map_err(no_room);
            if let Err(reason) = passed.and(flushed).and(kept) {
                return Some(reason);
            }
            if self.deadline.is_some() && !self.framer.has_begun() {
                return None;
            }
            match self.step().await {
                Step::Ending => self.deadline = Some(Instant::now() + GRACE),
                Step::Read(Ok(Some(()))) => {}
                Step::Read(Ok(None)) if self.framer.has_begun() => {
                    return Some(Reason::FrameIncomplete);
                }
                Step::Read(Ok(None)) => return None,
                Step::Read(Err(_)) => return Some(Reason::ClientLost),
                Step::Late => return Some(Reason::FrameIncomplete),
                Step::Quiet => return Some(Reason::Idle),
            }
        }
    }

    async fn step(&mut self) -> Step {
        let idle = self.idle();
        let counters = self.relay.current.now().counters.clone();
        let Self {
            reader,
            framer,
            activity,
            ending,
            deadline,
            ..
        } = self;
        let work = |chunk: &[u8]| {
            counters.bytes_in.inc_by(chunk.len() as u64);
            activity.note();
            framer.write(chunk);
        };
        tokio::select! {
            biased;
            _ = ending.wait_for(|&ending| ending), if deadline.is_none() => Step::Ending,
            read = read_with(reader, CHUNK, work) => Step::Read(read),
            () = until(*deadline) => Step::Late,
            () = activity.quiet(idle) => Step::Quiet,
        }
    }

    /// A message that has begun occupies memory, so it is not waited for without a limit.
    fn idle(&self) -> Option<Duration> {
        let within = self.relay.timeouts.idle;
        let idle = self.relay.current.look().stream.idle;
        if self.framer.has_begun() {
            Some(idle.map_or(within, |idle| idle.min(within)))
        } else {
            idle
        }
    }

    /// Masks all messages that are whole, and keeps account of what is held.
    async fn pass_all(&mut self) -> Result<(), Reason> {
        self.claim
            .resize(self.framer.held())
            .await
            .map_err(no_room)?;
        while let Some(message) = self.framer.next()? {
            let bytes = self.framer.bytes(message);
            // The rules of the present: those of the next message may be others.
            let setup = self.relay.current.now();
            let Some(settings) = &setup.stream.forward else {
                return Err(Reason::NotForward);
            };
            let claim = &mut self.claim;
            let held = self.framer.held() + self.out.capacity();
            let shape = large(bytes.len(), || Shape::of(bytes))?;
            let policy = &settings.policy;
            let mut unpacked = None;
            if let Some(packed) = shape.packed()
                && let Some(coding) = packed.coding
            {
                let content = &bytes[packed.content.clone()];
                unpacked = Some(unpack(coding, content, policy, claim, held).await?);
            }
            let plain = unpacked.as_ref().map_or(0, |(_, plain)| plain.len());
            // The masked message stands beside the one that came, and its entries, where
            // they are packed, do so once more.
            let soon = held + 2 * bytes.len() + 3 * plain;
            claim.resize(soon).await.map_err(no_room)?;
            let thread = std::mem::take(&mut self.thread);
            let leaving = large(bytes.len() + plain, || {
                let work = Work::new(&setup.stream.rules, policy);
                let work = work.following(thread, shape.tag(bytes));
                let unpacked = unpacked
                    .as_ref()
                    .map(|(decoder, plain)| (decoder, &plain[..]));
                shape.mask(bytes, unpacked, work)
            });
            let leaving = leaving.map_err(undecodable)?;
            self.thread = leaving.thread;
            setup.counters.records.inc_by(leaving.events);
            setup.counters.stubbed.inc_by(leaving.stubs);
            setup.counters.found(&leaving.tally);
            // Whoever waits below keeps nothing of an old setup.
            drop(setup);
            if let Some(chunk) = leaving.chunk {
                if !self.owed.has_room() {
                    // What waits for an acknowledgement has to have left.
                    self.flush().await?;
                }
                self.owed.add(chunk).await;
            }
            if self.out.is_empty() {
                self.out = leaving.bytes;
            } else {
                self.out.extend_from_slice(&leaving.bytes);
            }
            if self.out.len() >= CHUNK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Writes what is masked, and gives up its memory. An upstream that takes nothing for
    /// the time of an answer is lost.
    async fn flush(&mut self) -> Result<(), Reason> {
        let out = std::mem::take(&mut self.out);
        if !out.is_empty() {
            let patience = self.relay.timeouts.response;
            let mut at = 0;
            while at < out.len() {
                match taken(patience, self.upstream.write(&out[at..])).await? {
                    0 => return Err(Reason::UpstreamLost),
                    more => at += more,
                }
            }
            taken(patience, self.upstream.flush()).await?;
            let counters = &self.relay.current.look().counters;
            counters.bytes_out.inc_by(out.len() as u64);
        }
        Ok(())
    }
}

/// What the upstream takes, within this time.
async fn taken<T>(
    patience: Duration,
    writing: impl Future<Output = io::Result<T>>,
) -> Result<T, Reason> {
    match timeout(patience, writing).await {
        Ok(Ok(taken)) => Ok(taken),
        Ok(Err(_)) | Err(_) => Err(Reason::UpstreamLost),
    }
}

/// Decompresses entries. `held` are the bytes that are held beside.
async fn unpack(
    coding: Coding,
    content: &[u8],
    policy: &Policy,
    claim: &mut Claim,
    held: usize,
) -> Result<(Decoder, Vec<u8>), Reason> {
    let mut decoder = Decoder::new(&[coding], policy);
    let mut plain = Vec::new();
    for block in content.chunks(BLOCK) {
        decoder.write(block, &mut plain).map_err(undecodable)?;
        let now = held + plain.capacity() + decoder.held();
        claim.resize(now).await.map_err(no_room)?;
        tokio::task::yield_now().await;
    }
    decoder.end().map_err(undecodable)?;
    Ok((decoder, plain))
}

/// Does work that may be long so that no other client waits.
fn large<T>(work: usize, act: impl FnOnce() -> T) -> T {
    if work >= LARGE {
        tokio::task::block_in_place(act)
    } else {
        act()
    }
}

fn undecodable(refusal: Refusal) -> Reason {
    match refusal {
        Refusal::TooLarge | Refusal::TooDense => Reason::MessageTooLarge,
        _ => Reason::Undecodable,
    }
}

fn no_room(reason: answer::Reason) -> Reason {
    match reason {
        answer::Reason::Body(_) => Reason::MessageTooLarge,
        _ => Reason::Budget,
    }
}
