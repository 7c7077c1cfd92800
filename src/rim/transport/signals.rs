//! SIGINT, SIGTERM and SIGHUP as events. All other signals keep their effect.

use std::fs;
use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `act` with each signal that asks us to end, on a thread of its own.
///
/// A signal that is ignored when we start stays ignored: a shell starts background
/// jobs so, and their Ctrl-C is meant for somebody else; nohup(1) starts us so on purpose.
pub(crate) fn listen(act: impl Fn(i32) + Send + 'static) -> io::Result<()> {
    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP]
        .into_iter()
        .filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = Signals::new(wanted)?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                act(signal);
            }
        })?;
    Ok(())
}

/// The set of ignored signals, bit 0 for signal 1, as /proc tells it without `unsafe`.
/// Where it does not, none.
pub(crate) fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
