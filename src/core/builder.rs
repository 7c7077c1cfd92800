//! Puts a [`Redactor`] together: which rules and names run, and how.

use std::collections::HashSet;

use crate::core::automaton::AutomatonError;
use crate::core::field::{BenignSource, FieldNames, NameSource};
use crate::core::limits::{Limits, Profile, Values};
use crate::core::mask::{self, MaskTexts};
use crate::core::pack::{COMMAND_LINE, Pack, PackError, embedded_packs};
use crate::core::redactor::Redactor;
use crate::core::rule::{Rule, RuleSource};
use crate::core::scanner::proof::{self, Unproven};
use crate::core::scanner::{Scanner, Vectors};

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
    /// A rule to disable, or to run alone, is not there.
    #[error("no rule, name of fields or pack is called {id:?}; `blackbar rules list` names all")]
    UnknownRule {
        /// As it was given.
        id: String,
    },
    /// What is to be enabled is not there.
    #[error("no rule and no pack is called {id:?}, so it cannot be enabled; {hint}")]
    UnknownOptional {
        /// As it was given.
        id: String,
        /// What was perhaps meant, or where all names are.
        hint: String,
    },
    /// A rule to run alone is not one of the profile's.
    #[error(
        "{id:?} is not part of the profile {profile}, so it cannot be what runs; choose another profile or id"
    )]
    NotInProfile {
        /// As it was given.
        id: String,
        /// The profile's name.
        profile: &'static str,
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
    /// Names of fields for a profile that has none.
    #[error(
        "the profile article has no fields, so that a name or value given for them would do nothing; use article-errors"
    )]
    FieldsInArticle,
    /// A second pass would not take the text for a mask.
    #[error("{text:?} cannot be the text of masks: {mend}")]
    Mask {
        /// As it was given.
        text: String,
        /// What can be.
        mend: &'static str,
    },
    /// A label goes into the brackets of the standard mask.
    #[error("labels need the mask [REDACTED], in which a second pass knows them; leave one out")]
    LabelledMask,
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
    mask: Option<String>,
    embedded: bool,
    /// The anchors of all packs have been proven.
    proven: bool,
    packs: Vec<Pack>,
    patterns: Vec<String>,
    disabled: Vec<String>,
    enabled: Vec<String>,
    only: Vec<String>,
    fields: Vec<String>,
    allowed_fields: Vec<String>,
    allowed_values: Vec<String>,
    values: Values,
    vectors: Vectors,
}

impl Builder {
    /// The embedded packs and the `standard` profile.
    pub(crate) fn new() -> Self {
        Self {
            profile: Profile::default(),
            limits: Limits::default(),
            labels: false,
            mask: None,
            embedded: true,
            proven: false,
            packs: Vec::new(),
            patterns: Vec::new(),
            disabled: Vec::new(),
            enabled: Vec::new(),
            only: Vec::new(),
            fields: Vec::new(),
            allowed_fields: Vec::new(),
            allowed_values: Vec::new(),
            values: Values::default(),
            vectors: Vectors::default(),
        }
    }

    /// Which rules run and how strictly.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Whether AVX-512 is used where the processor has it, as it is by default.
    ///
    /// What is found is the same. Without it the search is what it is on other processors,
    /// which is for measuring, and for those that slow down under it.
    ///
    /// ```
    /// let redactor = blackbar::Redactor::builder().avx512(false).build()?;
    /// assert_eq!(redactor.redact(b"password=hunter2x"), b"password=[REDACTED]");
    /// # Ok::<(), blackbar::BuildError>(())
    /// ```
    pub fn avx512(mut self, used: bool) -> Self {
        self.vectors = if used {
            Vectors::Detected
        } else {
            Vectors::WithoutAvx512
        };
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

    /// What is written instead of a secret, where it is not to be `[REDACTED]`: three and
    /// more `*`, or a text in brackets that
    /// [`is_placeholder`](crate::core::mask::is_placeholder) knows, so that a second pass
    /// leaves it.
    ///
    /// ```
    /// let redactor = blackbar::Redactor::builder().mask("***").build()?;
    /// assert_eq!(redactor.redact(b"password=hunter2"), b"password=***");
    /// # Ok::<(), blackbar::BuildError>(())
    /// ```
    pub fn mask(mut self, text: &str) -> Self {
        self.mask = Some(text.to_owned());
        self
    }

    /// Whether the packs that are compiled into the library take part (they do).
    pub fn embedded(mut self, embedded: bool) -> Self {
        self.embedded = embedded;
        self
    }

    /// The packs have been proven before.
    pub(crate) fn proven(mut self) -> Self {
        self.proven = true;
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

    /// Adds a sensitive name: fields that are called so are masked, whatever they hold.
    /// `api_key` also stands for `apiKey`, `API-KEY` and `my_api_key`.
    pub fn field(mut self, name: &str) -> Self {
        self.fields.push(name.to_owned());
        self
    }

    /// Fields that are called exactly so, in any spelling, are not sensitive.
    pub fn allow_field(mut self, name: &str) -> Self {
        self.allowed_fields.push(name.to_owned());
        self
    }

    /// A field that holds exactly this is not masked, whatever its name.
    pub fn allow_value(mut self, text: &str) -> Self {
        self.allowed_values.push(text.to_owned());
        self
    }

    /// What is written for numbers, arrays and objects under a sensitive name.
    pub fn values(mut self, values: Values) -> Self {
        self.values = values;
        self
    }

    /// Disables a rule or a name by its full id, or a pack by its name.
    pub fn disable(mut self, id: &str) -> Self {
        self.disabled.push(id.to_owned());
        self
    }

    /// Enables an optional pack by its name, or a rule or a name of one by its full id.
    ///
    /// ```
    /// let cards = blackbar::Pack::parse("cards", "cards.toml", r#"
    ///     optional = true
    ///     [[rule]]
    ///     id = "member"
    ///     about = "Number of a member"
    ///     pattern = "member-[0-9]{4,}"
    ///     anchors = ["member-"]
    ///     source = "https://acme.example/members"
    ///     examples = [["of member-12345", "of [REDACTED]"]]
    /// "#)?;
    /// let builder = || blackbar::Redactor::builder().pack(cards.clone());
    /// assert_eq!(builder().build()?.redact(b"member-12345"), b"member-12345");
    /// let enabled = builder().enable("cards").build()?;
    /// assert_eq!(enabled.redact(b"member-12345"), b"[REDACTED]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn enable(mut self, id: &str) -> Self {
        self.enabled.push(id.to_owned());
        self
    }

    /// Runs nothing but the rules and names that are given here, each by its full id or
    /// the name of its pack; and the builder's own patterns and fields.
    ///
    /// ```
    /// let redactor = blackbar::Redactor::builder().only("fields").build()?;
    /// assert!(redactor.ids().all(|id| id.starts_with("fields/")));
    /// # Ok::<(), blackbar::BuildError>(())
    /// ```
    pub fn only(mut self, id: &str) -> Self {
        self.only.push(id.to_owned());
        self
    }

    /// Compiles the rules.
    ///
    /// # Errors
    ///
    /// Where a pack or a pattern is wrong, an id is taken twice, an id to disable or to
    /// enable or to run alone is not there, or no rule is left.
    pub fn build(self) -> Result<Redactor, BuildError> {
        self.check_mask()?;
        let mut packs = self.all_packs()?;
        check_unique(&packs)?;
        self.check_ids(&packs)?;
        self.check_only(&packs)?;
        let mut article_order = Vec::new();
        let most = packs.iter().map(|(pack, _)| pack.rules().len()).sum();
        let mut rules: Vec<Rule> = Vec::with_capacity(most);
        let by_id = |a: &Rule, b: &Rule| a.source.full_id.cmp(&b.source.full_id);
        for (pack, own) in &mut packs {
            let from = rules.len();
            for source in pack.take_rules() {
                let runs = self.runs(&source.full_id, source.optional);
                if !runs || !self.runs_in(&source.profiles) {
                    continue;
                }
                let rule = Rule::new(source, self.limits.reach, self.profile);
                // The embedded packs are proven by their tests, so that start-up is quick.
                if *own && !self.proven {
                    prove(&rule, pack.origin())?;
                }
                if self.profile == Profile::Article {
                    article_order.push(rule.source.full_id.clone());
                }
                rules.push(rule);
            }
            // The embedded packs come by name, so that all is in order for the sort below.
            rules[from..].sort_unstable_by(by_id);
        }
        let names = self.field_names(&mut packs)?;
        if rules.is_empty() && names.is_empty() {
            return Err(BuildError::NoRules);
        }
        rules.sort_by(by_id);
        let index_of = |id: &String| {
            rules
                .binary_search_by(|rule| rule.source.full_id.cmp(id))
                .expect("the id is of one of the rules") as u32
        };
        let article = (self.profile == Profile::Article)
            .then(|| article_order.iter().map(index_of).collect());
        let taking_part = packs.iter().filter(|(pack, _)| self.takes_part(pack));
        let allowed = taking_part.flat_map(|(pack, _)| pack.allowed_values());
        let allowed = allowed.map(|value| value.as_bytes().to_vec()).collect();
        let of_rules = rules.iter().map(|rule| rule.source.full_id());
        let ids: Vec<&str> = of_rules
            .chain(names.sources().iter().map(NameSource::full_id))
            .collect();
        Ok(Redactor {
            masks: MaskTexts::new(self.mask.as_deref(), self.labels.then_some(&ids)),
            limits: self.limits,
            article,
            profile: self.profile,
            scanner: Scanner::new(rules, names, allowed, self.values, self.vectors),
        })
    }

    fn check_mask(&self) -> Result<(), BuildError> {
        let Some(text) = self.mask.as_deref() else {
            return Ok(());
        };
        if self.labels && text.as_bytes() != mask::MASK {
            return Err(BuildError::LabelledMask);
        }
        mask::check_text(text).map_err(|mend| BuildError::Mask {
            text: text.to_owned(),
            mend,
        })
    }

    /// Whether what these profiles have takes part. The article's patterns are part of
    /// `article-errors` too.
    fn runs_in(&self, profiles: &[Profile]) -> bool {
        profiles.contains(&self.profile)
            || self.profile == Profile::ArticleErrors && profiles.contains(&Profile::Article)
    }

    /// The names of fields that are enabled.
    fn field_names(&self, packs: &mut [(Pack, bool)]) -> Result<FieldNames, BuildError> {
        let own = [&self.fields, &self.allowed_fields, &self.allowed_values];
        if self.profile == Profile::Article {
            return if own.iter().all(|given| given.is_empty()) {
                Ok(FieldNames::new(Vec::new(), &[], false))
            } else {
                Err(BuildError::FieldsInArticle)
            };
        }
        // Those of the user first: they win over names that demand as little.
        let of_packs = packs.iter_mut().rev();
        let names = of_packs.flat_map(|(pack, _)| pack.take_names());
        let names = names
            .filter(|name| self.runs_in(&name.profiles) && self.runs(&name.full_id, name.optional));
        let names = names.collect();
        let benign: Vec<&BenignSource> = packs
            .iter()
            .rev()
            .filter(|(pack, _)| self.takes_part(pack))
            .flat_map(|(pack, _)| pack.benign())
            .filter(|benign| self.runs_in(&benign.profiles))
            .collect();
        let thorough = matches!(self.profile, Profile::Strict | Profile::ArticleErrors);
        Ok(FieldNames::new(names, &benign, thorough))
    }

    /// The packs in order; whether each is the user's.
    fn all_packs(&self) -> Result<Vec<(Pack, bool)>, BuildError> {
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
        let fields = Pack::of_fields(&self.fields, &self.allowed_fields, &self.allowed_values)?;
        let of_user = self.packs.iter().cloned().chain(patterns).chain([fields]);
        Ok(embedded
            .into_iter()
            .map(|pack| (pack, false))
            .chain(of_user.map(|pack| (pack, true)))
            .collect())
    }

    /// Whether a rule or a name takes part. What was chosen to run alone is enabled by that.
    fn runs(&self, full_id: &str, optional: bool) -> bool {
        let given = |ids: &[String]| ids.iter().any(|id| stands_for(id, full_id));
        let chosen = self.only.is_empty() || stands_for(COMMAND_LINE, full_id) || given(&self.only);
        let enabled = !optional || given(&self.enabled) || given(&self.only);
        chosen && enabled && !given(&self.disabled)
    }

    /// Whether the exceptions and allowed values of a pack hold: those of an optional one
    /// belong to its rules and names.
    fn takes_part(&self, pack: &Pack) -> bool {
        let of_pack = |id: &String| stands_for(pack.name(), id);
        !pack.is_optional() || self.enabled.iter().chain(&self.only).any(of_pack)
    }

    /// What is disabled or enabled must be there: a slip of the pen would mask less.
    fn check_ids(&self, packs: &[(Pack, bool)]) -> Result<(), BuildError> {
        let full_ids = || {
            packs.iter().flat_map(|(pack, _)| {
                let rules = pack.rules().iter().map(RuleSource::full_id);
                rules.chain(pack.names().iter().map(NameSource::full_id))
            })
        };
        let is_there = |id: &&String| full_ids().any(|full_id| stands_for(id, full_id));
        if let Some(id) = self
            .disabled
            .iter()
            .chain(&self.only)
            .find(|id| !is_there(id))
        {
            return Err(BuildError::UnknownRule { id: id.clone() });
        }
        let Some(id) = self.enabled.iter().find(|id| !is_there(id)) else {
            return Ok(());
        };
        let optional = packs.iter().filter(|(pack, _)| pack.is_optional());
        let names: Vec<&str> = optional.map(|(pack, _)| pack.name()).collect();
        Err(BuildError::UnknownOptional {
            id: id.clone(),
            hint: match names.as_slice() {
                [] => "no pack here is optional".to_owned(),
                names => format!("optional packs are {}", names.join(", ")),
            },
        })
    }

    /// What was chosen is there; each has to be part of the profile too, since a choice
    /// that does nothing would let through what it was to find.
    fn check_only(&self, packs: &[(Pack, bool)]) -> Result<(), BuildError> {
        let runs = |id: &str| {
            packs.iter().any(|(pack, _)| {
                let rules = pack
                    .rules()
                    .iter()
                    .map(|rule| (&rule.full_id, &rule.profiles));
                let names = pack
                    .names()
                    .iter()
                    .map(|name| (&name.full_id, &name.profiles));
                let names = names.filter(|_| self.profile != Profile::Article);
                rules
                    .chain(names)
                    .any(|(full_id, profiles)| stands_for(id, full_id) && self.runs_in(profiles))
            })
        };
        let idle = self.only.iter().find(|id| !runs(id));
        idle.map_or(Ok(()), |id| {
            Err(BuildError::NotInProfile {
                id: id.clone(),
                profile: self.profile.name(),
            })
        })
    }
}

/// Each id stands for one rule or one name. (The tests see to the embedded packs.)
fn check_unique(packs: &[(Pack, bool)]) -> Result<(), BuildError> {
    let has_ids = |pack: &Pack| !pack.rules().is_empty() || !pack.names().is_empty();
    if !packs.iter().any(|(pack, own)| *own && has_ids(pack)) {
        return Ok(());
    }
    let mut ids = HashSet::new();
    for (pack, _) in packs {
        let rules = pack.rules().iter().map(RuleSource::full_id);
        let mut all = rules.chain(pack.names().iter().map(NameSource::full_id));
        if let Some(id) = all.find(|id| !ids.insert(*id)) {
            return Err(BuildError::Duplicate {
                id: id.to_owned(),
                origin: pack.origin().to_owned(),
            });
        }
    }
    Ok(())
}

/// Whether `id` is a full id or the name of its pack.
fn stands_for(id: &str, full_id: &str) -> bool {
    full_id
        .strip_prefix(id)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
