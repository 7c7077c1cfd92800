//! What cannot be read is not passed on, and not acknowledged.

use std::io::Write;
use std::net::Shutdown;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{SECRET, eventually};
use crate::wire::{
    Upstream, ack, array, bin, chunk, chunk_of, entry, expect, expect_end, map, refused, relay,
    send, short, text, told, upstream_errors,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn compressed(entries: &[u8]) -> Vec<u8> {
    let option = map(&[("compressed", text("gzip")), ("chunk", text("bad"))]);
    array(&[text("app"), bin(entries), option])
}

#[test]
fn what_was_right_before_goes_on_and_is_acknowledged() {
    let secret = format!("password={SECRET}");
    let row = gzip(&entry(text(&secret)).repeat(9));
    let deep = [&[0x92, 0xa1, b'a', 0x91][..], &[0x91; 300], &[0xc0]].concat();
    for (bad, reason) in [
        (compressed(&row[..row.len() - 3]), "undecodable_message"),
        (compressed(secret.as_bytes()), "undecodable_message"),
        (
            array(&[text("app"), bin(secret.as_bytes())]),
            "undecodable_message",
        ),
        (deep, "undecodable_message"),
        (secret.clone().into_bytes(), "not_forward"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "not_forward"),
        (
            format!("[\"app\",1,{{\"password\":\"{SECRET}\"}}]").into_bytes(),
            "not_forward",
        ),
        (vec![0xc1], "not_forward"),
        (compressed(&gzip(&vec![0x80; 8 << 20])), "message_too_large"),
        (
            vec![0x92, 0xa1, b'a', 0xc6, 0xff, 0xff, 0xff, 0xff],
            "message_too_large",
        ),
        (vec![0xdd, 0xff, 0xff, 0xff, 0xff], "message_too_large"),
    ] {
        let upstream = Upstream::new();
        let relay = relay("[limits]\nmax_body = \"4M\"", upstream.address(), "");
        let mut client = relay.connect();
        let mut server = upstream.accept();
        send(&mut client, &[chunk("good", "text"), bad].concat());
        expect(&mut server, &chunk("good", "text"));
        send(&mut server, &ack("good"));
        expect(&mut client, &told("good"));
        expect_end(&mut server);
        drop(server);
        expect_end(&mut client);
        relay.await_metric(&refused(reason), 1);
        assert!(!relay.log().contains(SECRET));
    }
}

#[test]
fn a_message_that_ends_too_early_does_not_leave() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    let whole = chunk("c1", &format!("password={SECRET}"));
    send(&mut client, &whole[..whole.len() - 1]);
    client.shutdown(Shutdown::Write).unwrap();
    expect_end(&mut server);
    drop(server);
    expect_end(&mut client);
    relay.await_metric(&refused("frame_incomplete"), 1);
}

#[test]
fn a_message_that_has_begun_is_not_waited_for_without_an_end() {
    let upstream = Upstream::new();
    let relay = relay("[timeouts]\nidle = \"300ms\"", upstream.address(), "");
    let mut quiet = relay.connect();
    let mut kept = upstream.accept();
    let mut client = relay.connect();
    let mut server = upstream.accept();
    send(&mut client, &chunk("c1", "text")[..9]);
    expect_end(&mut server);
    drop(server);
    expect_end(&mut client);
    relay.await_metric(&refused("idle"), 1);
    // One that says nothing holds nothing.
    send(&mut quiet, &chunk("c2", "text"));
    expect(&mut kept, &chunk("c2", "text"));
}

#[test]
fn an_upstream_that_takes_nothing_is_not_waited_for_without_an_end() {
    let upstream = Upstream::new();
    let relay = relay("[timeouts]\nresponse = \"300ms\"", upstream.address(), "");
    let mut client = relay.connect();
    let _server = upstream.accept();
    let mut writer = client.try_clone().unwrap();
    let large = array(&[
        text("app"),
        vec![1],
        map(&[("raw", bin(&vec![b'x'; 1 << 20]))]),
    ]);
    // More than sockets hold; the end comes while it is written.
    std::thread::spawn(move || (0..32).try_for_each(|_| writer.write_all(&large)));
    expect_end(&mut client);
    relay.await_metric(&upstream_errors("upstream_lost"), 1);
}

#[test]
fn an_upstream_that_acknowledges_nothing_is_not_waited_for_without_an_end() {
    let upstream = Upstream::new();
    let relay = relay("[timeouts]\nresponse = \"300ms\"", upstream.address(), "");
    let mut client = relay.connect();
    let _server = upstream.accept();
    let chunks = (0..300).flat_map(|number| chunk(&format!("c{number}"), "text"));
    send(&mut client, &chunks.collect::<Vec<u8>>());
    expect_end(&mut client);
    relay.await_metric(&upstream_errors("upstream_answer"), 1);
}

/// A client has a line of a file per event, some of them in another message.
#[test]
fn a_key_with_a_line_per_event_is_masked_to_its_end() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    let body = "q83vEjRW".repeat(8);
    let edge = |what: &str| format!("-----{what} {} KEY-----", "PRIVATE");
    let (begin, end) = (edge("BEGIN"), edge("END"));
    let row = |lines: &[Vec<u8>]| -> Vec<u8> {
        lines.iter().flat_map(|line| entry(line.clone())).collect()
    };
    let message = |lines: &[Vec<u8>]| array(&[text("app"), bin(&row(lines))]);
    // What has changed is written with as short a length as will do.
    let changed = |lines: &[Vec<u8>]| {
        let row = row(lines);
        array(&[text("app"), [vec![0xc4, row.len() as u8], row].concat()])
    };
    let masked = || short("[REDACTED]");
    send(
        &mut client,
        &message(&[text("before"), text(&begin), text(&body)]),
    );
    expect(&mut server, &changed(&[text("before"), masked(), masked()]));
    send(
        &mut client,
        &message(&[text(&body), text(&end), text(&body)]),
    );
    expect(&mut server, &changed(&[masked(), masked(), text(&body)]));
}

/// 40 clients announce 32 MiB each, and send a byte of it a time.
#[test]
fn what_is_announced_takes_no_memory() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let before = relay.memory();
    let mut open = Vec::new();
    for _ in 0..40 {
        let mut client = relay.connect();
        open.push(upstream.accept());
        let announced = [0x92, 0xa1, b'a', 0xc6, 0x01, 0xf0, 0, 0];
        for byte in announced.iter().chain(&[b'x'; 100]) {
            send(&mut client, &[*byte]);
        }
        open.push(client);
    }
    let bytes = "blackbar_stream_bytes_total{route=\"in\",direction=\"in\"}";
    relay.await_metric(bytes, 40 * 108);
    let more = relay.memory().saturating_sub(before);
    assert!(more < 8 << 20, "{more} bytes more");
}

/// All messages share one budget with the bodies of HTTP: who does not fit in is refused,
/// and sends again.
#[test]
fn messages_share_the_budget_of_the_process() {
    let upstream = Upstream::new();
    let limits = "[limits]\nbudget = \"6M\"\nmax_body = \"3M\"";
    let relay = relay(limits, upstream.address(), "");
    let large = chunk_of("c1", bin(&vec![b'x'; 2 << 20]));
    let (mut begun, mut servers) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let client = relay.connect();
        servers.push(upstream.accept());
        client.set_nonblocking(true).unwrap();
        begun.push((client, 0));
    }
    // Not to their ends; who is not read from takes no more.
    let is_refused = || {
        for (client, at) in &mut begun {
            *at += client.write(&large[*at..large.len() - 1]).unwrap_or(0);
        }
        relay.metric(&refused("memory_budget")) > 0
    };
    eventually(is_refused, || relay.log());
    drop((begun, servers));
    let mut client = relay.connect();
    let mut server = upstream.accept();
    send(&mut client, &chunk("c2", "text"));
    expect(&mut server, &chunk("c2", "text"));
    relay.await_metric("blackbar_budget_bytes", 0);
}

#[test]
fn large_messages_pass_whole() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    let build = |message: &[u8]| {
        let row: Vec<u8> = (0..20_000).flat_map(|_| entry(message.to_vec())).collect();
        let option = map(&[("chunk", text("c1"))]);
        array(&[text("app"), bin(&row), option])
    };
    let message = build(&short("password=[REDACTED]"));
    let mut writer = client.try_clone().unwrap();
    let secret = build(&text(&format!("password={SECRET}")));
    std::thread::spawn(move || send(&mut writer, &secret));
    expect(&mut server, &message);
    send(&mut server, &ack("c1"));
    expect(&mut client, &told("c1"));
    assert_eq!(relay.metric("blackbar_records_total{route=\"in\"}"), 20_000);
}

#[test]
fn bytes_that_are_no_text_are_stubbed_or_refused_as_told() {
    let message = |value: Vec<u8>| array(&[text("app"), vec![1], map(&[("raw", value)])]);
    let upstream = Upstream::new();
    let stubbing = relay("", upstream.address(), "");
    let mut client = stubbing.connect();
    let mut server = upstream.accept();
    send(&mut client, &message(bin(&[0xff; 40])));
    let stub = b"[blackbar: bytes removed]";
    let stub = [&[0xc4, stub.len() as u8], &stub[..]].concat();
    expect(&mut server, &message(stub));
    let stubs = "blackbar_stubbed_total{route=\"in\",reason=\"binary\"}";
    stubbing.await_metric(stubs, 1);
    let refusing = relay("", upstream.address(), "undecodable = \"refuse\"");
    let mut client = refusing.connect();
    let mut server = upstream.accept();
    send(&mut client, &message(bin(&[0xff; 40])));
    expect_end(&mut server);
    refusing.await_metric(&refused("undecodable_message"), 1);
}
