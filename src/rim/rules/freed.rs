//! Patterns of scanners without their demands on what stands around a token: a scanner may
//! miss what a redactor must not.

use regex_syntax::hir::{Class, ClassBytes, Hir, HirKind, Look, Repetition};

use crate::rim::rules::pattern::{bytes_of, printed};

/// A pattern without demands on what is around it.
pub(crate) struct Freed {
    /// The pattern that is left.
    pub(crate) hir: Hir,
    /// The class of the byte before a match.
    pub(crate) before: Option<String>,
    /// In what it finds more than it did, and what it may leave.
    pub(crate) told: Vec<String>,
}

/// What the byte before a word is not, and no mask of ours.
pub(crate) const NO_WORD: &str = r"[^A-Za-z0-9\]]";

/// Takes from a pattern what it demands around the token, and its upper length.
///
/// # Errors
///
/// Where it looks around in its midst.
pub(crate) fn free(hir: &Hir, secret: usize) -> Result<Freed, String> {
    let mut items: Vec<Hir> = match hir.kind() {
        HirKind::Concat(items) => items.clone(),
        _ => vec![hir.clone()],
    };
    let mut freed = Freed {
        hir: Hir::empty(),
        before: None,
        told: Vec::new(),
    };
    let holds_secret = |item: &Hir| {
        if secret == 0 {
            false
        } else {
            has_group(item, secret)
        }
    };
    while let Some(first) = items.first() {
        let looks = !first.properties().look_set().is_empty();
        let goes = if secret > 0 {
            // What may be there or not in front of the secret decides nothing.
            looks || may_be_empty(first)
        } else {
            looks && may_be_empty(first)
        };
        if holds_secret(first) || !goes || items.len() == 1 {
            break;
        }
        let first = items.remove(0);
        if looks {
            freed.before = before_class(&first, &mut freed.told);
        }
    }
    while let Some(last) = items.last() {
        let looks = !last.properties().look_set().is_empty();
        let goes = looks && (secret > 0 || may_be_empty(last));
        if holds_secret(last) || !goes || items.len() == 1 {
            break;
        }
        items.pop();
        tell(
            &mut freed.told,
            "wider: its condition on what follows is dropped".to_owned(),
        );
    }
    freed.hir = opened(&Hir::concat(items), &mut freed.told);
    if freed.hir.properties().look_set().is_empty() {
        Ok(freed)
    } else {
        Err("its regex has `^`, `$` or `\\b` in its midst, which cannot be carried over".to_owned())
    }
}

/// Whether it may match nothing at all.
fn may_be_empty(hir: &Hir) -> bool {
    hir.properties().minimum_len() == Some(0)
}

/// Once for a rule, however often.
fn tell(told: &mut Vec<String>, what: String) {
    if !told.contains(&what) {
        told.push(what);
    }
}

fn has_group(hir: &Hir, group: usize) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => {
            capture.index as usize == group || has_group(&capture.sub, group)
        }
        HirKind::Repetition(repetition) => has_group(&repetition.sub, group),
        HirKind::Concat(items) | HirKind::Alternation(items) => {
            items.iter().any(|item| has_group(item, group))
        }
        _ => false,
    }
}

/// The class of the byte before, of an item that looks at what is there.
fn before_class(item: &Hir, told: &mut Vec<String>) -> Option<String> {
    match item.kind() {
        HirKind::Look(Look::WordAscii) => return Some(NO_WORD.to_owned()),
        HirKind::Capture(capture) => return before_class(&capture.sub, told),
        HirKind::Alternation(branches) => {
            if let Some(class) = class_or_look(branches) {
                return Some(class);
            }
        }
        _ => {}
    }
    tell(
        told,
        "wider: its condition on what stands before is dropped".to_owned(),
    );
    None
}

/// The class of `(?:^|[^a-z])`: one byte of it, or nothing at all.
fn class_or_look(branches: &[Hir]) -> Option<String> {
    let mut class = ClassBytes::empty();
    for branch in branches {
        match branch.kind() {
            HirKind::Look(Look::Start | Look::StartLF | Look::StartCRLF) => {}
            HirKind::Class(other) => class.union(&bytes_of(other)?),
            _ => return None,
        }
    }
    (!class.ranges().is_empty()).then(|| printed(&Hir::class(Class::Bytes(class)), 0))
}

/// Opens the last repeat of the pattern, in each of its branches: tokens grow, and the rest
/// of one is a secret too. What cannot be opened is told.
fn opened(hir: &Hir, told: &mut Vec<String>) -> Hir {
    match hir.kind() {
        HirKind::Class(class) if is_of_token(class) => {
            tell(
                told,
                "wider: its last character may now be there several times".to_owned(),
            );
            Hir::repetition(Repetition {
                min: 1,
                max: None,
                greedy: true,
                sub: Box::new(hir.clone()),
            })
        }
        HirKind::Repetition(repetition) => opened_repetition(repetition, told),
        HirKind::Capture(capture) => {
            let mut capture = capture.clone();
            capture.sub = Box::new(opened(&capture.sub, told));
            Hir::capture(capture)
        }
        HirKind::Alternation(branches) => {
            let branches = branches.iter().map(|branch| opened(branch, told));
            Hir::alternation(branches.collect())
        }
        HirKind::Concat(items) => {
            let mut items = items.clone();
            // Behind what may be missing at the end stands another end.
            for item in items.iter_mut().rev() {
                *item = opened(item, told);
                if !may_be_empty(item) {
                    break;
                }
            }
            Hir::concat(items)
        }
        _ => hir.clone(),
    }
}

fn opened_repetition(repetition: &Repetition, told: &mut Vec<String>) -> Hir {
    let mut repetition = repetition.clone();
    let HirKind::Class(class) = repetition.sub.kind() else {
        // Each time as long as it likes, as many times as it was.
        repetition.greedy = true;
        repetition.sub = Box::new(opened(&repetition.sub, told));
        return Hir::repetition(repetition);
    };
    let of_token = is_of_token(class);
    repetition.greedy |= of_token;
    let Some(max) = repetition.max else {
        return Hir::repetition(repetition);
    };
    if of_token {
        let times = if max == 1 { "character" } else { "characters" };
        tell(
            told,
            format!("wider: its last repeat ended after {max} {times} and now does not"),
        );
        repetition.max = None;
    } else if max > 1 {
        tell(
            told,
            format!(
                "its last repeat still ends after {max} characters, since blanks, quotes or \
                 brackets are among them: what goes on behind them stays"
            ),
        );
    }
    Hir::repetition(repetition)
}

/// Whether what it goes on with is the token's, and no blank, quote or bracket.
fn is_of_token(class: &Class) -> bool {
    bytes_of(class).is_some_and(|class| {
        let stops = |byte: &u8| b" \t\n\"'[],;".contains(byte);
        let mut ranges = class.ranges().iter();
        !ranges.any(|range| (range.start()..=range.end()).any(|byte| stops(&byte)))
    })
}
