//! Numbers whose check characters are remainders, or come from a table.

/// The number that the digits make.
fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |sum, &digit| sum * 10 + u64::from(digit))
}

/// The number that a text of digits makes; none where it is not of digits alone.
fn number_of(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |sum, &byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + u64::from(byte - b'0'))
    })
}

/// 97 less the remainder; those born since 2000 have a 2 put before.
pub(super) fn be_national(digits: &[u8]) -> bool {
    let &[.., tens, ones] = digits else {
        return false;
    };
    let (body, check) = (number(&digits[..digits.len() - 2]), number(&[tens, ones]));
    digits.len() == 11
        && [body, 2_000_000_000 + body]
            .iter()
            .any(|body| 97 - body % 97 == check)
}

/// ISO 7064, MOD 11-2, with X for ten.
pub(super) fn cn_resident(text: &[u8]) -> bool {
    if text.len() != 18 || number_of(&text[..17]).is_none() {
        return false;
    }
    let product = text[..17].iter().fold(0, |product, &byte| {
        (product + u32::from(byte - b'0')) * 2 % 11
    });
    let check = b"10X98765432"[product as usize];
    text[17] == check
}

/// ISO 7064, MOD 11,10; the first digit is no zero.
pub(super) fn de_tax(digits: &[u8]) -> bool {
    if digits.len() != 11 || digits[0] == 0 {
        return false;
    }
    let product = digits[..10].iter().fold(10, |product, &digit| {
        let sum = (u32::from(digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(digits[10])
}

/// Eight digits, the first of a foreigner's a letter, and the letter of the remainder by 23.
pub(super) fn es_dni(text: &[u8]) -> bool {
    let &[first, .., check] = text else {
        return false;
    };
    if text.len() != 9 {
        return false;
    }
    let first = match first {
        b'X' | b'Y' | b'Z' => u64::from(first - b'X'),
        b'0'..=b'9' => u64::from(first - b'0'),
        _ => return false,
    };
    number_of(&text[1..8]).is_some_and(|rest| {
        let at = (first * 10_000_000 + rest) % 23;
        b"TRWAGMYFPDXBNJZSQVHLCKE"[at as usize] == check
    })
}

/// Date of birth, the sign of the century, which is a letter for some, three digits, and
/// the remainder by 31.
pub(super) fn fi_hetu(text: &[u8]) -> bool {
    // The sign `-` is no letter and is not in the text.
    let (Some(date), Some(rest)) = (text.get(..6), text.get(6..)) else {
        return false;
    };
    let rest = match rest {
        [b'A'..=b'Z', rest @ ..] if rest.len() == 4 => rest,
        rest => rest,
    };
    if rest.len() != 4 {
        return false;
    }
    match (number_of(date), number_of(&rest[..3])) {
        (Some(date), Some(serial)) => {
            let at = (date * 1000 + serial) % 31;
            b"0123456789ABCDEFHJKLMNPRSTUVWXY"[at as usize] == rest[3]
        }
        _ => false,
    }
}

/// 97 less the remainder of thirteen digits; Corsica's departments count as 19 and 18.
pub(super) fn fr_nir(text: &[u8]) -> bool {
    if text.len() != 15 {
        return false;
    }
    let mut body = [0; 13];
    body.copy_from_slice(&text[..13]);
    match &text[5..7] {
        b"2A" => body[5..7].copy_from_slice(b"19"),
        b"2B" => body[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    match (number_of(&body), number_of(&text[13..])) {
        (Some(body), Some(check)) => 97 - body % 97 == check,
        _ => false,
    }
}

/// Verhoeff's check digit: the group of the symmetries of a pentagon, and a permutation
/// that depends on the place.
pub(super) fn in_aadhaar(digits: &[u8]) -> bool {
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let permuted = |digit: u8, times: usize| {
        (0..times).fold(digit, |digit, _| PERMUTATION[usize::from(digit)])
    };
    // The first digit is neither 0 nor 1.
    digits.len() == 12
        && digits[0] > 1
        && digits
            .iter()
            .rev()
            .enumerate()
            .fold(0, |check, (at, &digit)| {
                product(check, permuted(digit, at % 8))
            })
            == 0
}

/// Fifteen characters, those at odd places (counted from 1) by a table, and the letter of
/// the sum's remainder by 26.
pub(super) fn it_fiscal(text: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    if text.len() != 16 {
        return false;
    }
    let sum: u32 = text[..15]
        .iter()
        .enumerate()
        .map(|(at, &byte)| {
            let value = u32::from(if byte.is_ascii_digit() {
                byte - b'0'
            } else {
                byte - b'A'
            });
            if at % 2 == 0 {
                ODD[value as usize]
            } else {
                value
            }
        })
        .sum();
    u32::from(text[15]) == u32::from(b'A') + sum % 26
}
