//! Verifiers: a closer look at a match, one file each.

mod aws;
mod base58;
pub(crate) mod base64;
mod base64_header;
mod crc32;
mod digits;
mod entropy;
mod iban;
mod jwt;
mod luhn;
mod national;

use std::borrow::Cow;

use serde::Deserialize;

pub use national::NationalId;

/// A closer look at what a pattern matched.
pub trait Verify: Send + Sync {
    /// Whether the match is what the rule is after. `matched` is the whole match,
    /// `secret` the bytes that would be masked.
    fn accepts(&self, matched: &[u8], secret: &[u8]) -> bool;
}

/// What happens to a match that its verifier does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFail {
    /// It is masked all the same and counted as unverified.
    Report,
    /// It is not a finding (in the strict profile it is).
    Reject,
}

/// A verifier as a rule names it: `verify = { by = "jwt", on_fail = "reject" }`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifySpec {
    /// Which verifier.
    pub by: Verifier,
    /// What a failure means.
    pub on_fail: OnFail,
    /// For `entropy`: the least Shannon entropy of the secret, in bits a byte.
    pub min: Option<f64>,
    /// For `base64-header`: what the decoded secret begins with.
    pub starts: Option<Cow<'static, [Cow<'static, str>]>>,
    /// For `national-id`: whose number it is.
    pub of: Option<NationalId>,
    /// For `national-id`, in place of `of`: the number may be of any of these.
    pub any: Option<Cow<'static, [NationalId]>>,
}

/// The verifiers that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verifier {
    /// The match is a JSON Web Token: its header decodes to a JSON object.
    Jwt,
    /// The secret looks random.
    Entropy,
    /// The secret ends with its own CRC-32 in base 62, as tokens of GitHub and npm do.
    #[serde(rename = "crc32-base62")]
    Crc32Base62,
    /// The secret's digits fulfil Luhn's formula.
    Luhn,
    /// The secret is an account number by length and check digits.
    Iban,
    /// The secret is a number of a person by its country's check digits.
    NationalId,
    /// The secret is base64 of something that begins as it should.
    #[serde(rename = "base64-header")]
    Base64Header,
    /// The secret is an address of a cryptocurrency that ends with its own hash.
    #[serde(rename = "base58-check")]
    Base58Check,
    /// The secret names a possible account of AWS.
    AwsKeyId,
}

impl Verifier {
    /// The name as packs write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Entropy => "entropy",
            Self::Crc32Base62 => "crc32-base62",
            Self::Luhn => "luhn",
            Self::Iban => "iban",
            Self::NationalId => "national-id",
            Self::Base64Header => "base64-header",
            Self::Base58Check => "base58-check",
            Self::AwsKeyId => "aws-key-id",
        }
    }
}

impl VerifySpec {
    /// The verifier itself, or why its parameters do not fit.
    ///
    /// # Errors
    ///
    /// A sentence about the parameter that is missing or superfluous.
    pub(crate) fn verifier(&self) -> Result<Box<dyn Verify>, &'static str> {
        self.check_parameters()?;
        Ok(match self.by {
            Verifier::Jwt => Box::new(jwt::Jwt),
            Verifier::Crc32Base62 => Box::new(crc32::Crc32Base62),
            Verifier::Luhn => Box::new(luhn::Luhn),
            Verifier::Iban => Box::new(iban::Iban),
            Verifier::Base58Check => Box::new(base58::Base58Check),
            Verifier::AwsKeyId => Box::new(aws::AwsKeyId),
            Verifier::Entropy => match self.min {
                Some(min) if (0.0..=8.0).contains(&min) => Box::new(entropy::Entropy { min }),
                _ => {
                    return Err(
                        "`entropy` needs `min`, from 0.0 to 8.0 bits a byte, e.g. min = 3.0",
                    );
                }
            },
            Verifier::NationalId => match (self.of, self.any.as_deref()) {
                (Some(id), None) => Box::new(id),
                (None, Some(ids @ [_, ..])) => Box::new(national::AnyOf(ids.to_vec())),
                _ => {
                    return Err(
                        "`national-id` needs either `of`, e.g. of = \"br-cpf\", or `any`, \
                         a list of them",
                    );
                }
            },
            Verifier::Base64Header => Box::new(base64_header::Base64Header {
                starts: self.headers()?,
            }),
        })
    }

    /// Every parameter belongs to one verifier.
    fn check_parameters(&self) -> Result<(), &'static str> {
        if self.min.is_some() && self.by != Verifier::Entropy {
            return Err("`min` is for `entropy`; remove it");
        }
        if self.of.is_some() && self.by != Verifier::NationalId {
            return Err("`of` is for `national-id`; remove it");
        }
        if self.any.is_some() && self.by != Verifier::NationalId {
            return Err("`any` is for `national-id`; remove it");
        }
        if self.starts.is_some() && self.by != Verifier::Base64Header {
            return Err("`starts` is for `base64-header`; remove it");
        }
        Ok(())
    }

    /// What the decoded secret may begin with.
    fn headers(&self) -> Result<Vec<Vec<u8>>, &'static str> {
        let starts = self.starts.as_deref().unwrap_or_default();
        if starts.is_empty() || starts.iter().any(|start| start.is_empty()) {
            return Err("`base64-header` needs `starts`, e.g. starts = [\"-----BEGIN\"]");
        }
        Ok(starts
            .iter()
            .map(|start| start.as_bytes().to_vec())
            .collect())
    }
}
