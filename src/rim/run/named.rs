//! `LISTEN_PID` and `WATCHDOG_PID`: with sockets that systemd hands over, and where it waits
//! for signs of life, variables name the process that is meant (`sd_listen_fds(3)`,
//! `sd_watchdog_enabled(3)`). That is the one it starts, which is ours, and a program takes no
//! notice of what is not for it. So where they name us they are to name the program.
//!
//! Only the program's own process knows its number before the program begins, and between
//! fork and exec no environment may be made. So that process runs us once more ([`OPTION`]):
//! we set the variables and become the program.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::{CommandExt, parent_id};
use std::path::Path;
use std::process::{Command, id};

use crate::rim::run::child::{SpawnError, is_not_executed};
use crate::rim::run::script;

/// Variables that hold the number of a process.
const NAMES: [&str; 2] = ["LISTEN_PID", "WATCHDOG_PID"];

/// A variable that tells what `LISTEN_PID` does in another way, where that is not enough.
const BESIDE: &str = "LISTEN_PIDFDID";

/// The file that we are, also if there is another one at its place by now.
const OURSELVES: &str = "/proc/self/exe";

/// The option of `run` by which we become the program.
const OPTION: &str = "--become";

/// What runs the program: itself, or first ourselves.
pub(super) fn command(program: &OsStr, arguments: &[OsString]) -> Command {
    let mut command = if names_us() && Path::new(OURSELVES).exists() {
        let mut ourselves = Command::new(OURSELVES);
        ourselves
            .arg0("blackbar")
            .args(["run", OPTION, "--"])
            .arg(program);
        ourselves
    } else {
        Command::new(program)
    };
    command.args(arguments);
    command
}

fn names_us() -> bool {
    naming(id()).next().is_some()
}

/// The variables that hold this number.
fn naming(process: u32) -> impl Iterator<Item = &'static str> {
    let number = process.to_string();
    let holds_it = move |name: &&str| env::var_os(name).is_some_and(|value| value == *number);
    NAMES.into_iter().filter(holds_it)
}

/// Becomes the program, whom those variables name that named the process that started us.
/// Returns only why not.
pub(super) fn become_program(program: &OsStr, arguments: &[OsString]) -> SpawnError {
    let become_it = |mut command: Command| {
        command.env_remove(BESIDE);
        for name in naming(parent_id()) {
            command.env(name, id().to_string());
        }
        command.exec()
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let mut error = become_it(command);
    if is_not_executed(Some(&error))
        && let Some(shell) = script::command(program, arguments)
    {
        error = become_it(shell);
    }
    SpawnError::of(program, &error)
}
