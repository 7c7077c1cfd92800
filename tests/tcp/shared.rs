//! One upstream connection for all clients: whole records, a bounded ring, nothing lost
//! when the upstream goes away.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::support::{Recorded, Relay, SECRET, Upstream, eventually, masked};

/// The relay's configuration for an address that may be down.
fn shared(upstream: SocketAddr, keys: &str) -> Relay {
    Relay::to(upstream, &format!("sharing = \"shared\"\n{keys}"))
}

/// A port that nobody listens on for now.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

fn bind(address: SocketAddr) -> TcpListener {
    let mut bound = TcpListener::bind(address);
    eventually(
        || {
            bound = TcpListener::bind(address);
            bound.is_ok()
        },
        || format!("{address} is taken"),
    );
    bound.unwrap()
}

#[test]
fn records_of_all_clients_are_whole_on_one_connection() {
    let upstream = Upstream::new();
    let relay = shared(upstream.address, "");
    let mut clients: Vec<_> = (0..50).map(|_| relay.connect()).collect();
    // In two parts, so that they would mix if they could.
    for number in 0..10 {
        for (index, client) in clients.iter_mut().enumerate() {
            write!(client, "client {index} password={SECRET} ").unwrap();
        }
        for client in &mut clients {
            write!(client, "number {number}").unwrap();
            client
                .write_all(if number < 9 { b"\n" } else { b"" })
                .unwrap();
        }
    }
    drop(clients);
    let expected: Vec<String> = (0..50)
        .flat_map(|index| {
            (0..10).map(move |number| format!("client {index} password=[REDACTED] number {number}"))
        })
        .collect();
    upstream.await_bytes(expected.iter().map(|line| line.len() + 1).sum());
    assert_eq!(upstream.recorded().len(), 1);
    let text = upstream.recorded()[0].text();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    let mut sorted = expected;
    sorted.sort();
    assert_eq!(lines, sorted);
}

const CLIENTS: usize = 4;
const LINES: usize = 60_000;

/// What an upstream has seen, over all its lives.
#[derive(Default)]
struct Seen {
    lives: usize,
    /// The number that each client's next new line has.
    next: [usize; CLIENTS],
    wrong: Option<String>,
}

impl Seen {
    /// Each line at least once; in the order of its client when repetitions are left out.
    fn line(&mut self, line: &str) {
        let mut words = line.split(' ').map(str::parse::<usize>);
        let (Some(Ok(client)), Some(Ok(number))) = (words.next(), words.next()) else {
            self.wrong = Some(format!("no whole line: {line:?}"));
            return;
        };
        if number > self.next[client] || !line.contains("=[REDACTED] ") {
            self.wrong = Some(format!("before {line:?}: {:?}", self.next));
        }
        self.next[client] = self.next[client].max(number + 1);
    }

    fn is_complete(&self) -> bool {
        self.wrong.is_some() || self.next == [LINES; CLIENTS]
    }
}

/// Reads some MiB and goes away with more unread, as if it were killed.
fn live(mut stream: TcpStream, seen: &Mutex<Seen>) {
    const MOST: usize = 2 << 20;
    stream.set_nonblocking(false).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    seen.lock().unwrap().lives += 1;
    let (mut line, mut chunk, mut sum) = (Vec::new(), vec![0; 8192], 0);
    while sum < MOST && !seen.lock().unwrap().is_complete() {
        let read = match stream.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => read,
            Err(_) => continue,
        };
        sum += read;
        let mut seen = seen.lock().unwrap();
        for part in chunk[..read].split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                seen.line(&String::from_utf8_lossy(&line));
                line.clear();
            }
        }
    }
}

#[test]
fn an_upstream_killed_under_load_gets_every_line_in_the_order_of_its_connection() {
    let listener = bind(free_address());
    // Less than what is sent again, together with what the other side's system holds.
    rustix::net::sockopt::set_socket_recv_buffer_size(&listener, 64 * 1024).unwrap();
    let relay = shared(listener.local_addr().unwrap(), "");
    listener.set_nonblocking(true).unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let upstream = {
        let seen = seen.clone();
        thread::spawn(move || {
            while !seen.lock().unwrap().is_complete() {
                match listener.accept() {
                    Ok((stream, _)) => live(stream, &seen),
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        })
    };
    let before = relay.memory();
    for client in 0..CLIENTS {
        let mut stream = relay.connect();
        thread::spawn(move || {
            let text = "x".repeat(250);
            for number in 0..LINES {
                writeln!(stream, "{client} {number} password={SECRET} {text}").unwrap();
            }
        });
    }
    eventually(
        || seen.lock().unwrap().is_complete(),
        || format!("{:?}\n{}", seen.lock().unwrap().next, relay.log()),
    );
    upstream.join().unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.wrong, None);
    assert!(seen.lives >= 50, "it was killed {} times", seen.lives);
    assert!(relay.metric("blackbar_repeated_records_total{route=\"in\"}") > 0);
    let grown = relay.memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown}");
}

#[test]
fn an_upstream_that_closes_in_order_gets_nothing_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = shared(listener.local_addr().unwrap(), "");
    let mut client = relay.connect();
    for number in 0..3 {
        let line = format!("line {number}\n");
        client.write_all(line.as_bytes()).unwrap();
        let (mut upstream, _) = listener.accept().unwrap();
        let mut got = vec![0; line.len()];
        upstream.read_exact(&mut got).unwrap();
        assert_eq!(got, line.as_bytes());
        drop(upstream);
        // The next line comes when the relay has seen that.
        thread::sleep(Duration::from_millis(1300));
    }
    assert_eq!(
        relay.metric("blackbar_repeated_records_total{route=\"in\"}"),
        0
    );
}

#[test]
fn what_comes_while_the_upstream_is_down_waits_in_the_ring() {
    let address = free_address();
    let relay = shared(address, "");
    let text = format!("a\npassword={SECRET}\n").repeat(100);
    relay.send(text.as_bytes());
    let listener = bind(address);
    let (mut upstream, _) = listener.accept().unwrap();
    let mut got = vec![0; masked(&text).len()];
    upstream.read_exact(&mut got).unwrap();
    assert_eq!(String::from_utf8(got).unwrap(), masked(&text));
}

/// Writes lines until the client is stalled or it was all; how many bytes were taken.
fn fill(client: &mut TcpStream, most: usize) -> usize {
    client
        .set_write_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let block = "a line of a log of nothing\n".repeat(1000);
    let mut sent = 0;
    while sent < most {
        match client.write(&block.as_bytes()[sent % block.len()..]) {
            Ok(wrote) => sent += wrote,
            Err(_) => break,
        }
    }
    sent
}

#[test]
fn a_full_ring_stalls_its_clients() {
    let relay = shared(free_address(), "ring = \"1M\"");
    let before = relay.memory();
    let sent = fill(&mut relay.connect(), 128 << 20);
    assert!(sent < 128 << 20);
    let grown = relay.memory().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown}");
    assert_eq!(
        relay.metric("blackbar_dropped_records_total{route=\"in\"}"),
        0
    );
}

#[test]
fn a_full_ring_drops_the_newest_by_choice_and_counts_them() {
    let address = free_address();
    let relay = shared(address, "ring = \"1M\"\noverflow = \"drop-newest\"");
    let mut client = relay.connect();
    let sent = fill(&mut client, 16 << 20);
    assert!(sent >= 16 << 20, "the client was stalled at {sent}");
    client.shutdown(Shutdown::Write).unwrap();
    crate::support::read_rest(&mut client);
    let dropped = relay.metric("blackbar_dropped_records_total{route=\"in\"}");
    assert!(relay.log().contains("the ring is full"));
    let (mut upstream, _) = bind(address).accept().unwrap();
    upstream
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    let mut got = Vec::new();
    let _ = upstream.read_to_end(&mut got);
    let lines = got.split_inclusive(|byte| *byte == b'\n').count() as u64;
    let records = relay.metric("blackbar_records_total{route=\"in\"}");
    assert!(
        dropped > 0 && lines + dropped == records,
        "{lines} + {dropped} != {records}"
    );
}

#[test]
fn a_line_that_is_too_long_to_be_one_arrives_in_parts() {
    let upstream = Upstream::new();
    let text = format!(
        "[limits]\nmax_record = \"1K\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\n\
         tcp = \"127.0.0.1:0\"\nsharing = \"shared\"\nupstream = \"{}\"\n",
        upstream.address
    );
    let relay = Relay::configured(tempfile::tempdir().unwrap(), &text);
    let long = "x".repeat(1024);
    relay.send(format!("fits\n{long} password=hunter2hunter2\nafter\n").as_bytes());
    let arrived = format!("fits\n{long}\n...  password=[REDACTED]\nafter\n");
    upstream.await_bytes(arrived.len());
    assert_eq!(upstream.recorded()[0].text(), arrived);
    relay.await_metric("blackbar_split_records_total{route=\"in\"}", 1);
}

/// Clients that count octets and clients that end lines.
#[test]
fn each_connection_of_a_shared_upstream_has_one_framing() {
    let secret = "hunter2hunter2";
    let sent = [
        format!("28 <1>a\npassword={secret}"),
        format!("<2>b password={secret}\r\n\n"),
        format!("23 <3>c password={secret}"),
    ];
    let counted = "24 <1>a\npassword=[REDACTED]";
    for (keys, connections) in [
        (
            "",
            vec![
                format!("{counted}24 <3>c password=[REDACTED]"),
                "<2>b password=[REDACTED]\r\n\n".to_owned(),
            ],
        ),
        (
            "upstream_framing = \"octet-counted\"",
            vec![format!(
                "{counted}24 <2>b password=[REDACTED]24 <3>c password=[REDACTED]"
            )],
        ),
        (
            "upstream_framing = \"newline\"",
            vec![
                "<1>a#012password=[REDACTED]\n<2>b password=[REDACTED]\r\n\n\
                 <3>c password=[REDACTED]\n"
                    .to_owned(),
            ],
        ),
    ] {
        let upstream = Upstream::new();
        let keys = format!("framing = \"syslog\"\nsharing = \"shared\"\n{keys}");
        let relay = Relay::to(upstream.address, &keys);
        let mut records = 0;
        for sent in &sent {
            relay.send(sent.as_bytes());
            records += if sent.ends_with("\n\n") { 2 } else { 1 };
            relay.await_metric("blackbar_records_total{route=\"in\"}", records);
            relay.await_metric("blackbar_waiting_records{route=\"in\"}", 0);
        }
        upstream.await_bytes(connections.concat().len());
        let recorded = upstream.recorded();
        let texts: Vec<_> = recorded.iter().map(Recorded::text).collect();
        assert_eq!(texts, connections, "{keys}");
    }
}
