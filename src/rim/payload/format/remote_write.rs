//! Prometheus remote write, versions 1 and 2: protobuf in a snappy block.
//!
//! Source: `prompb/types.proto` and `prompb/io/prometheus/write/v2/types.proto` of
//! <https://github.com/prometheus/prometheus>.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::loki_protobuf::LABEL;
use crate::rim::payload::format::{self, Flow, Format, never};
use crate::rim::payload::named;
use crate::rim::payload::packed;
use crate::rim::payload::protobuf::schema::{Kind, Message};
use crate::rim::payload::protobuf::walk::Walker;
use crate::rim::payload::protobuf::wire::{Content, Fields, Rewrite, on_path, varint};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// A remote write.
pub(crate) const FORMAT: Format = Format {
    name: "prometheus-remote-write",
    mask,
    by_path: is_write,
    by_look: never,
    flow: Flow::Held,
    content: format::Content::Bytes,
};

fn is_write(head: &Head, _: &[u8]) -> bool {
    head.path.trim_end_matches('/').ends_with("/api/v1/write")
}

/// Masks a write request.
///
/// # Errors
///
/// The block or the message does not decode, or is beyond the limits.
pub(crate) fn mask(
    body: &[u8],
    _head: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let plain = packed::from_snappy(body, work.policy())?;
    // The versions share no field's number, so that one walk does for both.
    let symbols = symbols(&plain, work)?;
    let masked = Walker::new(work, Vec::new())
        .message(symbols.as_deref().unwrap_or(&plain), &WRITE)?
        .or(symbols);
    match masked {
        Some(masked) => out.extend_from_slice(&packed::to_snappy(&masked)?),
        None => out.extend_from_slice(body),
    }
    Ok(())
}

static WRITE: Message = Message::of(&[
    (1, Kind::Message(&SERIES)),
    (3, Kind::Message(&METADATA)),
    (SYMBOLS, Kind::Text),
]);
static SERIES: Message = Message::of(&[(1, Kind::Message(&LABEL)), (3, Kind::Message(&EXEMPLAR))]);
static EXEMPLAR: Message = Message::of(&[(1, Kind::Message(&LABEL))]);
static METADATA: Message = Message::of(&[(2, Kind::Text), (4, Kind::Text), (5, Kind::Text)]);

/// Version 2: the table of strings, and the series whose labels are indices into it.
const SYMBOLS: u32 = 4;
const SERIES_2: u32 = 5;

/// Version 2: where the indices of names and values stand.
const LABELS: [&[u32]; 2] = [&[SERIES_2, 1], &[SERIES_2, 4, 1]];

/// Masks the symbols that stand under a sensitive name somewhere. `None` if none does.
fn symbols(plain: &[u8], work: &mut Work<'_>) -> Result<Option<Vec<u8>>, Refusal> {
    let mut symbols = Vec::new();
    on_path(plain, &[SYMBOLS], &mut symbols)?;
    if symbols.is_empty() {
        return Ok(None);
    }
    let mut pairs = Vec::new();
    for path in LABELS {
        let mut packed = Vec::new();
        on_path(plain, path, &mut packed)?;
        for labels in packed {
            pairs.extend(
                indices(labels)?
                    .chunks_exact(2)
                    .map(|pair| (pair[0], pair[1])),
            );
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut masked: Vec<Option<Vec<u8>>> = vec![None; symbols.len()];
    for (name, value) in pairs {
        if let (Some(name), Some(text)) = (symbols.get(name), symbols.get(value))
            && let Some(mask) = named::string(work, Some(name), text)
        {
            masked[value] = Some(mask);
        }
    }
    let mut rewrite = Rewrite::of(plain);
    let mut masked = masked.into_iter();
    for field in Fields::of(plain) {
        let field = field?;
        if let (SYMBOLS, Content::Bytes(_)) = (field.number, field.content)
            && let Some(mask) = masked.next().flatten()
        {
            rewrite.content(&field, &mask);
        }
    }
    Ok(rewrite.finish())
}

/// The packed indices.
fn indices(mut packed: &[u8]) -> Result<Vec<usize>, Refusal> {
    let mut indices = Vec::new();
    while !packed.is_empty() {
        let (index, length) = varint(packed).ok_or(Refusal::Undecodable)?;
        indices.push(usize::try_from(index).map_err(|_| Refusal::Undecodable)?);
        packed = &packed[length..];
    }
    Ok(indices)
}
