//! The end: what is in flight is finished, up to a deadline.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::support::{Proxy, Upstream, eventually, read_message};

fn slow(time: Duration) -> Upstream {
    Upstream::new(move |_, stream| {
        thread::sleep(time);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .is_ok()
    })
}

fn begun(proxy: &Proxy, upstream: &Upstream) -> TcpStream {
    let mut stream = proxy.connect();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    eventually(|| upstream.recorded().len() == 1, || proxy.log());
    stream
}

#[test]
fn what_is_in_flight_is_finished_and_nothing_more_accepted() {
    let upstream = slow(Duration::from_millis(800));
    let mut proxy = Proxy::to(&upstream, "");
    let stream = begun(&proxy, &upstream);
    let _idle = proxy.connect();
    proxy.signal("-TERM");
    proxy.await_log("ending");
    eventually(
        || TcpStream::connect(proxy.address).is_err(),
        || proxy.log(),
    );
    assert_eq!(
        read_message(&mut BufReader::new(stream)).unwrap().body,
        b"ok"
    );
    assert_eq!(proxy.exit_code(), Some(0));
}

#[test]
fn what_is_not_finished_at_the_deadline_is_cut_and_counted() {
    let upstream = slow(Duration::from_secs(30));
    let mut proxy = Proxy::to(&upstream, "[timeouts]\ndrain = \"200ms\"\n");
    let _stream = begun(&proxy, &upstream);
    proxy.signal("-TERM");
    assert_eq!(proxy.exit_code(), Some(3));
    assert!(
        proxy
            .log()
            .contains("cut at the deadline: requests in flight: 1"),
        "{}",
        proxy.log()
    );
}

#[test]
fn a_second_signal_ends_at_once() {
    let upstream = slow(Duration::from_secs(30));
    let mut proxy = Proxy::to(&upstream, "");
    let _stream = begun(&proxy, &upstream);
    proxy.signal("-TERM");
    proxy.await_log("ending");
    proxy.signal("-INT");
    assert_eq!(proxy.exit_code(), Some(130));
}
