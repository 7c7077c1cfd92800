//! Everything around the engine: arguments, files, signals, messages.
//!
//! Imports point one way: `cli -> check, rules -> transport -> config, stats -> exit, message`. The
//! engine is the library; nothing below this folder knows what a secret looks like.

pub(crate) mod admin;
pub(crate) mod check;
pub(crate) mod cli;
pub(crate) mod config;
pub(crate) mod exit;
pub(crate) mod hardening;
pub(crate) mod http;
pub(crate) mod message;
pub(crate) mod payload;
pub(crate) mod rules;
pub(crate) mod stats;
pub(crate) mod transport;
