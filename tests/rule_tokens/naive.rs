//! One rule as the naive simulation runs it, and as the engine runs it alone.

use std::ops::Range;
use std::sync::Arc;

use blackbar::{Pack, Profile, Redactor, RuleSource};

use crate::oracle::regex::{ByteClass, Regex};
use crate::oracle::{conditions, control};
use crate::spelled;

/// A rule's pattern and conditions, but not its verifier.
pub(crate) struct Naive {
    regex: Regex,
    before: Option<ByteClass>,
    after: Option<ByteClass>,
}

/// A match and what is masked of it.
pub(crate) struct Found {
    pub(crate) whole: Range<usize>,
    pub(crate) hidden: Range<usize>,
}

impl Naive {
    pub(crate) fn new(rule: &RuleSource) -> Self {
        let pattern = spelled::pattern(rule.pattern());
        Self {
            regex: Regex::new(&pattern, rule.ignore_case(), secret(rule) as u32),
            before: rule.before().map(ByteClass::new),
            after: rule.after().map(ByteClass::new),
        }
    }

    /// The first match that begins at `last` or before: a rule whose tokens begin with
    /// anything takes the letters before one along.
    pub(crate) fn first(&self, text: &[u8], last: usize) -> Option<Found> {
        (0..=last).find_map(|start| {
            let before = self.before.as_ref();
            if before.is_some_and(|class| !conditions::holds_before(class, text, start)) {
                return None;
            }
            let found = self.regex.run(text, start).matched?;
            let after = self.after.as_ref();
            if after.is_some_and(|class| !conditions::holds_after(class, text, found.end)) {
                return None;
            }
            let group = found.group.unwrap_or((start, found.end));
            // No rule's reach is shorter than a control sequence.
            let from = control::behind(text, start, &self.regex, usize::MAX);
            Some(Found {
                whole: start..found.end,
                hidden: group.0.max(from)..group.1,
            })
        })
    }
}

/// The group that is masked: the article replaces whole matches.
pub(crate) fn secret(rule: &RuleSource) -> usize {
    let is_article = rule.profiles()[0] == Profile::Article;
    if is_article { 0 } else { rule.secret() }
}

/// The rule by itself, under the first profile in which it runs.
pub(crate) fn alone(pack: &Pack, rule: &RuleSource) -> Arc<Redactor> {
    let others = pack.rules().iter().filter(|other| other.id() != rule.id());
    let builder = Redactor::builder()
        .embedded(false)
        .profile(rule.profiles()[0])
        .pack(pack.clone());
    let builder = if pack.is_optional() {
        builder.enable(pack.name())
    } else {
        builder
    };
    let builder = others.fold(builder, |builder, other| builder.disable(other.full_id()));
    Arc::new(builder.build().expect("an embedded rule compiles"))
}
