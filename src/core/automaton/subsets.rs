//! The subset construction: a state of the table is a list of threads.

use super::bits::{Bits, split};
use super::lists::Lists;
use super::threads::{Arc, MATCHED, Threads};
use super::{Automaton, AutomatonError, DEAD, State};

/// How large a table may grow, in columns of all its rows.
const MOST_CELLS: usize = 4 << 20;

/// How many threads its states may have together.
const MOST_THREADS: usize = 16 << 20;

/// The table of an NFA's threads.
///
/// # Errors
///
/// [`AutomatonError::TooLarge`] where it would pass a limit.
pub(super) fn automaton(threads: Threads<'_>) -> Result<Automaton, AutomatonError> {
    let mut subsets = Subsets {
        shift: threads.columns.next_power_of_two().trailing_zeros(),
        met: vec![usize::MAX; threads.sets.len()],
        threads,
        states: Lists::new(),
        arcs: Vec::new(),
        groups: Vec::new(),
        next: Vec::new(),
    };
    subsets.threads.begin(&mut subsets.next);
    let start = subsets.number();
    // Row 0 is the dead state, whether or not it is ever reached: its list is empty.
    let (mut table, mut accepts) = (Vec::new(), Vec::new());
    while accepts.len() < subsets.states.len() {
        let state = accepts.len();
        let row = table.len();
        table.resize(row + (1 << subsets.shift), DEAD);
        subsets.fill_row(state, &mut table[row..]);
        accepts.push(subsets.states.get(state).last() == Some(&MATCHED));
        if subsets.states.len() << subsets.shift > MOST_CELLS
            || subsets.states.total() > MOST_THREADS
        {
            return Err(AutomatonError::TooLarge);
        }
    }
    let places = accepting_last(&accepts);
    let place = |state: State| places[(state >> subsets.shift) as usize] << subsets.shift;
    let mut sorted = vec![DEAD; table.len()];
    for (state, row) in (0..).zip(table.chunks_exact(1 << subsets.shift)) {
        let to = place(state << subsets.shift) as usize;
        for (to, &next) in sorted[to..].iter_mut().zip(row) {
            *to = place(next);
        }
    }
    let others = accepts.iter().filter(|&&accepts| !accepts).count();
    Ok(Automaton {
        classes: subsets.threads.classes,
        table: sorted,
        first_accepting: (others << subsets.shift) as State,
        shift: subsets.shift,
        start: place(start),
    })
}

/// By state: where it stands once those that accept stand behind the others, each in their
/// order. One comparison then tells whether a state accepts.
fn accepting_last(accepts: &[bool]) -> Vec<State> {
    let mut next = 0;
    let mut places = vec![0; accepts.len()];
    for last in [false, true] {
        for (place, _) in places
            .iter_mut()
            .zip(accepts)
            .filter(|&(_, &accepts)| accepts == last)
        {
            *place = next;
            next += 1;
        }
    }
    places
}

/// The states met so far, and room to work in.
struct Subsets<'a> {
    threads: Threads<'a>,
    /// By number: the threads of a state, the preferred ones first.
    states: Lists,
    /// log2 of the number of columns.
    shift: u32,
    /// By set of columns: the last state that read it.
    met: Vec<usize>,
    /// What the threads of a state read, in their order.
    arcs: Vec<Arc>,
    /// The columns that they do not tell apart.
    groups: Vec<Bits>,
    /// The threads of a state that is looked up.
    next: Vec<u32>,
}

impl Subsets<'_> {
    /// Writes where the bytes of each column lead. Threads mostly read few distinct sets,
    /// so the columns are told apart first and each group of them is looked up once.
    fn fill_row(&mut self, state: usize, row: &mut [State]) {
        self.arcs.clear();
        self.groups.clear();
        self.groups.push(Bits::below(self.threads.columns));
        for &thread in self.states.get(state) {
            for &arc in self.threads.arcs(thread) {
                self.arcs.push(arc);
                let set = arc.set as usize;
                if std::mem::replace(&mut self.met[set], state) != state {
                    split(&mut self.groups, self.threads.sets[set]);
                }
            }
        }
        for at in 0..self.groups.len() {
            let group = self.groups[at];
            let next = self.after(group.first());
            for column in group.numbers() {
                row[usize::from(column)] = next;
            }
        }
    }

    /// The state after a byte of `column`.
    fn after(&mut self, column: u8) -> State {
        self.next.clear();
        self.threads.follow(&self.arcs, column, &mut self.next);
        self.number()
    }

    /// The state of the threads in `next`.
    fn number(&mut self) -> State {
        (self.states.place(&self.next) << self.shift) as State
    }
}
