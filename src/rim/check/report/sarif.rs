//! SARIF 2.1.0 (OASIS Standard, 27 March 2020), one run.
//!
//! The order of properties is free, so that results can be written as they come and the
//! rules that they name after them. No snippet is written: it would be the secret.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::json;

use super::{Entry, Report, Summary, item};
use crate::rim::check::catalogue::RuleInfo;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What the rules of the results are called, in the order of their first result.
#[derive(Default)]
pub(super) struct Sarif {
    begun: bool,
    rules: Vec<(usize, RuleInfo)>,
}

impl Sarif {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<bool> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(false);
        }
        write!(
            out,
            "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\
             \"columnKind\":\"unicodeCodePoints\",\"results\":["
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
                    "artifactLocation": { "uri": uri(entry.path) },
                    "region": {
                        "startLine": secret.place.line,
                        "startColumn": secret.place.column,
                        "byteOffset": secret.offset,
                        "byteLength": secret.length,
                    },
                },
            }],
            "partialFingerprints": { "blackbarHmacSha256/v1": secret.fingerprint },
        });
        item(out, &mut first, &result)
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
        let invocations = json!([{ "executionSuccessful": summary.unreadable == 0 }]);
        writeln!(
            out,
            "\n],\"tool\":{tool},\"invocations\":{invocations}}}]}}"
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
