//! Requests that two readers may read in two ways: refused, and the connection closed.

use crate::support::{Proxy, Upstream, assert_refused};

/// What follows must never be taken for a request.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

fn refused(cases: &[(&str, u16, &str)]) {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    for &(request, status, reason) in cases {
        let answer = proxy.send(format!("{request}{HIDDEN}").as_bytes());
        assert_refused(&answer, status, reason);
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "{request:?}: {answer}"
        );
    }
    let hidden = |head: &str| head.contains("/hidden");
    assert!(
        !upstream
            .recorded()
            .iter()
            .any(|request| hidden(&request.head))
    );
}

#[test]
fn ambiguous_lengths() {
    let post = "POST / HTTP/1.1\r\nHost: a\r\n";
    let fields = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "Content-Length: 5, 5\r\n\r\nhello",
        "Content-Length: +5\r\n\r\nhello",
        "Content-Length: 5_\r\n\r\nhello",
        "Transfer-Encoding: xchunked\r\n\r\nhello",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ];
    let requests: Vec<String> = fields
        .iter()
        .map(|field| format!("{post}{field}"))
        .collect();
    let cases: Vec<_> = requests
        .iter()
        .map(|request| (request.as_str(), 400, "ambiguous_length"))
        .collect();
    refused(&cases);
}

#[test]
fn bad_chunks() {
    let bodies = [
        "5;a=b\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
    ];
    let requests: Vec<String> = bodies
        .iter()
        .map(|body| {
            format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
        })
        .collect();
    let cases: Vec<_> = requests
        .iter()
        .map(|request| (request.as_str(), 400, "bad_chunk"))
        .collect();
    refused(&cases);
}

#[test]
fn bad_heads() {
    let bad = "bad_request";
    refused(&[
        ("GET / HTTP/1.1\nHost: a\n\n", 400, bad),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n", 400, bad),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n", 400, bad),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n",
            400,
            bad,
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", 400, bad),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, bad),
        ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 400, bad),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, bad),
        ("GET / HTTP/1.1\r\n\r\n", 400, "bad_host"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            400,
            "bad_host",
        ),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_host"),
        (
            "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
            405,
            "connect_refused",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            400,
            "upgrade_refused",
        ),
        ("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_path"),
        (
            "GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n",
            400,
            "bad_path",
        ),
        (
            "GET /a%2f..%2fb HTTP/1.1\r\nHost: a\r\n\r\n",
            400,
            "bad_path",
        ),
        ("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_path"),
    ]);
}

#[test]
fn what_was_pipelined_before_is_answered() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.send(
        b"GET /good HTTP/1.1\r\nHost: a\r\n\r\nGET /bad HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 200 Fine\r\n"), "{answer}");
    assert!(answer.contains("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(upstream.only().head.starts_with("GET /good "));
}

#[test]
fn an_upgrade_to_http2_is_ignored() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.send(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
          Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 200 Fine\r\n"), "{answer}");
    let got = upstream.only();
    assert!(got.header("upgrade").is_none() && got.header("http2-settings").is_none());
}

#[test]
fn an_old_client_says_how_long_its_body_is() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.send(format!("POST / HTTP/1.0\r\n\r\n{HIDDEN}").as_bytes());
    assert!(answer.starts_with("HTTP/1.0 411 "), "{answer}");
    assert!(answer.contains("\"length_required\""), "{answer}");
    assert!(upstream.recorded().is_empty());
}
