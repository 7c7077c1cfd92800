//! A Thompson NFA as the subset construction reads it: its threads, what each of them
//! reads, and which ones a step leads to.

use regex_automata::{
    MatchKind,
    nfa::thompson::{NFA, State},
    util::primitives::StateID,
};

use super::bits::{Bits, split};
use super::lists::Lists;

/// The thread that has matched. (The others are called by their NFA state.)
pub(super) const MATCHED: u32 = u32::MAX;

/// A thread that reads a byte of a set goes on to an NFA state.
#[derive(Clone, Copy)]
pub(super) struct Arc {
    /// The columns of its bytes: a place in [`Threads::sets`].
    pub(super) set: u32,
    to: StateID,
}

/// The threads of one NFA.
pub(super) struct Threads<'a> {
    nfa: &'a NFA,
    kind: MatchKind,
    arcs: Vec<Arc>,
    /// By NFA state: where its arcs end.
    ends: Vec<usize>,
    /// By byte: its column. Bytes of one column are in the same sets.
    pub(super) classes: [u8; 256],
    pub(super) columns: usize,
    /// The distinct sets of columns that threads read.
    pub(super) sets: Vec<Bits>,
    /// By NFA state: the last step that came to it.
    seen: Vec<u32>,
    step: u32,
    stack: Vec<StateID>,
}

impl<'a> Threads<'a> {
    pub(super) fn new(nfa: &'a NFA, kind: MatchKind) -> Self {
        let mut sets = Lists::new();
        let mut arcs = Vec::with_capacity(nfa.states().len());
        let mut ends = Vec::with_capacity(nfa.states().len());
        for state in nfa.states() {
            push_arcs(state, &mut sets, &mut arcs);
            ends.push(arcs.len());
        }
        let mut all = Self {
            nfa,
            kind,
            arcs,
            ends,
            classes: [0; 256],
            columns: 0,
            sets: (0..sets.len()).map(|place| bits(sets.get(place))).collect(),
            seen: vec![0; nfa.states().len()],
            step: 0,
            stack: Vec::new(),
        };
        all.make_columns();
        all
    }

    /// What a thread reads. Of its arcs no two read the same byte.
    pub(super) fn arcs(&self, thread: u32) -> &[Arc] {
        if thread == MATCHED {
            return &[];
        }
        let at = thread as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.arcs[start..self.ends[at]]
    }

    /// Writes the threads that every run begins with.
    pub(super) fn begin(&mut self, out: &mut Vec<u32>) {
        self.stack.push(self.nfa.start_anchored());
        self.spread(out);
    }

    /// Writes the threads to which the arcs that read `column` lead, in the arcs' order.
    pub(super) fn follow(&mut self, arcs: &[Arc], column: u8, out: &mut Vec<u32>) {
        let reading = |arc: &&Arc| self.sets[arc.set as usize].has(column);
        let states = arcs.iter().rev().filter(reading).map(|arc| arc.to);
        self.stack.extend(states);
        self.spread(out);
    }

    /// Writes the threads of the NFA states on the stack and of those that they lead to
    /// without a byte, the preferred ones first. Those behind a thread that has matched
    /// are cut off, where only preferred matches count.
    fn spread(&mut self, out: &mut Vec<u32>) {
        self.step = self.step.checked_add(1).unwrap_or_else(|| {
            self.seen.fill(0);
            1
        });
        while let Some(id) = self.stack.pop() {
            if std::mem::replace(&mut self.seen[id.as_usize()], self.step) == self.step {
                continue;
            }
            match self.nfa.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => {
                    out.push(id.as_u32());
                }
                State::Match { .. } => {
                    out.push(MATCHED);
                    if self.kind != MatchKind::All {
                        self.stack.clear();
                    }
                }
                State::Union { alternates } => self.stack.extend(alternates.iter().rev()),
                State::BinaryUnion { alt1, alt2 } => self.stack.extend([*alt2, *alt1]),
                State::Capture { next, .. } => self.stack.push(*next),
                State::Fail => {}
                State::Look { .. } => unreachable!("a pattern was parsed with a look-around"),
            }
        }
        if self.kind == MatchKind::All {
            // Nothing is preferred, and `MATCHED` comes last as it does above.
            out.sort_unstable();
        }
    }

    /// Bytes that are in the same sets get one column; the sets become sets of columns.
    fn make_columns(&mut self) {
        let mut groups = vec![Bits::below(256)];
        for &set in &self.sets {
            split(&mut groups, set);
        }
        self.columns = groups.len();
        for (column, group) in (0..=255).zip(&groups) {
            for byte in group.numbers() {
                self.classes[usize::from(byte)] = column;
            }
        }
        for set in &mut self.sets {
            let bytes = std::mem::replace(set, Bits::below(0));
            for (column, group) in (0..=255).zip(&groups) {
                if bytes.has(group.first()) {
                    set.insert(column);
                }
            }
        }
    }
}

/// Adds what an NFA state reads: an arc for each state that it leads to.
fn push_arcs(state: &State, sets: &mut Lists, arcs: &mut Vec<Arc>) {
    let transitions = match state {
        State::ByteRange { trans } => std::slice::from_ref(trans),
        State::Sparse(sparse) => &sparse.transitions[..],
        State::Dense(_) => unreachable!("the compiler makes no dense states"),
        _ => return,
    };
    for (at, transition) in transitions.iter().enumerate() {
        let to = transition.next;
        if transitions[..at].iter().any(|earlier| earlier.next == to) {
            continue;
        }
        let mut bytes = Bits::below(0);
        for same in transitions[at..].iter().filter(|other| other.next == to) {
            bytes.insert_range(same.start, same.end);
        }
        let set = sets.place(&bytes.0) as u32;
        arcs.push(Arc { set, to });
    }
}

/// The set that was kept as a list; the empty list is the empty set.
fn bits(words: &[u32]) -> Bits {
    Bits(words.try_into().unwrap_or_default())
}
