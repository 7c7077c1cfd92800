//! A table that tells for three bytes in a row whether a window begins with them: one
//! look a place, whatever the number of windows.

use super::windows::Window;

/// Which three bytes in a row begin a window, and which.
pub(super) struct Grams {
    /// A bit for each hash of three bytes.
    bits: Box<[u64; 1 << (HASH_BITS - 6)]>,
    /// By hash: where its windows are in `windows`; one more than there are hashes.
    starts: Vec<u32>,
    windows: Vec<Gram>,
}

/// A window as bytes of which some count.
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
    pub(super) fn new(windows: &[Window]) -> Self {
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

    /// Tells the windows that stand at one place.
    #[inline]
    pub(super) fn at(&self, bytes: &[u8], place: usize, mut tell: impl FnMut(usize)) {
        let byte = |offset: usize| bytes.get(place + offset).copied().unwrap_or(0);
        let word = match bytes.get(place..place + 4) {
            Some(four) => u32::from_le_bytes(four.try_into().unwrap_or_default()),
            None => u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]),
        };
        let gram = word & 0x00ff_ffff;
        if !self.has(gram) {
            return;
        }
        let hash = hash(gram);
        let (from, to) = (self.starts[hash], self.starts[hash + 1]);
        for known in &self.windows[from as usize..to as usize] {
            if word & known.mask == known.bytes {
                tell(known.window as usize);
            }
        }
    }

    /// Tells each place and each window that stands there.
    #[inline]
    pub(super) fn search(&self, bytes: &[u8], mut tell: impl FnMut(usize, usize)) {
        /// Places that are looked at before any of them is told.
        const AT_ONCE: usize = 8;
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
