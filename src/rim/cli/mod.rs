//! The command line: what can be asked for, one file a command.

pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod configuration;
pub(crate) mod detection;
pub(crate) mod explain;
pub(crate) mod filter;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod shape;
pub(crate) mod verify;

use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::rim::cli::check::CheckOptions;
use crate::rim::cli::config::ConfigCommand;
use crate::rim::cli::explain::ExplainCommand;
use crate::rim::cli::filter::FilterOptions;
use crate::rim::cli::rules::RulesCommand;
use crate::rim::cli::run::RunOptions;
use crate::rim::cli::serve::ServeOptions;
use crate::rim::cli::verify::VerifyCommand;
use crate::rim::nearest::distance;

/// The whole command line.
#[derive(Parser)]
#[command(
    name = "blackbar",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    override_usage = "blackbar [OPTIONS] [FILE]...\n       blackbar run -- CMD\n       blackbar serve --http ADDR=URL | --tcp ADDR=HOST:PORT | -c FILE\n       blackbar check [PATH]...\n       blackbar rules <VERB>",
    before_long_help = EXAMPLES,
    after_help = "Try --help for examples and details.",
    after_long_help = NOTES,
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    filter: FilterOptions,
}

const ABOUT: &str = "Puts a black bar over every secret in a stream of logs";

const LONG_ABOUT: &str = "\
Puts a black bar over every secret in a stream of logs.

Reads the FILEs, or standard input, and writes the same bytes to standard output, with \
each secret replaced by [REDACTED].";

const EXAMPLES: &str = "\
Examples:
  app | blackbar >> app.log                 between a program and its log
  app 2>&1 | blackbar | shipper             both streams of the program
  blackbar run -- app                       the same, each for itself, and its exit code
  blackbar app.log -o app.redacted.log      a file into another
  blackbar --in-place logs/*.log            the files themselves
  blackbar -z old.log.gz | less              a compressed file
  blackbar --pattern 'acme_[a-z0-9]{20,}'   a token of your own, at once
  blackbar --only fields,stripe app.log     nothing but these rules
  blackbar --stats app.log > /dev/null      how much there is to hide
  blackbar serve --http 127.0.0.1:9000=https://sentry.example
                                            between an SDK or shipper and its backend
  blackbar serve --tcp 0.0.0.0:5170=shipper:5171
                                            lines over TCP; syslog and more by a file
  blackbar check                            which files here hold secrets
  blackbar rules list                       what is looked for
";

const NOTES: &str = "\
A FILE that is named like a command is reached as ./rules.

Environment: BLACKBAR_PROFILE, BLACKBAR_LABEL, BLACKBAR_FORMAT, BLACKBAR_FRAMING,
BLACKBAR_STATS, BLACKBAR_VALUES, BLACKBAR_MASK, BLACKBAR_JOBS, BLACKBAR_MAX_RECORD,
BLACKBAR_MAX_DOCUMENT and BLACKBAR_REACH stand for the options of their names;
BLACKBAR_PACK, BLACKBAR_FIELD, BLACKBAR_ALLOW_FIELD, BLACKBAR_ONLY and BLACKBAR_DISABLE
(for --except) too, with several separated by commas; BLACKBAR_RULES for --rules, with
paths separated by colons. BLACKBAR_CONFIG, BLACKBAR_HTTP, BLACKBAR_ADMIN and
BLACKBAR_LOG_FORMAT stand for those of serve, and BLACKBAR_LOG says how much it logs
(info, debug, warn,access=off). Options win over them, and they over the configuration
file. NO_COLOR is respected.

Exit codes:
  0      done (also when the reader of the output went away)
  1      check found something, or verify a difference
  2      wrong options, rules, patterns or configuration; nothing was written
  3      an input could not be read or was refused (the others were processed),
         or the output could not be written; serve: it could not listen, or requests
         were cut off at its end
  101    a defect of blackbar; nothing undecided was written
  128+N  signal N ended the work before the end of the input
  run passes on the program's own; see blackbar run --help

On SIGINT, SIGTERM or SIGHUP a pipe is drained for up to 2 seconds; then what is undecided
is masked. A second signal ends at once.
";

#[derive(Subcommand)]
enum Command {
    /// Run a program and redact what it writes to standard output and standard error
    ///
    /// Its exit code is passed on, and so are signals. Prompts appear at once.
    Run(Box<RunOptions>),
    /// Mask what SDKs, programs and shippers send: HTTP, lines, syslog, Fluent Forward
    ///
    /// Point the SDK, the program or the shipper at ADDR instead of its backend. What it
    /// sends goes on without secrets, answers come back untouched.
    Serve(Box<ServeOptions>),
    /// Validate the configuration of serve, or print what is in effect
    Config(Box<ConfigCommand>),
    /// Report secrets in files, change nothing; exit 1 if there are any
    Check(Box<CheckOptions>),
    /// List, show and check the rules
    Rules(RulesCommand),
    /// Tell what would be masked, by which rule and why, and what not
    ///
    /// For each finding of each record: its place, rule, anchor, shape, length and
    /// verifier; and for each place with an anchor that is no finding the reason. The
    /// values are shown with --reveal only, and on a terminal only. The exit code is 0
    /// whatever is found. A line is held in memory, up to --max-record.
    Explain(Box<ExplainCommand>),
    /// Prove that two files differ by masks alone
    ///
    /// The exit code is 0 if AFTER is BEFORE with stretches replaced by masks, and 1 if
    /// not. Each mask is reported with its place, the length of what it replaced and its
    /// rule: that of its label, or else what the detection options find there. No byte of
    /// the files is reported. A line is held in memory, up to --max-record.
    Verify(Box<VerifyCommand>),
}

/// What the command line asks for.
pub(crate) enum Action {
    /// Redact files or standard input.
    Filter(Box<FilterOptions>),
    /// Run a program.
    Run(Box<RunOptions>),
    /// Stand between others.
    Serve(Box<ServeOptions>),
    /// Look at the configuration.
    Config(Box<ConfigCommand>),
    /// Report secrets.
    Check(Box<CheckOptions>),
    /// Look at rules.
    Rules(RulesCommand),
    /// Say why.
    Explain(Box<ExplainCommand>),
    /// Compare two files.
    Verify(Box<VerifyCommand>),
}

impl Cli {
    /// Parses the process's arguments. Help, version and errors end the process here.
    pub(crate) fn from_arguments() -> Self {
        let matches = Self::command().mut_args(unset_if_empty).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Which command it is.
    pub(crate) fn action(self) -> Action {
        match self.command {
            None => Action::Filter(Box::new(self.filter)),
            Some(Command::Run(options)) => Action::Run(options),
            Some(Command::Serve(options)) => Action::Serve(options),
            Some(Command::Config(command)) => Action::Config(command),
            Some(Command::Check(options)) => Action::Check(options),
            Some(Command::Rules(command)) => Action::Rules(command),
            Some(Command::Explain(command)) => Action::Explain(command),
            Some(Command::Verify(command)) => Action::Verify(command),
        }
    }
}

/// An empty variable says nothing: so `VARIABLE=${NOT_SET}` does no harm.
fn unset_if_empty(argument: Arg) -> Arg {
    let value = argument.get_env().and_then(std::env::var_os);
    if value.is_some_and(|value| value.is_empty()) {
        argument.env(None)
    } else {
        argument
    }
}

/// The command that `word` is probably a misspelling of.
pub(crate) fn similar_command(word: &str) -> Option<String> {
    Cli::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .find(|name| name != word && distance(name, word) <= name.len() / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn misspelt_commands_are_recognised() {
        assert_eq!(similar_command("rulse").as_deref(), Some("rules"));
        assert_eq!(similar_command("rule").as_deref(), Some("rules"));
        assert_eq!(similar_command("app.log"), None);
        assert_eq!(similar_command("rules"), None);
    }
}
