//! Sizes as people write them.

/// Parses a number of bytes with an optional unit: `4096`, `64K`, `64KiB`, `1M`, `2G`
/// (powers of 1024) or `64kB`, `1MB`, `2GB` (powers of 1000). Units ignore case; at
/// least one byte.
pub(crate) fn parse(text: &str) -> Result<usize, SizeError> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let number: usize = digits.parse().map_err(|_| SizeError::NotASize)?;
    let bytes = number
        .checked_mul(factor(unit.trim_start())?)
        .ok_or(SizeError::TooLarge)?;
    if bytes == 0 {
        Err(SizeError::Zero)
    } else {
        Ok(bytes)
    }
}

/// Why a text is not a size.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SizeError {
    /// No number, or an unknown unit.
    #[error("write a number of bytes such as 4096, 64K, 1MiB or 2MB")]
    NotASize,
    /// More than the address space.
    #[error("the size is too large")]
    TooLarge,
    /// Nothing can be done with no bytes.
    #[error("the size must be at least 1")]
    Zero,
}

fn factor(unit: &str) -> Result<usize, SizeError> {
    const UNITS: [(&str, usize, u32); 11] = [
        ("", 1, 0),
        ("b", 1, 0),
        ("k", 1024, 1),
        ("kib", 1024, 1),
        ("kb", 1000, 1),
        ("m", 1024, 2),
        ("mib", 1024, 2),
        ("mb", 1000, 2),
        ("g", 1024, 3),
        ("gib", 1024, 3),
        ("gb", 1000, 3),
    ];
    UNITS
        .iter()
        .find(|(name, ..)| unit.eq_ignore_ascii_case(name))
        .map(|(_, base, power)| base.pow(*power))
        .ok_or(SizeError::NotASize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let sizes = [
            ("1", 1),
            ("4096", 4096),
            ("64K", 65536),
            ("64 KiB", 65536),
            ("64kB", 64000),
            ("1m", 1 << 20),
            ("1MiB", 1 << 20),
            ("2GB", 2_000_000_000),
        ];
        for (text, bytes) in sizes {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn no_sizes() {
        for text in ["", "K", "-1", "1.5M", "1Q", "1KK", "ten"] {
            assert_eq!(parse(text), Err(SizeError::NotASize), "{text}");
        }
        assert_eq!(parse("0K"), Err(SizeError::Zero));
        assert_eq!(parse("99999999999G"), Err(SizeError::TooLarge));
    }
}
