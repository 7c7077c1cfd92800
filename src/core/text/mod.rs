//! How text is made of units, and JSON of strings: what a span is widened to and
//! cut at, and what no span begins with the half of.

pub(crate) mod control;
pub(crate) mod json;
mod scalar;
pub(crate) mod units;
