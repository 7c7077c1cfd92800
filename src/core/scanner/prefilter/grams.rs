//! A table that tells for three bytes in a row whether a window begins with them: one
//! look a place, whatever the number of windows.

use super::vector::LANES;
use super::{Anchor, Window};

/// Which three bytes in a row begin a window, and which.
pub(super) struct Grams {
    /// A bit for each hash of three bytes.
    bits: Box<[u64; WORDS]>,
    /// By the upper part of a hash: where its windows begin in `windows`; one more than
    /// there are.
    starts: Vec<u32>,
    windows: Vec<Gram>,
    /// Windows of a single byte, which have thousands of hashes.
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

/// How many parts of hashes there are to look windows up by.
const SLOTS: usize = 1 << SLOT_BITS;

/// Some thousand windows, in all their spellings, seldom share a part: with 12 bits four
/// were compared at a place of log text, and the search took a tenth longer.
const SLOT_BITS: u32 = 14;

/// The upper part of a hash.
#[inline]
fn slot(hash: usize) -> usize {
    hash >> (HASH_BITS - SLOT_BITS)
}

/// The bit in which the two cases of a letter differ.
const CASE: u8 = 0x20;

/// So many bytes decide on the bit.
const GRAM: usize = 3;

/// Of the first three bytes of a word.
#[inline]
fn hash(word: u32) -> usize {
    /// Moved by a byte, so that the fourth one does not count.
    const FACTOR: u32 = 0x9e37_79b1 << 8;
    (word.wrapping_mul(FACTOR) >> (32 - HASH_BITS)) as usize
}

impl Grams {
    /// The windows of anchors, which begin at these offsets.
    pub(super) fn new(anchors: &[Anchor], offsets: &[usize]) -> Self {
        // Each spelling of each window: its slot and the anchor, in the order of the anchors.
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
                    spelled.push((slot(hash) as u32, index as u32));
                }
            });
            spelled[from..].sort_unstable();
            dedup_from(&mut spelled, from);
        }
        // Sorted without a comparison: first how many each has, then where they go.
        let mut starts = vec![0; SLOTS + 1];
        for &(slot, _) in &spelled {
            starts[slot as usize] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut order = vec![0_u32; spelled.len()];
        for &(slot, index) in spelled.iter().rev() {
            let start = &mut starts[slot as usize];
            *start -= 1;
            order[*start as usize] = index;
        }
        let gram = |&index: &u32| {
            let place = index as usize;
            Gram::new(&anchors[place], place, offsets[place])
        };
        Self {
            bits,
            starts,
            windows: order.iter().map(gram).collect(),
            singles,
        }
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
        let slot = slot(hash(word as u32));
        let (from, to) = (self.starts[slot], self.starts[slot + 1]);
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

    /// Sets a bit in `hits` for each of the first `length` places of `bytes` where a window
    /// may begin: place `n` is bit `n % 64` of `hits[n / 64]`. What `bytes` holds behind
    /// them is read for windows that run on.
    pub(super) fn places(&self, bytes: &[u8], length: usize, hits: &mut [u64]) {
        let mut from = 0;
        for hit in hits {
            *hit = match bytes[from..].first_chunk() {
                Some(here) if from + LANES <= length => self.block(here),
                _ => {
                    let places = from..length.min(from + LANES);
                    let has = |place: usize| u64::from(self.has(padded(bytes, place) as u32));
                    places.fold(0, |hit, place| hit | has(place) << (place - from))
                }
            };
            from += LANES;
        }
    }

    /// A bit for each of so many places.
    #[inline]
    fn block(&self, bytes: &[u8; LANES + GRAM]) -> u64 {
        /// Places whose answers are put together by one multiplication.
        const AT_ONCE: usize = 8;
        let has = |word: u64| {
            let hash = hash(word as u32);
            (self.bits[hash / 64] >> (hash % 64)) as u8
        };
        let mut hit = 0;
        for from in (0..LANES).step_by(AT_ONCE) {
            // The last two places begin so near the end of the first word that it does not
            // have three bytes of them.
            let (word, next) = (eight(bytes, from), eight(bytes, from + 2));
            let answers = [
                has(word),
                has(word >> 8),
                has(word >> 16),
                has(word >> 24),
                has(word >> 32),
                has(word >> 40),
                has(next >> 32),
                has(next >> 40),
            ];
            let answers = u64::from_le_bytes(answers) & 0x0101_0101_0101_0101;
            hit |= (answers.wrapping_mul(0x0102_0408_1020_4080) >> 56) << from;
        }
        hit
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

/// Eight bytes as a number.
#[inline]
fn eight(bytes: &[u8; LANES + GRAM], at: usize) -> u64 {
    let eight = bytes[at..].first_chunk();
    eight.map_or(0, |eight| u64::from_le_bytes(*eight))
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
