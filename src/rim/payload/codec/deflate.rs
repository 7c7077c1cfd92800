//! HTTP's "deflate": zlib (RFC 1950) by the book, deflate alone (RFC 1951) from some.

use std::io::Write as _;

use flate2::{Compression, Decompress};

use super::gzip::{MEMORY, finished, inflate};
use super::{Decode, State, Step};

/// One stream. Its first two bytes say whether it has zlib's header.
#[derive(Default)]
pub(super) struct Stream {
    first: Option<u8>,
    decoder: Option<Decompress>,
    raw: bool,
}

impl Stream {
    /// The decoder for a stream that begins so. A stream of deflate alone never looks like
    /// zlib's header: it would begin with a stored block whose padding is not zero.
    fn begin(&mut self, first: u8, second: u8) -> Decompress {
        let header = u16::from_be_bytes([first, second]);
        self.raw = first & 0x0f != 8 || first >> 4 > 7 || !header.is_multiple_of(31);
        Decompress::new(!self.raw)
    }
}

impl Decode for Stream {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        if let Some(decoder) = &mut self.decoder {
            return inflate(decoder, input, out);
        }
        let nothing = |read| Step {
            read,
            written: 0,
            state: State::Open,
        };
        match (self.first, input) {
            (_, []) => nothing(0),
            (None, [first, ..]) => {
                self.first = Some(*first);
                nothing(1)
            }
            (Some(first), [second, ..]) => {
                let mut decoder = self.begin(first, *second);
                let step = inflate(&mut decoder, &[first], &mut []);
                self.decoder = Some(decoder);
                match step.state {
                    State::Open if step.read == 1 => self.step(input, out),
                    _ => Step {
                        state: State::Corrupt,
                        ..nothing(0)
                    },
                }
            }
        }
    }

    fn encode(&self, plain: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        if self.raw {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
            return finished(encoder.write_all(plain).and_then(|()| encoder.finish()));
        }
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
        finished(encoder.write_all(plain).and_then(|()| encoder.finish()))
    }

    fn held(&self, _made: u64) -> u64 {
        MEMORY
    }
}
