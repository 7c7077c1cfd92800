//! gzip (RFC 1952).

use std::io::Write as _;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Decode, State, Step};

/// A window and the tables beside it.
pub(super) const MEMORY: u64 = 64 * 1024;

/// One member.
pub(super) struct Member(Decompress);

impl Member {
    pub(super) fn new() -> Self {
        Self(Decompress::new_gzip(15))
    }
}

impl Decode for Member {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        inflate(&mut self.0, input, out)
    }

    fn encode(&self, plain: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
        finished(encoder.write_all(plain).and_then(|()| encoder.finish()))
    }

    fn held(&self, _made: u64) -> u64 {
        MEMORY
    }
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
