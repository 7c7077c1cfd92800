//! The command as a user meets it: bytes in, bytes out, messages and exit codes.
//!
//! The numbers (S7, S8, S13 …) are those of the edge cases that the tests cover.

mod bytes;
mod explain;
mod fields;
mod in_place;
mod inputs;
mod jobs;
mod latency;
mod masks;
mod options;
mod outputs;
mod packs;
mod selection;
mod signals;
mod stats;
mod support;
mod terminal;
mod unpacking;
mod verify;
