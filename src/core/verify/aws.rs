//! The account in an access key id of AWS.
//!
//! An id is a prefix of four letters and sixteen characters of base32. In those that were
//! issued since 2019 the first bit is set and the forty bits after it are the account's
//! number, of twelve decimal digits; older ones begin with I or J and tell nothing.

use super::Verify;

/// Accepts an id that names a possible account, or is of the older kind.
pub(super) struct AwsKeyId;

/// Prefix and base32.
const LENGTH: usize = 20;

/// Accounts have twelve digits.
const LAST_ACCOUNT: u64 = 999_999_999_999;

impl Verify for AwsKeyId {
    fn accepts(&self, _matched: &[u8], secret: &[u8]) -> bool {
        if secret.len() != LENGTH {
            return false;
        }
        match account(&secret[4..]) {
            Some(number) => (1..=LAST_ACCOUNT).contains(&number),
            None => matches!(secret[4], b'I' | b'J'),
        }
    }
}

/// The account's number, where the first bit says that there is one.
fn account(text: &[u8]) -> Option<u64> {
    // Ten characters hold fifty bits: the mark, forty of the account and nine others.
    let bits = text[..10].iter().try_fold(0u64, |bits, &byte| {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        Some(bits << 5 | u64::from(value))
    })?;
    (bits >> 49 == 1).then_some(bits >> 9 & ((1 << 40) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(prefix: &str, account: u64) -> String {
        let bits = 1u64 << 49 | account << 9 | 0x155;
        let digits = (0..10).rev().map(|place| {
            let value = (bits >> (5 * place) & 31) as u8;
            char::from(if value < 26 {
                b'A' + value
            } else {
                b'2' + value - 26
            })
        });
        format!("{prefix}{}QWERTY", digits.collect::<String>())
    }

    #[test]
    fn accounts_have_twelve_digits() {
        for number in [1, 123_456_789_012, LAST_ACCOUNT] {
            let id = id("AKIA", number);
            assert_eq!(account(&id.as_bytes()[4..]), Some(number));
            assert!(AwsKeyId.accepts(b"", id.as_bytes()));
        }
        for number in [0, LAST_ACCOUNT + 1, (1 << 40) - 1] {
            assert!(!AwsKeyId.accepts(b"", id("ASIA", number).as_bytes()));
        }
    }

    #[test]
    fn older_ids_tell_nothing_and_other_lengths_are_none() {
        let older = format!("AKIAI{}", "B".repeat(15));
        assert!(AwsKeyId.accepts(b"", older.as_bytes()));
        assert!(!AwsKeyId.accepts(b"", older.replace("AKIAI", "AKIAC").as_bytes()));
        assert!(!AwsKeyId.accepts(b"", format!("{older}B").as_bytes()));
        assert!(!AwsKeyId.accepts(b"", b"AKIA"));
    }
}
