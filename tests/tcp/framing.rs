//! Syslog over TCP: counts of octets and newlines, liars.

use std::io::Write;

use crate::support::{Recorded, Relay, SECRET, Upstream, counted, eventually, masked, read_rest};

fn relay(upstream: &Upstream) -> Relay {
    Relay::to(upstream.address, "framing = \"syslog\"")
}

#[test]
fn each_connection_has_the_framing_that_its_first_byte_tells() {
    let upstream = Upstream::new();
    let relay = relay(&upstream);
    let message = format!("<34>1 2026-11-28T10:00:00Z h app - - [a@1 password=\"{SECRET}\"] hi");
    let newline = message.clone() + "\n";
    relay.send(newline.as_bytes());
    relay.send((counted(&message) + &counted(&newline)).as_bytes());
    let all = || -> String { upstream.recorded().iter().map(Recorded::text).collect() };
    let expected = masked(&newline) + &counted(&masked(&message)) + &counted(&masked(&newline));
    eventually(|| all() == expected, all);
}

#[test]
fn byte_by_byte_a_message_leaves_as_soon_as_it_is_whole() {
    let upstream = Upstream::new();
    let relay = relay(&upstream);
    let message = format!("<34>1 - - - - - - line\npassword={SECRET}");
    let mut client = relay.connect();
    for byte in counted(&message).as_bytes() {
        client.write_all(&[*byte]).unwrap();
    }
    let expected = counted(&masked(&message));
    upstream.await_bytes(expected.len());
    drop(client);
    assert_eq!(upstream.only(), expected);
}

#[test]
fn a_count_that_lies_ends_the_connection() {
    for (bad, reason) in [
        ("007 <1>hunter2hunter2", "count_malformed"),
        ("12<1>hunter2hunter2", "count_malformed"),
        ("1048577 <1>hunter2hunter2", "count_too_large"),
        ("4 <1>ahunter2hunter2", "count_malformed"),
    ] {
        let upstream = Upstream::new();
        let relay = relay(&upstream);
        let mut client = relay.connect();
        client
            .write_all((counted("<1>right") + bad).as_bytes())
            .unwrap();
        // Our side ends it.
        assert_eq!(read_rest(&mut client), "");
        let got = upstream.only();
        assert!(
            got.starts_with("8 <1>right") && !got.contains("hunter2"),
            "{got}"
        );
        let series = format!("blackbar_refused_total{{route=\"in\",reason=\"{reason}\"}}");
        relay.await_metric(&series, 1);
        eventually(|| relay.log().contains(reason), || relay.log());
        assert!(!relay.log().contains("hunter2"));
    }
}

#[test]
fn a_message_that_does_not_come_to_its_end_does_not_leave() {
    let upstream = Upstream::new();
    let relay = relay(&upstream);
    relay.send(b"8 <1>right50 <1>hunter2hunter2");
    assert_eq!(upstream.only(), "8 <1>right");
    relay.await_metric(
        "blackbar_refused_total{route=\"in\",reason=\"frame_incomplete\"}",
        1,
    );
}
