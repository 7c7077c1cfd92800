//! One pass over the whole chunk for the anchors of all rules.
//!
//! Of each anchor a *window* of up to three bytes is looked for, in every case that it
//! can have, by aho-corasick's packed searcher (Teddy); where the window stands, the
//! anchor itself is compared. The window is the rarest part of the anchor, not its
//! beginning: for an assignment the quote-and-equals side is far rarer than the name.
//! Where there are more windows than the packed searcher takes, the automaton of
//! aho-corasick looks for them.

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

/// How many windows the packed searcher takes.
const PACKED_LIMIT: usize = 64;

/// How long a window is, where its anchor is long enough.
const WINDOW: usize = 3;

/// Finds the anchors of all rules.
pub(crate) struct Prefilter {
    anchors: Vec<Anchor>,
    /// By window: the anchors that it stands for and its offset in each.
    windows: Vec<Vec<(u32, usize)>>,
    search: Search,
    longest: usize,
}

enum Search {
    Nothing,
    Packed(packed::Searcher),
    Automaton(Box<AhoCorasick>),
}

impl Prefilter {
    pub(crate) fn new(anchors: Vec<Anchor>) -> Self {
        let table = windows(&anchors);
        let search = Search::new(table.iter().map(|(window, _)| window.as_slice()));
        Self {
            longest: anchors.iter().map(|anchor| anchor.bytes.len()).max().unwrap_or(0),
            windows: table.into_iter().map(|(_, places)| places).collect(),
            anchors,
            search,
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
                let mut from = 0;
                while let Some(found) =
                    searcher.find_in(bytes, aho_corasick::Span { start: from, end: bytes.len() })
                {
                    self.confirm(bytes, found.start(), found.pattern().as_usize(), out);
                    from = found.start() + 1;
                }
            }
            Search::Automaton(automaton) => {
                for found in automaton.find_overlapping_iter(bytes) {
                    self.confirm(bytes, found.start(), found.pattern().as_usize(), out);
                }
            }
        }
    }

    /// Compares the anchors of a window that stands at `at`.
    #[inline]
    fn confirm(&self, bytes: &[u8], at: usize, window: usize, out: &mut Vec<Suspect>) {
        for &(index, offset) in &self.windows[window] {
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
                out.push(Suspect { at: start, anchor: index });
            }
        }
    }
}

impl Search {
    fn new<'a>(windows: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let count = windows.clone().count();
        if count == 0 {
            return Self::Nothing;
        }
        if count <= PACKED_LIMIT {
            let mut builder = packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder();
            if let Some(searcher) = builder.extend(windows.clone()).build() {
                return Self::Packed(searcher);
            }
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(windows)
            .expect("a few thousand windows of three bytes fit any automaton");
        Self::Automaton(Box::new(automaton))
    }
}

/// Every window in every case, none a prefix of another, with the anchors behind it.
fn windows(anchors: &[Anchor]) -> Vec<(Vec<u8>, Vec<(u32, usize)>)> {
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
    let mut table: Vec<(Vec<u8>, Vec<(u32, usize)>)> = Vec::new();
    for (window, place) in all {
        match table.iter_mut().find(|(known, _)| window.starts_with(known)) {
            Some((_, places)) => places.push(place),
            None => table.push((window, vec![place])),
        }
    }
    table
}

/// The offset of the window of an anchor that costs least.
fn best_window(anchor: &Anchor) -> usize {
    let length = WINDOW.min(anchor.bytes.len());
    let cost = |offset: usize| -> u32 {
        let window = &anchor.bytes[offset..offset + length];
        window
            .iter()
            .map(|&byte| frequency(byte) + u32::from(anchor.ignore_case && byte.is_ascii_alphabetic()) * 3)
            .sum()
    };
    (0..=anchor.bytes.len() - length)
        .min_by_key(|&offset| cost(offset))
        .unwrap_or(0)
}

/// How frequent a byte is in logs, on a scale of ten.
fn frequency(byte: u8) -> u32 {
    match byte {
        b' ' | b'e' | b't' | b'a' | b'i' | b'n' | b'o' | b'r' | b's' | b'0' | b'1' | b'2' => 9,
        b'"' | b'c' | b'd' | b'l' | b'm' | b'p' | b'u' | b'3'..=b'9' | b':' | b'.' | b'-' | b'/' => 7,
        b'b' | b'f' | b'g' | b'h' | b'v' | b'w' | b'y' | b',' | b'_' | b'=' => 5,
        b'k' | b'x' | b'j' | b'q' | b'z' | b'A'..=b'Z' | b'\'' | b'(' | b')' | b'[' | b']' | b'{' | b'}' => 3,
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
                choices.iter().map(move |&choice| [&head[..], &[choice]].concat())
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
                if here == anchor.bytes || anchor.ignore_case && here.eq_ignore_ascii_case(&anchor.bytes) {
                    all.push(Suspect { at, anchor: index as u32 });
                }
            }
        }
        all
    }

    fn check(anchors: &[(&[u8], bool)], bytes: &[u8]) {
        let anchors: Vec<Anchor> = anchors
            .iter()
            .map(|(bytes, ignore_case)| Anchor { bytes: bytes.to_vec(), ignore_case: *ignore_case })
            .collect();
        let mut found = Vec::new();
        Prefilter::new(anchors.clone()).suspects(bytes, &mut found);
        found.sort();
        assert_eq!(found, naive(&anchors, bytes));
    }

    #[test]
    fn every_place_of_every_anchor_is_found() {
        let text = b"key='x' KEY=\"y\" monkey='z' ://a.b://postgresql://Bearer bearer eyJeyJ aaaaaa ab aab";
        check(&[(b"key='", true), (b"key=\"", true), (b"://", false)], text);
        check(&[(b"Bearer", false), (b"bearer", true), (b"eyJ", false)], text);
        check(&[(b"a", false), (b"aa", false), (b"aab", false), (b"ab", false)], text);
        check(&[], text);
        let many: Vec<Vec<u8>> = (0..200u8).map(|byte| vec![byte, b'=', byte]).collect();
        let many: Vec<(&[u8], bool)> = many.iter().map(|anchor| (anchor.as_slice(), false)).collect();
        check(&many, b"a=ab=bc=c'='");
    }
}
