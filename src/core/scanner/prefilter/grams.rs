//! A table that tells for three bytes in a row whether a window begins with them: one
//! look a place, whatever the number of windows.

use super::{Anchor, Window};

/// Which three bytes in a row begin a window, and which.
pub(super) struct Grams {
    /// A bit for each hash of three bytes.
    bits: Box<[u64; WORDS]>,
    /// By word of `bits`: how many bits are set before it.
    ranks: Box<[u32; WORDS]>,
    /// By bit that is set: where its windows begin in `windows`; one more than there are.
    starts: Vec<u32>,
    windows: Vec<Gram>,
    /// Windows of one byte.
    singles: Vec<Gram>,
}

/// A window as bytes of which some count: as many of the anchor from there on as fit.
struct Gram {
    bytes: u64,
    mask: u64,
    anchor: u32,
    offset: u32,
    /// There is no more of the anchor.
    is_all: bool,
}

/// So many bytes of a window are compared at once.
const HEAD: usize = size_of::<u64>();

/// A table of so many bits is held in the first cache beside the text.
const HASH_BITS: u32 = 17;

const WORDS: usize = 1 << (HASH_BITS - 6);

/// The bit in which the two cases of a letter differ.
const CASE: u8 = 0x20;

/// So many bytes decide on the bit.
const GRAM: usize = 3;

/// Of the first three bytes of a word.
#[inline]
fn hash(word: u32) -> usize {
    let gram = word << 8;
    (gram.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

impl Grams {
    /// The windows of anchors, which begin at these offsets.
    pub(super) fn new(anchors: &[Anchor], offsets: &[usize]) -> Self {
        // Each spelling of each window: its hash and the anchor, in the order of the anchors.
        let mut spelled: Vec<(u32, u32)> = Vec::with_capacity(4 * anchors.len());
        let mut singles = Vec::new();
        let mut bits = Box::new([0_u64; WORDS]);
        for (index, (anchor, &offset)) in anchors.iter().zip(offsets).enumerate() {
            let is_single = anchor.bytes.len() == offset + 1;
            if is_single {
                // Thousands of spellings, of which the first byte says all.
                singles.push(Gram::new(anchor, index, offset));
            }
            let from = spelled.len();
            spell(anchor, offset, 0, 0, &mut |word| {
                let hash = hash(word);
                bits[hash / 64] |= 1 << (hash % 64);
                if !is_single {
                    spelled.push((hash as u32, index as u32));
                }
            });
            spelled[from..].sort_unstable();
            dedup_from(&mut spelled, from);
        }
        let mut ranks = Box::new([0; WORDS]);
        let mut set = 0;
        for (rank, word) in ranks.iter_mut().zip(bits.iter()) {
            *rank = set;
            set += word.count_ones();
        }
        // Sorted by hash without a comparison: first how many each has, then where they go.
        let mut table = Self {
            bits,
            ranks,
            starts: vec![0; set as usize + 1],
            windows: Vec::new(),
            singles,
        };
        let ranks: Vec<u32> = spelled
            .iter()
            .map(|&(hash, _)| table.rank(hash as usize))
            .collect();
        for &rank in &ranks {
            table.starts[rank as usize] += 1;
        }
        let mut sum = 0;
        for start in &mut table.starts {
            sum += *start;
            *start = sum;
        }
        let mut order = vec![0_u32; spelled.len()];
        for (&rank, &(_, index)) in ranks.iter().zip(&spelled).rev() {
            let start = &mut table.starts[rank as usize];
            *start -= 1;
            order[*start as usize] = index;
        }
        let gram = |&index: &u32| {
            Gram::new(
                &anchors[index as usize],
                index as usize,
                offsets[index as usize],
            )
        };
        table.windows = order.iter().map(gram).collect();
        table
    }

    /// How many bits are set before that of a hash.
    #[inline]
    fn rank(&self, hash: usize) -> u32 {
        let below = self.bits[hash / 64] & ((1 << (hash % 64)) - 1);
        self.ranks[hash / 64] + below.count_ones()
    }

    /// Keeps the places where a window may begin, and returns how many they are.
    #[inline]
    pub(super) fn retain(&self, bytes: &[u8], places: &mut [u32]) -> usize {
        let mut kept = 0;
        for at in 0..places.len() {
            let place = places[at];
            let four = bytes.get(place as usize..place as usize + 4);
            let may = four.is_none_or(|four| {
                self.has(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            });
            places[kept] = place;
            // No branch: what a place holds cannot be foreseen.
            kept += usize::from(may);
        }
        kept
    }

    #[inline]
    fn has(&self, word: u32) -> bool {
        let hash = hash(word);
        self.bits[hash / 64] >> (hash % 64) & 1 == 1
    }

    /// Tells the anchors whose window stands at one place.
    #[inline]
    pub(super) fn at(&self, bytes: &[u8], place: usize, mut tell: impl FnMut(Window)) {
        let here = bytes.get(place..).and_then(<[u8]>::first_chunk);
        let is_whole = here.is_some();
        let word = here.map_or_else(|| padded(bytes, place), |here| u64::from_le_bytes(*here));
        let hash = hash(word as u32);
        if self.bits[hash / 64] >> (hash % 64) & 1 == 0 {
            return;
        }
        let rank = self.rank(hash) as usize;
        let (from, to) = (self.starts[rank], self.starts[rank + 1]);
        let windows = &self.windows[from as usize..to as usize];
        for known in self.singles.iter().chain(windows) {
            if word & known.mask == known.bytes {
                tell(Window {
                    anchor: known.anchor,
                    offset: known.offset as usize,
                    is_all: known.is_all && is_whole,
                });
            }
        }
    }

    /// The same for each place.
    #[inline]
    pub(super) fn search(&self, bytes: &[u8], mut tell: impl FnMut(usize, Window)) {
        /// Places that are looked at before any of them is told.
        const AT_ONCE: usize = 8;
        let mut at = 0;
        while let Some(here) = bytes.get(at..at + AT_ONCE + 3) {
            let low = u64::from_le_bytes(here[..8].try_into().unwrap_or_default());
            let high = u64::from(u32::from_le_bytes([here[8], here[9], here[10], 0]));
            let word = |place: usize| match place {
                0 => low as u32,
                _ => (low >> (8 * place) | high << (64 - 8 * place)) as u32,
            };
            let mut hits = 0_u32;
            for place in 0..AT_ONCE {
                hits |= u32::from(self.has(word(place))) << place;
            }
            while hits != 0 {
                let place = at + hits.trailing_zeros() as usize;
                hits &= hits - 1;
                self.at(bytes, place, |window| tell(place, window));
            }
            at += AT_ONCE;
        }
        for place in at..bytes.len() {
            self.at(bytes, place, |window| tell(place, window));
        }
    }
}

impl Gram {
    fn new(anchor: &Anchor, index: usize, offset: usize) -> Self {
        let (mut bytes, mut mask) = ([0; HEAD], [0; HEAD]);
        let window = &anchor.bytes[offset..];
        for ((known, mask), &byte) in bytes.iter_mut().zip(&mut mask).zip(window) {
            let either = anchor.ignore_case && byte.is_ascii_alphabetic();
            *mask = if either { !CASE } else { u8::MAX };
            *known = byte & *mask;
        }
        Self {
            bytes: u64::from_le_bytes(bytes),
            mask: u64::from_le_bytes(mask),
            is_all: offset == 0 && window.len() <= HEAD,
            anchor: index as u32,
            offset: offset as u32,
        }
    }
}

/// The bytes at a place so near the end that fewer are left than are compared; zeros behind
/// them.
#[cold]
fn padded(bytes: &[u8], place: usize) -> u64 {
    let mut here = [0; HEAD];
    let rest = bytes.get(place..).unwrap_or_default();
    here[..rest.len().min(HEAD)].copy_from_slice(&rest[..rest.len().min(HEAD)]);
    u64::from_le_bytes(here)
}

/// Drops equal neighbours behind `from`.
fn dedup_from(all: &mut Vec<(u32, u32)>, from: usize) {
    let mut kept = from;
    for at in from..all.len() {
        if at == from || all[at] != all[kept - 1] {
            all[kept] = all[at];
            kept += 1;
        }
    }
    all.truncate(kept);
}

/// Tells every three bytes that may stand where the window of an anchor does; `word` has
/// the first `known` of them.
fn spell(anchor: &Anchor, offset: usize, known: usize, word: u32, tell: &mut impl FnMut(u32)) {
    if known == GRAM {
        return tell(word);
    }
    let mut with = |byte: u8| {
        let word = word | u32::from(byte) << (8 * known);
        spell(anchor, offset, known + 1, word, tell);
    };
    match anchor.bytes.get(offset + known) {
        Some(&byte) if anchor.ignore_case && byte.is_ascii_alphabetic() => {
            with(byte | CASE);
            with(byte & !CASE);
        }
        Some(&byte) => with(byte),
        None => (0..=255).for_each(with),
    }
}
