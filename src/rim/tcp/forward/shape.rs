//! The shape of one message of events.
//!
//! The four modes of
//! <https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1>, with
//! `option` left out or not:
//!
//! ```text
//! Message                 [tag, time, record, option]
//! Forward                 [tag, [[time, record], …], option]
//! PackedForward           [tag, "the same entries in a row", option]
//! CompressedPackedForward [tag, "the same, compressed", {"compressed": "gzip"}]
//! ```
//!
//! Only what has to be known for masking is read: where entries lie, how they are packed,
//! and the `chunk` to be acknowledged. So times of any type, `[time, metadata]` and Fluent
//! Bit's metrics and traces go the same way, and the `size` of an option stays right, since
//! nothing is ever left out.

use std::ops::Range;

use crate::rim::payload::codec::Coding;
use crate::rim::payload::msgpack::token::Kind;
use crate::rim::tcp::forward::values::{content, elements, kind, pairs};
use crate::rim::tcp::reason::Reason;

/// Bytes of the name of a chunk at most. Fluentd's have 24, Fluent Bit's 32.
const LONGEST_CHUNK: usize = 1024;

/// Where the parts of a message lie in its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A lone nil, with which old clients ask whether somebody listens.
    Heartbeat,
    /// Events.
    Events {
        /// The head of the outer array.
        head: Range<usize>,
        /// The tag, and what stands before the option or before packed entries.
        parts: Vec<Range<usize>>,
        /// Packed entries, where there are any.
        packed: Option<Packed>,
        /// The option and its pairs; empty for a nil, and where it is left out.
        option: Range<usize>,
        /// Where the pairs of the option lie, and whether one is the chunk's.
        pairs: Vec<Pair>,
        /// Events that are not packed.
        count: u64,
    },
}

/// Entries in a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    /// The value with its head.
    pub(super) whole: Range<usize>,
    /// Its bytes.
    pub(super) content: Range<usize>,
    /// Whether its type is that of bytes, and not that of text.
    pub(super) is_bin: bool,
    /// How they are compressed.
    pub(super) coding: Option<Coding>,
}

/// One pair of an option.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The key.
    pub(super) key: Range<usize>,
    /// The value.
    pub(super) value: Range<usize>,
    /// The name of the chunk, where this says it.
    pub(super) chunk: Option<Range<usize>>,
}

impl Shape {
    /// The shape of a whole message.
    ///
    /// # Errors
    ///
    /// It has none of Forward's, or says in no known way how its entries are packed.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Reason> {
        if bytes == [0xc0] {
            return Ok(Self::Heartbeat);
        }
        let values = elements(bytes, 4)?;
        let [tag, second, rest @ ..] = &values[..] else {
            return Err(Reason::NotForward);
        };
        if !matches!(kind(bytes, tag)?, Kind::Str(_) | Kind::Bin(_)) {
            return Err(Reason::NotForward);
        }
        let head = 0..tag.start;
        let mut packed = None;
        let (parts, count, option) = match (kind(bytes, second)?, rest) {
            (Kind::Array(count), [] | [_]) => (
                vec![tag.clone(), second.clone()],
                count as u64,
                rest.first(),
            ),
            (kind @ (Kind::Str(_) | Kind::Bin(_)), [] | [_]) => {
                packed = of_packed(second, kind);
                (vec![tag.clone()], 0, rest.first())
            }
            (Kind::Number(_) | Kind::Ext(..) | Kind::Constant, [record] | [record, _])
                if matches!(kind(bytes, record)?, Kind::Map(_)) =>
            {
                let parts = vec![tag.clone(), second.clone(), record.clone()];
                (parts, 1, rest.get(1))
            }
            _ => return Err(Reason::NotForward),
        };
        let option = option.cloned().unwrap_or(bytes.len()..bytes.len());
        let (pairs, coding) = of_option(bytes, &option)?;
        if let Some(packed) = &mut packed {
            packed.coding = coding;
        }
        Ok(Self::Events {
            head,
            parts,
            packed,
            option,
            pairs,
            count,
        })
    }

    /// The tag, a whole value; nothing for a heartbeat.
    pub(super) fn tag<'m>(&self, bytes: &'m [u8]) -> &'m [u8] {
        match self {
            Self::Events { parts, .. } => parts.first().map_or(&[], |tag| &bytes[tag.clone()]),
            Self::Heartbeat => &[],
        }
    }

    /// Packed entries, where it has any.
    pub(super) fn packed(&self) -> Option<&Packed> {
        match self {
            Self::Events { packed, .. } => packed.as_ref(),
            Self::Heartbeat => None,
        }
    }
}

fn of_packed(whole: &Range<usize>, kind: Kind) -> Option<Packed> {
    let is_bin = matches!(kind, Kind::Bin(_));
    let (Kind::Str(content) | Kind::Bin(content)) = kind else {
        return None;
    };
    Some(Packed {
        whole: whole.clone(),
        content,
        is_bin,
        coding: None,
    })
}

/// The pairs of an option, and how it says that entries are compressed. A key that comes
/// twice could be read in two ways.
fn of_option(bytes: &[u8], option: &Range<usize>) -> Result<(Vec<Pair>, Option<Coding>), Reason> {
    let (mut found, mut coding) = (Vec::new(), None);
    if option.is_empty() || is_nil(bytes, option) {
        return Ok((found, None));
    }
    let (mut chunks, mut codings) = (0, 0);
    let shifted = |place: Range<usize>| place.start + option.start..place.end + option.start;
    for (key, value) in pairs(&bytes[option.clone()])? {
        let (key, value) = (shifted(key), shifted(value));
        let mut chunk = None;
        match content(bytes, &key)?.map(|name| &bytes[name]) {
            Some(b"chunk") => {
                chunks += 1;
                chunk = of_chunk(bytes, &value)?;
            }
            Some(b"compressed") => {
                codings += 1;
                coding = of_compressed(bytes, &value)?;
            }
            _ => {}
        }
        found.push(Pair { key, value, chunk });
    }
    if chunks > 1 || codings > 1 {
        return Err(Reason::NotForward);
    }
    Ok((found, coding))
}

/// The name of a chunk; a nil is none.
fn of_chunk(bytes: &[u8], value: &Range<usize>) -> Result<Option<Range<usize>>, Reason> {
    if is_nil(bytes, value) {
        return Ok(None);
    }
    let name = content(bytes, value)?.filter(|name| name.len() <= LONGEST_CHUNK);
    name.map(Some).ok_or(Reason::NotForward)
}

/// What `compressed` says. Fluentd knows gzip and zstd, and calls it text if neither.
fn of_compressed(bytes: &[u8], value: &Range<usize>) -> Result<Option<Coding>, Reason> {
    match content(bytes, value)?.map(|content| &bytes[content]) {
        None if is_nil(bytes, value) => Ok(None),
        Some(b"text") => Ok(None),
        Some(b"gzip") => Ok(Some(Coding::Gzip)),
        Some(b"zstd") => Ok(Some(Coding::Zstd)),
        _ => Err(Reason::Undecodable),
    }
}

fn is_nil(bytes: &[u8], at: &Range<usize>) -> bool {
    bytes[at.start] == 0xc0
}
