//! Forward as the upstream of lines and syslog messages.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::peers::{KEY, Receiver, left_out};
use crate::support::{Relay, SECRET, counted, eventually, masked};
use crate::wire::{Upstream, ack, array, expect_end, map, send, text, upstream_errors};

const BYTES: &str = "blackbar_stream_bytes_total{route=\"in\",direction=\"out\"}";
const WAITING: &str = "blackbar_waiting_records{route=\"in\"}";
const AGAIN: &str = "blackbar_repeated_records_total{route=\"in\"}";

/// A listener of lines whose batches go to a port.
fn listener(port: u16, keys: &str) -> String {
    format!(
        "[timeouts]\nresponse = \"500ms\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\n\
         name = \"in\"\ntcp = \"127.0.0.1:0\"\nupstream = \"forward:127.0.0.1:{port}\"\n\
         batch_time = \"50ms\"\n{keys}\n"
    )
}

fn relay(port: u16, keys: &str) -> Relay {
    Relay::configured(tempfile::tempdir().unwrap(), &listener(port, keys))
}

/// Has another configuration take effect.
#[track_caller]
fn reload(relay: &Relay, text: &str) {
    const DONE: &str = "blackbar_config_reloads_total{result=\"success\"}";
    let file = relay.folder.path().join("blackbar.toml");
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
    let before = relay.metric(DONE);
    relay.signal("-HUP");
    eventually(|| relay.metric(DONE) > before, || relay.log());
}

/// Reads a message to its end, which is the name of its chunk. None at the connection's.
fn message(stream: &mut impl Read) -> Option<(Vec<u8>, String)> {
    const NAME: &[u8] = b"\xa5chunk\xd9";
    let mut bytes = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
        if let Some((&length, head)) = bytes.split_last()
            && head.ends_with(NAME)
        {
            let mut name = vec![0; usize::from(length)];
            stream.read_exact(&mut name).ok()?;
            bytes.extend_from_slice(&name);
            return Some((bytes, String::from_utf8(name).unwrap()));
        }
    }
}

#[test]
fn lines_and_syslog_arrive_masked_at_a_server_of_node() {
    const COUNT: usize = 500;
    if left_out() {
        return;
    }
    let receiver = Receiver::new(&json!({ "sharedKey": KEY, "users": { "ann": "ann's" } }));
    let folder = tempfile::tempdir().unwrap();
    for (name, secret) in [("key", KEY), ("ann", "ann's\n")] {
        fs::write(folder.path().join(name), secret).unwrap();
    }
    let to = format!(
        "upstream = \"forward:127.0.0.1:{}\"\nbatch_bytes = \"4K\"\nbatch_time = \"20ms\"\n\
         upstream_security = {{ shared_key_file = \"key\", username = \"ann\", \
         password_file = \"ann\" }}",
        receiver.port
    );
    let relay = Relay::configured(
        folder,
        &format!(
            "[[listen]]\nname = \"lines\"\ntcp = \"127.0.0.1:0\"\n{to}\n[[listen]]\n\
             tcp = \"127.0.0.1:0\"\n{to}\nframing = \"syslog\"\ntag = \"sys.log\"\n\
             compression = \"gzip\"\n"
        ),
    );
    let line = |number| format!("{number} f\u{fc}r ann password={SECRET}");
    let logged = |number| format!("<34>1 - host app - - - {number} password={SECRET}");
    let mut lines = TcpStream::connect(&relay.addresses[0]).unwrap();
    let mut syslog = TcpStream::connect(&relay.addresses[1]).unwrap();
    for number in 0..COUNT {
        writeln!(lines, "{}", line(number)).unwrap();
        syslog
            .write_all(counted(&logged(number)).as_bytes())
            .unwrap();
    }
    drop((lines, syslog));
    let events = receiver.take(2 * COUNT);
    let of = |tag: &str| -> Vec<Value> {
        let events = events.iter().filter(|event| event["tag"] == tag);
        events.map(|event| event["record"].clone()).collect()
    };
    let expected = |record: &dyn Fn(usize) -> String| -> Vec<Value> {
        let records = (0..COUNT).map(|number| json!({ "message": masked(&record(number)) }));
        records.collect()
    };
    assert_eq!(of("lines"), expected(&line));
    assert_eq!(of("sys.log"), expected(&logged));
    let at = events[0]["at"].as_str().unwrap();
    assert!(at.contains('.') && at > "1700000000", "{at}");
}

#[test]
fn what_is_not_acknowledged_comes_again_as_the_same_chunk() {
    let upstream = Upstream::new();
    let mut relay = relay(upstream.address().port(), "tag = \"app\"");
    let mut client = relay.connect();
    send(&mut client, format!("a password={SECRET}\nb\n").as_bytes());
    // It goes, acknowledges something else, and says nothing.
    let (first, name) = message(&mut upstream.accept()).unwrap();
    let text = String::from_utf8_lossy(&first);
    assert!(first.starts_with(b"\x93\xa3app\xc4"), "{text}");
    assert!(text.contains("a password=[REDACTED]") && !text.contains(SECRET));
    assert!(
        first
            .windows(10)
            .any(|part| part == b"\xa4size\xce\0\0\0\x02")
    );
    let mut server = upstream.accept();
    assert_eq!(message(&mut server).unwrap().0, first);
    send(&mut server, &ack("another"));
    expect_end(&mut server);
    let mut server = upstream.accept();
    assert_eq!(message(&mut server).unwrap().0, first);
    expect_end(&mut server);
    let mut server = upstream.accept();
    assert_eq!(message(&mut server).unwrap().0, first);
    for byte in ack(&name) {
        send(&mut server, &[byte]);
    }
    // Three times two records.
    relay.await_metric(AGAIN, 6);
    assert_eq!(relay.metric(&upstream_errors("upstream_lost")), 2);
    assert_eq!(relay.metric(&upstream_errors("upstream_answer")), 1);
    // The connection stays for what comes later, and is replaced when it has ended.
    send(&mut client, b"c\n");
    let (second, other) = message(&mut server).unwrap();
    assert!(other != name && second.windows(2).any(|part| part == b"\xa1c"));
    send(&mut server, &ack(&other));
    relay.await_metric(BYTES, (first.len() + second.len()) as u64);
    drop(server);
    send(&mut client, b"d\n");
    let mut server = upstream.accept();
    let (_, last) = message(&mut server).unwrap();
    assert_eq!(relay.metric(AGAIN), 6);
    // The end waits for what is not acknowledged.
    client.shutdown(Shutdown::Both).unwrap();
    relay.signal("-TERM");
    send(&mut server, &ack(&last));
    expect_end(&mut server);
    assert_eq!(relay.exit_code(), Some(0));
    assert!(!relay.log().contains(SECRET));
}

#[test]
fn none_is_lost_where_the_upstream_fails_again_and_again() {
    const COUNT: usize = 3000;
    let upstream = Upstream::new();
    let relay = relay(upstream.address().port(), "batch_bytes = \"8K\"");
    let taken: Arc<Mutex<String>> = Arc::default();
    let kept = taken.clone();
    thread::spawn(move || {
        let mut count = 0;
        loop {
            let mut server = upstream.accept();
            let mut reader = BufReader::new(server.try_clone().unwrap());
            while let Some((bytes, name)) = message(&mut reader) {
                count += 1;
                if count % 4 == 0 {
                    break;
                }
                let text = String::from_utf8_lossy(&bytes);
                kept.lock().unwrap().push_str(&text);
                // One that comes too late is for a connection that has ended.
                let _ = server.write_all(&ack(&name));
            }
        }
    });
    let mut client = relay.connect();
    for number in 0..COUNT {
        writeln!(client, "n{number}. password={SECRET}").unwrap();
    }
    let missing = || {
        let taken = taken.lock().unwrap();
        let all = (0..COUNT).map(|number| format!("n{number}."));
        all.filter(|line| !taken.contains(line)).count()
    };
    eventually(|| missing() == 0, || format!("{} are missing", missing()));
    assert!(relay.metric(AGAIN) > 0);
    assert!(!taken.lock().unwrap().contains(SECRET));
}

#[test]
fn an_upstream_that_asks_for_a_key_is_told_of() {
    let upstream = Upstream::new();
    let relay = relay(upstream.address().port(), "");
    let mut client = relay.connect();
    send(&mut client, b"a\n");
    let mut server = upstream.accept();
    let helo = map(&[("nonce", text("n")), ("auth", text(""))]);
    send(&mut server, &array(&[text("HELO"), helo]));
    eventually(
        || relay.log().contains("write upstream_security"),
        || relay.log(),
    );
    let errors = upstream_errors("upstream_handshake");
    eventually(|| relay.metric(&errors) > 0, || relay.log());
    assert_eq!(relay.metric(AGAIN), 0);
}

#[test]
fn the_next_attempt_is_made_by_what_is_mended() {
    let upstream = Upstream::new();
    // An attempt would last for longer than the test.
    let text = |upstream: &Upstream, tag| {
        let keys = format!("tag = \"{tag}\"");
        listener(upstream.address().port(), &keys).replace("500ms", "60s")
    };
    let (old, new) = (text(&upstream, "old"), text(&upstream, "new"));
    let relay = Relay::configured(tempfile::tempdir().unwrap(), &old);
    let mut client = relay.connect();
    send(&mut client, format!("a password={SECRET}\n").as_bytes());
    let mut server = upstream.accept();
    let (first, name) = message(&mut server).unwrap();
    reload(&relay, &new);
    expect_end(&mut server);
    let mut server = upstream.accept();
    let (second, again) = message(&mut server).unwrap();
    assert_eq!(again, name);
    let expected = first.strip_prefix(b"\x93\xa3old").unwrap();
    assert_eq!(second.strip_prefix(b"\x93\xa3new"), Some(expected));
    send(&mut server, &ack(&name));
    relay.await_metric(AGAIN, 1);
    // The connection stays until the settings are others.
    send(&mut client, b"b\n");
    let (third, name) = message(&mut server).unwrap();
    assert!(third.starts_with(b"\x93\xa3new"));
    send(&mut server, &ack(&name));
    relay.await_metric(BYTES, (second.len() + third.len()) as u64);
    reload(&relay, &old);
    send(&mut client, b"c\n");
    expect_end(&mut server);
    let mut server = upstream.accept();
    let (fourth, name) = message(&mut server).unwrap();
    assert!(fourth.starts_with(b"\x93\xa3old"));
    // What waits goes to the upstream that takes the place of this one.
    let other = Upstream::new();
    reload(&relay, &text(&other, "old"));
    drop(server);
    let mut server = other.accept();
    assert_eq!(message(&mut server), Some((fourth, name.clone())));
    relay.await_metric(WAITING, 1);
    send(&mut server, &ack(&name));
    relay.await_metric(WAITING, 0);
}

#[test]
fn a_shared_key_that_is_mended_is_taken_and_nothing_is_lost() {
    const COUNT: usize = 100;
    if left_out() {
        return;
    }
    let receiver = Receiver::new(&json!({ "sharedKey": KEY }));
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "another key").unwrap();
    let keys = "upstream_security = { shared_key_file = \"key\" }";
    let text = listener(receiver.port, keys);
    let relay = Relay::configured(folder, &text);
    let mut client = relay.connect();
    for number in 0..COUNT {
        writeln!(client, "{number} password={SECRET}").unwrap();
    }
    let errors = upstream_errors("upstream_handshake");
    eventually(|| relay.metric(&errors) > 0, || relay.log());
    fs::write(&key, KEY).unwrap();
    reload(&relay, &text);
    let events = receiver.take(COUNT);
    let messages: Vec<_> = events
        .iter()
        .map(|event| event["record"]["message"].as_str().unwrap())
        .collect();
    let expected: Vec<_> = (0..COUNT)
        .map(|number| masked(&format!("{number} password={SECRET}")))
        .collect();
    assert_eq!(messages, expected);
    assert_eq!(relay.metric(AGAIN), 0);
    assert!(!relay.log().contains(KEY) && !relay.log().contains("another key"));
}
