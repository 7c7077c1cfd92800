//! Control sequences of terminals: a finding that begins in one begins behind it.

use std::ops::Range;

use super::regex::Regex;

/// Where a finding begins whose secret begins at `secret`, of a match up to `matched`.
pub(crate) fn behind(content: &[u8], secret: usize, matched: usize) -> usize {
    let around = sequences(content)
        .into_iter()
        .find(|found| found.start < secret && secret < found.end);
    match around {
        Some(found) if found.end < matched => found.end,
        _ => secret,
    }
}

/// All control sequences.
fn sequences(content: &[u8]) -> Vec<Range<usize>> {
    const FORMS: [&str; 3] = [
        r"\x1b\[(?:[0-9]{0,4}[:;<=>?])*[0-9]{0,4}[ -/]?[A-Za-z@`~]",
        r"\x1b[()*+%#][0-9A-Za-z]",
        r"\x1b[78=>DEHMZc]",
    ];
    const LONGEST: usize = 24;
    let forms = FORMS.map(|form| Regex::new(form, false, 0));
    let escapes = (0..content.len()).filter(|&at| content[at] == 0x1b);
    escapes
        .filter_map(|at| {
            let found = forms.iter().find_map(|form| form.run(content, at).matched);
            found.map(|found| at..found.end)
        })
        .filter(|found| found.len() <= LONGEST)
        .collect()
}
