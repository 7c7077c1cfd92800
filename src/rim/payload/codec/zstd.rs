//! Zstandard (RFC 8878). A window of more than 8 MiB, which that RFC advises decoders to
//! refuse, is corrupt data here; so is a skippable frame, which could hide anything and
//! which nobody sends.

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::gzip::finished;
use super::{Decode, State, Step};
use crate::rim::payload::refusal::Refusal;

/// The largest window, as a power of two.
const WINDOW_LOG: u32 = 23;

/// The high half of the first byte of a skippable frame. Other frames begin with 0x28.
const SKIPPABLE: u8 = 0x50;

/// What is needed beside the window.
const TABLES: u64 = 256 * 1024;

/// One frame.
pub(super) struct Frame {
    decoder: Decoder<'static>,
    begun: bool,
}

impl Frame {
    /// # Errors
    ///
    /// The library has no memory for it.
    pub(super) fn new() -> Result<Self, Refusal> {
        let limited = Decoder::new().and_then(|mut decoder| {
            decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
            Ok(decoder)
        });
        limited
            .map(|decoder| Self {
                decoder,
                begun: false,
            })
            .map_err(|_| Refusal::CorruptEncoding)
    }
}

impl Decode for Frame {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        if !self.begun && input.first().is_some_and(|first| first & 0xf0 == SKIPPABLE) {
            return Step {
                read: 0,
                written: 0,
                state: State::Corrupt,
            };
        }
        self.begun |= !input.is_empty();
        let (mut input, mut out) = (InBuffer::around(input), OutBuffer::around(out));
        let left = self.decoder.run(&mut input, &mut out);
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

    fn begin_again(&mut self) -> Result<(), Refusal> {
        self.begun = false;
        let again = self.decoder.reinit();
        again.map_err(|_| Refusal::CorruptEncoding)
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
