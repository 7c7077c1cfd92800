//! The entries of a pack as its file writes them, and what is made of them.

use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use toml::Spanned;

use super::is_id;
use crate::core::dialect;
use crate::core::field::{BenignSource, Demand, Matching, NameSource, Syntax, Word};
use crate::core::form::{Form, Written, Wrong};
use crate::core::limits::Profile;
use crate::core::rule::{Block, Example, RuleSource, Texts, derived_anchors};
use crate::core::template;
use crate::core::verify::VerifySpec;

/// How the entries of a pack are taken.
#[derive(Clone, Copy, Default)]
pub(super) struct Parsing {
    /// The pack is embedded, and so was tried out by the tests.
    pub(super) trusted: bool,
    /// The pack runs only where it is enabled.
    pub(super) optional: bool,
}

/// A file; its entries with their places where it is TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPack<R, N, B> {
    pub(super) about: Option<String>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default = "Vec::new")]
    pub(super) rule: Vec<R>,
    #[serde(default = "Vec::new")]
    pub(super) name: Vec<N>,
    #[serde(default = "Vec::new")]
    pub(super) benign: Vec<B>,
    #[serde(default)]
    pub(super) allowed_values: Vec<String>,
}

impl RawPack<RawRule, RawName, RawBenign> {
    pub(super) fn unplaced(
        self,
    ) -> RawPack<Spanned<RawRule>, Spanned<RawName>, Spanned<RawBenign>> {
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
pub(super) struct RawName {
    pub(super) id: String,
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
pub(super) struct RawBenign {
    pub(super) words: Vec<String>,
    #[serde(rename = "match")]
    matching: Matching,
    reason: String,
    profiles: Option<Vec<String>>,
    #[serde(default)]
    passes: Vec<String>,
}

impl RawName {
    pub(super) fn parse(self, pack: &str, optional: bool) -> Result<NameSource, Wrong> {
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
    pub(super) fn parse(self) -> Result<BenignSource, Wrong> {
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
pub(super) struct RawRule {
    pub(super) id: String,
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
    /// A pattern of the user's, in every profile.
    pub(super) fn of_pattern(id: &str, pattern: &str) -> Self {
        Self {
            id: id.to_owned(),
            about: "given on the command line".to_owned(),
            pattern: pattern.to_owned(),
            anchors: None,
            ignore_case: false,
            lead: 0,
            secret: 0,
            before: None,
            after: None,
            reach: None,
            verify: None,
            profiles: Some(Profile::ALL.map(|profile| profile.name().to_owned()).into()),
            block: None,
            source: String::new(),
            examples: Vec::new(),
            passes: Vec::new(),
        }
    }

    pub(super) fn parse(self, pack: &str, how: Parsing) -> Result<RuleSource, Wrong> {
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
