//! Requests whose signature masking would break.

use hyper::HeaderMap;

/// What of a request is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signed {
    /// The path, the query and headers.
    pub(crate) head: bool,
    /// The body.
    pub(crate) body: bool,
}

/// Headers that hold a digest or a signature of the body alone.
const OF_BODY: [&str; 6] = [
    "digest",
    "content-digest",
    "repr-digest",
    "content-md5",
    "x-hub-signature",
    "x-hub-signature-256",
];

impl Signed {
    /// What the headers say is signed. AWS's version 4 signs the head, and the body but where its
    /// digest is `UNSIGNED-PAYLOAD`; HTTP Message Signatures (RFC 9421) name what they
    /// sign, and are taken to sign all.
    pub(crate) fn find(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).map_or(&b""[..], |value| value.as_bytes());
        let is_sigv4 = headers
            .get_all("authorization")
            .iter()
            .any(|value| value.as_bytes().starts_with(b"AWS4-"));
        let is_signed =
            headers.contains_key("signature") || headers.contains_key("signature-input");
        let digest = text("x-amz-content-sha256");
        let is_unsigned = digest.starts_with(b"UNSIGNED-");
        let has_digest = OF_BODY.iter().any(|&name| headers.contains_key(name));
        Self {
            head: is_sigv4 || is_signed,
            body: has_digest || is_signed || (!is_unsigned && (is_sigv4 || !digest.is_empty())),
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn find(headers: &[(&'static str, &'static str)]) -> (bool, bool) {
        let map = headers
            .iter()
            .map(|&(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        let signed = Signed::find(&map);
        (signed.head, signed.body)
    }

    #[test]
    fn signatures_are_known_by_their_headers() {
        let sigv4 = ("authorization", "AWS4-HMAC-SHA256 Credential=x");
        let unsigned = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        assert_eq!(find(&[]), (false, false));
        assert_eq!(find(&[("authorization", "Basic x")]), (false, false));
        assert_eq!(find(&[sigv4]), (true, true));
        assert_eq!(find(&[sigv4, unsigned]), (true, false));
        assert_eq!(find(&[("x-amz-content-sha256", "00ff")]), (false, true));
        assert_eq!(find(&[("signature-input", "sig1=()")]), (true, true));
        for name in OF_BODY {
            assert_eq!(find(&[(name, "x")]), (false, true), "{name}");
        }
    }
}
