//! `rules import`: rules of other tools.

use std::fs;
use std::path::PathBuf;

use blackbar::core::template::expand;
use blackbar::{BuildError, Pack, Redactor};
use clap::{Args, Subcommand};

use super::made;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::{name, reason, report};
use crate::rim::rules::gitleaks::{Carried, translate};
use crate::rim::rules::pattern::sample;
use crate::rim::rules::written::RuleText;

/// Options of `rules import`.
#[derive(Args)]
pub(super) struct ImportOptions {
    #[command(subcommand)]
    from: From,
}

#[derive(Subcommand)]
enum From {
    /// The rules of a gitleaks configuration
    ///
    /// What is carried over is wider than it was: the last repeat of each branch has no upper
    /// bound, conditions on what follows and allowlists go, and where no `secretGroup` says
    /// which of several groups is the secret the whole match is masked. All of that, and what
    /// cannot be carried over, is said on standard error with its line. What is written passes
    /// `rules check`.
    Gitleaks(GitleaksOptions),
}

#[derive(Args)]
struct GitleaksOptions {
    /// The configuration, TOML with [[rules]]
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The pack's name, the first half of the rules' ids
    #[arg(long, value_name = "NAME", default_value = "gitleaks")]
    pack: String,
    /// The page that the rules name as their source
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://github.com/gitleaks/gitleaks"
    )]
    source: String,
    /// Write the pack to a new file, which must be called after the pack
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Translates, completes, checks and writes.
pub(super) fn run(options: &ImportOptions) -> Result<Exit, Failure> {
    let From::Gitleaks(options) = &options.from;
    made::check_pack_name("--pack", &options.pack)?;
    made::check_name(options.output.as_deref(), &options.pack)?;
    let file = name(&options.file);
    let text = fs::read_to_string(&options.file).map_err(|error| {
        Failure::Usage(format!(
            "cannot read the rules in {file}: {}",
            reason(&error)
        ))
    })?;
    let (carried, notes) = translate(&text, &options.source)
        .map_err(|(line, what)| Failure::Usage(format!("{file}:{line}: {what}")))?;
    let total = carried.len()
        + notes
            .iter()
            .filter(|note| note.what.starts_with("left out"))
            .count();
    for note in notes {
        let rule = note
            .rule
            .map(|rule| format!("{rule}: "))
            .unwrap_or_default();
        report(&format_args!("{file}:{}: {rule}{}", note.line, note.what));
    }
    let mut kept = Vec::new();
    for rule in carried {
        let (line, id) = (rule.line, rule.rule.id.clone());
        let mut note = |what: &str| report(&format_args!("{file}:{line}: rule {id}: {what}"));
        match complete(&rule, &options.pack, &mut note) {
            Ok(rule) => kept.push((line, rule)),
            Err(why) => note(&format!("left out: {why}")),
        }
    }
    drop_what_fails(&mut kept, options, &file)?;
    if kept.is_empty() {
        return Err(Failure::Usage(format!(
            "{file}: no rule could be carried over"
        )));
    }
    let exit = made::write(options.output.as_deref(), &pack_text(&kept))?;
    report(&format_args!(
        "{} of {total} rules carried over; `rules check` finds no problem in them",
        kept.len()
    ));
    Ok(exit)
}

fn pack_text(rules: &[(usize, RuleText)]) -> String {
    let rules: Vec<String> = rules.iter().map(|(_, rule)| rule.to_toml()).collect();
    format!("about = \"Imported from gitleaks\"\n\n{}", rules.join("\n"))
}

/// Finds anchors and an example for a rule.
fn complete(
    carried: &Carried,
    pack: &str,
    note: &mut impl FnMut(&str),
) -> Result<RuleText, String> {
    let (rule, redactor) = with_anchors(carried, pack)?;
    if redactor.rules().all(|rule| rule.anchors().is_empty()) {
        note("no literal is in every match: it is tried everywhere, which costs speed");
    }
    let example = example(carried, &redactor)
        .ok_or("no example could be made that the translated rule finds")?;
    Ok(RuleText {
        examples: vec![example],
        ..rule
    })
}

/// The rule with its keywords as anchors, where every match holds one of them; otherwise
/// anchors are derived from its pattern.
fn with_anchors(carried: &Carried, pack: &str) -> Result<(RuleText, Redactor), String> {
    let mut rule = carried.rule.clone();
    rule.anchors.clone_from(&carried.keywords);
    let mut tries = 0;
    loop {
        let what = match build(&rule, pack) {
            Ok(redactor) => return Ok((rule, redactor)),
            Err(BuildError::Anchors { source, .. }) => source.to_string(),
            Err(BuildError::Automaton { source, .. }) => return Err(source.to_string()),
            Err(error) => return Err(error.to_string()),
        };
        tries += 1;
        // Every match holds one, further in: the proof says how far.
        let lead = what
            .rsplit_once("lead = ")
            .and_then(|(_, lead)| lead.parse().ok());
        match lead {
            Some(lead) if tries == 1 => rule.lead = lead,
            _ => {
                rule.anchors.clear();
                rule.lead = 0;
            }
        }
    }
}

fn build(rule: &RuleText, pack: &str) -> Result<Redactor, BuildError> {
    let pack = Pack::parse(pack, "gitleaks", &rule.to_toml())?;
    Redactor::builder().embedded(false).pack(pack).build()
}

/// How many texts are made of a pattern before it is given up.
const TRIES: usize = 6;

/// A text in which the rule finds exactly the secret.
fn example(carried: &Carried, redactor: &Redactor) -> Option<(String, String)> {
    let secret = carried.rule.secret;
    (0..TRIES)
        .filter_map(|variant| sample(&carried.hir, secret, variant))
        .flat_map(|made| {
            [("see ", " there"), ("", ""), (" ", "")].map(|(head, tail)| {
                let around =
                    |secret: &str| format!("{head}{}{secret}{}{tail}", made.before, made.after);
                (around(&made.secret), around("[REDACTED]"))
            })
        })
        .find(|(input, output)| {
            redactor.redact_document(expand(input).as_bytes()) == expand(output).as_bytes()
        })
}

/// Leaves out what `rules check` does not accept, and says why.
fn drop_what_fails(
    kept: &mut Vec<(usize, RuleText)>,
    options: &GitleaksOptions,
    file: &str,
) -> Result<(), Failure> {
    while !kept.is_empty() {
        let (_, problems) = made::checked(&options.pack, &pack_text(kept))?;
        if problems.is_empty() {
            break;
        }
        let before = kept.len();
        kept.retain(|(line, rule)| {
            let full_id = format!("{}/{}", options.pack, rule.id);
            let mut own = problems
                .iter()
                .filter(|problem| problem.rule.as_ref() == Some(&full_id));
            let first = own.next();
            if let Some(problem) = first {
                report(&format_args!(
                    "{file}:{line}: rule {}: left out: {}",
                    rule.id, problem.what
                ));
            }
            first.is_none()
        });
        if kept.len() == before {
            return Err(Failure::Usage(problems[0].to_string()));
        }
    }
    Ok(())
}
