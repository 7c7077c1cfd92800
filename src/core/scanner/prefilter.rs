//! One pass over the whole chunk for the anchors of all rules.
//!
//! Of each anchor a *window* of up to three bytes is looked for by aho-corasick's packed
//! searcher (Teddy); where the window stands, the anchor itself is compared. Anchors in
//! any case are looked for in a copy of the bytes whose letters are folded, a few
//! kilobytes at a time: one window each instead of up to eight. The window is the rarest part of the anchor, not its
//! beginning: for an assignment the quote-and-equals side is far rarer than the name.
//!
//! A packed searcher takes 64 windows. A few of them, one after the other over a block
//! that is in the cache, are several times faster than one automaton over all windows
//! (measured with 150 windows on log text: 75 % of all time went into the automaton's
//! loop, at 0.4 GB/s). Where there are more than a few, the automaton it is.
//!
//! Every hit makes a packed searcher start anew, which costs as much as a hundred bytes
//! of clean text. In a segment that is full of hits a plain loop over pairs of bytes
//! takes over, whose cost hardly depends on them.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, packed};

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

/// How many packed searchers are worth more than one automaton.
const MOST_SEARCHERS: usize = 6;

/// How long a window is, where its anchor is long enough.
const WINDOW: usize = 3;

/// How many bytes are searched in one way before that is thought over.
const SEGMENT: usize = 4096;

/// More hits than this in a segment make it dense.
const DENSE: usize = 96;

/// Finds the anchors of all rules.
pub(crate) struct Prefilter {
    anchors: Vec<Anchor>,
    /// For anchors in their own case.
    exact: Searcher,
    /// For those in any case: it searches bytes that are folded.
    folded: Searcher,
    longest: usize,
}

/// A search for windows.
struct Searcher {
    windows: Vec<Window>,
    search: Search,
    /// Made when the first dense segment turns up.
    pairs: OnceLock<Pairs>,
}

/// A part of the searched bytes: what begins in `segment` is looked for.
struct Part<'a> {
    /// All bytes, to compare anchors with.
    bytes: &'a [u8],
    segment: Range<usize>,
    /// The bytes of the segment and a few more, perhaps folded.
    text: &'a [u8],
}

struct Window {
    bytes: Vec<u8>,
    /// The anchors that it stands for and its offset in each.
    places: Vec<(u32, usize)>,
}

enum Search {
    Nothing,
    /// Each with the number of its first window.
    Packed(Vec<(packed::Searcher, usize)>),
    Automaton(Box<AhoCorasick>),
}

impl Prefilter {
    pub(crate) fn new(anchors: Vec<Anchor>) -> Self {
        Self {
            longest: anchors
                .iter()
                .map(|anchor| anchor.bytes.len())
                .max()
                .unwrap_or(0),
            exact: Searcher::new(windows(&anchors, false)),
            folded: Searcher::new(windows(&anchors, true)),
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
        let mut folded = [0; SEGMENT + WINDOW - 1];
        let (mut exact_dense, mut folded_dense) = (false, false);
        for start in (0..bytes.len()).step_by(SEGMENT) {
            let segment = start..bytes.len().min(start + SEGMENT);
            // A window may run over the segment's end.
            let text = &bytes[start..bytes.len().min(segment.end + WINDOW - 1)];
            if !self.exact.windows.is_empty() {
                let part = Part {
                    bytes,
                    segment: segment.clone(),
                    text,
                };
                self.exact
                    .search(part, &self.anchors, &mut exact_dense, out);
            }
            if !self.folded.windows.is_empty() {
                for (folded, byte) in folded.iter_mut().zip(text) {
                    *folded = fold(*byte);
                }
                let part = Part {
                    bytes,
                    segment,
                    text: &folded[..text.len()],
                };
                self.folded
                    .search(part, &self.anchors, &mut folded_dense, out);
            }
        }
    }
}

/// The same for both cases of a letter. Some other bytes become the same, too.
fn fold(byte: u8) -> u8 {
    byte | 0x20
}

impl Searcher {
    fn new(windows: Vec<Window>) -> Self {
        let all: Vec<&[u8]> = windows
            .iter()
            .map(|window| window.bytes.as_slice())
            .collect();
        Self {
            search: Search::new(&all),
            pairs: OnceLock::new(),
            windows,
        }
    }

    /// Searches one part. `dense`: whether the part before was full of hits.
    fn search(&self, part: Part<'_>, anchors: &[Anchor], dense: &mut bool, out: &mut Vec<Suspect>) {
        match &self.search {
            Search::Nothing => {}
            Search::Packed(searchers) => {
                if !*dense {
                    *dense = !self.search_sparse(searchers, &part, anchors, out);
                }
                if *dense {
                    *dense = self.search_dense(&part, anchors, out) > DENSE;
                }
            }
            Search::Automaton(automaton) => {
                for found in automaton.find_overlapping_iter(part.text) {
                    let at = part.segment.start + found.start();
                    if at < part.segment.end {
                        self.confirm(part.bytes, at, found.pattern().as_usize(), anchors, out);
                    }
                }
            }
        }
    }

    /// Searches for windows that begin in the segment. False, and nothing told, where it
    /// is dense.
    fn search_sparse(
        &self,
        searchers: &[(packed::Searcher, usize)],
        part: &Part<'_>,
        anchors: &[Anchor],
        out: &mut Vec<Suspect>,
    ) -> bool {
        let told = out.len();
        let mut hits = 0;
        let length = part.segment.len();
        for (searcher, first) in searchers {
            let mut span = aho_corasick::Span::from(0..part.text.len());
            while let Some(found) = searcher.find_in(part.text, span) {
                if found.start() >= length {
                    break;
                }
                hits += 1;
                if hits > DENSE {
                    out.truncate(told);
                    return false;
                }
                let at = part.segment.start + found.start();
                let window = first + found.pattern().as_usize();
                self.confirm(part.bytes, at, window, anchors, out);
                span.start = found.start() + 1;
            }
        }
        true
    }

    /// The same without vectors. Returns the number of hits.
    fn search_dense(&self, part: &Part<'_>, anchors: &[Anchor], out: &mut Vec<Suspect>) -> usize {
        let pairs = self.pairs.get_or_init(|| Pairs::new(&self.windows));
        let mut hits = 0;
        for at in 0..part.segment.len() {
            let next = part.text.get(at + 1).copied().unwrap_or(0);
            for &window in pairs.beginning(part.text[at], next) {
                if part.text[at..].starts_with(&self.windows[window as usize].bytes) {
                    hits += 1;
                    let at = part.segment.start + at;
                    self.confirm(part.bytes, at, window as usize, anchors, out);
                }
            }
        }
        hits
    }

    /// Compares the anchors of a window that stands at `at`.
    #[inline]
    fn confirm(
        &self,
        bytes: &[u8],
        at: usize,
        window: usize,
        anchors: &[Anchor],
        out: &mut Vec<Suspect>,
    ) {
        for &(index, offset) in &self.windows[window].places {
            let Some(start) = at.checked_sub(offset) else {
                continue;
            };
            let anchor = &anchors[index as usize];
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
    fn new(windows: &[&[u8]]) -> Self {
        if windows.is_empty() {
            return Self::Nothing;
        }
        Self::packed(windows).unwrap_or_else(|| {
            let automaton = AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .match_kind(MatchKind::Standard)
                .prefilter(false)
                .build(windows)
                .expect("a few thousand windows of three bytes fit any automaton");
            Self::Automaton(Box::new(automaton))
        })
    }

    /// None where there are too many windows, or the machine has no vectors for it.
    fn packed(windows: &[&[u8]]) -> Option<Self> {
        let groups = windows.len().div_ceil(PACKED_LIMIT);
        if groups > MOST_SEARCHERS {
            return None;
        }
        // Groups of about the same size: fewer windows a searcher, fewer false hits.
        let size = windows.len().div_ceil(groups);
        let searchers = windows.chunks(size).enumerate().map(|(group, windows)| {
            let config = packed::Config::new()
                .match_kind(packed::MatchKind::LeftmostFirst)
                .clone();
            let searcher = config.builder().extend(windows).build()?;
            Some((searcher, group * size))
        });
        Some(Self::Packed(searchers.collect::<Option<_>>()?))
    }
}

/// The windows by the two bytes that they begin with.
struct Pairs {
    /// By pair of bytes: where its windows are in `windows`, and how many.
    lists: Vec<(u32, u32)>,
    windows: Vec<u32>,
}

impl Pairs {
    fn new(windows: &[Window]) -> Self {
        let pairs_of = |window: &Window| {
            let first = window.bytes[0];
            match window.bytes.get(1) {
                Some(&second) => pair(first, second)..=pair(first, second),
                None => pair(first, 0)..=pair(first, 255),
            }
        };
        let mut by_pair: Vec<(usize, u32)> = windows
            .iter()
            .enumerate()
            .flat_map(|(number, window)| pairs_of(window).map(move |pair| (pair, number as u32)))
            .collect();
        by_pair.sort_unstable();
        let mut lists = vec![(0, 0); 1 << 16];
        for (at, &(pair, _)) in by_pair.iter().enumerate() {
            let (start, count): &mut (u32, u32) = &mut lists[pair];
            if *count == 0 {
                *start = at as u32;
            }
            *count += 1;
        }
        Self {
            lists,
            windows: by_pair.into_iter().map(|(_, number)| number).collect(),
        }
    }

    #[inline]
    fn beginning(&self, first: u8, second: u8) -> &[u32] {
        let (start, count) = self.lists[pair(first, second)];
        &self.windows[start as usize..(start + count) as usize]
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// The windows of the anchors in their own case, or of those in any, none a prefix of
/// another, with the anchors behind them.
fn windows(anchors: &[Anchor], ignore_case: bool) -> Vec<Window> {
    let mut all: Vec<(Vec<u8>, (u32, usize))> = Vec::new();
    for (index, anchor) in anchors.iter().enumerate() {
        if anchor.ignore_case != ignore_case {
            continue;
        }
        let offset = best_window(anchor);
        let length = WINDOW.min(anchor.bytes.len());
        let mut window = anchor.bytes[offset..offset + length].to_vec();
        if ignore_case {
            window.iter_mut().for_each(|byte| *byte = fold(*byte));
        }
        all.push((window, (index as u32, offset)));
    }
    // Short windows first, so that a longer one can join the short one that begins it:
    // the searcher reports one window a place.
    all.sort_by(|(a, _), (b, _)| (a.len(), a).cmp(&(b.len(), b)));
    let mut table: Vec<Window> = Vec::new();
    for (bytes, place) in all {
        match table
            .iter_mut()
            .find(|known| bytes.starts_with(&known.bytes))
        {
            Some(known) => known.places.push(place),
            None => table.push(Window {
                bytes,
                places: vec![place],
            }),
        }
    }
    table
}

/// The offset of the window of an anchor that costs least.
fn best_window(anchor: &Anchor) -> usize {
    let length = WINDOW.min(anchor.bytes.len());
    let cost = |offset: usize| -> u32 {
        let window = &anchor.bytes[offset..offset + length];
        window.iter().map(|&byte| frequency(byte)).sum()
    };
    (0..=anchor.bytes.len() - length)
        .min_by_key(|&offset| cost(offset))
        .unwrap_or(0)
}

/// How frequent a byte is in logs, on a scale of ten.
fn frequency(byte: u8) -> u32 {
    match byte {
        b' ' | b'e' | b't' | b'a' | b'i' | b'n' | b'o' | b'r' | b's' | b'0' | b'1' | b'2' => 9,
        b'"'
        | b'c'
        | b'd'
        | b'l'
        | b'm'
        | b'p'
        | b'u'
        | b'3'..=b'9'
        | b':'
        | b'.'
        | b'-'
        | b'/' => 7,
        b'b' | b'f' | b'g' | b'h' | b'v' | b'w' | b'y' | b',' | b'_' | b'=' => 5,
        b'k'
        | b'x'
        | b'j'
        | b'q'
        | b'z'
        | b'A'..=b'Z'
        | b'\''
        | b'('
        | b')'
        | b'['
        | b']'
        | b'{'
        | b'}' => 3,
        _ => 1,
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
