//! Unix sockets on both sides.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};

use crate::support::{PATIENCE, Relay, SECRET};

#[test]
fn lines_from_socket_to_socket() {
    let folder = tempfile::tempdir().unwrap();
    let (entry, exit) = (
        folder.path().join("in.sock"),
        folder.path().join("out.sock"),
    );
    // Left behind by somebody who was killed: nobody listens on it.
    drop(UnixListener::bind(&entry).unwrap());
    let upstream = UnixListener::bind(&exit).unwrap();
    let text = format!(
        "[[listen]]\ntcp = \"unix:{}\"\nupstream = \"unix:{}\"\n",
        entry.display(),
        exit.display()
    );
    let mut relay = Relay::configured(folder, &text);
    let mut client = UnixStream::connect(&entry).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(client, "password={SECRET}\nrest").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let (mut stream, _) = upstream.accept().unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).unwrap();
    assert_eq!(got, "password=[REDACTED]\nrest");
    stream.write_all(b"answer").unwrap();
    drop(stream);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(0));
    assert!(!entry.exists());
}
