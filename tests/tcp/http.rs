//! HTTP as the upstream: batches, and what becomes of them when the upstream fails.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::certificates::certificates;
use crate::support::{BLACKBAR, Load, PATIENCE, Relay, SECRET, counted, eventually};
use crate::tls::asking;

/// What the server does with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    /// Takes it.
    Take,
    /// Answers with this status and these headers.
    Answer(u16, &'static str),
    /// Reads the request and never answers.
    Stall,
    /// Closes in the middle of the request.
    Cut,
    /// Reads the request and closes.
    Close,
    /// Answers 413 to a long body without reading it, and closes.
    TooLong,
}

/// A request that was read whole.
#[derive(Clone)]
struct Request {
    /// The lines before the body, in lower case.
    head: String,
    body: Vec<u8>,
    act: Act,
    when: Instant,
}

impl Request {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// Decides by the number of the request and its body.
type Decide = dyn Fn(usize, &[u8]) -> Act + Send + Sync;

/// A server that records.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    fn new(decide: impl Fn(usize, &[u8]) -> Act + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(decide))
    }

    fn start(tls: Option<Arc<ServerConfig>>, decide: Arc<Decide>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
        };
        let requests = server.requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (requests, decide) = (requests.clone(), decide.clone());
                let (stream, tls) = (stream.unwrap(), tls.clone());
                thread::spawn(move || match tls {
                    None => serve(stream, &requests, &*decide),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        let stream = StreamOwned::new(connection, stream);
                        serve(stream, &requests, &*decide);
                    }
                });
            }
        });
        server
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// What was taken, in order.
    fn taken(&self) -> String {
        let taken = self.requests().into_iter();
        let taken = taken.filter(|request| request.act == Act::Take);
        taken.map(|request| request.text()).collect()
    }

    /// Waits until so many lines were taken.
    fn await_lines(&self, count: usize, relay: &Relay) {
        let lines = || self.taken().lines().count();
        let say = || format!("{} of {count}\n{}", lines(), relay.log());
        eventually(|| lines() >= count, say);
    }

    fn relay(&self, keys: &str) -> Relay {
        self.relay_by(keys, Command::new(BLACKBAR))
    }

    fn relay_by(&self, keys: &str, command: Command) -> Relay {
        let text = format!(
            "[timeouts]\nresponse = \"500ms\"\ndrain = \"2s\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
             [[listen]]\nname = \"in\"\ntcp = \"127.0.0.1:0\"\n\
             upstream = \"http://127.0.0.1:{}/logs?stream=app\"\nbatch_time = \"20ms\"\n{keys}\n",
            self.port
        );
        Relay::started(tempfile::tempdir().unwrap(), &text, command)
    }
}

fn serve(stream: impl Read + Write, requests: &Mutex<Vec<Request>>, decide: &Decide) {
    let mut stream = BufReader::new(stream);
    while let Some(act) = serve_one(&mut stream, requests, decide) {
        let answer = match act {
            Act::Take => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            Act::Answer(status, headers) => {
                format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n{headers}\r\nno")
            }
            Act::TooLong => {
                let answer = b"HTTP/1.1 413 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = stream.get_mut().write_all(answer);
                return;
            }
            Act::Stall => {
                thread::sleep(PATIENCE);
                return;
            }
            Act::Cut | Act::Close => return,
        };
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads one request; what to do with it. None at the end of the connection.
fn serve_one(
    stream: &mut BufReader<impl Read>,
    requests: &Mutex<Vec<Request>>,
    decide: &Decide,
) -> Option<Act> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    let number = requests.lock().unwrap().len();
    if decide(number, &[]) == Act::TooLong && body.len() > 100_000 {
        return Some(Act::TooLong);
    }
    if decide(number, &[]) == Act::Cut {
        stream.read_exact(&mut body[..1]).ok()?;
        body.clear();
    } else {
        stream.read_exact(&mut body).ok()?;
    }
    let act = decide(number, &body);
    requests.lock().unwrap().push(Request {
        head,
        body,
        act,
        when: Instant::now(),
    });
    Some(act)
}

/// The messages of lines that are no JSON.
fn messages(ndjson: &str) -> String {
    let message = |line: &str| {
        let message = line.strip_prefix("{\"message\":\"");
        message
            .and_then(|rest| rest.strip_suffix("\"}"))
            .unwrap()
            .to_owned()
            + "\n"
    };
    ndjson.lines().map(message).collect()
}

fn reason(relay: &Relay, reason: &str) -> u64 {
    let series = format!("blackbar_upstream_errors_total{{route=\"in\",reason=\"{reason}\"}}");
    relay.metric(&series)
}

fn dropped(relay: &Relay) -> u64 {
    relay.metric("blackbar_dropped_records_total{route=\"in\"}")
}

#[test]
fn records_are_json_objects_on_lines() {
    let server = Server::new(|_, _| Act::Take);
    let relay = server.relay("framing = \"syslog\"");
    relay.send(
        format!("{{\"a\": 1.50,\"password\":\"{SECRET}\"}}\n<1>say \"hi\" password={SECRET}\r\n")
            .as_bytes(),
    );
    server.await_lines(2, &relay);
    relay.send(counted("<1>a\nb\u{0}\n").as_bytes());
    server.await_lines(3, &relay);
    assert_eq!(
        server.taken(),
        "{\"a\": 1.50,\"password\":\"[REDACTED]\"}\n\
         {\"message\":\"<1>say \\\"hi\\\" password=[REDACTED]\"}\n\
         {\"message\":\"<1>a\\nb\\u0000\\n\"}\n"
    );
    let head = &server.requests()[0].head;
    assert!(
        head.starts_with("post /logs?stream=app http/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\ncontent-type: application/x-ndjson\r\n"),
        "{head}"
    );
    assert!(
        head.contains(&format!("\r\nhost: 127.0.0.1:{}\r\n", server.port)),
        "{head}"
    );
    let sent: usize = server
        .requests()
        .iter()
        .map(|request| request.body.len())
        .sum();
    relay.await_metric(
        "blackbar_stream_bytes_total{route=\"in\",direction=\"out\"}",
        sent as u64,
    );
}

#[test]
fn headers_have_values_from_outside_and_bodies_may_be_compressed() {
    let server = Server::new(|_, _| Act::Take);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "first\n").unwrap();
    let mut command = Command::new(BLACKBAR);
    command.env("INGEST", "abc");
    let keys = format!(
        "compression = \"gzip\"\nheaders = {{ Authorization = {{ env = \"INGEST\", prefix = \"Bearer \" }}, \
         X-Key = {{ file = \"{}\" }} }}",
        file.display()
    );
    let relay = server.relay_by(&keys, command);
    for (index, key) in ["first", "second"].into_iter().enumerate() {
        std::fs::write(&file, key).unwrap();
        relay.send(b"a\n");
        eventually(|| server.requests().len() > index, || relay.log());
        let Request { head, body, .. } = server.requests().swap_remove(index);
        for header in [
            "authorization: bearer abc",
            &format!("x-key: {key}"),
            "content-encoding: gzip",
        ] {
            assert!(head.contains(&format!("\r\n{header}\r\n")), "{head}");
        }
        let mut text = String::new();
        flate2::read::GzDecoder::new(&body[..])
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "{\"message\":\"a\"}\n");
    }
}

#[test]
fn batches_are_bounded_and_one_request_follows_the_other() {
    let server = Server::new(|_, _| Act::Take);
    let relay = server.relay("batch_bytes = \"4K\"");
    let load = Load {
        clients: 3,
        lines: 2000,
    };
    load.send(&relay);
    server.await_lines(6000, &relay);
    load.check(&messages(&server.taken()));
    let requests = server.requests();
    assert!(requests.len() > 50, "{}", requests.len());
    for request in requests {
        assert!(request.body.len() <= 4096 && request.body.ends_with(b"\n"));
    }
    relay.send(format!("{}\n", "x".repeat(5000)).as_bytes());
    server.await_lines(6001, &relay);
}

#[test]
fn an_upstream_that_fails_in_every_way_gets_everything_in_order() {
    const ACTS: [Act; 9] = [
        Act::Answer(503, ""),
        Act::Stall,
        Act::Cut,
        Act::Close,
        Act::Take,
        Act::Answer(429, ""),
        Act::Answer(302, "Location: http://127.0.0.1:1/\r\n"),
        Act::Answer(401, ""),
        Act::Answer(500, "Connection: close\r\n"),
    ];
    let server = Server::new(|number, _| ACTS.get(number).copied().unwrap_or(Act::Take));
    let relay = server.relay("batch_bytes = \"16K\"");
    let load = Load {
        clients: 3,
        lines: 2000,
    };
    load.send(&relay);
    server.await_lines(6000, &relay);
    load.check(&messages(&server.taken()));
    assert_eq!(reason(&relay, "upstream_failed"), 5);
    assert_eq!(reason(&relay, "upstream_lost"), 3);
    assert!(relay.metric("blackbar_repeated_records_total{route=\"in\"}") > 0);
    assert_eq!(dropped(&relay), 0);
    assert_eq!(relay.metric("blackbar_upstream_up{route=\"in\"}"), 1);
}

#[test]
fn it_waits_as_long_as_the_upstream_asks() {
    let server = Server::new(|number, _| match number {
        0 => Act::Answer(503, "Retry-After: 2\r\n"),
        _ => Act::Take,
    });
    let relay = server.relay("");
    relay.send(b"a\n");
    server.await_lines(1, &relay);
    let requests = server.requests();
    let waited = requests[1].when - requests[0].when;
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
}

#[test]
fn only_the_record_that_is_refused_is_dropped() {
    let poison = |body: &[u8]| String::from_utf8_lossy(body).contains("poison");
    for status in [400, 413, 422] {
        let server = Server::new(move |_, body| {
            if poison(body) {
                Act::Answer(status, "")
            } else {
                Act::Take
            }
        });
        let relay = server.relay("");
        let lines: Vec<String> = (0..100)
            .map(|number| {
                format!(
                    "{number} {}\n",
                    if number == 37 { "poison" } else { "fine" }
                )
            })
            .collect();
        relay.send(lines.concat().as_bytes());
        server.await_lines(99, &relay);
        relay.await_metric(
            "blackbar_upstream_errors_total{route=\"in\",reason=\"upstream_refused\"}",
            1,
        );
        let fine: Vec<_> = lines
            .into_iter()
            .filter(|line| line.ends_with("fine\n"))
            .collect();
        assert_eq!(messages(&server.taken()), fine.concat());
        assert_eq!(dropped(&relay), 1);
        let told = format!("the upstream answers {status} to single records");
        assert!(relay.log().contains(&told), "{}", relay.log());
        assert!(!relay.log().contains("poison"));
    }
}

#[test]
fn a_batch_that_is_not_even_read_comes_in_parts() {
    // What is short enough to be read is taken.
    let server = Server::new(|_, body| match body {
        [] => Act::TooLong,
        _ => Act::Take,
    });
    let relay = server.relay("");
    let line = "x".repeat(1000) + "\n";
    let text = line.repeat(800);
    relay.send(text.as_bytes());
    server.await_lines(800, &relay);
    assert_eq!(messages(&server.taken()), text);
    assert_eq!(dropped(&relay), 0);
}

#[test]
fn what_waits_is_sent_at_the_end_without_waiting_for_more() {
    let server = Server::new(|_, _| Act::Take);
    // The first batch would wait for an hour.
    let text = format!(
        "[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\ntcp = \"127.0.0.1:0\"\n\
         upstream = \"http://127.0.0.1:{}\"\nbatch_time = \"1h\"\n",
        server.port
    );
    let mut relay = Relay::configured(tempfile::tempdir().unwrap(), &text);
    let mut client = relay.connect();
    client.write_all(b"a\nb").unwrap();
    relay.await_metric("blackbar_records_total{route=\"in\"}", 1);
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(0));
    assert_eq!(messages(&server.taken()), "a\nb\n");
}

#[test]
fn what_a_hanging_server_has_not_taken_is_told() {
    let server = Server::new(|_, _| Act::Stall);
    let mut relay = server.relay("");
    relay.send(b"a\n");
    eventually(|| !server.requests().is_empty(), || relay.log());
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(3));
    let log = relay.log();
    assert!(log.contains("streams that owe something: 1"), "{log}");
    let waiting = "records that the upstream has not taken: 1";
    assert!(log.contains(waiting), "{log}");
}

#[test]
fn a_hanging_server_stalls_clients_in_bounded_memory() {
    let server = Server::new(|_, _| Act::Stall);
    let relay = server.relay("ring = \"1M\"\nbatch_bytes = \"64K\"");
    let before = relay.memory();
    let mut client = relay.connect();
    client
        .set_write_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let block = b"a line of a log of nothing\n".repeat(1000);
    let mut sent = 0;
    while let Ok(count) = client.write(&block[sent % block.len()..]) {
        sent += count;
        assert!(sent < 128 << 20);
    }
    let grown = relay.memory().saturating_sub(before);
    assert!(grown < 24 << 20, "{grown}");
    assert_eq!(dropped(&relay), 0);
    let _ = client.shutdown(Shutdown::Both);
}

#[test]
fn tls_is_spoken_with_certificates_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let roots = certificates(folder.path(), &["upstream", "own"]);
    let tls = asking(folder.path(), &roots);
    let server = Server::start(Some(tls), Arc::new(|_, _: &[u8]| Act::Take));
    let text = format!(
        "[[listen]]\ntcp = \"127.0.0.1:0\"\nupstream = \"https://localhost:{}/\"\n\
         upstream_tls = {{ ca = \"ca.pem\", identity = {{ certificate = \"own.pem\", key = \"own.key\" }} }}\n\
         batch_time = \"20ms\"\n",
        server.port
    );
    let relay = Relay::configured(folder, &text);
    relay.send(b"a\n");
    server.await_lines(1, &relay);
    assert_eq!(messages(&server.taken()), "a\n");
    // It is TLS indeed.
    let mut plain = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut first = [0];
    assert!(!matches!(plain.read(&mut first), Ok(1) if first == *b"H"));
}
