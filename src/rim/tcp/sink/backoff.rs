//! Pauses between attempts: longer each time, and at random, so that not all come back at
//! the same time.

use std::time::Duration;

use tokio::time::sleep;

use super::latest::Latest;

/// At first, and at most.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// The pause before the next attempt.
pub(super) struct Backoff(Duration);

impl Backoff {
    /// Nothing has failed.
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    /// An attempt was a good one.
    pub(super) fn reset(&mut self) {
        self.0 = FIRST;
    }

    /// How long to wait now that an attempt has failed. Between half of the present pause
    /// and all of it; the next one is twice as long.
    pub(super) fn pause(&mut self) -> Duration {
        let half = self.0 / 2;
        self.0 = (self.0 * 2).min(LONGEST);
        let random = getrandom::u32().unwrap_or(u32::MAX / 2);
        half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// Waits for the next attempt, at least for `least`, but not if it is one by other
    /// settings.
    pub(super) async fn wait<T>(&mut self, least: Duration, settings: &Latest<T>)
    where
        T: Send + Sync + 'static,
    {
        let changed = settings.changed();
        tokio::select! {
            () = sleep(self.pause().max(least)) => {}
            () = changed => self.reset(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let mut backoff = Backoff::new();
        for most in [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
            let (pause, most) = (backoff.pause(), Duration::from_millis(most));
            assert!(most / 2 <= pause && pause <= most, "{pause:?} of {most:?}");
        }
        backoff.reset();
        assert!(backoff.pause() <= FIRST);
    }
}
