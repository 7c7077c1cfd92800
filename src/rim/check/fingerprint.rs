//! Keyed fingerprints: which findings hold the same value, without the value.
//!
//! A plain hash of a short password can be guessed offline from a list of passwords.
//! So the hash is keyed, and who does not have the key cannot even try. HMAC is that of
//! RFC 2104 with SHA-256 (FIPS 180-4), cut to 128 bits as RFC 2104 allows.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::rim::check::CheckError;
use crate::rim::message::{name, reason};

/// The bytes of a random key.
const KEY: usize = 32;

/// The bytes of a fingerprint.
const LENGTH: usize = 16;

/// The least of a key that the user brings: shorter ones can be guessed with the values.
const SHORTEST_KEY: usize = 16;

/// The key of a run.
#[derive(Clone)]
pub(crate) struct Key {
    bytes: Vec<u8>,
}

/// A value whose bytes come piece by piece.
pub(crate) struct Digest(Hmac<Sha256>);

impl Key {
    /// A key for this run, or for a new baseline.
    pub(crate) fn random() -> Result<Self, CheckError> {
        let mut bytes = vec![0; KEY];
        getrandom::fill(&mut bytes).map_err(|_| CheckError::NoRandomness)?;
        Ok(Self { bytes })
    }

    /// The content of a file without the white space around it.
    pub(crate) fn read(path: &Path) -> Result<Self, CheckError> {
        let content = fs::read(path).map_err(|error| CheckError::Key {
            path: name(path),
            reason: reason(&error),
        })?;
        let bytes = content.trim_ascii().to_vec();
        if bytes.len() < SHORTEST_KEY {
            return Err(CheckError::Key {
                path: name(path),
                reason: format!("a key has at least {SHORTEST_KEY} bytes"),
            });
        }
        Ok(Self { bytes })
    }

    /// As a baseline stores it.
    pub(crate) fn hex(&self) -> String {
        hex(&self.bytes)
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let pairs = digits.chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        let bytes = pairs.collect::<Option<Vec<u8>>>()?;
        (bytes.len() == KEY).then_some(Self { bytes })
    }

    /// Says whether two keys are the same without telling them.
    pub(crate) fn id(&self) -> String {
        let mut digest = self.digest();
        digest.add(b"blackbar fingerprint key");
        digest.finish()
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest(Hmac::new_from_slice(&self.bytes).expect("HMAC takes keys of any length"))
    }
}

impl Digest {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> String {
        hex(&self.0.finalize().into_bytes()[..LENGTH])
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_case_2() {
        let key = Key {
            bytes: b"Jefe".to_vec(),
        };
        let mut digest = key.digest();
        digest.add(b"what do ya want ");
        digest.add(b"for nothing?");
        assert_eq!(digest.finish(), "5bdcc146bf60754e6a042426089575c7");
    }

    #[test]
    fn keys_come_back_from_hex() {
        let key = Key::random().expect("there is randomness");
        let again = Key::from_hex(&key.hex()).expect("it is hex");
        assert_eq!(key.id(), again.id());
        assert!(Key::from_hex("zz").is_none() && Key::from_hex("00").is_none());
    }
}
