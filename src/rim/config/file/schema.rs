//! The keys of a configuration file, with their defaults. What is written here is what
//! `config show` writes: a value of [`File`] is the effective configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use blackbar::{Limits as EngineLimits, Profile, Values};
use serde::{Deserialize, Serialize};

pub(crate) use crate::rim::config::file::route::{Identity, Mode, Relax, Route, Strengthen};
use crate::rim::config::file::value::{Address, Day, Period, Size, spelled, spelled_if_any};
use crate::rim::config::policy::Undecodable;
use crate::rim::config::serve::LogFormat;
use crate::rim::config::sink::Compression;
use crate::rim::config::stream::{
    Destination, Overflow, Sharing, StreamAddress, StreamFraming, UpstreamFraming,
};

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

impl File {
    /// The files and directories beside it that are read for what it makes: of rules, of
    /// certificates for upstreams, and of keys and passwords of Forward. (Listeners look
    /// after their certificates.)
    pub(crate) fn reads(&self) -> Vec<PathBuf> {
        let mut paths = [&self.detect.rules[..], &self.detect.candidates].concat();
        let identity = |told: Option<&Identity>| {
            let files = told.map(|told| [told.certificate.clone(), told.key.clone()]);
            files.into_iter().flatten()
        };
        for listen in &self.listen {
            paths.extend(listen.detect.rules.iter().cloned());
            if let Some(UpstreamTls { ca, identity: own }) = &listen.upstream_tls {
                paths.extend(ca.iter().cloned().chain(identity(own.as_ref())));
            }
            if let Some(told) = &listen.security {
                paths.push(told.shared_key_file.clone());
                paths.extend(told.users.values().cloned());
            }
            if let Some(told) = &listen.upstream_security {
                paths.push(told.shared_key_file.clone());
                paths.extend(told.password_file.clone());
            }
            for route in &listen.route {
                paths.extend(route.detect.rules.iter().chain(&route.ca).cloned());
                paths.extend(identity(route.identity.as_ref()));
            }
        }
        paths
    }
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
    /// From this day on it runs again; left out, it never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Day>,
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

/// `[[listen]]`: exactly one of `http`, `tcp`, `udp` and `forward`. Of the other keys,
/// `route` belongs to `http`, and those from `name` on to the other three.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Listen {
    /// Where it listens for HTTP.
    #[serde(with = "spelled_if_any", skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<Address>,
    /// Where it listens for lines or syslog messages.
    #[serde(with = "spelled_if_any", skip_serializing_if = "Option::is_none")]
    pub(crate) tcp: Option<StreamAddress>,
    /// Where it listens for datagrams, each a message.
    #[serde(with = "spelled_if_any", skip_serializing_if = "Option::is_none")]
    pub(crate) udp: Option<Address>,
    /// Where it listens for Fluent Forward.
    #[serde(with = "spelled_if_any", skip_serializing_if = "Option::is_none")]
    pub(crate) forward: Option<StreamAddress>,
    /// Its name in logs and metrics; left out, one made of where it listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Where records go.
    #[serde(with = "spelled_if_any", skip_serializing_if = "Option::is_none")]
    pub(crate) upstream: Option<Destination>,
    /// How records are told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) framing: Option<StreamFraming>,
    /// Whether clients share an upstream connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharing: Option<Sharing>,
    /// How a shared connection tells records apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream_framing: Option<UpstreamFraming>,
    /// Bytes that may wait for a shared upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ring: Option<Size>,
    /// Bytes of those sent last that a shared upstream gets again after a reconnect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resend: Option<Size>,
    /// What becomes of records that the ring does not take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) overflow: Option<Overflow>,
    /// How long a client may say nothing; left out, for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idle: Option<Period>,
    /// Bytes of a file, from which on it is moved away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rotate_size: Option<Size>,
    /// How many files that were moved away are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rotate_keep: Option<u32>,
    /// Bytes of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) batch_bytes: Option<Size>,
    /// How long a record waits for others of its batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) batch_time: Option<Period>,
    /// What is done to batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compression: Option<Compression>,
    /// The tag that records get; left out, the listener's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    /// Headers of batches, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, Header>,
    /// Whether originals go on, and are only counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<Mode>,
    /// Until when they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Day>,
    /// Why they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What strengthens `[detect]`.
    #[serde(skip_serializing_if = "Strengthen::is_empty")]
    pub(crate) detect: Strengthen,
    /// What relaxes `[detect]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) relax: Vec<Relax>,
    /// What becomes of bytes in a record that are no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) undecodable: Option<Undecodable>,
    /// With it, the listener speaks TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls: Option<Tls>,
    /// With it, TLS is spoken to the upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream_tls: Option<UpstreamTls>,
    /// What a client of Forward has to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security: Option<Security>,
    /// What an upstream of Forward wants to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream_security: Option<UpstreamSecurity>,
    /// The first that matches takes the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) route: Vec<Route>,
}

impl Listen {
    /// The keys that are given and belong to listeners of streams only.
    pub(crate) fn stream_keys(&self) -> Vec<&'static str> {
        let given = [
            ("name", self.name.is_some()),
            ("upstream", self.upstream.is_some()),
            ("framing", self.framing.is_some()),
            ("sharing", self.sharing.is_some()),
            ("upstream_framing", self.upstream_framing.is_some()),
            ("ring", self.ring.is_some()),
            ("resend", self.resend.is_some()),
            ("overflow", self.overflow.is_some()),
            ("idle", self.idle.is_some()),
            ("rotate_size", self.rotate_size.is_some()),
            ("rotate_keep", self.rotate_keep.is_some()),
            ("batch_bytes", self.batch_bytes.is_some()),
            ("batch_time", self.batch_time.is_some()),
            ("compression", self.compression.is_some()),
            ("tag", self.tag.is_some()),
            ("headers", !self.headers.is_empty()),
            ("mode", self.mode.is_some()),
            ("until", self.until.is_some()),
            ("reason", self.reason.is_some()),
            ("detect", !self.detect.is_empty()),
            ("relax", !self.relax.is_empty()),
            ("upstream_tls", self.upstream_tls.is_some()),
            ("undecodable", self.undecodable.is_some()),
            ("security", self.security.is_some()),
            ("upstream_security", self.upstream_security.is_some()),
        ];
        let given = given.into_iter().filter(|(_, given)| *given);
        given.map(|(key, _)| key).collect()
    }
}

/// The value of a header: exactly one of `env` and `file`, since the configuration holds no
/// secrets.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Header {
    /// The environment variable that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) env: Option<String>,
    /// The file that holds it, relative to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<PathBuf>,
    /// What is put before it, such as `Bearer `.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) prefix: String,
}

/// `upstream_tls` of a listener: PEM files, relative to the file.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UpstreamTls {
    /// Authorities of the upstream's certificate; left out, those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<PathBuf>,
    /// What is shown to the upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<Identity>,
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

/// `security` of a listener: files with a secret each, relative to the file.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Security {
    /// The key that both sides know.
    pub(crate) shared_key_file: PathBuf,
    /// The passwords of users by their names; left out, users are not asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) users: BTreeMap<String, PathBuf>,
}

/// `upstream_security` of a listener: files with a secret each, relative to the file.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpstreamSecurity {
    /// The key that both sides know.
    pub(crate) shared_key_file: PathBuf,
    /// Our name as a user, where the upstream asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    /// The password of that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_file: Option<PathBuf>,
}
