//! Numbers that begin with a date of birth, and check digits behind it.

use super::weights::sum;
use crate::core::verify::luhn;

/// Whether the two digits of the day and the two of the month are those of a calendar.
fn is_date(day: &[u8], month: &[u8]) -> bool {
    is_day(day) && matches!(two(month), 1..=12)
}

fn is_day(day: &[u8]) -> bool {
    matches!(two(day), 1..=31)
}

fn two(digits: &[u8]) -> u8 {
    digits[0] * 10 + digits[1]
}

/// Four digits, of which the last checks the others, and the day, month and year; where
/// there are more people than numbers, the month is 13 to 16.
pub(super) fn at_svnr(digits: &[u8]) -> bool {
    digits.len() == 10
        && is_day(&digits[4..6])
        && matches!(two(&digits[6..8]), 1..=16)
        && sum(digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == u32::from(digits[3])
}

/// The month of those born before 1900 is 20 more, of those since 2000 it is 40 more.
pub(super) fn bg_egn(digits: &[u8]) -> bool {
    digits.len() == 10
        && matches!(two(&digits[2..4]), 1..=12 | 21..=32 | 41..=52)
        && is_day(&digits[4..6])
        && sum(digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == u32::from(digits[9])
}

/// Ten digits that eleven divides; the month of women is 50 more, and 20 more where the
/// day has no numbers left.
pub(super) fn cz_birth(digits: &[u8]) -> bool {
    let number = digits
        .iter()
        .fold(0, |sum, &digit| sum * 10 + u64::from(digit));
    digits.len() == 10
        && matches!(two(&digits[2..4]), 1..=12 | 21..=32 | 51..=62 | 71..=82)
        && is_day(&digits[4..6])
        && (number.is_multiple_of(11) || number / 10 % 11 == 10 && digits[9] == 0)
}

/// Estonia's and Lithuania's: the century and the sex, a date, and a check digit that has
/// second weights where the first ones leave ten.
pub(super) fn ee_lt_code(digits: &[u8]) -> bool {
    if digits.len() != 11 || !matches!(digits[0], 1..=8) || !is_date(&digits[5..7], &digits[3..5]) {
        return false;
    }
    let check = match sum(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => sum(digits, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        rest => rest,
    };
    check == u32::from(digits[10])
}

/// The number of the former Yugoslavia: day, month and three digits of the year.
pub(super) fn jmbg(digits: &[u8]) -> bool {
    digits.len() == 13
        && is_date(&digits[..2], &digits[2..4])
        && matches!(digits[4], 0 | 8 | 9)
        && match sum(digits, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
            0 | 1 => digits[12] == 0,
            rest => u32::from(digits[12]) == 11 - rest,
        }
}

/// A date and a digit for the century and the sex; numbers given since 2020 have no check
/// digit.
pub(super) fn kr_resident(digits: &[u8]) -> bool {
    digits.len() == 13 && is_date(&digits[4..6], &digits[2..4]) && matches!(digits[6], 1..=8)
}

/// The year in four digits, the month and the day, and of the eleven digits Luhn's check
/// digit and Verhoeff's.
pub(super) fn lu_nin(digits: &[u8]) -> bool {
    digits.len() == 13
        && matches!(two(digits), 18..=20)
        && is_date(&digits[6..8], &digits[4..6])
        && luhn::holds(&digits[..12])
        && {
            let mut verhoeff = [0; 12];
            verhoeff[..11].copy_from_slice(&digits[..11]);
            verhoeff[11] = digits[12];
            super::residue::verhoeff(&verhoeff)
        }
}

/// A date, a digit for the century and a check digit; numbers that begin with 32 to 39
/// have neither.
pub(super) fn lv_code(digits: &[u8]) -> bool {
    digits.len() == 11
        && (matches!(two(digits), 32..=39)
            || is_date(&digits[..2], &digits[2..4])
                && (1101 - sum(digits, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11 % 10
                    == u32::from(digits[10]))
}

/// Two check digits; the day or the month of those without a residence is 40 more.
pub(super) fn no_birth(digits: &[u8]) -> bool {
    let check = |weights: &[u32]| (11 - sum(digits, weights) % 11) % 11;
    digits.len() == 11
        && matches!(two(digits), 1..=31 | 41..=71)
        && matches!(two(&digits[2..4]), 1..=12 | 41..=52)
        && check(&[3, 7, 6, 1, 8, 9, 4, 5, 2]) == u32::from(digits[9])
        && check(&[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == u32::from(digits[10])
}

/// The century and the sex, a date and the county.
pub(super) fn ro_cnp(digits: &[u8]) -> bool {
    digits.len() == 13
        && digits[0] != 0
        && is_date(&digits[5..7], &digits[3..5])
        && match sum(digits, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
            10 => digits[12] == 1,
            rest => rest == u32::from(digits[12]),
        }
}

/// Ten digits, or twelve with the century, which the check digit does not cover; the day
/// of a coordination number is 60 more.
pub(super) fn se_personal(digits: &[u8]) -> bool {
    matches!(digits.len(), 10 | 12) && luhn::holds(&digits[digits.len() - 10..])
}

/// The same, and the date is one: for numbers that stand without a name.
pub(super) fn se_birth(digits: &[u8]) -> bool {
    if !se_personal(digits) {
        return false;
    }
    let date = &digits[digits.len() - 10..];
    matches!(two(&date[2..4]), 1..=12)
        && matches!(two(&date[4..6]), 1..=31 | 61..=91)
        && (digits.len() == 10 || matches!(two(digits), 18..=20))
}

/// A date, and Luhn's check digit.
pub(super) fn za_id(digits: &[u8]) -> bool {
    digits.len() == 13
        && is_date(&digits[4..6], &digits[2..4])
        && matches!(digits[10], 0..=2)
        && luhn::holds(digits)
}
