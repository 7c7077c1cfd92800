//! What hyper gets to see of a connection, given whole and in pieces.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const BOUNDS: Bounds = Bounds {
    max_head: 256,
    head: Duration::from_secs(5),
    idle: Duration::from_secs(5),
};

/// What comes out, and the verdict, if the client sends the pieces and closes.
fn seen(pieces: &[&[u8]]) -> (Vec<u8>, Option<Reason>, bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let verdict = Verdict::default();
        let mut checked = Checked::new(server, BytesMut::new(), BOUNDS, verdict.clone());
        let mut out = Vec::new();
        let mut failed = false;
        for piece in pieces {
            client.write_all(piece).await.unwrap();
            let quiet = Duration::from_millis(1);
            while let Ok(read) = tokio::time::timeout(quiet, checked.read_buf(&mut out)).await {
                failed |= read.is_err();
                if !matches!(read, Ok(1..)) {
                    break;
                }
            }
        }
        client.shutdown().await.unwrap();
        failed |= checked.read_to_end(&mut out).await.is_err();
        (out, verdict.reason(), failed)
    })
}

fn one_by_one(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.chunks(1).collect()
}

#[test]
fn good_requests_come_through_byte_for_byte() {
    let requests = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
        \r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n\
        POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n\
        GET /d HTTP/1.1\r\nHost: a\r\n\r\n";
    // The empty line after a body is dropped.
    let at = memchr::memmem::find(requests, b"\r\nGET /b").unwrap();
    let expected = [&requests[..at], &requests[at + 2..]].concat();
    for pieces in [vec![requests.as_slice()], one_by_one(requests)] {
        let (out, reason, failed) = seen(&pieces);
        assert_eq!(out, expected);
        assert_eq!((reason, failed), (None, false));
    }
}

#[test]
fn a_bad_head_is_replaced_and_nothing_follows() {
    let good = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    let bad = b"GET /b HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n";
    let both = [good.as_slice(), bad].concat();
    for pieces in [vec![both.as_slice()], one_by_one(&both)] {
        let (out, reason, failed) = seen(&pieces);
        let expected = format!(
            "GET /a HTTP/1.1\r\nHost: a\r\n\r\n{} / HTTP/1.1\r\n",
            marker()
        );
        assert!(out.starts_with(expected.as_bytes()));
        assert!(memchr::memmem::find(&out, b"GET /c").is_none());
        assert_eq!((reason, failed), (Some(Reason::BadHead), false));
    }
}

#[test]
fn bare_line_feeds_are_refused_before_the_head_ends() {
    let (_, reason, _) = seen(&[b"GET / HTTP/1.1\nHost: a\n"]);
    assert_eq!(reason, Some(Reason::BadHead));
}

#[test]
fn a_head_without_end_is_refused() {
    let head = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'a'; 256]].concat();
    for pieces in [vec![head.as_slice()], one_by_one(&head)] {
        assert_eq!(seen(&pieces).1, Some(Reason::HeadTooLarge));
    }
}

#[test]
fn a_bad_chunk_ends_the_body_in_an_error() {
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
        2\r\nhi\r\n5;x=y\r\nhello\r\n0\r\n\r\n";
    for pieces in [vec![request.as_slice()], one_by_one(request)] {
        let (out, reason, failed) = seen(&pieces);
        assert!(memchr::memmem::find(&out, b"hello").is_none());
        assert_eq!((reason, failed), (Some(Reason::BadChunk), true));
    }
}
