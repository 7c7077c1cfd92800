//! What is wrong with a configuration, and where: file, line, column, key, mend. Values
//! are not shown, since one of them may be a secret at the wrong place.

use std::fmt;

use crate::rim::nearest::nearest;

/// What is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", place(.file.as_deref(), *.at, .key))]
pub(crate) struct Wrong {
    /// The file as it was named; what stands on the command line has none.
    pub(crate) file: Option<String>,
    /// Line and column, counted from 1.
    pub(crate) at: Option<(usize, usize)>,
    /// The key with the tables around it: `listen.route.upstream`; empty for the file.
    pub(crate) key: String,
    /// What is wrong, and the mend.
    pub(crate) what: String,
}

/// All that is wrong, at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrongs(Vec<Wrong>);

impl Wrongs {
    /// What is wrong, in the order of the places.
    pub(crate) fn sorted(mut found: Vec<Wrong>) -> Self {
        found.sort_by_key(|wrong| wrong.at);
        Self(found)
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Wrong> {
        self.0.iter()
    }
}

impl From<Wrong> for Wrongs {
    fn from(wrong: Wrong) -> Self {
        Self(vec![wrong])
    }
}

impl std::error::Error for Wrongs {}

impl fmt::Display for Wrongs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.iter().map(ToString::to_string).collect();
        f.write_str(&all.join("; "))
    }
}

fn place(file: Option<&str>, at: Option<(usize, usize)>, key: &str) -> String {
    let at = at.map(|(line, column)| format!(":{line}:{column}"));
    let place = file.unwrap_or_default().to_owned() + &at.unwrap_or_default();
    let key = if key.is_empty() {
        String::new()
    } else {
        format!("key `{key}`: ")
    };
    if place.is_empty() {
        key
    } else {
        format!("{place}: {key}")
    }
}

/// A place in a configuration: keys, and indices of arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(pub(crate) Vec<Step>);

/// A step further down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a table.
    Key(String),
    /// Into an array.
    Index(usize),
}

impl KeyPath {
    /// The place below it that a key names.
    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// The place below it that an index names.
    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

/// Without the indices, which a line number tells better.
impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        f.write_str(&keys.collect::<Vec<_>>().join("."))
    }
}

/// What serde says, without the value that it says it of, and with the word that was
/// probably meant.
pub(crate) fn told(message: &str) -> String {
    let message = message.replace('\n', " ");
    if let Some(rest) = message.strip_prefix("unknown field `") {
        return unknown(rest, "there is no such key");
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        return unknown(rest, "there is no such choice");
    }
    if let Some(key) = missing(&message) {
        return format!("the key `{key}` is missing; write it");
    }
    let expected = |rest: &str| {
        let expected = rest.rsplit_once(", expected ").map_or("", |split| split.1);
        in_words(expected).to_owned()
    };
    if let Some(rest) = message.strip_prefix("invalid value: ") {
        return format!("write {}", expected(rest));
    }
    if let Some(rest) = message.strip_prefix("invalid type: ") {
        let found = rest.split(['"', '`', ',']).next().unwrap_or_default();
        return format!("write {}, not {}", expected(rest), in_words(found.trim()));
    }
    match message.split_once("wanted string or table") {
        Some(_) => "write one of the words that the key takes, in quotes".to_owned(),
        None => message,
    }
}

/// The key that serde says is missing.
pub(crate) fn missing(message: &str) -> Option<&str> {
    let key = message.strip_prefix("missing field `")?;
    key.strip_suffix('`')
}

/// What serde calls a kind of value, as people would who write one.
fn in_words(kind: &str) -> &str {
    match kind {
        "u32" => "a whole number from 0 to 4294967295",
        "usize" | "u64" => "a whole number, 0 or more",
        "integer" => "a whole number",
        "floating point" => "a number with a point",
        "a boolean" | "boolean" => "true or false",
        "a string" => "text in quotes",
        "string" => "text",
        "path string" => "a path in quotes",
        "a sequence" => "a list in brackets",
        "sequence" => "a list",
        "map" => "a table",
        kind if kind.starts_with("struct ") => "a table of keys",
        kind => kind,
    }
}

/// `rest` is what follows the word's opening backtick: the word and the choices.
fn unknown(rest: &str, what: &str) -> String {
    // A word may hold backticks itself; the choices do not.
    let (word, choices) = rest.rsplit_once("`, expected ").unwrap_or((rest, ""));
    let choices: Vec<&str> = choices.split('`').skip(1).step_by(2).collect();
    match nearest(word, choices.iter().copied()) {
        Some(meant) => format!("{what}; did you mean `{meant}`?"),
        None => format!("{what}; there are {}", choices.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_told() {
        for (message, expected) in [
            (
                "invalid type: string \"hunter2, expected `x`\", expected a boolean",
                "write true or false, not text",
            ),
            (
                "invalid type: integer `5`, expected a string",
                "write text in quotes, not a whole number",
            ),
            (
                "invalid value: integer `-1`, expected u32",
                "write a whole number from 0 to 4294967295",
            ),
            (
                "invalid type: sequence, expected struct Detect",
                "write a table of keys, not a list",
            ),
            (
                "unknown variant `hunter2`, expected one of `text`, `json`",
                "there is no such choice; there are text, json",
            ),
            (
                "unknown variant `jsno`, expected `text` or `json`",
                "there is no such choice; did you mean `json`?",
            ),
            (
                "unknown field `lisen`, expected one of `log`, `listen`",
                "there is no such key; did you mean `listen`?",
            ),
            (
                "missing field `http`",
                "the key `http` is missing; write it",
            ),
        ] {
            assert_eq!(told(message), expected);
        }
    }
}
