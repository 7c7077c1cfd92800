//! The formats of bodies, one file each.

pub(crate) mod grpc;
pub(crate) mod loki_protobuf;
pub(crate) mod msgpack;
pub(crate) mod otlp;
pub(crate) mod remote_write;
pub(crate) mod sentry;

use crate::rim::payload::body::Head;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// Masks a whole decoded body of one format and appends it to the last parameter.
pub(crate) type MaskBody = fn(&[u8], &Head, &mut Work<'_>, &mut Vec<u8>) -> Result<(), Refusal>;
