//! Listeners that come, go and change.

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::http;
use crate::support::{Client, FAILED, fail, fields, lines, relay, reload, route};
use crate::tcp::{Recorded, Relay, Upstream, eventually, read_rest};

/// An address that is free.
fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn at(address: &str, name: &str, upstream: &Upstream, keys: &str) -> String {
    format!(
        "[[listen]]\nname = \"{name}\"\ntcp = \"{address}\"\nupstream = \"{}\"\n{keys}\n",
        upstream.address
    )
}

fn series(name: &str) -> String {
    format!("blackbar_stream_connections_total{{route=\"{name}\"}}")
}

/// Whether there is such a series.
fn has_series(relay: &Relay, series: &str) -> bool {
    let mut stream = TcpStream::connect(&relay.addresses[0]).unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, request).unwrap();
    read_rest(&mut stream).contains(series)
}

#[test]
fn one_comes_and_one_goes() {
    let upstream = Upstream::new();
    let (stays, goes, comes) = (free(), free(), free());
    let stay = at(&stays, "stays", &upstream, "");
    let relay = relay(&(stay.clone() + &at(&goes, "goes", &upstream, "")));
    let mut old = Client::new(&goes);
    old.write("a password=hunter2hunter2\nhalf");
    upstream.await_bytes(22);
    Client::new(&stays).write("b\n");
    relay.await_metric(&series("stays"), 1);
    reload(&relay, &(stay + &at(&comes, "comes", &upstream, "")));
    // What has begun is finished, and nothing more is taken.
    assert!(TcpStream::connect(&goes).is_err());
    old.write(" a line password=hunter2hunter2\n");
    assert_eq!(read_rest(old.stream()), "");
    Client::new(&comes).write("c\n");
    let whole = "a password=[REDACTED]\nhalf a line password=[REDACTED]\n";
    upstream.await_bytes(whole.len() + 4);
    assert_eq!(upstream.recorded()[0].text(), whole);
    relay.await_metric(&series("comes"), 1);
    assert_eq!(relay.metric(&series("stays")), 1);
    let is_gone = || !has_series(&relay, "route=\"goes\"");
    eventually(is_gone, || "its series stay".to_owned());
    // Its address is free for another one.
    reload(&relay, &at(&goes, "again", &upstream, ""));
    Client::new(&goes).write("d\n");
    relay.await_metric(&series("again"), 1);
}

#[test]
fn one_that_cannot_come_keeps_all_as_it_was() {
    let upstream = Upstream::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (stays, comes) = (free(), free());
    let stay = at(&stays, "stays", &upstream, "");
    let relay = relay(&stay);
    let folder = relay.folder.path().display();
    let socket = format!("unix:{folder}/in.sock");
    let more = [
        fields("\"ticket\""),
        at(&comes, "comes", &upstream, ""),
        at(&socket, "socket", &upstream, ""),
        at(
            &taken.local_addr().unwrap().to_string(),
            "taken",
            &upstream,
            "",
        ),
    ];
    fail(&relay, &more.concat());
    let is_told = || relay.log().contains("Address already in use");
    eventually(is_told, || relay.log());
    assert!(TcpStream::connect(&comes).is_err());
    assert!(!fs::exists(relay.folder.path().join("in.sock")).unwrap());
    Client::new(&stays).write("ticket=hunter2hunter2\n");
    upstream.await_bytes(22);
    assert_eq!(upstream.recorded()[0].text(), "ticket=hunter2hunter2\n");
    // And what was not there leaves no trace.
    let is_gone = || !has_series(&relay, "route=\"comes\"");
    eventually(is_gone, || "its series stay".to_owned());
    drop(taken);
    reload(&relay, &more.concat());
    Client::new(&comes).write("ticket=hunter2hunter2\n");
    upstream.await_bytes(40);
    assert_eq!(relay.metric(FAILED), 1);
}

#[test]
fn requests_take_the_new_routes_and_what_is_in_flight_its_old_one() {
    let slow = http::Upstream::new(|request, stream| {
        if request.head.contains("/slow") {
            thread::sleep(Duration::from_millis(800));
        }
        let answer = b"HTTP/1.1 200 Fine\r\nContent-Length: 3\r\n\r\nold";
        std::io::Write::write_all(stream, answer).is_ok()
    });
    let new = http::Upstream::answering("HTTP/1.1 200 Fine\r\nContent-Length: 3\r\n\r\nnew");
    let relay = relay(&route(slow.address, ""));
    let address = relay.addresses[1].clone();
    let mut client = Client::new(&address);
    assert_eq!(client.post("/", "").body, b"old");
    let in_flight = thread::spawn(move || Client::new(&address).post("/slow", "").body);
    relay.await_metric("blackbar_in_flight", 1);
    let two = route(new.address, "path = \"/new/*\"")
        + &format!(
            "[[listen.route]]\nname = \"rest\"\nmethods = [\"GET\"]\nupstream = \"http://{}\"\n",
            slow.address
        );
    reload(&relay, &two);
    assert_eq!(client.post("/new/x", "").body, b"new");
    assert!(client.post("/old", "").head.starts_with("HTTP/1.1 405"));
    assert_eq!(in_flight.join().unwrap(), b"old");
    relay.await_metric(
        "blackbar_requests_total{route=\"all\",code_class=\"2xx\"}",
        3,
    );
    assert_eq!(
        relay.metric("blackbar_requests_total{route=\"rest\",code_class=\"2xx\"}"),
        0
    );
    // Without the listener an idle connection is told to end.
    let upstream = Upstream::new();
    reload(&relay, &lines(upstream.address, ""));
    assert_eq!(client.stream().read(&mut [0]).unwrap(), 0);
    assert!(TcpStream::connect(&relay.addresses[1]).is_err());
}

#[test]
fn a_shared_upstream_is_left_for_another_in_the_middle_of_a_connection() {
    let (one, two) = (Upstream::new(), Upstream::new());
    let dead = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let relay = relay(&lines(one.address, "sharing = \"shared\""));
    let mut client = Client::new(&relay.addresses[1]);
    client.write("1\n");
    one.await_bytes(2);
    // The ring is another one, its upstream is not: the order stays.
    reload(
        &relay,
        &lines(one.address, "sharing = \"shared\"\nring = \"2M\""),
    );
    client.write("2\n");
    one.await_bytes(4);
    reload(&relay, &lines(two.address, "sharing = \"shared\""));
    client.write("3\n");
    two.await_bytes(2);
    // A client that waits for room behind an upstream that is dead goes on at another one.
    reload(&relay, &lines(dead, "sharing = \"shared\"\nring = \"1M\""));
    let line = format!("{}\n", "x".repeat(99));
    let mut writer = Client::new(&relay.addresses[1]);
    let text = line.repeat(60_000);
    let writing = thread::spawn(move || writer.write(&text));
    eventually(
        || relay.metric("blackbar_upstream_up{route=\"in\"}") == 0,
        || relay.log(),
    );
    thread::sleep(Duration::from_millis(500));
    reload(&relay, &lines(two.address, "sharing = \"shared\""));
    writing.join().unwrap();
    // And so does what the old ring had taken.
    two.await_bytes(2 + 60_000 * 100);
    let texts: Vec<_> = two.recorded().iter().map(Recorded::text).collect();
    assert_eq!(texts.concat(), format!("3\n{}", line.repeat(60_000)));
    let texts: Vec<_> = one.recorded().iter().map(Recorded::text).collect();
    assert_eq!(texts.concat(), "1\n2\n");
}

#[test]
fn a_client_of_a_shared_upstream_is_ended_where_clients_have_their_own() {
    let (one, two) = (Upstream::new(), Upstream::new());
    let relay = relay(&lines(one.address, "sharing = \"shared\""));
    let mut client = Client::new(&relay.addresses[1]);
    client.write("1\nha");
    one.await_bytes(2);
    reload(&relay, &lines(two.address, ""));
    client.write("lf\n2\n");
    one.await_bytes(7);
    // Here or with a reset, since the second line was not read.
    assert!(matches!(client.stream().read(&mut [0]), Ok(0) | Err(_)));
    assert_eq!(one.recorded()[0].text(), "1\nhalf\n");
    let mut client = Client::new(&relay.addresses[1]);
    client.write("3\n");
    two.await_bytes(2);
}

#[test]
fn limits_of_the_process_change() {
    let upstream = Upstream::new();
    let listen = lines(upstream.address, "");
    let limited = |count: usize| {
        format!(
            "[limits]\nmax_connections = {count}\nbudget = \"{count}M\"\nmax_body = \"1M\"\n{listen}"
        )
    };
    let relay = relay(&limited(8));
    assert_eq!(relay.metric("blackbar_budget_limit_bytes"), 8 << 20);
    let mut first = Client::new(&relay.addresses[1]);
    first.write("1\n");
    upstream.await_bytes(2);
    reload(&relay, &limited(1));
    assert_eq!(relay.metric("blackbar_budget_limit_bytes"), 1 << 20);
    // The first one goes on. The listener waits for another one already; a third has no place.
    first.write("1\n");
    let mut others = [0; 2].map(|_| Client::new(&relay.addresses[1]));
    for other in &mut others {
        other.write("2\n");
    }
    upstream.await_bytes(6);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(relay.metric("blackbar_connections"), 2);
    reload(&relay, &limited(3));
    upstream.await_bytes(8);
}
