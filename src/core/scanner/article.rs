//! The `article` profile: the seven replacements, one after the other, each over the
//! result of the one before.
//!
//! The text in between is never made. Of the record and the stretches that earlier
//! replacements have masked, a rule's automaton reads the bytes outside them, and the
//! bytes of the mask for each of them. No anchor of the article's rules stands in the
//! mask text, and no rule begins or ends inside of it, so a stretch is either in a match
//! as a whole or not at all.

use super::RuleLists;
use super::prefilter::Suspect;
use crate::core::automaton::{DEAD, State};
use crate::core::mask::MASK;
use crate::core::rule::Rule;

/// A stretch of a record that is masked, and the rule that did it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: u32,
}

/// Working memory for one record at a time.
#[derive(Default)]
pub(crate) struct ArticleState {
    /// What is masked so far, in order; no two overlap.
    masked: Vec<Stretch>,
    next: Vec<Stretch>,
    notes: Vec<Note>,
    visited: Vec<(usize, State)>,
    findings: Vec<Stretch>,
}

/// What became of a run that was in `state` at the note's place; see `memo`.
#[derive(Clone, Copy)]
struct Note {
    state: State,
    matched: Option<usize>,
}

/// Notes are left where the offset is a multiple of this.
const STEP: usize = 64;

/// Computes what the article masks in one record.
///
/// `suspects` are the places of the rules' anchors in order, each with the rules by
/// `by_anchor`; the rules run in the order of `order`. Returns the masked stretches, and
/// what each replacement took, which a later one may have taken again.
pub(crate) fn replace<'s>(
    rules: &[Rule],
    order: &[u32],
    record: &[u8],
    suspects: &[Suspect],
    by_anchor: &RuleLists,
    state: &'s mut ArticleState,
) -> (&'s [Stretch], &'s [Stretch]) {
    state.masked.clear();
    state.findings.clear();
    // Most records have suspects of one rule.
    let bit = |index: u32| 1_u64 << index.min(u64::BITS - 1);
    let suspected = suspects.iter().fold(0, |suspected, suspect| {
        let rules = by_anchor.get(suspect.anchor).unwrap_or_default();
        rules.iter().fold(suspected, |all, &index| all | bit(index))
    });
    for &index in order {
        let rule = &rules[index as usize];
        if suspected & bit(index) == 0 && !rule.is_tried_everywhere() {
            continue;
        }
        if rule.is_tried_everywhere() {
            replace_one(rule, index, record, 0..record.len(), state);
            continue;
        }
        // Other detectors' suspects are none of any rule.
        let of_anchor = |anchor: u32| by_anchor.get(anchor).unwrap_or_default();
        let of_rule = |suspect: &&Suspect| of_anchor(suspect.anchor).contains(&index);
        let lead = rule.source.lead();
        let starts = suspects
            .iter()
            .filter(of_rule)
            .flat_map(|suspect| suspect.at.saturating_sub(lead)..=suspect.at);
        if suspects.iter().any(|suspect| of_rule(&suspect)) {
            replace_one(rule, index, record, starts, state);
        }
    }
    (&state.masked, &state.findings)
}

/// One replacement over the whole record.
fn replace_one(
    rule: &Rule,
    index: u32,
    record: &[u8],
    starts: impl Iterator<Item = usize>,
    state: &mut ArticleState,
) {
    state.notes.clear();
    state.next.clear();
    let mut from = 0;
    let mut old = 0;
    for start in starts {
        if start < from {
            continue;
        }
        from = start + 1;
        // Stretches before the start stay; one that holds the start has taken it.
        while old < state.masked.len() && state.masked[old].end <= start {
            state.next.push(state.masked[old]);
            old += 1;
        }
        if state
            .masked
            .get(old)
            .is_some_and(|stretch| stretch.start <= start)
        {
            continue;
        }
        if let Some(end) = run(rule, record, start, old, state) {
            while old < state.masked.len() && state.masked[old].end <= end {
                old += 1;
            }
            let stretch = Stretch {
                start,
                end,
                rule: index,
            };
            state.next.push(stretch);
            state.findings.push(stretch);
            from = end;
        }
    }
    state.next.extend_from_slice(&state.masked[old..]);
    std::mem::swap(&mut state.masked, &mut state.next);
}

/// The end of the leftmost-first match at `start`, if there is one. `stretch` is the
/// first one after `start`.
fn run(
    rule: &Rule,
    record: &[u8],
    start: usize,
    mut stretch: usize,
    state: &mut ArticleState,
) -> Option<usize> {
    let automaton = rule.automaton();
    let mut at = start;
    let mut now = automaton.start();
    let mut matched = None;
    let mut note = (start / STEP + 2) * STEP;
    state.visited.clear();
    'run: while at < record.len() {
        let clean_to = state
            .masked
            .get(stretch)
            .map_or(record.len(), |next| next.start);
        while at < clean_to {
            let stop = clean_to.min(note);
            for &byte in &record[at..stop] {
                now = automaton.next(now, byte);
                if now == DEAD {
                    break 'run;
                }
                at += 1;
                if automaton.accepts(now) {
                    matched = Some(at);
                }
            }
            if at == note {
                if let Some(known) = known(state, at, now) {
                    matched = known.or(matched);
                    break 'run;
                }
                note += STEP;
            }
        }
        let Some(next) = state.masked.get(stretch) else {
            break;
        };
        for &byte in MASK {
            now = automaton.next(now, byte);
            if now == DEAD {
                break 'run;
            }
        }
        at = next.end;
        if automaton.accepts(now) {
            matched = Some(at);
        }
        stretch += 1;
        note = note.max((at / STEP + 1) * STEP);
    }
    settle(state, matched);
    matched
}

/// What became of an earlier run that was in the same state at the same place.
#[allow(clippy::option_option)] // not known, or known to match or not
fn known(state: &mut ArticleState, at: usize, now: State) -> Option<Option<usize>> {
    match state.notes.get(at / STEP) {
        Some(note) if note.state == now => Some(note.matched),
        _ => {
            state.visited.push((at, now));
            None
        }
    }
}

fn settle(state: &mut ArticleState, matched: Option<usize>) {
    while let Some((at, now)) = state.visited.pop() {
        let place = at / STEP;
        if state.notes.len() <= place {
            state.notes.resize(
                place + 1,
                Note {
                    state: DEAD,
                    matched: None,
                },
            );
        }
        state.notes[place] = Note {
            state: now,
            matched: matched.filter(|&end| end > at),
        };
    }
}
