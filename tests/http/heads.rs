//! Heads: what of them is scanned beside headers and path, and what of an answer's head
//! stays as it was.

use std::io::{BufRead, BufReader, Write};

use crate::support::{Proxy, SECRET, Upstream, assert_refused, header, read_message};

fn keeping_host(upstream: &Upstream) -> Proxy {
    let url = format!("http://{}", upstream.address);
    Proxy::routed(&url, "", "preserve_host = true")
}

#[test]
fn a_host_that_is_kept_is_scanned() {
    let upstream = Upstream::ok();
    let proxy = keeping_host(&upstream);
    for host in [
        format!("token={SECRET}"),
        format!("a.example;password%3D{SECRET}"),
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_refused(&proxy.send(request.as_bytes()), 400, "secret_in_host");
    }
    assert!(upstream.recorded().is_empty());
    for host in ["password.example:80", "[::1]:9000", "token"] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert!(proxy.send(request.as_bytes()).ends_with("ok"), "{host}");
        assert_eq!(
            upstream.recorded().last().unwrap().header("host"),
            Some(host)
        );
    }
    assert!(!proxy.log().contains(SECRET));
}

#[test]
fn methods_of_the_clients_own_are_scanned() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    // Built here, so that no token stands in this file.
    let token = ["ghp", &"aB3dE6gH9".repeat(4)].join("_");
    let request = format!("{token} / HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = proxy.send(request.as_bytes());
    assert_refused(&answer, 400, "secret_in_method");
    let trace = "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_refused(&proxy.send(trace.as_bytes()), 405, "method_not_allowed");
    assert!(upstream.recorded().is_empty());
    let other = "PROPFIND / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert!(proxy.send(other.as_bytes()).ends_with("ok"));
    assert!(upstream.only().head.starts_with("PROPFIND / "));
    assert!(!(answer + &proxy.log()).contains(&token));
}

/// RFC 9110, 15.5.6.
#[test]
fn a_405_tells_what_is_allowed() {
    let upstream = Upstream::ok();
    let url = format!("http://{}", upstream.address);
    let route = |name: &str, path: &str, methods: &str| {
        format!(
            "[[listen.route]]\nname = \"{name}\"\npath = \"{path}\"\nupstream = \"{url}\"\n\
             methods = {methods}\n"
        )
    };
    let listen = "[[listen]]\nhttp = \"127.0.0.1:0\"\n".to_owned()
        + &route("reads", "/a", "[\"GET\", \"HEAD\"]")
        + &route("writes", "/*", "[\"POST\", \"GET\"]");
    let some = Proxy::configured(tempfile::tempdir().unwrap(), &listen);
    let all = Proxy::to(&upstream, "");
    let known = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    for (proxy, line, reason, allowed) in [
        (&some, "PUT /a", "method_not_allowed", "GET, HEAD, POST"),
        (&some, "PUT /b", "method_not_allowed", "POST, GET"),
        (&some, "TRACE /b", "method_not_allowed", "POST, GET"),
        (&all, "TRACE /", "method_not_allowed", known),
        (&all, "CONNECT a:1", "connect_refused", ""),
    ] {
        let host = if line.starts_with("CONNECT") {
            "a:1"
        } else {
            "a"
        };
        let request = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = proxy.send(request.as_bytes());
        assert_refused(&answer, 405, reason);
        assert_eq!(header(&answer, "allow"), Some(allowed), "{answer}");
    }
    let answer = some.send(b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(header(&answer, "allow"), None);
}

#[test]
fn what_nobody_can_do_is_not_promised() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.post("/", "Expect: 200-ok\r\n", b"hi");
    assert_refused(&answer, 417, "expectation_failed");
    assert!(
        proxy
            .post("/", "Expect: 100-Continue\r\n", b"hi")
            .ends_with("ok")
    );
    assert!(upstream.only().header("expect").is_none());
}

#[test]
fn characters_that_ought_to_be_encoded_go_on_as_they_came() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let target = "/{a}|^\"?q={b}|^`";
    assert!(proxy.post(target, "", b"").ends_with("ok"));
    let line = format!("POST {target} HTTP/1.1\r\n");
    assert!(
        upstream.only().head.starts_with(&line),
        "{:?}",
        upstream.only()
    );
    assert_refused(&proxy.post("/<a>", "", b""), 400, "bad_path");
}

/// Reads a head alone.
fn read_head(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    head
}

#[test]
fn the_length_of_a_body_that_is_not_sent_stays() {
    let upstream = Upstream::new(|request, stream| {
        let status = match request.head.split(' ').next() {
            Some("HEAD") => "200 OK",
            _ => "304 Not Modified",
        };
        let answer = format!("HTTP/1.1 {status}\r\nETag: \"a\"\r\nContent-Length: 1234\r\n\r\n");
        stream.write_all(answer.as_bytes()).is_ok()
    });
    let proxy = Proxy::to(&upstream, "");
    let mut stream = proxy.connect();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    // On one connection: the next answer begins where the head before it ends.
    for (method, status) in [
        ("HEAD", "200"),
        ("GET", "304"),
        ("HEAD", "200"),
        ("GET", "304"),
    ] {
        write!(stream, "{method} / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let head = read_head(&mut reader);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(header(&head, "content-length"), Some("1234"), "{head}");
    }
    assert_eq!(upstream.connections(), 1);
    proxy.await_log("status=304");
    assert!(!proxy.log().contains("incomplete_body"), "{}", proxy.log());
}

#[test]
fn an_answer_with_trailers_is_complete() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
         5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n",
    );
    let proxy = Proxy::to(&upstream, "");
    let mut stream = proxy.connect();
    let request = "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let answer = read_message(&mut BufReader::new(stream)).unwrap();
    assert_eq!(answer.body, b"hello");
    assert!(
        answer.head.to_lowercase().contains("x-sum: 7"),
        "{}",
        answer.head
    );
    proxy.await_log("status=200");
    assert!(!proxy.log().contains("incomplete_body"), "{}", proxy.log());
}

/// Percent-encodes all that is no letter or digit.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[test]
fn json_in_a_query_is_read_however_it_is_encoded() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    for json in [
        format!("{{\"password\":\"{SECRET}\",\"n\":1}}"),
        format!("{{\"password\" : \"a\\\"{SECRET}\"}}"),
        format!("{{\"password\":[\"a\",\"{SECRET}\"],\"n\":1}}"),
        format!("{{\"a\":\"{{\\\"password\\\":\\\"{SECRET}\\\"}}\"}}"),
    ] {
        for query in [encoded(&json), encoded(&encoded(&json))] {
            let answer = proxy.post(&format!("/?d={query}"), "", b"");
            assert!(answer.ends_with("ok"), "{answer}");
            let got = upstream.recorded().pop().unwrap().head;
            assert!(
                !got.contains(SECRET) && got.contains("REDACTED"),
                "{query}\n{got}"
            );
        }
    }
}
