//! The head of a request as it goes to the upstream: path, query and headers masked,
//! what belongs to the connection left out.
//!
//! # What goes on unscanned?
//!
//! The values of the headers, parameters and cookies that the route passes, and nothing
//! else. `Host` is replaced, or goes on where the route keeps it; with a secret in it the
//! request is refused, and so with one in a method of the client's own. `Content-Length`
//! and the headers of the connection (RFC 9110, 7.6.1) are not sent on.

use blackbar::Tally;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Uri, Version};

use crate::rim::config::serve::{Passes, Route};
use crate::rim::http::answer::Reason;
use crate::rim::http::host;
use crate::rim::http::masking::{Masking, decode};

/// A masked head.
pub(crate) struct Head {
    /// Where the request goes: the upstream, and the path and query of the request.
    pub(crate) uri: Uri,
    /// Its headers, without those of the body's length.
    pub(crate) headers: HeaderMap,
    /// The masked path, for the log.
    pub(crate) path: String,
    /// What was found.
    pub(crate) tally: Tally,
}

impl Head {
    /// Whether anything was masked.
    pub(crate) fn is_changed(&self) -> bool {
        self.tally.masks() > 0
    }
}

/// Masks the head of a request for the route.
///
/// # Errors
///
/// A name, the method or the host holds a secret, or the masked head is too large.
pub(crate) fn masked(parts: &Parts, route: &Route) -> Result<Head, Reason> {
    let mut masking = Masking::new(&route.rules);
    check_method(&parts.method, &mut masking)?;
    let path = masking
        .encoded(parts.uri.path().as_bytes(), false)
        .unwrap_or_else(|| parts.uri.path().as_bytes().to_vec());
    let query = match parts.uri.query() {
        Some(query) => Some(masked_query(query.as_bytes(), &route.passes, &mut masking)?),
        None => None,
    };
    let uri = upstream_uri(&route.upstream.base, &path, query.as_deref())?;
    let mut headers = masked_headers(&parts.headers, &route.passes, &mut masking)?;
    let host = host::of(parts, route)?;
    if route.upstream.preserve_host {
        host::check(&host, &mut masking)?;
    }
    let uri = host::address(uri, &mut headers, host, &route.upstream)?;
    Ok(Head {
        uri,
        headers,
        path: String::from_utf8_lossy(&path).into_owned(),
        tally: masking.into_tally(),
    })
}

/// The same without masks, for routes that only observe. What would have been masked is
/// counted, and not to be seen in the path for the log.
pub(crate) fn observed(parts: &Parts, route: &Route) -> Result<Head, Reason> {
    let masked = masked(parts, route);
    let query = parts.uri.query().map(str::as_bytes);
    let path = parts.uri.path().as_bytes();
    let mut headers = HeaderMap::new();
    let dropped = of_connection(&parts.headers);
    for (name, value) in &parts.headers {
        if goes_on(name, value, &dropped) {
            headers.append(name.clone(), value.clone());
        }
    }
    let uri = upstream_uri(&route.upstream.base, path, query)?;
    let host = host::of(parts, route)?;
    let uri = host::address(uri, &mut headers, host, &route.upstream)?;
    let (path_in_log, tally) = match masked {
        Ok(head) => (head.path, head.tally),
        Err(_) => ("-".to_owned(), Tally::default()),
    };
    Ok(Head {
        uri,
        headers,
        path: path_in_log,
        tally,
    })
}

/// Cookies that HTTP/2 tells one by one are one header elsewhere (RFC 9113, 8.2.3).
pub(crate) fn join_cookies(parts: &mut Parts) {
    let mut cookies = parts.headers.get_all(header::COOKIE).iter();
    let (Some(first), Some(second)) = (cookies.next(), cookies.next()) else {
        return;
    };
    if parts.version != Version::HTTP_2 {
        return;
    }
    let mut joined = first.as_bytes().to_vec();
    for cookie in std::iter::once(second).chain(cookies) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(cookie.as_bytes());
    }
    // What is a header piece by piece is one in one piece.
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        parts.headers.insert(header::COOKIE, joined);
    }
}

/// Masks headers, or trailers.
///
/// # Errors
///
/// A name holds a secret.
pub(crate) fn masked_headers(
    headers: &HeaderMap,
    passes: &Passes,
    masking: &mut Masking<'_>,
) -> Result<HeaderMap, Reason> {
    let dropped = of_connection(headers);
    let mut masked = HeaderMap::with_capacity(headers.len() + 1);
    for (name, value) in headers {
        if !goes_on(name, value, &dropped) {
            continue;
        }
        let value = if passes.headers.iter().any(|passed| passed == name.as_str()) {
            value.clone()
        } else {
            masked_value(name, value, passes, masking)?
        };
        masked.append(name.clone(), value);
    }
    Ok(masked)
}

/// Removes what belongs to the connection from the headers of an answer.
pub(crate) fn without_connection(headers: &mut HeaderMap) {
    for name in of_connection(headers) {
        headers.remove(name);
    }
    for name in &CONNECTION {
        headers.remove(name);
    }
}

/// Names that belong to the connection.
static CONNECTION: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

/// The names that `Connection` names.
fn of_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(header::CONNECTION).iter();
    let names = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    names
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect()
}

fn goes_on(name: &HeaderName, value: &HeaderValue, dropped: &[HeaderName]) -> bool {
    if name == header::TE {
        // gRPC asks for trailers so, and our clients can take them.
        return value.as_bytes().eq_ignore_ascii_case(b"trailers");
    }
    let own = [header::HOST, header::CONTENT_LENGTH, header::EXPECT];
    !own.contains(name) && !CONNECTION.contains(name) && !dropped.contains(name)
}

fn masked_value(
    name: &HeaderName,
    value: &HeaderValue,
    passes: &Passes,
    masking: &mut Masking<'_>,
) -> Result<HeaderValue, Reason> {
    if name == header::COOKIE && !passes.cookies.is_empty() {
        return masked_cookies(value, passes, masking);
    }
    let name = name.as_str().as_bytes();
    let Some(line) = masking.header(&[name, b": ", value.as_bytes()].concat()) else {
        return Ok(value.clone());
    };
    let masked = line
        .strip_prefix(name)
        .and_then(|line| line.strip_prefix(b": "));
    let masked = masked.ok_or(Reason::SecretInName)?;
    HeaderValue::from_bytes(masked).map_err(|_| Reason::Internal)
}

/// Masks the cookies that the route does not pass, one by one.
fn masked_cookies(
    value: &HeaderValue,
    passes: &Passes,
    masking: &mut Masking<'_>,
) -> Result<HeaderValue, Reason> {
    let mut masked = Vec::new();
    for (at, cookie) in value.as_bytes().split(|&byte| byte == b';').enumerate() {
        if at > 0 {
            masked.push(b';');
        }
        let blanks = cookie.len() - cookie.trim_ascii_start().len();
        let (blank, cookie) = cookie.split_at(blanks);
        masked.extend_from_slice(blank);
        let name = cookie
            .split(|&byte| byte == b'=')
            .next()
            .unwrap_or_default();
        let is_passed = passes
            .cookies
            .iter()
            .any(|passed| passed.as_bytes() == name);
        let line = if is_passed {
            None
        } else {
            masking.header(&[b"cookie: ", cookie].concat())
        };
        match &line {
            Some(line) => {
                let line = line.strip_prefix(b"cookie: ").ok_or(Reason::SecretInName)?;
                masked.extend_from_slice(line);
            }
            None => masked.extend_from_slice(cookie),
        }
    }
    HeaderValue::from_bytes(&masked).map_err(|_| Reason::Internal)
}

/// Masks the values of parameters that the route does not pass.
fn masked_query(
    query: &[u8],
    passes: &Passes,
    masking: &mut Masking<'_>,
) -> Result<Vec<u8>, Reason> {
    let mut masked = Vec::with_capacity(query.len());
    for (at, parameter) in query.split(|&byte| byte == b'&').enumerate() {
        if at > 0 {
            masked.push(b'&');
        }
        let equals = memchr::memchr(b'=', parameter);
        let name = &parameter[..equals.unwrap_or(0)];
        let decoded = decode(name, true).0;
        let is_passed = passes
            .parameters
            .iter()
            .any(|passed| passed.as_bytes().eq_ignore_ascii_case(&decoded));
        let line = if is_passed && !name.is_empty() {
            None
        } else {
            masking.encoded(parameter, true)
        };
        match line {
            // A parameter without a name may change as a whole.
            Some(line) if !line.starts_with(name) => return Err(Reason::SecretInName),
            Some(line) => masked.extend_from_slice(&line),
            None => masked.extend_from_slice(parameter),
        }
    }
    Ok(masked)
}

fn upstream_uri(base: &Uri, path: &[u8], query: Option<&[u8]>) -> Result<Uri, Reason> {
    let before = base.path().trim_end_matches('/').as_bytes();
    let mut target = [before, path].concat();
    if let Some(query) = query {
        target.push(b'?');
        target.extend_from_slice(query);
    }
    let target = PathAndQuery::try_from(target).map_err(|_| Reason::HeadTooLarge)?;
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(target);
    Uri::from_parts(parts).map_err(|_| Reason::Internal)
}

/// The methods of the standards hold nothing; others are words of the client's.
fn check_method(method: &Method, masking: &mut Masking<'_>) -> Result<(), Reason> {
    let is_known = KNOWN.contains(method);
    if is_known || masking.encoded(method.as_str().as_bytes(), false).is_none() {
        Ok(())
    } else {
        Err(Reason::SecretInMethod)
    }
}

/// Methods that need no look (RFC 9110, 9.3; RFC 5789).
pub(crate) const KNOWN: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// Whether HTTP/1 is spoken.
pub(crate) fn is_http1(version: Version) -> bool {
    version <= Version::HTTP_11
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::payload::sample::rules;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &(name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_belongs_to_the_connection_stays_behind() {
        let rules = rules();
        let came = headers(&[
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("te", "gzip"),
            ("host", "a"),
            ("content-length", "5"),
            ("expect", "100-continue"),
            ("proxy-authorization", "x"),
            ("accept", "*/*"),
            ("accept", "a/b"),
        ]);
        let left = masked_headers(&came, &Passes::default(), &mut Masking::new(&rules)).unwrap();
        assert_eq!(left, headers(&[("accept", "*/*"), ("accept", "a/b")]));
        let trailers = headers(&[("te", "trailers")]);
        let left =
            masked_headers(&trailers, &Passes::default(), &mut Masking::new(&rules)).unwrap();
        assert_eq!(left, trailers);
    }

    #[test]
    fn only_what_is_passed_goes_on_unscanned() {
        let came = headers(&[
            ("x-password", "hunter2hunter2"),
            ("x-secret", "hunter2hunter2"),
            ("cookie", "a=hunter2hunter2;b=hunter2hunter2"),
        ]);
        let passes = Passes {
            headers: vec!["x-password".to_owned()],
            parameters: vec!["password".to_owned()],
            cookies: vec!["b".to_owned()],
        };
        let rules = rules();
        let mut masking = Masking::new(&rules);
        let left = masked_headers(&came, &passes, &mut masking).unwrap();
        assert_eq!(left["x-password"], "hunter2hunter2");
        assert_eq!(left["x-secret"], "[REDACTED]");
        assert_eq!(left["cookie"], "a=[REDACTED];b=hunter2hunter2");
        let query = b"password=hunter2hunter2&secret=hunter2hunter2&c";
        let left = masked_query(query, &passes, &mut masking).unwrap();
        assert_eq!(
            left,
            b"password=hunter2hunter2&secret=%5BREDACTED%5D&c".as_slice()
        );
    }

    #[test]
    fn the_upstreams_path_comes_first() {
        let base = Uri::from_static("http://a:1/base/");
        let uri = upstream_uri(&base, b"/x/y", Some(b"q")).unwrap();
        assert_eq!(uri, "http://a:1/base/x/y?q");
    }
}
