//! Findings that are known: an older project is not stopped by what it already has.
//!
//! A baseline names findings by rule, path and fingerprint, so that lines may move. It
//! brings the key of its fingerprints, unless the user keeps the key elsewhere. With the
//! key in hand short values can be guessed, which is why the file is its owner's alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::rim::check::CheckError;
use crate::rim::check::fingerprint::Key;
use crate::rim::check::private;
use crate::rim::message::{name, reason};
use crate::rim::transport::output::OutputError;

const VERSION: u32 = 1;

/// The file's form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    version: u32,
    /// The key of the fingerprints; none where the user keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    /// Tells that the fingerprints are of another key.
    key_id: String,
    findings: BTreeSet<Known>,
}

/// A finding as it is known again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    pub(crate) path: String,
    pub(crate) rule: String,
    pub(crate) fingerprint: String,
}

impl Baseline {
    pub(crate) fn read(path: &Path) -> Result<Self, CheckError> {
        let wrong = |reason: String| CheckError::Baseline {
            path: name(path),
            reason,
        };
        let text = fs::read(path).map_err(|error| wrong(reason(&error)))?;
        let baseline: Self = serde_json::from_slice(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            wrong(format!("line {line}, column {column}: it is no baseline"))
        })?;
        if baseline.version != VERSION {
            return Err(wrong("it is of another version of blackbar".to_owned()));
        }
        Ok(baseline)
    }

    /// The key that the file brings along.
    pub(crate) fn key(&self) -> Option<Key> {
        self.salt.as_deref().and_then(Key::from_hex)
    }

    /// Whether the fingerprints are of this key.
    pub(crate) fn is_of(&self, key: &Key) -> bool {
        self.key_id == key.id()
    }

    pub(crate) fn knows(&self, finding: &Known) -> bool {
        self.findings.contains(finding)
    }

    /// Writes a baseline; `salt` is the key that it is to bring along.
    pub(crate) fn write(
        path: &Path,
        key: &Key,
        salt: Option<&Key>,
        findings: BTreeSet<Known>,
    ) -> Result<(), OutputError> {
        let baseline = Self {
            version: VERSION,
            salt: salt.map(Key::hex),
            key_id: key.id(),
            findings,
        };
        let mut text = serde_json::to_vec_pretty(&baseline).expect("it is plain data");
        text.push(b'\n');
        private::replace(path, &text).map_err(|error| OutputError::unwritable(&name(path), &error))
    }
}
