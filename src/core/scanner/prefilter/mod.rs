//! One pass over the whole chunk for the anchors of all rules and names.
//!
//! Of each anchor a *window* of up to four bytes is looked for; where the window stands,
//! the anchor itself is compared. The window is the rarest part of the anchor, not its
//! beginning: for an assignment the quote-and-equals side is far rarer than the name.
//!
//! Where the processor has AVX-512 VBMI, [`vector`] looks at 64 places at once and a
//! table ([`grams`]) is asked about its candidates. Elsewhere a few windows are found by a
//! packed searcher ([`packed`]). With hundreds of windows, some of them in words of every
//! third line, searching in several groups and starting anew after every hit costs more
//! than asking the table about every place (measured with all packs on log text:
//! 0.13 GB/s in five packed searchers, see the commit).

mod buckets;
mod dense;
mod grams;
mod packed;
mod vector;
mod windows;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use buckets::POSITIONS;
use grams::Grams;
use packed::Packed;
use vector::{LANES, Vector};
use windows::offsets;

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

/// A window that stands somewhere: that of an anchor.
#[derive(Clone, Copy)]
struct Window {
    anchor: u32,
    /// Where it begins in the anchor.
    offset: usize,
    /// The whole anchor has been compared.
    is_all: bool,
}

/// Finds the anchors of all rules.
pub(crate) struct Prefilter {
    anchors: Vec<Anchor>,
    search: Search,
    longest: usize,
}

enum Search {
    Nothing,
    Packed(Packed),
    Grams(Grams),
    Vector(LazyVector),
}

/// The vectors are made when the first large input comes, since that takes a millisecond.
struct LazyVector {
    grams: Grams,
    vector: OnceLock<Vector>,
    /// Of the windows, by anchor.
    offsets: Vec<usize>,
    /// So many bytes have been looked at without them.
    seen: AtomicUsize,
}

impl LazyVector {
    /// None where the table alone is quicker.
    fn for_bytes(&self, length: usize, anchors: &[Anchor]) -> Option<&Vector> {
        /// In so many bytes the table alone takes as long as the vectors take to make.
        const LARGE: usize = 16 * 1024;
        if let Some(vector) = self.vector.get() {
            return Some(vector);
        }
        // Many short texts are as worth it as a long one.
        if self.seen.fetch_add(length, Ordering::Relaxed) + length < LARGE {
            return None;
        }
        let make = || Vector::new(anchors, &self.offsets);
        Some(self.vector.get_or_init(make))
    }
}

/// Which vector instructions may be used. What is found is the same.
#[derive(Clone, Copy, Default)]
pub(crate) enum Vectors {
    /// Those that the processor has.
    #[default]
    Detected,
    /// As if the processor had no AVX-512.
    WithoutAvx512,
}

/// So many bytes are asked about before the first candidate is compared.
const STRIDE: usize = 32 * 1024;

/// So many bytes are asked about with less memory.
const SHORT: usize = 4 * LANES;

/// So many blocks of [`LANES`] places have their candidates gathered together.
const AT_ONCE: usize = 32;

/// Candidates are gathered so many at a time.
const SLACK: usize = 4;

impl Prefilter {
    /// `vectors` says which of the processor's instructions may be used.
    pub(crate) fn new(anchors: Vec<Anchor>, vectors: Vectors) -> Self {
        Self {
            longest: anchors
                .iter()
                .map(|anchor| anchor.bytes.len())
                .max()
                .unwrap_or(0),
            search: Search::new(&anchors, vectors),
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
        let confirm = |at, window| self.confirm(bytes, at, window, out);
        match &self.search {
            Search::Nothing => {}
            Search::Packed(packed) => packed.search(bytes, confirm),
            Search::Grams(grams) => search_table(grams, bytes, confirm),
            Search::Vector(lazy) => match lazy.for_bytes(bytes.len(), &self.anchors) {
                Some(vector) => search_vector(vector, &lazy.grams, bytes, confirm),
                None => search_table(&lazy.grams, bytes, confirm),
            },
        }
    }

    /// Compares the anchor whose window stands at `at`.
    #[inline]
    fn confirm(&self, bytes: &[u8], at: usize, window: Window, out: &mut Vec<Suspect>) {
        let Window { anchor, offset, .. } = window;
        let Some(start) = at.checked_sub(offset) else {
            return;
        };
        if window.is_all || self.stands(bytes, start, anchor) {
            out.push(Suspect { at: start, anchor });
        }
    }

    fn stands(&self, bytes: &[u8], start: usize, anchor: u32) -> bool {
        let Anchor {
            bytes: text,
            ignore_case,
        } = &self.anchors[anchor as usize];
        let here = bytes.get(start..start + text.len());
        here.is_some_and(|here| here == text || *ignore_case && here.eq_ignore_ascii_case(text))
    }
}

/// The vectors' candidates are thinned out by the table.
fn search_vector(vector: &Vector, grams: &Grams, bytes: &[u8], tell: impl FnMut(usize, Window)) {
    let ask = |bytes: &[u8], length: usize, hits: &mut [u64]| vector.places(bytes, length, hits);
    let thin = |bytes: &[u8], places: &mut [u32]| grams.retain(bytes, places);
    search(ask, thin, grams, bytes, tell);
}

/// The table's own candidates.
fn search_table(grams: &Grams, bytes: &[u8], tell: impl FnMut(usize, Window)) {
    let ask = |bytes: &[u8], length: usize, hits: &mut [u64]| grams.places(bytes, length, hits);
    search(ask, |_, places| places.len(), grams, bytes, tell);
}

/// `ask` tells a bit a place, `thin` keeps some of the places; what the table knows to
/// stand at the rest is told. Each step has a loop of its own: one for all of them would
/// stumble over each candidate.
fn search(
    ask: impl Fn(&[u8], usize, &mut [u64]),
    thin: impl Fn(&[u8], &mut [u32]) -> usize,
    grams: &Grams,
    bytes: &[u8],
    tell: impl FnMut(usize, Window),
) {
    // For short texts, such as headers, it would cost more to clear the memory.
    if bytes.len() <= SHORT {
        let places = &mut [0; SHORT + SLACK];
        search_in(
            ask,
            thin,
            grams,
            bytes,
            tell,
            &mut [0; SHORT / LANES],
            places,
        );
    } else {
        let places = &mut [0; LANES * AT_ONCE + SLACK];
        search_in(
            ask,
            thin,
            grams,
            bytes,
            tell,
            &mut [0; STRIDE / LANES],
            places,
        );
    }
}

/// The same with memory for the bits and for the places.
#[inline]
fn search_in<const HITS: usize, const PLACES: usize>(
    ask: impl Fn(&[u8], usize, &mut [u64]),
    thin: impl Fn(&[u8], &mut [u32]) -> usize,
    grams: &Grams,
    bytes: &[u8],
    mut tell: impl FnMut(usize, Window),
    hits: &mut [u64; HITS],
    places: &mut [u32; PLACES],
) {
    for from in (0..bytes.len()).step_by(HITS * LANES) {
        // A window may run over the stride's end.
        let length = (HITS * LANES).min(bytes.len() - from);
        let read = &bytes[from..bytes.len().min(from + length + POSITIONS - 1)];
        let blocks = length.div_ceil(LANES);
        ask(read, length, &mut hits[..blocks]);
        for (chunk, hits) in hits[..blocks].chunks(AT_ONCE).enumerate() {
            let from = from + chunk * AT_ONCE * LANES;
            let found = gather(hits, places);
            let kept = thin(&bytes[from..], &mut places[..found]);
            for &place in &places[..kept] {
                let at = from + place as usize;
                grams.at(bytes, at, |window| tell(at, window));
            }
        }
    }
}

/// Writes the places of all bits. Returns how many there are.
fn gather<const PLACES: usize>(hits: &[u64], places: &mut [u32; PLACES]) -> usize {
    let mut found = 0;
    for (block, &hit) in hits.iter().enumerate() {
        let mut hit = hit;
        let mut at = found;
        found += hit.count_ones() as usize;
        while hit != 0 {
            // Some beyond the last one are written for nothing: cheaper than to ask.
            for place in &mut places[at..at + SLACK] {
                *place = block as u32 * LANES as u32 + hit.trailing_zeros();
                hit &= hit.wrapping_sub(1);
            }
            at += SLACK;
        }
    }
    found
}

impl Search {
    fn new(anchors: &[Anchor], vectors: Vectors) -> Self {
        if anchors.is_empty() {
            return Self::Nothing;
        }
        let vector = match vectors {
            Vectors::Detected => Self::vector(anchors),
            Vectors::WithoutAvx512 => None,
        };
        vector
            .or_else(|| Packed::new(anchors).map(Self::Packed))
            .unwrap_or_else(|| Self::grams(anchors))
    }

    fn vector(anchors: &[Anchor]) -> Option<Self> {
        if !vector::is_supported() {
            return None;
        }
        let offsets = offsets(anchors, POSITIONS);
        Some(Self::Vector(LazyVector {
            grams: Grams::new(anchors, &offsets),
            vector: OnceLock::new(),
            offsets,
            seen: AtomicUsize::new(0),
        }))
    }

    fn grams(anchors: &[Anchor]) -> Self {
        /// The table looks at three bytes, then at a fourth.
        const WINDOW: usize = 4;
        Self::Grams(Grams::new(anchors, &offsets(anchors, WINDOW)))
    }
}

#[cfg(test)]
mod tests {
    use super::packed::SEGMENT;
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

    /// Every way to search that this processor has.
    fn searches(anchors: &[Anchor]) -> Vec<Search> {
        let packed = Packed::new(anchors).map(Search::Packed);
        let all = [
            Search::vector(anchors),
            packed,
            Some(Search::grams(anchors)),
        ];
        all.into_iter().flatten().collect()
    }

    fn check(anchors: &[(&[u8], bool)], bytes: &[u8]) {
        let anchors: Vec<Anchor> = anchors
            .iter()
            .map(|(bytes, ignore_case)| Anchor {
                bytes: bytes.to_vec(),
                ignore_case: *ignore_case,
            })
            .collect();
        for search in searches(&anchors) {
            let mut prefilter = Prefilter::new(anchors.clone(), Vectors::WithoutAvx512);
            prefilter.search = search;
            let mut found = Vec::new();
            prefilter.suspects(bytes, &mut found);
            found.sort();
            assert_eq!(found, naive(&anchors, bytes));
        }
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

    /// Small numbers, the same ones each time.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 20) as usize % limit
        }

        /// Text of a few letters that are alike: in case, in their low bits, in all but one.
        fn text(&mut self, length: usize) -> Vec<u8> {
            const LETTERS: &[u8] = b"aAbBkK=:_ 1q\0\xff\x81\n";
            let some = 2 + self.below(LETTERS.len() - 2);
            (0..length).map(|_| LETTERS[self.below(some)]).collect()
        }
    }

    /// A million cases, a case being one way to search one text for some anchors.
    #[test]
    fn every_way_to_search_finds_what_the_naive_one_does() {
        const CASES: usize = 1_000_000;
        /// A set of anchors is looked for in so many texts.
        const TEXTS: usize = 256;
        let mut random = Random(0x5EED);
        let mut cases = 0;
        while cases < CASES {
            let few = [1, 3, 12, 70][random.below(4)];
            let mut anchors: Vec<Anchor> = (0..=random.below(few))
                .map(|_| {
                    let length = 1 + random.below(11);
                    Anchor {
                        bytes: random.text(length),
                        ignore_case: random.below(2) == 0,
                    }
                })
                .collect();
            anchors.sort();
            anchors.dedup();
            let searches = searches(&anchors);
            let mut prefilter = Prefilter::new(anchors, Vectors::WithoutAvx512);
            let texts: Vec<(Vec<u8>, usize)> = (0..TEXTS)
                .map(|_| {
                    let length = random.below(210);
                    (random.text(length), random.below(64))
                })
                .collect();
            let naive: Vec<_> = texts
                .iter()
                .map(|(text, skipped)| {
                    naive(&prefilter.anchors, &text[(*skipped).min(text.len())..])
                })
                .collect();
            for search in searches {
                if let Search::Vector(lazy) = &search {
                    // The texts are too small for it to be made by itself.
                    lazy.for_bytes(usize::MAX, &prefilter.anchors);
                }
                prefilter.search = search;
                for ((text, skipped), naive) in texts.iter().zip(&naive) {
                    // The text begins at every place of a line of the cache.
                    let text = &text[(*skipped).min(text.len())..];
                    let mut found = Vec::new();
                    prefilter.suspects(text, &mut found);
                    found.sort();
                    assert_eq!(&found, naive, "{text:?}");
                    cases += 1;
                }
            }
        }
    }
}
