//! `blackbar serve` between clients and servers of Fluent Forward.

#![allow(unreachable_pub, reason = "a test has no outside")]

#[path = "../tcp/certificates.rs"]
mod certificates;
mod delivery;
mod limits;
mod peers;
mod security;
mod sink;
#[path = "../tcp/support.rs"]
#[allow(dead_code, reason = "it is that of another test, too")]
mod support;
mod wire;
