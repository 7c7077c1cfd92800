//! What the acceptance of the engine (`judge` and what belongs to it) names of the core,
//! written a second time: names and masks.

pub(crate) mod field;
pub(crate) mod mask;
pub(crate) mod text;
