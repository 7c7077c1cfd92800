//! Datagrams: one is one record (RFC 5426).

use std::io;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::watch;

use crate::rim::config::stream::{Destination, Stream, StreamFraming};
use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::framing::Output;
use crate::rim::tcp::framing::message::Messages;
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::shared::Ring;

/// The largest datagram (RFC 768), so that none is cut here.
const LARGEST: usize = 65_535;

/// Sends each record as a datagram.
pub(crate) struct Datagrams {
    socket: UdpSocket,
    counters: Arc<Counters>,
}

impl Datagrams {
    /// A socket of its own, with a name looked up once.
    pub(crate) async fn to(upstream: &Destination, counters: &Arc<Counters>) -> io::Result<Self> {
        let (Destination::Udp { host, port } | Destination::Tcp { host, port }) = upstream else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut addresses = tokio::net::lookup_host((host.as_str(), *port)).await?;
        let address = addresses.next().ok_or(io::ErrorKind::NotFound)?;
        let any = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(address).await?;
        Ok(Self {
            socket,
            counters: counters.clone(),
        })
    }

    /// Sends the whole records in `out`, without newlines at their ends. One that the
    /// system does not take is dropped and counted, as datagrams are.
    pub(crate) async fn put(&self, out: &mut Output) {
        let mut start = 0;
        for &end in &out.ends {
            let record = &out.bytes[start..end];
            let record = if out.are_lines {
                without_newline(record)
            } else {
                record
            };
            start = end;
            // An error may be that of the datagram before: the upstream does not listen.
            let sent = match self.socket.send(record).await {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    self.socket.send(record).await
                }
                sent => sent,
            };
            match sent {
                Ok(sent) => {
                    self.counters.bytes_out.inc_by(sent as u64);
                }
                Err(_) => {
                    self.counters.dropped.inc();
                }
            }
        }
        out.bytes.drain(..start);
        out.ends.clear();
    }
}

fn without_newline(record: &[u8]) -> &[u8] {
    let line = record.strip_suffix(b"\n");
    line.map_or(record, |line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Where received datagrams go.
pub(crate) enum Onward {
    /// Into the ring of an upstream of streams.
    Ring(Ring),
    /// As datagrams.
    Datagrams(Datagrams),
}

/// Receives until everything is to end.
pub(crate) async fn receive(
    socket: UdpSocket,
    stream: Arc<Stream>,
    counters: Arc<Counters>,
    onward: Onward,
    mut ending: watch::Receiver<bool>,
) {
    let mut messages = Messages::new(&stream.redactor, &counters);
    let (mut buffer, mut out) = (vec![0; LARGEST], Output::default());
    loop {
        let received = tokio::select! {
            biased;
            _ = ending.wait_for(|&ending| ending) => return,
            received = socket.recv(&mut buffer) => received,
        };
        let Ok(length) = received else {
            // An error of the system is of one datagram, not of the socket.
            tokio::task::yield_now().await;
            continue;
        };
        counters.bytes_in.inc_by(length as u64);
        if length > stream.max_record {
            counters.note(Reason::RecordTooLong);
            continue;
        }
        let masked = messages.mask(&buffer[..length]);
        match &onward {
            Onward::Ring(ring) => {
                frame(stream.framing, masked, &mut out);
                ring.put(&mut out).await;
            }
            Onward::Datagrams(datagrams) => {
                out.bytes.extend_from_slice(masked);
                out.end_record();
                datagrams.put(&mut out).await;
            }
        }
        out.clear();
    }
}

/// As a record of a stream.
fn frame(framing: StreamFraming, message: &[u8], out: &mut Output) {
    match framing {
        StreamFraming::Syslog => {
            out.bytes
                .extend_from_slice(format!("{} ", message.len()).as_bytes());
            out.bytes.extend_from_slice(message);
        }
        StreamFraming::Lines => {
            out.bytes.extend_from_slice(message);
            if !message.ends_with(b"\n") {
                out.bytes.push(b'\n');
            }
        }
    }
    out.end_record();
}
