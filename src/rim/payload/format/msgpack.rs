//! Bodies of msgpack: any number of values, one after the other. Datadog's tracers and
//! Fluent's HTTP senders use it.

use crate::rim::payload::body::Head;
use crate::rim::payload::msgpack::walk::Walker;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// Masks a body of msgpack values.
///
/// # Errors
///
/// A value does not decode or is nested too deeply, or the route refuses bytes that are
/// no text.
pub(crate) fn mask(
    body: &[u8],
    _head: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    Walker::new(work, body, out).all()
}
