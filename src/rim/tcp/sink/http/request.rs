//! One request and its answer.

use std::fs;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use tokio::task::block_in_place;
use tokio::time::timeout;

use crate::rim::config::serve::{Timeouts, Upstream};
use crate::rim::config::sink::{Compression, Credential, CredentialSource, HttpSink};
use crate::rim::http::host::authority;
use crate::rim::http::outgoing::Outgoing;
use crate::rim::http::upstream::{Pool, pool};
use crate::rim::message::{name, reason};
use crate::rim::payload::codec::gzip;

/// What is read of an answer, so that its connection can be used again: not for longer,
/// and not more.
const LAST: Duration = Duration::from_secs(1);
const LONGEST: usize = 64 * 1024;

/// The longest that an upstream can make us wait by `Retry-After`.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A batch as it is sent.
pub(super) struct Body(Bytes);

impl Body {
    /// Bytes of it.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What comes of a request.
pub(super) enum Answer {
    /// It was not sent.
    Unreachable(String),
    /// It may have been sent, and no answer came.
    Lost(String),
    /// The status, and how long to wait at least before the next request.
    Status(StatusCode, Duration),
}

/// Makes requests to one URL.
pub(super) struct Requests {
    url: Uri,
    pool: Pool,
    headers: HeaderMap,
    credentials: Vec<(HeaderName, Credential)>,
    compression: Compression,
    time: Duration,
}

impl Requests {
    /// Without a connection yet.
    ///
    /// # Errors
    ///
    /// A file of certificates or a header's value cannot be used; the text names it.
    pub(super) fn new(told: &HttpSink, timeouts: &Timeouts) -> Result<Self, String> {
        let upstream = Upstream {
            base: told.url.clone(),
            http2: false,
            preserve_host: false,
            tls: told.tls.clone(),
        };
        let requests = Self {
            url: told.url.clone(),
            pool: pool(&upstream, timeouts.connect)?,
            headers: headers(told)?,
            credentials: told.headers.clone(),
            compression: told.compression,
            time: timeouts.response,
        };
        requests.credentials()?;
        Ok(requests)
    }

    /// The body of a batch, compressed if so configured.
    pub(super) fn body(&self, batch: &[u8]) -> Body {
        let bytes = match self.compression {
            Compression::None => batch.to_vec(),
            Compression::Gzip => block_in_place(|| gzip::encode(batch)),
        };
        Body(bytes.into())
    }

    /// Sends it once.
    pub(super) async fn send(&self, body: &Body) -> Answer {
        let request = match block_in_place(|| self.request(body)) {
            Ok(request) => request,
            Err(why) => return Answer::Unreachable(why),
        };
        let answer = match timeout(self.time, self.pool.request(request)).await {
            Err(_) => return Answer::Lost("it does not answer in time".to_owned()),
            Ok(Err(error)) if error.is_connect() => return Answer::Unreachable(why(&error)),
            Ok(Err(error)) => return Answer::Lost(why(&error)),
            Ok(Ok(answer)) => answer,
        };
        let wait = retry_after(answer.headers(), SystemTime::now());
        let status = answer.status();
        // Whatever it says besides.
        let _ = timeout(LAST, read(answer.into_body())).await;
        Answer::Status(status, wait)
    }

    fn request(&self, body: &Body) -> Result<Request<Outgoing>, String> {
        let mut request = Request::new(Outgoing::Whole {
            bytes: Some(body.0.clone()),
            trailers: None,
            claim: None,
        });
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = self.headers.clone();
        for (name, value) in self.credentials()? {
            // Instead of ours, where there is one.
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    /// Read for each request, since files of credentials change.
    fn credentials(&self) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
        let credentials = self.credentials.iter();
        let credentials = credentials.map(|(name, told)| Ok((name.clone(), value(told)?)));
        credentials.collect()
    }
}

/// What each request has.
fn headers(told: &HttpSink) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let host = HeaderValue::try_from(authority(&told.url));
    let host = host.map_err(|_| "its host cannot be the value of a header".to_owned())?;
    headers.insert(header::HOST, host);
    let fixed = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (
            header::USER_AGENT,
            concat!("blackbar/", env!("CARGO_PKG_VERSION")),
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if told.compression == Compression::Gzip {
        let gzip = HeaderValue::from_static("gzip");
        headers.insert(header::CONTENT_ENCODING, gzip);
    }
    Ok(headers)
}

/// The value of a header. What is wrong with it is told without it.
fn value(told: &Credential) -> Result<HeaderValue, String> {
    let (text, place) = match &told.source {
        CredentialSource::Environment(variable) => {
            let unset = || format!("the environment has no {variable}");
            let text = std::env::var(variable).map_err(|_| unset())?;
            (text, variable.clone())
        }
        CredentialSource::File(path) => {
            let unread = |error| format!("{}: {}", name(path), reason(&error));
            (fs::read_to_string(path).map_err(unread)?, name(path))
        }
    };
    let text = format!("{}{}", told.prefix, text.trim());
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| format!("what {place} holds cannot be the value of a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Why a request failed: the first cause that the system or TLS gives.
fn why(error: &hyper_util::client::legacy::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match cause.downcast_ref::<std::io::Error>() {
        Some(error) => reason(error),
        None => cause.to_string(),
    }
}

/// Reads an answer that is not too long to its end.
async fn read(mut body: Incoming) {
    let mut length = 0;
    while length < LONGEST
        && let Some(Ok(frame)) = body.frame().await
    {
        length += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). None is no time.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Duration {
    let told = headers.get(header::RETRY_AFTER);
    let told = told.and_then(|value| value.to_str().ok()).map(str::trim);
    let wait = told.and_then(|text| match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(now)
            .ok(),
    });
    wait.unwrap_or_default().min(PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_as_long_as_it_is_told() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (told, seconds) in [
            ("0", 0),
            ("120", 120),
            ("999999", 3600),
            ("99999999999999999999999", 0),
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sun, 06 Nov 1994 08:48:37 GMT", 0),
            ("soon", 0),
            ("-1", 0),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(told));
            let wait = retry_after(&headers, now);
            assert_eq!(wait, Duration::from_secs(seconds), "{told}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), Duration::ZERO);
    }

    #[test]
    fn a_value_comes_from_a_file_without_its_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let told = Credential {
            source: CredentialSource::File(path.clone()),
            prefix: "Key ".to_owned(),
        };
        let told_wrong = |told| value(told).map(|_| ()).unwrap_err();
        assert!(told_wrong(&told).contains("No such file"));
        fs::write(&path, "hunter2\n").unwrap();
        let read = value(&told).unwrap();
        assert_eq!(read, "Key hunter2");
        assert!(read.is_sensitive());
        fs::write(&path, "hunter2\nhunter2").unwrap();
        let wrong = told_wrong(&told);
        assert!(
            wrong.contains("key") && !wrong.contains("hunter2"),
            "{wrong}"
        );
    }
}
