//! The clients of Python and Node in every mode, through blackbar to Node's server.
//!
//! `tests/clients/install` brings them. `BLACKBAR_SKIP_CLIENTS=1` leaves them out.

use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Relay, SECRET, eventually};
use crate::wire::{relay, relay_on};

/// Events that each client sends.
const EVENTS: usize = 12;

/// The key and the user that `wire::relay` writes into files.
pub const KEY: &str = "our key";
const BOTH: &str = "security = { shared_key_file = \"key\", users = { ann = \"ann\" } }\n\
                    upstream_security = { shared_key_file = \"key\", username = \"ann\", \
                    password_file = \"ann\" }";

/// Whether the clients are left out.
pub fn left_out() -> bool {
    let left_out = env::var_os("BLACKBAR_SKIP_CLIENTS").is_some_and(|value| value == "1");
    if left_out {
        eprintln!("SKIPPED: real clients, because BLACKBAR_SKIP_CLIENTS=1");
    }
    left_out
}

/// Where the clients are installed.
fn clients() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_blackbar"));
    let clients = binary.ancestors().nth(2).unwrap().join("clients");
    assert!(
        clients.join("installed").exists(),
        "the clients are not installed: run tests/clients/install, or tests/run for everything"
    );
    clients
}

fn script(name: &str, options: &Value) -> Command {
    let is_python = Path::new(name).extension().is_some_and(|is| is == "py");
    let interpreter = if is_python {
        clients().join("python/bin/python")
    } else {
        "node".into()
    };
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forward");
    let mut command = Command::new(interpreter);
    command
        .arg(here.join(name))
        .arg(options.to_string())
        .env("NODE_PATH", clients().join("node/node_modules"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Node's server, and what it has got.
pub struct Receiver {
    child: Child,
    pub port: u16,
    events: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    pub fn new(options: &Value) -> Self {
        let mut command = script("receiver.cjs", options);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let events: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = events.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap();
                kept.lock().unwrap().push(event);
            }
        });
        let port = first.rsplit_once(':').unwrap().1.parse().unwrap();
        Self {
            child,
            port,
            events,
        }
    }

    /// Takes what has come, once it is so much.
    pub fn take(&self, count: usize) -> Vec<Value> {
        let now = || self.events.lock().unwrap().len();
        eventually(|| now() >= count, || format!("{} of {count}", now()));
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn record(number: usize, secret: &str) -> Value {
    json!({
        "number": number,
        "message": format!("login password={secret} from 10.0.0.1"),
        "password": secret,
        "nested": { "user": "ann", "api_key": secret, "deep": [{ "token": secret }] },
        "json": format!("{{\"password\":\"{secret}\",\"ok\":true}}"),
        "ratio": 1.5,
        "large": 9_007_199_254_740_991_u64,
        "none": null,
        "ok": true,
        "text": "f\u{fc}r \u{1f600} alle",
    })
}

fn expected(number: usize) -> Value {
    json!({
        "tag": "app.web",
        "at": format!("{}.123456789", 1_700_000_000 + number),
        "record": record(number, "[REDACTED]"),
    })
}

fn records(count: usize) -> Vec<Value> {
    (0..count).map(|number| record(number, SECRET)).collect()
}

fn port(relay: &Relay) -> u16 {
    let address = relay.addresses.last().unwrap();
    address.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// Sends with one client, which has to see success, and compares what has arrived.
fn prove(name: &str, mut options: Value, relay: &Relay, receiver: &Receiver) {
    options["port"] = port(relay).into();
    options["records"] = records(EVENTS).into();
    let done = script(name, &options).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}\n{}", relay.log());
    let mut events = receiver.take(EVENTS);
    events.sort_by_key(|event| event["record"]["number"].as_u64());
    let wanted: Vec<_> = (0..EVENTS).map(expected).collect();
    options["records"] = Value::Null;
    assert_eq!(events, wanted, "{options}");
}

const MODES: [&str; 4] = [
    "Message",
    "Forward",
    "PackedForward",
    "CompressedPackedForward",
];

#[test]
fn every_client_in_every_mode() {
    if left_out() {
        return;
    }
    let receiver = Receiver::new(&json!({}));
    let upstream = ([127, 0, 0, 1], receiver.port).into();
    let relay = relay("", upstream, "");
    prove("sender.py", json!({}), &relay, &receiver);
    for mode in MODES {
        for ack in [false, true] {
            let options = json!({ "client": "@fluent-org/logger", "mode": mode, "ack": ack });
            prove("sender.cjs", options, &relay, &receiver);
            if mode != "Forward" {
                let options = json!({ "client": "fluent-logger", "mode": mode, "ack": ack });
                prove("sender.cjs", options, &relay, &receiver);
            }
        }
    }
}

#[test]
fn both_clients_of_node_with_keys_and_users_on_both_sides() {
    if left_out() {
        return;
    }
    let receiver = Receiver::new(&json!({ "sharedKey": KEY, "users": { "ann": "ann's" } }));
    let upstream = ([127, 0, 0, 1], receiver.port).into();
    let relay = relay("", upstream, BOTH);
    let security = json!({
        "clientHostname": "sender", "sharedKey": KEY, "username": "ann", "password": "ann's",
    });
    for client in ["@fluent-org/logger", "fluent-logger"] {
        let options = json!({
            "client": client, "mode": "PackedForward", "ack": true, "security": security,
        });
        prove("sender.cjs", options, &relay, &receiver);
    }
    let mut wrong = security;
    wrong["sharedKey"] = "another key".into();
    let options = json!({
        "client": "fluent-logger", "mode": "Message", "security": wrong, "port": port(&relay),
        "records": records(1),
    });
    let done = script("sender.cjs", &options).output().unwrap();
    assert!(!done.status.success(), "it saw success");
    assert!(receiver.events.lock().unwrap().is_empty());
}

#[test]
fn after_kill_9_the_client_sends_again_what_was_not_acknowledged() {
    if left_out() {
        return;
    }
    let receiver = Receiver::new(&json!({}));
    let upstream = ([127, 0, 0, 1], receiver.port).into();
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = own.local_addr().unwrap();
    drop(own);
    let mut relay = relay_on(&address.to_string(), "", upstream, "");
    let count = 200;
    let options = json!({
        "client": "@fluent-org/logger", "mode": "Forward", "ack": true, "retry": true,
        "pause": 10, "port": address.port(), "records": records(count),
    });
    let sender = script("sender.cjs", &options)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..3 {
        let before = receiver.events.lock().unwrap().len();
        eventually(
            || receiver.events.lock().unwrap().len() > before + 10,
            || format!("it stays at {before}"),
        );
        relay.signal("-KILL");
        relay.exit_code();
        thread::sleep(Duration::from_millis(100));
        relay = relay_on(&address.to_string(), "", upstream, "");
    }
    let done = sender.wait_with_output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let events = receiver.take(count);
    let numbers: BTreeSet<_> = events
        .iter()
        .map(|event| event["record"]["number"].as_u64())
        .collect();
    assert_eq!(numbers.len(), count, "{} arrived", events.len());
    for event in events {
        let number = event["record"]["number"].as_u64().unwrap();
        assert_eq!(event, expected(number as usize));
    }
}
