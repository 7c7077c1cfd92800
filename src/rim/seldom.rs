//! What would be said again and again is said once in a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When something was last said.
#[derive(Default)]
pub(crate) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Whether it is to be said now, for it was not within `every`. Then it counts as said.
    pub(crate) fn is_due(&self, every: Duration) -> bool {
        self.is_due_at(Instant::now(), every)
    }

    fn is_due_at(&self, now: Instant, every: Duration) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said.is_none_or(|at| now.duration_since(at) >= every);
        if is_due {
            *said = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_a_while() {
        const EVERY: Duration = Duration::from_secs(10);
        let (seldom, now) = (Seldom::default(), Instant::now());
        assert!(seldom.is_due_at(now, EVERY));
        assert!(!seldom.is_due_at(now + EVERY / 2, EVERY));
        assert!(seldom.is_due_at(now + EVERY, EVERY));
        assert!(!seldom.is_due_at(now + EVERY + EVERY / 2, EVERY));
    }
}
