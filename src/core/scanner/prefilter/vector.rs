//! The same question for 64 places at once: may a window begin here?
//!
//! The windows are dealt into buckets ([`buckets`](super::buckets)), and a place is a
//! candidate where some bytes in a row are in the sets of one bucket. Eight buckets are
//! the eight bits of a byte, so that one look-up in a table of 128 answers for eight of
//! them (AVX-512 VBMI has that look-up as an instruction). Candidates are compared by the
//! caller.

// Loads from slices by pointer, and the instructions' own features, are checked here.
#![allow(unsafe_code)]

use super::Anchor;
use super::buckets::{OTHER, POSITIONS, Sets, deal, shape};

/// Places that are answered at once.
pub(super) const LANES: usize = 64;

/// The buckets of a group are the bits of a byte.
const IN_GROUP: usize = 8;

/// Groups for hundreds of windows.
const GROUPS: usize = 3;

/// So few windows fit into one group, whose places are answered in a third of the time.
const FEW: usize = 48;

/// The sets hold ASCII only.
const CODES: usize = 128;

/// By position: for each byte the buckets that have it there.
type Table = [[u8; CODES]; POSITIONS];

/// A table for each group.
pub(super) struct Vector {
    tables: Vec<Table>,
}

impl Vector {
    /// The windows of anchors, which begin at these offsets. The processor has to have
    /// what it takes, as [`is_supported`] says.
    pub(super) fn new(anchors: &[Anchor], offsets: &[usize]) -> Self {
        assert!(is_supported(), "there is AVX-512 VBMI");
        let groups = if anchors.len() <= FEW { 1 } else { GROUPS };
        let shapes = anchors.iter().zip(offsets);
        let shapes = shapes.map(|(anchor, &offset)| shape(anchor, offset));
        Self {
            tables: deal(shapes.collect(), IN_GROUP * groups)
                .chunks(IN_GROUP)
                .map(table)
                .collect(),
        }
    }

    /// Sets a bit in `hits` for each of the first `length` places of `bytes` where a
    /// window may begin: place `n` is bit `n % 64` of `hits[n / 64]`. What `bytes` holds
    /// behind them is read for windows that run on.
    pub(super) fn places(&self, bytes: &[u8], length: usize, hits: &mut [u64]) {
        assert!(hits.len() == length.div_ceil(LANES) && bytes.len() >= length);
        // The last places would read beyond the bytes, so they are looked at in a copy.
        let whole = (bytes.len().saturating_sub(POSITIONS - 1) / LANES).min(length / LANES);
        let (most, last) = hits.split_at_mut(whole);
        let mut copy = [0_u8; 2 * LANES + POSITIONS];
        let rest = &bytes[whole * LANES..];
        let rest = &rest[..rest.len().min(last.len() * LANES + POSITIONS - 1)];
        copy[..rest.len()].copy_from_slice(rest);
        // SAFETY: a `Vector` exists only where `is_supported` has said so.
        unsafe {
            if let Some(tables) = self.tables.first_chunk::<GROUPS>() {
                places(tables, bytes, most);
                places(tables, &copy, last);
            } else {
                let tables = std::array::from_ref(&self.tables[0]);
                places(tables, bytes, most);
                places(tables, &copy, last);
            }
        }
        if !length.is_multiple_of(LANES) {
            hits[length / LANES] &= (1 << (length % LANES)) - 1;
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) fn is_supported() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn is_supported() -> bool {
    false
}

/// Answers for the first `64 * hits.len()` places of `bytes`.
#[cfg(target_arch = "x86_64")]
#[allow(
    clippy::needless_range_loop,
    reason = "an iterator over two things is a call for each of them here"
)]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn places<const USED: usize>(tables: &[Table; USED], bytes: &[u8], hits: &mut [u64]) {
    use std::arch::x86_64::{
        _mm512_and_si512, _mm512_loadu_epi8, _mm512_mask_mov_epi8, _mm512_movepi8_mask,
        _mm512_or_si512, _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_setzero_si512,
        _mm512_test_epi8_mask,
    };

    assert!(hits.is_empty() || bytes.len() >= hits.len() * LANES + POSITIONS - 1);
    // SAFETY: 64 bytes are read from each half of a table of 128.
    let load = |from: &[u8]| unsafe {
        debug_assert!(from.len() >= LANES);
        _mm512_loadu_epi8(from.as_ptr().cast())
    };
    // Loops, since a closure that has the instructions does not become part of a function of
    // the library that has not.
    let zero = _mm512_setzero_si512();
    let mut halves = [[[zero; 2]; POSITIONS]; USED];
    for (halves, table) in halves.iter_mut().zip(tables) {
        for ([low, high], table) in halves.iter_mut().zip(table) {
            (*low, *high) = (load(&table[..LANES]), load(&table[LANES..]));
        }
    }
    let other = _mm512_set1_epi8(OTHER.cast_signed());
    for (block, hit) in hits.iter_mut().enumerate() {
        let mut all = [zero; USED];
        for position in 0..POSITIONS {
            // SAFETY: the assertion above; the last block ends POSITIONS - 1 bytes before the end.
            let bytes =
                unsafe { _mm512_loadu_epi8(bytes.as_ptr().add(block * LANES + position).cast()) };
            let codes = _mm512_mask_mov_epi8(bytes, _mm512_movepi8_mask(bytes), other);
            for group in 0..USED {
                let [low, high] = halves[group][position];
                let here = _mm512_permutex2var_epi8(low, codes, high);
                all[group] = match position {
                    0 => here,
                    _ => _mm512_and_si512(all[group], here),
                };
            }
        }
        let mut any = zero;
        for &group in &all {
            any = _mm512_or_si512(any, group);
        }
        *hit = _mm512_test_epi8_mask(any, any);
    }
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn places<const USED: usize>(_: &[Table; USED], _: &[u8], _: &mut [u64]) {
    unreachable!("a Vector exists only where the processor has AVX-512")
}

/// The buckets of one group as a table.
fn table(buckets: &[Sets]) -> Table {
    let mut table = [[0; CODES]; POSITIONS];
    for (number, bucket) in buckets.iter().enumerate() {
        for (position, set) in bucket.iter().enumerate() {
            for (code, buckets) in table[position].iter_mut().enumerate() {
                *buckets |= ((set >> code & 1) as u8) << number;
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::windows::offsets;
    use super::*;

    #[test]
    fn every_place_of_every_window_is_a_candidate() {
        let texts: [&[u8]; 7] = [
            b"ghp_",
            b"://",
            b"key",
            b"a",
            b"\xff\x80z",
            b"\x01b",
            b"zzzz",
        ];
        let anchors = texts.map(|bytes| Anchor {
            bytes: bytes.to_vec(),
            ignore_case: bytes == b"key",
        });
        let offsets = offsets(&anchors, POSITIONS);
        if !is_supported() {
            return;
        }
        let vector = Vector::new(&anchors, &offsets);
        let mut random = 1_u64;
        for length in 0..400 {
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    b"ghp_:/keyaz\xff\x80\x01b\n"[(random >> 40) as usize % 16]
                })
                .collect();
            let mut hits = vec![u64::MAX; text.len().div_ceil(LANES)];
            vector.places(&text, text.len(), &mut hits);
            for at in 0..text.len() {
                let begins = |(anchor, offset): (&Anchor, &usize)| {
                    let window = &anchor.bytes[*offset..];
                    let here = text.get(at..at + window.len());
                    here.is_some_and(|here| {
                        here == window || anchor.ignore_case && here.eq_ignore_ascii_case(window)
                    })
                };
                let stands = anchors.iter().zip(&offsets).any(begins);
                assert!(
                    hits[at / LANES] >> (at % LANES) & 1 == 1 || !stands,
                    "{length} {at}"
                );
            }
            assert!(
                text.len().is_multiple_of(LANES)
                    || hits[text.len() / LANES] >> (text.len() % LANES) == 0
            );
        }
    }

    #[test]
    fn what_is_far_from_every_window_is_none() {
        let anchors = [Anchor {
            bytes: b"ghp_".to_vec(),
            ignore_case: false,
        }];
        if !is_supported() {
            return;
        }
        let vector = Vector::new(&anchors, &[0]);
        let mut hits = [u64::MAX; 4];
        vector.places(&[b' '; 256], 256, &mut hits);
        assert_eq!(hits, [0; 4]);
    }
}
