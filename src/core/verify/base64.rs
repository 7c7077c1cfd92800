//! URL-safe base64 without padding (RFC 4648, section 5), as JSON Web Tokens use it.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Decodes as far as the alphabet goes; standard base64's `+` and `/` are taken too.
pub(crate) fn decode(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut bits = 0u32;
    let mut count = 0;
    text.iter()
        .map_while(|&byte| value(byte))
        .filter_map(move |value| {
            bits = bits << 6 | value;
            count += 6;
            (count >= 8).then(|| {
                count -= 8;
                (bits >> count & 0xff) as u8
            })
        })
}

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let word = chunk.iter().enumerate().fold(0u32, |word, (at, &byte)| {
                word | u32::from(byte) << (16 - 8 * at)
            });
            (0..=chunk.len())
                .map(move |at| char::from(ALPHABET[(word >> (18 - 6 * at) & 63) as usize]))
        })
        .collect()
}

fn value(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes() {
        for text in ["", "a", "ab", "abc", "{\"alg\":\"none\"}", "\u{ff}\u{fe}?"] {
            let coded = encode(text.as_bytes());
            assert_eq!(
                decode(coded.as_bytes()).collect::<Vec<_>>(),
                text.as_bytes()
            );
        }
    }
}
