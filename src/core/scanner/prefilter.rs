//! One pass over the whole chunk for the anchors of all rules and names.
//!
//! Of each anchor a *window* of up to three bytes is looked for; where the window stands,
//! the anchor itself is compared. The window is the rarest part of the anchor, not its
//! beginning: for an assignment the quote-and-equals side is far rarer than the name.
//!
//! A few windows are found by aho-corasick's packed searcher (Teddy), which takes 64. With
//! hundreds of windows, some of them in words of every third line, searching in several
//! groups and starting anew after every hit costs more than looking at every place once:
//! a table tells for three bytes in a row whether some window begins with them (measured
//! with all packs on log text: 0.13 GB/s in five packed searchers, see the commit).
//!
//! Every hit makes a packed searcher start anew, which costs as much as a hundred bytes
//! of clean text. In a segment that is full of hits a plain loop over pairs of bytes
//! takes over, whose cost hardly depends on them.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::packed;

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

/// How long a window is, where its anchor is long enough.
const WINDOW: usize = 3;

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

struct Window {
    bytes: Vec<u8>,
    /// The anchors that it stands for and its offset in each.
    places: Vec<(u32, usize)>,
}

enum Search {
    Nothing,
    Packed(packed::Searcher),
    Grams(Box<Grams>),
}

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
            Search::Grams(grams) => {
                grams.search(bytes, |at, window| self.confirm(bytes, at, window, out));
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

/// Which three bytes in a row begin a window, and which.
struct Grams {
    /// A bit for each hash of three bytes.
    bits: Box<[u64; 1 << (HASH_BITS - 6)]>,
    /// By hash: where its windows are in `windows`; one more than there are hashes.
    starts: Vec<u32>,
    windows: Vec<Gram>,
}

/// A window as three bytes of which some count.
struct Gram {
    bytes: u32,
    mask: u32,
    window: u32,
}

/// A table of so many bits is held in the first cache beside the text.
const HASH_BITS: u32 = 17;

#[inline]
fn hash(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

impl Grams {
    fn new(windows: &[Window]) -> Self {
        let mut entries: Vec<(usize, u32)> = Vec::new();
        for (number, window) in windows.iter().enumerate() {
            let [first, second, third] = [0, 1, 2].map(|at| window.bytes.get(at).copied());
            let all = |byte: Option<u8>| byte.map_or(0..=255, |byte| byte..=byte);
            for second in all(second) {
                for third in all(third) {
                    let gram = u32::from_le_bytes([first.unwrap_or(0), second, third, 0]);
                    entries.push((hash(gram), number as u32));
                }
            }
        }
        entries.sort_unstable();
        entries.dedup();
        let mut bits = Box::new([0_u64; 1 << (HASH_BITS - 6)]);
        let mut starts = vec![0; (1 << HASH_BITS) + 1];
        for &(hash, _) in &entries {
            bits[hash / 64] |= 1 << (hash % 64);
            starts[hash + 1] += 1;
        }
        for at in 0..1 << HASH_BITS {
            starts[at + 1] += starts[at];
        }
        let gram = |(_, number): (usize, u32)| {
            let window = &windows[number as usize].bytes;
            let (mut bytes, mut mask) = ([0; 4], [0; 4]);
            bytes[..window.len()].copy_from_slice(window);
            mask[..window.len()].fill(0xff);
            Gram {
                bytes: u32::from_le_bytes(bytes),
                mask: u32::from_le_bytes(mask),
                window: number,
            }
        };
        Self {
            bits,
            starts,
            windows: entries.into_iter().map(gram).collect(),
        }
    }

    #[inline]
    fn has(&self, gram: u32) -> bool {
        let hash = hash(gram);
        self.bits[hash / 64] >> (hash % 64) & 1 == 1
    }

    /// Tells each place and each window that may begin there.
    #[inline]
    fn search(&self, bytes: &[u8], mut tell: impl FnMut(usize, usize)) {
        /// Places that are looked at before any of them is told.
        const AT_ONCE: usize = 8;
        let mut told = |at: usize, gram: u32| {
            let hash = hash(gram);
            let (from, to) = (self.starts[hash], self.starts[hash + 1]);
            for known in &self.windows[from as usize..to as usize] {
                if gram & known.mask == known.bytes {
                    tell(at, known.window as usize);
                }
            }
        };
        let mut at = 0;
        while let Some(here) = bytes.get(at..at + AT_ONCE + 3) {
            let low = u64::from_le_bytes(here[..8].try_into().unwrap_or_default());
            let high = u64::from(u32::from_le_bytes([here[8], here[9], here[10], 0]));
            let gram = |place: usize| {
                let word = match place {
                    0 => low,
                    _ => low >> (8 * place) | high << (64 - 8 * place),
                };
                word as u32 & 0x00ff_ffff
            };
            let mut hits = 0_u32;
            for place in 0..AT_ONCE {
                hits |= u32::from(self.has(gram(place))) << place;
            }
            while hits != 0 {
                let place = hits.trailing_zeros() as usize;
                hits &= hits - 1;
                told(at + place, gram(place));
            }
            at += AT_ONCE;
        }
        for place in at..bytes.len() {
            let byte = |offset: usize| bytes.get(place + offset).copied().unwrap_or(0);
            let gram = u32::from_le_bytes([byte(0), byte(1), byte(2), 0]);
            if self.has(gram) {
                told(place, gram);
            }
        }
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

/// Every window in every case, none a prefix of another, with the anchors behind it.
fn windows(anchors: &[Anchor]) -> Vec<Window> {
    let mut all: Vec<(Vec<u8>, (u32, usize))> = Vec::new();
    for (index, anchor) in anchors.iter().enumerate() {
        let offset = best_window(anchor);
        let length = WINDOW.min(anchor.bytes.len());
        for window in cases(&anchor.bytes[offset..offset + length], anchor.ignore_case) {
            all.push((window, (index as u32, offset)));
        }
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

/// A window in every case that it can have.
fn cases(window: &[u8], ignore_case: bool) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for &byte in window {
        let (lower, upper) = (byte.to_ascii_lowercase(), byte.to_ascii_uppercase());
        let choices = if !ignore_case || lower == upper {
            vec![byte]
        } else {
            vec![lower, upper]
        };
        all = all
            .into_iter()
            .flat_map(|head: Vec<u8>| {
                choices
                    .iter()
                    .map(move |&choice| [&head[..], &[choice]].concat())
            })
            .collect();
    }
    all
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
