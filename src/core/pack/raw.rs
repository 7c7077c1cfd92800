//! The entries of a pack as its file writes them, and what is made of them.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use toml::Spanned;

use super::is_id;
use crate::core::dialect;
use crate::core::field::{BenignSource, Demand, Matching, NameSource, Syntax, Word};
use crate::core::form::{Form, Wrong};
use crate::core::limits::Profile;
use crate::core::rule::{List, RuleEntry, RuleSource, Text, Texts, Told, derived_anchors};

/// How the entries of a pack are taken.
#[derive(Clone, Copy, Default)]
pub(super) struct Parsing {
    /// The pack is embedded, and so was tried out by the tests.
    pub(super) trusted: bool,
    /// The pack runs only where it is enabled.
    pub(super) optional: bool,
}

/// A file; its entries with their places.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPack {
    pub(super) about: Option<Text>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    pub(super) rule: Vec<Spanned<RuleEntry>>,
    #[serde(default)]
    pub(super) name: Vec<Spanned<RawName>>,
    #[serde(default)]
    pub(super) benign: Vec<Spanned<RawBenign>>,
    #[serde(default)]
    pub(super) allowed_values: Vec<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawName {
    pub(super) id: Text,
    pub(super) about: Text,
    pub(super) words: List<Text>,
    #[serde(rename = "match")]
    pub(super) matching: Matching,
    #[serde(default)]
    pub(super) value: Demand,
    #[serde(default)]
    pub(super) syntax: Syntax,
    #[serde(default)]
    pub(super) counts: bool,
    pub(super) profiles: Option<List<Text>>,
    pub(super) source: Text,
    #[serde(default)]
    pub(super) examples: List<(Text, Text)>,
    #[serde(default)]
    pub(super) passes: List<Text>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBenign {
    pub(super) words: List<Text>,
    #[serde(rename = "match")]
    pub(super) matching: Matching,
    pub(super) reason: Text,
    pub(super) profiles: Option<List<Text>>,
    #[serde(default)]
    pub(super) passes: List<Text>,
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
            full_id: full_id(pack, &self.id),
            about: self.about,
            words,
            matching: self.matching,
            demand: self.value,
            syntax: self.syntax,
            counts: self.counts,
            profiles: parse_profiles(self.profiles.as_deref())?,
            optional,
            source: self.source,
            texts: Arc::new(Texts::new(self.examples, self.passes)),
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
                None => Cow::Borrowed(&[Profile::Standard]),
                Some(profiles) => parse_profiles(Some(&profiles))?,
            },
            texts: Arc::new(Texts::new(Cow::default(), self.passes)),
        })
    }
}

fn full_id(pack: &str, id: &str) -> String {
    [pack, "/", id].concat()
}

fn parse_words(words: &[Text]) -> Result<Vec<Word>, Wrong> {
    if words.is_empty() {
        return Err(("words", "name at least one".to_owned()));
    }
    let parse = |word: &Text| {
        Word::new(word.clone()).map_err(|what| ("words", format!("{word:?}: {what}")))
    };
    words.iter().map(parse).collect()
}

/// An entry for a pattern of the user's, in every profile.
pub(super) fn rule_of_pattern(id: &str, pattern: &str) -> RuleEntry {
    let profiles = Profile::ALL.map(|profile| profile.name().into());
    RuleEntry {
        id: id.to_owned().into(),
        about: "given on the command line".into(),
        pattern: pattern.to_owned().into(),
        anchors: None,
        ignore_case: false,
        lead: 0,
        secret: 0,
        before: None,
        after: None,
        reach: None,
        verify: None,
        profiles: Some(profiles.to_vec().into()),
        block: None,
        source: Text::default(),
        examples: List::default(),
        passes: List::default(),
    }
}

pub(super) fn parse_rule(told: Told, pack: &str, how: Parsing) -> Result<RuleSource, Wrong> {
    if !is_id(&told.id) {
        return Err(("id", "use a-z, 0-9 and `-` only".to_owned()));
    }
    // The embedded rules are tried out by the tests, and most are never run. Those of
    // optional packs do without derived anchors.
    let form = if how.trusted && (told.anchors.is_some() || how.optional) {
        OnceLock::new()
    } else {
        OnceLock::from(Arc::new(told.written().parse()?))
    };
    if let Some(spec) = &told.verify {
        spec.verifier()
            .map_err(|what| ("verify", what.to_owned()))?;
    }
    if told.reach == Some(0) {
        return Err(("reach", "a reach is at least 1 byte".to_owned()));
    }
    Ok(RuleSource {
        full_id: full_id(pack, &told.id),
        anchors: parse_anchors(told.anchors.as_deref(), form.get())?,
        profiles: parse_profiles(told.profiles.as_deref())?,
        optional: how.optional,
        form,
        told,
        texts: OnceLock::new(),
    })
}

/// As written, else derived from the parsed form.
fn parse_anchors(
    anchors: Option<&[Text]>,
    form: Option<&Arc<Form>>,
) -> Result<Vec<Vec<u8>>, Wrong> {
    let Some(anchors) = anchors else {
        return Ok(form
            .and_then(|form| derived_anchors(&form.hir))
            .unwrap_or_default());
    };
    if anchors.is_empty() || anchors.iter().any(|anchor| anchor.is_empty()) {
        let what = "name at least one literal, or leave the key out to have them derived";
        return Err(("anchors", what.to_owned()));
    }
    let mut all = Vec::with_capacity(anchors.len());
    for anchor in anchors {
        dialect::in_anchor(anchor, &mut all).map_err(|what| ("anchors", what.to_owned()))?;
    }
    all.sort();
    all.dedup();
    Ok(all)
}

fn parse_profiles(names: Option<&[Text]>) -> Result<Cow<'static, [Profile]>, Wrong> {
    let Some(names) = names else {
        return Ok(Cow::Borrowed(&[Profile::Standard, Profile::Strict]));
    };
    if names.is_empty() {
        return Err((
            "profiles",
            "name at least one, or leave the key out".to_owned(),
        ));
    }
    let parse = |name: &Text| {
        name.parse()
            .map_err(|error| ("profiles", format!("{name:?}: {error}")))
    };
    names.iter().map(parse).collect()
}
