//! Control sequences of terminals: a finding that begins in one begins behind it.

use std::ops::Range;
use std::sync::LazyLock;

use super::regex::Regex;

/// Where a finding begins whose secret begins at `secret`, of a match up to `matched`.
pub(crate) fn behind(content: &[u8], secret: usize, matched: usize) -> usize {
    let around = sequences(content).find(|found| found.start < secret && secret < found.end);
    match around {
        Some(found) if found.end < matched => found.end,
        _ => secret,
    }
}

/// All control sequences.
fn sequences(content: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let escapes = (0..content.len()).filter(|&at| content[at] == 0x1b);
    escapes.filter_map(|at| sequence_at(content, at))
}

/// Whether `text` is a control sequence and nothing more.
pub(crate) fn is_sequence(text: &[u8]) -> bool {
    text.first() == Some(&0x1b) && sequence_at(text, 0) == Some(0..text.len())
}

fn sequence_at(content: &[u8], at: usize) -> Option<Range<usize>> {
    static FORMS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            r"\x1b\[(?:[0-9]{0,4}[:;<=>?])*[0-9]{0,4}[ -/]?[A-Za-z@`~]",
            r"\x1b[()*+%#][0-9A-Za-z]",
            r"\x1b[78=>DEHMZc]",
        ]
        .map(|form| Regex::new(form, false, 0))
    });
    const LONGEST: usize = 24;
    let found = FORMS
        .iter()
        .find_map(|form| form.run(content, at).matched)?;
    (found.end - at <= LONGEST).then_some(at..found.end)
}
