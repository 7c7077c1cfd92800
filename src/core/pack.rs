//! Packs: rules as data. Parsed, not validated: a [`Pack`] that exists is right.

mod raw;

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;

use crate::core::field::{BenignSource, Demand, Matching, NameSource, Syntax, Word};
use crate::core::limits::Profile;
use crate::core::rule::RuleSource;
use raw::{Parsing, RawBenign, RawName, RawPack, RawRule};

/// The packs that are compiled into the library: every file of `patterns/` by its name, as
/// JSON, which is read several times as fast as TOML.
const EMBEDDED: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The packs that are compiled into the library, by name.
///
/// # Errors
///
/// None in a library that passed its tests.
pub fn embedded_packs() -> Result<Vec<Pack>, PackError> {
    EMBEDDED
        .iter()
        .map(|(name, json)| Pack::embedded(name, json))
        .collect()
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
    name: String,
    origin: String,
    about: String,
    optional: bool,
    rules: Vec<RuleSource>,
    names: Vec<NameSource>,
    benign: Vec<BenignSource>,
    allowed_values: Vec<String>,
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
        let raw: RawPack<_, _, _> = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            at.error(span, None, None, error.message().replace('\n', " "))
        })?;
        Self::of_raw(name, &at, raw, false)
    }

    /// A pack of `patterns/`, which the tests have tried out.
    fn embedded(name: &str, json: &str) -> Result<Self, PackError> {
        let origin = format!("patterns/{name}.toml");
        let at = Origin {
            origin: &origin,
            text: "",
        };
        let raw: RawPack<RawRule, RawName, RawBenign> = serde_json::from_str(json)
            .map_err(|error| at.error(0..0, None, None, error.to_string()))?;
        Self::of_raw(name, &at, raw.unplaced(), true)
    }

    fn of_raw(
        name: &str,
        at: &Origin<'_>,
        raw: RawPack<Spanned<RawRule>, Spanned<RawName>, Spanned<RawBenign>>,
        trusted: bool,
    ) -> Result<Self, PackError> {
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
        let rules = raw
            .rule
            .into_iter()
            .map(|rule| {
                let span = rule.span();
                let rule = rule.into_inner();
                let id = rule.id.clone();
                if !ids.insert(id.clone()) {
                    let what = "the id is taken; ids are unique in a file".to_owned();
                    return Err(at.error(span, Some(id), Some("id"), what));
                }
                rule.parse(
                    name,
                    Parsing {
                        trusted,
                        optional: raw.optional,
                    },
                )
                .map_err(|(key, what)| at.error(span, Some(id), Some(key), what))
            })
            .collect::<Result<_, _>>()?;
        let names = raw
            .name
            .into_iter()
            .map(|entry| {
                let span = entry.span();
                let entry = entry.into_inner();
                let id = entry.id.clone();
                if !ids.insert(id.clone()) {
                    let what = "the id is taken; ids are unique in a file".to_owned();
                    return Err(at.error(span, Some(id), Some("id"), what));
                }
                entry
                    .parse(name, raw.optional)
                    .map_err(|(key, what)| at.error(span, Some(id), Some(key), what))
            })
            .collect::<Result<_, _>>()?;
        let benign = raw
            .benign
            .into_iter()
            .map(|entry| {
                let span = entry.span();
                let entry = entry.into_inner();
                let id = entry.words.first().cloned();
                entry
                    .parse()
                    .map_err(|(key, what)| at.error(span, id, Some(key), what))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.to_owned(),
            origin: at.origin.to_owned(),
            about: raw.about.unwrap_or_default(),
            optional: raw.optional,
            rules,
            names,
            benign,
            allowed_values: raw.allowed_values,
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
            name: COMMAND_LINE.to_owned(),
            origin: "--field".to_owned(),
            about: String::new(),
            optional: false,
            rules: Vec::new(),
            names: Vec::new(),
            benign: Vec::new(),
            allowed_values: allowed_values.to_vec(),
        };
        for name in names {
            let word = Word::new(name).map_err(|what| wrong("--field", what))?;
            let id = slug(name);
            if pack.names.iter().any(|other| other.id == id) {
                continue;
            }
            pack.names.push(NameSource {
                full_id: format!("{COMMAND_LINE}/{id}"),
                id,
                about: "given on the command line".to_owned(),
                words: vec![word],
                matching: Matching::Segment,
                demand: Demand::Any,
                syntax: Syntax::Plain,
                counts: false,
                profiles: Profile::ALL.into(),
                optional: false,
                source: String::new(),
                examples: Vec::new(),
                passes: Vec::new(),
            });
        }
        for name in benign {
            let word = Word::new(name).map_err(|what| wrong("--allow-field", what))?;
            pack.benign.push(BenignSource {
                words: vec![word],
                matching: Matching::Exact,
                reason: "given on the command line".to_owned(),
                profiles: Profile::ALL.into(),
                passes: Vec::new(),
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
        let raw = RawRule::of_pattern(&id, pattern);
        let origin = "--pattern";
        let rule = raw
            .parse(COMMAND_LINE, Parsing::default())
            .map_err(|(_, what)| PackError {
                origin: origin.to_owned(),
                line: number,
                rule: None,
                key: None,
                what,
            })?;
        Ok(Self {
            name: COMMAND_LINE.to_owned(),
            origin: origin.to_owned(),
            about: String::new(),
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
        one.rules.retain(|rule| rule.id == id);
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

    /// The names of sensitive fields in the order of the file.
    pub fn names(&self) -> &[NameSource] {
        &self.names
    }

    /// The names that look sensitive and are not.
    pub fn benign(&self) -> &[BenignSource] {
        &self.benign
    }

    /// Values that stay, whatever their name.
    pub fn allowed_values(&self) -> &[String] {
        &self.allowed_values
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
