//! Control sequences, which the engine's own file knows.

#[path = "../../../src/core/text/control.rs"]
pub(crate) mod control;
