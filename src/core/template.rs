//! `{prefix|class*n}`: token-shaped text that no file has to hold.
//!
//! Expansion is deterministic: the same template gives the same text everywhere.

use crate::core::verify::base64;

/// Expands every template in `text`; anything else in braces stays as it is.
///
/// ```
/// use blackbar::core::template::expand;
/// assert_eq!(expand("{acme_|hex*12}").len(), "acme_".len() + 12);
/// assert_eq!(expand("{as it is}"), "{as it is}");
/// ```
pub fn expand(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        if let Some((expansion, length)) =
            rest.find('}').and_then(|close| template(&rest[1..close]))
        {
            out.push_str(&expansion);
            rest = &rest[length + 2..];
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out + rest
}

/// The expansion of what stands between braces, and how long that was.
fn template(inner: &str) -> Option<(String, usize)> {
    if inner == "jwt" {
        return Some((jwt(), inner.len()));
    }
    let (prefix, spec) = inner.split_once('|')?;
    if prefix.contains('{') {
        return None;
    }
    let (class, count) = spec.split_once('*')?;
    let alphabet = alphabet(class)?;
    let count: usize = count.parse().ok()?;
    let mut random = Random::new(inner);
    let tail = (0..count).map(|_| char::from(alphabet[random.below(alphabet.len())]));
    Some((prefix.chars().chain(tail).collect(), inner.len()))
}

fn alphabet(class: &str) -> Option<&'static [u8]> {
    Some(match class {
        "alnum" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "alpha" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "lower" => b"abcdefghijklmnopqrstuvwxyz",
        "upper" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "digit" => b"0123456789",
        "hex" => b"0123456789abcdef",
        "base32" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "base64" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "base64url" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        _ => return None,
    })
}

fn jwt() -> String {
    let part = |text: &str| base64::encode(text.as_bytes());
    let signature: String = expand("{|base64url*43}");
    format!(
        "{}.{}.{signature}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(r#"{"sub":"1234567890","name":"template"}"#),
    )
}

/// Xorshift, seeded by the template's own text (FNV-1a).
struct Random(u64);

impl Random {
    fn new(seed: &str) -> Self {
        let hash = seed.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn templates_expand_and_other_braces_stay() {
        let text = expand("a {ghp_|alnum*36} b");
        assert_eq!(text.len(), "a ghp_ b".len() + 36);
        assert_eq!(text, expand("a {ghp_|alnum*36} b"));
        for same in [
            "{\"a\":{\"b\":1}}",
            "{x|nope*3}",
            "{x|hex*y}",
            "{",
            "}{",
            "{a|b}",
        ] {
            assert_eq!(expand(same), same);
        }
        assert_eq!(expand("{jwt}").split('.').count(), 3);
        assert!(expand("{{|hex*4}}").starts_with('{'));
    }
}
