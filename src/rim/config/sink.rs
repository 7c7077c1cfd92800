//! What an upstream that clients share is, and what only it has to know.

use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;
use hyper::header::HeaderName;
use serde::{Deserialize, Serialize};

use crate::rim::config::forward::Login;
use crate::rim::config::serve::ClientTls;
use crate::rim::config::stream::UpstreamFraming;

/// An upstream that clients share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sink {
    /// A connection, which is made again whenever it breaks.
    Stream {
        /// Bytes of those sent last that are sent again after a reconnect.
        resend: usize,
        /// How records are told apart.
        framing: UpstreamFraming,
    },
    /// Standard output.
    Stdout,
    /// A file that is appended to.
    File(FileSink),
    /// Batches by HTTP.
    Http(Box<HttpSink>),
    /// Batches by Fluent Forward, each acknowledged.
    Forward(Box<ForwardSink>),
}

/// A file that is appended to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileSink {
    /// Absolute.
    pub(crate) path: PathBuf,
    /// Without it, the file grows.
    pub(crate) rotation: Option<Rotation>,
}

/// When a file is moved away, and how many of those are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rotation {
    /// Bytes of a file at most, if it has more than one record.
    pub(crate) size: u64,
    /// How many files beside it; at least one.
    pub(crate) keep: u32,
}

/// Batches by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpSink {
    /// Where to.
    pub(crate) url: Uri,
    /// Whom we believe and what we show, where its scheme is https.
    pub(crate) tls: ClientTls,
    /// Bytes of a batch at most, before compression, if it has more than one record.
    pub(crate) batch_bytes: usize,
    /// How long a record waits at most for others of its batch.
    pub(crate) batch_time: Duration,
    /// What is done to batches.
    pub(crate) compression: Compression,
    /// More headers.
    pub(crate) headers: Vec<(HeaderName, Credential)>,
}

/// Batches by Fluent Forward, each acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForwardSink {
    /// The tag of all records.
    pub(crate) tag: String,
    /// What we tell the upstream; with none, it must not ask.
    pub(crate) login: Option<Login>,
    /// Bytes of a batch at most, before compression, if it has more than one record.
    pub(crate) batch_bytes: usize,
    /// How long a record waits at most for others of its batch.
    pub(crate) batch_time: Duration,
    /// What is done to batches.
    pub(crate) compression: Compression,
}

/// What is done to batches.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Compression {
    /// Nothing.
    #[default]
    None,
    /// They are sent compressed: with Content-Encoding: gzip, or as `CompressedPackedForward`.
    Gzip,
}

/// Where the value of a header is, which is no part of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credential {
    /// Where it is.
    pub(crate) source: CredentialSource,
    /// What is put before it, such as `Bearer `.
    pub(crate) prefix: String,
}

/// Where a credential is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CredentialSource {
    /// In an environment variable.
    Environment(String),
    /// In a file, which is read for each request; blanks around it are not part of it.
    File(PathBuf),
}
