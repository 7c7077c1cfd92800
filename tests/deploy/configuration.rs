//! Every blackbar.toml holds, and the page of all keys has all of them with their defaults.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::{blackbar, deployed, files, succeed};

/// What the tests of the schema are made with.
const EVERY_KEY: &str = include_str!("../../src/rim/config/file/every_key.toml");

/// A pack of rules; the example names two.
const PACK: &str = r#"
about = "Tokens of Acme"

[[rule]]
id       = "deploy-key"
about    = "Deploy key"
pattern  = '''acme_[a-z0-9]{20,}'''
anchors  = ["acme_"]
source   = "https://acme.example/docs/keys"
examples = [["key {acme_|lower*24}.", "key [REDACTED]."]]
passes   = ["acme_tooshort"]
"#;

/// The keys of the example that have no default.
const LISTENER: &str = r#"
[admin]
listen = "127.0.0.1:9001"
[[listen]]
http = "127.0.0.1:9000"
[[listen.route]]
upstream = "https://sentry.example"
"#;

#[test]
fn every_configuration_holds_without_a_warning() {
    let files = files(".toml");
    assert!(files.len() >= 5, "the configurations have moved: {files:?}");
    for file in files {
        let mut command = blackbar(&["config", "check", "-c"]);
        let output = command.arg(&file).output().expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*told), (Some(0), ""), "{file:?}");
    }
}

#[test]
fn the_example_says_the_defaults() {
    let folder = tempfile::tempdir().expect("a directory for temporary files");
    let least = folder.path().join("blackbar.toml");
    fs::write(&least, LISTENER).expect("writable");
    let shown = |file: &Path| succeed(blackbar(&["config", "show", "-c"]).arg(file));
    assert_eq!(shown(&deployed("blackbar.toml")), shown(&least));
}

#[test]
fn the_example_has_every_key_and_each_works() {
    let text = with_the_examples(&example());
    let keys = |text: &str| {
        let mut found = BTreeSet::new();
        collect(
            &toml::Value::Table(text.parse().expect("TOML")),
            "",
            &mut found,
        );
        found
    };
    let missing: Vec<_> = keys(EVERY_KEY).difference(&keys(&text)).cloned().collect();
    assert!(missing.is_empty(), "deploy/blackbar.toml lacks {missing:?}");

    let folder = tempfile::tempdir().expect("a directory for temporary files");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect(name);
    for name in [
        "tls.crt",
        "tls.key",
        "clients.pem",
        "ca.pem",
        "client.crt",
        "client.key",
        "key",
    ] {
        write(name, "");
    }
    for name in [
        "forward.key",
        "ann.password",
        "upstream.key",
        "upstream.password",
    ] {
        write(name, "of a test");
    }
    write("more.toml", PACK);
    write("blackbar.toml", &text);
    let mut check = blackbar(&["config", "check", "-c"]);
    check.env("LOGS_TOKEN", "a token");
    succeed(check.arg(folder.path().join("blackbar.toml")));
}

fn example() -> String {
    fs::read_to_string(deployed("blackbar.toml")).expect("readable")
}

/// The example with what stands behind `#` without a blank, too.
fn with_the_examples(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
            format!("{key}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The keys with the tables that they are in: `listen.route.relax.reason`.
fn collect(value: &toml::Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let path = format!("{path}.{key}");
                found.insert(path.trim_start_matches('.').to_owned());
                collect(value, &path, found);
            }
        }
        toml::Value::Array(values) => {
            for value in values {
                collect(value, path, found);
            }
        }
        _ => {}
    }
}
