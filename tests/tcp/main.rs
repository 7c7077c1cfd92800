//! `blackbar serve` between clients and upstreams of lines, syslog messages and datagrams.

#![allow(unreachable_pub, reason = "a test has no outside")]

mod certificates;
mod datagrams;
mod ending;
mod files;
mod framing;
mod http;
mod lines;
mod peers;
mod shared;
mod stdout;
mod support;
mod tls;
mod unix;
