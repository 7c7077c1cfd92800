//! Numbers that states give to people, by the check digits of each country.

mod dated;
mod firms;
mod residue;
mod weights;

use serde::Deserialize;

use super::digits::Digits;
use super::{Verify, luhn};

/// A country's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NationalId {
    /// Argentina: CUIT and CUIL.
    ArCuit,
    /// Austria: social insurance number.
    AtSvnr,
    /// Australia: business number.
    AuAbn,
    /// Australia: company number.
    AuAcn,
    /// Australia: Medicare card.
    AuMedicare,
    /// Australia: tax file number.
    AuTfn,
    /// Belgium: national register number.
    BeNational,
    /// Bulgaria: EGN.
    BgEgn,
    /// Brazil: CNPJ, of companies.
    BrCnpj,
    /// Brazil: CPF, of people.
    BrCpf,
    /// Canada: social insurance number.
    CaSin,
    /// Switzerland: number of the old-age insurance.
    ChAhv,
    /// Chile: RUT.
    ClRut,
    /// China: resident identity card.
    CnResident,
    /// Czechia and Slovakia: rodné číslo.
    CzBirth,
    /// Germany: lifelong number of a doctor.
    DeDoctor,
    /// Germany: passport or identity card.
    DeDocument,
    /// Germany: number of the insured.
    DeHealth,
    /// Germany: number of the pension insurance.
    DePension,
    /// Germany: Steuer-Identifikationsnummer.
    DeTax,
    /// Germany: VAT number.
    DeVat,
    /// Estonia and Lithuania: personal code.
    EeLtCode,
    /// Spain: DNI and NIE.
    EsDni,
    /// Spain: social security number.
    EsSocial,
    /// Finland: henkilötunnus.
    FiHetu,
    /// France: numéro d'inscription au répertoire.
    FrNir,
    /// France: tax number of a person.
    FrTax,
    /// United Kingdom: NHS number.
    GbNhs,
    /// United Kingdom: unique taxpayer reference.
    GbUtr,
    /// Croatia: OIB.
    HrOib,
    /// Ireland: personal public service number.
    IePps,
    /// India: Aadhaar.
    InAadhaar,
    /// Italy: codice fiscale.
    ItFiscal,
    /// Italy: partita IVA.
    ItVat,
    /// The former Yugoslavia: JMBG and EMŠO.
    Jmbg,
    /// Korea: registration of a business.
    KrBusiness,
    /// Korea: registration of a resident or a foreigner.
    KrResident,
    /// Luxembourg: national number.
    LuNin,
    /// Latvia: personal code.
    LvCode,
    /// Netherlands: burgerservicenummer.
    NlBsn,
    /// Norway: fødselsnummer.
    NoBirth,
    /// Poland: PESEL.
    PlPesel,
    /// Portugal: NIF.
    PtNif,
    /// Romania: CNP.
    RoCnp,
    /// Sweden: personnummer with a possible date.
    SeBirth,
    /// Sweden: personnummer.
    SePersonal,
    /// Singapore: entity number.
    SgFirm,
    /// Singapore: NRIC and FIN.
    SgNric,
    /// Thailand: identification number.
    ThCitizen,
    /// Turkey: identification number.
    TrCitizen,
    /// United States: routing number of a bank.
    UsBank,
    /// United States: national provider identifier.
    UsProvider,
    /// United States: social security number; it has no check digit, but ranges that
    /// were never issued.
    UsSsn,
    /// South Africa: identity number.
    ZaId,
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
            Self::ArCuit => firms::ar_cuit(digits),
            Self::AtSvnr => dated::at_svnr(digits),
            Self::AuAbn => firms::au_abn(digits),
            Self::AuAcn => firms::au_acn(digits),
            Self::AuMedicare => weights::au_medicare(digits),
            Self::AuTfn => weights::au_tfn(digits),
            Self::BeNational => residue::be_national(digits),
            Self::BgEgn => dated::bg_egn(digits),
            Self::BrCnpj => weights::br_cnpj(digits),
            Self::BrCpf => weights::br_cpf(digits),
            Self::CaSin => digits.len() == 9 && luhn::holds(digits),
            Self::ChAhv => weights::ch_ahv(digits),
            Self::ClRut => firms::cl_rut(letters),
            Self::CnResident => residue::cn_resident(letters),
            Self::CzBirth => dated::cz_birth(digits),
            Self::DeDoctor => firms::de_doctor(digits),
            Self::DeDocument => residue::de_document(letters),
            Self::DeHealth => residue::de_health(letters),
            Self::DePension => residue::de_pension(letters),
            Self::DeTax => residue::de_tax(digits),
            Self::DeVat => residue::de_vat(digits),
            Self::EeLtCode => dated::ee_lt_code(digits),
            Self::EsDni => residue::es_dni(letters),
            Self::EsSocial => residue::es_social(digits),
            Self::FiHetu => residue::fi_hetu(letters),
            Self::FrNir => residue::fr_nir(letters),
            Self::FrTax => firms::fr_tax(digits),
            Self::GbNhs => weights::gb_nhs(digits),
            Self::GbUtr => weights::gb_utr(digits),
            Self::HrOib => residue::hr_oib(digits),
            Self::IePps => residue::ie_pps(letters),
            Self::InAadhaar => residue::in_aadhaar(digits),
            Self::ItFiscal => residue::it_fiscal(letters),
            Self::ItVat => weights::it_vat(digits),
            Self::Jmbg => dated::jmbg(digits),
            Self::KrBusiness => firms::kr_business(digits),
            Self::KrResident => dated::kr_resident(digits),
            Self::LuNin => dated::lu_nin(digits),
            Self::LvCode => dated::lv_code(digits),
            Self::NlBsn => weights::nl_bsn(digits),
            Self::NoBirth => dated::no_birth(digits),
            Self::PlPesel => weights::pl_pesel(digits),
            Self::PtNif => firms::pt_nif(digits),
            Self::RoCnp => dated::ro_cnp(digits),
            Self::SeBirth => dated::se_birth(digits),
            Self::SePersonal => dated::se_personal(digits),
            Self::SgFirm => firms::sg_firm(letters),
            Self::SgNric => residue::sg_nric(letters),
            Self::ThCitizen => weights::th_citizen(digits),
            Self::TrCitizen => weights::tr_citizen(digits),
            Self::UsBank => firms::us_bank(digits),
            Self::UsProvider => firms::us_provider(digits),
            Self::UsSsn => us_ssn(digits),
            Self::ZaId => dated::za_id(digits),
        }
    }
}

/// Accepts what any of these numbers may be.
pub(super) struct AnyOf(pub(super) Vec<NationalId>);

impl Verify for AnyOf {
    fn accepts(&self, matched: &[u8], secret: &[u8]) -> bool {
        self.0.iter().any(|id| id.accepts(matched, secret))
    }
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
        (NationalId::ArCuit, "20-12345678-", "6"),
        (NationalId::AuAbn, "51 824 753 55", "6"),
        (NationalId::AuAcn, "004 085 61", "6"),
        (NationalId::BgEgn, "752316926", "3"),
        (NationalId::ChAhv, "756.9217.0769.8", "5"),
        (NationalId::ClRut, "12.345.678-", "5"),
        (NationalId::CzBirth, "710319/274", "5"),
        (NationalId::DeDocument, "T22000129", "3"),
        (NationalId::DeHealth, "A12345678", "0"),
        (NationalId::DePension, "15 070649 C10", "3"),
        (NationalId::DeVat, "DE 13669597", "6"),
        (NationalId::EeLtCode, "3760503029", "9"),
        (NationalId::EsSocial, "2812345678", "40"),
        (NationalId::FrTax, "30 23 217 600 ", "053"),
        (NationalId::HrOib, "6943515153", "0"),
        (NationalId::IePps, "1234567", "T"),
        (NationalId::ItVat, "0074311015", "7"),
        (NationalId::Jmbg, "010100650000", "6"),
        (NationalId::KrBusiness, "104-86-5665", "9"),
        (NationalId::LuNin, "19660515076", "82"),
        (NationalId::LvCode, "161175-1999", "7"),
        (NationalId::NoBirth, "151086950", "88"),
        (NationalId::PtNif, "50196484", "3"),
        (NationalId::RoCnp, "163061512345", "7"),
        (NationalId::SeBirth, "811218-987", "6"),
        (NationalId::SgFirm, "00192200", "M"),
        (NationalId::SgFirm, "197401143", "C"),
        (NationalId::SgFirm, "S16FC0121", "D"),
        (NationalId::SgNric, "S1234567", "D"),
        (NationalId::ThCitizen, "1-2345-67890-12-", "1"),
        (NationalId::TrCitizen, "100000001", "46"),
        (NationalId::UsBank, "11100002", "5"),
        (NationalId::UsProvider, "123456789", "3"),
        (NationalId::ZaId, "750330504408", "9"),
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

    #[test]
    fn some_have_their_check_digit_within() {
        let fit = |id: NationalId, before: &str, after: &str| -> Vec<u32> {
            (0..10)
                .filter(|check| id.accepts(b"", format!("{before}{check}{after}").as_bytes()))
                .collect()
        };
        assert_eq!(fit(NationalId::AtSvnr, "123", " 010180"), [7]);
        assert_eq!(fit(NationalId::DeDoctor, "123456", "01"), [6]);
        // 1*6 + 2*7 + 3*8 + 4*9 + 5*10 + 6*5 + 7*4 + 8*3 + 9*2 = 230, which leaves 10 of 11.
        assert_eq!(fit(NationalId::GbUtr, "", "123456789"), [1]);
    }

    #[test]
    fn dates_are_those_of_a_calendar() {
        let accepts = |id: NationalId, text: &str| id.accepts(b"", text.as_bytes());
        assert!(accepts(NationalId::KrResident, "960121-1234567"));
        assert!(!accepts(NationalId::KrResident, "961321-1234567"));
        assert!(!accepts(NationalId::KrResident, "960132-1234567"));
        assert!(!accepts(NationalId::KrResident, "960121-9234567"));
        // Luhn's formula holds for both.
        assert!(accepts(NationalId::SeBirth, "811218-9876"));
        assert!(!accepts(NationalId::SeBirth, "556703-7485"));
        assert!(accepts(NationalId::SePersonal, "556703-7485"));
        // A minute's count of seconds is no date of Estonia.
        assert!(!accepts(NationalId::EeLtCode, "17600000001"));
        // Latvia's numbers without a date have no check digit either.
        assert!(accepts(NationalId::LvCode, "32001010003"));
    }

    #[test]
    fn any_of_several_may_fit() {
        let any = AnyOf(vec![NationalId::PtNif, NationalId::AuAcn]);
        assert!(any.accepts(b"", b"501964843"));
        assert!(any.accepts(b"", b"004085616"));
        assert!(!any.accepts(b"", b"501964844"));
    }
}
