//! What earlier runs of one automaton have shown, so that repeated anchors do not pay
//! twice.
//!
//! Two runs that are in the same state at the same place go on alike, wherever they
//! began: they match at the same places and die at the same place. Every [`STEP`]
//! bytes a run leaves a note; a later run that comes to a note of its own state takes
//! over what became of the earlier one. (The idea is Reps' tabulation, "Maximal-munch
//! tokenization in linear time", 1998, with one note a place instead of one a state.)
//!
//! Only runs that died, or met the content's end, within their reach leave notes. A
//! run that takes one over began later and so dies within its reach as well.

use crate::core::automaton::State;

/// Notes are left where the offset in the record is a multiple of this.
pub(super) const STEP: u64 = 32;

/// What became of a run: the end of its match, 0 for none.
pub(super) type Matched = u64;

/// The notes of one rule in one record.
#[derive(Default)]
pub(super) struct Memo {
    notes: Vec<Note>,
    /// The places that the present run came by.
    visited: Vec<(u64, State)>,
    record: u32,
}

#[derive(Clone, Copy, Default)]
struct Note {
    at: u64,
    matched: Matched,
    state: State,
    record: u32,
}

impl Memo {
    /// Forgets the notes of earlier records.
    pub(super) fn begin(&mut self, record: u32) {
        self.record = record;
        self.visited.clear();
    }

    /// A run begins.
    pub(super) fn start(&mut self) {
        self.visited.clear();
    }

    /// A run is in `state` at `at`, a multiple of [`STEP`]: what became of an earlier one.
    pub(super) fn visit(&mut self, at: u64, state: State) -> Option<Matched> {
        if let Some(note) = self.notes.get(self.place(at))
            && note.record == self.record
            && note.at == at
            && note.state == state
        {
            return Some(note.matched);
        }
        self.visited.push((at, state));
        None
    }

    /// The run ended so: its notes are written. `reach` bounds how far apart they lie.
    pub(super) fn settle(&mut self, matched: Matched, reach: usize) {
        if self.visited.is_empty() {
            return;
        }
        if self.notes.is_empty() {
            let places = (reach as u64 / STEP + 2).next_power_of_two();
            self.notes.resize(places as usize, Note::default());
        }
        while let Some((at, state)) = self.visited.pop() {
            let still = if matched > at { matched } else { 0 };
            let place = self.place(at);
            self.notes[place] = Note {
                at,
                matched: still,
                state,
                record: self.record,
            };
        }
    }

    fn place(&self, at: u64) -> usize {
        (at / STEP) as usize & self.notes.len().wrapping_sub(1)
    }
}
