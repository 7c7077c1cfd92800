//! Many connections, and clients that flood theirs: memory stays bounded and others are
//! served.

use std::io::{BufReader, Write};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::http2::{HEAD, frame};
use crate::support::{Proxy, SECRET, Upstream, read_message};

const IDLE: usize = 2000;
const ACTIVE: usize = 200;
const MIB: u64 = 1 << 20;

#[test]
fn idle_connections_do_not_keep_active_ones_from_being_served() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, all).unwrap();
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    // Half of them have been used once.
    let idle: Vec<_> = (0..IDLE)
        .map(|at| {
            let mut stream = proxy.connect();
            if at % 2 == 0 {
                let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
                stream.write_all(request.as_bytes()).unwrap();
                let answer = read_message(&mut BufReader::new(&stream)).unwrap();
                assert!(answer.head.starts_with("HTTP/1.1 200 "));
            }
            stream
        })
        .collect();
    thread::scope(|scope| {
        for client in 0..ACTIVE {
            let proxy = &proxy;
            scope.spawn(move || {
                let mut stream = proxy.connect();
                for round in 0..10 {
                    let body = format!("client={client} round={round} password={SECRET}\n");
                    let head = format!(
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    stream.write_all((head + &body).as_bytes()).unwrap();
                    let answer = read_message(&mut BufReader::new(&stream)).unwrap();
                    assert!(answer.head.starts_with("HTTP/1.1 200 "));
                }
            });
        }
    });
    drop(idle);
    let mut bodies: Vec<_> = upstream
        .recorded()
        .into_iter()
        .map(|request| String::from_utf8(request.body).unwrap())
        .filter(|body| !body.is_empty())
        .collect();
    let mut expected: Vec<_> = (0..ACTIVE)
        .flat_map(|client| {
            (0..10).map(move |round| format!("client={client} round={round} password=[REDACTED]\n"))
        })
        .collect();
    bodies.sort();
    expected.sort();
    assert!(bodies == expected);
    let peak = proxy.peak_memory();
    assert!(peak < 160 * MIB, "{} MiB", peak / MIB);
}

/// Sends frames as long as they are taken, at most this many. The client reads nothing of
/// what it is answered.
const FRAMES: u32 = 300_000;

fn flood(proxy: &Proxy, first: &[u8], again: &[u8]) {
    let mut stream = proxy.connect();
    stream
        .set_write_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let head = [&preface[..], &frame(4, 0, 0, &[]), first].concat();
    stream.write_all(&head).unwrap();
    let many = again.repeat(1000);
    for _ in 0..FRAMES / 1000 {
        // It is closed, or no longer read from.
        if stream.write_all(&many).is_err() {
            break;
        }
    }
    // Others are served meanwhile.
    assert!(proxy.post("/", "", b"hi").ends_with("ok"));
}

#[test]
fn floods_of_frames_take_no_memory() {
    let upstream = Upstream::ok();
    let proxy = Proxy::to(&upstream, "");
    assert!(proxy.post("/", "", b"hi").ends_with("ok"));
    let before = proxy.peak_memory();
    let post = frame(1, 4, 1, &[&[0x83], &HEAD[1..]].concat());
    let empty_data = frame(0, 0, 1, &[]);
    let settings = frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]);
    let ping = frame(6, 0, 0, b"12345678");
    let window = frame(8, 0, 0, &[0, 0, 0, 1]);
    flood(&proxy, &post, &empty_data);
    for again in [&settings, &ping, &window] {
        flood(&proxy, &[], again);
    }
    let grown = proxy.peak_memory() - before;
    assert!(grown < 16 * MIB, "{} MiB", grown / MIB);
}
