//! `-z`: four codecs behind one reader.
//!
//! The codecs are driven push by push and not through their own readers: those ask for
//! more input before they hand out all that they have, and a pipe that pauses would
//! keep back complete records.

use std::fmt;
use std::io::{self, ErrorKind, Read};

use liblzma::stream::Action;
use zstd::stream::raw::{DParameter, InBuffer, Operation, OutBuffer};

/// How data is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
    /// The .xz format, any number of streams.
    Xz,
    /// bzip2, any number of streams.
    Bzip2,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        })
    }
}

/// What a decoder may need: 128 MiB and a little, which is what `zstd` itself accepts
/// and `xz -9` (65 MiB) needs. It is taken only by data that was made so.
const MEMORY: u64 = 132 << 20;
const ZSTD_WINDOW_LOG: u32 = 27;

/// Compressed input, read at once into a buffer of this size.
const BUFFER: usize = 64 * 1024;

/// A reader of what `source` holds compressed.
///
/// Data that is corrupt or ends too early is an error after the bytes before it, never
/// a quiet end.
pub(crate) struct Decompressed<R> {
    source: R,
    /// The compressed bytes that wait are `buffer[start..end]`.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    source_ended: bool,
    codec: Codec,
    /// None between two members: there the data may end.
    decoder: Option<Decoder>,
    members: u64,
    /// Corrupt data was met; what came before it is handed out first.
    broken: bool,
}

impl<R: Read> Decompressed<R> {
    pub(crate) fn new(source: R, codec: Codec) -> Self {
        Self {
            source,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            source_ended: false,
            codec,
            decoder: None,
            members: 0,
            broken: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.end = self.source.read(&mut self.buffer)?;
        self.source_ended = self.end == 0;
        Ok(())
    }

    /// Begins the next member if there is one.
    fn next_member(&mut self) -> io::Result<bool> {
        if self.start == self.end && !self.source_ended {
            self.refill()?;
        }
        if self.source_ended && self.members > 0 {
            return Ok(false);
        }
        self.decoder = Some(Decoder::new(self.codec)?);
        self.members += 1;
        Ok(true)
    }

    fn corrupt(&self) -> io::Error {
        io::Error::new(
            ErrorKind::InvalidData,
            format!(
                "its {} data is corrupt, or needs more than 128 MiB to decompress",
                self.codec
            ),
        )
    }

    fn too_short(&self) -> io::Error {
        io::Error::new(
            ErrorKind::UnexpectedEof,
            format!("its {} data ends too early", self.codec),
        )
    }
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if self.broken {
                return Err(self.corrupt());
            }
            if self.decoder.is_none() && !self.next_member()? {
                return Ok(0);
            }
            let Some(decoder) = &mut self.decoder else {
                continue;
            };
            let input = &self.buffer[self.start..self.end];
            let step = decoder.step(input, out, self.source_ended);
            self.start += step.read;
            if step.state == State::Ended {
                self.decoder = None;
            }
            self.broken = step.state == State::Corrupt;
            if step.written > 0 {
                return Ok(step.written);
            }
            match step.state {
                State::Corrupt => return Err(self.corrupt()),
                State::Open if step.read == 0 && self.source_ended => return Err(self.too_short()),
                State::Open if step.read == 0 => self.refill()?,
                State::Open | State::Ended => {}
            }
        }
    }
}

/// One codec's state. Small beside what it points to.
enum Decoder {
    Gzip(flate2::Decompress),
    Zstd(zstd::stream::raw::Decoder<'static>),
    Xz(liblzma::stream::Stream),
    Bzip2(bzip2::Decompress),
}

/// What one push did.
struct Step {
    read: usize,
    written: usize,
    state: State,
}

/// Where a member stands after a push.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// More input or more room is wanted.
    Open,
    /// It is complete and wholly written.
    Ended,
    /// It cannot be decoded any further.
    Corrupt,
}

impl State {
    fn of<E>(ended: &Result<bool, E>) -> Self {
        match ended {
            Ok(true) => Self::Ended,
            Ok(false) => Self::Open,
            Err(_) => Self::Corrupt,
        }
    }
}

impl Decoder {
    fn new(codec: Codec) -> io::Result<Self> {
        Ok(match codec {
            Codec::Gzip => Self::Gzip(flate2::Decompress::new_gzip(15)),
            Codec::Zstd => {
                let mut decoder = zstd::stream::raw::Decoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
                Self::Zstd(decoder)
            }
            Codec::Xz => Self::Xz(liblzma::stream::Stream::new_stream_decoder(
                MEMORY,
                liblzma::stream::CONCATENATED,
            )?),
            Codec::Bzip2 => Self::Bzip2(bzip2::Decompress::new(false)),
        })
    }

    /// Pushes `input` and takes what fits into `out`. `last`: nothing follows the input.
    fn step(&mut self, input: &[u8], out: &mut [u8], last: bool) -> Step {
        match self {
            Self::Gzip(decoder) => {
                let before = (decoder.total_in(), decoder.total_out());
                let status = decoder.decompress(input, out, flate2::FlushDecompress::None);
                Step {
                    read: (decoder.total_in() - before.0) as usize,
                    written: (decoder.total_out() - before.1) as usize,
                    state: State::of(&status.map(|status| status == flate2::Status::StreamEnd)),
                }
            }
            Self::Zstd(decoder) => {
                let (mut input, mut out) = (InBuffer::around(input), OutBuffer::around(out));
                let left = decoder.run(&mut input, &mut out);
                Step {
                    read: input.pos(),
                    written: out.pos(),
                    state: State::of(&left.map(|left| left == 0)),
                }
            }
            Self::Xz(decoder) => {
                let before = (decoder.total_in(), decoder.total_out());
                let action = if last { Action::Finish } else { Action::Run };
                let status = decoder.process(input, out, action);
                Step {
                    read: (decoder.total_in() - before.0) as usize,
                    written: (decoder.total_out() - before.1) as usize,
                    state: State::of(
                        &status.map(|status| status == liblzma::stream::Status::StreamEnd),
                    ),
                }
            }
            Self::Bzip2(decoder) => {
                let before = (decoder.total_in(), decoder.total_out());
                let status = decoder.decompress(input, out);
                Step {
                    read: (decoder.total_in() - before.0) as usize,
                    written: (decoder.total_out() - before.1) as usize,
                    state: State::of(&status.map(|status| status == bzip2::Status::StreamEnd)),
                }
            }
        }
    }
}
