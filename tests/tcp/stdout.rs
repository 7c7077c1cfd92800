//! Standard output as the upstream of one listener or several.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};

use crate::support::{BLACKBAR, Load, PATIENCE, Relay, SECRET, eventually, read_rest};

/// Two listeners into a pipe. Unlike other tests, without admin.
fn relay() -> Relay {
    let listen = "[[listen]]\ntcp = \"127.0.0.1:0\"\nupstream = \"stdout:\"\n";
    let text = format!("[timeouts]\ndrain = \"1s\"\n{}", listen.repeat(2));
    let mut command = Command::new(BLACKBAR);
    command.stdout(Stdio::piped());
    Relay::started(tempfile::tempdir().unwrap(), &text, command)
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[test]
fn lines_of_all_listeners_are_whole_and_the_rest_is_written_at_the_end() {
    let mut relay = relay();
    let load = Load {
        clients: 3,
        lines: 3000,
    };
    let clients = load.begin(&relay);
    let other = "x".repeat(300) + "\n";
    let mut first = connect(&relay.addresses[0]);
    let mut lines = BufReader::new(relay.stdout()).lines().map(Result::unwrap);
    first.write_all(other.repeat(1000).as_bytes()).unwrap();
    first
        .write_all(format!("end password={SECRET}").as_bytes())
        .unwrap();
    drop(first);
    let (mut text, mut others) = (String::new(), 0);
    for _ in 0..3000 * 3 + 1001 {
        let line = lines.next().unwrap();
        if line.starts_with('x') || line.starts_with("end") {
            assert!(
                line == other.trim() || line == "end password=[REDACTED]",
                "{line}"
            );
            others += 1;
        } else {
            text += &(line + "\n");
        }
    }
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(others, 1001);
    load.check(&text);
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(0));
    assert_eq!(lines.next(), None);
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let mut relay = relay();
    drop(relay.stdout());
    let mut client = connect(&relay.addresses[1]);
    client.write_all(b"a\nb\n").unwrap();
    assert_eq!(relay.exit_code(), Some(0));
    let log = relay.log();
    eventually(
        || relay.log().contains("2 records were not written"),
        || log.clone(),
    );
    assert!(log.contains("standard output was closed; ending"), "{log}");
}

#[test]
fn a_reader_that_does_not_read_holds_up_neither_client_nor_the_end_for_ever() {
    let mut relay = relay();
    let mut stdout = relay.stdout();
    let mut client = connect(&relay.addresses[1]);
    client.write_all(&b"a line\n".repeat(100_000)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    // All of it was read, and most waits.
    assert_eq!(read_rest(&mut client), "");
    relay.signal("-TERM");
    assert_eq!(relay.exit_code(), Some(3));
    assert!(
        relay.log().contains("streams that owe something: 1"),
        "{}",
        relay.log()
    );
    let mut text = String::new();
    stdout.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("a line\na line\n"));
}
