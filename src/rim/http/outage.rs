//! What the log says of upstreams that are not reached. The line of a request tells only that
//! its upstream was not; why is the same for all of them, so one line in a while says it.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::rim::message::reason;

/// Why an upstream is not reached is said at most so often.
const EVERY: Duration = Duration::from_secs(10);

/// What was said of an upstream.
#[derive(Default)]
pub(crate) struct Outage {
    said: Mutex<Option<Instant>>,
}

impl Outage {
    /// The upstream of the route was not reached, for this reason: it refused, was not to be
    /// found, took too long, or there was no agreement on TLS. Nothing of a request is in it.
    pub(crate) fn tell(&self, route: &str, error: Option<&io::Error>) {
        if self.is_due(Instant::now()) {
            let why = match error {
                Some(error) if error.kind() == io::ErrorKind::TimedOut => "it took too long".into(),
                Some(error) => reason(error),
                None => "no connection".into(),
            };
            tracing::warn!(route, "the upstream is not reached: {why}");
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said.is_none_or(|at| now.duration_since(at) >= EVERY);
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
        let outage = Outage::default();
        let now = Instant::now();
        assert!(outage.is_due(now));
        assert!(!outage.is_due(now + EVERY / 2));
        assert!(outage.is_due(now + EVERY));
        assert!(!outage.is_due(now + EVERY + EVERY / 2));
    }
}
