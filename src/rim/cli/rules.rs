//! `blackbar rules`: what is looked for, and whether rules hold.

use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use blackbar::check::check_pack;
use blackbar::{
    BenignSource, Demand, Example, NameSource, Pack, Profile, RuleSource, embedded_packs,
};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::rim::cli::distance;
use crate::rim::config::{ConfigError, pack_files, read_pack, read_packs};
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::report;
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
}

/// Rules beside the embedded ones.
#[derive(Args)]
struct AddedRules {
    /// Add the rules of a file, or of every *.toml in a directory; repeatable
    #[arg(long, value_name = "FILE|DIR")]
    rules: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ListFormat {
    /// A table for people
    Text,
    /// A JSON array of objects
    Json,
}

/// Runs the command.
pub(crate) fn run(command: &RulesCommand) -> Result<Exit, Failure> {
    match &command.verb {
        Verb::List { format, added } => list(*format, &added.packs()?),
        Verb::Show { id, added } => show(id, &added.packs()?),
        Verb::Check { paths } => check(paths),
    }
}

impl AddedRules {
    fn packs(&self) -> Result<Vec<Pack>, ConfigError> {
        let mut packs = embedded_packs()?;
        packs.extend(read_packs(&self.rules)?);
        Ok(packs)
    }
}

fn list(format: ListFormat, packs: &[Pack]) -> Result<Exit, Failure> {
    match format {
        ListFormat::Text => print(&table(packs)),
        ListFormat::Json => {
            let rules = all_rules(packs).map(|rule| Entry::Rule(RuleJson::of(rule)));
            let names = all_names(packs).map(|name| Entry::Name(NameJson::of(name)));
            let entries: Vec<Entry<'_>> = rules.chain(names).collect();
            let json = serde_json::to_string_pretty(&entries)
                .unwrap_or_else(|_| unreachable!("texts and numbers are always JSON"));
            print(&(json + "\n"))
        }
    }
}

fn table(packs: &[Pack]) -> String {
    let mut rows = vec![["ID".to_owned(), "PROFILES".to_owned(), "ABOUT".to_owned()]];
    rows.extend(all_rules(packs).map(|rule| {
        [
            rule.full_id().to_owned(),
            profiles_column(rule.profiles(), rule.is_optional()),
            rule.about().to_owned(),
        ]
    }));
    rows.extend(all_names(packs).map(|name| {
        [
            name.full_id().to_owned(),
            profiles_column(name.profiles(), name.is_optional()),
            name.about().to_owned(),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let mut lines = String::new();
    for [id, profiles, about] in &rows {
        let _ = writeln!(lines, "{id:<first$}  {profiles:<second$}  {about}");
    }
    lines
}

fn show(id: &str, packs: &[Pack]) -> Result<Exit, Failure> {
    let found: Vec<&RuleSource> = packs
        .iter()
        .flat_map(|pack| pack.rules().iter().map(move |rule| (pack.name(), rule)))
        .filter(|(pack, rule)| rule.full_id() == id || *pack == id)
        .map(|(_, rule)| rule)
        .collect();
    let names = packs
        .iter()
        .flat_map(|pack| pack.names().iter().map(move |name| (pack.name(), name)))
        .filter(|(pack, name)| name.full_id() == id || *pack == id)
        .map(|(_, name)| described_name(name));
    let mut texts: Vec<String> = found.into_iter().map(described).chain(names).collect();
    if texts.is_empty() {
        return Err(Failure::Usage(unknown_id(id, packs)));
    }
    let benign = packs.iter().filter(|pack| pack.name() == id);
    texts.extend(benign.flat_map(Pack::benign).map(described_benign));
    print(&texts.join("\n"))
}

/// What to say of an id that is of nothing: the nearest that there is.
pub(crate) fn unknown_id(id: &str, packs: &[Pack]) -> String {
    let names = packs.iter().map(Pack::name);
    let nearest = all_rules(packs)
        .map(RuleSource::full_id)
        .chain(all_names(packs).map(NameSource::full_id))
        .chain(names)
        .min_by_key(|name| distance(name, id))
        .filter(|name| distance(name, id) <= name.len() / 3);
    let hint = nearest.map_or_else(
        || "see `blackbar rules list`".to_owned(),
        |name| format!("did you mean `{name}`?"),
    );
    format!("no rule, name or pack `{id}`; {hint}")
}

/// A rule for people, one key a line.
fn described(rule: &RuleSource) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &dyn Display| {
        let _ = writeln!(text, "{key:<9} {value}");
    };
    line("id", &rule.full_id());
    line("about", &rule.about());
    line("pattern", &rule.pattern());
    line("anchors", &anchors(rule).join("  "));
    line(
        "secret",
        &match rule.secret() {
            0 => "the whole match".to_owned(),
            group => format!("group {group}"),
        },
    );
    if let Some(reach) = rule.reach() {
        line("reach", &reach);
    }
    if let Some(verify) = verify(rule) {
        line("verify", &verify);
    }
    let profiles = profiles_column(rule.profiles(), rule.is_optional());
    line("profiles", &profiles);
    line("source", &rule.source());
    text + &described_texts(rule.examples(), rule.passes())
}

fn described_texts(examples: &[Example], passes: &[String]) -> String {
    let mut text = String::new();
    for example in examples {
        let _ = writeln!(text, "example   {}", example.input.escape_debug());
        let _ = writeln!(text, "  becomes {}", example.output.escape_debug());
    }
    for passes in passes {
        let _ = writeln!(text, "passes    {}", passes.escape_debug());
    }
    text
}

/// A name of fields for people.
fn described_name(name: &NameSource) -> String {
    let words: Vec<&str> = name.words().collect();
    let value = match name.demand() {
        Demand::Any => "any",
        Demand::Likely => "likely",
    };
    let mut text = String::new();
    let _ = writeln!(text, "id        {}", name.full_id());
    let _ = writeln!(text, "about     {}", name.about());
    let _ = writeln!(text, "words     {}", words.join(", "));
    let _ = writeln!(text, "match     {}", name.matching().name());
    let _ = writeln!(text, "value     {value}");
    let profiles = profiles_column(name.profiles(), name.is_optional());
    let _ = writeln!(text, "profiles  {profiles}");
    let _ = writeln!(text, "source    {}", name.source());
    text + &described_texts(name.examples(), name.passes())
}

/// Names that are not sensitive, for people.
fn described_benign(benign: &BenignSource) -> String {
    let words: Vec<&str> = benign.words().collect();
    let mut text = String::new();
    let _ = writeln!(text, "benign    {}", words.join(", "));
    let _ = writeln!(text, "match     {}", benign.matching().name());
    let _ = writeln!(text, "reason    {}", benign.reason());
    text + &described_texts(&[], benign.passes())
}

/// A rule or a name for programs.
#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Rule(RuleJson<'a>),
    Name(NameJson<'a>),
}

/// A name of fields for programs.
#[derive(Serialize)]
struct NameJson<'a> {
    id: &'a str,
    about: &'a str,
    words: Vec<&'a str>,
    #[serde(rename = "match")]
    matching: &'static str,
    value: &'static str,
    profiles: Vec<&'static str>,
    optional: bool,
    source: &'a str,
}

impl<'a> NameJson<'a> {
    fn of(name: &'a NameSource) -> Self {
        Self {
            id: name.full_id(),
            about: name.about(),
            words: name.words().collect(),
            matching: name.matching().name(),
            value: match name.demand() {
                Demand::Any => "any",
                Demand::Likely => "likely",
            },
            profiles: name
                .profiles()
                .iter()
                .map(|profile| profile.name())
                .collect(),
            optional: name.is_optional(),
            source: name.source(),
        }
    }
}

/// A rule for programs.
#[derive(Serialize)]
struct RuleJson<'a> {
    id: &'a str,
    about: &'a str,
    pattern: &'a str,
    anchors: Vec<String>,
    secret: usize,
    reach: Option<usize>,
    verify: Option<String>,
    profiles: Vec<&'static str>,
    optional: bool,
    source: &'a str,
}

impl<'a> RuleJson<'a> {
    fn of(rule: &'a RuleSource) -> Self {
        Self {
            id: rule.full_id(),
            about: rule.about(),
            pattern: rule.pattern(),
            anchors: anchors(rule),
            secret: rule.secret(),
            reach: rule.reach(),
            verify: verify(rule),
            profiles: rule
                .profiles()
                .iter()
                .map(|profile| profile.name())
                .collect(),
            optional: rule.is_optional(),
            source: rule.source(),
        }
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

/// Checks packs and says every problem of each, not just the first.
fn check(paths: &[PathBuf]) -> Result<Exit, Failure> {
    let embedded = embedded_packs().map_err(ConfigError::from)?;
    let mut problems = 0;
    let mut problem = |what: &dyn Display| {
        report(what);
        problems += 1;
    };
    let given = if paths.is_empty() {
        embedded.clone()
    } else {
        given_packs(paths, &mut problem)
    };
    for (index, pack) in given.iter().enumerate() {
        let others = others(index, &given, &embedded);
        for found in check_pack(pack, &others) {
            problem(&found);
        }
    }
    if problems > 0 {
        return Ok(Exit::Configuration);
    }
    let rules = all_rules(&given).count();
    let names = all_names(&given).count();
    print(&format!(
        "packs: {}, rules: {rules}, names: {names}, no problems\n",
        given.len()
    ))
}

fn given_packs(paths: &[PathBuf], problem: &mut impl FnMut(&dyn Display)) -> Vec<Pack> {
    let mut packs = Vec::new();
    for path in paths {
        let read = |files: Vec<PathBuf>| files.into_iter().map(|file| read_pack(&file)).collect();
        let parsed: Vec<_> = pack_files(path).map_or_else(|error| vec![Err(error)], read);
        for pack in parsed {
            match pack {
                Ok(pack) => packs.push(pack),
                Err(error) => problem(&error),
            }
        }
    }
    packs
}

/// The packs that run beside the one at `index`. A given pack stands for the embedded
/// one of its name.
fn others(index: usize, given: &[Pack], embedded: &[Pack]) -> Vec<Pack> {
    let kept = |pack: &&Pack| given.iter().all(|other| other.name() != pack.name());
    let beside = given
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index);
    embedded
        .iter()
        .filter(kept)
        .chain(beside.map(|(_, pack)| pack))
        .cloned()
        .collect()
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
