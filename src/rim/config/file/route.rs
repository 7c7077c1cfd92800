//! The keys of a route, with their defaults.

use std::path::PathBuf;

use blackbar::{Profile, Values};
use serde::{Deserialize, Serialize};

use crate::rim::config::file::value::{Day, Size, spelled_if_any};
use crate::rim::config::passes::Preset;
use crate::rim::config::policy::Undecodable;

/// `identity` of a route: PEM files, relative to the file.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// The chain.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
}

/// `[[listen.route]]`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// Its name in logs and metrics; left out, `route-N`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Methods that it takes; none are all.
    #[serde(default)]
    pub(crate) methods: Vec<String>,
    /// Paths that it takes.
    #[serde(default = "every_path")]
    pub(crate) path: String,
    /// Where its requests go.
    pub(crate) upstream: String,
    /// HTTP/2 without negotiation.
    #[serde(default)]
    pub(crate) http2: bool,
    /// The client's Host goes on.
    #[serde(default)]
    pub(crate) preserve_host: bool,
    /// Authorities of the upstream's certificate, relative to the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<PathBuf>,
    /// What it shows the upstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<Identity>,
    /// The format of its bodies; left out, found by path and a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<String>,
    /// What becomes of what cannot be decoded.
    #[serde(default)]
    pub(crate) undecodable: Undecodable,
    /// Media types of items and parts that pass unread.
    #[serde(default)]
    pub(crate) pass_types: Vec<String>,
    /// Decoded bytes of a body; left out, as in `[limits]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_body: Option<Size>,
    /// Whether originals go on, and are only counted.
    #[serde(default)]
    pub(crate) mode: Mode,
    /// Until when they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Day>,
    /// Why they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Whose credentials pass.
    #[serde(default)]
    pub(crate) preset: Preset,
    /// Credentials that pass besides.
    #[serde(default)]
    pub(crate) passes: Passes,
    /// What strengthens `[detect]`.
    #[serde(default, skip_serializing_if = "Strengthen::is_empty")]
    pub(crate) detect: Strengthen,
    /// What relaxes `[detect]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) relax: Vec<Relax>,
}

/// Every path.
pub(crate) fn every_path() -> String {
    "/*".to_owned()
}

impl Route {
    /// A route for every request.
    pub(crate) fn to(upstream: &str) -> Self {
        Self {
            name: None,
            methods: Vec::new(),
            path: every_path(),
            upstream: upstream.to_owned(),
            http2: false,
            preserve_host: false,
            ca: None,
            identity: None,
            format: None,
            undecodable: Undecodable::default(),
            pass_types: Vec::new(),
            max_body: None,
            mode: Mode::default(),
            until: None,
            reason: None,
            preset: Preset::default(),
            passes: Passes::default(),
            detect: Strengthen::default(),
            relax: Vec::new(),
        }
    }
}

/// What a route does with what it finds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// It is masked.
    #[default]
    Enforce,
    /// It is counted, and goes on.
    Observe,
}

/// `passes` of a route.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Passes {
    /// Names of headers, in any case.
    pub(crate) headers: Vec<String>,
    /// Names of query parameters.
    pub(crate) parameters: Vec<String>,
    /// Names of cookies.
    pub(crate) cookies: Vec<String>,
}

/// `detect` of a route. Nothing of it masks less.
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Strengthen {
    /// `strict`, or the profile of `[detect]`.
    #[serde(with = "spelled_if_any", skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<Profile>,
    /// Optional packs, and rules of them.
    pub(crate) packs: Vec<String>,
    /// Files of rules, and directories of them, relative to the file.
    pub(crate) rules: Vec<PathBuf>,
    /// Patterns of the operator's own.
    pub(crate) patterns: Vec<String>,
    /// Sensitive names of the operator's own.
    pub(crate) fields: Vec<String>,
    /// What is written for numbers, arrays and objects.
    #[serde(with = "spelled_if_any", skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<Values>,
}

impl Strengthen {
    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One exception of a route: exactly one of the first four keys.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Relax {
    /// A rule, a name of fields or a pack that does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disable: Option<String>,
    /// A name that is not sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) allow_field: Option<String>,
    /// A value of fields that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) allow_value: Option<String>,
    /// Another profile.
    #[serde(
        default,
        with = "spelled_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) profile: Option<Profile>,
    /// Why.
    pub(crate) reason: String,
    /// From this day on it no longer holds.
    pub(crate) until: Day,
}
