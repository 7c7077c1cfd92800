//! Which part of an anchor is looked for: the bytes in a row that are rarest in logs.

use std::collections::HashMap;

use super::Anchor;

/// How long a window is, where its anchor is long enough.
pub(super) const WINDOW: usize = 4;

/// A window in one spelling, with the anchors behind it.
pub(super) struct Window {
    pub(super) bytes: Vec<u8>,
    /// The anchors that it stands for and its offset in each.
    pub(super) places: Vec<(u32, usize)>,
}

/// Every window in every case, none a prefix of another: a searcher reports one a place.
pub(super) fn windows(anchors: &[Anchor]) -> Vec<Window> {
    let mut all: Vec<(Vec<u8>, (u32, usize))> = Vec::new();
    for (index, anchor) in anchors.iter().enumerate() {
        let offset = best_window(anchor);
        let length = WINDOW.min(anchor.bytes.len());
        for window in cases(&anchor.bytes[offset..offset + length], anchor.ignore_case) {
            all.push((window, (index as u32, offset)));
        }
    }
    // Short windows first, so that a longer one can join the short one that begins it.
    all.sort_by(|(a, _), (b, _)| (a.len(), a).cmp(&(b.len(), b)));
    let mut numbers: HashMap<Vec<u8>, usize> = HashMap::with_capacity(all.len());
    let mut table: Vec<Window> = Vec::new();
    for (bytes, place) in all {
        let known = (1..=bytes.len()).find_map(|length| numbers.get(&bytes[..length]));
        if let Some(&number) = known {
            table[number].places.push(place);
        } else {
            numbers.insert(bytes.clone(), table.len());
            table.push(Window {
                bytes,
                places: vec![place],
            });
        }
    }
    table
}

/// The offset of the window of an anchor that is least likely.
fn best_window(anchor: &Anchor) -> usize {
    let length = WINDOW.min(anchor.bytes.len());
    let weight = |byte: u8| {
        let cases = [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        if anchor.ignore_case && byte.is_ascii_alphabetic() {
            cases.map(frequency).into_iter().map(u64::from).sum()
        } else {
            u64::from(frequency(byte))
        }
    };
    let likelihood = |offset: usize| -> u64 {
        let window = &anchor.bytes[offset..offset + length];
        window.iter().map(|&byte| weight(byte)).product()
    };
    (0..=anchor.bytes.len() - length)
        .min_by_key(|&offset| likelihood(offset))
        .unwrap_or(0)
}

/// How many of ten thousand bytes of log text are this one, at least 1.
pub(super) fn frequency(byte: u8) -> u16 {
    FREQUENCIES.get(usize::from(byte)).copied().unwrap_or(1)
}

/// Counted over some 20 MB of logs of 16 kinds: system, web servers, JVMs, Kubernetes, CI.
#[rustfmt::skip]
const FREQUENCIES: [u16; 128] = [
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 46, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    733, 1, 254, 1, 2, 7, 7, 3, 63, 63, 1, 26, 186, 183, 267, 233,
    423, 350, 270, 155, 130, 171, 116, 123, 100, 76, 296, 30, 4, 35, 29, 4,
    3, 26, 7, 53, 15, 76, 23, 37, 31, 38, 4, 17, 66, 65, 21, 22,
    41, 4, 45, 58, 87, 13, 4, 25, 10, 3, 4, 83, 21, 83, 1, 116,
    1, 297, 52, 223, 160, 565, 113, 72, 139, 254, 10, 42, 227, 142, 229, 429,
    186, 11, 342, 338, 346, 125, 34, 59, 45, 43, 19, 4, 2, 5, 1, 1,
];

/// A window in every case that it can have.
fn cases(window: &[u8], ignore_case: bool) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::with_capacity(window.len())];
    for &byte in window {
        if !ignore_case || !byte.is_ascii_alphabetic() {
            for head in &mut all {
                head.push(byte);
            }
            continue;
        }
        let mut others = all.clone();
        for (head, other) in all.iter_mut().zip(&mut others) {
            head.push(byte.to_ascii_lowercase());
            other.push(byte.to_ascii_uppercase());
        }
        all.append(&mut others);
    }
    all
}
