//! Real senders: rsyslog, logger(1), socat. Each test does nothing where its program is
//! not installed.

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use crate::support::{Recorded, Relay, SECRET, Upstream, eventually};

/// Whether a program is there; if not, that is told.
fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args([
            "-c",
            &format!("PATH=$PATH:/usr/sbin:/sbin command -v {program}"),
        ])
        .stdout(Stdio::null())
        .status()
        .unwrap()
        .success();
    if !found {
        eprintln!("{program} is not installed; nothing is tested");
    }
    found
}

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn await_text(upstream: &Upstream, text: &str) {
    let all = || -> String { upstream.recorded().iter().map(Recorded::text).collect() };
    eventually(|| all().contains(text), all);
    assert!(!all().contains(SECRET));
}

#[test]
fn rsyslog_sends_both_framings() {
    if !has("rsyslogd") {
        return;
    }
    for framing in ["octet-counted", "traditional"] {
        let upstream = Upstream::new();
        let relay = Relay::to(upstream.address, "framing = \"syslog\"");
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("log.sock");
        let port = relay.addresses[1].rsplit(':').next().unwrap();
        let text = format!(
            "module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imuxsock\" Socket=\"{}\" CreatePath=\"on\")\n\
             global(workDirectory=\"{}\")\n\
             action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\"\n\
             TCP_Framing=\"{framing}\" template=\"RSYSLOG_SyslogProtocol23Format\")\n",
            socket.display(),
            folder.path().display()
        );
        let (file, pid) = (
            folder.path().join("rsyslog.conf"),
            folder.path().join("pid"),
        );
        fs::write(&file, text).unwrap();
        let rsyslog = Command::new("sh")
            .args([
                "-c",
                "PATH=$PATH:/usr/sbin:/sbin exec rsyslogd -n -f \"$0\" -i \"$1\"",
            ])
            .args([&file, &pid])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let _rsyslog = Running(rsyslog);
        eventually(|| socket.exists(), || "rsyslog does not listen".to_owned());
        let datagrams = std::os::unix::net::UnixDatagram::unbound().unwrap();
        for number in 0..20 {
            let message = format!("<13>Nov 28 10:00:00 app: {number} password={SECRET} done");
            datagrams.send_to(message.as_bytes(), &socket).unwrap();
        }
        await_text(&upstream, "19 password=[REDACTED] done");
        let text = upstream.recorded()[0].text();
        assert_eq!(text.matches("password=[REDACTED] done").count(), 20);
        assert_eq!(text.starts_with('<'), framing == "traditional", "{text}");
        // Every count is right.
        let mut rest = text.as_str();
        while framing == "octet-counted" && !rest.is_empty() {
            let (count, message) = rest.split_once(' ').unwrap();
            rest = &message[count.parse::<usize>().unwrap()..];
        }
    }
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
