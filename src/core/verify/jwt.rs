//! The structure of a JSON Web Token (RFC 7519; JWE, RFC 7516, has five parts).

use super::{Verify, base64};

/// Accepts a match whose part before the first dot decodes to the beginning of a
/// JSON object with a member `alg`, `enc` or `typ`: what every JOSE header has.
pub(super) struct Jwt;

/// Longer headers than this are looked at no further, in decoded bytes.
const MAX_HEADER: usize = 4096;

impl Verify for Jwt {
    fn accepts(&self, matched: &[u8], _secret: &[u8]) -> bool {
        // A match may hold a few bytes before the token itself.
        header_at(matched, 0)
            || memchr::memmem::find(matched, b"eyJ")
                .is_some_and(|from| from > 0 && header_at(matched, from))
    }
}

fn header_at(matched: &[u8], from: usize) -> bool {
    let token = &matched[from..];
    let header = &token[..memchr::memchr(b'.', token).unwrap_or(token.len())];
    is_header(base64::decode(header).take(MAX_HEADER))
}

/// Reads an object's text until one of the names is seen. Stops at the first byte
/// that no JSON text holds, so that noise costs little.
fn is_header(bytes: impl Iterator<Item = u8>) -> bool {
    let names: [&[u8]; 3] = [b"\"alg\"", b"\"enc\"", b"\"typ\""];
    let mut window = [0u8; 5];
    for (at, byte) in bytes.enumerate() {
        if at == 0 && byte != b'{' || byte < b'\t' {
            return false;
        }
        window.rotate_left(1);
        window[4] = byte;
        if names.contains(&window.as_slice()) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_decides() {
        let token = |header: &str| format!("{}.e30.c2ln", base64::encode(header.as_bytes()));
        let accepts = |text: &str| Jwt.accepts(text.as_bytes(), b"");
        assert!(accepts(&token(r#"{"alg":"none"}"#)));
        assert!(accepts(&token(r#"{"typ":"JWT","alg":"HS256"}"#)));
        assert!(accepts(
            &token("{ \"alg\" : \"none\"}").replace(".e30.", ".eyJzdWIiOiIxIn0.")
        ));
        assert!(accepts(&token("{\n  \"alg\":\"none\"}")));
        assert!(!accepts(&token(r#"{"name":"x"}"#)));
        assert!(!accepts("eyJfoobar.foo.bar"));
    }
}
