//! The names of a pack, as its file tells them.

use crate::core::field::{Demand, Entry, FieldNames, Matching, Syntax};

/// The names and exceptions that hold in the profile `standard`.
pub(crate) fn parse(pack: &str, text: &str) -> FieldNames {
    let table: toml::Table = text.parse().unwrap();
    let entries = |key: &str| -> Vec<Entry> {
        let all = table.get(key).and_then(toml::Value::as_array);
        let all = all
            .into_iter()
            .flatten()
            .map(|value| value.as_table().unwrap());
        all.filter(|table| is_standard(table))
            .map(|table| entry(pack, table))
            .collect()
    };
    FieldNames {
        names: entries("name"),
        benign: entries("benign"),
        thorough: false,
    }
}

fn is_standard(table: &toml::Table) -> bool {
    table.get("profiles").is_none_or(|profiles| {
        let profiles = profiles.as_array().unwrap();
        profiles
            .iter()
            .any(|profile| profile.as_str() == Some("standard"))
    })
}

fn entry(pack: &str, table: &toml::Table) -> Entry {
    let text = |key: &str| table.get(key).map_or("", |value| value.as_str().unwrap());
    Entry {
        id: format!("{pack}/{}", text("id")),
        words: table["words"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect(),
        matching: match text("match") {
            "substring" => Matching::Substring,
            "segment" => Matching::Segment,
            "exact" => Matching::Exact,
            "suffix" => Matching::Suffix,
            other => panic!("no matching is called {other}"),
        },
        demand: match text("value") {
            "" | "any" => Demand::Any,
            "likely" => Demand::Likely,
            other => panic!("no demand is called {other}"),
        },
        syntax: match text("syntax") {
            "" | "plain" => Syntax::Plain,
            "authorization" => Syntax::Authorization,
            "cookie" => Syntax::Cookie,
            "service" => Syntax::Service,
            other => panic!("no syntax is called {other}"),
        },
    }
}
