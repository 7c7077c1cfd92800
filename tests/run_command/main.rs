//! T8, and S5 and S9 at a program's output: `blackbar run` as a process.
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

mod endings;
mod outputs;
mod signals;
mod streams;
mod support;
mod terminal;
