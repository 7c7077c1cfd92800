//! Addresses of cryptocurrencies: base 58 of a version, a hash of 20 bytes and four bytes of
//! the hash of both (`Base58Check`).

use sha2::{Digest as _, Sha256};

use super::Verify;

/// Accepts a secret that is an address by its length and its own hash.
pub(super) struct Base58Check;

/// The version, the hash and what checks them.
const LENGTH: usize = 25;
const CHECKED: usize = 21;

impl Verify for Base58Check {
    fn accepts(&self, _matched: &[u8], secret: &[u8]) -> bool {
        decoded(secret).is_some_and(|bytes| {
            let once = Sha256::digest(&bytes[..CHECKED]);
            Sha256::digest(once)[..LENGTH - CHECKED] == bytes[CHECKED..]
        })
    }
}

/// The number, without leading zeros' own rule: an address has one leading `1` for each
/// byte of zeros, which its hash would show.
fn decoded(text: &[u8]) -> Option<[u8; LENGTH]> {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0; LENGTH];
    for letter in text {
        let mut carry = ALPHABET.iter().position(|other| other == letter)? as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address of zeros, of which the network has many by accident.
    const ZEROS: &str = "1111111111111111111114oLvT2";

    #[test]
    fn an_address_has_its_own_hash() {
        let accepts = |text: &str| Base58Check.accepts(b"", text.as_bytes());
        assert!(accepts(ZEROS));
        for other in [
            "1111111111111111111114oLvT3",
            "1111111111111111111114oLvt2",
            "",
        ] {
            assert!(!accepts(other), "{other}");
        }
        assert!(!accepts(&ZEROS.replace('o', "0")));
        assert!(!accepts(&"z".repeat(40)));
    }
}
