//! Content codings: push-style decoders under limits, and encoders that write a body as it
//! came. One file a codec.
//!
//! # Why are limits checked at blocks of encoded bytes?
//!
//! A decoder takes its input in chunks, and whether a body is refused must not depend on
//! where they were cut. So the ratio is compared with the end of the block that the decoder
//! is in, and with the true length at the body's end.

mod brotli;
mod deflate;
pub(crate) mod gzip;
mod zstd;

use crate::rim::config::policy::Policy;
use crate::rim::payload::hold::append;
use crate::rim::payload::refusal::Refusal;

/// Codings at most, one over the other.
const MOST: usize = 3;

/// Decoded bytes that are in proportion whatever the ratio.
const FREE: u64 = 1 << 20;

/// Encoded bytes between two checks of the ratio.
const BLOCK: u64 = 4096;

/// Members that are in proportion however short they are, and encoded bytes that each of the
/// others must have on average: an empty one decodes to nothing, and costs time.
const FREE_MEMBERS: u64 = 4096;
const MEMBER: u64 = 32;

/// What a stage decodes at a time.
const SCRATCH: usize = 16 * 1024;

/// A content coding (RFC 9110, 8.4.1; RFC 7932; RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Members one after the other (RFC 1952).
    Gzip,
    /// zlib (RFC 1950), or deflate without it (RFC 1951), as some send.
    Deflate,
    /// Brotli.
    Brotli,
    /// Zstandard frames.
    Zstd,
}

impl Coding {
    /// The codings of a `Content-Encoding` in the order in which they were applied;
    /// `identity` is none.
    ///
    /// # Errors
    ///
    /// One is not known, or they are too many.
    pub(crate) fn parse(header: &str) -> Result<Vec<Self>, Refusal> {
        let mut codings = Vec::new();
        for name in header.split(',') {
            codings.push(match name.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" => Self::Gzip,
                "deflate" => Self::Deflate,
                "br" => Self::Brotli,
                "zstd" => Self::Zstd,
                _ => return Err(Refusal::UnknownEncoding),
            });
        }
        if codings.len() > MOST {
            return Err(Refusal::UnknownEncoding);
        }
        Ok(codings)
    }

    fn decode(self) -> Result<Box<dyn Decode>, Refusal> {
        Ok(match self {
            Self::Gzip => Box::new(gzip::Member::new()),
            Self::Deflate => Box::new(deflate::Stream::default()),
            Self::Brotli => Box::new(brotli::Stream::new()),
            Self::Zstd => Box::new(zstd::Frame::new()?),
        })
    }

    /// Whether another member may follow the first.
    fn has_members(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd)
    }
}

/// One member of an encoded body.
trait Decode: Send + Sync {
    /// Pushes `input` and takes what fits into `out`.
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step;

    /// Is ready for the member that follows. Only codings that have several do so.
    fn begin_again(&mut self) -> Result<(), Refusal> {
        Err(Refusal::CorruptEncoding)
    }

    /// What it has met beside the body since the last call: text that leaves with the
    /// encoded bytes though it is no part of the decoded ones.
    fn unseen(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Encodes `plain` as what it has decoded was.
    fn encode(&self, plain: &[u8]) -> Vec<u8>;

    /// Bytes of memory that it needs at most for a body of `made` decoded bytes.
    fn held(&self, made: u64) -> u64;
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

/// Decodes a body of one or several codings, under the limits of a route.
pub(crate) struct Decoder {
    /// The coding that was applied last comes first.
    stages: Vec<Stage>,
    room: Room,
    taken: u64,
}

impl Decoder {
    /// For codings in the order in which they were applied.
    pub(crate) fn new(codings: &[Coding], policy: &Policy) -> Self {
        Self {
            stages: codings
                .iter()
                .rev()
                .map(|&coding| Stage::new(coding))
                .collect(),
            room: Room {
                bytes: policy.max_body as u64,
                ratio: u64::from(policy.max_ratio),
                dense: 0,
                made: 0,
            },
            taken: 0,
        }
    }

    /// Takes in encoded bytes and appends what they decode to.
    ///
    /// # Errors
    ///
    /// They are corrupt, or decode to too much.
    pub(crate) fn write(&mut self, mut encoded: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        while !encoded.is_empty() {
            let left = BLOCK - self.taken % BLOCK;
            let (now, later) = encoded.split_at(encoded.len().min(left as usize));
            self.room.allow(self.taken + left);
            self.taken += now.len() as u64;
            push(&mut self.stages, now, &mut self.room, out)?;
            encoded = later;
        }
        Ok(())
    }

    /// The encoded bytes have ended.
    ///
    /// # Errors
    ///
    /// They end too early, or have decoded to too much.
    pub(crate) fn end(&mut self) -> Result<(), Refusal> {
        if self.taken > 0 && !self.stages.iter().all(|stage| stage.ended) {
            return Err(Refusal::CorruptEncoding);
        }
        self.room.allow(self.taken);
        self.room.take(0)
    }

    /// What leaves with the encoded bytes though it is no part of the decoded ones, such as
    /// a file's name, a line each. It does not leave if the body is encoded anew.
    pub(crate) fn unseen(&self) -> impl Iterator<Item = &[u8]> {
        self.stages.iter().map(|stage| stage.unseen.as_slice())
    }

    /// Encodes a body as the one that was decoded.
    pub(crate) fn encode(&self, plain: Vec<u8>) -> Vec<u8> {
        let innermost_first = self.stages.iter().rev();
        innermost_first.fold(plain, |bytes, stage| match &stage.member {
            Some(member) => member.encode(&bytes),
            None => bytes,
        })
    }

    /// Bytes of memory that the decoders need.
    pub(crate) fn held(&self) -> usize {
        let stages = self.stages.iter().map(|stage| {
            let member = stage.member.as_ref();
            (SCRATCH + stage.unseen.capacity()) as u64
                + member.map_or(0, |member| member.held(stage.made))
        });
        stages.sum::<u64>() as usize
    }
}

/// How much may still be decoded.
struct Room {
    bytes: u64,
    ratio: u64,
    /// Bytes in all that are in proportion to what has come.
    dense: u64,
    made: u64,
}

impl Room {
    fn allow(&mut self, taken: u64) {
        self.dense = FREE.saturating_add(taken.saturating_mul(self.ratio));
    }

    fn take(&mut self, length: usize) -> Result<(), Refusal> {
        self.made += length as u64;
        if self.made > self.dense {
            Err(Refusal::TooDense)
        } else if self.made > self.bytes {
            Err(Refusal::TooLarge)
        } else {
            Ok(())
        }
    }
}

/// Decodes with the first stage and hands on to the next; the last writes to `out`.
fn push(
    stages: &mut [Stage],
    input: &[u8],
    room: &mut Room,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let Some((first, next)) = stages.split_first_mut() else {
        room.take(input.len())?;
        append(out, input);
        return Ok(());
    };
    let most = room.bytes;
    first.push(input, most, &mut |piece| push(next, piece, room, out))
}

/// One coding of a body.
struct Stage {
    coding: Coding,
    /// The member that is decoded, or was; none before the first byte.
    member: Option<Box<dyn Decode>>,
    ended: bool,
    /// Whether zeros have begun behind the last member of gzip, which gzip(1) bears: tapes
    /// and files of whole blocks end so.
    is_padded: bool,
    /// Encoded bytes that were read, and the members that they have been.
    read: u64,
    members: u64,
    made: u64,
    unseen: Vec<u8>,
    scratch: Box<[u8]>,
}

impl Stage {
    fn new(coding: Coding) -> Self {
        Self {
            coding,
            member: None,
            ended: false,
            is_padded: false,
            read: 0,
            members: 0,
            made: 0,
            unseen: Vec::new(),
            scratch: vec![0; SCRATCH].into_boxed_slice(),
        }
    }

    fn push(
        &mut self,
        mut input: &[u8],
        most: u64,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        loop {
            if self.ended && input.is_empty() {
                return Ok(());
            }
            if self.ended && self.coding == Coding::Gzip && (self.is_padded || input[0] == 0) {
                self.is_padded = true;
                let is_padding = input.iter().all(|&byte| byte == 0);
                return is_padding.then_some(()).ok_or(Refusal::CorruptEncoding);
            }
            if self.ended && !self.coding.has_members() {
                return Err(Refusal::CorruptEncoding);
            }
            let member = match &mut self.member {
                Some(member) => member,
                none => none.insert(self.coding.decode()?),
            };
            if self.ended {
                member.begin_again()?;
                self.ended = false;
            }
            let step = member.step(input, &mut self.scratch);
            if step.state == State::Corrupt {
                return Err(Refusal::CorruptEncoding);
            }
            let unseen = member.unseen();
            if !unseen.is_empty() {
                self.unseen.extend_from_slice(&unseen);
                self.unseen.push(b'\n');
            }
            if self.coding == Coding::Brotli {
                // Its metadata stand in whole bytes among the encoded ones (RFC 7932, 9.2),
                // and the decoder does not tell of them.
                self.unseen.extend_from_slice(&input[..step.read]);
            }
            input = &input[step.read..];
            self.made += step.written as u64;
            if self.made > most {
                // What is between two codings is held to the same limit.
                return Err(Refusal::TooLarge);
            }
            sink(&self.scratch[..step.written])?;
            self.read += step.read as u64;
            self.ended = step.state == State::Ended;
            self.members += u64::from(self.ended);
            if self.members > FREE_MEMBERS + self.read / MEMBER {
                return Err(Refusal::TooDense);
            }
            let waits = self.ended || step.written == self.scratch.len();
            if !waits && input.is_empty() {
                return Ok(());
            }
            if !waits && step.read == 0 && step.written == 0 {
                return Err(Refusal::CorruptEncoding);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
