//! Programs of the shell: logger(1), socat, openssl(1).

use std::io::Write;
use std::process::{Command, Stdio};

use super::has;
use crate::certificates::certificates;
use crate::support::{Recorded, Relay, SECRET, Upstream, eventually};

fn await_text(upstream: &Upstream, text: &str) {
    let all = || -> String { upstream.recorded().iter().map(Recorded::text).collect() };
    eventually(|| all().contains(text), all);
    assert!(!all().contains(SECRET));
}

#[test]
fn logger_sends_counts_newlines_and_datagrams() {
    if !has("logger") {
        return;
    }
    let upstream = Upstream::new();
    let text = format!(
        "[[listen]]\ntcp = \"127.0.0.1:0\"\nframing = \"syslog\"\nupstream = \"{0}\"\n\
         [[listen]]\nudp = \"127.0.0.1:0\"\nupstream = \"{0}\"\n",
        upstream.address
    );
    let relay = Relay::configured(tempfile::tempdir().unwrap(), &text);
    let port = |index: usize| {
        relay.addresses[index]
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned()
    };
    for (index, mode) in [
        (0, &["--tcp", "--octet-count"][..]),
        (0, &["--tcp", "--rfc3164"][..]),
        (1, &["--udp"][..]),
    ] {
        let name = mode.concat().replace("--", "by ");
        let sent = Command::new("logger")
            .args(["--server", "127.0.0.1", "--port", &port(index)])
            .args(mode)
            .arg(format!("{name} password={SECRET} end"))
            .status()
            .unwrap();
        assert!(sent.success());
        await_text(&upstream, &format!("{name} password=[REDACTED] end"));
    }
}

#[test]
fn socat_talks_in_both_directions() {
    if !has("socat") {
        return;
    }
    let upstream = Upstream::answering(b"", b"good bye");
    let relay = Relay::to(upstream.address, "");
    let mut socat = Command::new("socat")
        .args(["-t", "20", "-", &format!("TCP:{}", relay.addresses[1])])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = socat.stdin.take().unwrap();
    write!(stdin, "password={SECRET}\nlast").unwrap();
    drop(stdin);
    let output = socat.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"good bye");
    assert_eq!(upstream.only(), "password=[REDACTED]\nlast");
}

#[test]
fn openssl_sends_lines_over_tls() {
    if !has("openssl") {
        return;
    }
    let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::new());
    certificates(folder.path(), &["server"]);
    let text = format!(
        "[[listen]]\ntcp = \"127.0.0.1:0\"\nupstream = \"{}\"\n\
         tls = {{ certificate = \"server.pem\", key = \"server.key\" }}\n",
        upstream.address
    );
    let relay = Relay::configured(folder, &text);
    let mut openssl = Command::new("openssl")
        .args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-verify_hostname",
            "localhost",
        ])
        .args(["-connect", &relay.addresses[0], "-CAfile"])
        .arg(relay.folder.path().join("ca.pem"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = openssl.stdin.take().unwrap();
    write!(stdin, "password={SECRET}\nnext line\n").unwrap();
    await_text(&upstream, "password=[REDACTED]\nnext line\n");
    drop(stdin);
    let _ = openssl.kill();
    openssl.wait().unwrap();
}
