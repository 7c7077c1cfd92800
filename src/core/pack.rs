//! Packs: rules as data. Parsed, not validated: a [`Pack`] that exists is right.

mod embedded;
mod raw;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::core::field::{BenignSource, Demand, Matching, NameSource, Syntax, Word};
use crate::core::limits::Profile;
use crate::core::rule::{RuleSource, Text, Told};
use embedded::{EMBEDDED, Embedded};
use raw::{Parsing, RawBenign, RawPack};

/// The packs that are compiled into the library, by name.
///
/// # Errors
///
/// None in a library that passed its tests.
pub fn embedded_packs() -> Result<Vec<Pack>, PackError> {
    collect(EMBEDDED.iter().map(Pack::embedded))
}

/// The rules of one file.
///
/// ```
/// let pack = blackbar::Pack::parse("acme", "acme.toml", r#"
///     [[rule]]
///     id = "key"
///     about = "Key of the Acme API"
///     pattern = "acme_[a-z0-9]{8,}"
///     anchors = ["acme_"]
///     source = "https://acme.example/docs/keys"
///     examples = [["use {acme_|hex*12}.", "use [REDACTED]."]]
/// "#)?;
/// assert_eq!(pack.rules()[0].full_id(), "acme/key");
/// # Ok::<(), blackbar::PackError>(())
/// ```
#[derive(Clone)]
pub struct Pack {
    name: Text,
    origin: Text,
    about: Text,
    optional: bool,
    rules: Vec<RuleSource>,
    names: Vec<NameSource>,
    benign: Vec<BenignSource>,
    allowed_values: Vec<Text>,
}

/// What is wrong with a pack: where, which rule and key, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}:{line}: {}{what}", place(.rule.as_deref(), *.key))]
pub struct PackError {
    /// The file, as it was named.
    pub origin: String,
    /// Counted from 1.
    pub line: usize,
    /// The rule's id, where it has one.
    pub rule: Option<String>,
    /// The key within the rule.
    pub key: Option<&'static str>,
    /// What is wrong and the mend.
    pub what: String,
}

fn place(rule: Option<&str>, key: Option<&str>) -> String {
    match (rule, key) {
        (None, _) => String::new(),
        (Some(rule), None) => format!("rule \"{rule}\": "),
        (Some(rule), Some(key)) => format!("rule \"{rule}\", key `{key}`: "),
    }
}

const ID_IS_TAKEN: &str = "the id is taken; ids are unique in a file";

impl Pack {
    /// Parses a pack. `name` is the first half of its rules' full ids, `origin` the
    /// file as errors name it.
    ///
    /// # Errors
    ///
    /// Unknown keys, duplicate ids, patterns that do not parse or match nothing,
    /// groups that are not there, verifiers whose parameters do not fit.
    pub fn parse(name: &str, origin: &str, text: &str) -> Result<Self, PackError> {
        let at = Origin { origin, text };
        if !is_id(name) {
            let what =
                format!("the pack's name {name:?} is not of a-z, 0-9 and `-`; rename the file");
            return Err(at.error(0..0, None, None, what));
        }
        let raw: RawPack = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            at.error(span, None, None, error.message().replace('\n', " "))
        })?;
        Self::of_raw(name, &at, raw)
    }

    /// A pack of `patterns/`, which the tests have tried out.
    fn embedded(embedded: &Embedded) -> Result<Self, PackError> {
        let at = Origin {
            origin: embedded.origin,
            text: "",
        };
        let how = Parsing {
            trusted: true,
            optional: embedded.optional,
        };
        let (name, optional) = (embedded.name, embedded.optional);
        let rules = embedded.rules.iter().map(Told::Embedded);
        let names = embedded.names.iter().cloned();
        let benign = embedded.benign.iter().cloned();
        let wrong = |(key, what)| at.error(0..0, None, Some(key), what);
        Ok(Self {
            name: name.into(),
            origin: embedded.origin.into(),
            about: embedded.about.into(),
            optional,
            rules: collect(rules.map(|rule| raw::parse_rule(rule, name, how))).map_err(wrong)?,
            names: collect(names.map(|entry| entry.parse(name, optional))).map_err(wrong)?,
            benign: collect(benign.map(RawBenign::parse)).map_err(wrong)?,
            allowed_values: embedded.allowed_values.to_vec(),
        })
    }

    fn of_raw(name: &str, at: &Origin<'_>, raw: RawPack) -> Result<Self, PackError> {
        if raw.rule.is_empty()
            && raw.name.is_empty()
            && raw.benign.is_empty()
            && raw.allowed_values.is_empty()
        {
            let what =
                "the pack is empty; write at least one [[rule]], [[name]] or [[benign]]".to_owned();
            return Err(at.error(0..0, None, None, what));
        }
        if let Some(value) = raw.allowed_values.iter().find(|value| !is_allowable(value)) {
            let what = format!("allowed_values: {}", not_allowable(value));
            return Err(at.error(0..0, None, None, what));
        }
        let mut ids = HashSet::new();
        let mut is_taken = |id: &Text| !ids.insert(id.clone());
        let rules = raw
            .rule
            .into_iter()
            .map(|rule| {
                let span = rule.span();
                let rule = rule.into_inner();
                let id = rule.id.clone();
                let taken = is_taken(&id);
                let error = |key, what| at.error(span, Some(id.into_owned()), Some(key), what);
                if taken {
                    return Err(error("id", ID_IS_TAKEN.to_owned()));
                }
                let how = Parsing {
                    trusted: false,
                    optional: raw.optional,
                };
                let told = Told::Read(Arc::new(rule));
                let parsed = raw::parse_rule(told, name, how);
                parsed.map_err(|(key, what)| error(key, what))
            })
            .collect::<Result<_, _>>()?;
        let names = raw
            .name
            .into_iter()
            .map(|entry| {
                let span = entry.span();
                let entry = entry.into_inner();
                let id = entry.id.clone();
                let taken = is_taken(&id);
                let error = |key, what| at.error(span, Some(id.into_owned()), Some(key), what);
                if taken {
                    return Err(error("id", ID_IS_TAKEN.to_owned()));
                }
                let parsed = entry.parse(name, raw.optional);
                parsed.map_err(|(key, what)| error(key, what))
            })
            .collect::<Result<_, _>>()?;
        let benign = raw
            .benign
            .into_iter()
            .map(|entry| {
                let span = entry.span();
                let entry = entry.into_inner();
                let id = entry.words.first().cloned();
                entry.parse().map_err(|(key, what)| {
                    at.error(span, id.map(Text::into_owned), Some(key), what)
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.to_owned().into(),
            origin: at.origin.to_owned().into(),
            about: raw.about.unwrap_or_default(),
            optional: raw.optional,
            rules,
            names,
            benign,
            allowed_values: raw.allowed_values.into_iter().map(Text::from).collect(),
        })
    }

    /// A pack of what a user gives by hand: sensitive names, names that never are, and
    /// values that stay.
    ///
    /// # Errors
    ///
    /// Where a name has no letter or digit, or a value is empty or too long.
    pub fn of_fields(
        names: &[String],
        benign: &[String],
        allowed_values: &[String],
    ) -> Result<Self, PackError> {
        let wrong = |option: &str, what: &str| PackError {
            origin: option.to_owned(),
            line: 1,
            rule: None,
            key: None,
            what: what.to_owned(),
        };
        let mut pack = Self {
            name: COMMAND_LINE.into(),
            origin: "--field".into(),
            about: Text::default(),
            optional: false,
            rules: Vec::new(),
            names: Vec::new(),
            benign: Vec::new(),
            allowed_values: allowed_values.iter().cloned().map(Text::from).collect(),
        };
        for name in names {
            let word = Word::new(name.clone().into()).map_err(|what| wrong("--field", what))?;
            let full_id = format!("{COMMAND_LINE}/{}", slug(name));
            if pack.names.iter().any(|other| other.full_id == full_id) {
                continue;
            }
            pack.names.push(NameSource {
                full_id,
                about: "given on the command line".into(),
                words: vec![word],
                matching: Matching::Segment,
                demand: Demand::Any,
                syntax: Syntax::Plain,
                counts: false,
                profiles: Cow::Borrowed(&Profile::ALL),
                optional: false,
                source: Text::default(),
                texts: Arc::default(),
            });
        }
        for name in benign {
            let word =
                Word::new(name.clone().into()).map_err(|what| wrong("--allow-field", what))?;
            pack.benign.push(BenignSource {
                words: vec![word],
                matching: Matching::Exact,
                reason: "given on the command line".into(),
                profiles: Cow::Borrowed(&Profile::ALL),
                texts: Arc::default(),
            });
        }
        match allowed_values.iter().find(|value| !is_allowable(value)) {
            Some(value) => Err(wrong("--allow-value", not_allowable(value))),
            None => Ok(pack),
        }
    }

    /// A pack of one rule for a pattern of the user's: the whole match is masked.
    ///
    /// # Errors
    ///
    /// Where the pattern does not parse, or matches nothing.
    pub fn of_pattern(number: usize, pattern: &str) -> Result<Self, PackError> {
        let id = format!("pattern-{number}");
        let entry = raw::rule_of_pattern(&id, pattern);
        let origin = "--pattern";
        let told = Told::Read(Arc::new(entry));
        let rule =
            raw::parse_rule(told, COMMAND_LINE, Parsing::default()).map_err(|(_, what)| {
                PackError {
                    origin: origin.to_owned(),
                    line: number,
                    rule: None,
                    key: None,
                    what,
                }
            })?;
        Ok(Self {
            name: COMMAND_LINE.into(),
            origin: origin.into(),
            about: Text::default(),
            optional: false,
            rules: vec![rule],
            names: Vec::new(),
            benign: Vec::new(),
            allowed_values: Vec::new(),
        })
    }

    /// The pack with one of its rules alone.
    pub(crate) fn only(&self, id: &str) -> Self {
        let mut one = self.clone();
        one.rules.retain(|rule| rule.id() == id);
        one.names.clear();
        one
    }

    /// The pack with its names and exceptions alone.
    pub(crate) fn without_rules(&self) -> Self {
        let mut names = self.clone();
        names.rules.clear();
        names
    }

    /// The first half of its rules' full ids.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file, as errors name it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// One line on what its rules have in common.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Whether its rules and names run only where they are enabled, with
    /// [`Builder::enable`](crate::Builder::enable) or `--pack`.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// The rules in the order of the file.
    pub fn rules(&self) -> &[RuleSource] {
        &self.rules
    }

    /// The rules, which the pack then has no more.
    pub(crate) fn take_rules(&mut self) -> Vec<RuleSource> {
        std::mem::take(&mut self.rules)
    }

    /// The names, which the pack then has no more.
    pub(crate) fn take_names(&mut self) -> Vec<NameSource> {
        std::mem::take(&mut self.names)
    }

    /// The names of sensitive fields in the order of the file.
    pub fn names(&self) -> &[NameSource] {
        &self.names
    }

    /// The names that look sensitive and are not.
    pub fn benign(&self) -> &[BenignSource] {
        &self.benign
    }

    /// Values that stay, whatever their name.
    pub fn allowed_values(&self) -> impl Iterator<Item = &str> {
        self.allowed_values.iter().map(|value| &**value)
    }
}

/// The name of the pack of what is given by hand.
pub(crate) const COMMAND_LINE: &str = "command-line";

/// The longest value that can be allowed, in bytes.
const LONGEST_ALLOWED: usize = 128;

fn is_allowable(value: &str) -> bool {
    (1..=LONGEST_ALLOWED).contains(&value.len()) && !value.contains('\n')
}

fn not_allowable(value: &str) -> &'static str {
    if value.is_empty() {
        "an allowed value is not empty"
    } else {
        "an allowed value is one line of at most 128 bytes"
    }
}

/// An id for a name that a user gives.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// Ids are words of a-z, 0-9 and `-`.
fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Into a list of the length that the iterator tells, which those of results are not.
fn collect<T, E>(all: impl ExactSizeIterator<Item = Result<T, E>>) -> Result<Vec<T>, E> {
    let mut list = Vec::with_capacity(all.len());
    for each in all {
        list.push(each?);
    }
    Ok(list)
}

struct Origin<'a> {
    origin: &'a str,
    text: &'a str,
}

impl Origin<'_> {
    fn error(
        &self,
        span: Range<usize>,
        rule: Option<String>,
        key: Option<&'static str>,
        what: String,
    ) -> PackError {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        PackError {
            origin: self.origin.to_owned(),
            line: memchr::memchr_iter(b'\n', before).count() + 1,
            rule,
            key,
            what,
        }
    }
}
