//! New rules, for connections that stand.

use crate::http;
use crate::support::{Client, DONE, fields, lines, relay, reload, route};
use crate::tcp::{Recorded, Upstream, eventually};

const TICKET: &str = "ticket=hunter2hunter2\n";
const MASKED: &str = "ticket=[REDACTED]\n";

#[test]
fn a_connection_takes_them_with_its_next_record() {
    let upstream = Upstream::new();
    let listen = lines(upstream.address, "");
    let relay = relay(&listen);
    let mut client = Client::new(&relay.addresses[1]);
    client.write(TICKET);
    upstream.await_bytes(TICKET.len());
    let mut idle = Client::new(&relay.addresses[1]);
    client.write("ticket=hunter2");
    relay.await_metric(
        "blackbar_stream_bytes_total{route=\"in\",direction=\"in\"}",
        TICKET.len() as u64 + 14,
    );
    reload(&relay, &(fields("\"ticket\"") + &listen));
    // The record that had begun ends as it began; both come in one write.
    client.write(&format!("hunter2\n{TICKET}{TICKET}"));
    idle.write(TICKET);
    let expected = [TICKET, TICKET, MASKED, MASKED].concat();
    upstream.await_bytes(expected.len() + MASKED.len());
    let recorded: Vec<_> = upstream.recorded().iter().map(Recorded::text).collect();
    assert_eq!(recorded, [expected.as_str(), MASKED]);
    // What is counted goes on, by the rules of both.
    relay.await_metric("blackbar_records_total{route=\"in\"}", 5);
    relay.await_metric(
        "blackbar_findings_total{route=\"in\",pack=\"command-line\",rule=\"command-line/ticket\"}",
        3,
    );
    assert_eq!(
        relay.metric("blackbar_stream_connections_total{route=\"in\"}"),
        2
    );
}

#[test]
fn an_open_key_block_is_finished_by_the_rules_that_began_it() {
    let upstream = Upstream::new();
    let listen = lines(upstream.address, "");
    let relay = relay(&listen);
    let mut client = Client::new(&relay.addresses[1]);
    let (begin, end) = ("-----BEGIN ", "-----END ");
    let body = format!("{}\n", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0".repeat(2));
    client.write(&format!("{begin}PRIVATE KEY-----\n{body}"));
    relay.await_metric("blackbar_records_total{route=\"in\"}", 2);
    let without =
        "[detect]\ndisable = [{ id = \"pem\", reason = \"a test\" }]\nfields = [\"ticket\"]\n";
    reload(&relay, &(without.to_owned() + &listen));
    client.write(&format!(
        "{body}{body}{end}PRIVATE KEY-----\n{TICKET}{body}"
    ));
    relay.await_metric("blackbar_records_total{route=\"in\"}", 7);
    client.stream().shutdown(std::net::Shutdown::Write).unwrap();
    let text = upstream.only();
    let rest = format!("{MASKED}{body}");
    assert!(text.ends_with(&rest), "{text}");
    assert!(!text.trim_end_matches(&rest).contains("QUJD"), "{text}");
}

#[test]
fn messages_datagrams_and_requests_take_them_too() {
    let (upstream, datagrams) = (Upstream::new(), Upstream::new());
    let backend = http::Upstream::ok();
    let listen = [
        route(backend.address, ""),
        lines(
            upstream.address,
            "framing = \"syslog\"\nsharing = \"shared\"",
        ),
        format!(
            "[[listen]]\nname = \"datagrams\"\nudp = \"127.0.0.1:0\"\nupstream = \"{}\"\n",
            datagrams.address
        ),
    ]
    .concat();
    let relay = relay(&listen);
    let mut requests = Client::new(&relay.addresses[1]);
    let mut messages = Client::new(&relay.addresses[2]);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut send = || {
        assert!(requests.post("/", TICKET).head.starts_with("HTTP/1.1 200"));
        messages.write(&crate::tcp::counted(TICKET.trim()));
        socket
            .send_to(TICKET.trim().as_bytes(), &relay.addresses[3])
            .unwrap();
    };
    send();
    upstream.await_bytes(24);
    datagrams.await_bytes(24);
    reload(&relay, &(fields("\"ticket\"") + &listen));
    send();
    upstream.await_bytes(44);
    datagrams.await_bytes(44);
    let both = "21 ticket=hunter2hunter217 ticket=[REDACTED]";
    assert_eq!(upstream.recorded()[0].text(), both);
    assert_eq!(datagrams.recorded()[0].text(), both);
    let bodies: Vec<_> = backend.recorded().into_iter().map(|one| one.body).collect();
    assert_eq!(bodies, [TICKET.as_bytes(), MASKED.as_bytes()]);
    // Neither upstream has changed, so that neither connection did.
    assert_eq!((upstream.recorded().len(), backend.connections()), (1, 1));
    assert_eq!(relay.metric(DONE), 1);
    let requests = "blackbar_requests_total{route=\"all\",code_class=\"2xx\"}";
    eventually(|| relay.metric(requests) == 2, || relay.log());
}
