//! Fluent Forward, the protocol between Fluent Bit, Fluentd and their clients.
//!
//! # The way of a message
//!
//! `framer` tells where a message ends, `shape` what it is, and `message` masks it. `owed`
//! knows the chunks that the upstream has not acknowledged, and what the client is told when
//! it does: nobody else says so, and a client that was not told sends again. `handshake`
//! proves shared keys, to clients and to the upstream. All of these are without I/O;
//! `connection` has that, with an upstream connection for each client, and `forth` its one
//! direction. `heartbeat` answers the datagrams of those that ask whether somebody listens.
//!
//! # What is lost when something dies?
//!
//! Nothing that a client wants acknowledged: the acknowledgement is the upstream's. Where
//! the upstream or blackbar goes away, so does the client's connection, and the client sends
//! again what it was not told of; the upstream may get it twice. Messages without `chunk`
//! are lost if they were on their way, as they are between two Fluentd.
//!
//! # What of a message is payload?
//!
//! All of it but the names of chunks: tags are text, keys of records and of options, too.
//! What cannot be read ends the connection, and is not acknowledged.

mod connection;
mod forth;
mod framer;
mod handshake;
mod heartbeat;
mod message;
mod owed;
mod shape;
mod values;

#[cfg(test)]
mod tests;

pub(super) use connection::{Relay, greet};
pub(super) use framer::Framer;
pub(super) use handshake::{Disagreement, LONGEST as LONGEST_GREETING, is_helo};
pub(super) use heartbeat::answer as answer_heartbeats;
pub(super) use owed::acknowledged;

/// 128 random bits in hexadecimal digits.
///
/// # Errors
///
/// The system has no randomness.
pub(super) fn random_name() -> Result<String, getrandom::Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bits)))
}
