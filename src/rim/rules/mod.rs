//! What the verbs of `blackbar rules` compute: cases, differences, shapes of values, and
//! rules that are inferred or translated. Text in, data out; files and messages are the
//! command line's.

pub(crate) mod alphabet;
pub(crate) mod cases;
pub(crate) mod difference;
pub(crate) mod freed;
pub(crate) mod gitleaks;
pub(crate) mod infer;
pub(crate) mod pattern;
pub(crate) mod shape;
pub(crate) mod trace;
pub(crate) mod written;

/// The line of `text` on which the byte at `at` stands, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    memchr::memchr_iter(b'\n', before).count() + 1
}
