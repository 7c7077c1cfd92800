//! Standard output: whole records, also where several listeners write there.
//!
//! # What if its reader goes away?
//!
//! Then nothing can be delivered there any more, and blackbar ends as at SIGTERM. What was
//! read and not written is counted as dropped, and told.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::Notify;

use super::Account;
use super::backoff::Backoff;
use super::ring::{Block, Queue};
use crate::rim::message::reason;
use crate::rim::tcp::reason::Reason;
use crate::rim::transport::descriptor::Descriptor;
use crate::rim::transport::patient::Patient;

/// Standard output is one for the process. Whoever holds this writes.
static WRITING: Mutex<()> = Mutex::new(());

/// Writes what comes in from one listener.
pub(in crate::rim::tcp) struct Stdout {
    out: Patient,
    queue: Queue,
    account: Account,
    /// Asks for the end.
    stop: Arc<Notify>,
}

/// The reader has gone.
struct Closed;

impl Stdout {
    /// Begins with nothing written.
    ///
    /// # Errors
    ///
    /// There is no descriptor left.
    pub(super) fn new(queue: Queue, account: Account, stop: Arc<Notify>) -> io::Result<Self> {
        Ok(Self {
            out: Patient(Descriptor::Own(1).file()?),
            queue,
            account,
            stop,
        })
    }

    /// Writes until no client is left.
    pub(super) fn run(mut self) {
        while let Some(block) = self.queue.next_blocking() {
            if self.write(&block.bytes).is_err() {
                self.account.counters.note(Reason::UpstreamLost);
                self.stop.notify_one();
                self.drop_all(block);
                return;
            }
            self.account.counters.settle(block.records);
        }
    }

    /// Writes all of it, however long it takes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut written, mut backoff) = (0, Backoff::new());
        while written < bytes.len() {
            match self.out.write(&bytes[written..]) {
                Ok(count @ 1..) => {
                    written += count;
                    self.account.delivered(count);
                    backoff.reset();
                }
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Err(Closed),
                // Where it was cut, it goes on: the record is whole in the end.
                failed => {
                    let error = failed.err().unwrap_or(ErrorKind::WriteZero.into());
                    self.account.failed(Reason::UpstreamFailed, &reason(&error));
                    thread::sleep(backoff.pause());
                }
            }
        }
        Ok(())
    }

    /// Counts what cannot be delivered, until no client is left.
    fn drop_all(mut self, first: Block) {
        let name = &self.account.name;
        self.account.gauges.note_upstream(name, false);
        tracing::error!(route = name, "standard output was closed; ending");
        let (mut next, mut records) = (Some(first), 0);
        while let Some(block) = next {
            records += block.records;
            self.account.counters.settle(block.records);
            self.account.counters.dropped.inc_by(block.records);
            next = self.queue.next_blocking();
        }
        tracing::error!(
            route = name,
            "{records} records were not written: standard output was closed"
        );
    }
}
