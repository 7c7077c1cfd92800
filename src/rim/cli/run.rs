//! `blackbar run -- CMD`: a program whose output is redacted.

use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use crate::rim::cli::detection::DetectionOptions;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::report;
use crate::rim::run::{FAILED, Run, WhenBlocked, WhenSinkFails, become_program};
use crate::rim::stats::{StatsFormat, render};

/// Options of `blackbar run`.
#[derive(Args)]
#[command(before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct RunOptions {
    /// The program and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    words: Vec<OsString>,

    /// Give the program a terminal, as big as ours
    ///
    /// For colours, prompts and full-screen programs. What it writes to standard error then
    /// comes on standard output, too, as on any terminal; Ctrl-C and the other keys are the
    /// program's. A word that could begin a secret appears when it ends.
    #[arg(short = 't', long)]
    pty: bool,

    /// What an output does that takes no bytes
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        default_value_t = WhenBlocked::Block,
        env = "BLACKBAR_WHEN_BLOCKED",
        hide_env = true
    )]
    when_blocked: WhenBlocked,

    /// What happens where an output fails
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        default_value_t = WhenSinkFails::Exit,
        env = "BLACKBAR_WHEN_SINK_FAILS",
        hide_env = true
    )]
    when_sink_fails: WhenSinkFails,

    /// Write counters to standard error at the end
    ///
    /// Records, bytes, masks, findings by rule, seconds. Never a byte of the output.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        env = "BLACKBAR_STATS",
        hide_env = true
    )]
    stats: Option<StatsFormat>,

    /// Be the program, without redaction: we start ourselves so
    #[arg(long = "become", hide = true)]
    becomes: bool,

    #[command(flatten)]
    detection: DetectionOptions,
}

const EXAMPLES: &str = "\
Examples:
  blackbar run -- node server.js            standard output and error, each redacted
  blackbar run --pty -- bash                with a terminal
  ENTRYPOINT [\"blackbar\", \"run\", \"--\"]      in a Dockerfile: CMD stays as it is
";

const NOTES: &str = "\
The program has our standard input, environment, directory and limits. An unfinished line
appears as far as no secret can yet be in it, so prompts do.

SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP and SIGCONT are passed
on, those of a terminal's keys once. As the first process of a container blackbar reaps what
the program leaves behind. When the program has ended its output is read to its end; a process
that still holds it open is waited for until it has been silent for half a second.

Where LISTEN_PID or WATCHDOG_PID of systemd name blackbar's process, they name the program's.

Exit codes: the program's own; 128+N if signal N ended it; 125 if blackbar failed, 126 if the
program cannot be executed, 127 if there is none of that name. (Wrong options of ours: 2.)
";

/// Runs the program to its end.
pub(crate) fn run(options: &RunOptions) -> Exit {
    if options.becomes {
        return Exit::Passed(become_program(&options.words));
    }
    let started = Instant::now();
    let redactor = match options.detection.redactor() {
        Ok(redactor) => Arc::new(redactor),
        Err(failure) => return failed(&failure),
    };
    let outcome = Run {
        redactor: Arc::clone(&redactor),
        words: options.words.clone(),
        pty: options.pty,
        when_blocked: options.when_blocked,
        when_sink_fails: options.when_sink_fails,
    }
    .run();
    if let Some(format) = options.stats {
        let text = render(format, &outcome.totals, redactor.ids(), started.elapsed());
        let _ = io::stderr().write_all(text.as_bytes());
    }
    Exit::Passed(outcome.code)
}

/// The program did not run: no code of its own may be taken for that.
fn failed(failure: &Failure) -> Exit {
    report(failure);
    Exit::Passed(FAILED)
}
