//! One pass over the whole chunk for the anchors of all rules and names.
//!
//! Of each anchor a *window* of up to four bytes is looked for; where the window stands,
//! the anchor itself is compared. The window is the rarest part of the anchor, not its
//! beginning: for an assignment the quote-and-equals side is far rarer than the name.
//!
//! Where the processor has AVX-512 VBMI, [`vector`] looks at 64 places at once and a
//! table ([`grams`]) is asked about its candidates. Elsewhere a few windows are found by
//! aho-corasick's packed searcher (Teddy), which takes 64. With hundreds of windows, some
//! of them in words of every third line, searching in several groups and starting anew
//! after every hit costs more than asking the table about every place (measured with all
//! packs on log text: 0.13 GB/s in five packed searchers, see the commit).
//!
//! Every hit makes a packed searcher start anew, which costs as much as a hundred bytes
//! of clean text. In a segment that is full of hits a plain loop over [`pairs`] of bytes
//! takes over, whose cost hardly depends on them.

mod grams;
mod pairs;
mod vector;
mod windows;

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::packed;

use grams::Grams;
use pairs::Pairs;
use vector::{LANES, Vector};
use windows::{WINDOW, Window, windows};

/// A literal that the prefilter looks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Anchor {
    pub(crate) bytes: Vec<u8>,
    /// Without regard to ASCII case.
    pub(crate) ignore_case: bool,
}

/// A place where an anchor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Suspect {
    /// Offset in the searched bytes.
    pub(crate) at: usize,
    /// Index of the anchor.
    pub(crate) anchor: u32,
}

/// How many windows a packed searcher takes.
const PACKED_LIMIT: usize = 64;

/// How many bytes are searched in one way before that is thought over.
const SEGMENT: usize = 4096;

/// More hits than this in a segment make it dense.
const DENSE: usize = 96;

/// Finds the anchors of all rules.
pub(crate) struct Prefilter {
    anchors: Vec<Anchor>,
    windows: Vec<Window>,
    search: Search,
    /// Made when the first dense segment turns up.
    pairs: OnceLock<Pairs>,
    longest: usize,
}

enum Search {
    Nothing,
    Packed(packed::Searcher),
    Grams(Box<Grams>),
    Vector(Vector, Box<Grams>),
}

/// So many bytes are asked about before the first candidate is compared.
const STRIDE: usize = 32 * 1024;

impl Prefilter {
    pub(crate) fn new(anchors: Vec<Anchor>) -> Self {
        let windows = windows(&anchors);
        Self {
            longest: anchors
                .iter()
                .map(|anchor| anchor.bytes.len())
                .max()
                .unwrap_or(0),
            search: Search::new(&windows),
            pairs: OnceLock::new(),
            windows,
            anchors,
        }
    }

    /// The length of the longest anchor: so many bytes less one may be the beginning of
    /// an anchor that the end of the bytes cuts off.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// Appends every place in `bytes` where an anchor stands whole, by and large in
    /// the order of places.
    pub(crate) fn suspects(&self, bytes: &[u8], out: &mut Vec<Suspect>) {
        match &self.search {
            Search::Nothing => {}
            Search::Packed(searcher) => {
                let mut dense = false;
                for start in (0..bytes.len()).step_by(SEGMENT) {
                    let end = bytes.len().min(start + SEGMENT);
                    if !dense {
                        dense = !self.search_sparse(searcher, bytes, start..end, out);
                    }
                    if dense {
                        dense = self.search_dense(bytes, start..end, out) > DENSE;
                    }
                }
            }
            Search::Vector(vector, grams) => self.search_vector(vector, grams, bytes, out),
            Search::Grams(grams) => {
                grams.search(bytes, |at, window| self.confirm(bytes, at, window, out));
            }
        }
    }

    fn search_vector(&self, vector: &Vector, grams: &Grams, bytes: &[u8], out: &mut Vec<Suspect>) {
        let mut hits = [0_u64; STRIDE / LANES];
        for from in (0..bytes.len()).step_by(STRIDE) {
            // A window may run over the stride's end.
            let length = STRIDE.min(bytes.len() - from);
            let read = &bytes[from..bytes.len().min(from + length + WINDOW - 1)];
            let blocks = length.div_ceil(LANES);
            vector.places(read, length, &mut hits[..blocks]);
            for (block, &hit) in hits[..blocks].iter().enumerate() {
                let mut hit = hit;
                while hit != 0 {
                    let at = from + block * LANES + hit.trailing_zeros() as usize;
                    hit &= hit - 1;
                    grams.at(bytes, at, |window| self.confirm(bytes, at, window, out));
                }
            }
        }
    }

    /// Searches for windows that begin in `segment`. False, and nothing told, where it
    /// is dense.
    fn search_sparse(
        &self,
        searcher: &packed::Searcher,
        bytes: &[u8],
        segment: Range<usize>,
        out: &mut Vec<Suspect>,
    ) -> bool {
        let told = out.len();
        let mut hits = 0;
        // A window may run over the segment's end; none but those of one byte begin there.
        let end = bytes.len().min(segment.end + WINDOW - 1);
        let mut span = aho_corasick::Span::from(segment.start..end);
        while let Some(found) = searcher.find_in(bytes, span) {
            if found.start() >= segment.end {
                break;
            }
            hits += 1;
            if hits > DENSE {
                out.truncate(told);
                return false;
            }
            self.confirm(bytes, found.start(), found.pattern().as_usize(), out);
            span.start = found.start() + 1;
        }
        true
    }

    /// The same without vectors. Returns the number of hits.
    fn search_dense(&self, bytes: &[u8], segment: Range<usize>, out: &mut Vec<Suspect>) -> usize {
        let pairs = self.pairs.get_or_init(|| Pairs::new(&self.windows));
        let mut hits = 0;
        for at in segment {
            let next = bytes.get(at + 1).copied().unwrap_or(0);
            for &window in pairs.beginning(bytes[at], next) {
                if bytes[at..].starts_with(&self.windows[window as usize].bytes) {
                    hits += 1;
                    self.confirm(bytes, at, window as usize, out);
                }
            }
        }
        hits
    }

    /// Compares the anchors of a window that stands at `at`.
    #[inline]
    fn confirm(&self, bytes: &[u8], at: usize, window: usize, out: &mut Vec<Suspect>) {
        for &(index, offset) in &self.windows[window].places {
            let Some(start) = at.checked_sub(offset) else {
                continue;
            };
            let anchor = &self.anchors[index as usize];
            let Some(here) = bytes.get(start..start + anchor.bytes.len()) else {
                continue;
            };
            let same = if anchor.ignore_case {
                here.eq_ignore_ascii_case(&anchor.bytes)
            } else {
                here == anchor.bytes
            };
            if same {
                out.push(Suspect {
                    at: start,
                    anchor: index,
                });
            }
        }
    }
}

impl Search {
    fn new(windows: &[Window]) -> Self {
        if windows.is_empty() {
            return Self::Nothing;
        }
        if let Some(vector) = Vector::new(windows) {
            return Self::Vector(vector, Box::new(Grams::new(windows)));
        }
        let few = (windows.len() <= PACKED_LIMIT).then(|| {
            let config = packed::Config::new()
                .match_kind(packed::MatchKind::LeftmostFirst)
                .clone();
            let bytes = windows.iter().map(|window| &window.bytes);
            config.builder().extend(bytes).build()
        });
        match few.flatten() {
            Some(searcher) => Self::Packed(searcher),
            None => Self::Grams(Box::new(Grams::new(windows))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(anchors: &[Anchor], bytes: &[u8]) -> Vec<Suspect> {
        let mut all = Vec::new();
        for at in 0..bytes.len() {
            for (index, anchor) in anchors.iter().enumerate() {
                let Some(here) = bytes.get(at..at + anchor.bytes.len()) else {
                    continue;
                };
                if here == anchor.bytes
                    || anchor.ignore_case && here.eq_ignore_ascii_case(&anchor.bytes)
                {
                    all.push(Suspect {
                        at,
                        anchor: index as u32,
                    });
                }
            }
        }
        all
    }

    fn check(anchors: &[(&[u8], bool)], bytes: &[u8]) {
        let anchors: Vec<Anchor> = anchors
            .iter()
            .map(|(bytes, ignore_case)| Anchor {
                bytes: bytes.to_vec(),
                ignore_case: *ignore_case,
            })
            .collect();
        let mut found = Vec::new();
        Prefilter::new(anchors.clone()).suspects(bytes, &mut found);
        found.sort();
        assert_eq!(found, naive(&anchors, bytes));
    }

    #[test]
    fn every_place_of_every_anchor_is_found() {
        let text = b"key='x' KEY=\"y\" monkey='z' ://a.b://postgresql://Bearer bearer eyJeyJ aaaaaa ab aab";
        check(
            &[(b"key='", true), (b"key=\"", true), (b"://", false)],
            text,
        );
        check(
            &[(b"Bearer", false), (b"bearer", true), (b"eyJ", false)],
            text,
        );
        check(
            &[
                (b"a", false),
                (b"aa", false),
                (b"aab", false),
                (b"ab", false),
            ],
            text,
        );
        check(&[], text);
        let many: Vec<Vec<u8>> = (0..200u8).map(|byte| vec![byte, b'=', byte]).collect();
        let many: Vec<(&[u8], bool)> = many
            .iter()
            .map(|anchor| (anchor.as_slice(), false))
            .collect();
        check(&many, b"a=ab=bc=c'='");
    }

    #[test]
    fn dense_segments_and_their_seams_are_searched_as_well() {
        let anchors: &[(&[u8], bool)] = &[
            (b"key='", true),
            (b"://", false),
            (b"a", false),
            (b"zz", false),
        ];
        for filler in [
            &b"key='"[..],
            b"a",
            b"....................",
            b"zzzzzzzzzzzz//:://",
            b"zkey='",
        ] {
            for length in [SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT + 7] {
                let mut text = b"..://KEY='..".to_vec();
                text.extend(filler.iter().cycle().take(length));
                text.extend_from_slice(&b". ".repeat(SEGMENT));
                check(anchors, &text);
            }
        }
    }
}
