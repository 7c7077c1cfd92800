//! The formats of bodies, one file each.

use crate::rim::payload::body::Head;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// Masks a whole decoded body of one format and appends it to the last parameter.
pub(crate) type MaskBody = fn(&[u8], &Head, &mut Work<'_>, &mut Vec<u8>) -> Result<(), Refusal>;
