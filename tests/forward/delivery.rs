//! Nothing is acknowledged that the upstream has not acknowledged.

use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::support::{PATIENCE, SECRET, eventually, masked};
use crate::wire::{
    Upstream, ack, array, bin, chunk, chunk_of, entry, expect, expect_end, expect_nothing, relay,
    relay_on, send, short, text, told, upstream_errors,
};

#[test]
fn an_acknowledgement_is_the_upstreams() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    let message = format!("login password={SECRET}");
    // One byte at a time.
    for byte in chunk("c1", &message) {
        send(&mut client, &[byte]);
    }
    send(&mut client, &chunk("c2", "nothing"));
    expect(&mut server, &chunk_of("c1", short(&masked(&message))));
    expect(&mut server, &chunk("c2", "nothing"));
    expect_nothing(&mut client);
    for byte in ack("c1") {
        send(&mut server, &[byte]);
    }
    expect(&mut client, &told("c1"));
    expect_nothing(&mut client);
    send(&mut server, &ack("c2"));
    expect(&mut client, &told("c2"));
    assert_eq!(relay.metric("blackbar_records_total{route=\"in\"}"), 2);
    let findings = "blackbar_findings_total{route=\"in\",pack=\"fields\",rule=\"fields/password\"}";
    assert_eq!(relay.metric(findings), 1);
}

#[test]
fn an_upstream_that_dies_takes_its_client_with_it_untold() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    for name in ["c1", "c2"] {
        send(&mut client, &chunk(name, "text"));
        expect(&mut server, &chunk(name, "text"));
    }
    send(&mut server, &ack("c1"));
    drop(server);
    expect(&mut client, &told("c1"));
    expect_end(&mut client);
    relay.await_metric(&upstream_errors("upstream_lost"), 1);
    // So the client sends again.
    let mut client = relay.connect();
    send(&mut client, &chunk("c2", "text"));
    let mut server = upstream.accept();
    expect(&mut server, &chunk("c2", "text"));
    send(&mut server, &ack("c2"));
    expect(&mut client, &told("c2"));
}

#[test]
fn nothing_is_read_from_a_client_whose_upstream_is_not_there() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let relay = relay("", address, "");
    let mut client = relay.connect();
    let _ = std::io::Write::write(&mut client, &chunk("c1", "text"));
    expect_end(&mut client);
    relay.await_metric(&upstream_errors("upstream_unreachable"), 1);
    let bytes = "blackbar_stream_bytes_total{route=\"in\",direction=\"in\"}";
    assert_eq!(relay.metric(bytes), 0);
}

#[test]
fn an_answer_that_acknowledges_nothing_ends_the_connection() {
    for answer in [ack("c2"), b"password=hunter2hunter2".to_vec(), vec![0xc1]] {
        let upstream = Upstream::new();
        let relay = relay("", upstream.address(), "");
        let mut client = relay.connect();
        let mut server = upstream.accept();
        send(&mut client, &chunk("c1", "text"));
        expect(&mut server, &chunk("c1", "text"));
        send(&mut server, &answer);
        expect_end(&mut client);
        relay.await_metric(&upstream_errors("upstream_answer"), 1);
        assert!(!relay.log().contains(SECRET));
    }
}

#[test]
fn a_client_that_only_listens_still_gets_its_acknowledgement() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    send(&mut client, &chunk("c1", "text"));
    client.shutdown(Shutdown::Write).unwrap();
    expect(&mut server, &chunk("c1", "text"));
    expect_nothing(&mut server);
    send(&mut server, &ack("c1"));
    expect(&mut client, &told("c1"));
    expect_end(&mut server);
    drop(server);
    expect_end(&mut client);
}

#[test]
fn sigterm_waits_for_what_is_not_acknowledged() {
    let upstream = Upstream::new();
    let mut relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    let whole = chunk("c1", "text");
    let (begun, rest) = whole.split_at(9);
    send(&mut client, begun);
    let bytes = "blackbar_stream_bytes_total{route=\"in\",direction=\"in\"}";
    relay.await_metric(bytes, 9);
    relay.signal("-TERM");
    thread::sleep(Duration::from_millis(200));
    // What has begun may be finished.
    send(&mut client, rest);
    expect(&mut server, &chunk("c1", "text"));
    expect_nothing(&mut client);
    send(&mut server, &ack("c1"));
    expect(&mut client, &told("c1"));
    expect_end(&mut server);
    drop(server);
    assert_eq!(relay.exit_code(), Some(0));
}

/// What was acknowledged is there, and what was not, the client still has.
#[test]
fn after_kill_9_nothing_is_lost_that_a_client_wants_acknowledged() {
    let upstream = Upstream::new();
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = own.local_addr().unwrap().to_string();
    drop(own);
    let mut relay = relay_on(&address, "", upstream.address(), "");
    let mut waiting: Vec<usize> = (0..40).collect();
    let mut arrived = Vec::new();
    while !waiting.is_empty() {
        let mut client = relay.connect();
        let mut server = upstream.accept();
        for &number in &waiting {
            send(&mut client, &chunk(&format!("{number:02}"), "text"));
        }
        // It dies while the upstream has what it has not acknowledged, and has not all.
        let (some, told_of) = (waiting.len().min(13), waiting.len().min(9));
        for &number in &waiting[..some] {
            expect(&mut server, &chunk(&format!("{number:02}"), "text"));
            arrived.push(number);
        }
        for &number in &waiting[..told_of] {
            send(&mut server, &ack(&format!("{number:02}")));
            expect(&mut client, &told(&format!("{number:02}")));
        }
        waiting.drain(..told_of);
        relay.signal("-KILL");
        relay.exit_code();
        let untold = std::io::Read::read(&mut client, &mut [0; 64]);
        assert!(matches!(untold, Ok(0) | Err(_)), "{untold:?}");
        drop(server);
        relay = relay_on(&address, "", upstream.address(), "");
    }
    arrived.sort_unstable();
    let twice = arrived.len();
    arrived.dedup();
    assert_eq!(arrived, (0..40).collect::<Vec<_>>());
    assert!(twice > arrived.len(), "nothing was sent again");
}

/// A client that waits for nothing has to be made to wait, and not for ever.
#[test]
fn a_client_has_so_many_chunks_on_their_way_and_no_more() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    let all = || (0..1000).map(|number| format!("{number:04}"));
    let mut writer = client.try_clone().unwrap();
    thread::spawn(move || all().for_each(|name| send(&mut writer, &chunk(&name, "text"))));
    for name in all().take(256) {
        expect(&mut server, &chunk(&name, "text"));
    }
    expect_nothing(&mut server);
    for (name, later) in all().zip(all().skip(256).map(Some).chain(std::iter::repeat(None))) {
        send(&mut server, &ack(&name));
        expect(&mut client, &told(&name));
        if let Some(later) = later {
            expect(&mut server, &chunk(&later, "text"));
        }
    }
}

#[test]
fn messages_that_are_not_acknowledged_and_heartbeats_pass() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    // Fluentd asks so whether somebody listens.
    drop(relay.connect());
    expect_end(&mut upstream.accept());
    let mut client = relay.connect();
    let mut server = upstream.accept();
    let secret = format!("password={SECRET}");
    send(&mut client, &[0xc0]);
    let packed = bin(&entry(text(&secret)).repeat(3));
    send(&mut client, &array(&[text("app"), packed]));
    client.shutdown(Shutdown::Write).unwrap();
    expect(&mut server, &[0xc0]);
    let packed = entry(short(&masked(&secret))).repeat(3);
    let packed = [&[0xc4, packed.len() as u8], &packed[..]].concat();
    expect(&mut server, &array(&[text("app"), packed]));
    expect_end(&mut server);
    relay.await_metric("blackbar_records_total{route=\"in\"}", 3);
    relay.await_metric("blackbar_stream_connections_total{route=\"in\"}", 2);
}

#[test]
fn after_a_reload_the_next_message_is_masked_by_the_new_rules() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    send(&mut client, &chunk("c1", "order 4711-0815"));
    expect(&mut server, &chunk("c1", "order 4711-0815"));
    let file = relay.folder.path().join("blackbar.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = format!("[detect]\npatterns = [\"4711-[0-9]{{4}}\"]\n{text}");
    std::fs::write(&file, text).unwrap();
    relay.signal("-HUP");
    let reloaded = "reloaded the configuration";
    eventually(|| relay.log().contains(reloaded), || relay.log());
    send(&mut client, &chunk("c2", "order 4711-0815"));
    let masked = short("order [REDACTED]");
    expect(&mut server, &chunk_of("c2", masked));
    for name in ["c1", "c2"] {
        send(&mut server, &ack(name));
        expect(&mut client, &told(name));
    }
}

#[test]
fn unix_sockets_on_both_sides() {
    use std::os::unix::net::{UnixListener, UnixStream};
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let listener = UnixListener::bind(path("out")).unwrap();
    let text = format!(
        "[[listen]]\nforward = \"unix:{}\"\nupstream = \"unix:{}\"\n",
        path("in").display(),
        path("out").display()
    );
    let _relay = crate::support::Relay::configured(tempfile::tempdir().unwrap(), &text);
    let mut client = UnixStream::connect(path("in")).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    send(&mut client, &chunk("c1", "text"));
    expect(&mut server, &chunk("c1", "text"));
    send(&mut server, &ack("c1"));
    expect(&mut client, &told("c1"));
}

#[test]
fn two_hundred_clients_are_not_mixed() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut pairs: Vec<(TcpStream, TcpStream)> = Vec::new();
    for _ in 0..200 {
        let client = relay.connect();
        pairs.push((client, upstream.accept()));
    }
    for round in 0..5 {
        for (index, (client, _)) in pairs.iter_mut().enumerate() {
            send(client, &chunk(&format!("{round}-{index:03}"), "text"));
        }
        for (index, (_, server)) in pairs.iter_mut().enumerate() {
            let name = format!("{round}-{index:03}");
            expect(server, &chunk(&name, "text"));
            send(server, &ack(&name));
        }
        for (index, (client, _)) in pairs.iter_mut().enumerate() {
            expect(client, &told(&format!("{round}-{index:03}")));
        }
    }
}

/// Of `heartbeat_type udp`.
#[test]
fn a_datagram_to_the_port_is_answered() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let address = relay.connect().peer_addr().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut answer = [0; 9];
    // It listens for them a moment after it does for connections.
    eventually(
        || {
            let _ = socket.send(b"\0");
            socket
                .recv(&mut answer)
                .is_ok_and(|length| answer[..length] == [0])
        },
        || relay.log(),
    );
}
