//! `blackbar check` as a user meets it.
//!
//! Secrets are put together here, so that none stands in a file of this repository.

mod allowed;
mod baseline;
mod files;
mod forms;
mod git;
mod kinds;
mod outputs;
mod sarif;
mod secrecy;
mod support;
mod terminal;
