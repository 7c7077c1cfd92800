//! Values of msgpack by their places.

use std::ops::Range;

use crate::rim::payload::msgpack::token::{Kind, skip, token};
use crate::rim::tcp::reason::Reason;

/// Pairs of a map at most. Those of Forward have a few.
const MOST_PAIRS: usize = 64;

/// Where the values of an array lie that is the whole of these bytes and has `most` at most.
///
/// # Errors
///
/// They are none.
pub(super) fn elements(bytes: &[u8], most: usize) -> Result<Vec<Range<usize>>, Reason> {
    let head = token(bytes, 0).map_err(|_| Reason::NotForward)?;
    match head.kind {
        Kind::Array(count) if count <= most => in_a_row(bytes, head.end, count),
        _ => Err(Reason::NotForward),
    }
}

/// Where a key and its value lie.
type KeyAndValue = (Range<usize>, Range<usize>);

/// The keys and values of a map that is the whole of these bytes and has few pairs.
///
/// # Errors
///
/// They are none.
pub(super) fn pairs(bytes: &[u8]) -> Result<Vec<KeyAndValue>, Reason> {
    let head = token(bytes, 0).map_err(|_| Reason::NotForward)?;
    let values = match head.kind {
        Kind::Map(count) if count <= MOST_PAIRS => in_a_row(bytes, head.end, 2 * count)?,
        _ => return Err(Reason::NotForward),
    };
    let pairs = values.chunks_exact(2);
    Ok(pairs
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect())
}

fn in_a_row(bytes: &[u8], at: usize, count: usize) -> Result<Vec<Range<usize>>, Reason> {
    let mut at = at;
    let values = (0..count).map(|_| {
        let start = at;
        at = skip(bytes, start).map_err(|_| Reason::NotForward)?;
        Ok(start..at)
    });
    values.collect()
}

/// What text or bytes at a place say; `None` for anything else.
///
/// # Errors
///
/// It is no msgpack.
pub(super) fn content(bytes: &[u8], at: &Range<usize>) -> Result<Option<Range<usize>>, Reason> {
    Ok(match kind(bytes, at)? {
        Kind::Str(content) | Kind::Bin(content) => Some(content),
        _ => None,
    })
}

/// What stands at a place.
///
/// # Errors
///
/// It is no msgpack.
pub(super) fn kind(bytes: &[u8], at: &Range<usize>) -> Result<Kind, Reason> {
    let token = token(bytes, at.start).map_err(|_| Reason::NotForward)?;
    Ok(token.kind)
}
