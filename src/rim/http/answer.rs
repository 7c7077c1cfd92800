//! Our own answers: a closed set of reasons, each with its status.
//!
//! # Which status for what?
//!
//! The status is chosen by what the senders do with it:
//!
//! | sender | 4xx | 429 | 500 | 502, 503, 504 |
//! |---|---|---|---|---|
//! | Sentry SDKs | drop | drop, and mute themselves for `Retry-After` or a minute | drop | drop |
//! | OpenTelemetry exporters | drop | retry | drop | retry |
//! | Fluent Bit | drop | retry (by output) | retry | retry |
//! | Elasticsearch clients | raise | retry | raise | retry |
//!
//! So what is temporary is 503 with `Retry-After`, never 429; an upstream that fails is
//! 502 or 504; what will fail again is 4xx. A status of 2xx is only ever the upstream's.
//!
//! # What does a body say?
//!
//! `{"error":"<reason>","request_id":"<id>"}`: nothing of the request, and nothing of
//! the upstream. The id is in the access log too.

use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use crate::rim::payload::Refusal;

/// Why a request was answered by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    /// The head is not HTTP as the RFCs 9110 and 9112 write it.
    BadHead,
    /// The end of the body can be read in two ways, or not at all.
    AmbiguousLength,
    /// A chunk has a bad size, an extension or a bad end.
    BadChunk,
    /// None, several, or one that contradicts the target.
    BadHost,
    /// Dot segments, back slashes, encoded slashes, or characters that are to be encoded.
    BadPath,
    /// A name holds a secret, and names are not rewritten.
    SecretInName,
    /// The host that the route keeps holds a secret, and hosts are not rewritten.
    SecretInHost,
    /// The method holds a secret, and methods are not rewritten.
    SecretInMethod,
    /// An upgrade to another protocol is asked for.
    Upgrade,
    /// The client went away within the body.
    IncompleteBody,
    /// A tunnel is asked for.
    Connect,
    /// No route takes the method, though one takes the path; or it is `TRACE`.
    Method,
    /// The head did not arrive in time.
    HeadTimeout,
    /// The body stopped.
    BodyTimeout,
    /// A body of HTTP/1.0 without a length.
    LengthRequired,
    /// Something else than `100-continue` is expected.
    Expectation,
    /// No route takes the path.
    NoRoute,
    /// Masking would break the signature.
    Signed,
    /// The head is too large.
    HeadTooLarge,
    /// A defect of ours.
    Internal,
    /// No connection to the upstream.
    UpstreamUnreachable,
    /// The upstream closed the connection, or broke the protocol.
    UpstreamBroke,
    /// Too many requests are worked on.
    Busy,
    /// The bodies of all requests together are too large.
    Budget,
    /// The connection to the upstream took too long.
    ConnectTimeout,
    /// The upstream took too long.
    ResponseTimeout,
    /// The body cannot go on.
    Body(Refusal),
}

/// All reasons but those of bodies.
const OWN: [Reason; 26] = [
    Reason::BadHead,
    Reason::AmbiguousLength,
    Reason::BadChunk,
    Reason::BadHost,
    Reason::BadPath,
    Reason::SecretInName,
    Reason::SecretInHost,
    Reason::SecretInMethod,
    Reason::Upgrade,
    Reason::IncompleteBody,
    Reason::Connect,
    Reason::Method,
    Reason::HeadTimeout,
    Reason::BodyTimeout,
    Reason::LengthRequired,
    Reason::Expectation,
    Reason::NoRoute,
    Reason::Signed,
    Reason::HeadTooLarge,
    Reason::Internal,
    Reason::UpstreamUnreachable,
    Reason::UpstreamBroke,
    Reason::Busy,
    Reason::Budget,
    Reason::ConnectTimeout,
    Reason::ResponseTimeout,
];

impl Reason {
    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        OWN.into_iter()
            .chain(Refusal::ALL.into_iter().map(Self::Body))
    }

    /// Those for which a body is refused that cannot be masked.
    pub(crate) fn of_bodies() -> impl Iterator<Item = Self> {
        let own = [Self::Internal].into_iter();
        own.chain(Refusal::ALL.into_iter().map(Self::Body))
    }

    /// Its name in answers, logs and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BadHead => "bad_request",
            Self::AmbiguousLength => "ambiguous_length",
            Self::BadChunk => "bad_chunk",
            Self::BadHost => "bad_host",
            Self::BadPath => "bad_path",
            Self::SecretInName => "secret_in_name",
            Self::SecretInHost => "secret_in_host",
            Self::SecretInMethod => "secret_in_method",
            Self::Upgrade => "upgrade_refused",
            Self::IncompleteBody => "incomplete_body",
            Self::Connect => "connect_refused",
            Self::Method => "method_not_allowed",
            Self::HeadTimeout => "head_timeout",
            Self::BodyTimeout => "body_timeout",
            Self::LengthRequired => "length_required",
            Self::Expectation => "expectation_failed",
            Self::NoRoute => "no_route",
            Self::Signed => "signed_request",
            Self::HeadTooLarge => "head_too_large",
            Self::Internal => "internal",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamBroke => "upstream_broke_off",
            Self::Busy => "too_many_in_flight",
            Self::Budget => "memory_budget",
            Self::ConnectTimeout => "upstream_connect_timeout",
            Self::ResponseTimeout => "upstream_response_timeout",
            Self::Body(refusal) => refusal.name(),
        }
    }

    /// The status with which it is answered.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadHead
            | Self::AmbiguousLength
            | Self::BadChunk
            | Self::BadHost
            | Self::BadPath
            | Self::SecretInName
            | Self::SecretInHost
            | Self::SecretInMethod
            | Self::Upgrade
            | Self::IncompleteBody => StatusCode::BAD_REQUEST,
            Self::Connect | Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::HeadTimeout | Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::LengthRequired => StatusCode::LENGTH_REQUIRED,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::NoRoute => StatusCode::MISDIRECTED_REQUEST,
            Self::Signed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::UpstreamUnreachable | Self::UpstreamBroke => StatusCode::BAD_GATEWAY,
            Self::Busy | Self::Budget => StatusCode::SERVICE_UNAVAILABLE,
            Self::ConnectTimeout | Self::ResponseTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Body(refusal) => {
                StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// Whether it is the upstream that failed.
    pub(crate) fn is_of_upstream(self) -> bool {
        matches!(
            self,
            Self::UpstreamUnreachable
                | Self::UpstreamBroke
                | Self::ConnectTimeout
                | Self::ResponseTimeout
        )
    }

    /// Whether where the next request begins is no longer known.
    fn ends_connection(self) -> bool {
        self.status() == StatusCode::BAD_REQUEST
            || matches!(
                self,
                Self::HeadTimeout
                    | Self::BodyTimeout
                    | Self::HeadTooLarge
                    | Self::LengthRequired
                    | Self::Connect
            )
    }

    /// The answer, whose body is its text. `http1` tells whether the connection is ended
    /// by a header.
    pub(crate) fn answer(self, id: &str, http1: bool) -> Response<String> {
        let text = format!(
            "{{\"error\":\"{}\",\"request_id\":\"{id}\"}}\n",
            self.name()
        );
        let mut response = Response::new(text);
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if http1 && self.ends_connection() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_plain() {
        let names: BTreeSet<_> = Reason::all().map(Reason::name).collect();
        assert_eq!(names.len(), Reason::all().count());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        assert!(names.iter().all(|name| name.bytes().all(plain)));
    }

    #[test]
    fn no_answer_is_a_success_or_a_bare_429() {
        for reason in Reason::all() {
            let status = reason.status();
            assert!(status.is_client_error() || status.is_server_error());
            assert_ne!(status, StatusCode::TOO_MANY_REQUESTS);
        }
    }

    #[test]
    fn what_is_temporary_says_when_to_come_again() {
        let answer = Reason::Budget.answer("7", true);
        assert_eq!(answer.headers()[RETRY_AFTER], "1");
        assert_eq!(
            answer.body(),
            "{\"error\":\"memory_budget\",\"request_id\":\"7\"}\n"
        );
        assert!(!answer.headers().contains_key(CONNECTION));
    }

    #[test]
    fn broken_framing_ends_the_connection() {
        let answer = Reason::AmbiguousLength.answer("7", true);
        assert_eq!(answer.headers()[CONNECTION], "close");
        let over_http2 = Reason::AmbiguousLength.answer("7", false);
        assert!(!over_http2.headers().contains_key(CONNECTION));
    }
}
