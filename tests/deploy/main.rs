//! Each file of `deploy/` is loaded, or held against the tool that it is for.
//!
//! `tests/deploy/install`, which `tests/run` calls, brings the tools. One that cannot be had
//! is named on standard error, and what it validates is left out.

mod configuration;
mod image;
mod kubernetes;
mod page;
mod prometheus;
mod support;
mod systemd;
