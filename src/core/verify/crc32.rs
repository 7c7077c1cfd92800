//! The checksum at the end of tokens of GitHub and npm.
//!
//! The last six characters are the CRC-32 (IEEE 802.3) of the random characters before
//! them, written in base 62 with the digits 0-9, A-Z, a-z and padded with zeros.

use super::Verify;

/// Accepts a secret that ends with the checksum of what follows its prefix.
pub(super) struct Crc32Base62;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters the checksum has.
const CHECKSUM: usize = 6;

/// How many random characters were ever issued before it: an access token, and a token
/// that renews one.
const ISSUED: [usize; 2] = [30, 70];

impl Verify for Crc32Base62 {
    fn accepts(&self, _matched: &[u8], secret: &[u8]) -> bool {
        // A prefix ends with its underscore; the alphabet has none.
        let body = memchr::memrchr(b'_', secret).map_or(secret, |at| &secret[at + 1..]);
        let Some((random, checksum)) = body
            .len()
            .checked_sub(CHECKSUM)
            .and_then(|at| body.split_at_checked(at))
        else {
            return false;
        };
        ISSUED.contains(&random.len()) && base62(crc32(random)) == checksum
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}

fn base62(mut number: u32) -> [u8; CHECKSUM] {
    let mut text = [b'0'; CHECKSUM];
    for place in text.iter_mut().rev() {
        *place = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue_of_crcs() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn base_62_is_padded_with_zeros() {
        assert_eq!(&base62(0), b"000000");
        assert_eq!(&base62(61), b"00000z");
        assert_eq!(&base62(62 * 62 + 10), b"00010A");
        assert_eq!(&base62(u32::MAX), b"4gfFC3");
    }

    #[test]
    fn one_changed_character_fails_and_so_does_another_length() {
        for length in ISSUED {
            let random = "a1B2c3D4e5".repeat(7)[..length].to_owned();
            let checksum = String::from_utf8(base62(crc32(random.as_bytes())).to_vec()).unwrap();
            let accepts = |text: &str| Crc32Base62.accepts(b"", text.as_bytes());
            let token = format!("ghp_{random}{checksum}");
            assert!(accepts(&token));
            assert!(accepts(&token[4..]));
            assert!(!accepts(&token.replacen('B', "C", 1)));
            assert!(!accepts(&format!("{token}0")));
            assert!(!accepts(&token[..token.len() - 1]));
        }
        assert!(!Crc32Base62.accepts(b"", b"ghp_"));
        assert!(!Crc32Base62.accepts(b"", b""));
    }
}
