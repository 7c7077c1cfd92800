//! The client's side of a connection: reads, masks, and knows when it is over.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::framing::{Masker, Output};
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::setup::{Changes, Current, Setup};
use crate::rim::tcp::socket::{CHUNK, read_with};

/// Once the end was asked for, how long a client has to finish a record that it has begun.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// After so long without a byte a connection gives up memory.
const REST: Duration = Duration::from_secs(1);

/// When bytes were last seen on a connection, in either direction.
pub(crate) struct Activity {
    begun: Instant,
    /// Milliseconds after `begun`.
    last: AtomicU64,
}

impl Activity {
    /// Of a connection that begins.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            last: AtomicU64::new(0),
        })
    }

    /// Bytes were seen.
    pub(crate) fn note(&self) {
        let now = self.begun.elapsed().as_millis();
        self.last
            .store(u64::try_from(now).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Returns when none were seen for so long; without a limit, never.
    pub(crate) async fn quiet(&self, limit: Option<Duration>) {
        let Some(limit) = limit else {
            return std::future::pending().await;
        };
        loop {
            let last = self.last.load(Ordering::Relaxed);
            sleep_until(self.begun + Duration::from_millis(last) + limit).await;
            if last == self.last.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

/// What has come from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// Something that may leave; nothing, where the listener has changed.
    Bytes,
    /// The end. There may be a rest that is to leave before. Where the client did not
    /// simply end the stream, why.
    End(Option<Reason>),
}

/// What happened first.
enum Step {
    /// The end was asked for.
    Ending,
    /// Bytes, and what masking says; the client's end; an error.
    Read(io::Result<Option<Result<(), Reason>>>),
    /// The record was not finished in time.
    Late,
    /// Nothing came for too long.
    Quiet,
    /// Nothing came for a while.
    Rest,
    /// The listener has changed.
    Changed,
}

/// Reads one client.
pub(crate) struct Intake<R> {
    reader: R,
    masker: Masker,
    counters: Arc<Counters>,
    activity: Arc<Activity>,
    idle: Option<Duration>,
    current: Current,
    changes: Changes,
    /// Becomes true when everything is to end.
    ending: watch::Receiver<bool>,
    /// The end was asked for, and until then the unfinished record may be finished.
    deadline: Option<Instant>,
}

impl<R: AsyncRead + Unpin> Intake<R> {
    /// Of a connection that begins.
    pub(crate) fn new(
        reader: R,
        masker: Masker,
        setup: &Setup,
        current: Current,
        activity: Arc<Activity>,
        ending: watch::Receiver<bool>,
    ) -> Self {
        let mut intake = Self {
            reader,
            masker,
            counters: setup.counters.clone(),
            activity,
            idle: setup.stream.idle,
            changes: current.changes(),
            current,
            ending,
            deadline: None,
        };
        intake.renew();
        intake
    }

    /// Takes nothing new: the record that has begun may be finished, and then it ends.
    pub(crate) fn wind_up(&mut self) {
        self.deadline.get_or_insert_with(|| Instant::now() + GRACE);
    }

    /// Waits until there is something in `out`, or the end, or another setup of the
    /// listener. Nothing is lost if it is dropped before.
    pub(crate) async fn next(&mut self, out: &mut Output) -> Came {
        let mut rests = false;
        loop {
            // Once the end was asked for, nothing of a new record is taken.
            let most = match self.deadline {
                None => CHUNK,
                Some(_) => match self.masker.wanted() {
                    0 => return Came::End(None),
                    wanted => wanted,
                },
            };
            let Self {
                reader,
                masker,
                counters,
                activity,
                current,
                ..
            } = self;
            let work = |chunk: &[u8]| {
                let Setup {
                    stream,
                    counters: now,
                    ..
                } = &**current.look();
                if !masker.is_of(stream) {
                    masker.renew(stream, now);
                    counters.clone_from(now);
                }
                counters.bytes_in.inc_by(chunk.len() as u64);
                activity.note();
                masker.write(chunk, out)
            };
            let deadline = self.deadline;
            let step = tokio::select! {
                biased;
                _ = self.ending.wait_for(|&ending| ending), if deadline.is_none() => Step::Ending,
                read = read_with(reader, most, work) => Step::Read(read),
                () = until(deadline) => Step::Late,
                () = activity.quiet(self.idle) => Step::Quiet,
                () = self.changes.next() => Step::Changed,
                () = sleep(REST), if !rests => Step::Rest,
            };
            match step {
                Step::Ending => self.wind_up(),
                Step::Read(Ok(Some(Ok(())))) if out.bytes.is_empty() => rests = false,
                Step::Read(Ok(Some(Ok(())))) => return Came::Bytes,
                Step::Read(Ok(Some(Err(reason)))) => return Came::End(Some(reason)),
                Step::Read(Ok(None)) => return Came::End(self.masker.end(out).err()),
                Step::Read(Err(_)) => return self.cut(out, Some(Reason::ClientLost)),
                Step::Late => return self.cut(out, None),
                Step::Rest => {
                    rests = true;
                    self.masker.rest();
                }
                Step::Changed => {
                    self.renew();
                    return Came::Bytes;
                }
                Step::Quiet => return self.cut(out, Some(Reason::Idle)),
            }
        }
    }

    fn renew(&mut self) {
        let setup = self.current.now();
        self.masker.renew(&setup.stream, &setup.counters);
        self.counters.clone_from(&setup.counters);
        self.idle = setup.stream.idle;
    }

    fn cut(&mut self, out: &mut Output, reason: Option<Reason>) -> Came {
        let rest = self.masker.end_forced(out);
        Came::End(reason.or(rest.err()))
    }
}

/// Waits until then; for ever, where it is never.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
