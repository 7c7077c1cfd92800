//! zlib, gzip and snappy blocks inside of bodies, under the limits of the route.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::rim::config::policy::Policy;
use crate::rim::payload::refusal::Refusal;

/// What may be decoded whatever the ratio.
const FREE: usize = 1 << 20;

/// Decodes one zlib stream (RFC 1950) that is all of the bytes.
///
/// # Errors
///
/// It does not decode, does not end with the bytes, or is beyond the limits.
pub(crate) fn from_zlib(bytes: &[u8], policy: &Policy) -> Result<Vec<u8>, Refusal> {
    let mut decoder = ZlibDecoder::new(bytes);
    let decoded = read(&mut decoder, bytes.len(), policy)?;
    if decoder.total_in() != bytes.len() as u64 {
        return Err(Refusal::CorruptEncoding);
    }
    Ok(decoded)
}

/// Encodes as zlib.
pub(crate) fn to_zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("a vector takes all")
}

/// Decodes gzip (RFC 1952), any number of members.
///
/// # Errors
///
/// It does not decode or is beyond the limits.
pub(crate) fn from_gzip(bytes: &[u8], policy: &Policy) -> Result<Vec<u8>, Refusal> {
    read(&mut MultiGzDecoder::new(bytes), bytes.len(), policy)
}

/// Encodes as gzip.
pub(crate) fn to_gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("a vector takes all")
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

fn read(decoder: &mut impl Read, encoded: usize, policy: &Policy) -> Result<Vec<u8>, Refusal> {
    let dense = limit(encoded, policy);
    let most = dense.min(policy.max_body);
    let mut decoded = Vec::new();
    let taken = decoder.take(most as u64 + 1).read_to_end(&mut decoded);
    taken.map_err(|_| Refusal::CorruptEncoding)?;
    if decoded.len() <= most {
        Ok(decoded)
    } else if most == policy.max_body {
        Err(Refusal::TooLarge)
    } else {
        Err(Refusal::TooDense)
    }
}
