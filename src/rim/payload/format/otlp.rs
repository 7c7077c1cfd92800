//! OTLP: logs, traces, metrics and profiles of OpenTelemetry, as protobuf.
//!
//! Source: the `.proto` files of <https://github.com/open-telemetry/opentelemetry-proto>.
//! What is not listed here is unknown: see [`walk`](crate::rim::payload::protobuf::walk).

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, look, never};
use crate::rim::payload::protobuf::schema::Kind::{self, Any, Id, Text};
use crate::rim::payload::protobuf::schema::{AnyValue, Message, Named};
use crate::rim::payload::protobuf::walk::Walker;
use crate::rim::payload::protobuf::wire::{is_message, on_path};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// A kind of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// `/v1/logs`.
    Logs,
    /// `/v1/traces`.
    Traces,
    /// `/v1/metrics`.
    Metrics,
    /// `/v1development/profiles`.
    Profiles,
}

impl Signal {
    /// By the path of a request over plain HTTP.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let path = path.trim_end_matches('/');
        if path.ends_with("/v1/logs") {
            Some(Self::Logs)
        } else if path.ends_with("/v1/traces") {
            Some(Self::Traces)
        } else if path.ends_with("/v1/metrics") {
            Some(Self::Metrics)
        } else if path.ends_with("/v1development/profiles") {
            Some(Self::Profiles)
        } else {
            None
        }
    }

    /// By the path of a gRPC method.
    pub(crate) fn of_method(path: &str) -> Option<Self> {
        match path.strip_prefix("/opentelemetry.proto.collector.")? {
            "logs.v1.LogsService/Export" => Some(Self::Logs),
            "trace.v1.TraceService/Export" => Some(Self::Traces),
            "metrics.v1.MetricsService/Export" => Some(Self::Metrics),
            "profiles.v1development.ProfilesService/Export" => Some(Self::Profiles),
            _ => None,
        }
    }

    /// Masks a request of this kind. `None` if nothing was found.
    ///
    /// # Errors
    ///
    /// The message does not decode, or the route refuses bytes that are no text.
    pub(crate) fn mask(self, body: &[u8], work: &mut Work<'_>) -> Result<Option<Vec<u8>>, Refusal> {
        let mut strings = Vec::new();
        let message = match self {
            Self::Logs => &LOGS,
            Self::Traces => &TRACES,
            Self::Metrics => &METRICS,
            Self::Profiles => {
                on_path(body, &STRING_TABLE, &mut strings)?;
                &PROFILES
            }
        };
        Walker::new(work, strings).message(body, message)
    }
}

/// OTLP over plain HTTP, as protobuf.
pub(crate) const FORMAT: Format = Format {
    name: "otlp",
    mask,
    by_path: is_protobuf,
    by_look: never,
    flow: Flow::Held,
    content: Content::Bytes,
};

fn is_protobuf(head: &Head, body: &[u8]) -> bool {
    // A first field of 123 bytes is a newline and a brace.
    let looks_like_json = json::begins_like_json(body)
        && (look::media_type(head).ends_with("json") || !is_message(body));
    Signal::of_path(&head.path).is_some() && !looks_like_json
}

/// Masks the body of an OTLP request.
///
/// # Errors
///
/// The path is none of OTLP's, the message does not decode, or the route refuses bytes
/// that are no text.
pub(crate) fn mask(
    body: &[u8],
    head: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let signal = Signal::of_path(&head.path).ok_or(Refusal::Undecodable)?;
    let masked = signal.mask(body, work)?;
    out.extend_from_slice(masked.as_deref().unwrap_or(body));
    Ok(())
}

// common.v1

static ANY_VALUE: AnyValue = AnyValue {
    string: 1,
    int: 3,
    double: 4,
    bytes: 7,
    index: 8,
    containers: &[(5, &ARRAY), (6, &KEY_VALUES)],
};
static ARRAY: Message = Message::of(&[(1, Any(&ANY_VALUE))]);
static KEY_VALUES: Message = Message::of(&[(1, Kind::Message(&KEY_VALUE))]);
static KEY_VALUE: Message = Message {
    fields: &[(1, Text), (2, Any(&ANY_VALUE))],
    named: Some(Named {
        name: Some(1),
        index: Some(3),
        value: 2,
    }),
};
static SCOPE: Message = Message::of(&[(1, Text), (2, Text), (3, Kind::Message(&KEY_VALUE))]);
static ENTITY: Message = Message::of(&[(1, Text), (2, Text), (3, Text), (4, Text)]);

// resource.v1

static RESOURCE: Message =
    Message::of(&[(1, Kind::Message(&KEY_VALUE)), (3, Kind::Message(&ENTITY))]);

// logs.v1

static LOGS: Message = Message::of(&[(1, Kind::Message(&RESOURCE_LOGS))]);
static RESOURCE_LOGS: Message = Message::of(&[
    (1, Kind::Message(&RESOURCE)),
    (2, Kind::Message(&SCOPE_LOGS)),
    (3, Text),
]);
static SCOPE_LOGS: Message = Message::of(&[
    (1, Kind::Message(&SCOPE)),
    (2, Kind::Message(&LOG_RECORD)),
    (3, Text),
]);
static LOG_RECORD: Message = Message::of(&[
    (3, Text),
    (5, Any(&ANY_VALUE)),
    (6, Kind::Message(&KEY_VALUE)),
    (9, Id),
    (10, Id),
    (12, Text),
]);

// trace.v1

static TRACES: Message = Message::of(&[(1, Kind::Message(&RESOURCE_SPANS))]);
static RESOURCE_SPANS: Message = Message::of(&[
    (1, Kind::Message(&RESOURCE)),
    (2, Kind::Message(&SCOPE_SPANS)),
    (3, Text),
]);
static SCOPE_SPANS: Message = Message::of(&[
    (1, Kind::Message(&SCOPE)),
    (2, Kind::Message(&SPAN)),
    (3, Text),
]);
static SPAN: Message = Message::of(&[
    (1, Id),
    (2, Id),
    (3, Text),
    (4, Id),
    (5, Text),
    (9, Kind::Message(&KEY_VALUE)),
    (11, Kind::Message(&EVENT)),
    (13, Kind::Message(&LINK)),
    (15, Kind::Message(&STATUS)),
]);
static EVENT: Message = Message::of(&[(2, Text), (3, Kind::Message(&KEY_VALUE))]);
static LINK: Message = Message::of(&[(1, Id), (2, Id), (3, Text), (4, Kind::Message(&KEY_VALUE))]);
static STATUS: Message = Message::of(&[(2, Text)]);

// metrics.v1

static METRICS: Message = Message::of(&[(1, Kind::Message(&RESOURCE_METRICS))]);
static RESOURCE_METRICS: Message = Message::of(&[
    (1, Kind::Message(&RESOURCE)),
    (2, Kind::Message(&SCOPE_METRICS)),
    (3, Text),
]);
static SCOPE_METRICS: Message = Message::of(&[
    (1, Kind::Message(&SCOPE)),
    (2, Kind::Message(&METRIC)),
    (3, Text),
]);
static METRIC: Message = Message::of(&[
    (1, Text),
    (2, Text),
    (3, Text),
    (5, Kind::Message(&NUMBERS)),
    (7, Kind::Message(&NUMBERS)),
    (9, Kind::Message(&HISTOGRAM)),
    (10, Kind::Message(&EXPONENTIAL)),
    (11, Kind::Message(&SUMMARY)),
    (12, Kind::Message(&KEY_VALUE)),
]);
/// A gauge and a sum.
static NUMBERS: Message = Message::of(&[(1, Kind::Message(&NUMBER_POINT))]);
static NUMBER_POINT: Message = Message::of(&[
    (5, Kind::Message(&EXEMPLAR)),
    (7, Kind::Message(&KEY_VALUE)),
]);
static HISTOGRAM: Message = Message::of(&[(1, Kind::Message(&HISTOGRAM_POINT))]);
static HISTOGRAM_POINT: Message = Message::of(&[
    (8, Kind::Message(&EXEMPLAR)),
    (9, Kind::Message(&KEY_VALUE)),
]);
static EXPONENTIAL: Message = Message::of(&[(1, Kind::Message(&EXPONENTIAL_POINT))]);
static EXPONENTIAL_POINT: Message = Message::of(&[
    (1, Kind::Message(&KEY_VALUE)),
    (11, Kind::Message(&EXEMPLAR)),
]);
static SUMMARY: Message = Message::of(&[(1, Kind::Message(&SUMMARY_POINT))]);
static SUMMARY_POINT: Message = Message::of(&[(7, Kind::Message(&KEY_VALUE))]);
static EXEMPLAR: Message = Message::of(&[(4, Id), (5, Id), (7, Kind::Message(&KEY_VALUE))]);

// profiles.v1development, whose schema still moves: all but the dictionary's strings
// and attributes is left to the guesses.

/// The path of the table of strings, in the dictionary.
const STRING_TABLE: [u32; 2] = [2, 5];

static PROFILES: Message = Message::of(&[
    (1, Kind::Message(&RESOURCE_PROFILES)),
    (2, Kind::Message(&DICTIONARY)),
]);
static RESOURCE_PROFILES: Message = Message::of(&[(1, Kind::Message(&RESOURCE)), (3, Text)]);
static DICTIONARY: Message = Message::of(&[(5, Text), (6, Kind::Message(&KEY_VALUE_AND_UNIT))]);
static KEY_VALUE_AND_UNIT: Message = Message {
    fields: &[(2, Any(&ANY_VALUE))],
    named: Some(Named {
        name: None,
        index: Some(1),
        value: 2,
    }),
};
