//! Rules of a gitleaks configuration as rules of a pack.
//!
//! A scanner may miss what a redactor must not: so the end of a pattern is opened, what
//! gitleaks wants to see around a token goes, and what would let tokens pass (allowlists)
//! is told and not carried over.

use regex_syntax::hir::{Hir, HirKind};
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use crate::rim::rules::freed::{Freed, free};
use crate::rim::rules::line_of;
use crate::rim::rules::pattern::printed;
use crate::rim::rules::written::RuleText;

/// A rule that could be carried over, with its tree for making examples.
pub(crate) struct Carried {
    /// The line on which it begins.
    pub(crate) line: usize,
    /// The rule; anchors and examples are still to be found.
    pub(crate) rule: RuleText,
    /// Its pattern.
    pub(crate) hir: Hir,
    /// Literals that gitleaks looks for first, as the pattern spells them.
    pub(crate) keywords: Vec<String>,
}

/// What was not carried over, or not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// Counted from 1.
    pub(crate) line: usize,
    /// The rule as messages name it.
    pub(crate) rule: Option<String>,
    /// What, and why.
    pub(crate) what: String,
}

#[derive(Deserialize)]
struct RawConfig {
    #[serde(default)]
    rules: Vec<Spanned<RawRule>>,
    allowlist: Option<Spanned<Value>>,
    #[serde(default)]
    allowlists: Vec<Spanned<Value>>,
    extend: Option<Spanned<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRule {
    #[serde(default)]
    id: String,
    #[serde(default)]
    description: String,
    regex: Option<String>,
    path: Option<String>,
    #[serde(default)]
    secret_group: usize,
    entropy: Option<f64>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    allowlist: Option<Table>,
    #[serde(default)]
    allowlists: Vec<Table>,
}

/// Translates a configuration.
///
/// # Errors
///
/// Where it is no TOML of that form: the line and what is wrong.
pub(crate) fn translate(
    text: &str,
    source: &str,
) -> Result<(Vec<Carried>, Vec<Note>), (usize, String)> {
    let raw: RawConfig = toml::from_str(text).map_err(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        (line, error.message().replace('\n', " "))
    })?;
    if raw.rules.is_empty() {
        return Err((1, "there are no [[rules]] in it".to_owned()));
    }
    let (mut carried, mut notes) = (Vec::new(), Vec::new());
    let global = raw.allowlist.iter().chain(&raw.allowlists);
    let whole_file = global.map(|list| (list, "the allowlist of all rules is not carried over"));
    let extended = raw
        .extend
        .iter()
        .map(|extend| (extend, "what is extended is not read"));
    for (value, what) in whole_file.chain(extended) {
        notes.push(Note {
            line: line_of(text, value.span().start),
            rule: None,
            what: what.to_owned(),
        });
    }
    let mut ids: Vec<String> = Vec::new();
    for rule in raw.rules {
        let line = line_of(text, rule.span().start);
        let rule = rule.into_inner();
        let name = match rule.id.as_str() {
            "" => "a rule without an id".to_owned(),
            id => format!("rule {id}"),
        };
        let mut note = |what: String| {
            notes.push(Note {
                line,
                rule: Some(name.clone()),
                what,
            });
        };
        match rule.translate(source, line, &mut note) {
            Ok(rule) if ids.contains(&rule.rule.id) => {
                note("left out: its id is taken by an earlier rule".to_owned());
            }
            Ok(rule) => {
                ids.push(rule.rule.id.clone());
                carried.push(rule);
            }
            Err(why) => note(format!("left out: {why}")),
        }
    }
    Ok((carried, notes))
}

impl RawRule {
    fn translate(
        self,
        source: &str,
        line: usize,
        note: &mut impl FnMut(String),
    ) -> Result<Carried, String> {
        let id = slug(&self.id);
        if id.is_empty() {
            return Err(if self.id.is_empty() {
                "an id is what a rule is called by; give it one".to_owned()
            } else {
                "its id has no letter and no digit".to_owned()
            });
        }
        let Some(regex) = &self.regex else {
            return Err(if self.path.is_some() {
                "it looks at the names of files only, and a stream has none".to_owned()
            } else {
                "it has neither `regex` nor `path`, so there is nothing to look for".to_owned()
            });
        };
        let (regex, ignore_case) = match regex.strip_prefix("(?i)") {
            Some(rest) => (rest, true),
            None => (regex.as_str(), false),
        };
        let hir = parse(regex)?;
        let groups = hir.properties().explicit_captures_len();
        if self.secret_group > groups {
            return Err(format!("it has no group {} to mask", self.secret_group));
        }
        let secret = match (self.secret_group, groups) {
            (0, 0) => 0,
            (0, _) => match sole_group(&hir) {
                Ok(group) => group,
                Err(why) => {
                    note(format!("wider: the whole match is masked, since {why}"));
                    0
                }
            },
            (group, _) => group,
        };
        let freed = free(&hir, secret)?;
        self.tell_losses(&freed, note);
        let keywords = self.keywords.iter().map(|keyword| spelled(keyword, regex));
        let about = if self.description.trim().is_empty() {
            format!("Imported from gitleaks: {id}")
        } else {
            self.description
                .trim()
                .replace(|char: char| char.is_control(), " ")
        };
        Ok(Carried {
            line,
            keywords: keywords.filter(|keyword| keyword.len() >= 2).collect(),
            rule: RuleText {
                id,
                about,
                pattern: printed(&freed.hir, secret),
                ignore_case,
                secret: usize::from(secret > 0),
                before: freed.before,
                entropy: self.entropy.filter(|&min| min > 0.0),
                source: source.to_owned(),
                ..RuleText::default()
            },
            hir: renumbered(&freed.hir, secret)?,
        })
    }

    fn tell_losses(&self, freed: &Freed, note: &mut impl FnMut(String)) {
        for what in &freed.told {
            note(what.clone());
        }
        if self.path.is_some() {
            note("wider: `path` is not carried over, it finds in every stream".to_owned());
        }
        for list in self.allowlist.iter().chain(&self.allowlists) {
            let keys: Vec<&str> = list
                .keys()
                .map(String::as_str)
                .filter(|key| !["description", "condition", "regexTarget"].contains(key))
                .collect();
            note(format!(
                "wider: an allowlist is not carried over ({})",
                keys.join(", ")
            ));
        }
        if !self.tags.is_empty() {
            note("`tags` are not carried over, rules have none".to_owned());
        }
    }
}

fn parse(regex: &str) -> Result<Hir, String> {
    let mut builder = regex_syntax::ParserBuilder::new();
    builder.unicode(false).utf8(false);
    builder.build().parse(regex).map_err(|error| {
        let what = match error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            _ => "it is not a regular expression".to_owned(),
        };
        format!("its regex cannot be used: {what}")
    })
}

/// A shorter group is a part of a token, such as a word before it.
const SHORTEST_SECRET: usize = 8;

/// The group that is the secret where the rule does not say which: the first, if all others
/// are in it. Otherwise a guess would leave the rest of a token.
fn sole_group(hir: &Hir) -> Result<usize, &'static str> {
    let groups = hir.properties().explicit_captures_len();
    let Some(first) = group(hir, 1) else {
        return Ok(0);
    };
    let most = first.properties().maximum_len();
    if first.properties().explicit_captures_len() + 1 < groups {
        Err("its regex has several groups and no `secretGroup` says which is the secret")
    } else if most.is_some_and(|most| most < SHORTEST_SECRET) {
        Err("its group is too short for a secret and no `secretGroup` says that it is one")
    } else {
        Ok(1)
    }
}

/// What is in a group.
fn group(hir: &Hir, index: u32) -> Option<&Hir> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.index == index => Some(&capture.sub),
        HirKind::Capture(capture) => group(&capture.sub, index),
        HirKind::Repetition(repetition) => group(&repetition.sub, index),
        HirKind::Concat(items) | HirKind::Alternation(items) => {
            items.iter().find_map(|item| group(item, index))
        }
        _ => None,
    }
}

/// The tree with the secret's group, where there is one, as the first.
fn renumbered(hir: &Hir, secret: usize) -> Result<Hir, String> {
    parse(&printed(hir, secret))
}

/// A keyword in the case in which the pattern has it.
fn spelled(keyword: &str, regex: &str) -> String {
    let at = regex
        .to_ascii_lowercase()
        .find(&keyword.to_ascii_lowercase());
    at.and_then(|at| regex.get(at..at + keyword.len()))
        .unwrap_or(keyword)
        .to_owned()
}

/// An id of a-z, 0-9 and `-`.
fn slug(id: &str) -> String {
    let words: Vec<String> = id
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::rules::freed::NO_WORD;

    fn one(rule: &str) -> Result<Carried, String> {
        let text = format!("[[rules]]\nid = \"Acme_Key\"\n{rule}");
        let (mut carried, notes) =
            translate(&text, "https://acme.example").unwrap_or_else(|error| panic!("{error:?}"));
        carried.pop().ok_or_else(|| notes[0].what.clone())
    }

    fn pattern(regex: &str) -> (String, Option<String>) {
        let carried = one(&format!("regex = '''{regex}'''"));
        let rule = carried
            .unwrap_or_else(|error| panic!("{regex}: {error}"))
            .rule;
        (rule.pattern, rule.before)
    }

    #[test]
    fn surroundings_go_and_ends_are_opened() {
        let no_word = Some(NO_WORD.to_owned());
        assert_eq!(
            pattern(r"\b(acme_[0-9a-f]{16})\b"),
            ("(acme_[0-9a-f]{16,})".to_owned(), no_word.clone())
        );
        assert_eq!(
            pattern(r"(?:^|[^a-z])acme_[0-9]{4,8}"),
            ("acme_[0-9]{4,}".to_owned(), Some("[^a-z]".to_owned()))
        );
        assert_eq!(
            pattern(r#"[\w.-]{0,50}?acme.{0,3}=([a-z]{8})(?:['"\s;]|\\[nr]|$)"#).0,
            r"acme[^\n]{0,3}=([a-z]{8,})"
        );
        // A closing quote ends a value that has blanks.
        assert_eq!(
            pattern("key='([^']{1,9})'").0,
            r"key=\x27([^\x27]{1,9})\x27"
        );
    }

    #[test]
    fn groups_entropy_and_words_are_carried_over() {
        let carried = one(
            "regex = '''(?i)(x|y)-AcMe-([a-z]{8,})'''\nsecretGroup = 2\nentropy = 3\n\
                           keywords = [\"acme\"]\ndescription = \"Ours\"",
        );
        let carried = carried.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(carried.rule.id, "acme-key");
        assert_eq!(carried.rule.about, "Ours");
        assert_eq!(carried.rule.pattern, "[xy]\\-AcMe\\-([a-z]{8,})");
        assert_eq!((carried.rule.secret, carried.rule.entropy), (1, Some(3.0)));
        assert!(carried.rule.ignore_case);
        assert_eq!(carried.keywords, ["AcMe"]);
    }

    #[test]
    fn what_cannot_be_is_left_out_with_the_reason() {
        for (rule, part) in [
            ("path = '''id_rsa'''", "names of files"),
            ("regex = '''a(?=b)'''", "look-around"),
            ("regex = '''acme\\bkey'''", "midst"),
            ("regex = '''acme'''\nsecretGroup = 1", "no group 1"),
            ("regex = '''\\p{Greek}x'''", "cannot be used"),
        ] {
            let why = one(rule).err().expect(rule);
            assert!(
                why.starts_with("left out: ") && why.contains(part),
                "{rule}: {why}"
            );
        }
    }
}
