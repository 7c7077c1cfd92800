//! SARIF 2.1.0 (OASIS Standard, 27 March 2020), one run.
//!
//! The order of properties is free, so that results can be written as they come and the
//! rules that they name after them. No snippet is written: it would be the secret.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::json;

use super::{Entry, Report, Summary, Unchecked, Weight, item};
use crate::rim::check::catalogue::RuleInfo;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What stands for the folder that relative paths are below.
const BASE: &str = "%SRCROOT%";

/// What every report begins with.
pub(super) fn head() -> String {
    format!("{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{")
}

pub(super) struct Sarif {
    begun: bool,
    /// The rules of the results, in the order of their first result.
    rules: Vec<(usize, RuleInfo)>,
    /// The folder that relative paths are below.
    base: String,
    /// What is said of files that were not looked at.
    notifications: Vec<serde_json::Value>,
}

impl Sarif {
    pub(super) fn below(base: String) -> Self {
        Self {
            begun: false,
            rules: Vec::new(),
            base,
            notifications: Vec::new(),
        }
    }

    fn begin(&mut self, out: &mut dyn Write) -> io::Result<bool> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(false);
        }
        let head = head();
        write!(
            out,
            "{head}\"columnKind\":\"unicodeCodePoints\",\"results\":["
        )?;
        Ok(true)
    }

    fn index(&mut self, entry: &Entry<'_>) -> usize {
        let known = self
            .rules
            .iter()
            .position(|(number, _)| *number == entry.number);
        known.unwrap_or_else(|| {
            self.rules.push((entry.number, entry.rule.clone()));
            self.rules.len() - 1
        })
    }
}

impl Report for Sarif {
    fn finding(&mut self, out: &mut dyn Write, entry: &Entry<'_>) -> io::Result<()> {
        let mut first = self.begin(out)?;
        let secret = entry.secret;
        let note = entry
            .note
            .map_or_else(String::new, |note| format!("; {note}"));
        let result = json!({
            "ruleId": entry.rule.id,
            "ruleIndex": self.index(entry),
            "level": if secret.doubtful { "warning" } else { "error" },
            "message": { "text": format!("{} ({} bytes){note}", entry.rule.about, secret.length) },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": artifact(entry.path),
                    "region": {
                        "startLine": secret.place.line,
                        "startColumn": secret.place.column,
                        "endLine": secret.end.line,
                        "endColumn": secret.end.column,
                        "byteOffset": secret.offset,
                        "byteLength": secret.length,
                    },
                },
            }],
            "partialFingerprints": { "blackbarHmacSha256/v1": secret.fingerprint },
        });
        item(out, &mut first, &result)
    }

    fn unchecked(&mut self, file: &Unchecked<'_>) {
        let level = match file.weight {
            Weight::Note => "note",
            Weight::Warning => "warning",
            Weight::Error => "error",
        };
        self.notifications.push(json!({
            "level": level,
            "message": { "text": format!("not checked: {}", file.reason) },
            "locations": [{ "physicalLocation": { "artifactLocation": artifact(file.path) } }],
        }));
    }

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        self.begin(out)?;
        let rules: Vec<_> = self
            .rules
            .iter()
            .map(|(_, rule)| descriptor(rule))
            .collect();
        let tool = json!({
            "driver": {
                "name": "blackbar",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            },
        });
        let invocations = json!([{
            "executionSuccessful": summary.is_complete(),
            "toolExecutionNotifications": self.notifications,
        }]);
        let base = uri(&format!("{}/", self.base.trim_end_matches('/')));
        let bases = json!({ BASE: { "uri": base } });
        writeln!(
            out,
            "\n],\"tool\":{tool},\"invocations\":{invocations},\
             \"originalUriBaseIds\":{bases}}}]}}"
        )?;
        out.flush()
    }
}

fn descriptor(rule: &RuleInfo) -> serde_json::Value {
    let mut descriptor = json!({
        "id": rule.id,
        "shortDescription": { "text": rule.about },
        "defaultConfiguration": { "level": "error" },
    });
    if rule.source.starts_with("https://") || rule.source.starts_with("http://") {
        let address = rule.source.split_whitespace().next().unwrap_or_default();
        descriptor["helpUri"] = address.into();
    }
    descriptor
}

/// Where a file is. Standard input is nowhere.
fn artifact(path: &str) -> serde_json::Value {
    if path.starts_with('/') || path == "-" {
        json!({ "uri": uri(path) })
    } else {
        json!({ "uri": uri(path), "uriBaseId": BASE })
    }
}

/// A path as a reference by RFC 3986: relative to the root that the reader knows, or a
/// file's address.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("src/a b.rs"), "src/a%20b.rs");
        assert_eq!(uri("a:b/\u{fc}#?"), "a%3Ab/%C3%BC%23%3F");
        assert_eq!(uri("/etc/x"), "file:///etc/x");
    }
}
