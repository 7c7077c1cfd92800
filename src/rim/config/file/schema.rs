//! The keys of a configuration file, with their defaults. What is written here is what
//! `config show` writes: a value of [`File`] is the effective configuration.

use std::path::PathBuf;
use std::time::Duration;

use blackbar::{Limits as EngineLimits, Profile, Values};
use serde::{Deserialize, Serialize};

pub(crate) use crate::rim::config::file::route::{Mode, Relax, Route};
use crate::rim::config::file::value::{Address, Period, Size, spelled, spelled_if_any};
use crate::rim::config::serve::LogFormat;

/// The whole file.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    /// What is a secret.
    pub(crate) detect: Detect,
    /// What bounds the engine and the process.
    pub(crate) limits: Limits,
    /// How long things may take.
    pub(crate) timeouts: Periods,
    /// How the log is written.
    pub(crate) log: Log,
    /// Where health and metrics are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admin: Option<Admin>,
    /// Where clients come in.
    pub(crate) listen: Vec<Listen>,
}

/// `[detect]`.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Detect {
    /// Which rules run and how strictly.
    #[serde(with = "spelled")]
    pub(crate) profile: Profile,
    /// Optional packs, and rules of them.
    pub(crate) packs: Vec<String>,
    /// Files of rules, and directories of them, relative to the file.
    pub(crate) rules: Vec<PathBuf>,
    /// The same, but counted only.
    pub(crate) candidates: Vec<PathBuf>,
    /// Patterns of the operator's own.
    pub(crate) patterns: Vec<String>,
    /// Sensitive names of the operator's own.
    pub(crate) fields: Vec<String>,
    /// Names that are not sensitive.
    pub(crate) allow_fields: Vec<String>,
    /// Values of fields that stay.
    pub(crate) allow_values: Vec<String>,
    /// Where there are any: nothing but these runs.
    pub(crate) only: Vec<String>,
    /// What is written for numbers, arrays and objects. Where it is left out, what the
    /// format of a body needs.
    #[serde(with = "spelled_if_any", skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<Values>,
    /// Whether masks name their rule.
    pub(crate) labels: bool,
    /// What is written instead of `[REDACTED]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mask: Option<String>,
    /// Rules, names and packs that do not run.
    pub(crate) disable: Vec<Disable>,
}

/// A rule that does not run.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Disable {
    /// Its id, or the name of a pack.
    pub(crate) id: String,
    /// Why.
    pub(crate) reason: String,
}

/// `[limits]`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// The longest match of a rule that sets no reach of its own.
    pub(crate) reach: Size,
    /// How much of a line is held back.
    pub(crate) max_record: Size,
    /// How much of a document is looked at in one piece.
    pub(crate) max_document: Size,
    /// Decoded bytes of a body that is held.
    pub(crate) max_body: Size,
    /// Decoded bytes for each encoded one.
    pub(crate) max_ratio: u32,
    /// Bytes that all bodies together may occupy; left out, by the memory there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<Size>,
    /// Bytes of a request's head.
    pub(crate) max_head: Size,
    /// Client connections.
    pub(crate) max_connections: usize,
    /// Requests at a time.
    pub(crate) max_in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let engine = EngineLimits::default();
        Self {
            reach: Size(engine.reach),
            max_record: Size(engine.max_record),
            max_document: Size(engine.max_document),
            max_body: Size(32 << 20),
            max_ratio: 200,
            budget: None,
            max_head: Size(64 << 10),
            max_connections: 4096,
            max_in_flight: 1024,
        }
    }
}

/// `[timeouts]`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Periods {
    /// For a request's head.
    pub(crate) head: Period,
    /// Between two chunks, and for a connection without a request.
    pub(crate) idle: Period,
    /// For a connection to the upstream.
    pub(crate) connect: Period,
    /// For the upstream's answer.
    pub(crate) response: Period,
    /// For the requests in flight at the end.
    pub(crate) drain: Period,
}

impl Default for Periods {
    fn default() -> Self {
        let seconds = |seconds| Period(Duration::from_secs(seconds));
        Self {
            head: seconds(10),
            idle: seconds(60),
            connect: seconds(10),
            response: seconds(300),
            drain: seconds(25),
        }
    }
}

/// `[log]`.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// How the log is written.
    pub(crate) format: LogFormat,
}

/// `[admin]`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    /// Where it listens.
    #[serde(with = "spelled")]
    pub(crate) listen: Address,
}

/// `[[listen]]`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    /// Where it listens for HTTP.
    #[serde(with = "spelled")]
    pub(crate) http: Address,
    /// With it, the listener speaks TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls: Option<Tls>,
    /// The first that matches takes the request.
    #[serde(default)]
    pub(crate) route: Vec<Route>,
}

/// `tls` of a listener: PEM files, relative to the file.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// The chain.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
    /// Authorities of client certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_ca: Option<PathBuf>,
}
