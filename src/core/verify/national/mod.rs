//! Numbers that states give to people, by the check digits of each country.

mod residue;
mod weights;

use serde::Deserialize;

use super::digits::Digits;
use super::{Verify, luhn};

/// A country's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NationalId {
    /// Australia: Medicare card.
    AuMedicare,
    /// Australia: tax file number.
    AuTfn,
    /// Belgium: national register number.
    BeNational,
    /// Brazil: CNPJ, of companies.
    BrCnpj,
    /// Brazil: CPF, of people.
    BrCpf,
    /// Canada: social insurance number.
    CaSin,
    /// China: resident identity card.
    CnResident,
    /// Germany: Steuer-Identifikationsnummer.
    DeTax,
    /// Spain: DNI and NIE.
    EsDni,
    /// Finland: henkilötunnus.
    FiHetu,
    /// France: numéro d'inscription au répertoire.
    FrNir,
    /// United Kingdom: NHS number.
    GbNhs,
    /// India: Aadhaar.
    InAadhaar,
    /// Italy: codice fiscale.
    ItFiscal,
    /// Netherlands: burgerservicenummer.
    NlBsn,
    /// Poland: PESEL.
    PlPesel,
    /// Sweden: personnummer.
    SePersonal,
    /// United States: social security number; it has no check digit, but ranges that
    /// were never issued.
    UsSsn,
}

impl Verify for NationalId {
    fn accepts(&self, _matched: &[u8], secret: &[u8]) -> bool {
        let (Some(digits), Some(letters)) = (Digits::only(secret), Digits::letters_too(secret))
        else {
            return false;
        };
        let (digits, letters) = (digits.as_slice(), letters.as_slice());
        // Numbers of one digit fulfil many formulas and are nobody's.
        if digits.windows(2).all(|pair| pair[0] == pair[1]) {
            return false;
        }
        match self {
            Self::AuMedicare => weights::au_medicare(digits),
            Self::AuTfn => weights::au_tfn(digits),
            Self::BeNational => residue::be_national(digits),
            Self::BrCnpj => weights::br_cnpj(digits),
            Self::BrCpf => weights::br_cpf(digits),
            Self::CaSin => digits.len() == 9 && luhn::holds(digits),
            Self::CnResident => residue::cn_resident(letters),
            Self::DeTax => residue::de_tax(digits),
            Self::EsDni => residue::es_dni(letters),
            Self::FiHetu => residue::fi_hetu(letters),
            Self::FrNir => residue::fr_nir(letters),
            Self::GbNhs => weights::gb_nhs(digits),
            Self::InAadhaar => residue::in_aadhaar(digits),
            Self::ItFiscal => residue::it_fiscal(letters),
            Self::NlBsn => weights::nl_bsn(digits),
            Self::PlPesel => weights::pl_pesel(digits),
            Self::SePersonal => se_personal(digits),
            Self::UsSsn => us_ssn(digits),
        }
    }
}

/// Ten digits, or twelve with the century, which the check digit does not cover.
fn se_personal(digits: &[u8]) -> bool {
    matches!(digits.len(), 10 | 12) && luhn::holds(&digits[digits.len() - 10..])
}

/// Area, group and serial number: none is all zeros, and areas 666 and 900 to 999 are
/// not given.
fn us_ssn(digits: &[u8]) -> bool {
    let number = |part: &[u8]| {
        part.iter()
            .fold(0, |sum, &digit| sum * 10 + u32::from(digit))
    };
    digits.len() == 9
        && !matches!(number(&digits[..3]), 0 | 666 | 900..)
        && number(&digits[3..5]) != 0
        && number(&digits[5..]) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published examples, without their check characters and with them.
    const VECTORS: &[(NationalId, &str, &str)] = &[
        (NationalId::AuTfn, "12345678", "2"),
        (NationalId::BrCpf, "111.444.777-", "35"),
        (NationalId::BrCnpj, "11.222.333/0001-", "81"),
        (NationalId::CaSin, "046 454 28", "6"),
        (NationalId::CnResident, "11010519491231002", "X"),
        (NationalId::DeTax, "8609574271", "9"),
        (NationalId::EsDni, "12345678", "Z"),
        (NationalId::EsDni, "X1234567", "L"),
        (NationalId::FiHetu, "131052-308", "T"),
        (NationalId::FrNir, "2 55 08 14 168 025 ", "38"),
        (NationalId::GbNhs, "943 476 591", "9"),
        (NationalId::InAadhaar, "2345 6789 012", "4"),
        (NationalId::ItFiscal, "RSSMRA85T10A562", "S"),
        (NationalId::NlBsn, "11122233", "3"),
        (NationalId::PlPesel, "4405140135", "9"),
        (NationalId::SePersonal, "811218-987", "6"),
    ];

    #[test]
    fn published_examples_hold_with_their_own_check_characters_alone() {
        for (id, number, check) in VECTORS {
            let accepts = |check: &str| id.accepts(b"", format!("{number}{check}").as_bytes());
            assert!(accepts(check), "{id:?}");
            assert!(accepts(&check.to_lowercase()), "{id:?}");
            let others = match check.as_bytes() {
                [b'A'..=b'Z'] => (b'A'..=b'Z')
                    .map(|letter| char::from(letter).to_string())
                    .collect(),
                digits => (0..10u32.pow(digits.len() as u32))
                    .map(|other| format!("{other:0width$}", width = digits.len()))
                    .collect::<Vec<_>>(),
            };
            for other in others.iter().filter(|other| other != check) {
                assert!(!accepts(other), "{id:?}: {other}");
            }
        }
    }

    #[test]
    fn another_length_fails() {
        for (id, number, check) in VECTORS {
            assert!(
                !id.accepts(b"", format!("{number}{check}0").as_bytes()),
                "{id:?}"
            );
            assert!(!id.accepts(b"", check.as_bytes()), "{id:?}");
            assert!(!id.accepts(b"", b""), "{id:?}");
        }
    }

    #[test]
    fn the_medicare_card_checks_its_ninth_digit() {
        let card = |check: u32| format!("2123 4567{check} 1");
        let fit: Vec<u32> = (0..10)
            .filter(|check| NationalId::AuMedicare.accepts(b"", card(*check).as_bytes()))
            .collect();
        // 2 + 3 + 2*7 + 3*9 + 4 + 5*3 + 6*7 + 7*9 = 170, of which ten leaves nothing.
        assert_eq!(fit, [0]);
    }

    #[test]
    fn belgians_of_both_centuries_have_check_digits() {
        // 85.07.30-033 of a person born in 1985, or in 2085.
        let fit: Vec<u32> = (0..100)
            .filter(|check| {
                let number = format!("85.07.30-033.{check:02}");
                NationalId::BeNational.accepts(b"", number.as_bytes())
            })
            .collect();
        assert_eq!(fit, [28, 57]);
    }

    #[test]
    fn social_security_numbers_have_ranges() {
        let accepts = |text: &str| NationalId::UsSsn.accepts(b"", text.as_bytes());
        assert!(accepts("219-09-9999"));
        for never in [
            "000-12-3456",
            "666-12-3456",
            "912-12-3456",
            "219-00-9999",
            "219-09-0000",
        ] {
            assert!(!accepts(never), "{never}");
        }
    }
}
