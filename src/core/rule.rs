//! One rule: its data as a pack tells it, and the automata that are made from it.

mod entry;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use regex_syntax::hir::Hir;

use crate::core::automaton::{Automaton, AutomatonError};
use crate::core::form::{Form, items_around};
use crate::core::group::{Group, Slots};
use crate::core::limits::Profile;
use crate::core::template;
use crate::core::verify::{OnFail, Verify, VerifySpec};

pub(crate) use entry::{List, RuleEntry, Text, Told};

/// A rule as its pack tells it, parsed: every pattern, class and parameter is right.
#[derive(Clone)]
pub struct RuleSource {
    pub(crate) full_id: String,
    pub(crate) told: Told,
    /// Parsed when it is first needed: most rules of a pack are never run.
    pub(crate) form: OnceLock<Arc<Form>>,
    pub(crate) anchors: Vec<Vec<u8>>,
    pub(crate) profiles: Cow<'static, [Profile]>,
    /// Runs only where it is enabled.
    pub(crate) optional: bool,
    /// Made when they are first asked for, which a filter never does.
    pub(crate) texts: OnceLock<Arc<Texts>>,
}

/// The texts of a rule. Their templates are expanded when they are first asked for, which
/// a filter never does.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    examples: List<(Text, Text)>,
    passes: List<Text>,
    expanded: OnceLock<(Vec<Example>, Vec<String>)>,
}

impl Texts {
    /// As they are written.
    pub(crate) fn new(examples: List<(Text, Text)>, passes: List<Text>) -> Self {
        Self {
            examples,
            passes,
            expanded: OnceLock::new(),
        }
    }

    /// The texts and what becomes of them.
    pub(crate) fn examples(&self) -> &[Example] {
        &self.expanded().0
    }

    /// The texts that stay as they are.
    pub(crate) fn passes(&self) -> &[String] {
        &self.expanded().1
    }

    fn expanded(&self) -> &(Vec<Example>, Vec<String>) {
        self.expanded.get_or_init(|| {
            let examples = self.examples.iter().map(|(input, output)| Example {
                input: template::expand(input),
                output: template::expand(output),
            });
            let passes = self.passes.iter().map(|text| template::expand(text));
            (examples.collect(), passes.collect())
        })
    }
}

/// What a rule does to a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The text, its templates expanded.
    pub input: String,
    /// What must come out.
    pub output: String,
}

/// Kinds of blocks whose lines follow a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// Header lines, blank lines and lines of base64.
    Pem,
}

impl Block {
    /// The name as packs write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pem => "pem",
        }
    }
}

/// The second half of a full id.
pub(crate) fn id_of(full_id: &str) -> &str {
    full_id.split_once('/').map_or(full_id, |(_, id)| id)
}

impl RuleSource {
    /// What it matches.
    #[inline]
    pub(crate) fn form(&self) -> &Form {
        self.form.get_or_init(|| {
            let wrong = |(key, what)| panic!("rule {}, key {key}: {what}", self.full_id);
            self.told.written().parse().map_or_else(wrong, Arc::new)
        })
    }

    /// Unique among all rules: `pack/id`.
    pub fn full_id(&self) -> &str {
        &self.full_id
    }

    /// Unique in its pack.
    pub fn id(&self) -> &str {
        id_of(&self.full_id)
    }

    /// One line on what it finds.
    pub fn about(&self) -> &str {
        &self.told.about
    }

    /// The pattern as written in the pack.
    pub fn pattern(&self) -> &str {
        &self.told.pattern
    }

    /// The literals of which every candidate holds one; none where the rule is tried
    /// at every byte that it can begin with.
    pub fn anchors(&self) -> &[Vec<u8>] {
        &self.anchors
    }

    /// Whether pattern and anchors disregard ASCII case.
    pub fn ignore_case(&self) -> bool {
        self.told.ignore_case
    }

    /// An anchor begins at most so many bytes after the match.
    pub fn lead(&self) -> usize {
        self.told.lead
    }

    /// The class of bytes that may stand before a match, as written.
    pub fn before(&self) -> Option<&str> {
        self.told.before.as_deref()
    }

    /// The class of bytes that may stand after a match, as written.
    pub fn after(&self) -> Option<&str> {
        self.told.after.as_deref()
    }

    /// The kind of block that a match opens, if any.
    pub fn block(&self) -> Option<Block> {
        self.told.block
    }

    /// The capture group that is masked; 0 is the whole match.
    pub fn secret(&self) -> usize {
        self.told.secret
    }

    /// The longest match in bytes, where the rule has a limit of its own.
    pub fn reach(&self) -> Option<usize> {
        self.told.reach
    }

    /// The closer look at a match, if any.
    pub fn verify(&self) -> Option<&VerifySpec> {
        self.told.verify.as_ref()
    }

    /// The profiles in which it runs.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Whether it runs only where it, or its pack, is enabled.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Why we believe in the format: an address.
    pub fn source(&self) -> &str {
        &self.told.source
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let (examples, passes) = (self.told.examples.clone(), self.told.passes.clone());
            Arc::new(Texts::new(examples, passes))
        })
    }

    /// Texts and what becomes of them.
    pub fn examples(&self) -> &[Example] {
        self.texts().examples()
    }

    /// Texts that stay as they are.
    pub fn passes(&self) -> &[String] {
        self.texts().passes()
    }
}

/// A rule that can be run. Its automata are built when they are first needed.
pub(crate) struct Rule {
    pub(crate) source: RuleSource,
    pub(crate) reach: usize,
    /// The group to mask; 0 where the whole match goes.
    secret: usize,
    /// The closer look at a match, and what its failure means.
    pub(crate) verify: Option<(Box<dyn Verify>, OnFail)>,
    // Boxed, so that the hundreds of rules without a suspect are small.
    automaton: OnceLock<Box<Automaton>>,
    group: Group,
    lead_in: OnceLock<Option<Box<Automaton>>>,
}

impl Rule {
    /// A rule as a profile runs it.
    pub(crate) fn new(source: RuleSource, default_reach: usize, profile: Profile) -> Self {
        let verify = source.verify().map(|spec| {
            let verifier = spec
                .verifier()
                .unwrap_or_else(|_| unreachable!("the pack was parsed"));
            let on_fail = match profile {
                Profile::Standard | Profile::Article | Profile::ArticleErrors => spec.on_fail,
                Profile::Strict => OnFail::Report,
            };
            (verifier, on_fail)
        });
        // The article replaces whole matches and looks at nothing twice.
        let whole = matches!(profile, Profile::Article | Profile::ArticleErrors);
        let secret = if whole { 0 } else { source.secret() };
        Self {
            reach: source.reach().unwrap_or(default_reach),
            secret,
            verify: if whole { None } else { verify },
            source,
            automaton: OnceLock::new(),
            group: Group::new(secret),
            lead_in: OnceLock::new(),
        }
    }

    /// The anchors as far as a candidate must have read them to be overdue: one that
    /// outgrows a short reach is masked before its anchor is complete.
    pub(crate) fn anchors(&self) -> Vec<&[u8]> {
        let Some(most) = (self.reach + 1).checked_sub(self.source.lead()) else {
            return Vec::new();
        };
        let cut = |anchor: &Vec<u8>| anchor.len().min(most);
        let anchors = self.source.anchors.iter();
        let mut all: Vec<_> = anchors.map(|anchor| &anchor[..cut(anchor)]).collect();
        if all.iter().any(|anchor| anchor.is_empty()) {
            all.clear();
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether it is tried at every byte that it can begin with.
    pub(crate) fn is_tried_everywhere(&self) -> bool {
        self.source.anchors.is_empty() || self.source.lead() > self.reach
    }

    /// Builds what can fail, so that it fails now.
    ///
    /// # Errors
    ///
    /// Where the pattern is too large for a table.
    pub(crate) fn compile(&self) -> Result<(), AutomatonError> {
        if self.automaton.get().is_none() {
            let built = Automaton::new(&self.source.form().hir)?;
            let _ = self.automaton.set(Box::new(built));
        }
        if self.secret != 0 {
            self.group.prepare(&self.source.form().hir);
            self.lead_in();
        }
        Ok(())
    }

    /// The same, if it was needed before.
    #[inline]
    pub(crate) fn built(&self) -> Option<&Automaton> {
        self.automaton.get().map(|automaton| &**automaton)
    }

    /// The table that confirms candidates.
    #[inline]
    pub(crate) fn automaton(&self) -> &Automaton {
        self.automaton.get_or_init(|| {
            Automaton::new(&self.source.form().hir)
                .unwrap_or_else(|error| panic!("rule {}: {error}", self.source.full_id))
                .into()
        })
    }

    /// Where the secret lies in `matched`, the bytes of one whole match.
    pub(crate) fn secret_in(&self, matched: &[u8], slots: &mut Slots) -> std::ops::Range<usize> {
        if self.secret == 0 {
            return 0..matched.len();
        }
        if let Some((before, after)) = self.source.form().around {
            return before..matched.len() - after;
        }
        self.group.find(&self.source.form().hir, matched, slots)
    }

    /// Where the secret of an overdue candidate begins, counted from the candidate's
    /// start: after the shortest text that the items before the group match.
    pub(crate) fn overdue_secret(&self, candidate: &[u8]) -> usize {
        if self.secret == 0 {
            return 0;
        }
        let Some(lead_in) = self.lead_in() else {
            return 0;
        };
        let mut state = lead_in.start();
        for (at, &byte) in candidate.iter().enumerate() {
            if lead_in.accepts(state) {
                return at;
            }
            state = lead_in.next(state, byte);
        }
        if lead_in.accepts(state) {
            candidate.len()
        } else {
            0
        }
    }

    fn lead_in(&self) -> Option<&Automaton> {
        self.lead_in
            .get_or_init(|| {
                let (items, _) = items_around(&self.source.form().hir, self.secret)?;
                // Up to the first accepting state no thread has been cut, so that state
                // marks the shortest text that the items match.
                Automaton::new(&Hir::concat(items.to_vec()))
                    .ok()
                    .map(Box::new)
            })
            .as_deref()
    }
}

/// The longest literal prefixes of a pattern, where there are any worth looking for.
pub(crate) fn derived_anchors(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    use regex_syntax::hir::literal::{ExtractKind, Extractor};

    /// Shorter literals are too frequent to be worth a look-up each.
    const LEAST: usize = 2;
    /// More literals than this are not an anchor but an alphabet.
    const MOST: usize = 48;
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_total(MOST);
    let mut prefixes = extractor.extract(hir);
    prefixes.minimize_by_preference();
    let literals = prefixes.literals()?;
    let all: Vec<Vec<u8>> = literals
        .iter()
        .map(|literal| literal.as_bytes().to_vec())
        .collect();
    (!all.is_empty() && all.iter().all(|literal| literal.len() >= LEAST)).then_some(all)
}
