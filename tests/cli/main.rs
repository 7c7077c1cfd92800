//! The command as a user meets it: bytes in, bytes out, messages and exit codes.
//!
//! The numbers (S7, S8, S13 …) are those of the edge cases that the tests cover.

mod bytes;
mod explain;
mod fields;
mod inputs;
mod latency;
mod options;
mod outputs;
mod rules;
mod signals;
mod stats;
mod support;
mod unpacking;
mod verify;
