//! What the log says of upstreams that are not reached. The line of a request tells only that
//! its upstream was not; why is the same for all of them, so one line in a while says it.

use std::error::Error as _;
use std::io;
use std::iter;
use std::time::Duration;

use hyper_util::client::legacy;

use crate::rim::http::answer::Reason;
use crate::rim::message;
use crate::rim::seldom::Seldom;

/// Why an upstream is not reached is said at most so often.
const EVERY: Duration = Duration::from_secs(10);

/// What was said of an upstream.
#[derive(Default)]
pub(crate) struct Outage {
    said: Seldom,
}

impl Outage {
    /// Why the upstream of a route did not answer. What kept us from reaching it is said: it
    /// refused, was not to be found, took too long, or there was no agreement on TLS. Nothing
    /// of a request is in that.
    pub(crate) fn reason(&self, route: &str, error: &legacy::Error) -> Reason {
        if !error.is_connect() {
            return Reason::UpstreamBroke;
        }
        let mut sources = iter::successors(error.source(), |&error| error.source());
        let io = sources.find_map(|error| error.downcast_ref::<io::Error>());
        let is_late = io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
        if self.said.is_due(EVERY) {
            let why = match io {
                _ if is_late => "it took too long".to_owned(),
                Some(error) => message::reason(error),
                None => "there was no connection".to_owned(),
            };
            tracing::warn!(route, "the upstream is not reached: {why}");
        }
        if is_late {
            Reason::ConnectTimeout
        } else {
            Reason::UpstreamUnreachable
        }
    }
}
