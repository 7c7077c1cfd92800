//! Messages with a count of octets before them: `LEN SP MSG` (RFC 6587, 3.4.1; RFC 5425,
//! 4.3). The count is written anew after masking.

use std::sync::Arc;

use super::message::Messages;
use super::{Form, Output};
use crate::rim::config::stream::Stream;
use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::reason::Reason;

/// One connection's messages. Nothing of a message leaves before it is there to its end.
pub(crate) struct Octets {
    messages: Messages,
    form: Form,
    /// Octets of a message at most.
    most: usize,
    /// The count as far as it is read; 0 before its first digit.
    count: usize,
    /// Whether the count is read to its end.
    is_counted: bool,
    /// Fewer octets than are counted.
    held: Vec<u8>,
}

impl Octets {
    /// A connection that begins.
    pub(crate) fn new(stream: &Arc<Stream>, counters: &Arc<Counters>, form: Form) -> Self {
        Self {
            messages: Messages::new(stream, counters),
            form,
            most: stream.max_record,
            count: 0,
            is_counted: false,
            held: Vec::new(),
        }
    }

    /// From the next whole message on these rules hold.
    pub(crate) fn renew(&mut self, stream: &Arc<Stream>, counters: &Arc<Counters>) {
        self.messages.renew(stream, counters);
        self.most = stream.max_record;
    }

    /// Takes in a chunk.
    ///
    /// # Errors
    ///
    /// What should be a count is none, or counts more than a message may have; a message is
    /// encoded. What came before it is in `out`.
    pub(crate) fn write(&mut self, mut chunk: &[u8], out: &mut Output) -> Result<(), Reason> {
        while let Some(&first) = chunk.first() {
            if !self.is_counted {
                self.count(first)?;
                chunk = &chunk[1..];
                continue;
            }
            let (body, rest) = chunk.split_at(chunk.len().min(self.count - self.held.len()));
            chunk = rest;
            if body.len() == self.count {
                self.message(body, out)?;
                continue;
            }
            self.held.extend_from_slice(body);
            if self.held.len() == self.count {
                let held = std::mem::take(&mut self.held);
                self.message(&held, out)?;
            }
        }
        Ok(())
    }

    /// The stream has ended.
    ///
    /// # Errors
    ///
    /// In the middle of a message, of which nothing leaves.
    pub(crate) fn end(&self) -> Result<(), Reason> {
        match self.wanted() {
            0 => Ok(()),
            _ => Err(Reason::FrameIncomplete),
        }
    }

    /// How many bytes may be read without touching the message after the unfinished one.
    pub(crate) fn wanted(&self) -> usize {
        if self.is_counted {
            self.count - self.held.len()
        } else {
            usize::from(self.count > 0)
        }
    }

    /// Gives up what it costs.
    pub(crate) fn rest(&mut self) {
        self.messages.rest();
    }

    /// `MSG-LEN = NONZERO-DIGIT *DIGIT`, then a blank.
    fn count(&mut self, byte: u8) -> Result<(), Reason> {
        match byte {
            b' ' if self.count > 0 => self.is_counted = true,
            b'0'..=b'9' if byte > b'0' || self.count > 0 => {
                let digit = usize::from(byte - b'0');
                self.count = self.count.saturating_mul(10).saturating_add(digit);
                if self.count > self.most {
                    return Err(Reason::CountTooLarge);
                }
            }
            _ => return Err(Reason::CountMalformed),
        }
        Ok(())
    }

    fn message(&mut self, message: &[u8], out: &mut Output) -> Result<(), Reason> {
        let masked = self.messages.mask(None, message)?;
        if self.form == Form::AsItCame {
            out.bytes
                .extend_from_slice(format!("{} ", masked.len()).as_bytes());
        }
        out.bytes.extend_from_slice(masked);
        out.end_record();
        (self.count, self.is_counted) = (0, false);
        Ok(())
    }
}
