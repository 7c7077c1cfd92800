//! What leaves for a message.

use blackbar::Tally;

use crate::rim::payload::codec::Decoder;
use crate::rim::payload::msgpack::token::{write_bin, write_str};
use crate::rim::payload::msgpack::walk::Walker;
use crate::rim::payload::named;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::{Thread, Work};
use crate::rim::tcp::forward::random_name;
use crate::rim::tcp::forward::shape::{Packed, Pair, Shape};

/// A map of one pair.
const MAP_OF_ONE: u8 = 0x81;

/// What is to be acknowledged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Its name as the upstream knows it.
    pub(super) name: Vec<u8>,
    /// Its name as the client wrote it, a whole value.
    pub(super) answer: Vec<u8>,
}

/// What leaves for a message.
pub(super) struct Leaving {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// How many events it has.
    pub(super) events: u64,
    /// What is to be acknowledged.
    pub(super) chunk: Option<Chunk>,
    /// What was found.
    pub(super) tally: Tally,
    /// How many stubs stand for bytes that are no text.
    pub(super) stubs: u64,
    /// What the next message of the connection has to know.
    pub(super) thread: Thread,
}

impl Shape {
    /// What leaves for the message of this shape. `unpacked` are its entries where they are
    /// compressed.
    ///
    /// # Errors
    ///
    /// Its entries are no msgpack or nested too deeply, or bytes that are no text are
    /// refused by choice.
    pub(super) fn mask(
        &self,
        bytes: &[u8],
        unpacked: Option<(&Decoder, &[u8])>,
        mut work: Work<'_>,
    ) -> Result<Leaving, Refusal> {
        let mut out = Vec::with_capacity(bytes.len());
        let (mut events, mut chunk) = (0, None);
        if let Self::Events {
            head,
            parts,
            packed,
            option,
            pairs,
            count,
        } = self
        {
            events = *count;
            out.extend_from_slice(&bytes[head.clone()]);
            for part in parts {
                Walker::new(&mut work, &bytes[part.clone()], &mut out).all()?;
            }
            if let Some(packed) = packed {
                events = packed.mask(bytes, unpacked, &mut work, &mut out)?;
            }
            let first = pairs.first().map_or(option.end, |pair| pair.key.start);
            out.extend_from_slice(&bytes[option.start..first]);
            for pair in pairs {
                chunk = pair.mask(bytes, &mut work, &mut out)?.or(chunk);
            }
        } else {
            out.extend_from_slice(bytes);
        }
        let thread = work.take_thread();
        let (tally, stubs) = work.into_counts();
        Ok(Leaving {
            bytes: out,
            events,
            chunk,
            tally,
            stubs: stubs.iter().map(|(_, count)| count).sum(),
            thread,
        })
    }
}

impl Packed {
    /// Masks the entries. Returns how many they are.
    fn mask(
        &self,
        bytes: &[u8],
        unpacked: Option<(&Decoder, &[u8])>,
        work: &mut Work<'_>,
        out: &mut Vec<u8>,
    ) -> Result<u64, Refusal> {
        let plain = unpacked.map_or(&bytes[self.content.clone()], |(_, plain)| plain);
        // The names of files, which compressed data may hold, leave with it.
        let must_go = unpacked.is_some_and(|(decoder, _)| {
            let mut texts = decoder.unseen();
            texts.any(|text| work.holds_secrets(text))
        });
        let mut masked = Vec::with_capacity(plain.len());
        let events = if plain.is_empty() {
            0
        } else {
            Walker::new(work, plain, &mut masked).all()?
        };
        if !must_go && masked == plain {
            out.extend_from_slice(&bytes[self.whole.clone()]);
            return Ok(events);
        }
        if let Some((decoder, _)) = unpacked {
            masked = decoder.encode(masked);
        }
        if self.is_bin {
            write_bin(&masked, out);
        } else {
            write_str(&masked, out);
        }
        Ok(events)
    }
}

impl Pair {
    /// Masks a pair of an option. What a chunk is called has to be told from all others, so
    /// one that holds a secret goes on under a name of ours.
    fn mask(
        &self,
        bytes: &[u8],
        work: &mut Work<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Chunk>, Refusal> {
        let Some(chunk) = &self.chunk else {
            let pair = [&[MAP_OF_ONE], &bytes[self.key.start..self.value.end]].concat();
            let mut masked = Vec::with_capacity(pair.len());
            Walker::new(work, &pair, &mut masked).all()?;
            out.extend_from_slice(&masked[1..]);
            return Ok(None);
        };
        let answer = bytes[self.value.clone()].to_vec();
        let name = &bytes[chunk.clone()];
        out.extend_from_slice(&bytes[self.key.clone()]);
        let name = if named::text(work, name).is_some() {
            let name = random_name().map_err(|_| Refusal::Undecodable)?;
            write_str(name.as_bytes(), out);
            name.into_bytes()
        } else {
            out.extend_from_slice(&answer);
            name.to_vec()
        };
        Ok(Some(Chunk { name, answer }))
    }
}
