//! gzip (RFC 1952).

use std::io::Write as _;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Decode, State, Step};
use crate::rim::payload::refusal::Refusal;

/// A window and the tables beside it.
pub(super) const MEMORY: u64 = 64 * 1024;

/// What a header may hold, which is not longer in earnest, and how far the first decoded
/// byte may be from a member's beginning.
const LONGEST_TEXTS: usize = 96 * 1024;
const LATEST_BYTE: usize = 2 * LONGEST_TEXTS;

/// One member.
pub(super) struct Member {
    decoder: Decompress,
    /// Its first bytes, until the header is among them for certain.
    head: Option<Vec<u8>>,
    unseen: Vec<u8>,
}

impl Member {
    pub(super) fn new() -> Self {
        Self {
            decoder: Decompress::new_gzip(15),
            head: Some(Vec::new()),
            unseen: Vec::new(),
        }
    }

    /// Keeps what the header holds beside the body. Whether that could be done.
    fn look_at_header(&mut self, read: &[u8], is_read: bool) -> bool {
        let Some(head) = &mut self.head else {
            return true;
        };
        head.extend_from_slice(read);
        if !is_read {
            return head.len() < LATEST_BYTE;
        }
        self.unseen = texts(head).map(<[u8]>::to_vec).unwrap_or_default();
        self.head = None;
        self.unseen.len() < LONGEST_TEXTS
    }
}

/// The extra field, the file name and the comment of a whole header (RFC 1952, 2.3).
fn texts(head: &[u8]) -> Option<&[u8]> {
    let flags = head.get(3)?;
    let mut end = 10;
    if flags & 4 != 0 {
        let length: [u8; 2] = head.get(end..end + 2)?.try_into().ok()?;
        end += 2 + usize::from(u16::from_le_bytes(length));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            end += memchr::memchr(0, head.get(end..)?)? + 1;
        }
    }
    head.get(10..end)
}

impl Decode for Member {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let step = inflate(&mut self.decoder, input, out);
        let is_read = step.written > 0 || step.state == State::Ended;
        if self.look_at_header(&input[..step.read], is_read) {
            return step;
        }
        Step {
            state: State::Corrupt,
            ..step
        }
    }

    fn begin_again(&mut self) -> Result<(), Refusal> {
        *self = Self::new();
        Ok(())
    }

    fn unseen(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.unseen)
    }

    fn encode(&self, plain: &[u8]) -> Vec<u8> {
        encode(plain)
    }

    fn held(&self, _made: u64) -> u64 {
        MEMORY + self.head.as_ref().map_or(0, |head| head.capacity() as u64)
    }
}

/// One member with all of it.
pub(crate) fn encode(plain: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    finished(encoder.write_all(plain).and_then(|()| encoder.finish()))
}

/// A step of deflate's decoder, in whatever wrapping it was made for.
pub(super) fn inflate(decoder: &mut Decompress, input: &[u8], out: &mut [u8]) -> Step {
    let before = (decoder.total_in(), decoder.total_out());
    let status = decoder.decompress(input, out, FlushDecompress::None);
    Step {
        read: (decoder.total_in() - before.0) as usize,
        written: (decoder.total_out() - before.1) as usize,
        state: match status {
            Ok(Status::StreamEnd) => State::Ended,
            Ok(Status::Ok | Status::BufError) => State::Open,
            Err(_) => State::Corrupt,
        },
    }
}

/// An encoder that writes to memory has nothing that could fail.
pub(super) fn finished(encoded: std::io::Result<Vec<u8>>) -> Vec<u8> {
    encoded.expect("memory takes all that is written")
}
