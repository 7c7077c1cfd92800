//! Changes that nobody tells of.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::support::{Client, DONE, FAILED, fields, lines, pack, relay, replace, write};
use crate::tcp::{Relay, Upstream, eventually};

#[test]
fn a_changed_file_is_read() {
    let upstream = Upstream::new();
    let listen = lines(upstream.address, "");
    let relay = relay(&listen);
    let mut client = Client::new(&relay.addresses[1]);
    write(&relay, &(fields("\"ticket\"") + &listen));
    relay.await_metric(DONE, 1);
    client.write("ticket=hunter2hunter2\n");
    upstream.await_bytes(18);
    write(&relay, "[detect");
    relay.await_metric(FAILED, 1);
    write(&relay, &(fields("\"other\"") + &listen));
    relay.await_metric(DONE, 2);
    client.write("other=hunter2hunter2\n");
    let expected = "ticket=[REDACTED]\nother=[REDACTED]\n";
    upstream.await_bytes(expected.len());
    assert_eq!(upstream.recorded()[0].text(), expected);
}

/// As the kubelet does it: `..data` is a link to a directory with the files of one state.
#[test]
fn a_config_map_that_changes_is_read() {
    let upstream = Upstream::new();
    let listen = lines(upstream.address, "");
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let text =
        format!("[admin]\nlisten = \"127.0.0.1:0\"\n[detect]\nrules = [\"own.toml\"]\n{listen}");
    for (state, name) in [("..one", "ticket"), ("..two", "other")] {
        fs::create_dir(at(state)).unwrap();
        fs::write(at(state).join("blackbar.toml"), &text).unwrap();
        fs::write(at(state).join("own.toml"), pack(name)).unwrap();
    }
    symlink("..one", at("..data")).unwrap();
    symlink("..data/own.toml", at("own.toml")).unwrap();
    symlink("..data/blackbar.toml", at("blackbar.toml")).unwrap();
    let (new, data) = (at("..new"), at("..data"));
    let relay = Relay::configured(folder, &text);
    let mut client = Client::new(&relay.addresses[1]);
    let line = "ticket=hunter2hunter2 other=hunter2hunter2\n";
    client.write(line);
    upstream.await_bytes(39);
    symlink("..two", &new).unwrap();
    fs::rename(new, data).unwrap();
    relay.await_metric(DONE, 1);
    client.write(line);
    let expected =
        "ticket=[REDACTED] other=hunter2hunter2\nticket=hunter2hunter2 other=[REDACTED]\n";
    upstream.await_bytes(expected.len());
    assert_eq!(upstream.recorded()[0].text(), expected);
}

#[test]
fn options_stay_and_their_files_of_rules_are_read() {
    let upstream = Upstream::new();
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("own.toml");
    fs::write(&rules, pack("ticket")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_blackbar"))
        .args([
            "serve",
            "--tcp",
            &format!("127.0.0.1:0={}", upstream.address),
            "--rules",
        ])
        .arg(&rules)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut until = |text: &str| -> String {
        let found = told
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("it does not say {text}"))
    };
    let address = until("listening on ")
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    let mut client = Client::new(&address);
    replace(&rules, &pack("other"));
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-HUP", &id])
            .status()
            .unwrap()
            .success()
    );
    until("there is no configuration file to read again: what was given stays");
    until("reloaded the configuration: asked to");
    client.write("ticket=hunter2hunter2 other=hunter2hunter2\n");
    upstream.await_bytes(39);
    let is_masked = || upstream.recorded()[0].text() == "ticket=hunter2hunter2 other=[REDACTED]\n";
    eventually(is_masked, || upstream.recorded()[0].text());
    child.kill().unwrap();
    child.wait().unwrap();
}
