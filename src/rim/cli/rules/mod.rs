//! `blackbar rules`: what is looked for, whether rules hold, and how they are made. One
//! file a verb.

mod check;
mod diff;
mod import;
mod learn;
mod list;
mod made;
mod show;
mod test;

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use blackbar::{NameSource, Pack, Profile, RuleSource, embedded_packs};
use clap::{Args, Subcommand};

use crate::rim::cli::rules::diff::DiffOptions;
use crate::rim::cli::rules::import::ImportOptions;
use crate::rim::cli::rules::learn::LearnOptions;
use crate::rim::cli::rules::list::ListFormat;
use crate::rim::cli::rules::test::TestOptions;
use crate::rim::config::{ConfigError, read_packs};
use crate::rim::exit::{Exit, Failure};
use crate::rim::transport::output::OutputError;

/// Options of `blackbar rules`.
#[derive(Args)]
pub(crate) struct RulesCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List all rules and names of fields with their profiles
    List {
        /// How the list is written
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
        #[command(flatten)]
        added: AddedRules,
    },
    /// Show all of a rule or of a name of fields, or of each in a pack
    Show {
        /// The id of a rule, a name or a pack, such as stripe/secret-key, fields/token or stripe
        id: String,
        #[command(flatten)]
        added: AddedRules,
    },
    /// Test rules with their own examples; without FILE those that blackbar brings along
    ///
    /// Refused are unknown keys, duplicate ids, examples that fail or are missing,
    /// anchors that a match does not contain, patterns that match nothing or the masks
    /// of other rules, and patterns that near misses make slow. The exit code is 0 or 2.
    Check {
        /// Packs, or directories of them
        #[arg(value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,
    },
    /// Run cases of your own: texts, and what must become of them
    ///
    /// A FILE is TOML with one [[case]] a text: `input` and `output`, or `stays` for a text
    /// that must pass; optional `name`, `profile`, `framing` ("line" or "document") and
    /// `rule`, the full id of what must have found it. {prefix|class*n} stands for n
    /// characters as in packs. The exit code is 0, 1 where a case fails, 2 where a file is
    /// wrong.
    Test(Box<TestOptions>),
    /// Say what new rules would mask or stop masking in a log
    ///
    /// Counted by rule and by shape; values are never shown. In a shape A, a and 9 stand for
    /// an upper-case letter, a lower-case one and a digit, h for hexadecimal digits mixed,
    /// w for letters and digits mixed, * for other characters, and a number in braces for how
    /// many. The exit code is 0 where the same bytes are masked and 1 where not.
    Diff(DiffOptions),
    /// Make a rule from samples of a token on standard input, one a line
    ///
    /// The samples are neither stored nor shown: the rule holds what all of them begin
    /// with, the alphabet of the rest and its least length. At least three different ones
    /// are needed, with eight characters or more behind what they begin with. The rule is
    /// written only if `rules check` finds no problem in it.
    Learn(LearnOptions),
    /// Carry over the rules of another tool
    Import(ImportOptions),
}

/// Rules beside the embedded ones.
#[derive(Args)]
struct AddedRules {
    /// Add the rules of a file, or of every *.toml in a directory; repeatable
    #[arg(long, value_name = "FILE|DIR")]
    rules: Vec<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(command: &RulesCommand) -> Result<Exit, Failure> {
    match &command.verb {
        Verb::List { format, added } => list::list(*format, &added.packs()?),
        Verb::Show { id, added } => show::show(id, &added.packs()?),
        Verb::Check { paths } => check::check(paths),
        Verb::Diff(options) => diff::run(options),
        Verb::Learn(options) => learn::run(options),
        Verb::Import(options) => import::run(options),
        Verb::Test(options) => test::run(options),
    }
}

impl AddedRules {
    fn packs(&self) -> Result<Vec<Pack>, ConfigError> {
        let mut packs = embedded_packs()?;
        packs.extend(read_packs(&self.rules)?);
        Ok(packs)
    }
}

fn anchors(rule: &RuleSource) -> Vec<String> {
    rule.anchors()
        .iter()
        .map(|anchor| anchor.escape_ascii().to_string())
        .collect()
}

/// The profiles, and whether that is not enough for the rule to run.
fn profiles_column(profiles: &[Profile], optional: bool) -> String {
    let names = profiles.iter().map(|profile| profile.name());
    let names: Vec<&str> = names.chain(optional.then_some("opt-in")).collect();
    names.join(",")
}

fn verify(rule: &RuleSource) -> Option<String> {
    rule.verify().map(|verify| verify.by.name().to_owned())
}

fn all_names(packs: &[Pack]) -> impl Iterator<Item = &NameSource> {
    packs.iter().flat_map(Pack::names)
}

fn all_rules(packs: &[Pack]) -> impl Iterator<Item = &RuleSource> {
    packs.iter().flat_map(Pack::rules)
}

/// Writes to standard output; a reader that has seen enough may go.
fn print(text: &str) -> Result<Exit, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(OutputError::unwritable("standard output", &error).into())
        }
        _ => Ok(Exit::Done),
    }
}
