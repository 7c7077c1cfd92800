//! The proxy as a process, between raw sockets: what an upstream gets, what a client
//! gets, and what is refused.

mod crowd;
mod ending;
mod heads;
mod http2;
mod limits;
mod proxying;
mod smuggling;
mod support;
mod tls;
mod upstream;
