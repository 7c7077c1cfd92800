//! Datagrams: one is one record (RFC 5426).

use std::io;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::watch;

use crate::rim::config::stream::{Destination, StreamFraming};
use crate::rim::tcp::counters::Counters;
use crate::rim::tcp::framing::Output;
use crate::rim::tcp::framing::message::Messages;
use crate::rim::tcp::reason::Reason;
use crate::rim::tcp::setup::{Current, Setup, Way};

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
        for record in out.records() {
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
        if let Some(end) = out.ends.pop() {
            out.bytes.drain(..end);
            out.ends.clear();
        }
    }
}

/// Receives until everything is to end.
pub(super) async fn receive(
    socket: UdpSocket,
    current: Current,
    mut ending: watch::Receiver<bool>,
) {
    let mut changes = current.changes();
    let mut setup = current.now();
    let mut messages = Messages::new(&setup.stream, &setup.counters);
    let (mut buffer, mut out) = (vec![0; LARGEST], Output::default());
    loop {
        let received = tokio::select! {
            biased;
            _ = ending.wait_for(|&ending| ending) => return,
            received = socket.recv_from(&mut buffer) => Some(received),
            () = changes.next() => None,
        };
        if !Arc::ptr_eq(&setup, &current.look()) {
            setup = current.now();
            messages.renew(&setup.stream, &setup.counters);
        }
        let (length, source) = match received {
            None => continue,
            Some(Ok(received)) => received,
            Some(Err(_)) => {
                // An error of the system is of one datagram, not of the socket.
                tokio::task::yield_now().await;
                continue;
            }
        };
        if length == 0 {
            // There is no message without octets (RFC 6587, 3.4.1), and no line for it.
            setup.counters.dropped.inc();
            continue;
        }
        setup.counters.bytes_in.inc_by(length as u64);
        if length > setup.stream.max_record {
            setup.counters.note(Reason::RecordTooLong);
            continue;
        }
        match messages.mask(Some(source), &buffer[..length]) {
            Ok(masked) => pass_on(masked, &setup, &mut out).await,
            Err(reason) => setup.counters.note(reason),
        }
    }
}

async fn pass_on(masked: &[u8], setup: &Setup, out: &mut Output) {
    match &setup.way {
        Way::Ring(ring) => {
            out.bytes.extend_from_slice(masked);
            out.are_lines = setup.stream.framing == StreamFraming::Lines;
            if out.are_lines && !masked.ends_with(b"\n") {
                out.bytes.push(b'\n');
            }
            out.end_record();
            ring.put(out).await;
        }
        Way::Socket(datagrams) => {
            out.bytes.extend_from_slice(masked);
            out.end_record();
            datagrams.put(out).await;
        }
        // Datagrams that come in have no connections of their own.
        Way::Tunnel(_) | Way::Datagrams => setup.counters.note(Reason::Internal),
    }
    out.clear();
}
