//! What a sender needs of its upstream, and may change while it sends: an operator who mends
//! a credential must not have to wait for an attempt with the wrong one to succeed.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// How long an attempt may still take once it is one by old settings.
const LATE: Duration = Duration::from_secs(10);

/// Why an attempt failed that took longer.
pub(super) const OUTDATED: &str = "its settings have changed meanwhile";

/// The present value, for who uses it.
pub(super) struct Latest<T>(watch::Receiver<Arc<T>>);

/// Changes it.
pub(super) struct Change<T>(watch::Sender<Arc<T>>);

// Derived, it would ask for the same of `T`.
impl<T> Clone for Change<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Change<T> {
    /// With this one to begin with.
    pub(super) fn new(value: T) -> Self {
        Self(watch::Sender::new(Arc::new(value)))
    }

    /// From now on it is this one; who waits for a change is woken.
    pub(super) fn set(&self, value: T) {
        self.0.send_replace(Arc::new(value));
    }

    /// For who uses it.
    pub(super) fn latest(&self) -> Latest<T> {
        Latest(self.0.subscribe())
    }
}

impl<T> Latest<T> {
    /// The present one.
    pub(super) fn now(&mut self) -> Arc<T> {
        self.0.borrow_and_update().clone()
    }

    /// Whether it is another one than [`Latest::now`] has given last.
    pub(super) fn has_changed(&self) -> bool {
        self.0.has_changed().unwrap_or(false)
    }

    /// Waits until it is. Where nobody can change it any more, for ever.
    pub(super) fn changed(&self) -> impl Future<Output = ()> + Send + use<T>
    where
        T: Send + Sync + 'static,
    {
        // A copy, so that it stays unseen until it is asked for.
        let mut changes = self.0.clone();
        async move {
            if changes.changed().await.is_err() {
                pending::<()>().await;
            }
        }
    }

    /// What comes of an attempt with the present value; none if it is given up, since the
    /// value has changed meanwhile and the attempt goes on for long.
    pub(super) fn unless_late<F>(
        &self,
        attempt: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F: Future + Send,
        T: Send + Sync + 'static,
    {
        let changed = self.changed();
        let too_late = async {
            changed.await;
            sleep(LATE).await;
        };
        async {
            tokio::select! {
                come = attempt => Some(come),
                () = too_late => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_change_is_told_until_it_is_seen() {
        let soon = Duration::from_millis(20);
        let change = Change::new(1);
        let mut latest = change.latest();
        assert_eq!(*latest.now(), 1);
        assert!(timeout(soon, latest.changed()).await.is_err());
        change.set(2);
        for _ in 0..2 {
            assert!(latest.has_changed());
            assert!(timeout(soon, latest.changed()).await.is_ok());
        }
        assert_eq!(*latest.now(), 2);
        assert!(!latest.has_changed());
        drop(change);
        assert!(timeout(soon, latest.changed()).await.is_err());
    }
}
