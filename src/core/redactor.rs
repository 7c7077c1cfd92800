//! A compiled set of rules: immutable, shared, the same for every stream.

use std::sync::Arc;

use crate::core::automaton::AutomatonError;
use crate::core::limits::{Framing, Limits, Profile};
use crate::core::mask::MaskTexts;
use crate::core::pack::{Pack, PackError, embedded_packs};
use crate::core::rule::{Rule, RuleSource};
use crate::core::scanner::proof::{self, Unproven};
use crate::core::scanner::{PatternStats, Scanner};
use crate::core::session::Session;

/// A compiled set of rules with its limits. Share it by [`Arc`].
///
/// ```
/// let redactor = blackbar::Redactor::builder().build()?;
/// assert_eq!(redactor.redact(b"nothing to see"), b"nothing to see");
/// # Ok::<(), blackbar::BuildError>(())
/// ```
pub struct Redactor {
    pub(crate) scanner: Scanner,
    pub(crate) masks: MaskTexts,
    pub(crate) limits: Limits,
    /// The rules of the article in their order, where the profile is the article's.
    pub(crate) article: Option<Vec<u32>>,
    profile: Profile,
}

/// Why a redactor could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A pack is wrong.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// Two packs define one rule.
    #[error("rule {id} is defined twice, the second time in {origin}; rename the file or the rule")]
    Duplicate {
        /// The full id.
        id: String,
        /// The second file.
        origin: String,
    },
    /// A rule to disable is not there.
    #[error(
        "no rule and no pack is called {id:?}, so it cannot be disabled; `blackbar rules list` names all"
    )]
    UnknownRule {
        /// As it was given.
        id: String,
    },
    /// A pattern is too large.
    #[error("{origin}: rule {id}: {source}")]
    Automaton {
        /// The file.
        origin: String,
        /// The full id.
        id: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Matches may do without the rule's anchors.
    #[error("{origin}: rule {id}, key `anchors`: {source}")]
    Anchors {
        /// The file.
        origin: String,
        /// The full id.
        id: String,
        /// What is missing.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Everything is disabled.
    #[error("no rule is enabled, so nothing would be redacted; enable some")]
    NoRules,
}

/// Puts a [`Redactor`] together.
#[must_use]
pub struct Builder {
    profile: Profile,
    limits: Limits,
    labels: bool,
    embedded: bool,
    packs: Vec<Pack>,
    patterns: Vec<String>,
    disabled: Vec<String>,
}

impl Redactor {
    /// A builder with the embedded packs and the `standard` profile.
    pub fn builder() -> Builder {
        Builder {
            profile: Profile::default(),
            limits: Limits::default(),
            labels: false,
            embedded: true,
            packs: Vec::new(),
            patterns: Vec::new(),
            disabled: Vec::new(),
        }
    }

    /// The rules that run, sorted by full id.
    pub fn rules(&self) -> impl Iterator<Item = &RuleSource> {
        self.scanner.rules().iter().map(|rule| &rule.source)
    }

    /// The limits of its sessions.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The profile that it was built for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Redacts a whole input, line by line.
    pub fn redact(self: &Redactor, input: &[u8]) -> Vec<u8> {
        self.redact_framed(Framing::Lines, input)
    }

    /// Redacts a whole input as one document.
    pub fn redact_document(&self, input: &[u8]) -> Vec<u8> {
        self.redact_framed(Framing::Document, input)
    }

    fn redact_framed(&self, framing: Framing, input: &[u8]) -> Vec<u8> {
        let mut session = crate::core::session::Stream::new(self, framing);
        let mut out = Vec::with_capacity(input.len());
        let mut pieces = Vec::new();
        session.write(self, input, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(self, &piece, input));
        }
        session.end(self, false, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(self, &piece, &[]));
        }
        out
    }

    /// What confirming costs on an input, for `rules check`.
    pub(crate) fn work(&self, input: &[u8]) -> PatternStats {
        let mut session = crate::core::session::Stream::new(self, Framing::Lines);
        let mut pieces = Vec::new();
        session.write(self, input, &mut pieces);
        session.end(self, false, &mut pieces);
        session.stats()
    }
}

impl Builder {
    /// Which rules run and how strictly.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// The limits of the sessions.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether masks name their rule.
    pub fn labels(mut self, labels: bool) -> Self {
        self.labels = labels;
        self
    }

    /// Whether the packs that are compiled into the library take part (they do).
    pub fn embedded(mut self, embedded: bool) -> Self {
        self.embedded = embedded;
        self
    }

    /// Adds a pack. Its anchors are proven when the redactor is built.
    pub fn pack(mut self, pack: Pack) -> Self {
        self.packs.push(pack);
        self
    }

    /// Adds a pattern of the user's; the whole match is masked.
    pub fn pattern(mut self, regex: &str) -> Self {
        self.patterns.push(regex.to_owned());
        self
    }

    /// Disables a rule by its full id, or a pack by its name.
    pub fn disable(mut self, id: &str) -> Self {
        self.disabled.push(id.to_owned());
        self
    }

    /// Compiles the rules.
    ///
    /// # Errors
    ///
    /// Where a pack or a pattern is wrong, an id is taken twice, an id to disable is
    /// not there, or no rule is left.
    pub fn build(self) -> Result<Redactor, BuildError> {
        let mut article_order = Vec::new();
        let mut rules: Vec<Rule> = Vec::new();
        let sources = self.sources()?;
        self.check_disabled(&sources)?;
        for (source, origin) in sources {
            if !source.profiles.contains(&self.profile) || self.is_disabled(&source) {
                continue;
            }
            let rule = Rule::new(source, self.limits.reach, self.profile);
            // The embedded packs are proven by their tests, so that start-up is quick.
            if let Some(origin) = origin {
                prove(&rule, &origin)?;
            }
            article_order.push(rule.source.full_id.clone());
            rules.push(rule);
        }
        if rules.is_empty() {
            return Err(BuildError::NoRules);
        }
        rules.sort_by(|a, b| a.source.full_id.cmp(&b.source.full_id));
        let index_of = |id: &String| {
            rules
                .binary_search_by(|rule| rule.source.full_id.cmp(id))
                .expect("the id is of one of the rules") as u32
        };
        let article = (self.profile == Profile::Article)
            .then(|| article_order.iter().map(index_of).collect());
        let ids: Vec<&str> = rules.iter().map(|rule| rule.source.full_id()).collect();
        Ok(Redactor {
            masks: MaskTexts::new(self.labels.then_some(&ids)),
            limits: self.limits,
            article,
            profile: self.profile,
            scanner: Scanner::new(rules),
        })
    }

    /// All rules in the order of the packs, those of the user with their origin.
    fn sources(&self) -> Result<Vec<(RuleSource, Option<String>)>, BuildError> {
        let mut all: Vec<(RuleSource, Option<String>)> = Vec::new();
        let embedded = if self.embedded {
            embedded_packs()?
        } else {
            Vec::new()
        };
        let patterns = self
            .patterns
            .iter()
            .enumerate()
            .map(|(index, pattern)| Pack::of_pattern(index + 1, pattern))
            .collect::<Result<Vec<_>, _>>()?;
        let of_user = self.packs.iter().chain(&patterns);
        for (pack, own) in embedded
            .iter()
            .map(|pack| (pack, false))
            .chain(of_user.map(|pack| (pack, true)))
        {
            for source in pack.rules() {
                if all.iter().any(|(other, _)| other.full_id == source.full_id) {
                    return Err(BuildError::Duplicate {
                        id: source.full_id.clone(),
                        origin: pack.origin().to_owned(),
                    });
                }
                all.push((source.clone(), own.then(|| pack.origin().to_owned())));
            }
        }
        Ok(all)
    }

    fn is_disabled(&self, source: &RuleSource) -> bool {
        self.disabled.iter().any(|id| names(id, source))
    }

    fn check_disabled(&self, sources: &[(RuleSource, Option<String>)]) -> Result<(), BuildError> {
        self.disabled
            .iter()
            .find(|id| !sources.iter().any(|(source, _)| names(id, source)))
            .map_or(Ok(()), |id| Err(BuildError::UnknownRule { id: id.clone() }))
    }
}

/// Whether `id` is the rule's full id or its pack's name.
fn names(id: &str, source: &RuleSource) -> bool {
    source.full_id == id
        || source
            .full_id
            .strip_prefix(id)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn prove(rule: &Rule, origin: &str) -> Result<(), BuildError> {
    let place = || (origin.to_owned(), rule.source.full_id.clone());
    rule.compile().map_err(|error: AutomatonError| {
        let (origin, id) = place();
        BuildError::Automaton {
            origin,
            id,
            source: error.into(),
        }
    })?;
    proof::prove(rule).map_err(|error: Unproven| {
        let (origin, id) = place();
        BuildError::Anchors {
            origin,
            id,
            source: error.into(),
        }
    })
}

impl Session {
    /// A new stream over shared rules.
    pub fn new(redactor: Arc<Redactor>, framing: Framing) -> Self {
        Self::over(redactor, framing)
    }
}
