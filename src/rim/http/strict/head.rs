//! The head of an HTTP/1 request, checked by the letter of RFC 9112.
//!
//! hyper reads some heads leniently, each in a way that an upstream may read otherwise.
//! Where two readers may disagree about where a request ends or whom it is for, it is
//! refused here, before hyper sees it.

use crate::rim::http::answer::Reason;

/// How the body of a request is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes, maybe none.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Header lines at most; hyper takes no more.
const MAX_FIELDS: usize = 100;

/// Checks a whole head, its empty line included.
///
/// # Errors
///
/// Another reader might read it otherwise.
pub(crate) fn check(head: &[u8]) -> Result<Framing, Reason> {
    let mut lines = Lines(head);
    let line = RequestLine::parse(lines.next().ok_or(Reason::BadHead)??)?;
    let mut fields = Fields::default();
    for (count, line) in lines.enumerate() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if count == MAX_FIELDS {
            return Err(Reason::HeadTooLarge);
        }
        let (name, value) = field(line)?;
        fields.take(name, value)?;
    }
    fields.check_host(&line)?;
    fields.framing(line.is_http11)
}

/// Checks a header or trailer line without its end, and splits it.
pub(crate) fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Reason> {
    // A blank at the beginning folds a line, and one before the colon hides a name.
    let colon = memchr::memchr(b':', line).ok_or(Reason::BadHead)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) {
        return Err(Reason::BadHead);
    }
    let is_bad = |&byte: &u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    if value.iter().any(is_bad) {
        return Err(Reason::BadHead);
    }
    Ok((name, value.trim_ascii()))
}

/// The lines of a head without their ends, each of which is CR LF.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = Result<&'a [u8], Reason>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some(at) = memchr::memchr(b'\n', self.0) else {
            return Some(Err(Reason::BadHead));
        };
        let line = &self.0[..at];
        self.0 = &self.0[at + 1..];
        Some(line.strip_suffix(b"\r").ok_or(Reason::BadHead))
    }
}

/// `POST /path HTTP/1.1`.
struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    is_http11: bool,
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Reason> {
        let mut words = line.split(|&byte| byte == b' ');
        let (method, target, version) = match (words.next(), words.next(), words.next()) {
            (Some(method), Some(target), Some(version)) if words.next().is_none() => {
                (method, target, version)
            }
            _ => return Err(Reason::BadHead),
        };
        let is_http11 = match version {
            b"HTTP/1.1" => true,
            b"HTTP/1.0" => false,
            _ => return Err(Reason::BadHead),
        };
        let is_method = !method.is_empty() && method.iter().all(|&byte| is_token(byte));
        let is_target = !target.is_empty() && target.iter().all(u8::is_ascii_graphic);
        if !is_method || !is_target || target.contains(&b'#') {
            return Err(Reason::BadHead);
        }
        if !is_carried(target) {
            return Err(Reason::BadPath);
        }
        if method == b"CONNECT" {
            return Err(Reason::Connect);
        }
        Ok(Self {
            method,
            target,
            is_http11,
        })
    }

    /// The authority of an absolute target; `None` for a path.
    fn authority(&self) -> Result<Option<&'a [u8]>, Reason> {
        if self.target.starts_with(b"/") || (self.target == b"*" && self.method == b"OPTIONS") {
            return Ok(None);
        }
        let scheme_end = memchr::memmem::find(self.target, b"://").ok_or(Reason::BadHead)?;
        let scheme = &self.target[..scheme_end];
        if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
            return Err(Reason::BadHead);
        }
        let rest = &self.target[scheme_end + 3..];
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?'))
            .unwrap_or(rest.len());
        Ok(Some(&rest[..end]))
    }
}

/// Whether hyper can carry the target as it stands. Of what clients ought to encode and do
/// not, it takes `{`, `}`, `|`, `^` and a quote in the path, not the rest; and to encode
/// that here would send another target than the one that came.
fn is_carried(target: &[u8]) -> bool {
    let query = memchr::memchr(b'?', target).unwrap_or(target.len());
    let (path, query) = target.split_at(query);
    memchr::memchr3(b'<', b'>', b'`', path).is_none()
        && memchr::memchr3(b'<', b'>', b'"', query).is_none()
}

/// What of a head decides where its body ends and whom it is for.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    is_chunked: bool,
}

impl<'a> Fields<'a> {
    fn take(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), Reason> {
        if name.eq_ignore_ascii_case(b"host") {
            if self.host.replace(value).is_some() || !is_host(value) {
                return Err(Reason::BadHost);
            }
        } else if name.eq_ignore_ascii_case(b"content-length") {
            // Also the same number twice is refused: nobody needs it.
            if self.length.replace(length(value)?).is_some() {
                return Err(Reason::AmbiguousLength);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Reason::AmbiguousLength);
            }
            self.is_chunked = true;
        }
        Ok(())
    }

    fn check_host(&self, line: &RequestLine<'_>) -> Result<(), Reason> {
        if self.host.is_none() && line.is_http11 {
            return Err(Reason::BadHost);
        }
        match (line.authority()?, self.host) {
            (Some(authority), _) if !is_host(authority) => Err(Reason::BadHost),
            (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
                Err(Reason::BadHost)
            }
            _ => Ok(()),
        }
    }

    fn framing(&self, is_http11: bool) -> Result<Framing, Reason> {
        match (self.is_chunked, self.length) {
            (true, Some(_)) => Err(Reason::AmbiguousLength),
            (true, None) if !is_http11 => Err(Reason::AmbiguousLength),
            (true, None) => Ok(Framing::Chunked),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }
}

/// Digits, and no more of them than fit.
fn length(value: &[u8]) -> Result<u64, Reason> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Reason::AmbiguousLength);
    }
    Ok(value
        .iter()
        .fold(0, |length, digit| length * 10 + u64::from(digit - b'0')))
}

/// Whether it is a host with perhaps a port, and nothing else (RFC 9110, 7.2).
pub(crate) fn is_host(value: &[u8]) -> bool {
    let is_part =
        |&byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%:[]!$&'()*+;=".contains(&byte);
    !value.is_empty() && value.iter().all(is_part)
}

/// A character of a token (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(lines: &[&str]) -> Result<Framing, Reason> {
        check((lines.join("\r\n") + "\r\n\r\n").as_bytes())
    }

    #[test]
    fn plain_requests_pass() {
        let cases: [(&[&str], Framing); 6] = [
            (&["GET / HTTP/1.1", "Host: a"], Framing::Length(0)),
            (&["GET / HTTP/1.0"], Framing::Length(0)),
            (
                &[
                    "POST /x?y=z HTTP/1.1",
                    "Host: [::1]:80",
                    "Content-Length: 12",
                ],
                Framing::Length(12),
            ),
            (
                &["POST / HTTP/1.1", "host:a", "transfer-encoding: Chunked"],
                Framing::Chunked,
            ),
            (&["OPTIONS * HTTP/1.1", "Host: a"], Framing::Length(0)),
            (
                &["GET http://A:1/x HTTP/1.1", "Host: a:1"],
                Framing::Length(0),
            ),
        ];
        for (lines, framing) in cases {
            assert_eq!(checked(lines), Ok(framing), "{lines:?}");
        }
    }

    #[test]
    fn lengths_that_two_readers_may_read_in_two_ways_are_refused() {
        let fields: [&[&str]; 12] = [
            &["Content-Length: 5", "Transfer-Encoding: chunked"],
            &["Content-Length: 5", "Content-Length: 6"],
            &["Content-Length: 5", "Content-Length: 5"],
            &["Content-Length: 5, 5"],
            &["Content-Length: +5"],
            &["Content-Length: -5"],
            &["Content-Length: 0x5"],
            &["Content-Length:"],
            &["Content-Length: 99999999999999999999"],
            &["Transfer-Encoding: gzip, chunked"],
            &["Transfer-Encoding: identity"],
            &["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ];
        for fields in fields {
            let lines = [&["POST / HTTP/1.1", "Host: a"], fields].concat();
            assert_eq!(checked(&lines), Err(Reason::AmbiguousLength), "{fields:?}");
        }
        let old = ["POST / HTTP/1.0", "Transfer-Encoding: chunked"];
        assert_eq!(checked(&old), Err(Reason::AmbiguousLength));
    }

    #[test]
    fn heads_that_are_not_http_are_refused() {
        let lines: [&[&str]; 15] = [
            &["GET / HTTP/1.1", "Host: a", "X : y"],
            &["GET / HTTP/1.1", "Host: a", " folded"],
            &["GET / HTTP/1.1", "Host: a", "\tfolded: x"],
            &["GET / HTTP/1.1", "Host: a", "no colon"],
            &["GET / HTTP/1.1", "Host: a", ": no name"],
            &["GET / HTTP/1.1", "Host: a", "X: a\rb"],
            &["GET / HTTP/1.1", "Host: a", "X: a\nY: b"],
            &["GET / HTTP/1.1", "Host: a", "X: a\0b"],
            &["GET  / HTTP/1.1", "Host: a"],
            &["GET / HTTP/1.1 ", "Host: a"],
            &["GET / HTTP/2.0", "Host: a"],
            &["GET /", "Host: a"],
            &["GET /a\tb HTTP/1.1", "Host: a"],
            &["GET x HTTP/1.1", "Host: a"],
            &["G(T / HTTP/1.1", "Host: a"],
        ];
        for lines in lines {
            assert_eq!(checked(lines), Err(Reason::BadHead), "{lines:?}");
        }
    }

    #[test]
    fn characters_that_ought_to_be_encoded_go_on_or_have_a_reason() {
        let get = |target: &str| checked(&[&format!("GET {target} HTTP/1.1"), "Host: a"]);
        for target in ["/{a}|^\"[b]", "/?q={a}|^`[b]"] {
            assert_eq!(get(target), Ok(Framing::Length(0)), "{target}");
            assert!(hyper::Uri::try_from(target).is_ok(), "{target}");
        }
        for target in ["/<", "/>", "/`", "/?\"", "/?<", "/?>"] {
            assert_eq!(get(target), Err(Reason::BadPath), "{target}");
            assert!(hyper::Uri::try_from(target).is_err(), "{target}");
        }
    }

    #[test]
    fn hosts_must_be_there_once_and_agree() {
        let lines: [&[&str]; 6] = [
            &["GET / HTTP/1.1"],
            &["GET / HTTP/1.1", "Host: a", "Host: a"],
            &["GET / HTTP/1.1", "Host: a/b"],
            &["GET / HTTP/1.1", "Host: u@a"],
            &["GET http://b/ HTTP/1.1", "Host: a"],
            &["GET http://u@a/ HTTP/1.1", "Host: u@a"],
        ];
        for lines in lines {
            assert_eq!(checked(lines), Err(Reason::BadHost), "{lines:?}");
        }
        assert_eq!(
            checked(&["CONNECT a:1 HTTP/1.1", "Host: a:1"]),
            Err(Reason::Connect)
        );
    }
}
