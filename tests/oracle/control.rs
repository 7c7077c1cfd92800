//! Control sequences of terminals: a finding that begins in one begins behind it.

use std::ops::Range;
use std::sync::LazyLock;

use super::regex::Regex;

/// Where the control sequence ends behind which the finding of a candidate at `start`
/// begins; `start` where there is none, and where the rule may match in it.
pub(crate) fn behind(content: &[u8], start: usize, regex: &Regex, reach: usize) -> usize {
    let around = sequences(content).find(|found| found.start < start && start < found.end);
    let Some(Range { start: escape, end }) = around else {
        return start;
    };
    let mut inside = escape + 1..end;
    let matches = inside.any(|at| regex.run(&content[..end], at).matched.is_some());
    if matches || end - (escape + 1) > reach {
        start
    } else {
        end
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
