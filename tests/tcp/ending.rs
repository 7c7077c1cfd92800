//! SIGTERM: nothing more is accepted, and what was read is delivered.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::support::{Recorded, Relay, Upstream, counted, read_rest};

#[test]
fn what_was_read_is_delivered_and_idle_clients_hold_nothing_up() {
    let upstream = Upstream::new();
    let mut relay = Relay::to(upstream.address, "");
    let mut client = relay.connect();
    client.write_all(b"a\nb password=hunter2hunter2\n").unwrap();
    upstream.await_bytes(24);
    relay.signal("-TERM");
    assert_eq!(read_rest(&mut client), "");
    assert_eq!(relay.exit_code(), Some(0));
    assert_eq!(upstream.only(), "a\nb password=[REDACTED]\n");
    assert!(TcpStream::connect(&relay.addresses[1]).is_err());
}

#[test]
fn a_record_that_has_begun_may_be_finished_and_nothing_behind_it_is_taken() {
    let upstream = Upstream::new();
    let mut relay = Relay::to(upstream.address, "framing = \"syslog\"");
    let (begun, rest) = ("20 <1>password=hunt", "er2hun<1>");
    let mut counting = relay.connect();
    counting.write_all(begun.as_bytes()).unwrap();
    let mut lines = relay.connect();
    lines.write_all(b"<1>password=hunt").unwrap();
    relay.await_metric(
        "blackbar_stream_bytes_total{route=\"in\",direction=\"in\"}",
        35,
    );
    relay.signal("-TERM");
    thread::sleep(Duration::from_millis(200));
    counting.write_all(rest.as_bytes()).unwrap();
    lines.write_all(b"er2hunter2\n<1>not read\n").unwrap();
    assert_eq!(relay.exit_code(), Some(0));
    let mut texts: Vec<_> = upstream.recorded().iter().map(Recorded::text).collect();
    texts.sort();
    assert_eq!(
        texts,
        [
            counted("<1>password=[REDACTED]"),
            "<1>password=[REDACTED]\n".to_owned()
        ]
    );
}

#[test]
fn a_record_that_is_not_finished_is_masked_where_it_is_undecided() {
    let upstream = Upstream::new();
    let mut relay = Relay::to(upstream.address, "");
    let mut client = relay.connect();
    client
        .write_all(b"whole\nhalf password=hunter2hunt")
        .unwrap();
    upstream.await_bytes(6);
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(0));
    assert_eq!(upstream.only(), "whole\nhalf password=[REDACTED]");
}

#[test]
fn what_cannot_be_delivered_is_told() {
    for keys in ["", "sharing = \"shared\""] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let text = format!(
            "[timeouts]\ndrain = \"1s\"\n[[listen]]\ntcp = \"127.0.0.1:0\"\nupstream = \"{}\"\n{keys}\n",
            listener.local_addr().unwrap()
        );
        let mut relay = Relay::configured(tempfile::tempdir().unwrap(), &text);
        let mut client = relay.connect();
        client
            .set_write_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        // Until the way is full.
        while client.write(&b"a line\n".repeat(1000)).is_ok() {}
        relay.signal("-TERM");
        assert_eq!(relay.exit_code(), Some(3), "{keys}");
        assert!(
            relay
                .log()
                .contains("cut at the deadline: streams that owe something: "),
            "{}",
            relay.log()
        );
    }
}

#[test]
fn a_shared_upstream_gets_what_waits_and_then_the_end() {
    let upstream = Upstream::new();
    let mut relay = Relay::to(upstream.address, "sharing = \"shared\"");
    let mut clients: Vec<_> = (0..20).map(|_| relay.connect()).collect();
    for client in &mut clients {
        client.write_all(b"a line\n").unwrap();
    }
    relay.await_metric("blackbar_records_total{route=\"in\"}", 20);
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(0));
    assert_eq!(upstream.only(), "a line\n".repeat(20));
    let mut rest = [0; 1];
    assert!(matches!(clients[0].read(&mut rest), Ok(0) | Err(_)));
}
