//! One budget of bytes for the bodies of all requests.
//!
//! A body claims what it occupies. Beyond the limit its reader waits, so that the client
//! is not read from; if nothing is freed for long, the request is refused.
//!
//! Those who wait hold something already, and could wait for each other until all are
//! refused. So what is freed goes to the eldest of them, who waits longer than the others:
//! when they are refused, it gets on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::rim::http::answer::Reason;
use crate::rim::http::events::Gauges;
use crate::rim::payload::Refusal;

/// The bytes that all bodies together may occupy.
pub(crate) struct Budget {
    gauges: Arc<Gauges>,
    freed: Notify,
    /// How long a body waits for others to free some.
    patience: Duration,
    /// The number of the next claim: an elder one has a smaller number.
    next: AtomicU64,
    /// The claims that wait, by their numbers.
    waiting: Mutex<BTreeSet<u64>>,
}

/// How long a body waits for others to free some of the budget.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Bodies of this size need not wait behind a large one.
const SMALL: usize = 64 * 1024;

/// How many times as long as the others the eldest waits: others have to be refused, and
/// their clients be told, meanwhile.
const ELDEST: u32 = 6;

impl Budget {
    /// The limit, and what is used of it, are in the gauges.
    pub(crate) fn new(gauges: Arc<Gauges>, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            gauges,
            freed: Notify::new(),
            patience,
            next: AtomicU64::new(0),
            waiting: Mutex::default(),
        })
    }

    /// A claim of nothing yet.
    pub(crate) fn claim(self: &Arc<Self>) -> Claim {
        Claim {
            budget: self.clone(),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            bytes: 0,
        }
    }

    fn limit(&self) -> usize {
        self.gauges.budget_limit.load(Ordering::Acquire)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no elder claim waits.
    fn is_eldest(&self, number: u64) -> bool {
        self.waiting().first().is_none_or(|&first| number <= first)
    }

    fn take(&self, bytes: usize) -> bool {
        let limit = self.limit();
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
    number: u64,
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
        if bytes > self.budget.limit() {
            return Err(Reason::Body(Refusal::TooLarge));
        }
        let budget = self.budget.clone();
        let is_first = bytes <= SMALL || budget.is_eldest(self.number);
        if is_first && budget.take(more) {
            self.bytes = bytes;
            return Ok(());
        }
        let _waiting = Waiter::new(&budget, self.number);
        let began = Instant::now();
        loop {
            let freed = budget.freed.notified();
            tokio::pin!(freed);
            // What is freed between the attempt and the wait is noticed, too.
            freed.as_mut().enable();
            let patience = if budget.is_eldest(self.number) {
                if budget.take(more) {
                    self.bytes = bytes;
                    return Ok(());
                }
                budget.patience * ELDEST
            } else {
                budget.patience
            };
            // Who becomes the eldest has more time.
            let is_over = timeout_at(began + patience, freed).await.is_err();
            let became_eldest = patience == budget.patience && budget.is_eldest(self.number);
            if is_over && !became_eldest {
                return Err(Reason::Budget);
            }
        }
    }
}

/// A claim that waits. Where it ends, the next eldest tries.
struct Waiter<'a> {
    budget: &'a Budget,
    number: u64,
}

impl<'a> Waiter<'a> {
    fn new(budget: &'a Budget, number: u64) -> Self {
        let mut waiting = budget.waiting();
        let is_eldest = waiting.first().is_some_and(|&first| number < first);
        waiting.insert(number);
        drop(waiting);
        if is_eldest {
            // Who was it so far waits no longer than the others.
            budget.freed.notify_waiters();
        }
        Self { budget, number }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.budget.waiting().remove(&self.number);
        self.budget.freed.notify_waiters();
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
            Arc::new(Gauges::with_budget(limit)),
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

    #[tokio::test]
    async fn who_is_no_longer_the_eldest_has_no_longer_its_time() {
        let patience = Duration::from_millis(500);
        let budget = Budget::new(Arc::new(Gauges::with_budget(100 * SMALL)), patience);
        let (mut elder, mut younger) = (budget.claim(), budget.claim());
        elder.resize(50 * SMALL).await.unwrap();
        younger.resize(50 * SMALL).await.unwrap();
        let waiting = tokio::spawn(async move { younger.resize(60 * SMALL).await });
        tokio::task::yield_now().await;
        let began = Instant::now();
        assert_eq!(elder.resize(60 * SMALL).await, Ok(()));
        assert!(began.elapsed() < patience * (ELDEST - 1));
        assert_eq!(waiting.await.unwrap(), Err(Reason::Budget));
    }

    #[tokio::test]
    async fn claims_that_wait_for_each_other_are_not_all_refused() {
        let budget = budget(100 * SMALL);
        let grow = |mut claim: Claim| {
            tokio::spawn(async move {
                for part in [10, 40, 70] {
                    claim.resize(part * SMALL).await?;
                    tokio::task::yield_now().await;
                }
                Ok::<_, Reason>(())
            })
        };
        let bodies: Vec<_> = (0..10).map(|_| grow(budget.claim())).collect();
        let mut refused = 0;
        for (number, body) in bodies.into_iter().enumerate() {
            match body.await.unwrap() {
                Ok(()) => {}
                Err(reason) => {
                    assert!(number > 0, "the eldest is refused");
                    assert_eq!(reason, Reason::Budget);
                    refused += 1;
                }
            }
        }
        assert!(refused < 10);
        assert_eq!(budget.gauges.budget_used.load(Ordering::Relaxed), 0);
    }
}
