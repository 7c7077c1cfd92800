//! Packs: rules as data. Parsed, not validated: a [`Pack`] that exists is right.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use toml::Spanned;

use crate::core::dialect;
use crate::core::field::{BenignSource, Demand, Matching, NameSource, Syntax, Word};
use crate::core::form::{Form, Written, Wrong};
use crate::core::limits::Profile;
use crate::core::rule::{Block, Example, RuleSource, Texts, derived_anchors};
use crate::core::template;
use crate::core::verify::VerifySpec;

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
        let raw = RawRule {
            about: "given on the command line".to_owned(),
            pattern: pattern.to_owned(),
            profiles: Some(Profile::ALL.map(|profile| profile.name().to_owned()).into()),
            ..RawRule::empty(&id)
        };
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

/// How the entries of a pack are taken.
#[derive(Clone, Copy, Default)]
struct Parsing {
    /// The pack is embedded, and so was tried out by the tests.
    trusted: bool,
    /// The pack runs only where it is enabled.
    optional: bool,
}

/// A file; its entries with their places where it is TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack<R, N, B> {
    about: Option<String>,
    #[serde(default)]
    optional: bool,
    #[serde(default = "Vec::new")]
    rule: Vec<R>,
    #[serde(default = "Vec::new")]
    name: Vec<N>,
    #[serde(default = "Vec::new")]
    benign: Vec<B>,
    #[serde(default)]
    allowed_values: Vec<String>,
}

impl RawPack<RawRule, RawName, RawBenign> {
    fn unplaced(self) -> RawPack<Spanned<RawRule>, Spanned<RawName>, Spanned<RawBenign>> {
        fn all<T>(entries: Vec<T>) -> Vec<Spanned<T>> {
            let place = |entry| Spanned::new(0..0, entry);
            entries.into_iter().map(place).collect()
        }
        RawPack {
            about: self.about,
            optional: self.optional,
            rule: all(self.rule),
            name: all(self.name),
            benign: all(self.benign),
            allowed_values: self.allowed_values,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawName {
    id: String,
    about: String,
    words: Vec<String>,
    #[serde(rename = "match")]
    matching: Matching,
    #[serde(default)]
    value: Demand,
    #[serde(default)]
    syntax: Syntax,
    #[serde(default)]
    counts: bool,
    profiles: Option<Vec<String>>,
    source: String,
    #[serde(default)]
    examples: Vec<(String, String)>,
    #[serde(default)]
    passes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBenign {
    words: Vec<String>,
    #[serde(rename = "match")]
    matching: Matching,
    reason: String,
    profiles: Option<Vec<String>>,
    #[serde(default)]
    passes: Vec<String>,
}

impl RawName {
    fn parse(self, pack: &str, optional: bool) -> Result<NameSource, Wrong> {
        if !is_id(&self.id) {
            return Err(("id", "use a-z, 0-9 and `-` only".to_owned()));
        }
        if self.matching == Matching::Suffix {
            return Err((
                "match",
                "suffix is for exceptions; use substring, segment or exact".to_owned(),
            ));
        }
        let words = parse_words(&self.words)?;
        if self.syntax == Syntax::Service
            && let Some(word) = words.iter().find(|word| !word.is_single())
        {
            let what = format!(
                "{:?}: a service's name is one word of four letters or more",
                word.text
            );
            return Err(("words", what));
        }
        Ok(NameSource {
            full_id: format!("{pack}/{}", self.id),
            id: self.id,
            about: self.about,
            words,
            matching: self.matching,
            demand: self.value,
            syntax: self.syntax,
            counts: self.counts,
            profiles: parse_profiles(self.profiles.as_deref())?,
            optional,
            source: self.source,
            examples: expanded_pairs(&self.examples),
            passes: expanded(&self.passes),
        })
    }
}

impl RawBenign {
    fn parse(self) -> Result<BenignSource, Wrong> {
        if self.reason.is_empty() {
            return Err(("reason", "say why these names are harmless".to_owned()));
        }
        Ok(BenignSource {
            words: parse_words(&self.words)?,
            matching: self.matching,
            reason: self.reason,
            // `strict` has no exceptions.
            profiles: match self.profiles {
                None => vec![Profile::Standard],
                Some(profiles) => parse_profiles(Some(&profiles))?,
            },
            passes: expanded(&self.passes),
        })
    }
}

fn parse_words(words: &[String]) -> Result<Vec<Word>, Wrong> {
    if words.is_empty() {
        return Err(("words", "name at least one".to_owned()));
    }
    words
        .iter()
        .map(|word| Word::new(word).map_err(|what| ("words", format!("{word:?}: {what}"))))
        .collect()
}

fn expanded(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| template::expand(text)).collect()
}

fn expanded_pairs(pairs: &[(String, String)]) -> Vec<Example> {
    pairs
        .iter()
        .map(|(input, output)| Example {
            input: template::expand(input),
            output: template::expand(output),
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    about: String,
    pattern: String,
    anchors: Option<Vec<String>>,
    #[serde(default)]
    ignore_case: bool,
    #[serde(default)]
    lead: usize,
    #[serde(default)]
    secret: usize,
    before: Option<String>,
    after: Option<String>,
    reach: Option<usize>,
    verify: Option<VerifySpec>,
    profiles: Option<Vec<String>>,
    block: Option<Block>,
    source: String,
    #[serde(default)]
    examples: Vec<(String, String)>,
    #[serde(default)]
    passes: Vec<String>,
}

impl RawRule {
    fn empty(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            about: String::new(),
            pattern: String::new(),
            anchors: None,
            ignore_case: false,
            lead: 0,
            secret: 0,
            before: None,
            after: None,
            reach: None,
            verify: None,
            profiles: None,
            block: None,
            source: String::new(),
            examples: Vec::new(),
            passes: Vec::new(),
        }
    }

    fn parse(self, pack: &str, how: Parsing) -> Result<RuleSource, Wrong> {
        if !is_id(&self.id) {
            return Err(("id", "use a-z, 0-9 and `-` only".to_owned()));
        }
        // The embedded rules are tried out by the tests, and most are never run. Those of
        // optional packs do without derived anchors.
        let form = if how.trusted && (self.anchors.is_some() || how.optional) {
            OnceLock::new()
        } else {
            OnceLock::from(self.written().parse()?)
        };
        if let Some(spec) = &self.verify {
            spec.verifier()
                .map_err(|what| ("verify", what.to_owned()))?;
        }
        if self.reach == Some(0) {
            return Err(("reach", "a reach is at least 1 byte".to_owned()));
        }
        Ok(RuleSource {
            full_id: format!("{pack}/{}", self.id),
            anchors: self.parse_anchors(form.get())?,
            profiles: parse_profiles(self.profiles.as_deref())?,
            optional: how.optional,
            classes: [self.before, self.after],
            form: Arc::new(form),
            id: self.id,
            about: self.about,
            pattern: self.pattern,
            ignore_case: self.ignore_case,
            lead: self.lead,
            secret: self.secret,
            reach: self.reach,
            verify: self.verify,
            block: self.block,
            source: self.source,
            texts: Arc::new(Texts::new(self.examples, self.passes)),
        })
    }

    fn written(&self) -> Written<'_> {
        Written {
            pattern: &self.pattern,
            ignore_case: self.ignore_case,
            secret: self.secret,
            before: self.before.as_deref(),
            after: self.after.as_deref(),
        }
    }

    /// As written, else derived from the parsed form.
    fn parse_anchors(&self, form: Option<&Form>) -> Result<Vec<Vec<u8>>, Wrong> {
        let Some(anchors) = &self.anchors else {
            return Ok(form
                .and_then(|form| derived_anchors(&form.hir))
                .unwrap_or_default());
        };
        if anchors.is_empty() || anchors.iter().any(String::is_empty) {
            let what = "name at least one literal, or leave the key out to have them derived";
            return Err(("anchors", what.to_owned()));
        }
        let mut all = Vec::new();
        for anchor in anchors {
            all.extend(dialect::in_anchor(anchor).map_err(|what| ("anchors", what.to_owned()))?);
        }
        all.sort();
        all.dedup();
        Ok(all)
    }
}

fn parse_profiles(names: Option<&[String]>) -> Result<Vec<Profile>, Wrong> {
    let Some(names) = names else {
        return Ok(vec![Profile::Standard, Profile::Strict]);
    };
    if names.is_empty() {
        return Err((
            "profiles",
            "name at least one, or leave the key out".to_owned(),
        ));
    }
    names
        .iter()
        .map(|name| {
            name.parse()
                .map_err(|error| ("profiles", format!("{name:?}: {error}")))
        })
        .collect()
}
