//! The check digit of payment cards (ISO/IEC 7812-1, annex B).

use super::Verify;
use super::digits::Digits;

/// Accepts a secret whose digits fulfil Luhn's formula and are not all the same.
pub(super) struct Luhn;

impl Verify for Luhn {
    fn accepts(&self, _matched: &[u8], secret: &[u8]) -> bool {
        Digits::only(secret).is_some_and(|digits| {
            let digits = digits.as_slice();
            // A row of zeros fulfils it too.
            digits.iter().any(|digit| *digit != digits[0]) && holds(digits)
        })
    }
}

/// Whether the digits, the check digit last, fulfil the formula.
pub(super) fn holds(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| {
            let doubled = u32::from(digit) << (at % 2);
            doubled / 10 + doubled % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_check_digit_of_ten_fits() {
        // The example of the standard's annex: 7992739871 has the check digit 3.
        for check in 0..10 {
            let number = format!("7992 7398 71{check}");
            assert_eq!(Luhn.accepts(b"", number.as_bytes()), check == 3, "{number}");
        }
        assert!(!Luhn.accepts(b"", b"0000 0000 0000 0000"));
        assert!(!Luhn.accepts(b"", b""));
    }
}
