//! The store endpoint, which took one event before there were envelopes: JSON, or its
//! older form of base64 around zlib around JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::item;
use crate::rim::payload::body::Head;
use crate::rim::payload::codec::Coding;
use crate::rim::payload::named::is_text;
use crate::rim::payload::packed::unpack;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// Masks an event.
///
/// # Errors
///
/// It is neither JSON nor its older form, or is beyond the limits.
pub(crate) fn mask(
    body: &[u8],
    _head: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    if opens_json(body) {
        item::event(body, work, out);
        return Ok(());
    }
    let encoded = body.trim_ascii();
    let zlib = STANDARD.decode(encoded).map_err(|_| Refusal::Undecodable)?;
    let (decoder, plain) = unpack(&[Coding::Deflate], &zlib, work.policy())?;
    if !opens_json(&plain) {
        return Err(Refusal::Undecodable);
    }
    let mut masked = Vec::with_capacity(plain.len());
    item::event(&plain, work, &mut masked);
    if masked == plain {
        out.extend_from_slice(body);
    } else {
        out.extend_from_slice(STANDARD.encode(decoder.encode(masked)).as_bytes());
    }
    Ok(())
}

fn opens_json(text: &[u8]) -> bool {
    let first = text.trim_ascii_start().first();
    is_text(text) && matches!(first, Some(b'{' | b'['))
}
