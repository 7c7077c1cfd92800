//! Which requests are taken, and which route takes them.

use std::borrow::Cow;

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Version};

use crate::rim::config::serve::Route;
use crate::rim::http::answer::Reason;
use crate::rim::http::head::{KNOWN, is_http1};
use crate::rim::http::masking::decode;
use crate::rim::http::strict::head::is_host;

/// Checks what no route takes.
///
/// # Errors
///
/// The request is none that we pass on.
pub(crate) fn admit(parts: &Parts, has_body: bool) -> Result<(), Reason> {
    if parts.method == Method::CONNECT {
        return Err(Reason::Connect);
    }
    // Its answer would be the request, with all that is in it.
    if parts.method == Method::TRACE {
        return Err(Reason::Method);
    }
    if !is_expected(&parts.headers) {
        return Err(Reason::Expectation);
    }
    if asks_for_upgrade(&parts.headers) {
        return Err(Reason::Upgrade);
    }
    if !is_http1(parts.version) && !authority_agrees(parts) {
        return Err(Reason::BadHost);
    }
    // Without a length it would end with the connection, which a request cannot.
    let expects_body = [Method::POST, Method::PUT, Method::PATCH].contains(&parts.method);
    let has_length = parts.headers.contains_key(header::CONTENT_LENGTH);
    if parts.version < Version::HTTP_11 && expects_body && !has_body && !has_length {
        return Err(Reason::LengthRequired);
    }
    if is_plain(parts.uri.path().as_bytes()) {
        Ok(())
    } else {
        Err(Reason::BadPath)
    }
}

/// Whether nothing is expected but that a body is asked for (RFC 9110, 10.1.1).
fn is_expected(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::EXPECT).iter();
    let mut members = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    members.all(|member| member.trim_ascii().eq_ignore_ascii_case(b"100-continue"))
}

/// Whether another protocol is asked for. An upgrade to HTTP/2 may be ignored (RFC 9113,
/// 3.1, which also retires it).
fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::UPGRADE)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"h2c"))
}

/// Whether `Host`, where HTTP/2 has one, says the same as `:authority`.
fn authority_agrees(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let authority = parts
        .uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    match (hosts.next(), authority) {
        (None, Some(authority)) => is_host(authority),
        (None, None) => false,
        (Some(host), authority) => {
            let host = host.as_bytes();
            hosts.next().is_none()
                && is_host(host)
                && authority.is_none_or(|authority| authority.eq_ignore_ascii_case(host))
        }
    }
}

/// Whether two readers take the path for the same: no dot segments, no back slash, no
/// NUL, however they are written. An encoded slash, which Elasticsearch's clients write in
/// ids, is looked at when the route is known.
fn is_plain(path: &[u8]) -> bool {
    if !path.starts_with(b"/") && path != b"*" {
        return false;
    }
    let decoded = if path.contains(&b'%') {
        Cow::Owned(decode(path, false).0)
    } else {
        Cow::Borrowed(path)
    };
    decoded.split(|&byte| byte == b'/').all(|segment| {
        let is_odd = |&byte: &u8| matches!(byte, b'\\' | 0);
        // What comes after `;` is a parameter of the segment for some servers.
        let bare = segment
            .split(|&byte| byte == b';')
            .next()
            .unwrap_or_default();
        bare != b"." && bare != b".." && !segment.iter().any(is_odd)
    })
}

/// The methods that a path may be asked with, as a 405 has to tell (RFC 9110, 15.5.6): those
/// of the routes that take it. There may be none.
pub(crate) fn allowed<'a>(routes: impl Iterator<Item = &'a Route>, path: &str) -> HeaderValue {
    let mut allowed: Vec<&str> = Vec::new();
    for route in routes.filter(|route| route.takes_path(path)) {
        let methods = match &route.methods[..] {
            [] => &KNOWN,
            methods => methods,
        };
        for method in methods.iter().map(Method::as_str) {
            if !allowed.contains(&method) {
                allowed.push(method);
            }
        }
    }
    // Methods are tokens, which any header may hold.
    HeaderValue::from_str(&allowed.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

/// Whether the path has a slash in one of its segments.
pub(crate) fn has_encoded_slash(path: &str) -> bool {
    path.as_bytes()
        .windows(3)
        .any(|part| part.eq_ignore_ascii_case(b"%2f"))
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    #[test]
    fn paths_that_two_readers_may_take_for_two_are_refused() {
        for path in ["/", "/a/b", "/a//b", "/a%20b", "/...", "/.a", "/a/", "*"] {
            assert!(is_plain(path.as_bytes()), "{path}");
        }
        for path in [
            "/..",
            "/a/../b",
            "/./a",
            "/%2e%2E/a",
            "/a%2f..%2fb",
            "/a%5Cb",
            "/a\\b",
            "/a%00",
            "/..;x/a",
            "",
            "a",
        ] {
            assert!(!is_plain(path.as_bytes()), "{path}");
        }
    }

    fn admitted(request: hyper::http::request::Builder) -> Result<(), Reason> {
        admit(&request.body(()).unwrap().into_parts().0, false)
    }

    #[test]
    fn tunnels_and_upgrades_are_refused() {
        let get = || Request::get("/").header("host", "a");
        assert_eq!(admitted(get()), Ok(()));
        assert_eq!(admitted(get().header("upgrade", "h2c")), Ok(()));
        let websocket = get().header("upgrade", "websocket");
        assert_eq!(admitted(websocket), Err(Reason::Upgrade));
        let connect = Request::connect("a:1").header("host", "a:1");
        assert_eq!(admitted(connect), Err(Reason::Connect));
    }

    #[test]
    fn what_would_echo_the_request_is_refused_and_what_nobody_can_do() {
        let trace = Request::builder()
            .method("TRACE")
            .uri("/")
            .header("host", "a");
        assert_eq!(admitted(trace), Err(Reason::Method));
        let get = || Request::get("/").header("host", "a");
        assert_eq!(admitted(get().header("expect", "100-Continue")), Ok(()));
        for expect in ["200-ok", "100-continue, 200-ok", ""] {
            let request = get().header("expect", expect);
            assert_eq!(admitted(request), Err(Reason::Expectation), "{expect}");
        }
    }

    #[test]
    fn old_clients_say_how_long_their_body_is() {
        let post = || Request::post("/").version(Version::HTTP_10);
        assert_eq!(admitted(post()), Err(Reason::LengthRequired));
        assert_eq!(admitted(post().header("content-length", "0")), Ok(()));
    }

    #[test]
    fn over_http2_host_agrees_with_authority() {
        let get = || Request::get("http://a/").version(Version::HTTP_2);
        assert_eq!(admitted(get()), Ok(()));
        assert_eq!(admitted(get().header("host", "A")), Ok(()));
        assert_eq!(admitted(get().header("host", "b")), Err(Reason::BadHost));
    }
}
