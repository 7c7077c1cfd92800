//! The body of a request as it is read and masked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use blackbar::Tally;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use crate::rim::config::policy::{Policy, Rules};
use crate::rim::config::serve::Route;
use crate::rim::http::account::Account;
use crate::rim::http::answer::Reason;
use crate::rim::http::budget::Claim;
use crate::rim::http::head;
use crate::rim::http::masking::Masking;
use crate::rim::http::outgoing::Piece;
use crate::rim::http::strict::Verdict;
use crate::rim::payload::{Body, Head, Outcome, Refusal};

/// Chunks of this size and more are worked on where they keep no other request waiting.
const LARGE: usize = 128 * 1024;

/// Bytes a second that a body makes at least which is held until its end.
const SLOWEST: u64 = 256;

/// Masks a body, or counts what would be masked.
pub(crate) struct Masker {
    /// `None` once it has failed while only observing.
    body: Option<Body>,
    observing: bool,
    candidates: Option<Body>,
    /// What an observing body would have sent.
    waste: Vec<u8>,
    failed: Option<Reason>,
}

/// What was done to a body.
pub(crate) struct Done {
    outcome: Option<Outcome>,
    candidates: Option<Tally>,
    /// Why the body would have been refused, had it not been only observed.
    spared: Option<Reason>,
}

impl Done {
    /// Whether the body that left is another than the one that came.
    pub(crate) fn is_changed(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.changed)
    }

    /// Enters it into the account of the request.
    pub(crate) fn enter(self, account: &Account) {
        let mut facts = account.facts();
        // A body that had ended when its request was cut has been entered.
        facts.body = self.outcome.or(facts.body.take());
        facts.candidates = self.candidates.or(facts.candidates.take());
        facts.spared = self.spared;
    }
}

impl Masker {
    /// Begins a body. `candidates` are rules that are tried.
    ///
    /// # Errors
    ///
    /// It cannot be decoded.
    pub(crate) fn new(
        rules: &Rules,
        candidates: Option<&Rules>,
        policy: &Arc<Policy>,
        head: &Head,
        observing: bool,
    ) -> Result<Self, Reason> {
        let body = protected(0, || Body::new(rules, policy, head));
        let (body, failed) = match body {
            Err(reason) if observing => (None, Some(reason)),
            body => (Some(body?), None),
        };
        Ok(Self {
            body,
            observing,
            candidates: candidates.and_then(|rules| Body::new(rules, policy, head).ok()),
            waste: Vec::new(),
            failed,
        })
    }

    fn write(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Reason> {
        self.try_candidates(chunk.len(), |body, waste| body.write(chunk, waste));
        let into = if self.observing {
            &mut self.waste
        } else {
            &mut *out
        };
        if let Some(body) = &mut self.body {
            let written = protected(chunk.len(), || body.write(chunk, into));
            self.settle(written)?;
        }
        if self.observing {
            self.waste.clear();
            out.extend_from_slice(chunk);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Done, Reason> {
        let work = self.held();
        let mut candidates = None;
        self.try_candidates(work, |body, waste| {
            candidates = Some(body.end(waste)?.tally);
            Ok(())
        });
        let into = if self.observing { &mut self.waste } else { out };
        let mut outcome = None;
        if let Some(body) = &mut self.body {
            match protected(work, || body.end(into)) {
                Ok(ended) => outcome = Some(ended),
                Err(reason) => self.settle(Err(reason))?,
            }
        }
        Ok(Done {
            outcome,
            candidates,
            spared: self.failed,
        })
    }

    /// What was done to a body that was cut, as far as it has left.
    fn cut(&self) -> Done {
        let so_far = |body: &Option<Body>| body.as_ref().and_then(Body::so_far);
        Done {
            outcome: so_far(&self.body),
            candidates: so_far(&self.candidates).map(|outcome| outcome.tally),
            spared: self.failed,
        }
    }

    /// A failure ends the request; while observing, only the counting.
    fn settle(&mut self, result: Result<(), Reason>) -> Result<(), Reason> {
        match result {
            Err(reason) if self.observing => {
                self.body = None;
                self.failed = Some(reason);
                Ok(())
            }
            result => result,
        }
    }

    /// Rules that are tried never harm a request.
    fn try_candidates(
        &mut self,
        work: usize,
        act: impl FnOnce(&mut Body, &mut Vec<u8>) -> Result<(), Refusal>,
    ) {
        let Some(mut body) = self.candidates.take() else {
            return;
        };
        let mut waste = Vec::new();
        if protected(work, || act(&mut body, &mut waste)).is_ok() {
            self.candidates = Some(body);
        }
    }

    fn held(&self) -> usize {
        let bodies = self.body.iter().chain(&self.candidates);
        bodies.map(Body::held).sum()
    }
}

/// Runs work on a body: a panic of it fails the request alone, and long work keeps no
/// other request waiting.
fn protected<T>(work: usize, act: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Reason> {
    // What a panic leaves behind is dropped with the request.
    let act = || catch_unwind(AssertUnwindSafe(act));
    let result = if work >= LARGE {
        tokio::task::block_in_place(act)
    } else {
        act()
    };
    if let Ok(result) = result {
        result.map_err(Reason::Body)
    } else {
        tracing::error!("a body could not be masked because of a defect; it was refused");
        Err(Reason::Internal)
    }
}

/// Reads and masks the body of one request.
pub(crate) struct Intake {
    pub(crate) incoming: Incoming,
    pub(crate) masker: Masker,
    pub(crate) claim: Claim,
    pub(crate) account: Arc<Account>,
    pub(crate) verdict: Verdict,
    /// Between two chunks.
    pub(crate) idle: Duration,
    /// Until the upstream takes a chunk.
    pub(crate) patience: Duration,
    /// As they came.
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) route: Arc<Route>,
}

/// How a body came to be there.
#[allow(
    clippy::large_enum_variant,
    reason = "it is taken apart where it is returned"
)]
pub(crate) enum Gathered {
    /// To its end.
    Whole(Vec<u8>, Done),
    /// A first part that may leave.
    Begun(Vec<u8>),
}

impl Intake {
    /// Reads until something may leave, or to the end if `whole`.
    ///
    /// # Errors
    ///
    /// The body cannot go on.
    pub(crate) async fn gather(&mut self, whole: bool) -> Result<Gathered, Reason> {
        let begun = Instant::now();
        let mut out = Vec::new();
        loop {
            let seconds = self.account.bytes_in.load(Ordering::Relaxed) / SLOWEST;
            let deadline = begun + self.idle + Duration::from_secs(seconds);
            let more = timeout_at(deadline, self.step(&mut out)).await;
            if !more.unwrap_or(Err(Reason::BodyTimeout))? {
                break;
            }
            if !whole && !out.is_empty() && !self.incoming.is_end_stream() {
                return Ok(Gathered::Begun(out));
            }
        }
        let done = self.masker.end(&mut out)?;
        self.claim.resize(out.capacity()).await?;
        Ok(Gathered::Whole(out, done))
    }

    /// Sends the rest of a body piece by piece; `ended` is dropped with its end, or told
    /// why there will be none. `first` is what has been gathered.
    pub(crate) async fn pump(
        mut self,
        first: Vec<u8>,
        pieces: mpsc::Sender<Piece>,
        ended: oneshot::Sender<Reason>,
    ) {
        let Err(reason) = self.pump_all(first, &pieces).await else {
            return;
        };
        self.masker.cut().enter(&self.account);
        // Otherwise the upstream has answered early, or the client is gone.
        if !pieces.is_closed() {
            self.account.fail(reason);
            // Nobody waits for it any more if the upstream has answered early.
            let _ = ended.send(reason);
            // An upstream that reads nothing may never take this, and must not take what
            // came for all: so nothing of the request is kept for it, and it is not left out.
            drop(self);
            let _ = pieces.send(Err(std::io::Error::other(reason.name()))).await;
        }
    }

    async fn pump_all(
        &mut self,
        mut out: Vec<u8>,
        pieces: &mpsc::Sender<Piece>,
    ) -> Result<(), Reason> {
        loop {
            if !out.is_empty() {
                let piece = Frame::data(Bytes::from(std::mem::take(&mut out)));
                self.send(piece, pieces).await?;
            }
            if !self.step(&mut out).await? {
                break;
            }
        }
        self.masker.end(&mut out)?.enter(&self.account);
        if !out.is_empty() {
            self.send(Frame::data(Bytes::from(out)), pieces).await?;
        }
        if let Some(trailers) = self.masked_trailers()? {
            self.send(Frame::trailers(trailers), pieces).await?;
        }
        Ok(())
    }

    async fn send(&self, piece: Frame<Bytes>, pieces: &mpsc::Sender<Piece>) -> Result<(), Reason> {
        match timeout(self.patience, pieces.send(Ok(piece))).await {
            Err(_) => Err(Reason::ResponseTimeout),
            Ok(Err(_)) => Err(Reason::UpstreamBroke),
            Ok(Ok(())) => Ok(()),
        }
    }

    /// The trailers, once the body has ended.
    ///
    /// # Errors
    ///
    /// A name holds a secret.
    pub(crate) fn masked_trailers(&mut self) -> Result<Option<HeaderMap>, Reason> {
        let Some(trailers) = self.trailers.take() else {
            return Ok(None);
        };
        if self.masker.observing {
            return Ok(Some(trailers));
        }
        let mut masking = Masking::new(&self.route.rules);
        let masked = head::masked_headers(&trailers, &self.route.passes, &mut masking)?;
        self.account.facts().head.add(&masking.into_tally());
        Ok(Some(masked))
    }

    /// Takes in one frame. `false` at the end.
    async fn step(&mut self, out: &mut Vec<u8>) -> Result<bool, Reason> {
        let frame = timeout(self.idle, self.incoming.frame()).await;
        let frame = match frame {
            Err(_) => return Err(Reason::BodyTimeout),
            Ok(None) => return Ok(false),
            Ok(Some(Err(_))) => {
                return Err(self.verdict.reason().unwrap_or(Reason::IncompleteBody));
            }
            Ok(Some(Ok(frame))) => frame,
        };
        match frame.into_data() {
            Ok(chunk) => {
                let length = chunk.len() as u64;
                self.account.bytes_in.fetch_add(length, Ordering::Relaxed);
                // Room for the chunk is there before it is taken in, as far as can be
                // foreseen; what it became is known afterwards.
                let soon = self.masker.held() + out.capacity() + 2 * chunk.len();
                self.claim.resize(soon).await?;
                self.masker.write(&chunk, out)?;
                drop(chunk);
                self.claim
                    .resize(self.masker.held() + out.capacity())
                    .await?;
            }
            Err(frame) => self.trailers = frame.into_trailers().ok(),
        }
        Ok(true)
    }
}
