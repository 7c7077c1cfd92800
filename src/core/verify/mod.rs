//! Verifiers: a closer look at a match, one file each.

pub(crate) mod base64;
mod entropy;
mod jwt;

use serde::Deserialize;

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
}

/// The verifiers that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verifier {
    /// The match is a JSON Web Token: its header decodes to a JSON object.
    Jwt,
    /// The secret looks random.
    Entropy,
}

impl Verifier {
    /// The name as packs write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Entropy => "entropy",
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
        match (self.by, self.min) {
            (Verifier::Jwt, None) => Ok(Box::new(jwt::Jwt)),
            (Verifier::Jwt, Some(_)) => Err("`jwt` takes no `min`; remove it"),
            (Verifier::Entropy, Some(min)) if (0.0..=8.0).contains(&min) => {
                Ok(Box::new(entropy::Entropy { min }))
            }
            (Verifier::Entropy, _) => {
                Err("`entropy` needs `min`, from 0.0 to 8.0 bits a byte, e.g. min = 3.0")
            }
        }
    }
}
