//! Small things that several files ask of bytes.

/// A space or a tab.
#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The value of hexadecimal digits; None where there are others.
pub(super) fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

/// How many bytes at the start of `bytes` fulfil a condition.
#[inline]
pub(super) fn count(bytes: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|&byte| !holds(byte))
        .unwrap_or(bytes.len())
}
