//! Bodies of requests: found out, decoded, masked, and encoded as they came.
//!
//! A [`Body`] is sans-IO like the engine's session: chunks in, bytes out. One file a
//! format, one a codec.

pub(crate) mod body;
pub(crate) mod codec;
pub(crate) mod format;
pub(crate) mod hold;
pub(crate) mod json;
pub(crate) mod msgpack;
pub(crate) mod named;
pub(crate) mod packed;
pub(crate) mod protobuf;
pub(crate) mod refusal;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sessions;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod work;

pub(crate) use body::{Body, Head, Outcome};
pub(crate) use refusal::Refusal;
