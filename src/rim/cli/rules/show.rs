//! `rules show`: all of a rule or of a name of fields.

use std::fmt::{Display, Write as _};

use blackbar::{BenignSource, Demand, Example, NameSource, Pack, RuleSource};

use super::{anchors, print, profiles_column, verify};
use crate::rim::config::unknown_id;
use crate::rim::exit::{Exit, Failure};

/// Shows what is called `id`.
pub(super) fn show(id: &str, packs: &[Pack]) -> Result<Exit, Failure> {
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
