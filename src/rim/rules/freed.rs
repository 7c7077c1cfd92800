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
    /// In what it finds more than it did.
    pub(crate) wider: Vec<String>,
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
        wider: Vec::new(),
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
        // What may be there or not in front of the secret decides nothing.
        let idle = secret > 0 && first.properties().minimum_len() == Some(0);
        if holds_secret(first) || !(looks || idle) || items.len() == 1 {
            break;
        }
        let first = items.remove(0);
        if looks {
            freed.before = before_class(&first, &mut freed.wider);
        }
    }
    while let Some(last) = items.last() {
        let looks = !last.properties().look_set().is_empty();
        if holds_secret(last) || !looks || items.len() == 1 {
            break;
        }
        items.pop();
    }
    if let Some(last) = items.pop() {
        items.push(opened(&last, &mut freed.wider));
    }
    freed.hir = Hir::concat(items);
    if freed.hir.properties().look_set().is_empty() {
        Ok(freed)
    } else {
        Err("its regex has `^`, `$` or `\\b` in its midst, which cannot be carried over".to_owned())
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
fn before_class(item: &Hir, wider: &mut Vec<String>) -> Option<String> {
    match item.kind() {
        HirKind::Look(Look::WordAscii) => return Some(NO_WORD.to_owned()),
        HirKind::Capture(capture) => return before_class(&capture.sub, wider),
        HirKind::Alternation(branches) => {
            if let Some(class) = class_or_look(branches) {
                return Some(class);
            }
        }
        _ => {}
    }
    wider.push("its condition on what stands before is dropped".to_owned());
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

/// Opens the last repeat of the pattern: tokens grow, and the rest of one is a secret too.
fn opened(hir: &Hir, wider: &mut Vec<String>) -> Hir {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let HirKind::Class(class) = repetition.sub.kind() else {
                return hir.clone();
            };
            let of_token = bytes_of(class).is_some_and(|class| {
                let stops = |byte: &u8| b" \t\n\"'[],;".contains(byte);
                let ranges = class.ranges().iter();
                !ranges
                    .into_iter()
                    .any(|range| (range.start()..=range.end()).any(|byte| stops(&byte)))
            });
            let Some(max) = repetition.max.filter(|_| of_token && repetition.min > 0) else {
                return hir.clone();
            };
            wider.push(format!(
                "its last repeat ended after {max} characters and now does not"
            ));
            Hir::repetition(Repetition {
                max: None,
                greedy: true,
                ..repetition.clone()
            })
        }
        HirKind::Capture(capture) => {
            let mut capture = capture.clone();
            capture.sub = Box::new(opened(&capture.sub, wider));
            Hir::capture(capture)
        }
        HirKind::Concat(items) => {
            let mut items = items.clone();
            if let Some(last) = items.pop() {
                items.push(opened(&last, wider));
            }
            Hir::concat(items)
        }
        _ => hir.clone(),
    }
}
