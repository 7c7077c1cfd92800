//! Signals on their way to the program.
//!
//! A key on a terminal (Ctrl-C, Ctrl-\, Ctrl-Z, a new size) signals the whole foreground
//! group, of which the program is a part as we are; what a process sends us reaches us
//! alone. The kernel tells the two apart, so the program gets each signal once.
//!
//! A signal may be blocked when we start: whoever waits for signals with sigwait(3) or
//! signalfd(2) blocks them, and a mask outlives exec(2). We have to hear of them all the same,
//! above all of the program's end. So they are unblocked on the thread that handles them, and
//! nowhere else: the program inherits the mask of the thread that starts it, which is the one
//! that we were started with. What was blocked for us waits for the program until it wants it.

use std::io;
use std::thread;

use nix::sys::signal::{SigSet, Signal};
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
    let unblocked: SigSet = wanted
        .clone()
        .filter_map(|signal| Signal::try_from(signal).ok())
        .collect();
    let mut signals = SignalsInfo::<WithOrigin>::new(wanted)?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            // The call fails for no mask of this kind.
            let _ = unblocked.thread_unblock();
            for origin in signals.forever() {
                act(Arrived {
                    signal: origin.signal,
                    by_terminal: origin.cause == Cause::Kernel,
                });
            }
        })?;
    Ok(())
}
