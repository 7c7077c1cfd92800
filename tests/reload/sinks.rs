//! What an operator mends of a shared upstream takes effect, and costs nothing that waits.

use std::fs;

use crate::http;
use crate::support::{Client, lines, relay, reload, with_admin};
use crate::tcp::{Relay, Upstream, eventually};

const DROPPED: &str = "blackbar_dropped_records_total{route=\"in\"}";

/// An upstream that takes only requests with the right key.
fn strict() -> http::Upstream {
    http::Upstream::new(|request, stream| {
        let status = match request.header("x-key") {
            Some("good") => "200 Fine",
            _ => "401 No",
        };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        std::io::Write::write_all(stream, answer.as_bytes()).is_ok()
    })
}

fn taken(upstream: &http::Upstream) -> String {
    let requests = upstream.recorded();
    let taken = requests
        .iter()
        .filter(|request| request.header("x-key") == Some("good"));
    let bodies = taken.map(|request| String::from_utf8(request.body.clone()).unwrap());
    bodies.collect()
}

#[test]
fn credentials_of_http_are_mended_and_the_ring_stays_one() {
    let upstream = strict();
    let keys = |key: &str, more: &str| {
        let keys = format!(
            "batch_time = \"10ms\"\noverflow = \"drop-newest\"\nring = \"1M\"\n\
             headers = {{ X-Key = {{ file = \"{key}\" }}, User-Agent = {{ file = \"agent\" }} }}\n\
             {more}"
        );
        lines(format!("http://{}/in", upstream.address), &keys)
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("bad", "bad"), ("good", "good"), ("agent", "mine")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let text = with_admin(&keys("bad", ""));
    let relay = Relay::configured(folder, &text);
    let mut client = Client::new(&relay.addresses[1]);
    client.write("{\"n\":0}\n");
    eventually(|| !upstream.recorded().is_empty(), || relay.log());
    // More than there is room for.
    let line = format!("{{\"n\":\"{}\"}}\n", "x y ".repeat(250));
    for time in ["21ms", "22ms"] {
        client.write(&line.repeat(2000));
        eventually(|| relay.metric(DROPPED) > 0, || relay.log());
        reload(&relay, &keys("bad", "").replace("10ms", time));
    }
    reload(&relay, &keys("good", ""));
    let last = "{\"n\":9}\n";
    eventually(
        || {
            client.write(last);
            taken(&upstream).ends_with(last)
        },
        || relay.log(),
    );
    let taken = taken(&upstream);
    assert!(taken.starts_with("{\"n\":0}\n"), "the oldest is lost");
    assert!(taken.len() < 5 << 19, "{} bytes waited", taken.len());
    let requests = upstream.recorded();
    let agents = requests[0]
        .head
        .to_lowercase()
        .matches("user-agent")
        .count();
    assert_eq!(
        (agents, requests[0].header("user-agent")),
        (1, Some("mine"))
    );
}

#[test]
fn a_connection_is_made_anew_by_new_settings_and_nothing_is_lost() {
    let upstream = Upstream::new();
    let keys = |text: &str| lines(upstream.address, &format!("sharing = \"shared\"\n{text}"));
    let relay = relay(&keys(""));
    let mut client = Client::new(&relay.addresses[1]);
    let mut expected = String::new();
    for (number, text) in ["resend = \"64k\"", "resend = \"65k\"", "ring = \"2M\""]
        .into_iter()
        .enumerate()
    {
        let line = format!("{number}\n");
        client.write(&line);
        expected += &line;
        upstream.await_bytes(expected.len());
        reload(&relay, &keys(text));
    }
    client.write("end\n");
    upstream.await_bytes(expected.len() + 4);
    let recorded = upstream.recorded();
    let texts: Vec<_> = recorded.iter().map(crate::tcp::Recorded::text).collect();
    assert_eq!(texts.concat(), expected + "end\n");
    assert!(recorded.len() > 1);
}

#[test]
fn a_file_is_rotated_as_it_is_told_last() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let keys = |text: &str| lines(format!("file:{}", log.display()), text);
    let relay = relay(&keys(""));
    let mut client = Client::new(&relay.addresses[1]);
    let read = || fs::read_to_string(&log).unwrap_or_default();
    client.write("one\n");
    eventually(|| read() == "one\n", || relay.log());
    reload(&relay, &keys("rotate_size = \"4\""));
    client.write("two\n");
    eventually(|| read() == "two\n", || relay.log());
    assert_eq!(
        fs::read_to_string(log.with_extension("1")).unwrap(),
        "one\n"
    );
}
