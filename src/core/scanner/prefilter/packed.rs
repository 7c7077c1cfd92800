//! A few windows, found by aho-corasick's packed searcher (Teddy), which takes 64.
//!
//! Every hit makes the searcher start anew, which costs as much as a hundred bytes of
//! clean text. In a segment that is full of hits a plain loop over [`Pairs`] of bytes
//! takes over, whose cost hardly depends on them.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::packed;

use super::Anchor;
use super::dense::Pairs;
use super::windows::offsets;

/// How long a window is, where its anchor is long enough.
const WINDOW: usize = 4;

/// How many windows the searcher takes.
const LIMIT: usize = 64;

/// How many bytes are searched in one way before that is thought over.
pub(super) const SEGMENT: usize = 4096;

/// More hits than this in a segment make it dense.
const DENSE: usize = 96;

/// A window in one spelling, with the anchors behind it.
pub(super) struct Window {
    pub(super) bytes: Vec<u8>,
    /// The anchors that it stands for and its offset in each.
    places: Vec<(u32, usize)>,
}

/// Finds the windows of a few anchors.
pub(super) struct Packed {
    windows: Vec<Window>,
    searcher: packed::Searcher,
    /// Made when the first dense segment turns up.
    pairs: OnceLock<Pairs>,
}

impl Packed {
    /// None where there are too many windows, or the processor has no vectors.
    pub(super) fn new(anchors: &[Anchor]) -> Option<Self> {
        if anchors.len() > LIMIT {
            return None;
        }
        let windows = windows(anchors);
        if windows.len() > LIMIT {
            return None;
        }
        let config = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .clone();
        let bytes = windows.iter().map(|window| &window.bytes);
        Some(Self {
            searcher: config.builder().extend(bytes).build()?,
            windows,
            pairs: OnceLock::new(),
        })
    }

    /// Tells each place of a window, with an anchor that it stands for and its offset.
    #[inline]
    pub(super) fn search(&self, bytes: &[u8], mut tell: impl FnMut(usize, super::Window)) {
        let mut dense = false;
        let mut found = Vec::new();
        for start in (0..bytes.len()).step_by(SEGMENT) {
            let segment = start..bytes.len().min(start + SEGMENT);
            found.clear();
            if !dense {
                dense = !self.search_sparse(bytes, segment.clone(), &mut found);
            }
            if dense {
                found.clear();
                self.search_dense(bytes, segment, &mut found);
                dense = found.len() > DENSE;
            }
            for &(at, window) in &found {
                for &(anchor, offset) in &self.windows[window].places {
                    tell(
                        at,
                        super::Window {
                            anchor,
                            offset,
                            is_all: false,
                        },
                    );
                }
            }
        }
    }

    /// Searches for windows that begin in `segment`. False where it is dense.
    fn search_sparse(
        &self,
        bytes: &[u8],
        segment: Range<usize>,
        found: &mut Vec<(usize, usize)>,
    ) -> bool {
        // A window may run over the segment's end; none but those of one byte begin there.
        let end = bytes.len().min(segment.end + WINDOW - 1);
        let mut span = aho_corasick::Span::from(segment.start..end);
        while let Some(hit) = self.searcher.find_in(bytes, span) {
            if hit.start() >= segment.end {
                break;
            }
            if found.len() == DENSE {
                return false;
            }
            found.push((hit.start(), hit.pattern().as_usize()));
            span.start = hit.start() + 1;
        }
        true
    }

    /// The same without vectors.
    fn search_dense(&self, bytes: &[u8], segment: Range<usize>, found: &mut Vec<(usize, usize)>) {
        let pairs = self.pairs.get_or_init(|| Pairs::new(&self.windows));
        for at in segment {
            let next = bytes.get(at + 1).copied().unwrap_or(0);
            for &window in pairs.beginning(bytes[at], next) {
                if bytes[at..].starts_with(&self.windows[window as usize].bytes) {
                    found.push((at, window as usize));
                }
            }
        }
    }
}

/// Every window in every case, none a prefix of another: the searcher reports one a place.
fn windows(anchors: &[Anchor]) -> Vec<Window> {
    let mut all: Vec<(Vec<u8>, (u32, usize))> = Vec::new();
    let offsets = offsets(anchors, WINDOW);
    for (index, (anchor, offset)) in anchors.iter().zip(offsets).enumerate() {
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
            // A short one may begin several spellings of the same anchor.
            let places = &mut table[number].places;
            if !places.contains(&place) {
                places.push(place);
            }
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
