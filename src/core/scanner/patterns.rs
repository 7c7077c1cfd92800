//! Pattern rules: automata that run where their anchors stand.

mod lists;
mod standing;
mod trace;

pub(crate) use lists::RuleLists;

use std::sync::OnceLock;

use crate::core::form::ByteSet;
use crate::core::group::Slots;

use standing::Standing;

use super::before::{self, LOOK_BEHIND};
use super::classes::{Classes, beginning};
use super::findings::Style;
use super::memo::Memo;
use super::prefilter::{Anchor, Suspect};
use super::run::{Run, run};
use super::{Detector, Finding, OPEN, View};
use crate::core::automaton::{Automaton, DEAD, State};
use crate::core::mask::is_placeholder;
use crate::core::rule::Rule;
use crate::core::text::control;
use crate::core::verify::OnFail;

/// All pattern rules.
pub(super) struct Patterns {
    rules: Vec<Rule>,
    anchors: Vec<Anchor>,
    /// By anchor: the rules that it stands for.
    by_anchor: RuleLists,
    /// The beginnings of the rules without anchors.
    classes: Classes,
    /// By beginning: its rules.
    by_class: RuleLists,
    /// What the first beginning is called among the anchors.
    first_class: u32,
    /// The largest lead of a rule.
    lead: usize,
    /// By rule: so many bytes of an unfinished record's end may hide a candidate that
    /// starts before one whose anchor is complete.
    unseen: Vec<u64>,
    /// By rule: what its candidates begin with; made at its first suspect.
    beginnings: Vec<OnceLock<Box<[ByteSet]>>>,
}

/// What a session keeps for the pattern rules.
pub(super) struct PatternState {
    rules: Vec<RuleState>,
    /// The rules that met a suspect in this record.
    touched: Vec<u32>,
    /// By rule, of an eager view: where its first candidate may begin of which the bytes
    /// that are there decide nothing. Kept for its memory.
    certain: Vec<u64>,
    record: u32,
    slots: Slots,
    opening: Option<BlockOpening>,
    stats: PatternStats,
}

/// A match of a rule that opens a block, if nothing of substance follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockOpening {
    pub(super) rule: u32,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// How much work confirming was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PatternStats {
    /// Bytes that automata read.
    pub(crate) steps: u64,
    /// Suspects that were looked at.
    pub(crate) suspects: u64,
}

#[derive(Default)]
struct RuleState {
    record: u32,
    /// The smallest start that has not been tried.
    next: u64,
    /// Undecided in this view: wait for more bytes.
    blocked: bool,
    overdue: Option<Overdue>,
    memo: Memo,
}

/// A candidate that outgrew its rule's reach.
#[derive(Clone, Copy)]
struct Overdue {
    /// Where its secret starts.
    start: u64,
    state: State,
    /// How far it has been followed.
    at: u64,
}

/// What one attempt at one start came to.
enum Attempt {
    /// No candidate there.
    None,
    /// Accepted, or not a finding but consumed: go on at the end.
    Taken { end: u64 },
    /// More bytes decide.
    Undecided,
    /// It goes on past the view.
    Open(Overdue),
}

impl Patterns {
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        let mut everywhere = Vec::new();
        let mut unseen = Vec::with_capacity(rules.len());
        let mut all: Vec<Standing<'_>> = Vec::with_capacity(4 * rules.len());
        for (index, rule) in (0..).zip(&rules) {
            let within_reach = rule.anchors();
            // A rule without anchors is tried at every start in order.
            let longest = within_reach.iter().map(|anchor| anchor.len()).max();
            let lead = rule.source.lead();
            unseen.push(longest.map_or(0, |longest| (longest - 1 + lead) as u64));
            if within_reach.is_empty() {
                everywhere.push(index);
            }
            let anchors = within_reach.into_iter();
            all.extend(anchors.map(|anchor| Standing::new(anchor, rule, index)));
        }
        all.sort_unstable();
        let by_anchor = || all.chunk_by(Standing::is_same_anchor);
        let classes = Classes::new(&rules, &everywhere);
        Self {
            by_class: RuleLists::new(classes.rules().map(|rules| rules.iter().copied())),
            classes,
            first_class: u32::MAX,
            unseen,
            beginnings: rules.iter().map(|_| OnceLock::new()).collect(),
            lead: rules
                .iter()
                .map(|rule| rule.source.lead())
                .max()
                .unwrap_or(0),
            anchors: by_anchor().map(|same| same[0].anchor()).collect(),
            by_anchor: RuleLists::new(by_anchor().map(|same| same.iter().map(|one| one.rule))),
            rules,
        }
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    pub(super) fn by_anchor(&self) -> &RuleLists {
        &self.by_anchor
    }

    /// An anchor begins at most so many bytes after its match.
    pub(super) fn lead(&self) -> usize {
        self.lead
    }

    /// The beginnings of the rules without anchors.
    pub(super) fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Suspects call the first beginning so.
    pub(super) fn number_classes(&mut self, first: u32) {
        self.first_class = first;
    }

    /// The rules of an anchor or a beginning; none where it is another detector's.
    fn rules_of(&self, anchor: u32) -> Option<&[u32]> {
        match anchor.checked_sub(self.first_class) {
            Some(class) => self.by_class.get(class),
            None => self.by_anchor.get(anchor),
        }
    }

    /// Follows the overdue candidates that earlier views left open.
    fn follow_overdue(&self, view: View<'_>, state: &mut PatternState, out: &mut Vec<Finding>) {
        for index in 0..state.touched.len() {
            let rule = state.touched[index];
            let rule_state = &mut state.rules[rule as usize];
            rule_state.blocked = false;
            if let Some(overdue) = rule_state.overdue.take()
                && let Some(end) = self.follow(rule, overdue, view, state)
            {
                state.close(rule, overdue, end, out);
            }
        }
    }

    /// Runs an overdue candidate on. Its end, if it comes in this view.
    fn follow(
        &self,
        rule: u32,
        overdue: Overdue,
        view: View<'_>,
        state: &mut PatternState,
    ) -> Option<u64> {
        let automaton = self.rules[rule as usize].automaton();
        let mut automaton_state = overdue.state;
        let from = view.index(overdue.at);
        for (offset, &byte) in view.bytes[from..].iter().enumerate() {
            automaton_state = automaton.next(automaton_state, byte);
            if automaton_state == DEAD {
                state.stats.steps += offset as u64;
                return Some(overdue.at + offset as u64);
            }
        }
        state.stats.steps += (view.bytes.len() - from) as u64;
        if view.complete {
            return Some(view.end());
        }
        state.rules[rule as usize].overdue = Some(Overdue {
            state: automaton_state,
            at: view.end(),
            ..overdue
        });
        None
    }

    fn note_block(&self, rule: u32, start: u64, end: u64, state: &mut PatternState) {
        if self.rules[rule as usize].source.block().is_some() {
            state.opening = Some(BlockOpening { rule, start, end });
        }
    }

    /// Tries the starts to which a suspect at `at` can belong.
    fn try_suspect(
        &self,
        rule: u32,
        at: u64,
        view: View<'_>,
        state: &mut PatternState,
        out: &mut Vec<Finding>,
    ) -> Option<u64> {
        let lead = self.rules[rule as usize].source.lead() as u64;
        state.stats.suspects += 1;
        let rule_state = state.touch(rule);
        if rule_state.blocked || rule_state.overdue.is_some() {
            return None;
        }
        let mut start = rule_state.next.max(at.saturating_sub(lead)).max(view.base);
        // Anchors differ in length: where one may begin that the view cuts off, a later
        // one that is whole must wait, lest its start be tried before the smaller one.
        let certain = if view.complete {
            OPEN
        } else if view.eager {
            state.certain[rule as usize]
        } else {
            view.end().saturating_sub(self.unseen[rule as usize])
        };
        while start <= at && start < certain {
            match self.attempt(rule, start, view, state, out) {
                Attempt::None => start += 1,
                Attempt::Taken { end } => start = end,
                Attempt::Undecided => {
                    let rule_state = &mut state.rules[rule as usize];
                    rule_state.blocked = true;
                    rule_state.next = start;
                    return Some(self.first_finding(rule, start, view));
                }
                Attempt::Open(overdue) => {
                    state.rules[rule as usize].overdue = Some(overdue);
                    return None;
                }
            }
            state.rules[rule as usize].next = start;
        }
        None
    }

    /// Finds out for each rule with anchors where a candidate may begin whose anchor the
    /// view cuts off, or ends before. Returns the first of these places.
    fn look_at_the_end(&self, view: View<'_>, state: &mut PatternState) -> u64 {
        let mut certain = std::mem::take(&mut state.certain);
        certain.clear();
        certain.extend((0..self.rules.len()).map(|index| self.first_alive(index, view, state)));
        let findings = (0..).zip(&certain);
        let first = findings
            .map(|(rule, &start)| self.first_finding(rule, start, view))
            .min();
        state.certain = certain;
        first.unwrap_or(OPEN).min(view.end())
    }

    /// The first start near the view's end from which the automaton of a rule is alive
    /// there; the view's end where there is none.
    fn first_alive(&self, index: usize, view: View<'_>, state: &PatternState) -> u64 {
        let rule = &self.rules[index];
        let mut from = view.end().saturating_sub(self.unseen[index]).max(view.base);
        let rule_state = &state.rules[index];
        if rule_state.record == state.record {
            if rule_state.overdue.is_some() {
                return view.end();
            }
            from = from.max(rule_state.next);
        }
        let alive = (from..view.end()).find(|&start| {
            let at = view.index(start);
            let bytes = &view.bytes[at..];
            let before = || &view.bytes[at.saturating_sub(LOOK_BEHIND)..at];
            let class = rule.source.form().before.as_ref();
            self.may_begin(index as u32, bytes[0], bytes)
                && class.is_none_or(|class| before::allows(class, before()))
                && stays_alive(rule.automaton(), bytes)
        });
        alive.unwrap_or(view.end())
    }

    /// Where the first finding may begin of a rule whose candidates are tried up to `start`.
    fn first_finding(&self, index: u32, start: u64, view: View<'_>) -> u64 {
        if start >= view.end() {
            return start;
        }
        self.behind_sequence(index, start, view).unwrap_or(start)
    }

    /// Where the control sequence ends in which a candidate begins at `start`, and behind
    /// which its finding begins. None where there is no sequence, and where the rule may
    /// match in it.
    fn behind_sequence(&self, index: u32, start: u64, view: View<'_>) -> Option<u64> {
        let sequence = control::around(view.bytes, view.index(start))?;
        let rule = &self.rules[index as usize];
        let inside = &view.bytes[sequence.start + 1..sequence.end];
        let matches = |from: usize| {
            let bytes = &inside[from..];
            self.may_begin(index, bytes[0], bytes) && accepts(rule.automaton(), bytes)
        };
        let matches_inside = inside.len() > rule.reach || (0..inside.len()).any(matches);
        (!matches_inside).then(|| view.base + sequence.end as u64)
    }

    /// Whether a candidate of a rule may begin with these bytes, of which there is a first.
    ///
    /// An automaton takes up to a millisecond to build where repeats are counted, and most
    /// rules never get further than this: until there is one, [`beginning`] answers.
    #[inline]
    fn may_begin(&self, index: u32, first: u8, bytes: &[u8]) -> bool {
        let rule = &self.rules[index as usize];
        if let Some(automaton) = rule.built() {
            return automaton.starts_with(first);
        }
        let classes = self.beginnings[index as usize].get_or_init(|| beginning(rule).into());
        classes
            .iter()
            .zip(bytes)
            .all(|(class, &byte)| class.has(byte))
    }

    /// Is there a candidate at `start`, and what becomes of it?
    fn attempt(
        &self,
        index: u32,
        start: u64,
        view: View<'_>,
        state: &mut PatternState,
        out: &mut Vec<Finding>,
    ) -> Attempt {
        let rule = &self.rules[index as usize];
        let at = view.index(start);
        let Some(&first) = view.bytes.get(at) else {
            return if view.complete {
                Attempt::None
            } else {
                Attempt::Undecided
            };
        };
        if !self.may_begin(index, first, &view.bytes[at..]) {
            return Attempt::None;
        }
        if let Some(class) = &rule.source.form().before
            && !before::allows(class, &view.bytes[at.saturating_sub(LOOK_BEHIND)..at])
        {
            return Attempt::None;
        }
        match run(
            rule,
            start,
            view,
            &mut state.rules[index as usize].memo,
            &mut state.stats,
        ) {
            Run::Undecided => Attempt::Undecided,
            Run::Done(0) => Attempt::None,
            Run::Done(matched) => self.offer(index, start, matched, view, state, out),
            Run::Alive {
                state: automaton_state,
                at: alive_at,
            } => {
                // The reach bounds the search, and so many bytes are there whatever the view.
                let candidate = &view.bytes[at..view.bytes.len().min(at + rule.reach)];
                let secret = start + rule.overdue_secret(candidate) as u64;
                let secret = secret.max(self.first_finding(index, start, view));
                let overdue = Overdue {
                    start: secret,
                    state: automaton_state,
                    at: alive_at,
                };
                if let Some(end) = self.follow(index, overdue, view, state) {
                    // A forced end may stand right behind a control sequence.
                    if secret < end {
                        out.push(overdue_finding(index, secret, end));
                    }
                    Attempt::Taken { end }
                } else {
                    out.push(overdue_finding(index, secret, OPEN));
                    let followed = state.rules[index as usize].overdue.take();
                    Attempt::Open(followed.unwrap_or(overdue))
                }
            }
        }
    }

    /// A match: do the condition after it and the verifier agree?
    fn offer(
        &self,
        index: u32,
        start: u64,
        end: u64,
        view: View<'_>,
        state: &mut PatternState,
        out: &mut Vec<Finding>,
    ) -> Attempt {
        let rule = &self.rules[index as usize];
        if let Some(class) = &rule.source.form().after {
            match view.bytes.get(view.index(end)) {
                Some(&byte) if !class.has(byte) => return Attempt::None,
                None if !view.complete => return Attempt::Undecided,
                _ => {}
            }
        }
        let matched = &view.bytes[view.index(start)..view.index(end)];
        let within = rule.secret_in(matched, &mut state.slots);
        let secret = &matched[within.clone()];
        let verified = rule
            .verify
            .as_ref()
            .is_none_or(|(verifier, _)| verifier.accepts(matched, secret));
        if !verified
            && rule
                .verify
                .as_ref()
                .is_some_and(|(_, on_fail)| *on_fail == OnFail::Reject)
        {
            return Attempt::None;
        }
        let secret_end = start + within.end as u64;
        let from = self
            .first_finding(index, start, view)
            .max(start + within.start as u64);
        let masked = from < secret_end && {
            let text = &view.bytes[view.index(from)..view.index(secret_end)];
            !is_placeholder(secret) && (text.len() == secret.len() || !is_placeholder(text))
        };
        if masked {
            out.push(Finding {
                start: from,
                end: secret_end,
                rule: index,
                undecided: false,
                unverified: !verified,
                closes: false,
                style: Style::Text,
                within: None,
            });
            self.note_block(index, start, end, state);
        }
        Attempt::Taken { end }
    }
}

impl Detector for Patterns {
    type State = PatternState;

    fn state(&self) -> PatternState {
        PatternState {
            rules: self.rules.iter().map(|_| RuleState::default()).collect(),
            touched: Vec::with_capacity(self.rules.len()),
            certain: Vec::new(),
            record: 1,
            slots: Slots::new(),
            opening: None,
            stats: PatternStats::default(),
        }
    }

    fn begin_record(&self, state: &mut PatternState) {
        state.touched.clear();
        state.opening = None;
        state.record = state.record.checked_add(1).unwrap_or_else(|| {
            for rule in &mut state.rules {
                *rule = RuleState::default();
            }
            1
        });
    }

    fn scan(
        &self,
        view: View<'_>,
        suspects: &[Suspect],
        state: &mut PatternState,
        out: &mut Vec<Finding>,
    ) -> u64 {
        let mut frontier = view.end();
        if !state.touched.is_empty() {
            self.follow_overdue(view, state, out);
        }
        if view.eager {
            frontier = self.look_at_the_end(view, state);
        }
        for suspect in suspects {
            let at = view.base + suspect.at as u64;
            let Some(rules) = self.rules_of(suspect.anchor) else {
                continue;
            };
            for &rule in rules {
                if let Some(undecided) = self.try_suspect(rule, at, view, state, out) {
                    frontier = frontier.min(undecided);
                }
            }
        }
        frontier
    }
}

impl PatternState {
    /// The state of `rule`, as of this record.
    fn touch(&mut self, rule: u32) -> &mut RuleState {
        let state = &mut self.rules[rule as usize];
        if state.record != self.record {
            state.record = self.record;
            state.next = 0;
            state.blocked = false;
            state.overdue = None;
            state.memo.begin(self.record);
            self.touched.push(rule);
        }
        state
    }

    /// An overdue candidate that was told as open has come to its end.
    fn close(&mut self, rule: u32, overdue: Overdue, end: u64, out: &mut Vec<Finding>) {
        self.rules[rule as usize].next = end;
        out.push(Finding {
            closes: true,
            ..overdue_finding(rule, overdue.start, end)
        });
    }

    /// The last match of this view that may open a block.
    pub(super) fn take_block_opening(&mut self) -> Option<BlockOpening> {
        self.opening.take()
    }

    pub(super) fn stats(&self) -> PatternStats {
        self.stats
    }
}

/// Whether more bytes behind `bytes` could make a match, or a longer one.
fn stays_alive(automaton: &Automaton, bytes: &[u8]) -> bool {
    let mut state = automaton.start();
    bytes.iter().all(|&byte| {
        state = automaton.next(state, byte);
        state != DEAD
    })
}

/// Whether a match may end in `bytes` or with them.
fn accepts(automaton: &Automaton, bytes: &[u8]) -> bool {
    let mut state = automaton.start();
    bytes.iter().any(|&byte| {
        state = automaton.next(state, byte);
        automaton.accepts(state)
    })
}

fn overdue_finding(rule: u32, start: u64, end: u64) -> Finding {
    Finding {
        start,
        end,
        rule,
        undecided: true,
        unverified: false,
        closes: false,
        style: Style::Text,
        within: None,
    }
}
