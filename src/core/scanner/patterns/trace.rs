//! What became of each suspect of the pattern rules: the same attempts, told.

use super::{Attempt, PatternState, Patterns};
use crate::core::explain::{Considered, Outcome, Reason};
use crate::core::scanner::before::{self, LOOK_BEHIND};
use crate::core::scanner::prefilter::Suspect;
use crate::core::scanner::run::{Run, run};
use crate::core::scanner::{Detector, Finding, View};
use crate::core::verify::OnFail;

impl Patterns {
    /// Tells what becomes of the suspects in a whole record.
    pub(in crate::core::scanner) fn trace(
        &self,
        record: &[u8],
        suspects: &[Suspect],
        out: &mut Vec<Considered>,
    ) {
        let view = View::whole(record);
        let mut state = self.state();
        for suspect in suspects {
            let Some(rules) = self.by_anchor.get(suspect.anchor) else {
                continue;
            };
            let anchor = &self.anchors[suspect.anchor as usize].bytes;
            for &rule in rules {
                if let Some(outcome) = self.outcome(rule, suspect.at as u64, view, &mut state) {
                    out.push(Considered {
                        rule: Some(rule as usize),
                        anchor: Some(anchor.clone()),
                        at: suspect.at,
                        outcome,
                    });
                }
            }
        }
        for &rule in self.by_class.rules() {
            self.trace_everywhere(rule, view, &mut state, out);
        }
    }

    /// The starts to which the suspect at `at` can belong, like
    /// [`try_suspect`](Self::try_suspect). None where an earlier match has taken them.
    fn outcome(
        &self,
        rule: u32,
        at: u64,
        view: View<'_>,
        state: &mut PatternState,
    ) -> Option<Outcome> {
        let lead = self.rules[rule as usize].source.lead() as u64;
        let mut start = state.touch(rule).next.max(at.saturating_sub(lead));
        let mut best = None;
        let mut found = Vec::new();
        while start <= at {
            match self.attempt(rule, start, view, state, &mut found) {
                Attempt::Taken { end } => {
                    state.rules[rule as usize].next = end;
                    let found = found.pop();
                    return Some(
                        found.map_or(Outcome::Passed(Reason::Placeholder), |found: Finding| {
                            self.found(found, view)
                        }),
                    );
                }
                // A whole record leaves nothing undecided.
                Attempt::Undecided | Attempt::Open(_) => return None,
                Attempt::None => {
                    best = best.max(Some(self.reason(rule, start, view, state)));
                    start += 1;
                }
            }
            state.rules[rule as usize].next = start;
        }
        best.map(Outcome::Passed)
    }

    fn found(&self, found: Finding, view: View<'_>) -> Outcome {
        let verify = &self.rules[found.rule as usize].verify;
        Outcome::Found {
            secret: found.start as usize..found.end.min(view.end()) as usize,
            verified: verify.as_ref().map(|_| !found.unverified),
            undecided: found.undecided,
        }
    }

    /// Why there is nothing at `start`.
    fn reason(&self, index: u32, start: u64, view: View<'_>, state: &mut PatternState) -> Reason {
        let rule = &self.rules[index as usize];
        let at = view.index(start);
        let PatternState { rules, stats, .. } = state;
        let memo = &mut rules[index as usize].memo;
        let begins = view
            .bytes
            .get(at)
            .is_some_and(|&first| rule.automaton().starts_with(first));
        let end = match begins.then(|| run(rule, start, view, memo, stats)) {
            Some(Run::Done(end)) if end > 0 => end,
            // What is overdue fails by the byte before it alone.
            Some(Run::Alive { at, .. }) => at,
            _ => return Reason::Pattern,
        };
        if let Some(class) = &rule.source.form().before
            && !before::allows(class, &view.bytes[at.saturating_sub(LOOK_BEHIND)..at])
        {
            return Reason::Before;
        }
        let behind = view.bytes.get(view.index(end));
        let refused =
            |class: &crate::core::form::ByteSet| behind.is_some_and(|&byte| !class.has(byte));
        if rule.source.form().after.as_ref().is_some_and(refused) {
            return Reason::After;
        }
        debug_assert!(
            rule.verify
                .as_ref()
                .is_some_and(|(_, on_fail)| *on_fail == OnFail::Reject),
            "nothing else is left to reject a match"
        );
        Reason::Verifier
    }

    /// The matches of a rule without anchors.
    fn trace_everywhere(
        &self,
        rule: u32,
        view: View<'_>,
        state: &mut PatternState,
        out: &mut Vec<Considered>,
    ) {
        let mut at = 0;
        let mut found = Vec::new();
        while at < view.end() {
            state.touch(rule);
            at = match self.attempt(rule, at, view, state, &mut found) {
                Attempt::Taken { end } => end.max(at + 1),
                _ => at + 1,
            };
        }
        out.extend(found.into_iter().map(|found| Considered {
            rule: Some(rule as usize),
            anchor: None,
            at: found.start as usize,
            outcome: self.found(found, view),
        }));
    }
}
