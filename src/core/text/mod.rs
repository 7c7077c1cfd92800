//! How text is made of units, and JSON of strings: what a span is widened to and
//! cut at.

pub(crate) mod json;
mod scalar;
pub(crate) mod units;
