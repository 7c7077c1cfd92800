//! What goes through, and what becomes of it.

use std::io::{BufReader, Write};
use std::thread;
use std::time::Duration;

use crate::support::{Proxy, SECRET, Upstream, assert_refused, read_message};

#[test]
fn path_query_headers_cookies_and_body_are_masked() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.post(
        &format!("/a/%7e?password={SECRET}&x=%7e"),
        &format!("X-Password: {SECRET}\r\nCookie: session={SECRET}; b=c\r\nX-Plain: stays \r\n"),
        format!("user=bob password={SECRET} ok\n").as_bytes(),
    );
    assert!(answer.starts_with("HTTP/1.1 200 Fine\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nok"));
    let got = upstream.only();
    assert!(
        got.head
            .starts_with("POST /a/%7e?password=%5BREDACTED%5D&x=%7e HTTP/1.1\r\n")
    );
    assert_eq!(got.header("x-password"), Some("[REDACTED]"));
    assert_eq!(got.header("x-plain"), Some("stays"));
    assert_eq!(got.header("host"), Some(&*upstream.address.to_string()));
    assert_eq!(got.header("content-length"), Some("32"));
    assert!(got.header("connection").is_none());
    assert_eq!(got.body, b"user=bob password=[REDACTED] ok\n");
    proxy.await_log("fields/password=");
    assert!(!format!("{}{got:?}", proxy.log()).contains(SECRET));
}

#[test]
fn what_the_route_passes_goes_on() {
    let upstream = Upstream::ok();
    let passes = "preset = \"none\"\n\
        passes = { headers = [\"X-Password\"], parameters = [\"password\"], cookies = [\"session\"] }";
    let proxy = Proxy::routed(&format!("http://{}", upstream.address), "", passes);
    proxy.post(
        &format!("/?password={SECRET}&token={SECRET}"),
        &format!("X-Password: {SECRET}\r\nCookie: session={SECRET}; b={SECRET}\r\n"),
        b"",
    );
    let got = upstream.only();
    let line = format!("POST /?password={SECRET}&token=%5BREDACTED%5D HTTP/1.1\r\n");
    assert!(got.head.starts_with(&line), "{}", got.head);
    assert_eq!(got.header("x-password"), Some(SECRET));
    let cookies = format!("session={SECRET}; b=[REDACTED]");
    assert_eq!(got.header("cookie"), Some(&*cookies));
}

#[test]
fn answers_pass_untouched() {
    let upstream = Upstream::answering(
        "HTTP/1.1 207 As You Like\r\nX-Odd-Case: 1\r\nSet-Cookie: password=hunter2hunter2\r\n\
         Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    );
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.post("/", "", b"");
    assert!(
        answer.starts_with("HTTP/1.1 207 As You Like\r\nX-Odd-Case: 1\r\n"),
        "{answer}"
    );
    assert!(answer.contains("Set-Cookie: password=hunter2hunter2\r\n"));
    assert!(!answer.to_lowercase().contains("x-hop") && !answer.contains("Keep-Alive"));
    assert!(answer.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
}

#[test]
fn connections_are_kept_on_both_sides() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let mut stream = proxy.connect();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for _ in 0..5 {
        let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
        stream.write_all(request.as_bytes()).unwrap();
        assert_eq!(read_message(&mut reader).unwrap().body, b"ok");
    }
    assert_eq!(upstream.recorded().len(), 5);
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let upstream = Upstream::new(|request, stream| {
        let path = request.head.split(' ').nth(1).unwrap();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}",
            path.len()
        );
        stream.write_all(answer.as_bytes()).is_ok()
    });
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.send(
        b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n\
          POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\
          GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    let at = |text: &str| answer.find(text).unwrap_or_else(|| panic!("{answer}"));
    assert!(at("/one") < at("/two") && at("/two") < at("/three"));
}

#[test]
fn a_body_sent_byte_by_byte_gives_the_same_upstream_bytes() {
    let body = format!("{{\"password\":\"{SECRET}\",\"a\":1}}\nplain\npassword={SECRET}\nend");
    let chunks: Vec<String> = body
        .chars()
        .map(|char| format!("1\r\n{char}\r\n"))
        .collect();
    let chunked = chunks.concat();
    let requests = [
        format!("Content-Length: {}\r\n\r\n{body}", body.len()),
        format!("Transfer-Encoding: chunked\r\n\r\n{chunked}0\r\n\r\n"),
        format!(
            "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ),
    ];
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    for request in &requests {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{request}");
        assert!(proxy.send(request.as_bytes()).ends_with("ok"));
        let mut stream = proxy.connect();
        for byte in request.bytes() {
            stream.write_all(&[byte]).unwrap();
            thread::sleep(Duration::from_micros(200));
        }
        assert_eq!(
            read_message(&mut BufReader::new(stream)).unwrap().body,
            b"ok"
        );
    }
    let recorded = upstream.recorded();
    assert_eq!(recorded.len(), 2 * requests.len());
    assert!(!String::from_utf8_lossy(&recorded[0].body).contains(SECRET));
    for request in &recorded {
        assert_eq!(request.body, recorded[0].body);
    }
}

#[test]
fn expect_continue_is_answered_and_a_half_closed_client_gets_its_answer() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let mut stream = proxy.connect();
    stream
        .write_all(
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        )
        .unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let go_on = read_message(&mut reader).unwrap();
    assert!(go_on.head.starts_with("HTTP/1.1 100 "), "{}", go_on.head);
    stream.write_all(b"hi").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_message(&mut reader).unwrap().body, b"ok");
    assert!(upstream.only().header("expect").is_none());
}

#[test]
fn routes_are_chosen_by_method_and_path() {
    let (first, second) = (Upstream::ok(), Upstream::ok());
    let text = format!(
        "[[listen]]\nhttp = \"127.0.0.1:0\"\n\
         [[listen.route]]\nname = \"one\"\npath = \"/one/*\"\nmethods = [\"POST\"]\nupstream = \"http://{}/base/\"\n\
         [[listen.route]]\nname = \"two\"\npath = \"/two\"\nupstream = \"http://{}\"\n",
        first.address, second.address
    );
    let proxy = Proxy::configured(tempfile::tempdir().unwrap(), &text);
    proxy.post("/one/a", "", b"");
    proxy.post("/two", "", b"");
    assert!(first.only().head.starts_with("POST /base/one/a "));
    assert!(second.only().head.starts_with("POST /two "));
    assert_refused(&proxy.post("/three", "", b""), 421, "no_route");
    let get = b"GET /one/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_refused(&proxy.send(get), 405, "method_not_allowed");
}

#[test]
fn signed_requests_pass_unless_masking_would_break_them() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let secret = format!("password={SECRET}");
    for header in [
        "Digest: x\r\n",
        "Content-MD5: x\r\n",
        "Signature-Input: x\r\n",
    ] {
        assert!(proxy.post("/", header, b"plain").ends_with("ok"));
        let answer = proxy.post("/", header, secret.as_bytes());
        assert_refused(&answer, 422, "signed_request");
    }
    let sigv4 = "Authorization: AWS4-HMAC-SHA256 x\r\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n";
    let answer = proxy.post(&format!("/?{secret}"), sigv4, b"plain");
    assert_refused(&answer, 422, "signed_request");
    assert_eq!(upstream.recorded().len(), 3);
}

#[test]
fn an_observing_route_passes_originals_and_says_so() {
    let upstream = Upstream::ok();
    let observe = "mode = \"observe\"\nuntil = 2999-01-01\nreason = \"a trial\"";
    let proxy = Proxy::routed(&format!("http://{}", upstream.address), "", observe);
    let body = format!("password={SECRET}\n");
    proxy.post(&format!("/?password={SECRET}"), "", body.as_bytes());
    assert_eq!(upstream.only().body, body.as_bytes());
    proxy.await_log("observed=true");
    assert!(!proxy.log().contains(SECRET));
    assert!(proxy.log().contains("fields/password="));
}

/// A body that cannot be read goes on, too: that is no refusal.
#[test]
fn an_observing_route_refuses_nothing_and_says_what_it_would() {
    let upstream = Upstream::ok();

    let observe = "mode = \"observe\"\nuntil = 2999-01-01\nreason = \"a trial\"";
    let proxy = Proxy::routed(&format!("http://{}", upstream.address), "", observe);
    let answer = proxy.post("/", "Content-Encoding: gzip\r\n", b"no gzip at all");
    assert!(answer.ends_with("ok"), "{answer}");
    assert_eq!(upstream.only().body, b"no gzip at all");
    proxy.await_log("would_refuse=\"corrupt_encoding\"");
    let log = proxy.log();
    assert!(log.contains("reason=\"-\""), "{log}");
}

#[test]
fn what_is_encoded_in_urls_is_found_wherever_it_stands() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let json = format!("%7B%22password%22%3A%22{SECRET}%22%7D");
    let twice = json.replace('%', "%25");
    let headers = format!("Referer: https://h.example/?d={json}\r\nBaggage: d={twice}\r\n");
    let answer = proxy.post(&format!("/{twice}?d={twice}"), &headers, b"");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let got = upstream.only();
    assert!(!got.head.contains(SECRET), "{}", got.head);
    assert!(got.head.contains("%5BREDACTED%5D"), "{}", got.head);
}

#[test]
fn an_encoded_slash_passes_where_no_route_depends_on_it() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let answer = proxy.post("/i/_doc/a%2Fb", "", b"");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(upstream.only().head.starts_with("POST /i/_doc/a%2Fb "));
    let folder = tempfile::tempdir().unwrap();
    let routes = format!(
        "[[listen]]\nhttp = \"127.0.0.1:0\"\n\
         [[listen.route]]\npath = \"/a/*\"\nupstream = \"http://{}\"\n",
        upstream.address
    );
    let narrow = Proxy::configured(folder, &routes);
    assert_refused(&narrow.post("/a/b%2Fc", "", b""), 400, "bad_path");
}

#[test]
fn trailers_of_a_small_body_go_on() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let mut stream = proxy.connect();
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\
        Trailer: X-T\r\n\r\n2\r\nhi\r\n0\r\nX-T: here\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let answer = read_message(&mut BufReader::new(stream)).unwrap();
    assert!(answer.head.starts_with("HTTP/1.1 200 "), "{}", answer.head);
    let got = upstream.only();
    assert_eq!(got.header("content-length"), None);
    assert_eq!(got.header("trailer"), Some("X-T"));
    assert_eq!(got.body, b"hi");
}
