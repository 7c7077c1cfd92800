//! One budget of bytes for the bodies of all requests.
//!
//! A body claims what it occupies. Beyond the limit its reader waits, so that the client
//! is not read from; if nothing is freed for long, the request is refused.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::rim::http::answer::Reason;
use crate::rim::http::events::Gauges;
use crate::rim::payload::Refusal;

/// The bytes that all bodies together may occupy.
pub(crate) struct Budget {
    gauges: Arc<Gauges>,
    freed: Notify,
    /// How long a body waits for others to free some.
    patience: Duration,
}

impl Budget {
    /// The limit, and what is used of it, are in the gauges.
    pub(crate) fn new(gauges: Arc<Gauges>, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            gauges,
            freed: Notify::new(),
            patience,
        })
    }

    /// A claim of nothing yet.
    pub(crate) fn claim(self: &Arc<Self>) -> Claim {
        Claim {
            budget: self.clone(),
            bytes: 0,
        }
    }

    fn take(&self, bytes: usize) -> bool {
        let limit = self.gauges.budget_limit;
        let taken = |used: usize| used.checked_add(bytes).filter(|&used| used <= limit);
        self.gauges
            .budget_used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, taken)
            .is_ok()
    }

    fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.gauges.budget_used.fetch_sub(bytes, Ordering::AcqRel);
            self.freed.notify_waiters();
        }
    }
}

/// What one body occupies. Is given back when dropped.
pub(crate) struct Claim {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Claim {
    /// The body occupies so many bytes now. Waits until there is room for them.
    ///
    /// # Errors
    ///
    /// There is no room and will not soon be, or never.
    pub(crate) async fn resize(&mut self, bytes: usize) -> Result<(), Reason> {
        let Some(more) = bytes.checked_sub(self.bytes).filter(|&more| more > 0) else {
            self.budget.give_back(self.bytes - bytes);
            self.bytes = bytes;
            return Ok(());
        };
        if bytes > self.budget.gauges.budget_limit {
            return Err(Reason::Body(Refusal::TooLarge));
        }
        let deadline = Instant::now() + self.budget.patience;
        loop {
            let freed = self.budget.freed.notified();
            tokio::pin!(freed);
            // What is freed between the attempt and the wait is noticed, too.
            freed.as_mut().enable();
            if self.budget.take(more) {
                self.bytes = bytes;
                return Ok(());
            }
            if tokio::time::timeout_at(deadline, freed).await.is_err() {
                return Err(Reason::Budget);
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limit: usize) -> Arc<Budget> {
        Budget::new(
            Arc::new(Gauges::for_tests(limit)),
            Duration::from_millis(20),
        )
    }

    #[tokio::test]
    async fn claims_grow_shrink_and_are_given_back() {
        let budget = budget(100);
        let used = || budget.gauges.budget_used.load(Ordering::Relaxed);
        let mut claim = budget.claim();
        claim.resize(80).await.unwrap();
        assert_eq!(used(), 80);
        claim.resize(30).await.unwrap();
        assert_eq!(used(), 30);
        drop(claim);
        assert_eq!(used(), 0);
    }

    #[tokio::test]
    async fn a_claim_waits_for_another_and_not_for_ever() {
        let budget = budget(100);
        let mut first = budget.claim();
        first.resize(80).await.unwrap();
        let mut second = budget.claim();
        assert_eq!(second.resize(30).await, Err(Reason::Budget));
        let waiting = tokio::spawn(async move { second.resize(30).await });
        tokio::task::yield_now().await;
        drop(first);
        assert_eq!(waiting.await.unwrap(), Ok(()));
        let mut huge = budget.claim();
        let never = Err(Reason::Body(Refusal::TooLarge));
        assert_eq!(huge.resize(101).await, never);
    }
}
