//! Numbers of firms, banks, taxes and doctors.

use super::weights::sum;
use crate::core::verify::luhn;

/// Argentina: CUIT and CUIL.
pub(super) fn ar_cuit(digits: &[u8]) -> bool {
    digits.len() == 11
        && matches!(digits[0], 2 | 3)
        && (11 - sum(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == u32::from(digits[10])
}

/// The first digit counts one less, and 89 divides the sum.
pub(super) fn au_abn(digits: &[u8]) -> bool {
    digits.len() == 11
        && digits[0] > 0
        && (sum(digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10).is_multiple_of(89)
}

pub(super) fn au_acn(digits: &[u8]) -> bool {
    digits.len() == 9
        && (10 - sum(digits, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == u32::from(digits[8])
}

/// Chile: the last may be a K for ten.
pub(super) fn cl_rut(text: &[u8]) -> bool {
    let Some((check, number)) = text.split_last() else {
        return false;
    };
    if !matches!(number.len(), 7 | 8) || !number.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = number
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7, 2, 3])
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    b"0K987654321"[sum as usize % 11] == *check
}

/// Of the six digits before it the seventh is the check digit; two tell the doctor's
/// field.
pub(super) fn de_doctor(digits: &[u8]) -> bool {
    digits.len() == 9 && (10 - sum(digits, &[4, 9, 4, 9, 4, 9]) % 10) % 10 == u32::from(digits[6])
}

/// The remainder by 511 of ten digits, in three.
pub(super) fn fr_tax(digits: &[u8]) -> bool {
    let number = |part: &[u8]| {
        part.iter()
            .fold(0, |sum, &digit| sum * 10 + u64::from(digit))
    };
    digits.len() == 13 && digits[0] < 4 && number(&digits[..10]) % 511 == number(&digits[10..])
}

/// The tenth of five times the ninth digit counts too.
pub(super) fn kr_business(digits: &[u8]) -> bool {
    digits.len() == 10
        && (10 - (sum(digits, &[1, 3, 7, 1, 3, 7, 1, 3, 5]) + u32::from(digits[8]) / 2) % 10) % 10
            == u32::from(digits[9])
}

/// Portugal: NIF of people and firms.
pub(super) fn pt_nif(digits: &[u8]) -> bool {
    digits.len() == 9
        && matches!(digits[0], 1..=3 | 5 | 6 | 8 | 9)
        && match sum(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
            0 | 1 => digits[8] == 0,
            rest => u32::from(digits[8]) == 11 - rest,
        }
}

/// Eight digits and a letter, nine that begin with a year, or a letter, the year in two
/// digits, two letters and four digits.
pub(super) fn sg_firm(text: &[u8]) -> bool {
    const OTHERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWX0123456789";
    let Some((check, body)) = text.split_last() else {
        return false;
    };
    let digits = |weights: &[u32]| {
        body.iter().zip(weights).try_fold(0, |sum, (byte, weight)| {
            byte.is_ascii_digit()
                .then(|| sum + u32::from(byte - b'0') * weight)
        })
    };
    let fits = |sum: Option<u32>, table: &[u8; 11]| {
        sum.is_some_and(|sum| table[sum as usize % 11] == *check)
    };
    match body.len() {
        8 => fits(digits(&[10, 4, 9, 3, 8, 2, 7, 1]), b"XMKECAWLJDB"),
        9 if matches!(body[0], b'1' | b'2') => {
            fits(digits(&[10, 8, 6, 4, 9, 7, 5, 3, 1]), b"ZKCMDNERGWH")
        }
        9 => body
            .iter()
            .zip([4, 3, 5, 3, 10, 2, 2, 5, 7])
            .try_fold(0, |sum, (byte, weight)| {
                let value = OTHERS.iter().position(|other| other == byte)?;
                Some(sum + value * weight)
            })
            .is_some_and(|sum| OTHERS[(sum + 6) % 11] == *check),
        _ => false,
    }
}

/// A bank of the United States; the first two digits are of a district or its kin.
pub(super) fn us_bank(digits: &[u8]) -> bool {
    digits.len() == 9
        && matches!(digits[0] * 10 + digits[1], 1..=12 | 21..=32 | 61..=72 | 80)
        && sum(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// Luhn's formula for the number with 80840 before it, which add 24.
pub(super) fn us_provider(digits: &[u8]) -> bool {
    let mut card = [8, 0, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    digits.len() == 10 && matches!(digits[0], 1 | 2) && {
        card[5..].copy_from_slice(digits);
        luhn::holds(&card)
    }
}
