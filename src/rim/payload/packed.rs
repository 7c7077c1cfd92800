//! What is compressed inside of a body: by a content coding, or as a block of snappy.

use crate::rim::config::policy::Policy;
use crate::rim::payload::codec::{Coding, Decoder};
use crate::rim::payload::refusal::Refusal;

/// Decoded bytes that are in proportion whatever the ratio.
const FREE: usize = 1 << 20;

/// Decodes bytes of these codings. The decoder encodes what they become.
///
/// # Errors
///
/// They do not decode, do not end with their last byte, or are beyond the limits.
pub(crate) fn unpack(
    codings: &[Coding],
    bytes: &[u8],
    policy: &Policy,
) -> Result<(Decoder, Vec<u8>), Refusal> {
    let mut decoder = Decoder::new(codings, policy);
    let mut plain = Vec::new();
    decoder.write(bytes, &mut plain)?;
    decoder.end()?;
    Ok((decoder, plain))
}

/// Decodes a snappy block, whose header says how long it will be.
///
/// # Errors
///
/// It does not decode or says that it is beyond the limits.
pub(crate) fn from_snappy(bytes: &[u8], policy: &Policy) -> Result<Vec<u8>, Refusal> {
    let length = snap::raw::decompress_len(bytes).map_err(|_| Refusal::CorruptEncoding)?;
    if length > policy.max_body {
        return Err(Refusal::TooLarge);
    }
    if length > limit(bytes.len(), policy) {
        return Err(Refusal::TooDense);
    }
    let decoded = snap::raw::Decoder::new().decompress_vec(bytes);
    decoded.map_err(|_| Refusal::CorruptEncoding)
}

/// Encodes as a snappy block.
///
/// # Errors
///
/// There are 2^32 bytes or more.
pub(crate) fn to_snappy(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let encoded = snap::raw::Encoder::new().compress_vec(bytes);
    encoded.map_err(|_| Refusal::TooLarge)
}

/// Decoded bytes at most, whatever `max_body` says.
fn limit(encoded: usize, policy: &Policy) -> usize {
    FREE.saturating_add(encoded.saturating_mul(policy.max_ratio as usize))
}
