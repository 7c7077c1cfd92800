//! Shared keys and users, and TLS, on both sides.

use std::thread;

use crate::certificates::certificates;
use crate::support::{Relay, SECRET, eventually, masked};
use crate::wire::{
    Upstream, ack, array, chunk, chunk_of, expect, expect_end, map, refused, relay, send, short,
    text, told, upstream_errors,
};

const SECURITY: &str = "security = { shared_key_file = \"key\", users = { ann = \"ann\" } }";

/// From one blackbar to the next over TLS with certificates, keys and users.
#[test]
fn two_blackbars_trust_each_other() {
    let upstream = Upstream::new();
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path(), &["server", "own"]);
    for (name, secret) in [("key", "our key"), ("ann", "ann's")] {
        std::fs::write(folder.path().join(name), secret).unwrap();
    }
    let path = folder.path().display().to_string();
    let second = Relay::configured(
        folder,
        &format!(
            "[[listen]]\nforward = \"127.0.0.1:0\"\nupstream = \"{}\"\n{SECURITY}\n\
             tls = {{ certificate = \"server.pem\", key = \"server.key\", client_ca = \"ca.pem\" }}\n",
            upstream.address()
        ),
    );
    let port = second.addresses[0].rsplit_once(':').unwrap().1;
    let first = Relay::configured(
        tempfile::tempdir().unwrap(),
        &format!(
            "[[listen]]\nforward = \"127.0.0.1:0\"\nupstream = \"localhost:{port}\"\n\
             upstream_security = {{ shared_key_file = \"{path}/key\", username = \"ann\", \
             password_file = \"{path}/ann\" }}\n\
             upstream_tls = {{ ca = \"{path}/ca.pem\", identity = {{ \
             certificate = \"{path}/own.pem\", key = \"{path}/own.key\" }} }}\n"
        ),
    );
    let mut client = first.connect();
    let mut server = upstream.accept();
    let message = format!("password={SECRET}");
    send(&mut client, &chunk("c1", &message));
    expect(&mut server, &chunk_of("c1", short(&masked(&message))));
    send(&mut server, &ack("c1"));
    expect(&mut client, &told("c1"));
    drop(client);
    expect_end(&mut server);
    // A stranger to TLS is none of ours.
    let mut stranger = second.connect();
    let _ = std::io::Write::write_all(&mut stranger, &chunk("c2", "text"));
    crate::support::read_rest(&mut stranger);
    assert!(!upstream.is_asked());
}

#[test]
fn a_client_without_the_key_reaches_nobody() {
    for keys in [SECURITY, "security = { shared_key_file = \"key\" }"] {
        let upstream = Upstream::new();
        let relay = relay("", upstream.address(), keys);
        let said = array(&["PING", "me", "salt", "digest", "ann", "digest"].map(text));
        let mut count = 0;
        for said in [said, chunk("c1", &format!("password={SECRET}")), vec![0xc1]] {
            let mut client = relay.connect();
            send(&mut client, &said);
            let answer = crate::support::read_rest(&mut client);
            assert!(answer.contains("HELO"), "{answer:?}");
            count += 1;
            relay.await_metric(&refused("unauthorized"), count);
        }
        // Fluentd asks so whether somebody listens.
        let mut client = relay.connect();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        crate::support::read_rest(&mut client);
        assert!(!upstream.is_asked());
        assert_eq!(relay.metric(&refused("unauthorized")), count);
        assert!(!relay.log().contains(SECRET) && !relay.log().contains("our key"));
    }
}

#[test]
fn a_client_that_says_nothing_has_its_time() {
    let upstream = Upstream::new();
    let relay = relay("[timeouts]\nhead = \"300ms\"", upstream.address(), SECURITY);
    let mut client = relay.connect();
    let answer = crate::support::read_rest(&mut client);
    assert!(answer.contains("HELO"), "{answer:?}");
    relay.await_metric(&refused("unauthorized"), 1);
}

#[test]
fn an_upstream_that_asks_for_a_key_says_so_in_the_log() {
    let upstream = Upstream::new();
    let relay = relay("", upstream.address(), "");
    let mut client = relay.connect();
    let mut server = upstream.accept();
    let options = map(&[
        ("nonce", text("n")),
        ("auth", text("")),
        ("keepalive", vec![0xc3]),
    ]);
    send(&mut server, &array(&[text("HELO"), options]));
    expect_end(&mut client);
    relay.await_metric(&upstream_errors("upstream_handshake"), 1);
    let told = || relay.log().contains("write upstream_security");
    eventually(told, || relay.log());
}

#[test]
fn where_there_is_no_agreement_nothing_is_sent_and_the_log_says_why() {
    let keys = "upstream_security = { shared_key_file = \"key\" }";
    let helo = |auth: &str| {
        let options = map(&[("nonce", text("n")), ("auth", text(auth))]);
        array(&[text("HELO"), options])
    };
    let pong = |taken: u8| {
        let texts = ["", "server", "digest"].map(text);
        array(&[&[text("PONG"), vec![taken]], &texts[..]].concat())
    };
    for (said, why) in [
        (vec![], "does it have a shared key?"),
        (vec![chunk("c1", "text")], "does it have a shared key?"),
        (vec![helo("salt"), pong(0xc2)], "refuses the shared key"),
        (
            vec![helo("salt"), pong(0xc3)],
            "does not know the shared key",
        ),
    ] {
        let upstream = Upstream::new();
        let relay = relay("[timeouts]\nconnect = \"2s\"", upstream.address(), keys);
        let mut client = relay.connect();
        let _ = std::io::Write::write_all(&mut client, &chunk("c1", "text"));
        let mut server = upstream.accept();
        let got = thread::spawn(move || {
            for said in &said {
                send(&mut server, said);
            }
            crate::support::read_rest(&mut server)
        });
        expect_end(&mut client);
        relay.await_metric(&upstream_errors("upstream_handshake"), 1);
        eventually(|| relay.log().contains(why), || relay.log());
        assert!(!got.join().unwrap().contains("app"));
        assert!(!relay.log().contains("our key"));
    }
}
