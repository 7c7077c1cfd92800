//! Second opinions on a match.

/// How a match is verified.
#[derive(Clone, Debug)]
pub(crate) struct Verify {
    pub(crate) by: By,
    /// Whether a failure means that there is no secret, or is only reported.
    pub(crate) rejects: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum By {
    /// At least so many bits of entropy a byte of the secret.
    Entropy(f64),
    /// Whatever it is.
    Any,
    /// The match has a header as JSON Web Tokens have it.
    Jwt,
}

impl Verify {
    pub(crate) fn rejects(&self, matched: &[u8], secret: &[u8]) -> bool {
        let accepts = match self.by {
            By::Entropy(min) => entropy(secret) >= min,
            By::Any => true,
            By::Jwt => has_jose_header(matched),
        };
        self.rejects && !accepts
    }
}

/// Shannon's entropy of the bytes, in bits a byte.
fn entropy(bytes: &[u8]) -> f64 {
    let total = bytes.len() as f64;
    (0..=255u8)
        .map(|byte| bytes.iter().filter(|&&other| other == byte).count() as f64 / total)
        .filter(|&share| share > 0.0)
        .map(|share| -share * share.log2())
        .sum()
}

/// Whether the match, or what follows an `eyJ` in it, is base64 of the beginning of an
/// object that names its algorithm, its encryption or its type (RFC 7515, RFC 7516).
fn has_jose_header(matched: &[u8]) -> bool {
    let later = matched.windows(3).position(|three| three == b"eyJ");
    is_jose_header(matched) || later.is_some_and(|start| is_jose_header(&matched[start..]))
}

fn is_jose_header(token: &[u8]) -> bool {
    let header = decoded(token);
    let end = header
        .iter()
        .position(|&byte| byte < b'\t')
        .unwrap_or(header.len());
    let text = &header[..end.min(4096)];
    let names: [&[u8]; 3] = [b"\"alg\"", b"\"enc\"", b"\"typ\""];
    text.first() == Some(&b'{') && text.windows(5).any(|name| names.contains(&name))
}

/// Decodes base64 of either alphabet as far as it goes.
fn decoded(text: &[u8]) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digit = |byte: &u8| match byte {
        b'-' | b'+' => Some(62),
        b'_' | b'/' => Some(63),
        _ => alphabet.iter().position(|other| other == byte),
    };
    let bits: Vec<bool> = text
        .iter()
        .map_while(digit)
        .flat_map(|value| (0..6).rev().map(move |bit| value >> bit & 1 == 1))
        .collect();
    bits.chunks_exact(8)
        .map(|byte| {
            byte.iter()
                .fold(0, |value, &bit| value << 1 | u8::from(bit))
        })
        .collect()
}
