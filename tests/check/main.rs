//! `blackbar check` as a user meets it.
//!
//! Secrets are put together here, so that none stands in a file of this repository.

mod baseline;
mod files;
mod forms;
mod kinds;
mod sarif;
mod support;
