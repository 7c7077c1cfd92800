//! Fluent Forward: batches in the mode `PackedForward`, one after the other.
//!
//! # What becomes of a batch that is not acknowledged?
//!
//! It is sent again as the same chunk for as long as it takes: no connection, no agreement on
//! a key, no acknowledgement in time or that of something else. Each failure ends the
//! connection, so what comes on it late is never taken for the answer to another batch. A
//! change of the settings ends a pause, and the next attempt is made by the new ones, over a
//! connection of its own.
//!
//! <https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1>

mod connection;

use std::io;
use std::time::Duration;

use tokio::task::block_in_place;

use self::connection::{Connection, Failed, attempt};
use super::Account;
use super::backoff::Backoff;
use super::batches::{Batches, Bounds};
use super::entries;
use super::latest::{Latest, OUTDATED};
use super::ring::Queue;
use crate::rim::config::forward::Login;
use crate::rim::config::sink::{Compression, ForwardSink};
use crate::rim::payload::codec::gzip;
use crate::rim::payload::msgpack::token::{write_bin, write_str};
use crate::rim::tcp::forward::random_name;
use crate::rim::tcp::socket::Dialer;

/// How it is reached, and what it is told.
pub(in crate::rim::tcp) struct Settings {
    dialer: Dialer,
    login: Option<Login>,
    tag: String,
    compression: Compression,
    /// How long an acknowledgement may take.
    time: Duration,
    bounds: Bounds,
}

/// Sends what comes in from one listener.
pub(in crate::rim::tcp) struct Forward {
    settings: Latest<Settings>,
    batches: Batches,
    account: Account,
    chunks: Chunks,
    /// One over which everything is acknowledged.
    connection: Option<Connection>,
    backoff: Backoff,
}

/// Names of chunks: no other process makes the same.
struct Chunks {
    prefix: String,
    number: u64,
}

impl Settings {
    /// Without a connection yet. An acknowledgement may take for `time`.
    pub(super) fn new(told: &ForwardSink, dialer: Dialer, time: Duration) -> Self {
        Self {
            dialer,
            login: told.login.clone(),
            tag: told.tag.clone(),
            compression: told.compression,
            time,
            bounds: Bounds {
                bytes: told.batch_bytes,
                time: told.batch_time,
            },
        }
    }

    /// A batch of so many records as it is sent.
    fn message(&self, batch: &[u8], records: u64, chunk: &str) -> Vec<u8> {
        message(&self.tag, batch, records, chunk, self.compression)
    }
}

impl Forward {
    /// Begins with nothing sent.
    ///
    /// # Errors
    ///
    /// The system has no randomness.
    pub(super) fn new(
        settings: Latest<Settings>,
        queue: Queue,
        account: Account,
    ) -> io::Result<Self> {
        let prefix = random_name().map_err(|_| io::Error::other("the system has no randomness"))?;
        Ok(Self {
            settings,
            batches: Batches::new(queue, entries::cut),
            account,
            chunks: Chunks { prefix, number: 0 },
            connection: None,
            backoff: Backoff::new(),
        })
    }

    /// Sends until no client is left and everything is acknowledged.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.batches.next(|| self.settings.now().bounds).await {
            self.deliver(&batch).await;
        }
        if let Some(connection) = self.connection {
            connection.close().await;
        }
    }

    /// Has a batch acknowledged, however long it takes.
    async fn deliver(&mut self, batch: &[u8]) {
        let records = entries::count(batch);
        let chunk = self.chunks.next();
        let mut settings = self.settings.now();
        let mut message = settings.message(batch, records, &chunk);
        let connection = loop {
            if self.settings.has_changed() {
                settings = self.settings.now();
                message = settings.message(batch, records, &chunk);
            }
            let attempt = attempt(self.connection.take(), &settings, &message, &chunk);
            let attempt = self.settings.unless_late(attempt);
            let failed = match attempt.await.unwrap_or_else(|| Err(Failed::lost(OUTDATED))) {
                Ok(connection) => break connection,
                Err(failed) => failed,
            };
            self.account.failed(failed.reason, &failed.why);
            self.backoff.wait(Duration::ZERO, &self.settings).await;
            if failed.was_sent {
                self.account.counters.again.inc_by(records);
            }
        };
        self.connection = Some(connection);
        self.backoff.reset();
        self.account.delivered(message.len());
        self.account.counters.settle(records);
    }
}

impl Chunks {
    fn next(&mut self) -> String {
        self.number += 1;
        format!("{}-{:x}", self.prefix, self.number)
    }
}

/// `[tag, entries, {"size": …, "chunk": …}]`, and `"compressed": "gzip"` if so configured.
fn message(
    tag: &str,
    batch: &[u8],
    records: u64,
    chunk: &str,
    compression: Compression,
) -> Vec<u8> {
    let mut bytes = vec![0x93];
    write_str(tag.as_bytes(), &mut bytes);
    match compression {
        Compression::None => {
            write_bin(batch, &mut bytes);
            bytes.push(0x82);
        }
        Compression::Gzip => {
            write_bin(&block_in_place(|| gzip::encode(batch)), &mut bytes);
            bytes.push(0x83);
            write_str(b"compressed", &mut bytes);
            write_str(b"gzip", &mut bytes);
        }
    }
    write_str(b"size", &mut bytes);
    // A batch has fewer bytes.
    let records = u32::try_from(records).unwrap_or(u32::MAX);
    bytes.push(0xce);
    bytes.extend_from_slice(&records.to_be_bytes());
    write_str(b"chunk", &mut bytes);
    write_str(chunk.as_bytes(), &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_how_many_entries_and_which_chunk() {
        let message = message("app", b"entries", 3, "c1", Compression::None);
        let expected = b"\x93\xa3app\xc4\x07entries\x82\xa4size\xce\0\0\0\x03\xa5chunk\xa2c1";
        assert_eq!(message, expected);
    }

    #[test]
    fn chunks_have_names_of_their_own() {
        let mut chunks = Chunks {
            prefix: "a".to_owned(),
            number: 0xe,
        };
        assert_eq!([chunks.next(), chunks.next()], ["a-f", "a-10"]);
    }
}
