//! The redacting reverse proxy.
//!
//! # The way of a request
//!
//! `connection` chooses the protocol; `strict` checks each byte of HTTP/1 before hyper
//! sees it. `forward` is the numbered plan of one request: `route` says whether and where
//! it goes, `head` masks its path, query and headers, `intake` reads and masks its body
//! under the `budget`, `upstream` has the connections (`outage` says why there are none), and `reply` passes the answer on
//! untouched. What goes wrong is one of the reasons of `answer`. The `account` of the
//! request is told to the log and to the observer of `events` when the answer has left.
//! `listeners` are those of a configuration, and become those of the next one.

mod account;
pub(crate) mod answer;
pub(crate) mod budget;
mod connection;
pub(crate) mod events;
mod forward;
mod head;
pub(crate) mod host;
mod intake;
pub(crate) mod listeners;
mod masking;
mod outage;
pub(crate) mod outgoing;
mod reply;
mod route;
mod signed;
mod socket;
mod strict;
pub(crate) mod upstream;
mod workers;

use std::sync::Arc;

use crate::rim::http::budget::Budget;
use crate::rim::http::events::{Gauges, Observer};
use crate::rim::listening::Room;

/// What the listeners of a process share.
pub(crate) struct Surroundings {
    /// Is told of each request.
    pub(crate) observer: Arc<dyn Observer>,
    /// The bytes that bodies may occupy.
    pub(crate) budget: Arc<Budget>,
    /// The present state.
    pub(crate) gauges: Arc<Gauges>,
    /// Places for connections.
    pub(crate) room: Arc<Room>,
}
