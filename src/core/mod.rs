//! The engine: no I/O, no clock, no threads. Bytes in, pieces out.
//!
//! Imports inside point one way: `check -> session, redactor, builder -> scanner ->
//! pack, rule -> mask, verify -> tally, journal, explain`, with `text` (units and JSON) and
//! `automaton` below all of them.
#![doc = ""]
#![doc = include_str!("semantics.md")]

pub mod automaton;
pub mod builder;
pub mod check;
pub mod compare;
mod dialect;
pub mod explain;
pub mod field;
mod form;
mod group;
pub mod journal;
pub mod limits;
pub mod mask;
pub mod pack;
mod paint;
pub mod pen;
pub mod redactor;
pub mod rule;
pub mod scanner;
pub mod session;
pub mod tally;
pub mod template;
pub mod text;
pub mod verify;
