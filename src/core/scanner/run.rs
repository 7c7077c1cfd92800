//! One run of a rule's automaton over a view.

use super::View;
use super::memo::{Matched, Memo, STEP};
use super::patterns::PatternStats;
use crate::core::automaton::{DEAD, State};
use crate::core::rule::Rule;

/// What one run of an automaton came to.
pub(super) enum Run {
    /// It died, or the content ended, within the reach.
    Done(Matched),
    /// More bytes decide.
    Undecided,
    /// It is alive past its reach (or where a forced end cuts it), at this offset.
    Alive { state: State, at: u64 },
}

/// Runs the rule's automaton from `start` as far as its reach and one byte more.
pub(super) fn run(
    rule: &Rule,
    start: u64,
    view: View<'_>,
    memo: &mut Memo,
    stats: &mut PatternStats,
) -> Run {
    let automaton = rule.automaton();
    let bytes = &view.bytes[view.index(start)..];
    let limit = bytes.len().min(rule.reach);
    let mut now = automaton.start();
    let mut matched = 0;
    let mut at = 0;
    // The first note lies at least a step away, so that short runs leave none.
    let mut note = ((start + STEP) / STEP * STEP + STEP - start) as usize;
    memo.start();
    while at < limit {
        let stop = limit.min(note);
        for &byte in &bytes[at..stop] {
            now = automaton.next(now, byte);
            if now == DEAD {
                stats.steps += at as u64;
                let matched = offset(start, matched);
                memo.settle(matched, rule.reach);
                return Run::Done(matched);
            }
            at += 1;
            if automaton.accepts(now) {
                matched = at;
            }
        }
        if at == note && at < limit {
            if let Some(known) = memo.visit(start + at as u64, now) {
                stats.steps += at as u64;
                let matched = known.max(offset(start, matched));
                memo.settle(matched, rule.reach);
                return Run::Done(matched);
            }
            note += STEP as usize;
        }
    }
    stats.steps += at as u64;
    let alive = Run::Alive {
        state: now,
        at: start + at as u64,
    };
    match bytes.get(rule.reach) {
        Some(&byte) if automaton.next(now, byte) != DEAD => alive,
        None if view.complete && view.forced => alive,
        None if !view.complete => Run::Undecided,
        _ => {
            let matched = offset(start, matched);
            memo.settle(matched, rule.reach);
            Run::Done(matched)
        }
    }
}

/// The offset in the record of a match of `length` bytes; 0 stands for none.
fn offset(start: u64, length: usize) -> u64 {
    if length == 0 {
        0
    } else {
        start + length as u64
    }
}
