//! Upstreams that fail, at each stage.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use crate::support::{Proxy, SECRET, Upstream, assert_refused, read_message, read_rest};

#[test]
fn an_upstream_that_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let proxy = Proxy::routed(&format!("http://{address}"), "", "");
    let answer = proxy.post("/", "", b"hi");
    assert_refused(&answer, 502, "upstream_unreachable");
    assert!(!answer.contains(&address.port().to_string()));
}

/// The reason of the refusal is for the client; the log says more, and not with each request.
#[test]
fn the_log_says_once_why_an_upstream_is_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    // It sees no request in what begins TLS, and closes.
    let plain = Upstream::ok();
    let down = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = down.local_addr().unwrap();
    drop(down);
    for (url, status, why) in [
        (format!("http://{address}"), 502, "Connection refused"),
        (
            "http://no-such-host.invalid:1".to_owned(),
            502,
            "failed to lookup address information: ",
        ),
        (
            format!("https://{}", plain.address),
            502,
            "tls handshake eof",
        ),
        (format!("https://{silent}"), 504, "it took too long"),
    ] {
        let proxy = Proxy::routed(&url, "[timeouts]\nconnect = \"1s\"\n", "");
        for _ in 0..3 {
            let answer = proxy.post(&format!("/?password={SECRET}"), "", b"hi");
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answer}"
            );
        }
        proxy.await_log(&format!("the upstream is not reached: {why}"));
        let log = proxy.log();
        assert_eq!(log.matches("is not reached").count(), 1, "{log}");
        assert!(!log.contains(SECRET), "{log}");
    }
}

#[test]
fn an_upstream_that_closes_without_an_answer() {
    let upstream = Upstream::answering("");
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.post("/", "", b"hi");
    assert_refused(&answer, 502, "upstream_broke_off");
    // The connection was new: nothing is sent twice.
    assert_eq!(upstream.recorded().len(), 1);
}

#[test]
fn an_upstream_that_closes_within_its_head() {
    let upstream = Upstream::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le");
        false
    });
    let proxy = Proxy::to(&upstream, "");
    assert_refused(&proxy.post("/", "", b"hi"), 502, "upstream_broke_off");
}

#[test]
fn an_answer_that_is_cut_does_not_look_whole() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX: close\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: close\r\n\r\n5\r\nhello\r\n",
    ] {
        let upstream = Upstream::answering(answer);
        let proxy = Proxy::to(&upstream, "");
        let mut stream = proxy.connect();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        let got = read_rest(&mut stream);
        assert!(
            read_message(&mut BufReader::new(got.as_bytes())).is_none(),
            "{got}"
        );
        proxy.await_log("upstream_broke_off");
    }
}

/// Two requests on one connection, so that they go on by one, too.
fn two(method: &str) -> Vec<u8> {
    let rest = "HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";
    format!("POST /first {rest}\r\nhi{method} /last {rest}Connection: close\r\n\r\nhi").into()
}

/// The second of two answers, the first of which is `ok`.
fn second(answers: &str) -> &str {
    answers
        .split_once("\r\n\r\nok")
        .expect("an answer before")
        .1
}

#[test]
fn a_request_that_may_be_sent_twice_survives_a_connection_that_has_just_gone() {
    let upstream = Upstream::new(|request, stream| {
        // The second request on a connection finds it closed.
        if request.head.starts_with("PUT /last") {
            return false;
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        true
    });
    let proxy = Proxy::to(&upstream, "");
    let answers = proxy.send(&two("PUT"));
    assert_refused(second(&answers), 502, "upstream_broke_off");
    let paths: Vec<_> = upstream
        .recorded()
        .iter()
        .map(|request| request.head[..9].to_owned())
        .collect();
    assert_eq!(paths, ["POST /fir", "PUT /last", "PUT /last"]);
}

#[test]
fn a_post_is_never_sent_twice() {
    let upstream = Upstream::new(|request, stream| {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        !request.head.starts_with("POST /last") && stream.write_all(answer).is_ok()
    });
    let proxy = Proxy::to(&upstream, "");
    let answers = proxy.send(&two("POST"));
    assert_refused(second(&answers), 502, "upstream_broke_off");
    assert_eq!(upstream.recorded().len(), 2);
}

#[test]
fn an_upstream_that_does_not_answer() {
    let upstream = Upstream::new(|_, _| {
        thread::sleep(Duration::from_secs(5));
        false
    });
    let proxy = Proxy::to(&upstream, "[timeouts]\nresponse = \"400ms\"\n");
    let answer = proxy.post("/", "", b"hi");
    assert_refused(&answer, 504, "upstream_response_timeout");
}

#[test]
fn an_early_answer_is_passed_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        let answer = b"HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
        stream.write_all(answer).unwrap();
        let _ = io::copy(&mut reader, &mut io::sink());
    });
    let proxy = Proxy::routed(&format!("http://{address}"), "", "format = \"text\"");
    let mut stream = proxy.connect();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let lines = "hello\n".repeat(200);
    write!(stream, "{:x}\r\n{lines}\r\n", lines.len()).unwrap();
    // The body never ends; the answer comes all the same.
    let answer = read_message(&mut BufReader::new(stream)).unwrap();
    assert!(answer.head.starts_with("HTTP/1.1 413 Too Much\r\n"));
    assert_eq!(answer.body, b"no");
}

#[test]
fn a_stream_whose_client_breaks_off_does_not_look_whole_upstream() {
    let upstream = Upstream::ok();
    let proxy = Proxy::routed(
        &format!("http://{}", upstream.address),
        "",
        "format = \"text\"",
    );
    let mut stream = proxy.connect();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"6\r\nhello\n\r\n").unwrap();
    thread::sleep(Duration::from_millis(200));
    drop(stream);
    proxy.await_log("incomplete_body");
    assert!(upstream.recorded().is_empty());
}

/// What had left was masked, and is counted.
#[test]
fn the_findings_of_a_stream_that_is_cut_are_counted() {
    // Built here, so that no token stands in this file.
    let token = ["ghp", &"aB3dE6gH9".repeat(4)].join("_");
    let trailer = format!("0\r\n{token}: x\r\n\r\n");
    for (end, reason) in [("", "incomplete_body"), (&*trailer, "secret_in_name")] {
        let upstream = Upstream::ok();
        let url = format!("http://{}", upstream.address);
        let proxy = Proxy::routed(&url, "", "format = \"text\"");
        let mut stream = proxy.connect();
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let lines = format!("password={SECRET}\n").repeat(100);
        write!(stream, "{:x}\r\n{lines}\r\n{end}", lines.len()).unwrap();
        thread::sleep(Duration::from_millis(200));
        drop(stream);
        proxy.await_log(reason);
        let log = proxy.log();
        let line = log.lines().find(|line| line.contains(reason)).unwrap();
        assert!(line.contains("fields/password=100"), "{log}");
        assert!(upstream.recorded().is_empty());
    }
}

#[test]
fn an_upstream_that_stops_reading_a_stream_keeps_nobody_in_flight() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let proxy = Proxy::routed(
        &url,
        "[timeouts]\nresponse = \"1s\"\n[limits]\nmax_in_flight = 1\n",
        "",
    );
    let mut stream = proxy.connect();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n\
                Content-Length: 100000000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let writing = thread::spawn(move || {
        let line = "a line of a log of nothing\n".repeat(1000);
        while writer.write_all(line.as_bytes()).is_ok() {}
    });
    let (_unread, _) = listener.accept().unwrap();
    let answer = read_rest(&mut stream);
    assert!(
        answer.contains(" 504 ") && answer.contains("response_timeout"),
        "{answer}"
    );
    drop(stream);
    writing.join().unwrap();
    // The place is free again though the upstream still holds its connection.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let answer = proxy.post("/", "", b"hi");
        if !answer.contains(" 503 ") {
            return assert_refused(&answer, 504, "upstream_response_timeout");
        }
        assert!(std::time::Instant::now() < deadline, "{answer}");
        thread::sleep(Duration::from_millis(50));
    }
}
