//! The `blackbar` command: what `blackbar --help` says, around the library's engine.
//!
//! Each command is one file in `rim/cli` and one arm below.

mod rim;

use std::process::ExitCode;

use rim::cli::{Action, Cli, check, config, explain, filter, rules, run, serve, verify};
use rim::{hardening, message};

fn main() -> ExitCode {
    message::silence_panics();
    hardening::forbid_core_dumps();
    let outcome = match Cli::from_arguments().action() {
        Action::Filter(options) => filter::run(&options),
        Action::Run(options) => Ok(run::run(&options)),
        Action::Serve(options) => serve::run(&options),
        Action::Config(command) => config::run(&command),
        Action::Check(options) => check::run(&options),
        Action::Rules(command) => rules::run(&command),
        Action::Explain(command) => explain::run(&command),
        Action::Verify(command) => verify::run(&command),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            for line in failure.lines() {
                message::report(&line);
            }
            failure.exit().into()
        }
    }
}
