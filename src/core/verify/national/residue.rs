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

/// 97 less the remainder; those born since 2000 have a 2 put before. The month of those
/// without a residence is 20 or 40 more, and zeros are a date that is not known.
pub(super) fn be_national(digits: &[u8]) -> bool {
    let &[_, _, month, month_ones, day, day_ones, .., tens, ones] = digits else {
        return false;
    };
    if !matches!(month * 10 + month_ones, 0..=12 | 20..=32 | 40..=52) || day * 10 + day_ones > 31 {
        return false;
    }
    let (body, check) = (number(&digits[..digits.len() - 2]), number(&[tens, ones]));
    digits.len() == 11
        && [body, 2_000_000_000 + body]
            .iter()
            .any(|body| 97 - body % 97 == check)
}

/// ISO 7064, MOD 11-2, with X for ten; the date of birth begins at the seventh digit.
pub(super) fn cn_resident(text: &[u8]) -> bool {
    if text.len() != 18
        || number_of(&text[..17]).is_none()
        || !matches!(number_of(&text[10..12]), Some(1..=12))
        || !matches!(number_of(&text[12..14]), Some(1..=31))
    {
        return false;
    }
    let product = text[..17].iter().fold(0, |product, &byte| {
        (product + u32::from(byte - b'0')) * 2 % 11
    });
    let check = b"10X98765432"[product as usize];
    text[17] == check
}

/// The first digit is no zero.
pub(super) fn de_tax(digits: &[u8]) -> bool {
    digits.len() == 11 && digits[0] != 0 && mod_11_10(digits)
}

/// Nine digits, the first no zero.
pub(super) fn de_vat(digits: &[u8]) -> bool {
    digits.len() == 9 && digits[0] != 0 && mod_11_10(digits)
}

/// Croatia: eleven digits.
pub(super) fn hr_oib(digits: &[u8]) -> bool {
    digits.len() == 11 && mod_11_10(digits)
}

/// ISO 7064, MOD 11,10.
fn mod_11_10(digits: &[u8]) -> bool {
    digits.split_last().is_some_and(|(check, body)| {
        let product = body.iter().fold(10, |product, &digit| {
            let sum = (u32::from(digit) + product) % 10;
            (if sum == 0 { 10 } else { sum }) * 2 % 11
        });
        (11 - product) % 10 == u32::from(*check)
    })
}

/// Nine or ten characters of a passport or an identity card, the last of which checks
/// the others (ICAO 9303: weights 7, 3 and 1, and letters from A as 10); the D of the
/// country may follow.
pub(super) fn de_document(text: &[u8]) -> bool {
    let text = match text {
        [body @ .., b'D'] if body.len() == 10 => body,
        text => text,
    };
    let value = |byte: u8| char::from(byte).to_digit(36).unwrap_or(0);
    matches!(text.len(), 9 | 10)
        && text.split_last().is_some_and(|(check, body)| {
            let sum: u32 = body
                .iter()
                .zip([7, 3, 1].into_iter().cycle())
                .map(|(byte, weight)| value(*byte) * weight)
                .sum();
            check.is_ascii_digit() && value(*check) == sum % 10
        })
}

/// A letter, which counts as its place in the alphabet in two digits, eight digits and
/// the check digit of weights 1 and 2, by the sums of the products' digits.
pub(super) fn de_health(text: &[u8]) -> bool {
    text.len() == 10
        && text[0].is_ascii_uppercase()
        && cross_sums(text, &[1, 2, 1, 2, 1, 2, 1, 2, 1, 2])
}

/// Eight digits, of which the third to the eighth are a date (the day of some is 50
/// more), a letter, two digits and the check digit.
pub(super) fn de_pension(text: &[u8]) -> bool {
    text.len() == 12
        && text[8].is_ascii_uppercase()
        && matches!(number_of(&text[2..4]), Some(1..=31 | 51..=81))
        && matches!(number_of(&text[4..6]), Some(1..=12))
        && cross_sums(text, &[2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
}

/// Whether the last digit is that of the sum of the digits of the weighted digits; a
/// letter counts as two.
fn cross_sums(text: &[u8], weights: &[u32]) -> bool {
    let Some((check, body)) = text.split_last() else {
        return false;
    };
    let mut values = [0; 12];
    let mut length = 0;
    for &byte in body {
        let (tens, ones) = match byte {
            b'0'..=b'9' => (None, byte - b'0'),
            _ => (Some((byte - b'A' + 1) / 10), (byte - b'A' + 1) % 10),
        };
        for value in tens.into_iter().chain([ones]) {
            let Some(place) = values.get_mut(length) else {
                return false;
            };
            *place = u32::from(value);
            length += 1;
        }
    }
    let sum: u32 = values[..length]
        .iter()
        .zip(weights)
        .map(|(value, weight)| value * weight / 10 + value * weight % 10)
        .sum();
    length == weights.len() && check.is_ascii_digit() && u32::from(check - b'0') == sum % 10
}

/// The remainder by 97; a number below ten millions follows its province without zeros.
pub(super) fn es_social(digits: &[u8]) -> bool {
    if digits.len() != 12 {
        return false;
    }
    let (province, serial) = (number(&digits[..2]), number(&digits[2..10]));
    let body = if serial < 10_000_000 {
        province * 10_000_000 + serial
    } else {
        number(&digits[..10])
    };
    matches!(province, 1..=53 | 66) && body % 97 == number(&digits[10..])
}

/// Seven digits, the letter of the sum by 23, and for some one more letter, which counts
/// nine times.
pub(super) fn ie_pps(text: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let place = |letter: u8| LETTERS.iter().position(|other| *other == letter);
    let second = match text.len() {
        8 => Some(0),
        9 => place(text[8]),
        _ => None,
    };
    let (Some(second), Some(_)) = (second, text.get(..7).and_then(number_of)) else {
        return false;
    };
    let sum: usize = text[..7]
        .iter()
        .zip([8, 7, 6, 5, 4, 3, 2])
        .map(|(digit, weight)| usize::from(digit - b'0') * weight)
        .sum();
    LETTERS[(sum + second * 9) % 23] == text[7]
}

/// A letter, seven digits and a letter of the sum by 11, in an order of its own for
/// citizens, for foreigners and for foreigners since 2022.
pub(super) fn sg_nric(text: &[u8]) -> bool {
    if text.len() != 9 || number_of(&text[1..8]).is_none() {
        return false;
    }
    let (add, letters) = match text[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    let sum: usize = text[1..8]
        .iter()
        .zip([2, 7, 6, 5, 4, 3, 2])
        .map(|(digit, weight)| usize::from(digit - b'0') * weight)
        .sum();
    letters[(sum + add) % 11] == text[8]
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

/// The first digit is neither 0 nor 1.
pub(super) fn in_aadhaar(digits: &[u8]) -> bool {
    digits.len() == 12 && digits[0] > 1 && verhoeff(digits)
}

/// Verhoeff's check digit: the group of the symmetries of a pentagon, and a permutation
/// that depends on the place.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
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
    digits
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
