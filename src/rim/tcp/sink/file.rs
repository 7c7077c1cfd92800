//! A file: what is in it, is whole lines.

use std::io;
use std::thread;

use super::Account;
use super::backoff::Backoff;
use super::latest::Latest;
use super::ring::Queue;
use crate::rim::config::sink::FileSink;
use crate::rim::message::reason;
use crate::rim::tcp::reason::Reason;

mod lines;

use self::lines::Lines;

/// Appends what comes in from one listener.
pub(in crate::rim::tcp) struct File {
    lines: Lines,
    settings: Latest<FileSink>,
    queue: Queue,
    account: Account,
}

impl File {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// That cannot be done; it is no regular file.
    pub(super) fn open(
        mut settings: Latest<FileSink>,
        queue: Queue,
        account: Account,
    ) -> io::Result<Self> {
        Ok(Self {
            lines: Lines::open(&settings.now())?,
            settings,
            queue,
            account,
        })
    }

    /// Appends until no client is left.
    pub(super) fn run(mut self) {
        while let Some(block) = self.queue.next_blocking() {
            self.append(&block.bytes);
            self.account.counters.settle(block.records);
        }
        if let Err(error) = self.lines.sync() {
            self.account.failed(Reason::UpstreamFailed, &reason(&error));
        }
    }

    /// Appends all of it, however long it takes.
    fn append(&mut self, lines: &[u8]) {
        let (mut appended, mut backoff) = (0, Backoff::new());
        while appended < lines.len() {
            self.lines.rotate_by(self.settings.now().rotation);
            match self.lines.append(&lines[appended..]) {
                Ok(count) => {
                    appended += count;
                    self.account.delivered(count);
                    backoff.reset();
                }
                Err(error) => {
                    self.account.failed(Reason::UpstreamFailed, &reason(&error));
                    thread::sleep(backoff.pause());
                }
            }
        }
    }
}
