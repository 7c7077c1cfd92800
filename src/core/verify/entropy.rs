//! Shannon entropy of the bytes of a secret.

use super::Verify;

/// Accepts secrets of at least `min` bits a byte.
pub(super) struct Entropy {
    pub(super) min: f64,
}

impl Verify for Entropy {
    fn accepts(&self, _matched: &[u8], secret: &[u8]) -> bool {
        bits_per_byte(secret) >= self.min
    }
}

#[allow(clippy::cast_precision_loss)] // secrets are shorter than 2^52 bytes
fn bits_per_byte(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / total;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::bits_per_byte;

    #[test]
    fn entropy_is_of_the_distribution_of_bytes() {
        assert!(bits_per_byte(b"aaaa").abs() < 1e-9);
        assert!((bits_per_byte(b"abab") - 1.0).abs() < 1e-9);
        assert!((bits_per_byte(b"abcd") - 2.0).abs() < 1e-9);
    }
}
