//! Many reloads under load. `BLACKBAR_RELOADS=10000` for the long one.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::http;
use crate::support::{Client, DONE, FAILED, lines, relay, route, write};
use crate::tcp::{Relay, eventually};

/// From reload to reload more names become sensitive, in so many steps.
const STEPS: usize = 16;

/// An upstream that checks the lines of each connection: that none is missing, and that each
/// is masked.
struct Checked {
    address: SocketAddr,
    lines: Arc<AtomicUsize>,
    wrong: Arc<AtomicBool>,
}

impl Checked {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let checked = Self {
            address: listener.local_addr().unwrap(),
            lines: Arc::default(),
            wrong: Arc::default(),
        };
        let (lines, wrong) = (checked.lines.clone(), checked.wrong.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (lines, wrong) = (lines.clone(), wrong.clone());
                thread::spawn(move || {
                    let mut reader = BufReader::new(stream.unwrap());
                    let mut line = String::new();
                    for number in 0.. {
                        line.clear();
                        if !matches!(reader.read_line(&mut line), Ok(1..)) {
                            break;
                        }
                        let step = line
                            .rsplit_once(" step_")
                            .and_then(|(_, rest)| rest.split_once('='));
                        let step = step.map_or("", |(step, _)| step);
                        let expected =
                            format!("{number} password=[REDACTED] step_{step}=[REDACTED]\n");
                        if line != expected {
                            eprintln!("{line:?} instead of {expected:?}");
                            wrong.store(true, Ordering::SeqCst);
                        }
                        lines.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        checked
    }
}

/// What a client sends: the name that it has beside the password is one that has become
/// sensitive with a reload that is done.
fn line(number: usize, step: &AtomicUsize) -> String {
    let step = step.load(Ordering::SeqCst);
    format!("{number} password=hunter2hunter2 step_{step}=hunter2hunter2\n")
}

/// Sends lines until it is told to end, and returns how many.
fn send(address: &str, step: &Arc<AtomicUsize>, end: &Arc<AtomicBool>) -> JoinHandle<usize> {
    let (mut client, step, end) = (Client::new(address), step.clone(), end.clone());
    thread::spawn(move || {
        let mut number = 0;
        while !end.load(Ordering::SeqCst) {
            let lines: String = (number..number + 20)
                .map(|number| line(number, &step))
                .collect();
            // Not where a line ends.
            let (one, two) = lines.split_at(lines.len() / 3);
            client.write(one);
            client.write(two);
            number += 20;
            thread::sleep(Duration::from_millis(2));
        }
        number
    })
}

/// Sends requests over one connection until it is told to end, and returns how many.
fn post(address: &str, step: &Arc<AtomicUsize>, end: &Arc<AtomicBool>) -> JoinHandle<usize> {
    let (mut client, step, end) = (Client::new(address), step.clone(), end.clone());
    thread::spawn(move || {
        let mut number = 0;
        while !end.load(Ordering::SeqCst) {
            let answer = client.post("/", &line(number, &step));
            assert!(answer.head.starts_with("HTTP/1.1 200"), "{answer:?}");
            number += 1;
            thread::sleep(Duration::from_millis(2));
        }
        number
    })
}

/// The configuration of one of `count` reloads.
fn configuration(reload: usize, count: usize, listen: &str) -> String {
    let names = (0..=step_of(reload, count)).map(|step| format!("\"step_{step}\""));
    let names = names.collect::<Vec<_>>().join(", ");
    let limits = format!("[limits]\nmax_connections = {}\n", 100 + reload % 7);
    let detect = format!("[detect]\nfields = [{names}, \"reload_{reload}\"]\n");
    if reload.is_multiple_of(2) {
        return limits + &detect + listen;
    }
    match reload / 2 % 4 {
        0 => "[detect".to_owned(),
        1 => detect + "only = [\"nothing\"]\n" + listen,
        2 => detect + listen + "[[listen]]\n",
        _ => detect + "rules = [\"nowhere\"]\n" + listen,
    }
}

fn step_of(reload: usize, count: usize) -> usize {
    reload * STEPS / count
}

#[test]
fn many_reloads_lose_nothing_and_leave_nothing() {
    let count = std::env::var("BLACKBAR_RELOADS").map_or(200, |count| count.parse().unwrap());
    let (tunnelled, shared) = (Checked::new(), Checked::new());
    let posted = http::Upstream::answering("HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n");
    let listen = [
        route(posted.address, ""),
        lines(tunnelled.address, ""),
        lines(shared.address, "sharing = \"shared\"").replace("\"in\"", "\"shared\""),
    ]
    .concat();
    let relay = relay(&configuration(0, count, &listen));
    let (step, end) = (Arc::default(), Arc::default());
    let requests = post(&relay.addresses[1], &step, &end);
    let tunnel = send(&relay.addresses[2], &step, &end);
    let ring = send(&relay.addresses[3], &step, &end);
    let begun = Instant::now();
    let (mut done, mut failed, mut early) = (0, 0, 0);
    for reload in 1..=count {
        write(&relay, &configuration(reload, count, &listen));
        relay.signal("-HUP");
        let (result, results) = if reload.is_multiple_of(2) {
            (DONE, &mut done)
        } else {
            (FAILED, &mut failed)
        };
        *results += 1;
        // A look at the file may have come before the signal, so that it was read twice.
        eventually(|| has(&relay, result, results), || relay.log());
        if reload.is_multiple_of(2) {
            step.store(step_of(reload, count), Ordering::SeqCst);
        }
        if reload == count / 4 {
            early = relay.memory();
        }
    }
    let time = begun.elapsed();
    end.store(true, Ordering::SeqCst);
    let (requests, tunnel, ring) = (requests.join(), tunnel.join(), ring.join());
    let sent = [requests.unwrap(), tunnel.unwrap(), ring.unwrap()];
    let counts = || {
        let streams = [&tunnelled, &shared].map(|one| one.lines.load(Ordering::SeqCst));
        [posted.recorded().len(), streams[0], streams[1]]
    };
    eventually(
        || counts() == sent,
        || format!("{:?} of {sent:?}", counts()),
    );
    assert!(!tunnelled.wrong.load(Ordering::SeqCst) && !shared.wrong.load(Ordering::SeqCst));
    for (number, request) in posted.recorded().iter().enumerate() {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let prefix = format!("{number} password=[REDACTED] step_");
        assert!(
            body.starts_with(&prefix) && body.ends_with("=[REDACTED]\n"),
            "{body}"
        );
    }
    let late = relay.memory();
    println!(
        "{count} reloads in {time:?} ({done} taken, {failed} refused); requests and lines {sent:?}; \
         memory {early} after a quarter, {late} at the end"
    );
    assert!(
        late < early + early / 4 + (16 << 20),
        "{early} has become {late}"
    );
}

/// Whether there were so many results; more are taken over.
fn has(relay: &Relay, result: &str, expected: &mut u64) -> bool {
    let now = relay.metric(result);
    let is_there = now >= *expected;
    if is_there {
        *expected = now;
    }
    is_there
}
