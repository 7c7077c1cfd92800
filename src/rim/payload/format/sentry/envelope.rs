//! An envelope: a header, and items of a header and a payload each.
//!
//! # What of lengths?
//!
//! An item's `length` is how the receiver finds the next item, so one that cannot be
//! right refuses the envelope: what would be taken for a payload here and for an item
//! there would not be masked as what it is. Where a payload changed, the digits of its
//! `length` do, and nothing else of its header.

use std::ops::Range;

use super::header;
use super::ids::spliced;
use super::item;
use super::json::members;
use crate::rim::payload::body::Head;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// Whether a body looks like an envelope, wherever it was posted.
pub(crate) fn looks_like(body: &[u8]) -> bool {
    let (first, rest) = line(body, 0);
    let second = &body[line(body, rest).0];
    let has = |line: &[u8], names: &[&str]| {
        let members = members(line, 0..line.len()).unwrap_or_default();
        members
            .iter()
            .any(|member| names.contains(&member.name.as_str()))
    };
    // The second line is looked at first: most bodies of JSON have none.
    let is_last = second.trim_ascii().is_empty();
    !is_last && has(second, &["type"]) && has(&body[first], &["dsn", "event_id", "sent_at"])
}

/// Masks an envelope.
///
/// # Errors
///
/// A header is missing or is no JSON object, a `length` cannot be right, or the route
/// refuses a payload that cannot be read.
pub(crate) fn mask(
    body: &[u8],
    _head: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let (first, mut at) = line(body, 0);
    header::mask(&body[first.clone()], work, out)?;
    out.extend_from_slice(&body[first.end..at]);
    while at < body.len() {
        let (line, next) = line(body, at);
        if body[line.clone()].trim_ascii().is_empty() {
            out.extend_from_slice(&body[at..next]);
            at = next;
            continue;
        }
        at = masked_item(body, line, next, work, out)?;
    }
    Ok(())
}

/// Masks the item whose header is this line, and whose payload begins at `start`.
/// Returns where the next one begins.
fn masked_item(
    body: &[u8],
    line: Range<usize>,
    start: usize,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<usize, Refusal> {
    let header = &body[line.clone()];
    let item = item::Header::read(header)?;
    let payload = payload(body, start, item.length.as_ref().map(|length| length.value))?;
    let mut masked = Vec::with_capacity(payload.len());
    item::mask(&item, &body[payload.clone()], work, &mut masked)?;
    if item.length.is_none() && masked.contains(&b'\n') {
        return Err(Refusal::Undecodable);
    }
    let masked_header = item::masked_header(header, work)?;
    let changed = (masked.len() != payload.len()).then_some(masked.len());
    match (&item.length, changed) {
        (Some(_), Some(length)) => {
            let now = item::Header::read(&masked_header)?.length;
            let place = now.ok_or(Refusal::Undecodable)?.place;
            let digits = length.to_string();
            let change = [(place, digits.as_bytes())].into_iter();
            out.extend_from_slice(&spliced(&masked_header, change));
        }
        _ => out.extend_from_slice(&masked_header),
    }
    out.extend_from_slice(&body[line.end..start]);
    out.extend_from_slice(&masked);
    // The newline after the payload, which may be missing at the end.
    let next = body.len().min(payload.end + 1);
    out.extend_from_slice(&body[payload.end..next]);
    Ok(next)
}

/// Where a payload lies.
fn payload(body: &[u8], start: usize, length: Option<u64>) -> Result<Range<usize>, Refusal> {
    let Some(length) = length else {
        return Ok(line(body, start).0);
    };
    let length = usize::try_from(length).map_err(|_| Refusal::Undecodable)?;
    let end = start.checked_add(length).ok_or(Refusal::Undecodable)?;
    match body.get(end) {
        None if end > body.len() => Err(Refusal::Undecodable),
        None | Some(b'\n') => Ok(start..end),
        Some(_) => Err(Refusal::Undecodable),
    }
}

/// The line that begins at `at`, without its newline, and where the next one begins.
fn line(body: &[u8], at: usize) -> (Range<usize>, usize) {
    match memchr::memchr(b'\n', &body[at..]) {
        Some(length) => (at..at + length, at + length + 1),
        None => (at..body.len(), body.len()),
    }
}
