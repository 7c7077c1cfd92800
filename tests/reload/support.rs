//! Configurations that change, and clients that stay.

use std::fs;
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::http::{Recorded, read_message};
use crate::tcp::{PATIENCE, Relay, eventually};

pub const DONE: &str = "blackbar_config_reloads_total{result=\"success\"}";
pub const FAILED: &str = "blackbar_config_reloads_total{result=\"failure\"}";
pub const IS_GOOD: &str = "blackbar_config_last_reload_successful";

/// With an admin listener first.
pub fn relay(text: &str) -> Relay {
    Relay::configured(tempfile::tempdir().unwrap(), &with_admin(text))
}

pub fn with_admin(text: &str) -> String {
    format!("[admin]\nlisten = \"127.0.0.1:0\"\n{text}")
}

/// `[detect]` with these sensitive names.
pub fn fields(names: &str) -> String {
    format!("[detect]\nfields = [{names}]\n")
}

/// A file of rules with this sensitive name.
pub fn pack(word: &str) -> String {
    format!(
        "[[name]]\nid = \"own\"\nabout = \"A test\"\nwords = [\"{word}\"]\n\
         match = \"exact\"\n\
         source = \"https://example.com\"\n\
         examples = [[\"{word}=hunter2hunter2\", \"{word}=[REDACTED]\"]]\npasses = [\"{word}=\"]\n"
    )
}

/// A listener of lines at a port that the system chooses.
pub fn lines(upstream: impl std::fmt::Display, keys: &str) -> String {
    format!("[[listen]]\nname = \"in\"\ntcp = \"127.0.0.1:0\"\nupstream = \"{upstream}\"\n{keys}\n")
}

/// A listener of HTTP with one route.
pub fn route(upstream: impl std::fmt::Display, keys: &str) -> String {
    format!(
        "[[listen]]\nhttp = \"127.0.0.1:0\"\n[[listen.route]]\nname = \"all\"\n\
         upstream = \"http://{upstream}\"\n{keys}\n"
    )
}

/// Replaces the configuration file, as a whole.
pub fn write(relay: &Relay, text: &str) {
    replace(
        &relay.folder.path().join("blackbar.toml"),
        &with_admin(text),
    );
}

/// Replaces a file, as a whole.
pub fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

/// Replaces the configuration, and has it read.
pub fn reload(relay: &Relay, text: &str) {
    write(relay, text);
    hang_up(relay, DONE);
}

/// The same with one that does not hold.
pub fn fail(relay: &Relay, text: &str) {
    write(relay, text);
    hang_up(relay, FAILED);
}

/// Asks for a reload, and waits until it has had this result.
#[track_caller]
pub fn hang_up(relay: &Relay, result: &str) {
    let before = relay.metric(result);
    relay.signal("-HUP");
    eventually(|| relay.metric(result) > before, || relay.log());
}

/// A client that keeps its connection to a listener.
pub struct Client {
    stream: TcpStream,
}

impl Client {
    pub fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
            .set_write_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    pub fn write(&mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).unwrap();
    }

    /// A POST, and its answer.
    pub fn post(&mut self, path: &str, body: &str) -> Recorded {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        self.write(&(head + body));
        read_message(&mut BufReader::new(&self.stream)).expect("an answer")
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }
}
