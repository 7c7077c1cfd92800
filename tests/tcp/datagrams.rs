//! Datagrams in and out.

use std::net::UdpSocket;

use crate::support::{PATIENCE, Relay, SECRET, Upstream, counted, masked};

fn receiver() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn received(socket: &UdpSocket) -> String {
    let mut buffer = vec![0; 65_535];
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

fn listen(keys: &str) -> Relay {
    let text = format!("[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\n{keys}\n");
    Relay::configured(tempfile::tempdir().unwrap(), &text)
}

#[test]
fn one_is_one_record() {
    let receiver = receiver();
    let upstream = format!("udp:{}", receiver.local_addr().unwrap());
    let relay = listen(&format!("udp = \"127.0.0.1:0\"\nupstream = \"{upstream}\""));
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let large = format!("<13>password={SECRET} {}", "x ".repeat(30_000));
    let two = format!("<13>two\nlines password={SECRET}\n");
    for message in ["<13>-----BEGIN RSA", "<13>plain", &two, &large] {
        sender
            .send_to(message.as_bytes(), &relay.addresses[1])
            .unwrap();
        assert_eq!(received(&receiver), masked(message));
    }
    relay.await_metric("blackbar_records_total{route=\"in\"}", 4);
}

#[test]
fn over_a_stream_they_have_counts() {
    let upstream = Upstream::new();
    let keys = format!("udp = \"127.0.0.1:0\"\nupstream = \"{}\"", upstream.address);
    let relay = listen(&keys);
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let message = format!("<13>two\nlines password={SECRET}");
    // One without a byte would have no count that a receiver takes.
    for datagram in ["", &message] {
        sender
            .send_to(datagram.as_bytes(), &relay.addresses[1])
            .unwrap();
    }
    let expected = counted(&masked(&message));
    upstream.await_bytes(expected.len());
    assert_eq!(upstream.recorded()[0].text(), expected);
    relay.await_metric("blackbar_dropped_records_total{route=\"in\"}", 1);
}

#[test]
fn records_of_streams_leave_as_datagrams() {
    let receiver = receiver();
    let upstream = format!("udp:{}", receiver.local_addr().unwrap());
    let keys = format!("tcp = \"127.0.0.1:0\"\nframing = \"syslog\"\nupstream = \"{upstream}\"");
    let relay = listen(&keys);
    relay.send(format!("<13>a password={SECRET}\n<13>b\r\n<13>c").as_bytes());
    for expected in ["<13>a password=[REDACTED]", "<13>b", "<13>c"] {
        assert_eq!(received(&receiver), expected);
    }
    let message = format!("<13>line\npassword={SECRET}");
    relay.send((counted(&message) + &counted("<13>z")).as_bytes());
    assert_eq!(received(&receiver), masked(&message));
    assert_eq!(received(&receiver), "<13>z");
}

#[test]
fn one_that_is_too_long_is_counted() {
    let upstream = Upstream::new();
    let text = format!(
        "[limits]\nmax_record = 100\n[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\n\
         udp = \"127.0.0.1:0\"\nupstream = \"{}\"\n",
        upstream.address
    );
    let relay = Relay::configured(tempfile::tempdir().unwrap(), &text);
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.send_to(&[b'x'; 101], &relay.addresses[1]).unwrap();
    sender.send_to(&[b'y'; 100], &relay.addresses[1]).unwrap();
    upstream.await_bytes(104);
    assert_eq!(upstream.recorded()[0].text(), counted(&"y".repeat(100)));
    relay.await_metric(
        "blackbar_refused_total{route=\"in\",reason=\"record_too_long\"}",
        1,
    );
}
