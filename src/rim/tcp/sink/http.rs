//! HTTP: batches of NDJSON by POST, one after the other.
//!
//! # What becomes of a batch that is not taken?
//!
//! Any 2xx takes it. 400, 409, 413 and 422 are about what it holds: its halves are sent by
//! themselves, down to the one record that the upstream does not take. Only this one is
//! dropped, counted and told. Everything else may pass, or is for the operator to mend, and
//! is tried again for as long as it takes: no connection, no answer in time, 5xx, 429, and
//! also 401, 404 and every redirection, which is not followed. What is lost without an
//! answer again and again is halved, too, but never dropped. A change of the settings ends a
//! pause, and the next attempt is made by the new ones.

mod request;

use std::time::Duration;

use hyper::StatusCode;

use self::request::{Answer, Requests};
use super::Account;
use super::backoff::Backoff;
use super::batches::{Batches, Bounds};
use super::latest::{Latest, OUTDATED};
use super::ring::{Queue, SILENCE};
use crate::rim::config::serve::Timeouts;
use crate::rim::config::sink::HttpSink;
use crate::rim::seldom::Seldom;
use crate::rim::tcp::reason::Reason;

/// A part that was lost so often may be too large: many close the connection on a body that
/// they do not want to read, and their answer does not arrive.
const PATIENCE: u32 = 3;

/// How it is asked, and what for.
pub(in crate::rim::tcp) struct Settings {
    requests: Requests,
    bounds: Bounds,
}

/// Sends what comes in from one listener.
pub(in crate::rim::tcp) struct Http {
    settings: Latest<Settings>,
    batches: Batches,
    account: Account,
    backoff: Backoff,
    /// When it was last told that a record was refused.
    told: Seldom,
}

/// What becomes of a batch.
enum Fate {
    /// It is the upstream's.
    Taken,
    /// It is to be sent again, not before a time that the upstream has named.
    Again(Duration),
    /// It holds what the upstream does not take.
    Refused(StatusCode),
}

/// What became of a part of a batch.
enum Sent {
    /// It is the upstream's.
    Taken,
    /// Its halves may be taken.
    Halve,
    /// The upstream does not take this one record.
    Refused(StatusCode),
}

impl Settings {
    /// Without a connection yet.
    ///
    /// # Errors
    ///
    /// A file of certificates or the value of a header cannot be used.
    pub(super) fn new(told: &HttpSink, timeouts: Timeouts) -> Result<Self, String> {
        Ok(Self {
            requests: Requests::new(told, &timeouts)?,
            bounds: Bounds {
                bytes: told.batch_bytes,
                time: told.batch_time,
            },
        })
    }
}

impl Http {
    /// Begins with nothing sent.
    pub(super) fn new(settings: Latest<Settings>, queue: Queue, account: Account) -> Self {
        Self {
            settings,
            batches: Batches::new(queue, cut),
            account,
            backoff: Backoff::new(),
            told: Seldom::default(),
        }
    }

    /// Sends until no client is left and everything has been taken.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.batches.next(|| self.settings.now().bounds).await {
            self.deliver(batch).await;
        }
    }

    /// Has a batch taken, however long it takes.
    async fn deliver(&mut self, batch: Vec<u8>) {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            match self.send(&part).await {
                Sent::Taken => self.account.counters.settle(count(&part)),
                Sent::Halve => {
                    let (first, second) = part.split_at(cut(&part, part.len() / 2));
                    parts.extend([second.to_vec(), first.to_vec()]);
                }
                Sent::Refused(status) => self.drop_refused(status),
            }
        }
    }

    /// Sends a part until it is known what becomes of it.
    async fn send(&mut self, part: &[u8]) -> Sent {
        let (mut lost, records) = (0, count(part));
        let mut settings = self.settings.now();
        let mut body = settings.requests.body(part);
        loop {
            if self.settings.has_changed() {
                settings = self.settings.now();
                body = settings.requests.body(part);
            }
            let attempt = self.settings.unless_late(settings.requests.send(&body));
            let late = || Answer::Lost(OUTDATED.to_owned());
            let answer = attempt.await.unwrap_or_else(late);
            let may_be_taken = !matches!(answer, Answer::Unreachable(_));
            lost += u32::from(matches!(answer, Answer::Lost(_)));
            let wait = match self.judge(answer, body.len()) {
                Fate::Again(wait) => wait,
                Fate::Taken => return Sent::Taken,
                Fate::Refused(_) if records > 1 => return Sent::Halve,
                Fate::Refused(status) => return Sent::Refused(status),
            };
            self.backoff.wait(wait, &self.settings).await;
            if may_be_taken {
                self.account.counters.again.inc_by(records);
            }
            if lost == PATIENCE && records > 1 {
                return Sent::Halve;
            }
        }
    }

    fn judge(&mut self, answer: Answer, bytes: usize) -> Fate {
        let (reason, why, wait) = match answer {
            Answer::Unreachable(why) => (Reason::UpstreamUnreachable, why, Duration::ZERO),
            Answer::Lost(why) => (Reason::UpstreamLost, why, Duration::ZERO),
            Answer::Status(status, _) if status.is_success() => {
                self.backoff.reset();
                self.account.delivered(bytes);
                return Fate::Taken;
            }
            Answer::Status(status, _) if is_of_content(status) => {
                self.backoff.reset();
                self.account.reached();
                return Fate::Refused(status);
            }
            Answer::Status(status, wait) => {
                let why = format!("it answers {}", status.as_u16());
                (Reason::UpstreamFailed, why, wait)
            }
        };
        self.account.failed(reason, &why);
        Fate::Again(wait)
    }

    fn drop_refused(&mut self, status: StatusCode) {
        self.account.counters.note(Reason::UpstreamRefused);
        self.account.counters.settle(1);
        self.account.counters.dropped.inc();
        if self.told.is_due(SILENCE) {
            let (name, status) = (&self.account.name, status.as_u16());
            tracing::error!(
                route = name,
                "the upstream answers {status} to single records, which are dropped"
            );
        }
    }
}

/// Whether a status is about what was sent, so that the same will never be taken.
fn is_of_content(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 409 | 413 | 422)
}

/// How many records there are: each is a line.
fn count(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

/// Where to cut lines, so that what is before has at most `most` bytes, and at least one
/// line.
fn cut(lines: &[u8], most: usize) -> usize {
    let most = most.min(lines.len());
    let newline = memchr::memrchr(b'\n', &lines[..most]).or_else(|| memchr::memchr(b'\n', lines));
    newline.map_or(lines.len(), |newline| newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_cut_between_lines() {
        for (lines, most, at) in [
            ("a\nb\nc\n", 6, 6),
            ("a\nb\nc\n", 5, 4),
            ("a\nb\nc\n", 100, 6),
            ("a\nb\nc\n", 1, 2),
            ("long\nb\n", 3, 5),
        ] {
            assert_eq!(cut(lines.as_bytes(), most), at, "{lines:?} {most}");
        }
    }
}
