//! Times, sizes and numbers that are bounded.

use std::io::{BufReader, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{
    PATIENCE, Proxy, Upstream, assert_refused, eventually, read_message, read_rest,
};

const HURRY: &str = "[timeouts]\nhead = \"300ms\"\nidle = \"600ms\"\nresponse = \"800ms\"\n";

#[test]
fn slow_heads_and_bodies_are_refused_and_idle_connections_closed() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, HURRY);
    let begun = Instant::now();
    let half = proxy.send(b"POST / HTTP/1.1\r\nHost:");
    assert_refused(&half, 408, "head_timeout");
    let body = proxy.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert_refused(&body, 408, "body_timeout");
    let chunks =
        proxy.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe");
    assert_refused(&chunks, 408, "body_timeout");
    assert_eq!(read_rest(&mut proxy.connect()), "");
    assert!(begun.elapsed() < PATIENCE);
    assert!(upstream.recorded().is_empty());
}

#[test]
fn a_head_that_drips_is_refused() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, HURRY);
    let mut stream = proxy.connect();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(900) {
        let _ = stream.write_all(b"X");
        thread::sleep(Duration::from_millis(50));
    }
    let answer = read_rest(&mut stream);
    assert!(
        answer.is_empty() || answer.contains("head_timeout"),
        "{answer}"
    );
    proxy.await_log("head_timeout");
}

#[test]
fn heads_and_bodies_that_are_too_large_are_refused() {
    let upstream = Upstream::ok();
    let limits = "[limits]\nmax_head = \"8K\"\nmax_body = \"64K\"\n";
    let proxy = Proxy::to(&upstream, limits);
    let header = format!("X-Long: {}\r\n", "a".repeat(9000));
    assert_refused(&proxy.post("/", &header, b""), 431, "head_too_large");
    let many = "X: y\r\n".repeat(101);
    assert_refused(&proxy.post("/", &many, b""), 431, "head_too_large");
    // What is encoded is held, and need not come before it is refused.
    let early = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
        Content-Encoding: gzip\r\nContent-Length: 99999\r\n\r\n";
    assert_refused(&proxy.send(early), 413, "body_too_large");
    let document = format!("[{}1]", "1,".repeat(50_000));
    let refused = proxy.post("/", "", document.as_bytes());
    assert_refused(&refused, 413, "body_too_large");
    assert!(upstream.recorded().is_empty());
}

#[test]
fn records_that_leave_one_by_one_may_be_more_than_a_body() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "[limits]\nmax_body = \"64K\"\n");
    let body = "{\"message\":\"hello\",\"pin\":null}\n".repeat(10_000);
    let answer = proxy.post("/_bulk", "", body.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(upstream.recorded()[0].body, body.as_bytes());
}

#[test]
fn too_many_requests_at_a_time_are_told_to_come_again() {
    let upstream = Upstream::new(|_, _| {
        thread::sleep(Duration::from_millis(1500));
        false
    });
    let proxy = Proxy::to(&upstream, "[limits]\nmax_in_flight = 1\n");
    let mut first = proxy.connect();
    first
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    eventually(|| upstream.recorded().len() == 1, String::new);
    let second = proxy.post("/", "", b"");
    assert_refused(&second, 503, "too_many_in_flight");
    assert!(second.contains("retry-after: 1\r\n"), "{second}");
}

#[test]
fn connections_beyond_the_limit_wait() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "[limits]\nmax_connections = 2\n");
    let held = [proxy.connect(), proxy.connect()];
    // They are accepted once they have been answered.
    for mut stream in &held {
        stream
            .write_all(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        assert!(read_message(&mut BufReader::new(stream)).is_some());
    }
    let mut waiting = proxy.connect();
    waiting
        .write_all(b"GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(upstream.recorded().len(), 2);
    drop(held);
    assert!(read_rest(&mut waiting).ends_with("ok"));
}

#[test]
fn bodies_beyond_the_budget_wait_and_are_told_to_come_again() {
    let upstream = Upstream::ok();
    let limits = "[limits]\nbudget = \"300K\"\nmax_body = \"200K\"\n";
    let proxy = Proxy::to(&upstream, limits);
    // One line without end is held until its end.
    let chunk = vec![b'a'; 120 * 1024];
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n\"",
        chunk.len() + 2
    );
    let mut clients: Vec<_> = (0..6).map(|_| proxy.connect()).collect();
    for stream in &mut clients {
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&chunk).unwrap();
    }
    // None of the six has ended, and there is no room for all of them.
    proxy.await_log("memory_budget");
    drop(clients);
    // All of it was given back.
    eventually(
        || proxy.post("/", "", b"hi").ends_with("ok"),
        || proxy.log(),
    );
}

#[test]
fn a_client_that_never_reads_is_cut() {
    let upstream = Upstream::new(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let chunk = vec![b'a'; 1 << 16];
        (0..1024).all(|_| stream.write_all(&chunk).is_ok())
    });
    let proxy = Proxy::to(&upstream, HURRY);
    let mut stream = proxy.connect();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    proxy.await_log("incomplete_body");
}
