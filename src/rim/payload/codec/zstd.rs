//! Zstandard (RFC 8878). A window of more than 8 MiB, which that RFC advises decoders to
//! refuse, is corrupt data here.

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::gzip::finished;
use super::{Decode, State, Step};
use crate::rim::payload::refusal::Refusal;

/// The largest window, as a power of two.
const WINDOW_LOG: u32 = 23;
const TABLES: u64 = 256 * 1024;

/// One frame.
pub(super) struct Frame(Decoder<'static>);

impl Frame {
    /// # Errors
    ///
    /// The library has no memory for it.
    pub(super) fn new() -> Result<Self, Refusal> {
        let limited = Decoder::new().and_then(|mut decoder| {
            decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
            Ok(decoder)
        });
        limited.map(Self).map_err(|_| Refusal::CorruptEncoding)
    }
}

impl Decode for Frame {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let (mut input, mut out) = (InBuffer::around(input), OutBuffer::around(out));
        let left = self.0.run(&mut input, &mut out);
        Step {
            read: input.pos(),
            written: out.pos(),
            state: match left {
                Ok(0) => State::Ended,
                Ok(_) => State::Open,
                Err(_) => State::Corrupt,
            },
        }
    }

    fn encode(&self, plain: &[u8]) -> Vec<u8> {
        finished(zstd::stream::encode_all(
            plain,
            zstd::DEFAULT_COMPRESSION_LEVEL,
        ))
    }

    /// The library takes a frame's window when it has read its head, whatever follows.
    fn held(&self, _made: u64) -> u64 {
        TABLES + (1 << WINDOW_LOG)
    }
}
