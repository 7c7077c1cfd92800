//! A table that tells for three bytes in a row whether a window begins with them: one
//! look a place, whatever the number of windows.

use super::Anchor;

/// Which three bytes in a row begin a window, and which.
pub(super) struct Grams {
    /// A bit for each hash of three bytes.
    bits: Box<[u64; WORDS]>,
    /// By word of `bits`: how many bits are set before it.
    ranks: Box<[u32; WORDS]>,
    /// By bit that is set: where its windows begin in `windows`; one more than there are.
    starts: Vec<u32>,
    windows: Vec<Gram>,
}

/// A window as bytes of which some count.
struct Gram {
    bytes: u32,
    mask: u32,
    anchor: u32,
    offset: u32,
}

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
        let mut entries: Vec<(usize, Gram)> = Vec::with_capacity(2 * anchors.len());
        let mut hashes: Vec<usize> = Vec::new();
        for (index, (anchor, &offset)) in anchors.iter().zip(offsets).enumerate() {
            hashes.clear();
            spell(anchor, offset, 0, 0, &mut |word| hashes.push(hash(word)));
            hashes.sort_unstable();
            hashes.dedup();
            let gram = |&hash: &usize| (hash, Gram::new(anchor, index, offset));
            entries.extend(hashes.iter().map(gram));
        }
        entries.sort_by_key(|&(hash, _)| hash);
        let mut bits = Box::new([0_u64; WORDS]);
        let mut starts = Vec::with_capacity(entries.len() + 1);
        for (at, &(hash, _)) in entries.iter().enumerate() {
            let bit = 1 << (hash % 64);
            if bits[hash / 64] & bit == 0 {
                starts.push(at as u32);
            }
            bits[hash / 64] |= bit;
        }
        starts.push(entries.len() as u32);
        let mut ranks = Box::new([0; WORDS]);
        let mut set = 0;
        for (rank, word) in ranks.iter_mut().zip(bits.iter()) {
            *rank = set;
            set += word.count_ones();
        }
        Self {
            bits,
            ranks,
            starts,
            windows: entries.into_iter().map(|(_, gram)| gram).collect(),
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

    /// Tells the anchors whose window may stand at one place, with its offset in each.
    #[inline]
    pub(super) fn at(&self, bytes: &[u8], place: usize, mut tell: impl FnMut(u32, usize)) {
        let byte = |offset: usize| bytes.get(place + offset).copied().unwrap_or(0);
        let word = match bytes.get(place..place + 4) {
            Some(four) => u32::from_le_bytes(four.try_into().unwrap_or_default()),
            None => u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]),
        };
        let hash = hash(word);
        let (bits, bit) = (self.bits[hash / 64], hash % 64);
        if bits >> bit & 1 == 0 {
            return;
        }
        let below = bits & ((1 << bit) - 1);
        let rank = (self.ranks[hash / 64] + below.count_ones()) as usize;
        let (from, to) = (self.starts[rank], self.starts[rank + 1]);
        for known in &self.windows[from as usize..to as usize] {
            if word & known.mask == known.bytes {
                tell(known.anchor, known.offset as usize);
            }
        }
    }

    /// The same for each place.
    #[inline]
    pub(super) fn search(&self, bytes: &[u8], mut tell: impl FnMut(usize, u32, usize)) {
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
                self.at(bytes, place, |anchor, offset| tell(place, anchor, offset));
            }
            at += AT_ONCE;
        }
        for place in at..bytes.len() {
            self.at(bytes, place, |anchor, offset| tell(place, anchor, offset));
        }
    }
}

impl Gram {
    fn new(anchor: &Anchor, index: usize, offset: usize) -> Self {
        let (mut bytes, mut mask) = ([0; 4], [0; 4]);
        let window = &anchor.bytes[offset..];
        for (at, &byte) in window.iter().take(4).enumerate() {
            let either = anchor.ignore_case && byte.is_ascii_alphabetic();
            mask[at] = if either { !CASE } else { u8::MAX };
            bytes[at] = byte & mask[at];
        }
        Self {
            bytes: u32::from_le_bytes(bytes),
            mask: u32::from_le_bytes(mask),
            anchor: index as u32,
            offset: offset as u32,
        }
    }
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
