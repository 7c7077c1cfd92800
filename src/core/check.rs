//! `rules check`: what makes a rule trustworthy, tried out.

use crate::core::builder::{BuildError, Builder};
use crate::core::limits::Profile;
use crate::core::pack::Pack;
use crate::core::redactor::Redactor;
use crate::core::rule::{Example, RuleSource};

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {}{what}", .rule.as_deref().map(|rule| format!("rule {rule}: ")).unwrap_or_default())]
pub struct Problem {
    /// The file.
    pub origin: String,
    /// The full id, where one rule is to blame.
    pub rule: Option<String>,
    /// What is wrong and the mend.
    pub what: String,
}

/// How much work a byte of near misses may be, in steps of an automaton. A byte of
/// clean text costs no step at all, only the prefilter's share of one.
pub const MOST_WORK: u64 = 24;

/// What a look at a suspect costs, in the same unit.
const SUSPECT_WORK: u64 = 8;

/// How many states an automaton may have: it is built when its first suspect turns up,
/// and that must not be felt.
pub const MOST_STATES: usize = 1000;

/// How long a line of near misses is, in bytes.
const NEAR_MISSES: usize = 256 * 1024;

/// Tries out every rule of `pack`: its examples and passes, whether it needs its
/// anchors, whether it is slow, whether a second redaction changes something more,
/// alone and together with the rules of `others`.
///
/// ```
/// let packs = blackbar::embedded_packs()?;
/// assert!(blackbar::check::check_pack(&packs[0], &packs[1..]).is_empty());
/// # Ok::<(), blackbar::PackError>(())
/// ```
pub fn check_pack(pack: &Pack, others: &[Pack]) -> Vec<Problem> {
    check_packs(std::slice::from_ref(pack), others)
}

/// The same for several packs, which run together with those of `others` whose names
/// are not theirs.
pub fn check_packs(packs: &[Pack], others: &[Pack]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = packs.iter().flat_map(check_alone).collect();
    if !problems.is_empty() {
        return problems;
    }
    match together(packs, others) {
        Ok(all) => packs
            .iter()
            .for_each(|pack| check_inert(pack, &all, &mut problems)),
        Err(error) => problems.push(Problem {
            origin: packs.first().map_or("", Pack::origin).to_owned(),
            rule: None,
            what: error.to_string(),
        }),
    }
    problems
}

/// The rules and names of a pack, each by itself.
fn check_alone(pack: &Pack) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in pack.rules() {
        let mut wrong = |what: String| {
            problems.push(Problem {
                origin: pack.origin().to_owned(),
                rule: Some(rule.full_id().to_owned()),
                what,
            });
        };
        check_data(rule, &mut wrong);
        match alone(pack, rule) {
            Err(BuildError::Automaton { source, .. }) => wrong(source.to_string()),
            Err(BuildError::Anchors { source, .. }) => wrong(format!("key `anchors`: {source}")),
            Err(error) => wrong(error.to_string()),
            Ok(redactor) => {
                check_size(&redactor, &mut wrong);
                check_examples(rule, &redactor, &mut wrong);
                check_work(rule, &redactor, &mut wrong);
            }
        }
    }
    check_names(pack, &mut problems);
    problems
}

/// The work of one byte of the worst of the rule's near misses, as [`MOST_WORK`] counts.
///
/// # Errors
///
/// Where the rule does not compile.
pub fn near_miss_work(pack: &Pack, rule: &RuleSource) -> Result<u64, BuildError> {
    let redactor = alone(pack, rule)?;
    Ok(near_misses(rule)
        .map(|unit| work(&redactor, &unit))
        .max()
        .unwrap_or(0))
}

/// Texts that look like the rule's matches and are none, to be repeated: its anchors,
/// its examples cut short in every way that keeps an anchor, and anchors inside them.
pub fn near_misses(rule: &RuleSource) -> impl Iterator<Item = Vec<u8>> {
    let anchors = rule.anchors().to_vec();
    let cut = rule
        .examples()
        .iter()
        .chain(std::iter::empty())
        .map(|example| example.input.as_bytes().to_vec())
        .flat_map(move |text| {
            let starts: Vec<usize> = anchors
                .iter()
                .filter_map(|anchor| find(&text, anchor))
                .collect();
            starts.into_iter().flat_map(move |start| {
                let tail = text[start..].to_vec();
                let halves = [tail.len() - 1, tail.len() / 2, tail.len() / 4 + 1];
                halves.map(|length| tail[..length.min(tail.len())].to_vec())
            })
        });
    let anchors = rule.anchors().to_vec();
    let nested = anchors.clone().into_iter().map(|anchor| {
        let inner = [anchor.as_slice(), b"a"].concat();
        [anchor.as_slice(), &inner, &inner].concat()
    });
    anchors
        .into_iter()
        .chain(nested)
        .chain(cut)
        .filter(|unit| !unit.is_empty() && !unit.contains(&b'\n'))
}

fn find(text: &[u8], anchor: &[u8]) -> Option<usize> {
    text.windows(anchor.len())
        .position(|window| window.eq_ignore_ascii_case(anchor))
}

/// The profile under which the examples of what runs in these hold.
fn first_of(profiles: &[Profile]) -> Profile {
    Profile::ALL
        .into_iter()
        .find(|profile| profiles.contains(profile))
        .unwrap_or_default()
}

fn alone(pack: &Pack, rule: &RuleSource) -> Result<Redactor, BuildError> {
    Redactor::builder()
        .embedded(false)
        .profile(first_of(rule.profiles()))
        .pack(pack.only(rule.id()))
        .enable(rule.full_id())
        .build()
}

/// All of them; each rule has been proven alone.
fn together(packs: &[Pack], others: &[Pack]) -> Result<Redactor, BuildError> {
    let builder = Redactor::builder()
        .embedded(false)
        .proven()
        .profile(Profile::Strict);
    let is_other = |other: &&Pack| packs.iter().all(|pack| pack.name() != other.name());
    others
        .iter()
        .filter(is_other)
        .chain(packs)
        .fold(builder, enabled)
        .build()
}

/// The builder with a pack in it, optional or not.
fn enabled(builder: Builder, pack: &Pack) -> Builder {
    let builder = builder.pack(pack.clone());
    // A pack of exceptions alone has nothing that could be enabled.
    if pack.is_optional() && !(pack.rules().is_empty() && pack.names().is_empty()) {
        builder.enable(pack.name())
    } else {
        builder
    }
}

fn check_data(rule: &RuleSource, wrong: &mut impl FnMut(String)) {
    if rule.about().is_empty() {
        wrong("key `about`: say in one line what the rule finds".to_owned());
    }
    if !rule.source().starts_with("https://") {
        wrong("key `source`: name the page that describes the format, https://…".to_owned());
    }
    if rule.examples().is_empty() {
        wrong("key `examples`: give at least one pair of a text and what becomes of it".to_owned());
    }
}

/// The names of fields, with their exceptions and without the rules.
fn check_names(pack: &Pack, problems: &mut Vec<Problem>) {
    for name in pack.names() {
        let mut wrong = |what: String| {
            problems.push(Problem {
                origin: pack.origin().to_owned(),
                rule: Some(name.full_id().to_owned()),
                what,
            });
        };
        if name.about().is_empty() {
            wrong("key `about`: say in one line what these names hold".to_owned());
        }
        if !name.source().starts_with("https://") {
            wrong("key `source`: name the page that has the names, https://…".to_owned());
        }
        if name.examples().is_empty() {
            wrong(
                "key `examples`: give at least one pair of a text and what becomes of it"
                    .to_owned(),
            );
        }
        match names_alone(pack, first_of(name.profiles())) {
            Err(error) => wrong(error.to_string()),
            Ok(redactor) => check_texts(name.examples(), name.passes(), &redactor, &mut wrong),
        }
    }
    for benign in pack.benign() {
        let first = benign.words().next().unwrap_or_default().to_owned();
        let mut wrong = |what: String| {
            problems.push(Problem {
                origin: pack.origin().to_owned(),
                rule: None,
                what: format!("benign \"{first}\": {what}"),
            });
        };
        // Exceptions of a pack without names are those of others' names.
        match names_alone(pack, first_of(benign.profiles())) {
            Err(BuildError::NoRules) => {}
            Err(error) => wrong(error.to_string()),
            Ok(redactor) => check_texts(&[], benign.passes(), &redactor, &mut wrong),
        }
    }
}

/// The names and exceptions of a pack, without its rules.
fn names_alone(pack: &Pack, profile: Profile) -> Result<Redactor, BuildError> {
    let builder = Redactor::builder().embedded(false).profile(profile);
    enabled(builder, &pack.without_rules()).build()
}

fn check_size(redactor: &Redactor, wrong: &mut impl FnMut(String)) {
    let states = redactor
        .scanner
        .rules()
        .iter()
        .map(|rule| rule.automaton().states())
        .sum::<usize>();
    if states > MOST_STATES {
        wrong(format!(
            "its automaton has {states} states, {MOST_STATES} is the limit; split the rule, or \
             shorten counted repeats and alternatives that overlap"
        ));
    }
}

fn check_examples(rule: &RuleSource, redactor: &Redactor, wrong: &mut impl FnMut(String)) {
    check_texts(rule.examples(), rule.passes(), redactor, wrong);
}

fn check_texts(
    examples: &[Example],
    passes: &[String],
    redactor: &Redactor,
    wrong: &mut impl FnMut(String),
) {
    for (number, example) in examples.iter().enumerate() {
        let got = redactor.redact_document(example.input.as_bytes());
        if got != example.output.as_bytes() {
            wrong(format!(
                "example {}: expected {:?}, got {:?}",
                number + 1,
                example.output,
                String::from_utf8_lossy(&got)
            ));
        }
        if example.input == example.output {
            wrong(format!(
                "example {}: nothing is masked; move it to `passes`",
                number + 1
            ));
        }
    }
    for (number, text) in passes.iter().enumerate() {
        let got = redactor.redact_document(text.as_bytes());
        if got != text.as_bytes() {
            wrong(format!(
                "pass {}: {text:?} must stay, got {:?}",
                number + 1,
                String::from_utf8_lossy(&got)
            ));
        }
    }
}

fn check_work(rule: &RuleSource, redactor: &Redactor, wrong: &mut impl FnMut(String)) {
    let worst = near_misses(rule)
        .map(|unit| work(redactor, &unit))
        .max()
        .unwrap_or(0);
    if worst > MOST_WORK {
        wrong(format!(
            "near misses cost {worst} steps a byte, {MOST_WORK} is the limit; let the pattern \
             fail earlier or add a condition `before`"
        ));
    }
}

/// Steps a byte on a line that repeats `unit`.
fn work(redactor: &Redactor, unit: &[u8]) -> u64 {
    work_per_byte(redactor, &unit.repeat(NEAR_MISSES / unit.len() + 1))
}

/// How much work confirming the suspects of `input` is: the steps of the automata, and a
/// constant for each suspect, divided by the length.
///
/// ```
/// let redactor = blackbar::Redactor::builder().build()?;
/// assert_eq!(blackbar::check::work_per_byte(&redactor, b"nothing to look at"), 0);
/// # Ok::<(), blackbar::BuildError>(())
/// ```
pub fn work_per_byte(redactor: &Redactor, input: &[u8]) -> u64 {
    let stats = redactor.work(input);
    (stats.steps + SUSPECT_WORK * stats.suspects) / input.len().max(1) as u64
}

/// A second redaction by all rules together finds nothing more, in any text of the pack.
fn check_inert(pack: &Pack, all: &Redactor, problems: &mut Vec<Problem>) {
    let rules = pack
        .rules()
        .iter()
        .map(|rule| (rule.full_id(), rule.examples(), rule.passes()));
    let names = pack
        .names()
        .iter()
        .map(|name| (name.full_id(), name.examples(), name.passes()));
    for (full_id, examples, passes) in rules.chain(names) {
        let texts = examples
            .iter()
            .flat_map(|example| [&example.input, &example.output]);
        for text in texts.chain(passes) {
            let once = all.redact_document(text.as_bytes());
            let twice = all.redact_document(&once);
            if once != twice {
                problems.push(Problem {
                    origin: pack.origin().to_owned(),
                    rule: Some(full_id.to_owned()),
                    what: format!(
                        "a second redaction changes {:?} to {:?}: some rule matches a mask; keep `[` \
                         and `]` out of its classes",
                        String::from_utf8_lossy(&once),
                        String::from_utf8_lossy(&twice)
                    ),
                });
            }
        }
    }
}
