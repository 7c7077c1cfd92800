//! Comments that allow what is found in their line.
//!
//! The mark of blackbar, and those of tools that came before it. A mark inside of a value
//! is a part of the value.

use crate::rim::check::window::Window;

const MARKS: [&[u8]; 3] = [
    b"blackbar:allow",
    b"gitleaks:allow",
    b"pragma: allowlist secret",
];

/// The marks of the line that was asked for last: findings come in order, and many may be
/// in one line.
#[derive(Default)]
pub(crate) struct Marks {
    /// Where the line begins and ends.
    line: (u64, u64),
    /// Where its first and its last mark begin and end.
    ends: Option<[(u64, u64); 2]>,
    asked: bool,
}

impl Marks {
    /// Whether a mark stands in the line of `start`, outside of what is found.
    pub(crate) fn allow(&mut self, window: &Window, start: u64, end: u64) -> bool {
        let (from, to) = self.line;
        if !self.asked || start < from || start > to {
            self.read(window, start);
        }
        let mut marks = self.ends.iter().flatten();
        marks.any(|mark| mark.1 <= start || end <= mark.0)
    }

    fn read(&mut self, window: &Window, offset: u64) {
        let (from, line) = window.line(offset);
        let place = |mark: &[u8], at: usize| {
            let at = from + at as u64;
            (at, at + mark.len() as u64)
        };
        let each = |find: fn(&[u8], &[u8]) -> Option<usize>| {
            MARKS
                .iter()
                .filter_map(move |mark| find(line, mark).map(|at| place(mark, at)))
        };
        let first = each(memchr::memmem::find).min();
        let last = each(memchr::memmem::rfind).max();
        self.ends = first.zip(last).map(|(first, last)| [first, last]);
        self.line = (from, from + line.len() as u64);
        self.asked = true;
    }
}
