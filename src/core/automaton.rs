//! One rule's pattern as a table: an anchored, leftmost-first, byte-at-a-time DFA.
//!
//! The table is made by the subset construction from regex-automata's Thompson NFA. A
//! state says at once whether it accepts, and the state without threads is the dead
//! state, so that *followed* (the bytes that some thread has consumed) can be read off
//! a run. (regex-automata's own DFA reports matches one byte late, knows look-around and
//! steps through every column of every state. A table is made in the middle of a stream,
//! and made from that DFA it took more than ten times as long.)

mod bits;
mod lists;
mod subsets;
mod threads;

use regex_automata::{MatchKind, nfa::thompson};
use regex_syntax::hir::Hir;

use threads::Threads;

/// A state of an [`Automaton`]: the offset of its row in the table.
pub(crate) type State = u32;

/// The state from which nothing can follow.
pub(crate) const DEAD: State = 0;

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
    /// From this state on the bytes read so far are a match.
    first_accepting: State,
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
        Self::of_kind(hir, MatchKind::LeftmostFirst)
    }

    /// The same, but for every text that matches and not only for the preferred ones.
    ///
    /// # Errors
    ///
    /// As of [`Self::new`].
    pub(crate) fn of_all(hir: &Hir) -> Result<Self, AutomatonError> {
        Self::of_kind(hir, MatchKind::All)
    }

    fn of_kind(hir: &Hir, kind: MatchKind) -> Result<Self, AutomatonError> {
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .utf8(false)
                    .which_captures(thompson::WhichCaptures::None),
            )
            .build_from_hir(hir)
            .map_err(|_| AutomatonError::TooLarge)?;
        subsets::automaton(Threads::new(&nfa, kind))
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
        state >= self.first_accepting
    }

    /// Whether a candidate can begin with `byte`.
    #[inline]
    pub(crate) fn starts_with(&self, byte: u8) -> bool {
        self.next(self.start, byte) != DEAD
    }

    /// How many states there are, the dead one included.
    pub(crate) fn states(&self) -> usize {
        self.table.len() >> self.shift
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

#[cfg(test)]
mod tests {
    mod oracle;
    mod patterns;

    use super::*;
    use crate::core::form::items_around;
    use crate::core::pack::embedded_packs;
    use oracle::compare;

    const KINDS: [MatchKind; 2] = [MatchKind::LeftmostFirst, MatchKind::All];

    fn parse(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(pattern)
            .unwrap()
    }

    fn followed_and_match(pattern: &str, text: &[u8]) -> (usize, Option<usize>) {
        let automaton = Automaton::new(&parse(pattern)).unwrap();
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

    #[test]
    fn every_embedded_rule_has_the_oracles_table() {
        for pack in embedded_packs().unwrap() {
            for rule in pack.rules() {
                let hir = &rule.form().hir;
                compare(hir, MatchKind::LeftmostFirst, rule.full_id());
                if rule.secret() == 0 {
                    continue;
                }
                // What stands around the group gets tables of its own.
                let Some((before, after)) = items_around(hir, rule.secret()) else {
                    continue;
                };
                let before = Hir::concat(before.to_vec());
                compare(&before, MatchKind::LeftmostFirst, rule.full_id());
                for part in [before, Hir::concat(after.to_vec())] {
                    compare(&part, MatchKind::All, rule.full_id());
                }
            }
        }
    }

    #[test]
    fn random_patterns_have_the_oracles_table() {
        for seed in 0..4000 {
            let pattern = patterns::pattern(&mut patterns::Random::new(seed), 5);
            for kind in KINDS {
                compare(
                    &parse(&pattern),
                    kind,
                    &format!("{seed} {kind:?} {pattern}"),
                );
            }
        }
    }

    #[test]
    fn only_preferred_matches_or_all_of_them() {
        let lengths = |automaton: &Automaton, text: &[u8]| {
            let mut state = automaton.start();
            let mut lengths = vec![];
            for (at, &byte) in (1..).zip(text) {
                state = automaton.next(state, byte);
                if automaton.accepts(state) {
                    lengths.push(at);
                }
            }
            lengths
        };
        let hir = parse("a|ab|[^x]{3}");
        assert_eq!(lengths(&Automaton::new(&hir).unwrap(), b"abc"), [1]);
        assert_eq!(
            lengths(&Automaton::of_all(&hir).unwrap(), b"abc"),
            [1, 2, 3]
        );
    }

    #[test]
    fn bytes_that_are_read_alike_are_one_class() {
        let automaton = Automaton::new(&parse("k=[A-Za-z0-9_-]{8,40}")).unwrap();
        assert_eq!(automaton.alphabet().len(), 4);
        assert!(automaton.same_class(b'a', b'Z') && automaton.same_class(b'_', b'7'));
        assert!(!automaton.same_class(b'a', b'k') && !automaton.same_class(b'a', b' '));
    }

    #[test]
    fn what_would_grow_without_end_is_refused() {
        for pattern in [
            "[ab]*a[ab]{30}",
            "(?:a?){7000}",
            "(?:[a-z]{1,900}[0-9a-f]){900}",
        ] {
            let refused = Automaton::new(&parse(pattern)).is_err();
            assert!(refused, "{pattern}");
        }
        assert!(Automaton::new(&parse("(?:a?){900}b{9000}")).is_ok());
    }
}
