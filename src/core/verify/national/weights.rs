//! Numbers whose check digits are weighted sums.

use crate::core::verify::luhn;

/// The sum of the digits, each times its weight.
pub(super) fn sum(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(&digit, weight)| u32::from(digit) * weight)
        .sum()
}

/// Ten digits, or eleven with the number of the person on the card; the ninth checks the
/// eight before it.
pub(super) fn au_medicare(digits: &[u8]) -> bool {
    matches!(digits.len(), 10 | 11)
        && matches!(digits[0], 2..=6)
        && sum(digits, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(digits[8])
}

pub(super) fn au_tfn(digits: &[u8]) -> bool {
    digits.len() == 9 && sum(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

pub(super) fn br_cpf(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 10] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    digits.len() == 11 && two_digits(digits, &WEIGHTS)
}

pub(super) fn br_cnpj(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    digits.len() == 14 && two_digits(digits, &WEIGHTS)
}

/// Brazil's two check digits: the first weighs without the largest place, the second
/// with it and the first.
fn two_digits(digits: &[u8], weights: &[u32]) -> bool {
    let check = |weights: &[u32]| match sum(digits, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    let body = digits.len() - 2;
    check(&weights[1..]) == u32::from(digits[body]) && check(weights) == u32::from(digits[body + 1])
}

pub(super) fn gb_nhs(digits: &[u8]) -> bool {
    digits.len() == 10 && sum(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// The eleven test, whose last weight is -1.
pub(super) fn nl_bsn(digits: &[u8]) -> bool {
    digits.len() == 9 && sum(digits, &[9, 8, 7, 6, 5, 4, 3, 2, 10]).is_multiple_of(11)
}

/// It begins with a date, the month of which tells the century too.
pub(super) fn pl_pesel(digits: &[u8]) -> bool {
    digits.len() == 11
        && matches!((digits[2] % 2) * 10 + digits[3], 1..=12)
        && matches!(digits[4] * 10 + digits[5], 1..=31)
        && sum(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Switzerland: 756 and the check digit of an article's number (EAN-13).
pub(super) fn ch_ahv(digits: &[u8]) -> bool {
    digits.len() == 13
        && digits[..3] == [7, 5, 6]
        && sum(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// The first digit checks the others.
pub(super) fn gb_utr(digits: &[u8]) -> bool {
    digits.len() == 10
        && u32::from(digits[0])
            == [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1]
                [sum(digits, &[0, 6, 7, 8, 9, 10, 5, 4, 3, 2]) as usize % 11]
}

/// Thailand: the first digit is the kind of person.
pub(super) fn th_citizen(digits: &[u8]) -> bool {
    digits.len() == 13
        && matches!(digits[0], 1..=8)
        && (11 - sum(digits, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10
            == u32::from(digits[12])
}

/// The tenth digit weighs the odd places seven times and takes off the even ones; the
/// last is of the sum of all before it.
pub(super) fn tr_citizen(digits: &[u8]) -> bool {
    const ALL: [u32; 10] = [1; 10];
    digits.len() == 11
        && digits[0] != 0
        // Nine is one less than ten: taking off is adding nine times.
        && sum(digits, &[7, 9, 7, 9, 7, 9, 7, 9, 7]) % 10 == u32::from(digits[9])
        && sum(digits, &ALL) % 10 == u32::from(digits[10])
}

/// Eleven digits by Luhn's formula, the first seven not all zeros.
pub(super) fn it_vat(digits: &[u8]) -> bool {
    digits.len() == 11 && digits[..7].iter().any(|digit| *digit != 0) && luhn::holds(digits)
}
