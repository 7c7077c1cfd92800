//! Brotli (RFC 7932). Its window is at most 16 MiB; "large windows", which are no part of
//! the RFC, are corrupt data here.

use std::io::Write as _;

use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, CompressorWriter};

use super::gzip::finished;
use super::{Decode, State, Step};

/// The largest window, and what is needed beside it.
const WINDOW: u64 = 16 << 20;
const TABLES: u64 = 256 * 1024;

/// Of 0 to 11; what servers take for bodies made on the fly.
const QUALITY: u32 = 5;
const WINDOW_BITS: u32 = 20;

/// One stream.
pub(super) struct Stream {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    made: usize,
}

impl Stream {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        Self {
            state: Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())),
            made: 0,
        }
    }
}

impl Decode for Stream {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let (mut left, mut read) = (input.len(), 0);
        let (mut room, mut written) = (out.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            input,
            &mut room,
            &mut written,
            out,
            &mut self.made,
            &mut self.state,
        );
        Step {
            read,
            written,
            state: match result {
                BrotliResult::ResultSuccess => State::Ended,
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => State::Open,
                BrotliResult::ResultFailure => State::Corrupt,
            },
        }
    }

    fn encode(&self, plain: &[u8]) -> Vec<u8> {
        let mut encoder = CompressorWriter::new(Vec::new(), 4096, QUALITY, WINDOW_BITS);
        let written = encoder.write_all(plain);
        finished(written.map(|()| encoder.into_inner()))
    }

    fn held(&self, made: u64) -> u64 {
        TABLES + WINDOW.min(2 * made)
    }
}
