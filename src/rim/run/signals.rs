//! Signals on their way to the program.
//!
//! A key on a terminal (Ctrl-C, Ctrl-\, Ctrl-Z, a new size) signals the whole foreground
//! group, of which the program is a part as we are; what a process sends us reaches us
//! alone. The kernel tells the two apart, so the program gets each signal once.

use std::io;
use std::thread;

use signal_hook::consts::{
    SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH,
};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

use crate::rim::transport::signals::ignored_signals;

/// What is passed on. All other signals keep their effect on us.
const PASSED: [i32; 9] = [
    SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT,
];

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Its number.
    pub(super) signal: i32,
    /// A terminal sent it, and so to the program too.
    pub(super) by_terminal: bool,
}

impl Arrived {
    /// Whether it asks for an end.
    pub(super) fn asks_to_end(self) -> bool {
        matches!(self.signal, SIGTERM | SIGINT | SIGQUIT | SIGHUP)
    }
}

/// Calls `act` with each signal, on a thread of its own.
///
/// One that is ignored when we start stays ignored, for the program too: nohup(1).
///
/// # Errors
///
/// Where the handlers or the thread cannot be set up.
pub(super) fn listen(act: impl Fn(Arrived) + Send + 'static) -> io::Result<()> {
    let ignored = ignored_signals();
    let wanted = PASSED
        .into_iter()
        .filter(|signal| ignored >> (signal - 1) & 1 == 0)
        .chain([SIGCHLD]);
    let mut signals = SignalsInfo::<WithOrigin>::new(wanted)?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for origin in signals.forever() {
                act(Arrived {
                    signal: origin.signal,
                    by_terminal: origin.cause == Cause::Kernel,
                });
            }
        })?;
    Ok(())
}
