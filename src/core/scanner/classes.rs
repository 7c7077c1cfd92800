//! Suspects of rules without an anchor: places where the first bytes are of the classes
//! that the rule begins with.
//!
//! All such rules share one pass, whose cost hardly depends on their number (Baeza-Yates
//! and Gonnet, "A new approach to text searching", shift-and): a word of bits tells which
//! classes of which rules the last bytes have held, and a table what the next byte keeps.
//!
//! The byte before a place is left to the detector: a place that one view keeps back must
//! not turn up in the next, which no longer sees what was before it.
//!
//! At the end of the bytes a place is told where the classes hold as far as there are
//! bytes, since more may come.

use super::prefilter::Suspect;
use crate::core::automaton::DEAD;
use crate::core::form::ByteSet;
use crate::core::rule::Rule;

/// So many bytes of a match are looked at.
const DEPTH: usize = 4;

/// A match may begin at every byte: the bit of every first class.
const BEGINS: u64 = u64::MAX / ((1 << DEPTH) - 1);

/// How many beginnings fit into one word of bits.
const SLOTS: usize = u64::BITS as usize / DEPTH;

/// Finds places where the matches of some rules may begin.
pub(super) struct Classes {
    /// By byte: the bits of the classes that hold it.
    table: Box<[u64; 256]>,
    /// The bit of every last class.
    lasts: u64,
    slots: Vec<Slot>,
}

/// A beginning, and the rules that have it.
struct Slot {
    /// What a match begins with, at most [`DEPTH`] bytes.
    classes: Vec<ByteSet>,
    rules: Vec<u32>,
}

impl Classes {
    /// The beginnings of some of `rules`, named by their indexes.
    pub(super) fn new(rules: &[Rule], indexes: &[u32]) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        for &index in indexes {
            let rule = &rules[index as usize];
            let classes = beginning(rule);
            let same = |slot: &&mut Slot| slot.classes == classes;
            if let Some(slot) = slots.iter_mut().find(same) {
                slot.rules.push(index);
            } else if slots.len() < SLOTS {
                slots.push(Slot {
                    classes,
                    rules: vec![index],
                });
            } else {
                slots[SLOTS - 1].widen(&classes, index);
            }
        }
        let mut table = Box::new([0; 256]);
        let mut lasts = 0;
        for (number, slot) in slots.iter().enumerate() {
            for (place, class) in slot.classes.iter().enumerate() {
                for byte in (0..=255u8).filter(|&byte| class.has(byte)) {
                    table[usize::from(byte)] |= 1u64 << (number * DEPTH + place);
                }
            }
            lasts |= 1u64 << (number * DEPTH + slot.classes.len() - 1);
        }
        Self {
            table,
            lasts,
            slots,
        }
    }

    /// By beginning: the rules that have it.
    pub(super) fn rules(&self) -> impl Iterator<Item = &[u32]> {
        self.slots.iter().map(|slot| slot.rules.as_slice())
    }

    /// Appends the places in `bytes`; the anchor of a beginning is `first` and its number.
    pub(super) fn suspects(&self, bytes: &[u8], first: u32, out: &mut Vec<Suspect>) {
        if self.slots.is_empty() {
            return;
        }
        let mut state = 0u64;
        for (at, &byte) in bytes.iter().enumerate() {
            // What a slot shifts into the next one's first bit is set there anyway.
            state = (state << 1 | BEGINS) & self.table[usize::from(byte)];
            if state & self.lasts != 0 {
                Self::tell(at, state & self.lasts, first, out);
            }
        }
        if let Some(last) = bytes.len().checked_sub(1) {
            Self::tell(last, state & !self.lasts, first, out);
        }
    }

    /// Tells the beginnings whose bits are set, having read the byte at `at`.
    fn tell(at: usize, mut bits: u64, first: u32, out: &mut Vec<Suspect>) {
        while bits != 0 {
            let bit = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let (slot, place) = (bit / DEPTH, bit % DEPTH);
            out.push(Suspect {
                at: at - place,
                anchor: first + slot as u32,
            });
        }
    }
}

impl Slot {
    /// Takes in a rule that begins otherwise.
    fn widen(&mut self, classes: &[ByteSet], rule: u32) {
        self.classes.truncate(classes.len());
        for (mine, other) in self.classes.iter_mut().zip(classes) {
            (0..=255u8)
                .filter(|&byte| other.has(byte))
                .for_each(|byte| mine.insert(byte));
        }
        self.rules.push(rule);
    }
}

/// The bytes that may stand at each of the first places of a candidate: of the shortest
/// match, or of one that is overdue.
fn beginning(rule: &Rule) -> Vec<ByteSet> {
    let automaton = rule.automaton();
    let mut layer = vec![automaton.start()];
    let mut classes = Vec::new();
    while classes.len() < DEPTH.min(rule.reach + 1) {
        let (mut class, mut next) = (ByteSet::empty(), Vec::new());
        for &state in &layer {
            for byte in 0..=255u8 {
                let state = automaton.next(state, byte);
                if state != DEAD {
                    class.insert(byte);
                    next.push(state);
                }
            }
        }
        classes.push(class);
        next.sort_unstable();
        next.dedup();
        if next.iter().any(|&state| automaton.accepts(state)) {
            break;
        }
        layer = next;
    }
    classes
}
