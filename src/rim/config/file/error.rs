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
    let of_value = ["invalid type: ", "invalid value: "];
    let rest = of_value.iter().find_map(|kind| message.strip_prefix(kind));
    match rest.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, expected)) => {
            let kind = found.split(['"', '`']).next().unwrap_or_default().trim();
            format!("expected {expected}, found {kind}")
        }
        None => message,
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
                "expected a boolean, found string",
            ),
            (
                "invalid type: integer `5`, expected a string",
                "expected a string, found integer",
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
            ("missing field `http`", "missing field `http`"),
        ] {
            assert_eq!(told(message), expected);
        }
    }
}
