//! Requests whose signature masking would break.

use hyper::header::{self, HeaderMap};

/// What of a request is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signed {
    /// The path, the query and headers.
    pub(crate) head: bool,
    /// The body.
    pub(crate) body: bool,
}

/// Schemes of `Authorization` that sign the request: AWS, those of webhooks and Azure.
const OF_ALL: [&[u8]; 3] = [b"AWS4-", b"HMAC-", b"SharedKey"];

/// Headers that hold a digest or a signature of the body alone.
const OF_BODY: [&str; 4] = ["digest", "content-digest", "repr-digest", "content-md5"];

/// How the names of such headers end where services made them up: `X-Hub-Signature-256`,
/// `Stripe-Signature`, `X-Shopify-Hmac-Sha256`.
const ENDS: [&str; 3] = ["-signature", "-signature-256", "-hmac-sha256"];

fn is_of_body(name: &str) -> bool {
    OF_BODY.contains(&name) || ENDS.iter().any(|end| name.ends_with(end))
}

impl Signed {
    /// What a request says is signed. AWS's version 4 signs the head, and the body but where its
    /// digest is `UNSIGNED-PAYLOAD`; HTTP Message Signatures (RFC 9421) name what they
    /// sign, and are taken to sign all.
    pub(crate) fn find(headers: &HeaderMap, query: &str) -> Self {
        let text = |name: &str| headers.get(name).map_or(&b""[..], |value| value.as_bytes());
        let schemes = headers.get_all(header::AUTHORIZATION).iter();
        let is_sigv4 = schemes.into_iter().any(|value| {
            let value = value.as_bytes();
            let begins = |scheme: &&[u8]| {
                let start = value.get(..scheme.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            };
            OF_ALL.iter().any(begins)
        });
        // A URL that was signed for others to use leaves the body out.
        let is_presigned = query.contains("X-Amz-Signature=");
        let is_signed =
            headers.contains_key("signature") || headers.contains_key("signature-input");
        let digest = text("x-amz-content-sha256");
        let is_unsigned = digest.starts_with(b"UNSIGNED-");
        let has_digest = headers.keys().any(|name| is_of_body(name.as_str()));
        let trailers = String::from_utf8_lossy(text("trailer")).to_ascii_lowercase();
        let has_digest = has_digest || trailers.split(',').any(|name| is_of_body(name.trim()));
        Self {
            head: is_sigv4 || is_presigned || is_signed,
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
        let signed = Signed::find(&map, "");
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
        for name in ["stripe-signature", "x-hub-signature-256"] {
            assert_eq!(find(&[(name, "x")]), (false, true), "{name}");
        }
        assert_eq!(find(&[("trailer", "X-T, Digest")]), (false, true));
        assert_eq!(find(&[("authorization", "hmac-sha256 x")]), (true, true));
        let presigned = Signed::find(&HeaderMap::new(), "a=b&X-Amz-Signature=0");
        assert_eq!((presigned.head, presigned.body), (true, false));
    }
}
