//! The unit: what systemd says of it, and what it may still do.

use std::fs;

use crate::support::{deployed, succeed, tool};

/// The unit's text, and its name.
fn unit() -> String {
    fs::read_to_string(deployed("systemd/blackbar.service")).expect("readable")
}

/// The value of a key.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    let mut lines = text.lines();
    let found = lines.find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
    found.expect(key).trim()
}

#[test]
fn systemd_knows_every_key() {
    let Some(mut analyze) = tool("systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a directory for temporary files");
    let file = folder.path().join("blackbar.service");
    // The program has to be there.
    let text = unit().replace("/usr/local/bin/blackbar", env!("CARGO_BIN_EXE_blackbar"));
    fs::write(&file, text).expect("writable");
    let output = analyze
        .args(["verify", "--man=no"])
        .arg(&file)
        .output()
        .expect("it starts");
    // An unknown key is a message, and no failure.
    let told = String::from_utf8_lossy(&output.stderr);
    let told: Vec<_> = told
        .lines()
        .filter(|line| line.contains("blackbar"))
        .collect();
    assert!(output.status.success() && told.is_empty(), "{told:?}");
}

/// The service's own command is not there, so it holds only with the drop-in.
#[test]
fn the_drop_in_puts_blackbar_before_a_command() {
    let Some(mut analyze) = tool("systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a directory for temporary files");
    let service = folder.path().join("my-app.service");
    fs::write(&service, "[Service]\nExecStart=/nowhere/my-app\n").expect("writable");
    let drop_in = fs::read_to_string(deployed("systemd/my-app.service.d/blackbar.conf"));
    let drop_in = drop_in
        .expect("readable")
        .replace("/usr/local/bin/blackbar", env!("CARGO_BIN_EXE_blackbar"))
        .replace("/usr/local/bin/my-app", "/bin/true");
    fs::create_dir(folder.path().join("my-app.service.d")).expect("writable");
    let path = folder.path().join("my-app.service.d/blackbar.conf");
    fs::write(path, drop_in).expect("writable");
    analyze.args(["verify", "--man=no"]);
    succeed(analyze.arg(service));
}

#[test]
fn it_may_do_little() {
    let Some(mut analyze) = tool("systemd-analyze") else {
        return;
    };
    // The exposure times ten, at most.
    analyze.args(["security", "--offline=true", "--no-pager", "--threshold=19"]);
    let told = succeed(analyze.arg(deployed("systemd/blackbar.service")));
    assert!(told.contains("Overall exposure level"), "{told}");
}

#[test]
fn memory_and_time_fit_to_the_configuration() {
    let text = fs::read_to_string(deployed("systemd/blackbar.toml")).expect("readable");
    let config: toml::Table = text.parse().expect("TOML");
    let mebibytes = |text: &str| text.trim_end_matches('M').parse::<u64>().expect("a size");
    let budget = mebibytes(config["limits"]["budget"].as_str().expect("a text"));
    assert!(mebibytes(value(&unit(), "MemoryMax")) >= 64 + budget * 3 / 2);
    assert!(
        !config.contains_key("timeouts"),
        "compare its drain with TimeoutStopSec"
    );
    assert_eq!(value(&unit(), "TimeoutStopSec"), "30s");
}
