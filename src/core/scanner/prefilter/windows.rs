//! Which part of an anchor is looked for: the bytes in a row that are rarest in logs.
//!
//! How rare they are is told by a table of what follows what in log text (a Markov chain
//! of the first order), which `benches/count_pairs` counts.

use std::sync::LazyLock;

use super::Anchor;

/// A row for each byte below 128, a digit for each byte that follows: the negative binary
/// logarithm of its probability. The last row has the same for single bytes.
const COUNTED: &str = include_str!("pairs.txt");

const CODES: usize = 128;

/// How rare a byte of no ASCII is in logs.
const RAREST: u32 = 15;

/// [`COUNTED`] by number.
static RARITIES: LazyLock<Vec<[u8; CODES]>> = LazyLock::new(|| {
    let row = |line: &str| {
        let mut row = [0; CODES];
        for (rarity, digit) in row.iter_mut().zip(line.chars()) {
            *rarity = digit.to_digit(16).unwrap_or(RAREST) as u8;
        }
        row
    };
    COUNTED.lines().map(row).collect()
});

/// Where in each anchor the window of up to so many bytes begins that is least likely; the
/// first of several.
pub(super) fn offsets(anchors: &[Anchor], most: usize) -> Vec<usize> {
    let rarities = &*RARITIES;
    anchors
        .iter()
        .map(|anchor| offset(rarities, anchor, most))
        .collect()
}

fn offset(rarities: &[[u8; CODES]], anchor: &Anchor, most: usize) -> usize {
    let bytes = &anchor.bytes;
    let most = most.min(bytes.len());
    // The rarity of the bytes from `at` to the window's end, less the first.
    let mut behind: u32 = (1..most)
        .map(|at| rarity(rarities, Some(bytes[at - 1]), bytes[at], anchor.ignore_case))
        .sum();
    let mut best = (0, 0);
    for at in 0..=bytes.len() - most {
        let here = rarity(rarities, None, bytes[at], anchor.ignore_case) + behind;
        if here > best.0 {
            best = (here, at);
        }
        if let Some(&next) = bytes.get(at + most) {
            let link =
                |at: usize, byte| rarity(rarities, Some(bytes[at]), byte, anchor.ignore_case);
            if most > 1 {
                behind += link(at + most - 1, next);
                behind -= link(at, bytes[at + 1]);
            }
        }
    }
    best.1
}

/// How rare a byte is, alone or behind another, as a negative binary logarithm. Of the
/// spellings of a letter the most frequent counts.
fn rarity(rarities: &[[u8; CODES]], before: Option<u8>, byte: u8, ignore_case: bool) -> u32 {
    let of = |before: Option<u8>, byte: u8| {
        let row = rarities.get(before.map_or(CODES, usize::from));
        let known = row.and_then(|row| row.get(usize::from(byte)));
        known.map_or(RAREST, |&rarity| u32::from(rarity))
    };
    if !ignore_case {
        return of(before, byte);
    }
    let spellings = |byte: u8| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
    let least = |before: Option<u8>| {
        let [lower, upper] = spellings(byte).map(|byte| of(before, byte));
        lower.min(upper)
    };
    match before.map(spellings) {
        None => least(None),
        Some([lower, upper]) => least(Some(lower)).min(least(Some(upper))),
    }
}

/// How likely each byte below 128 is in log text.
pub(super) fn frequencies() -> [f32; CODES] {
    let rarities = RARITIES[CODES];
    rarities.map(|rarity| (-f32::from(rarity)).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(bytes: &[u8], ignore_case: bool) -> &[u8] {
        let anchor = Anchor {
            bytes: bytes.to_vec(),
            ignore_case,
        };
        let offset = offsets(&[anchor], 4)[0];
        &bytes[offset..bytes.len().min(offset + 4)]
    }

    #[test]
    fn the_table_is_whole() {
        assert_eq!(RARITIES.len(), CODES + 1);
        assert!(COUNTED.lines().all(|line| line.len() == CODES));
    }

    #[test]
    fn the_rarest_bytes_in_a_row_are_chosen() {
        assert_eq!(window(b"key='", true), b"ey='");
        assert_eq!(window(b"sk_live_", false), b"sk_l");
        assert_eq!(window(b"ab", false), b"ab");
        assert_eq!(window(b"a", true), b"a");
        assert_eq!(window(b"tion\xffx", false), b"on\xffx");
    }
}
