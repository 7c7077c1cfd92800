//! One rule's pattern as a table: an anchored, leftmost-first, byte-at-a-time DFA.
//!
//! The table is made from regex-automata's dense DFA, whose matches are reported one
//! byte late. Here a state says at once whether it accepts, and a state that nothing
//! follows is the dead state, so that *followed* (the bytes that some thread has
//! consumed) can be read off a run.

use std::collections::HashMap;

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    nfa::thompson,
    util::{primitives::StateID, start},
};
use regex_syntax::hir::Hir;

/// A state of an [`Automaton`]: the offset of its row in the table.
pub(crate) type State = u32;

/// The state from which nothing can follow.
pub(crate) const DEAD: State = 0;

/// How large the intermediate DFA of one rule may grow, in bytes.
const SIZE_LIMIT: usize = 16 << 20;

/// Why a pattern could not be made into a table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AutomatonError {
    /// Too many states: counted repeats of large classes are the usual cause.
    #[error("the pattern is too large for a table (shorten its counted repeats)")]
    TooLarge,
}

/// The transition table of one pattern.
pub(crate) struct Automaton {
    /// Byte to column.
    classes: [u8; 256],
    /// Rows of `stride` columns; row 0 is the dead state.
    table: Vec<State>,
    /// By row number: whether the bytes read so far are a match.
    accepts: Vec<bool>,
    /// log2 of the number of columns.
    shift: u32,
    start: State,
}

impl Automaton {
    /// Compiles `hir`, anchored at its start.
    ///
    /// # Errors
    ///
    /// [`AutomatonError::TooLarge`] where the table would pass the size limit.
    pub(crate) fn new(hir: &Hir) -> Result<Self, AutomatonError> {
        let dense = dense_dfa(hir, MatchKind::LeftmostFirst)?;
        Ok(Builder::new(&dense).build())
    }

    /// The same, but for every text that matches and not only for the preferred ones.
    ///
    /// # Errors
    ///
    /// As of [`Self::new`].
    pub(crate) fn of_all(hir: &Hir) -> Result<Self, AutomatonError> {
        let dense = dense_dfa(hir, MatchKind::All)?;
        Ok(Builder::new(&dense).build())
    }

    /// Where every run begins.
    #[inline]
    pub(crate) fn start(&self) -> State {
        self.start
    }

    /// The state after one more byte.
    #[inline]
    pub(crate) fn next(&self, state: State, byte: u8) -> State {
        self.table[state as usize + usize::from(self.classes[usize::from(byte)])]
    }

    /// Whether the bytes that led to `state` are a match.
    #[inline]
    pub(crate) fn accepts(&self, state: State) -> bool {
        self.accepts[(state >> self.shift) as usize]
    }

    /// Whether a candidate can begin with `byte`.
    #[inline]
    pub(crate) fn starts_with(&self, byte: u8) -> bool {
        self.next(self.start, byte) != DEAD
    }

    /// How many states there are, the dead one included.
    pub(crate) fn states(&self) -> usize {
        self.accepts.len()
    }

    /// Whether the automaton does not tell two bytes apart.
    pub(crate) fn same_class(&self, one: u8, other: u8) -> bool {
        self.classes[usize::from(one)] == self.classes[usize::from(other)]
    }

    /// One byte of each class of bytes that the automaton tells apart.
    pub(crate) fn alphabet(&self) -> Vec<u8> {
        let mut seen = [false; 256];
        (0..=255u8)
            .filter(|&byte| {
                let class = usize::from(self.classes[usize::from(byte)]);
                !std::mem::replace(&mut seen[class], true)
            })
            .collect()
    }
}

fn dense_dfa(hir: &Hir, kind: MatchKind) -> Result<dense::DFA<Vec<u32>>, AutomatonError> {
    let nfa = thompson::Compiler::new()
        .configure(
            thompson::Config::new()
                .utf8(false)
                .which_captures(thompson::WhichCaptures::None),
        )
        .build_from_hir(hir)
        .map_err(|_| AutomatonError::TooLarge)?;
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .match_kind(kind)
                .start_kind(StartKind::Anchored)
                .accelerate(false)
                .dfa_size_limit(Some(SIZE_LIMIT))
                .determinize_size_limit(Some(SIZE_LIMIT)),
        )
        .build_from_nfa(&nfa)
        .map_err(|_| AutomatonError::TooLarge)
}

/// Walks a dense DFA once and writes its table in our form.
struct Builder<'a> {
    dense: &'a dense::DFA<Vec<u32>>,
    /// One byte of each class, in the order of the columns.
    columns: Vec<u8>,
    classes: [u8; 256],
    numbers: HashMap<StateID, State>,
    order: Vec<StateID>,
    shift: u32,
}

impl<'a> Builder<'a> {
    fn new(dense: &'a dense::DFA<Vec<u32>>) -> Self {
        let mut classes = [0; 256];
        let mut columns: Vec<u8> = Vec::new();
        let source = dense.byte_classes();
        let mut number = HashMap::new();
        for byte in 0..=255u8 {
            let class = *number.entry(source.get(byte)).or_insert_with(|| {
                columns.push(byte);
                (columns.len() - 1) as u8
            });
            classes[usize::from(byte)] = class;
        }
        let shift = columns.len().next_power_of_two().trailing_zeros();
        Self {
            dense,
            columns,
            classes,
            numbers: HashMap::new(),
            order: Vec::new(),
            shift,
        }
    }

    fn build(mut self) -> Automaton {
        let start = self
            .dense
            .start_state(&start::Config::new().anchored(Anchored::Yes))
            .expect("the DFA was built with an anchored start and has no quit bytes");
        // Row 0 is the dead state, whether or not it is ever reached.
        let mut table = vec![DEAD; 1 << self.shift];
        let mut accepts = vec![false];
        let start = self.number(start);
        let mut done = 0;
        while done < self.order.len() {
            let state = self.order[done];
            accepts.push(self.dense.is_match_state(self.dense.next_eoi_state(state)));
            let row = table.len();
            table.resize(row + (1 << self.shift), DEAD);
            for column in 0..self.columns.len() {
                let next = self.dense.next_state(state, self.columns[column]);
                table[row + column] = self.number(next);
            }
            done += 1;
        }
        Automaton {
            classes: self.classes,
            table,
            accepts,
            shift: self.shift,
            start,
        }
    }

    /// Our number for a state of the dense DFA: dead where no thread is left in it.
    fn number(&mut self, state: StateID) -> State {
        if self.is_empty(state) {
            return DEAD;
        }
        let fresh = ((self.order.len() + 1) << self.shift) as State;
        *self.numbers.entry(state).or_insert_with(|| {
            self.order.push(state);
            fresh
        })
    }

    /// A state without threads accepts nothing more and goes nowhere but to states
    /// of the same kind. (A match state may be one: the match that it reports, one
    /// byte late, belongs to the state before.)
    fn is_empty(&self, state: StateID) -> bool {
        let dense = self.dense;
        if dense.is_dead_state(state) {
            return true;
        }
        !dense.is_match_state(dense.next_eoi_state(state))
            && self
                .columns
                .iter()
                .all(|&byte| dense.is_dead_state(dense.next_state(state, byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed_and_match(pattern: &str, text: &[u8]) -> (usize, Option<usize>) {
        let hir = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(pattern)
            .unwrap();
        let automaton = Automaton::new(&hir).unwrap();
        let mut state = automaton.start();
        let mut matched = automaton.accepts(state).then_some(0);
        for (at, &byte) in text.iter().enumerate() {
            state = automaton.next(state, byte);
            if state == DEAD {
                return (at, matched);
            }
            if automaton.accepts(state) {
                matched = Some(at + 1);
            }
        }
        (text.len(), matched)
    }

    #[test]
    fn a_run_tells_what_was_followed_and_what_matched() {
        assert_eq!(followed_and_match("ab*", b"abc"), (2, Some(2)));
        assert_eq!(followed_and_match("ab*", b"abbb"), (4, Some(4)));
        assert_eq!(followed_and_match("a[^z]*z|a", b"abcd"), (4, Some(1)));
        // The first alternative wins, so the longer one is not followed.
        assert_eq!(followed_and_match("a|ab", b"ab"), (1, Some(1)));
        assert_eq!(followed_and_match("ab|a", b"ab"), (2, Some(2)));
        assert_eq!(followed_and_match("ab|a", b"ac"), (1, Some(1)));
        assert_eq!(followed_and_match("(?:ab)+?c", b"ababx"), (4, None));
        assert_eq!(followed_and_match("x", b"y"), (0, None));
    }
}
