//! Tunnels of lines: each connection its own, in both directions, to its end.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{
    PATIENCE, Recorded, Relay, SECRET, Upstream, masked, raise_open_files, read_rest,
};

fn line(client: usize, number: usize) -> String {
    format!(
        "{{\"client\":{client},\"number\":{number},\"password\":\"{SECRET}\",\"text\":\"x\"}}\n"
    )
}

/// Connections that are held at the same time.
const HELD: usize = 2000;

#[test]
fn each_line_of_2000_connections_is_checked() {
    // This process has both ends of what the relay has in the middle.
    raise_open_files(2 * HELD + 100);
    let upstream = Upstream::new();
    let relay = Relay::to(upstream.address, "");
    let mut clients: Vec<_> = (0..HELD).map(|_| relay.connect()).collect();
    for number in 0..5 {
        for (index, client) in clients.iter_mut().enumerate() {
            client.write_all(line(index, number).as_bytes()).unwrap();
        }
    }
    drop(clients);
    relay.await_metric("blackbar_records_total{route=\"in\"}", 5 * HELD as u64);
    let mut texts: Vec<String> = Vec::new();
    crate::support::eventually(
        || upstream.recorded().iter().filter(|one| one.ended).count() == HELD,
        || format!("{} ended", upstream.recorded().len()),
    );
    texts.extend(upstream.recorded().iter().map(Recorded::text));
    let mut expected: Vec<String> = (0..HELD)
        .map(|client| (0..5).map(|number| masked(&line(client, number))).collect())
        .collect();
    texts.sort();
    expected.sort();
    assert!(texts == expected, "lines are missing or mixed");
    assert_eq!(
        relay.metric("blackbar_stream_connections_total{route=\"in\"}"),
        HELD as u64
    );
}

#[test]
fn written_byte_by_byte_a_line_leaves_as_soon_as_it_is_whole() {
    let upstream = Upstream::new();
    let relay = Relay::to(upstream.address, "");
    let mut client = relay.connect();
    let text = format!("user password={SECRET} end\n");
    for byte in text.as_bytes() {
        client.write_all(&[*byte]).unwrap();
    }
    // The connection stays open, and the line is there.
    upstream.await_bytes(masked(&text).len());
    client.write_all(b"token=hunter2hun").unwrap();
    client.write_all(b"ter2").unwrap();
    drop(client);
    assert_eq!(upstream.only(), masked(&text) + "token=[REDACTED]");
}

#[test]
fn after_the_clients_end_answers_still_come_back() {
    let upstream = Upstream::answering(b"", b"password=hunter2hunter2, as it was answered");
    let relay = Relay::to(upstream.address, "");
    // No newline at the end, and none is added.
    let answer = relay.send(format!("a\nb password={SECRET}").as_bytes());
    assert_eq!(answer, "password=hunter2hunter2, as it was answered");
    assert_eq!(upstream.only(), "a\nb password=[REDACTED]");
}

#[test]
fn bytes_that_are_no_secret_stay_as_they_are() {
    let upstream = Upstream::new();
    let relay = Relay::to(upstream.address, "");
    let mut bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    bytes[0] = b'x';
    relay.send(&bytes);
    upstream.only();
    assert!(upstream.recorded()[0].bytes == bytes);
}

#[test]
fn an_upstream_that_stalls_stalls_its_client_and_nothing_grows() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = Relay::to(listener.local_addr().unwrap(), "");
    let mut client = relay.connect();
    let (mut stalled, _) = listener.accept().unwrap();
    let before = relay.memory();
    client
        .set_write_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let block = format!("a line password={SECRET} of a log\n").repeat(1000);
    let mut sent = 0;
    // What the systems hold on the way is some MiB; far below this, writing must stop.
    while sent < 256 << 20 {
        match client.write(&block.as_bytes()[sent % block.len()..]) {
            Ok(wrote) => sent += wrote,
            Err(_) => break,
        }
    }
    assert!(sent < 256 << 20, "everything was taken");
    let grown = relay.memory().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more for {sent}");
    // Once it reads again everything comes.
    let expected = masked(&block.repeat(sent / block.len() + 1)[..sent]);
    let reader = thread::spawn(move || read_rest(&mut stalled));
    client.shutdown(Shutdown::Write).unwrap();
    let got = reader.join().unwrap();
    // The last line may be cut, and what is cut there is masked to its end.
    let whole = expected.rfind('\n').unwrap();
    assert!(got.get(..whole) == expected.get(..whole), "lost");
    assert!(!got.contains(SECRET));
}

#[test]
fn a_client_is_closed_when_its_upstream_goes_and_never_gets_another() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = Relay::to(listener.local_addr().unwrap(), "");
    let mut client = relay.connect();
    client.write_all(b"first\nhalf a li").unwrap();
    let (mut upstream, _) = listener.accept().unwrap();
    let mut got = [0; 6];
    upstream.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"first\n");
    drop(upstream);
    assert_eq!(read_rest(&mut client), "");
    // Nobody resumes it.
    listener.set_nonblocking(true).unwrap();
    thread::sleep(Duration::from_millis(200));
    assert!(listener.accept().is_err());
    relay.await_metric(
        "blackbar_upstream_errors_total{route=\"in\",reason=\"upstream_lost\"}",
        1,
    );
}

#[test]
fn nothing_is_read_from_a_client_whose_upstream_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let relay = Relay::to(gone, "");
    let mut client = relay.connect();
    assert_eq!(read_rest(&mut client), "");
    let series = "blackbar_upstream_errors_total{route=\"in\",reason=\"upstream_unreachable\"}";
    relay.await_metric(series, 1);
    assert_eq!(relay.metric("blackbar_upstream_up{route=\"in\"}"), 0);
}

#[test]
fn an_idle_client_is_closed_where_that_is_configured() {
    let upstream = Upstream::new();
    let relay = Relay::to(upstream.address, "idle = \"300ms\"");
    let mut client = relay.connect();
    client.write_all(b"a\nrest token=hunter2hunter2").unwrap();
    let begun = Instant::now();
    assert_eq!(read_rest(&mut client), "");
    assert!(begun.elapsed() < PATIENCE);
    // What was undecided is masked.
    assert_eq!(upstream.only(), "a\nrest token=[REDACTED]");
    relay.await_metric("blackbar_refused_total{route=\"in\",reason=\"idle\"}", 1);
}

#[test]
fn more_connections_than_allowed_wait() {
    let upstream = Upstream::new();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[limits]\nmax_connections = 2\n[[listen]]\ntcp = \"127.0.0.1:0\"\nupstream = \"{}\"\n",
        upstream.address
    );
    let relay = Relay::configured(folder, &text);
    let mut clients: Vec<_> = (0..3).map(|_| relay.connect()).collect();
    for client in &mut clients {
        client.write_all(b"a\n").unwrap();
    }
    upstream.await_bytes(4);
    thread::sleep(Duration::from_millis(200));
    assert_eq!(upstream.recorded().len(), 2);
    clients.remove(0);
    upstream.await_bytes(6);
}

#[test]
fn a_connection_without_traffic_costs_little() {
    let upstream = Upstream::new();
    let relay = Relay::to(upstream.address, "");
    let mut clients = Vec::new();
    let mut grow = |more: usize| {
        let before = relay.memory();
        for _ in 0..more {
            let mut client = relay.connect();
            client.write_all(b"a line\n").unwrap();
            clients.push(client);
        }
        upstream.await_bytes(7 * clients.len());
        // What they needed for it is given up, and is there for the next ones.
        thread::sleep(Duration::from_millis(1500));
        relay.memory().saturating_sub(before)
    };
    // Which of the threads' pools has it is up to the system: all of them are to be warm.
    for _ in 0..2 {
        grow(200);
    }
    let grown: usize = (0..3).map(|_| grow(200)).sum();
    assert!(grown < 600 * 16 * 1024, "{grown}");
}

#[test]
fn a_listener_that_observes_passes_originals_on_and_says_so() {
    let upstream = Upstream::new();
    let relay = Relay::to(upstream.address, "mode = \"observe\"\nuntil = 2999-01-31");
    let text = format!("password={SECRET}\nhalf password={SECRET}");
    relay.send(text.as_bytes());
    assert_eq!(upstream.only(), text);
    assert_eq!(relay.metric("blackbar_observing{route=\"in\"}"), 1);
    let observed =
        "blackbar_observed_findings_total{route=\"in\",pack=\"fields\",rule=\"fields/password\"}";
    assert_eq!(relay.metric(observed), 2);
    let told = "until 2999-01-31 this route passes originals on";
    crate::support::eventually(|| relay.log().contains(told), || relay.log());
}
