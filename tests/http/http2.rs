//! HTTP/2 on both sides, by prior knowledge.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Proxy, SECRET, Upstream, read_rest};

async fn client(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

fn post(path: &str, body: &str) -> Request<Full<Bytes>> {
    Request::post(format!("http://a{path}"))
        .header("te", "trailers")
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap()
}

#[tokio::test]
async fn clients_of_http2_are_served_beside_each_other() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let sender = client(proxy.address).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut sender = sender.clone();
        let body = format!("password={SECRET}\n");
        tasks.spawn(async move {
            let response = sender.send_request(post("/x", &body)).await.unwrap();
            assert_eq!(response.status(), 200);
            response.into_body().collect().await.unwrap().to_bytes()
        });
    }
    while let Some(body) = tasks.join_next().await {
        assert_eq!(body.unwrap(), "ok");
    }
    let recorded = upstream.recorded();
    assert_eq!(recorded.len(), 20);
    assert!(
        recorded
            .iter()
            .all(|request| request.body == b"password=[REDACTED]\n")
    );
}

#[tokio::test]
async fn the_length_of_a_body_that_is_not_sent_stays() {
    let upstream = Upstream::new(|request, stream| {
        let status = match request.head.split(' ').next() {
            Some("HEAD") => "200 OK",
            _ => "304 Not Modified",
        };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 1234\r\n\r\n");
        stream.write_all(answer.as_bytes()).is_ok()
    });
    let proxy = Proxy::to(&upstream, "");
    let mut sender = client(proxy.address).await;
    for (method, status) in [("HEAD", 200), ("GET", 304)] {
        let mut request = post("/", "");
        *request.method_mut() = method.parse().unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-length"], "1234", "{method}");
        assert!(
            response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn an_authority_that_is_kept_is_scanned() {
    let upstream = Upstream::ok();
    let url = format!("http://{}", upstream.address);
    let proxy = Proxy::routed(&url, "", "preserve_host = true");
    let uri = format!("http://token={SECRET}/");
    let request = Request::get(uri).body(Full::default()).unwrap();
    let response = client(proxy.address)
        .await
        .send_request(request)
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(
        text.contains("secret_in_host") && !text.contains(SECRET),
        "{text}"
    );
    assert!(upstream.recorded().is_empty());
}

#[tokio::test]
async fn a_host_that_contradicts_the_authority_is_refused() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let mut request = post("/", "");
    request
        .headers_mut()
        .insert("host", HeaderValue::from_static("b"));
    let response = client(proxy.address)
        .await
        .send_request(request)
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"{\"error\":\"bad_host\""));
}

type Seen = Arc<Mutex<Vec<(hyper::http::request::Parts, Bytes, Option<HeaderMap>)>>>;

/// An upstream of h2c that answers with trailers.
async fn upstream_of_http2(seen: Seen) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = seen.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let seen = seen.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.unwrap();
                    let trailers = body.trailers().cloned();
                    seen.lock()
                        .unwrap()
                        .push((parts, body.to_bytes(), trailers));
                    let mut trailers = HeaderMap::new();
                    trailers.insert("grpc-status", HeaderValue::from_static("0"));
                    let frames = vec![
                        Frame::data(Bytes::from_static(b"fine")),
                        Frame::trailers(trailers),
                    ];
                    Ok::<_, Infallible>(Response::new(Frames(frames.into_iter())))
                }
            });
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// A body of frames that are all there.
struct Frames(std::vec::IntoIter<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

#[tokio::test]
async fn trailers_pass_both_ways_to_an_upstream_of_http2() {
    let seen = Seen::default();
    let address = upstream_of_http2(seen.clone()).await;
    let proxy = Proxy::routed(&format!("http://{address}"), "", "http2 = true");
    let response = client(proxy.address)
        .await
        .send_request(post(&format!("/rpc?password={SECRET}"), "plain"))
        .await
        .unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(body.to_bytes(), "fine");
    let seen = seen.lock().unwrap();
    let (parts, body, _) = &seen[0];
    assert_eq!(parts.uri.authority().unwrap().as_str(), address.to_string());
    assert_eq!(parts.uri.query(), Some("password=%5BREDACTED%5D"));
    assert_eq!(parts.headers["te"], "trailers");
    assert_eq!(body, "plain");
}

#[tokio::test]
async fn an_upstream_of_http2_is_told_once_whom_a_request_is_for() {
    let seen = Seen::default();
    let address = upstream_of_http2(seen.clone()).await;
    let proxy = Proxy::routed(&format!("http://{address}"), "", "http2 = true");
    let mut sender = client(proxy.address).await;
    sender.send_request(post("/", "plain")).await.unwrap();
    let seen = seen.lock().unwrap();
    let (parts, _, _) = &seen[0];
    assert_eq!(parts.uri.authority().unwrap().as_str(), address.to_string());
    assert!(!parts.headers.contains_key("host"));
}

#[tokio::test]
async fn an_upstream_of_http2_is_told_the_clients_host_where_that_is_kept() {
    let seen = Seen::default();
    let address = upstream_of_http2(seen.clone()).await;
    let route = "http2 = true\npreserve_host = true";
    let proxy = Proxy::routed(&format!("http://{address}"), "", route);
    let mut sender = client(proxy.address).await;
    let mut request = post("/x?y=1", "plain");
    *request.uri_mut() = "http://tenant.example:8443/x?y=1".parse().unwrap();
    sender.send_request(request).await.unwrap();
    let request = "GET /x?y=1 HTTP/1.1\r\nHost: tenant.example:8443\r\nConnection: close\r\n\r\n";
    let answer = tokio::task::spawn_blocking(move || proxy.send(request.as_bytes()));
    assert!(answer.await.unwrap().starts_with("HTTP/1.1 200 "));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    for (parts, _, _) in &*seen {
        assert_eq!(parts.uri, "http://tenant.example:8443/x?y=1");
        assert!(!parts.headers.contains_key("host"));
    }
}

#[tokio::test]
async fn cookies_of_http2_are_one_header_for_http1() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    let mut request = post("/", "plain");
    for cookie in ["theme=dark", "lang=en", "size=2"] {
        let value = HeaderValue::from_static(cookie);
        request.headers_mut().append("cookie", value);
    }
    let response = client(proxy.address)
        .await
        .send_request(request)
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let recorded = upstream.recorded();
    let cookies = recorded[0].header("cookie");
    assert_eq!(
        cookies,
        Some("theme=[REDACTED]; lang=[REDACTED]; size=[REDACTED]")
    );
}

/// A frame of HTTP/2 (RFC 9113, 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Floods a connection with frames until it is closed, and asserts that it is.
fn flood(proxy: &Proxy, mut frames: impl FnMut(u32) -> Vec<u8>) {
    let mut stream = proxy.connect();
    let mut reader = stream.try_clone().unwrap();
    // What it answers must be read, or nothing would move.
    let reading = std::thread::spawn(move || read_rest(&mut reader).len());
    stream
        .set_write_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .unwrap();
    stream.write_all(&frame(4, 0, 0, &[])).unwrap();
    let closed = (0..200_000).any(|count| stream.write_all(&frames(count)).is_err());
    assert!(closed, "the flood was taken");
    reading.join().unwrap();
}

/// `:method GET, :scheme http, :path /, :authority a`, in HPACK.
pub(crate) const HEAD: &[u8] = &[0x82, 0x86, 0x84, 0x41, 0x01, b'a'];

#[test]
fn rapid_resets_and_endless_heads_end_the_connection() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    flood(&proxy, |count| {
        let stream = 2 * count + 1;
        [
            frame(1, 5, stream, HEAD),
            frame(3, 0, stream, &[0, 0, 0, 8]),
        ]
        .concat()
    });
    flood(&proxy, |count| match count {
        0 => frame(1, 1, 1, HEAD),
        // A header line that is never the last.
        _ => frame(9, 0, 1, &[0x00, 0x01, b'x', 0x01, b'y']),
    });
    // It still serves others.
    assert!(proxy.post("/", "", b"hi").ends_with("ok"));
    let mut rest = Vec::new();
    let mut stream = proxy.connect();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(b"ok"));
}
