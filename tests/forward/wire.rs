//! A client and an upstream that write msgpack by themselves.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::support::{PATIENCE, Relay};

/// How long nothing has to come for there to be nothing.
const MOMENT: Duration = Duration::from_millis(200);

/// Text of less than 2^16 bytes.
pub fn text(text: &str) -> Vec<u8> {
    let length = text.len() as u16;
    [&[0xda], &length.to_be_bytes()[..], text.as_bytes()].concat()
}

/// Bytes.
pub fn bin(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u32;
    [&[0xc6], &length.to_be_bytes()[..], bytes].concat()
}

/// Up to 15 values.
pub fn array(values: &[Vec<u8>]) -> Vec<u8> {
    [vec![0x90 | values.len() as u8], values.concat()].concat()
}

/// Up to 15 pairs.
pub fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs = pairs.iter();
    let pairs: Vec<_> = pairs
        .map(|(key, value)| [text(key), value.clone()].concat())
        .collect();
    [vec![0x80 | pairs.len() as u8], pairs.concat()].concat()
}

/// Text of less than 32 bytes, as a mask is written.
pub fn short(text: &str) -> Vec<u8> {
    [&[0xa0 | text.len() as u8], text.as_bytes()].concat()
}

/// An event of one second past 1970 with a message.
pub fn entry(message: Vec<u8>) -> Vec<u8> {
    array(&[vec![1], map(&[("message", message)])])
}

/// An event in the mode Forward, to be acknowledged.
pub fn chunk(name: &str, message: &str) -> Vec<u8> {
    chunk_of(name, text(message))
}

/// The same with a message that is written in another way.
pub fn chunk_of(name: &str, message: Vec<u8>) -> Vec<u8> {
    let option = map(&[("chunk", text(name)), ("size", vec![1])]);
    array(&[text("app"), array(&[entry(message)]), option])
}

/// What acknowledges it.
pub fn ack(name: &str) -> Vec<u8> {
    map(&[("ack", text(name))])
}

/// What the client gets then: the name as it wrote it.
pub fn told(name: &str) -> Vec<u8> {
    [&[0x81, 0xa3], &b"ack"[..], &text(name)].concat()
}

/// An upstream that does nothing by itself.
pub struct Upstream(TcpListener);

impl Upstream {
    pub fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next connection, which has to come.
    pub fn accept(&self) -> TcpStream {
        let stream = self.0.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Whether somebody has connected.
    pub fn is_asked(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        self.0.accept().is_ok()
    }
}

/// One listener with these keys, between the lines before it and this upstream.
pub fn relay(before: &str, upstream: SocketAddr, keys: &str) -> Relay {
    relay_on("127.0.0.1:0", before, upstream, keys)
}

/// The same on a certain address.
pub fn relay_on(address: &str, before: &str, upstream: SocketAddr, keys: &str) -> Relay {
    let folder = tempfile::tempdir().unwrap();
    for (name, secret) in [
        ("key", "our key\n"),
        ("other-key", "another key"),
        ("ann", "ann's"),
    ] {
        std::fs::write(folder.path().join(name), secret).unwrap();
    }
    let text = format!(
        "{before}\n[admin]\nlisten = \"127.0.0.1:0\"\n[[listen]]\nname = \"in\"\n\
         forward = \"{address}\"\nupstream = \"{upstream}\"\n{keys}\n"
    );
    Relay::configured(folder, &text)
}

/// Reads what has to come.
#[track_caller]
pub fn expect(stream: &mut impl Read, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).expect("it comes");
    let (got, expected) = (
        String::from_utf8_lossy(&got),
        String::from_utf8_lossy(expected),
    );
    assert_eq!(got, expected);
}

/// Nothing comes, and the connection stays.
#[track_caller]
pub fn expect_nothing(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(MOMENT)).unwrap();
    let got = stream.read(&mut [0; 64]).map_err(|error| error.kind());
    assert_eq!(got, Err(ErrorKind::WouldBlock));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
}

/// The connection ends, and nothing comes before.
#[track_caller]
pub fn expect_end(stream: &mut impl Read) {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    assert_eq!(String::from_utf8_lossy(&rest), "");
}

/// Writes all of it.
pub fn send(stream: &mut impl Write, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    stream.flush().unwrap();
}

/// The series of one reason.
pub fn refused(reason: &str) -> String {
    format!("blackbar_refused_total{{route=\"in\",reason=\"{reason}\"}}")
}

/// The series of one reason of the upstream's.
pub fn upstream_errors(reason: &str) -> String {
    format!("blackbar_upstream_errors_total{{route=\"in\",reason=\"{reason}\"}}")
}
