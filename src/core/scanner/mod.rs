//! From records to spans: the prefilter finds suspects, detectors confirm them.
//!
//! A detector gets a view of a record and the suspects in it, and appends the
//! findings that are decided. It returns its *frontier*: the smallest offset at which
//! a finding may still begin. All state of a record and what it leaves to the next
//! (the carry) is in the detector's state, one a session.

pub(crate) mod article;
mod before;
pub mod blocks;
mod classes;
mod fields;
mod findings;
mod memo;
mod patterns;
mod prefilter;
pub(crate) mod proof;
mod run;

/// So many bytes before the frontier stay in view, for conditions on what is before. The
/// candidates that wait may begin in a control sequence before the frontier.
pub(crate) const LOOK_BEHIND: usize = if before::LOOK_BEHIND + control::LONGEST > fields::BEFORE {
    before::LOOK_BEHIND + control::LONGEST
} else {
    fields::BEFORE
};

pub(crate) use findings::{Finding, OPEN, Style, View, Within};
pub(crate) use patterns::{PatternStats, RuleLists};
pub(crate) use prefilter::{Suspect, Vectors};

use crate::core::explain::Considered;
use crate::core::field::{FieldNames, NameSource};
use crate::core::limits::Values;
use crate::core::rule::Rule;
use crate::core::text::control;
use blocks::{BlockState, Blocks};
use fields::{FieldState, Fields};
use patterns::{PatternState, Patterns};
use prefilter::{Anchor, Prefilter};

/// A way to find secrets in records.
pub(crate) trait Detector {
    /// What a session keeps for the detector.
    type State;

    /// Nothing seen yet.
    fn state(&self) -> Self::State;

    /// A record begins; what the last one left (the carry) stays.
    fn begin_record(&self, state: &mut Self::State);

    /// Looks at the view; `suspects` are offsets in its bytes, in ascending order.
    /// Appends what is decided and returns the frontier, at most the view's end.
    fn scan(
        &self,
        view: View<'_>,
        suspects: &[Suspect],
        state: &mut Self::State,
        out: &mut Vec<Finding>,
    ) -> u64;
}

/// All detectors under one prefilter.
pub(crate) struct Scanner {
    prefilter: Prefilter,
    /// The index of the first beginning of the rules without anchors: behind the anchors.
    first_class: u32,
    patterns: Patterns,
    fields: Fields,
    blocks: Blocks,
}

/// What a session keeps for the scanner.
pub(crate) struct ScanState {
    patterns: PatternState,
    fields: FieldState,
    blocks: BlockState,
    suspects: Vec<Suspect>,
}

impl Scanner {
    pub(crate) fn new(
        rules: Vec<Rule>,
        names: FieldNames,
        allowed: Vec<Vec<u8>>,
        values: Values,
        vectors: Vectors,
    ) -> Self {
        let first_rule = rules.len() as u32;
        let mut patterns = Patterns::new(rules);
        let mut anchors: Vec<Anchor> = patterns.anchors().to_vec();
        let first_anchor = anchors.len() as u32;
        let fields = Fields::new(names, allowed, values, first_rule, first_anchor);
        anchors.extend_from_slice(fields.anchors());
        let first_class = anchors.len() as u32;
        patterns.number_classes(first_class);
        Self {
            prefilter: Prefilter::new(anchors, vectors),
            first_class,
            blocks: Blocks,
            patterns,
            fields,
        }
    }

    /// The names of fields, which are counted after the rules.
    pub(crate) fn names(&self) -> &[NameSource] {
        self.fields.names().sources()
    }

    /// How many rules and names there are.
    pub(crate) fn len(&self) -> usize {
        self.rules().len() + self.names().len()
    }

    /// The rules in the order of their indexes.
    pub(crate) fn rules(&self) -> &[Rule] {
        self.patterns.rules()
    }

    /// By anchor: the rules that it stands for.
    pub(crate) fn by_anchor(&self) -> &RuleLists {
        self.patterns.by_anchor()
    }

    pub(crate) fn state(&self) -> ScanState {
        ScanState {
            patterns: self.patterns.state(),
            fields: self.fields.state(),
            blocks: self.blocks.state(),
            suspects: Vec::new(),
        }
    }

    /// Whether some detector wants to see records without suspects: the record before has
    /// left something to them. Nothing else of a state outlives [`Self::begin_record`].
    pub(crate) fn wants_all(state: &ScanState) -> bool {
        state.blocks.is_open() || state.fields.is_open()
    }

    /// Appends the suspects in whole records, sorted.
    pub(crate) fn suspects(&self, bytes: &[u8], out: &mut Vec<Suspect>) {
        self.suspects_from(bytes, true, out);
    }

    /// The same; `at_start`: a record begins with the bytes.
    fn suspects_from(&self, bytes: &[u8], at_start: bool, out: &mut Vec<Suspect>) {
        let from = out.len();
        self.prefilter.suspects(bytes, out);
        if !out[from..].is_sorted() {
            out[from..].sort_unstable();
        }
        let middle = out.len();
        let classes = self.patterns.classes();
        classes.suspects(bytes, at_start, self.first_class, out);
        merge(out, from, middle);
    }

    pub(crate) fn begin_record(&self, state: &mut ScanState) {
        self.patterns.begin_record(&mut state.patterns);
        self.fields.begin_record(&mut state.fields);
        self.blocks.begin_record(&mut state.blocks);
    }

    /// Looks at a view with its suspects; see [`Detector::scan`].
    pub(crate) fn scan(
        &self,
        view: View<'_>,
        suspects: &[Suspect],
        state: &mut ScanState,
        out: &mut Vec<Finding>,
    ) -> u64 {
        let body = self.blocks.scan(view, suspects, &mut state.blocks, out);
        let fields = self.fields.scan(view, suspects, &mut state.fields, out);
        let frontier = self.patterns.scan(view, suspects, &mut state.patterns, out);
        if let Some(opening) = state.patterns.take_block_opening() {
            state.blocks.note_opening(opening, view);
        }
        state.blocks.follow(view);
        if view.complete {
            return view.end();
        }
        if view.eager {
            return frontier.min(fields).min(body);
        }
        // An anchor that the view cuts off may belong to a match that begins so early.
        let unseen = (self.prefilter.longest() + self.patterns.lead()) as u64;
        frontier
            .min(fields)
            .min(body)
            .min(view.end().saturating_sub(unseen))
    }

    /// The offset of the first suspect that could not be judged in the last view, or
    /// [`OPEN`]: it wants [`LOOK_BEHIND`] bytes before itself when more have come, though
    /// the frontier may lie behind it.
    pub(crate) fn waits_at(state: &ScanState) -> u64 {
        state.fields.waits_at()
    }

    /// So many bytes at the end of a view may be the beginning of an anchor.
    pub(crate) fn cut_off(&self) -> usize {
        self.prefilter.longest()
    }

    /// What becomes of each suspect of a whole record, by place.
    pub(crate) fn trace(&self, record: &[u8]) -> Vec<Considered> {
        let mut suspects = Vec::new();
        self.suspects(record, &mut suspects);
        let mut out = Vec::new();
        self.patterns.trace(record, &suspects, &mut out);
        self.fields.trace(record, &suspects, &mut out);
        out.sort_by_key(|considered| (considered.at, considered.rule));
        out
    }

    /// The same for a view whose suspects have not been looked for.
    pub(crate) fn scan_window(
        &self,
        view: View<'_>,
        state: &mut ScanState,
        out: &mut Vec<Finding>,
    ) -> u64 {
        let mut suspects = std::mem::take(&mut state.suspects);
        suspects.clear();
        self.suspects_from(view.bytes, view.base == 0, &mut suspects);
        let frontier = self.scan(view, &suspects, state, out);
        state.suspects = suspects;
        frontier
    }
}

/// Merges two sorted runs: from `from`, and from `middle` to the end.
fn merge(all: &mut Vec<Suspect>, from: usize, middle: usize) {
    let length = all.len();
    if middle == from || middle == length || all[middle - 1] <= all[middle] {
        return;
    }
    // From the back, with the second run out of the way behind the end.
    all.extend_from_within(middle..);
    let (mut first, mut second) = (middle, all.len());
    for to in (from..length).rev() {
        if second == length {
            break;
        }
        if first > from && all[first - 1] > all[second - 1] {
            first -= 1;
            all[to] = all[first];
        } else {
            second -= 1;
            all[to] = all[second];
        }
    }
    all.truncate(length);
}

impl ScanState {
    /// What confirming has cost so far, for `rules check`.
    pub(crate) fn stats(&self) -> PatternStats {
        self.patterns.stats()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sorted_runs_become_one() {
        let suspect = |&at: &usize| Suspect { at, anchor: 7 };
        for first in 0_usize..1 << 5 {
            for second in 0_usize..1 << 5 {
                let run = |set: usize| (0..5).filter(move |at| set >> at & 1 == 1);
                let of = |set: usize| run(set).map(|at| suspect(&at)).collect::<Vec<_>>();
                let mut all = vec![suspect(&9)];
                all.extend(of(first));
                let middle = all.len();
                all.extend(of(second));
                let mut expected = all.clone();
                expected[1..].sort();
                merge(&mut all, 1, middle);
                assert_eq!(all, expected);
            }
        }
    }
}
