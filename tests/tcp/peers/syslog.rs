//! rsyslog and syslog-ng, each sending through us to the other one: counts of octets and
//! newlines, over TCP and TLS.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Running, has};
use crate::certificates::certificates;
use crate::support::{Relay, SECRET, eventually};

/// Messages of each test.
const COUNT: usize = 20;

/// How messages travel.
#[derive(Clone, Copy, Debug)]
struct Wire {
    /// With a count of octets before each; else with a newline after it.
    counts: bool,
    /// In TLS on both sides.
    tls: bool,
}

const WIRES: [Wire; 4] = [
    Wire {
        counts: true,
        tls: false,
    },
    Wire {
        counts: false,
        tls: false,
    },
    Wire {
        counts: true,
        tls: true,
    },
    Wire {
        counts: false,
        tls: true,
    },
];

/// A daemon with what it reads or writes.
struct Daemon {
    _running: Running,
    /// The socket that it takes messages from, or the file that it writes them to.
    path: PathBuf,
}

impl Daemon {
    fn rsyslog(folder: &Path, name: &str, path: PathBuf, configuration: &str) -> Self {
        let files = folder.join(name);
        fs::create_dir(&files).unwrap();
        let file = files.join("rsyslog.conf");
        let certificate = |name: &str| folder.join(name).display().to_string();
        let text = format!(
            "global(workDirectory=\"{}\"\n\
             DefaultNetstreamDriverCAFile=\"{}\"\n\
             DefaultNetstreamDriverCertFile=\"{}\"\n\
             DefaultNetstreamDriverKeyFile=\"{}\")\n{configuration}",
            files.display(),
            certificate("ca.pem"),
            certificate("upstream.pem"),
            certificate("upstream.key"),
        );
        fs::write(&file, text).unwrap();
        let pid = files.join("pid");
        let command = format!("rsyslogd -n -f {} -i {}", file.display(), pid.display());
        Self {
            _running: Running::start(&command),
            path,
        }
    }

    fn syslog_ng(folder: &Path, name: &str, path: PathBuf, configuration: &str) -> Self {
        let files = folder.join(name);
        fs::create_dir(&files).unwrap();
        fs::write(
            files.join("conf"),
            format!(
                "@version: 3.38\noptions {{ keep-hostname(yes); use-dns(no); stats-freq(0); }};\n\
                 {configuration}\nlog {{ source(s); destination(d); }};\n"
            ),
        )
        .unwrap();
        let files = files.display();
        let command = format!(
            "{} -F --no-caps -f {files}/conf -p {files}/pid -c {files}/control -R {files}/state",
            syslog_ng(),
        );
        Self {
            _running: Running::start(&command),
            path,
        }
    }

    fn rsyslog_to(folder: &Path, port: u16, wire: Wire) -> Self {
        let socket = folder.join("in.sock");
        let framing = if wire.counts {
            "octet-counted"
        } else {
            "traditional"
        };
        let tls = if wire.tls {
            "StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" \
             StreamDriverPermittedPeers=\"localhost\""
        } else {
            ""
        };
        let text = format!(
            "module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imuxsock\" Socket=\"{}\" CreatePath=\"on\")\n\
             action(type=\"omfwd\" target=\"localhost\" port=\"{port}\" protocol=\"tcp\"\n\
             TCP_Framing=\"{framing}\" template=\"RSYSLOG_SyslogProtocol23Format\" {tls})\n",
            socket.display(),
        );
        Self::rsyslog(folder, "sender", socket, &text)
    }

    fn syslog_ng_to(folder: &Path, port: u16, wire: Wire) -> Self {
        let socket = folder.join("in.sock");
        let driver = if wire.counts { "syslog" } else { "network" };
        let transport = if wire.tls {
            format!(
                "transport(\"tls\") tls(ca-file(\"{}\") peer-verify(required-trusted))",
                folder.join("ca.pem").display()
            )
        } else {
            "transport(\"tcp\")".to_owned()
        };
        let text = format!(
            "source s {{ unix-dgram(\"{}\"); }};\n\
             destination d {{ {driver}(\"localhost\" port({port}) {transport}); }};",
            socket.display(),
        );
        Self::syslog_ng(folder, "sender", socket, &text)
    }

    fn of_rsyslog(folder: &Path, port: u16, wire: Wire) -> Self {
        let file = folder.join("out.log");
        let tls = if wire.tls {
            "StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"anon\""
        } else {
            ""
        };
        let text = format!(
            "module(load=\"imtcp\" {tls})\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\")\n\
             action(type=\"omfile\" file=\"{}\")\n",
            file.display(),
        );
        Self::rsyslog(folder, "receiver", file, &text)
    }

    fn of_syslog_ng(folder: &Path, port: u16, wire: Wire) -> Self {
        let file = folder.join("out.log");
        let driver = if wire.counts { "syslog" } else { "network" };
        let transport = if wire.tls {
            let at = |name: &str| folder.join(name).display().to_string();
            format!(
                "transport(\"tls\") tls(cert-file(\"{}\") key-file(\"{}\") \
                 peer-verify(optional-untrusted))",
                at("upstream.pem"),
                at("upstream.key"),
            )
        } else {
            "transport(\"tcp\")".to_owned()
        };
        let flags = if wire.counts {
            ""
        } else {
            "flags(syslog-protocol)"
        };
        let text = format!(
            "source s {{ {driver}(ip(\"127.0.0.1\") port({port}) {transport} {flags}); }};\n\
             destination d {{ file(\"{}\"); }};",
            file.display(),
        );
        Self::syslog_ng(folder, "receiver", file, &text)
    }
}

/// A port for a daemon, which cannot choose one by itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn relay(folder: TempDir, port: u16, wire: Wire) -> Relay {
    let tls = if wire.tls {
        "tls = { certificate = \"server.pem\", key = \"server.key\" }\n\
         upstream_tls = { ca = \"ca.pem\" }\n"
    } else {
        ""
    };
    let text = format!(
        "[[listen]]\ntcp = \"127.0.0.1:0\"\nframing = \"syslog\"\nsharing = \"shared\"\n\
         upstream = \"localhost:{port}\"\n{tls}"
    );
    Relay::configured(folder, &text)
}

fn port_of(relay: &Relay) -> u16 {
    relay.addresses[0]
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// Both are there after `tests/tcp/install`, and Debian's rsyslog with a package of its own
/// for TLS.
fn both_are_there() -> bool {
    has("rsyslogd") && has(&syslog_ng()) && has_tls()
}

/// What starts syslog-ng.
fn syslog_ng() -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let start = target.unwrap().join("syslog-ng/run");
    start.display().to_string()
}

fn has_tls() -> bool {
    let looked = Command::new("sh")
        .args(["-c", "test -e /usr/lib/*/rsyslog/lmnsd_gtls.so"])
        .status();
    let found = looked.unwrap().success();
    if !found {
        eprintln!("rsyslog does not speak TLS; nothing is tested");
    }
    found
}

type Start = fn(&Path, u16, Wire) -> Daemon;

/// From one daemon through us to the other.
fn travel(wire: Wire, sender: Start, receiver: Start) {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path(), &["server", "upstream"]);
    let port = free_port();
    let receiver = receiver(folder.path(), port, wire);
    let relay = relay(folder, port, wire);
    let sender = sender(relay.folder.path(), port_of(&relay), wire);
    eventually(|| sender.path.exists(), || format!("no sender: {wire:?}"));
    let datagrams = UnixDatagram::unbound().unwrap();
    for number in 0..COUNT {
        let message = format!("<13>Nov 28 10:00:00 app: {number} password={SECRET} done");
        datagrams.send_to(message.as_bytes(), &sender.path).unwrap();
    }
    let text = || fs::read_to_string(&receiver.path).unwrap_or_default();
    let last = format!("{} password=[REDACTED] done\n", COUNT - 1);
    eventually(
        || text().ends_with(&last),
        || format!("{wire:?}: {}\n{}", text(), relay.log()),
    );
    let text = text();
    for (number, line) in text.lines().enumerate() {
        let end = format!(" {number} password=[REDACTED] done");
        assert!(line.ends_with(&end), "{wire:?}: {line}");
    }
    assert_eq!(text.lines().count(), COUNT, "{text}");
}

#[test]
fn rsyslog_sends_through_us_to_syslog_ng() {
    if both_are_there() {
        for wire in WIRES {
            travel(wire, Daemon::rsyslog_to, Daemon::of_syslog_ng);
        }
    }
}

#[test]
fn syslog_ng_sends_through_us_to_rsyslog() {
    if both_are_there() {
        for wire in WIRES {
            travel(wire, Daemon::syslog_ng_to, Daemon::of_rsyslog);
        }
    }
}
