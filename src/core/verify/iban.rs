//! International bank account numbers (ISO 13616): the length of the country's numbers,
//! and the remainder 1 by 97 (ISO 7064, MOD 97-10).

use super::Verify;
use super::digits::Digits;

/// Accepts a secret that is an account number of a country in the registry.
pub(super) struct Iban;

/// Countries by the length of their numbers.
const LENGTHS: &[(usize, &str)] = &[
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FK FO GL NL SD"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU MN XK"),
    (21, "CH CR HN HR LI LV"),
    (22, "BG BH DE GB GE IE ME RS VA"),
    (23, "AE GI IL IQ OM SO TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG YE"),
    (25, "LY PT ST"),
    (26, "IS TR"),
    (27, "BI DJ FR GR IT MC MR SM"),
    (28, "AL AZ BY CY DO GT HU LB NI PL SV"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU"),
    (31, "MT SC"),
    (32, "LC"),
    (33, "RU"),
];

impl Verify for Iban {
    fn accepts(&self, _matched: &[u8], secret: &[u8]) -> bool {
        Digits::letters_too(secret).is_some_and(|number| {
            let number = number.as_slice();
            length_of(number).is_some_and(|length| length == number.len()) && remainder(number) == 1
        })
    }
}

/// How long numbers of its country are.
fn length_of(number: &[u8]) -> Option<usize> {
    let country = number.get(..2)?;
    let is_it = |name: &str| name.as_bytes() == country;
    LENGTHS
        .iter()
        .find(|(_, countries)| countries.split(' ').any(is_it))
        .map(|(length, _)| *length)
}

/// By 97, of the number with its first four characters at the end and letters as 10 to 35.
fn remainder(number: &[u8]) -> u32 {
    let (head, tail) = number.split_at(4);
    tail.iter().chain(head).fold(0, |rest, &byte| {
        let value = char::from(byte).to_digit(36).unwrap_or(0);
        (rest * if value < 10 { 10 } else { 100 } + value) % 97
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the check digits that make it right.
    fn number(country: &str, account: &str) -> String {
        let open = format!("{country}00{account}");
        format!("{country}{:02}{account}", 98 - remainder(open.as_bytes()))
    }

    #[test]
    fn the_examples_of_the_registry_have_these_check_digits() {
        for (country, account, check) in [
            ("DE", "370400440532013000", "89"),
            ("GB", "NWBK60161331926819", "29"),
            ("FR", "20041010050500013M02606", "14"),
            ("NO", "86011117947", "93"),
        ] {
            let number = number(country, account);
            assert_eq!(&number[2..4], check);
            assert!(Iban.accepts(b"", number.as_bytes()));
            let groups: Vec<&str> = (0..number.len())
                .step_by(4)
                .map(|at| &number[at..number.len().min(at + 4)])
                .collect();
            assert!(Iban.accepts(b"", groups.join(" ").as_bytes()));
            assert!(Iban.accepts(b"", number.to_lowercase().as_bytes()));
        }
    }

    #[test]
    fn other_lengths_countries_and_digits_fail() {
        let accepts = |text: &str| Iban.accepts(b"", text.as_bytes());
        assert!(!accepts(&number("DE", "3704004405320130001")));
        assert!(!accepts(&number("ZZ", "370400440532013000")));
        assert!(!accepts(
            &number("DE", "370400440532013000").replace("13000", "31000")
        ));
        assert!(!accepts("DE"));
        assert!(!accepts(""));
    }
}
