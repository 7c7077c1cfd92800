//! Heartbeats by UDP, as Fluentd sends them with `heartbeat_type udp`: a datagram to the port
//! of the listener, that one byte answers. Who sends none needs none.

use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::sync::watch;

use crate::rim::message::reason;

/// The answer of Fluentd's own server.
const ANSWER: &[u8] = b"\0";

/// Answers at the address of a listener until everything is to end.
pub(in crate::rim::tcp) async fn answer(address: SocketAddr, mut ending: watch::Receiver<bool>) {
    let socket = match UdpSocket::bind(address).await {
        Ok(socket) => socket,
        Err(error) => {
            let why = reason(&error);
            tracing::warn!("no answers to heartbeats by UDP on {address}: {why}");
            return;
        }
    };
    // What a heartbeat holds does not matter.
    let mut heartbeat = [0; 1];
    loop {
        let received = tokio::select! {
            biased;
            _ = ending.wait_for(|&ending| ending) => return,
            received = socket.recv_from(&mut heartbeat) => received,
        };
        match received {
            // One that is lost is followed by another one.
            Ok((_, from)) => drop(socket.send_to(ANSWER, from).await),
            // An error is of an answer that was not taken, not of the socket.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}
