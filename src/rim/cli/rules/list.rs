//! `rules list`: every rule and name with its profiles, for people or for programs.

use std::fmt::Write as _;

use blackbar::{Demand, NameSource, Pack, RuleSource};
use clap::ValueEnum;
use serde::Serialize;

use super::{all_names, all_rules, anchors, print, profiles_column, verify};
use crate::rim::exit::{Exit, Failure};

/// How a list is written.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ListFormat {
    /// A table for people
    Text,
    /// A JSON array of objects
    Json,
}

/// Lists what `packs` hold.
pub(super) fn list(format: ListFormat, packs: &[Pack]) -> Result<Exit, Failure> {
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
