//! Suspects of rules without an anchor: places where the first bytes are of the classes
//! that the rule begins with.
//!
//! All such rules share one pass, whose cost hardly depends on their number (Baeza-Yates
//! and Gonnet, "A new approach to text searching", shift-and): words of bits tell which
//! classes of which rules the last bytes have held, and a table what the next byte keeps.
//!
//! The first bit of a beginning stands for the byte before the match. What that may be is
//! the detector's to say, which sees through escapes and colour codes ([`before`](super::before));
//! here everything may follow on a byte that may end one. A place in the middle of a record
//! whose bytes before are not to be seen is not told: it was in an earlier view.
//!
//! At the end of the bytes a place is told where the classes hold as far as there are
//! bytes, since more may come.

use super::prefilter::Suspect;
use crate::core::automaton::DEAD;
use crate::core::form::ByteSet;
use crate::core::rule::Rule;

/// So many bytes of a match are looked at.
const DEPTH: usize = 7;

/// The bits of a beginning: the byte before, and those.
const WIDTH: usize = DEPTH + 1;

/// The bit of every byte before.
const BEFORE: u64 = u64::MAX / ((1 << WIDTH) - 1);

/// How many beginnings fit into one word of bits.
const IN_WORD: usize = u64::BITS as usize / WIDTH;

const WORDS: usize = 4;

/// So many bytes back an escape may begin that stands for one byte: `\\u000a`.
const ESCAPE: u32 = 6;

/// Finds places where the matches of some rules may begin.
pub(super) struct Classes {
    /// By byte: the bits of the classes that hold it.
    table: Box<[[u64; WORDS]; 256]>,
    /// The bit of every last class.
    lasts: [u64; WORDS],
    slots: Vec<Slot>,
}

/// A beginning, and the rules that have it.
#[derive(Clone, PartialEq)]
struct Slot {
    /// What may stand before a match.
    before: ByteSet,
    /// What a match begins with, at most [`DEPTH`] bytes.
    classes: Vec<ByteSet>,
    rules: Vec<u32>,
}

impl Classes {
    /// The beginnings of some of `rules`, named by their indexes.
    pub(super) fn new(rules: &[Rule], indexes: &[u32]) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        for &index in indexes {
            let slot = Slot::of(&rules[index as usize], index);
            if slots.len() < WORDS * IN_WORD && slots.iter().all(|other| other.grown(&slot) > 0) {
                slots.push(slot);
            } else if let Some(like) = slots.iter_mut().min_by_key(|other| other.grown(&slot)) {
                like.widen(&slot);
            }
        }
        let mut table = Box::new([[0; WORDS]; 256]);
        let mut lasts = [0; WORDS];
        for (number, slot) in slots.iter().enumerate() {
            let (word, shift) = (number / IN_WORD, number % IN_WORD * WIDTH);
            let all = [slot.before]
                .into_iter()
                .chain(slot.classes.iter().copied());
            for (place, class) in all.enumerate() {
                for byte in (0..=255u8).filter(|&byte| class.has(byte)) {
                    table[usize::from(byte)][word] |= 1u64 << (shift + place);
                }
            }
            lasts[word] |= 1u64 << (shift + slot.classes.len());
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
    /// `at_start`: a record begins with them.
    pub(super) fn suspects(
        &self,
        bytes: &[u8],
        at_start: bool,
        first: u32,
        out: &mut Vec<Suspect>,
    ) {
        let tell = |suspect: Suspect| {
            out.push(Suspect {
                anchor: first + suspect.anchor,
                ..suspect
            });
        };
        match self.slots.len().div_ceil(IN_WORD) {
            0 => {}
            1 => self.search::<1>(bytes, at_start, tell),
            2 => self.search::<2>(bytes, at_start, tell),
            3 => self.search::<3>(bytes, at_start, tell),
            _ => self.search::<WORDS>(bytes, at_start, tell),
        }
    }

    fn search<const USED: usize>(
        &self,
        bytes: &[u8],
        at_start: bool,
        mut tell: impl FnMut(Suspect),
    ) {
        let mut state = [if at_start { BEFORE } else { 0 }; USED];
        let mut escapes = 0_u32;
        for (at, &byte) in bytes.iter().enumerate() {
            let row = &self.table[usize::from(byte)];
            escapes = escapes << 1 | u32::from(byte == b'\\' || byte == b'%');
            let escaped = escapes & ((1 << ESCAPE) - 1) != 0;
            let mut any = 0;
            for word in 0..USED {
                // What a slot shifts into the next one's first bit is set there anyway.
                let kept = (state[word] << 1 | BEFORE) & row[word];
                state[word] = if escaped { kept | BEFORE } else { kept };
                any |= kept & self.lasts[word];
            }
            if any != 0 {
                for (word, state) in state.iter().enumerate() {
                    Self::tell(at, word, state & self.lasts[word], &mut tell);
                }
            }
        }
        if let Some(last) = bytes.len().checked_sub(1) {
            for (word, state) in state.iter().enumerate() {
                Self::tell(last, word, state & !self.lasts[word] & !BEFORE, &mut tell);
            }
        }
    }

    /// Tells the beginnings whose bits are set, having read the byte at `at`.
    fn tell(at: usize, word: usize, mut bits: u64, tell: &mut impl FnMut(Suspect)) {
        while bits != 0 {
            let bit = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let (slot, place) = (word * IN_WORD + bit / WIDTH, bit % WIDTH - 1);
            tell(Suspect {
                at: at - place,
                anchor: slot as u32,
            });
        }
    }
}

impl Slot {
    fn of(rule: &Rule, index: u32) -> Self {
        let mut before = ByteSet::empty();
        let class = &rule.source.form().before;
        (0..=255u8)
            .filter(|&byte| class.as_ref().is_none_or(|class| class.has(byte)))
            // The end of the record before, and that of a colour code.
            .chain([b'\n', b'm'])
            .for_each(|byte| before.insert(byte));
        Self {
            before,
            classes: beginning(rule),
            rules: vec![index],
        }
    }

    /// How many bytes more it would hold with what `other` begins with.
    fn grown(&self, other: &Self) -> usize {
        let pairs = self.classes.iter().zip(&other.classes);
        let grown = pairs
            .chain([(&self.before, &other.before)])
            .map(|(mine, other)| {
                let new = |&byte: &u8| other.has(byte) && !mine.has(byte);
                (0..=255u8).filter(new).count()
            });
        // A place less is as much as every byte there.
        let lost = self.classes.len().saturating_sub(other.classes.len());
        grown.sum::<usize>() + 256 * lost
    }

    /// Takes in a rule that begins otherwise.
    fn widen(&mut self, other: &Self) {
        self.classes.truncate(other.classes.len());
        let pairs = self.classes.iter_mut().zip(&other.classes);
        for (mine, other) in pairs.chain([(&mut self.before, &other.before)]) {
            (0..=255u8)
                .filter(|&byte| other.has(byte))
                .for_each(|byte| mine.insert(byte));
        }
        self.rules.extend_from_slice(&other.rules);
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
