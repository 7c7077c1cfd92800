//! Files as upstreams: whole lines, rotated, and held back while a disk is full.

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::support::{BLACKBAR, Load, Relay, SECRET, counted, eventually};

fn configuration(log: &Path, keys: &str) -> String {
    format!(
        "[timeouts]\ndrain = \"1s\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\n\
         tcp = \"127.0.0.1:0\"\nupstream = \"file:{}\"\n{keys}\n",
        log.display()
    )
}

/// A relay into `log` in a folder of its own.
fn relay(keys: &str) -> (Relay, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let text = configuration(&log, keys);
    (Relay::configured(folder, &text), log)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

const UP: &str = "blackbar_upstream_up{route=\"in\"}";
const FAILED: &str = "blackbar_upstream_errors_total{route=\"in\",reason=\"upstream_failed\"}";

#[test]
fn records_are_lines_and_a_message_is_one() {
    let (mut relay, log) = relay("framing = \"syslog\"");
    let message = format!("<1>two\nlines password={SECRET}\n");
    relay.send(format!("{}{}", counted(&message), counted("<1>b")).as_bytes());
    relay.send(b"<1>newline\r\n<1>last");
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(0));
    let text = read(&log);
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.sort_unstable();
    let two = "<1>two#012lines password=[REDACTED]\n";
    assert_eq!(lines, ["<1>b\n", "<1>last\n", "<1>newline\r\n", two]);
}

#[test]
fn a_datagram_is_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let text = format!(
        "[[listen]]\nudp = \"127.0.0.1:0\"\nupstream = \"file:{}\"\n",
        log.display()
    );
    let relay = Relay::configured(folder, &text);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let message = format!("<1>two\nlines password={SECRET}");
    socket
        .send_to(message.as_bytes(), &relay.addresses[0])
        .unwrap();
    let expected = "<1>two#012lines password=[REDACTED]\n";
    eventually(|| read(&log) == expected, || read(&log));
}

/// The files that were moved away, oldest first, and the present one.
fn rotated(log: &Path) -> Vec<PathBuf> {
    let numbered = |number: usize| PathBuf::from(format!("{}.{number}", log.display()));
    let count = (1..=1000)
        .take_while(|number| numbered(*number).exists())
        .count();
    let files = (1..=count).rev().map(numbered);
    files.chain([log.to_owned()]).collect()
}

#[test]
fn rotation_under_load_loses_and_doubles_nothing() {
    const SIZE: u64 = 16 * 1024;
    let (mut relay, log) = relay("rotate_size = \"16K\"\nrotate_keep = 1000");
    let load = Load {
        clients: 4,
        lines: 5000,
    };
    load.send(&relay);
    relay.await_metric("blackbar_records_total{route=\"in\"}", 20_000);
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(0));
    let files = rotated(&log);
    assert!(files.len() > 30, "{}", files.len());
    for file in &files {
        let length = fs::metadata(file).unwrap().len();
        assert!(length <= SIZE && read(file).ends_with('\n'), "{length}");
    }
    load.check(&files.iter().map(|file| read(file)).collect::<String>());
}

#[test]
fn a_file_that_is_moved_away_under_load_loses_and_doubles_nothing() {
    let (relay, log) = relay("");
    let load = Load {
        clients: 2,
        lines: 100_000,
    };
    let clients = load.begin(&relay);
    let mut moved = Vec::new();
    while clients.iter().any(|client| !client.is_finished()) {
        thread::yield_now();
        let to = PathBuf::from(format!("{}.moved{}", log.display(), moved.len()));
        if fs::rename(&log, &to).is_ok() {
            moved.push(to);
        }
    }
    let files = || moved.iter().chain([&log]);
    let text = || files().map(|file| read(file)).collect::<String>();
    eventually(|| text().len() >= load.bytes(), || relay.log());
    load.check(&text());
    assert!(!moved.is_empty());
}

/// Loads a relay into a file that can take only a part, and makes room when it stands
/// still. Everything is there then, and no line was ever torn for long.
fn check_full(relay: &Relay, log: &Path, make_room: impl FnOnce()) {
    let load = Load {
        clients: 2,
        lines: 10_000,
    };
    load.send(relay);
    eventually(|| relay.metric(UP) == 0, || relay.log());
    let half = read(log);
    assert!(
        half.ends_with('\n') && half.len() < load.bytes(),
        "{}",
        half.len()
    );
    assert!(relay.metric(FAILED) > 0);
    make_room();
    eventually(|| read(log).len() >= load.bytes(), || relay.log());
    load.check(&read(log));
    assert_eq!(relay.metric(UP), 1);
    assert_eq!(
        relay.metric("blackbar_dropped_records_total{route=\"in\"}"),
        0
    );
}

/// A relay that may write 64 KiB to a file until [`raise`].
fn limited() -> (Relay, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new("sh");
    // Blocks of 512 or 1024 bytes, as the shell has it.
    let script = "trap '' XFSZ; ulimit -S -f 64; exec \"$@\"";
    command.args(["-c", script, "sh", BLACKBAR]);
    let text = configuration(&log, "");
    (Relay::started(folder, &text, command), log)
}

fn raise(relay: &Relay) {
    let id = relay.id().to_string();
    let raised = Command::new("prlimit")
        .args(["--pid", &id, "--fsize=unlimited:"])
        .status();
    assert!(raised.unwrap().success());
}

#[test]
fn a_file_at_its_limit_gets_every_line_once_it_may_grow() {
    let (relay, log) = limited();
    check_full(&relay, &log, || raise(&relay));
}

#[test]
fn what_a_full_file_does_not_take_is_told_at_the_end() {
    let (mut relay, log) = limited();
    relay.send(&b"a line\n".repeat(100_000));
    eventually(|| relay.metric(UP) == 0, || relay.log());
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(3));
    assert!(
        relay.log().contains("streams that owe something: 1"),
        "{}",
        relay.log()
    );
    assert!(read(&log).ends_with("\na line\n"));
}

/// A small file system of its own, gone with the value.
struct Disk(PathBuf);

impl Disk {
    /// None where we may not mount.
    fn mount(path: &Path) -> Option<Self> {
        fs::create_dir(path).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(path)
            .stderr(Stdio::null())
            .status();
        mount
            .is_ok_and(|status| status.success())
            .then(|| Self(path.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_gets_every_line_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&folder.path().join("disk")) else {
        eprintln!("skipped: no right to mount");
        return;
    };
    let log = disk.0.join("log");
    let relay = Relay::configured(folder, &configuration(&log, ""));
    check_full(&relay, &log, || {
        let grown = Command::new("mount")
            .args(["-o", "remount,size=8m"])
            .arg(&disk.0)
            .status();
        assert!(grown.unwrap().success());
    });
}

#[test]
fn a_link_is_not_followed_and_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &log).unwrap();
    let file = folder.path().join("blackbar.toml");
    fs::write(&file, configuration(&log, "")).unwrap();
    let ended = Command::new(BLACKBAR)
        .args(["serve", "-c"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(3));
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(
        told.contains("log: Too many levels of symbolic links"),
        "{told}"
    );
    assert!(!folder.path().join("elsewhere").exists());
}
