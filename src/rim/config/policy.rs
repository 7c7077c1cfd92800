//! What a route says of the bodies that it passes on.

use std::sync::Arc;

use blackbar::Redactor;
use serde::{Deserialize, Serialize};

use crate::rim::payload::sessions::Idle;

/// The compiled rules of a route.
///
/// Both find the same and have the same ids in the same order; they differ in what they
/// write for numbers, arrays and objects.
#[derive(Clone)]
pub(crate) struct Rules {
    /// As configured.
    pub(crate) plain: Arc<Redactor>,
    /// With `values = "typed"`, for stores with a mapping (Elasticsearch, `OpenSearch`);
    /// the same as `plain` where the operator chose `values` himself.
    pub(crate) typed: Arc<Redactor>,
    /// Sessions over both that wait for work.
    pub(crate) idle: Arc<Idle>,
}

impl Rules {
    /// Over these redactors.
    pub(crate) fn new(plain: Arc<Redactor>, typed: Arc<Redactor>) -> Self {
        Self {
            plain,
            typed,
            idle: Arc::default(),
        }
    }
}

/// What becomes of an item, part or record that cannot be decoded.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Undecodable {
    /// A small stub with the reason and the size stands for it; the rest goes on.
    #[default]
    Stub,
    /// The request is refused.
    Refuse,
    /// Its raw bytes are scanned as text.
    Text,
}

/// How the bodies of a route are read.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// The name of the format; `None` finds it by path and by a look at the body.
    pub(crate) format: Option<String>,
    /// What becomes of what cannot be decoded.
    pub(crate) undecodable: Undecodable,
    /// Media types (`image/png`, `image/*`) of items and parts that pass unread.
    pub(crate) passed_types: Vec<String>,
    /// Bytes of a body at most, decoded; documents are held whole up to here.
    pub(crate) max_body: usize,
    /// Decoded bytes at most for each encoded byte, beyond the first MiB.
    pub(crate) max_ratio: u32,
    /// Whether nothing may leave before the whole body was seen, also where its format
    /// could be passed on record by record.
    pub(crate) hold: bool,
    /// Scheme, host and port of the upstream, which a DSN in a Sentry envelope's header
    /// names once it has left.
    pub(crate) sentry_upstream: Option<String>,
}
