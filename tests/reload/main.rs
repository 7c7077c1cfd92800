//! `blackbar serve` takes another configuration while it runs.

#![allow(unreachable_pub, reason = "a test has no outside")]

#[allow(dead_code, reason = "not everything is needed here")]
#[path = "../http/support.rs"]
mod http;
mod listeners;
mod load;
mod refused;
mod rules;
mod sinks;
mod support;
#[allow(dead_code, reason = "not everything is needed here")]
#[path = "../tcp/support.rs"]
mod tcp;
mod watching;
