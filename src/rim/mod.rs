//! Everything around the engine: arguments, files, signals, messages.
//!
//! Imports point one way: `cli -> reload -> admin -> tcp -> http, check, rules, run -> payload,
//! transport, tls, ending, listening -> config, stats -> exit, message, nearest, size, stamp`.
//! The engine is the library; nothing below this folder knows what a secret looks like.

pub(crate) mod admin;
pub(crate) mod check;
pub(crate) mod cli;
pub(crate) mod config;
pub(crate) mod ending;
pub(crate) mod exit;
pub(crate) mod hardening;
pub(crate) mod http;
pub(crate) mod listening;
pub(crate) mod log;
pub(crate) mod message;
pub(crate) mod nearest;
pub(crate) mod payload;
pub(crate) mod reload;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod seldom;
pub(crate) mod size;
pub(crate) mod stamp;
pub(crate) mod stats;
pub(crate) mod tcp;
pub(crate) mod tls;
pub(crate) mod transport;
