//! The log of long-running commands, on standard error: text for people, JSON for programs.
//! Never payload.

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::rim::config::serve::LogFormat;

/// What says how much is logged: `debug`, `warn,access=off`.
const FILTER: &str = "BLACKBAR_LOG";

/// Starts it.
///
/// # Errors
///
/// `BLACKBAR_LOG` is not a list of levels and targets.
pub(crate) fn start(format: LogFormat) -> Result<(), ParseError> {
    let told = env::var(FILTER).ok().filter(|told| !told.is_empty());
    let filter = EnvFilter::try_new(told.as_deref().unwrap_or("info"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // Told on standard error, where a reader that went away would make it a panic.
        .log_internal_errors(false)
        .with_ansi(takes_colour());
    // Whoever set up another log before us keeps it.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_ansi(false).try_init(),
    };
    Ok(())
}

/// What is said of terminals by <https://no-color.org>, and by TERM.
fn takes_colour() -> bool {
    let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    io::stderr().is_terminal() && !no_colour && !is_dumb
}
