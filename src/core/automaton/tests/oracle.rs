//! The same tables as regex-automata's determinizer makes them.

use std::collections::{HashMap, HashSet};

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    nfa::thompson,
    util::{primitives::StateID, start},
};
use regex_syntax::hir::Hir;

use super::super::{Automaton, DEAD};

/// regex-automata's DFA of a pattern. It reports matches one byte late.
struct Oracle {
    dense: dense::DFA<Vec<u32>>,
    empty: HashMap<StateID, bool>,
}

impl Oracle {
    fn new(hir: &Hir, kind: MatchKind) -> Self {
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .utf8(false)
                    .which_captures(thompson::WhichCaptures::None),
            )
            .build_from_hir(hir)
            .unwrap();
        let config = dense::Config::new()
            .match_kind(kind)
            .start_kind(StartKind::Anchored)
            .accelerate(false);
        let dense = dense::Builder::new()
            .configure(config)
            .build_from_nfa(&nfa)
            .unwrap();
        let empty = HashMap::new();
        Self { dense, empty }
    }

    fn start(&self) -> StateID {
        let anchored = start::Config::new().anchored(Anchored::Yes);
        self.dense.start_state(&anchored).unwrap()
    }

    fn accepts(&self, state: StateID) -> bool {
        self.dense.is_match_state(self.dense.next_eoi_state(state))
    }

    /// Whether no thread is left: nothing is accepted any more, and every byte leads to
    /// the dead state. (The state's own match, a byte late, belongs to the one before.)
    fn is_empty(&mut self, state: StateID) -> bool {
        let known = self.empty.get(&state).copied();
        known.unwrap_or_else(|| {
            let dense = &self.dense;
            let leads_on = |byte| !dense.is_dead_state(dense.next_state(state, byte));
            let empty =
                dense.is_dead_state(state) || !self.accepts(state) && !(0..=255).any(leads_on);
            self.empty.insert(state, empty);
            empty
        })
    }
}

/// Walks both tables at once: whatever bytes lead to a pair of states, both accept them or
/// neither does, and both or neither have threads left.
pub(super) fn compare(hir: &Hir, kind: MatchKind, name: &str) {
    let ours = Automaton::of_kind(hir, kind).unwrap();
    let mut oracle = Oracle::new(hir, kind);
    let source = *oracle.dense.byte_classes();
    let mut told_apart = HashSet::new();
    let bytes: Vec<u8> = (0..=255u8)
        .filter(|&byte| told_apart.insert((ours.classes[usize::from(byte)], source.get(byte))))
        .collect();
    let first = (ours.start(), oracle.start());
    let mut met = HashSet::from([first]);
    let mut open = vec![first];
    while let Some((state, other)) = open.pop() {
        assert_eq!(state == DEAD, oracle.is_empty(other), "{name}: dead");
        if state == DEAD {
            assert!(!ours.accepts(state), "{name}: the dead state accepts");
            assert!(
                bytes.iter().all(|&byte| ours.next(state, byte) == DEAD),
                "{name}"
            );
            continue;
        }
        assert_eq!(
            ours.accepts(state),
            oracle.accepts(other),
            "{name}: accepts"
        );
        for &byte in &bytes {
            let next = (ours.next(state, byte), oracle.dense.next_state(other, byte));
            if met.insert(next) {
                open.push(next);
            }
        }
    }
    assert!(ours.states() > 1, "{name}");
}
