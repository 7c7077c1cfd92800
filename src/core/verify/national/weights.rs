//! Numbers whose check digits are weighted sums.

/// The sum of the digits, each times its weight.
fn sum(digits: &[u8], weights: &[u32]) -> u32 {
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

pub(super) fn pl_pesel(digits: &[u8]) -> bool {
    digits.len() == 11 && sum(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}
