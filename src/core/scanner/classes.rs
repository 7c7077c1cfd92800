//! Suspects of rules without an anchor: places where the first bytes are of the classes
//! that the rule begins with.
//!
//! For each of the first places there is a table that tells by byte, in a bit each, which
//! beginnings may have it there; the beginnings that hold at a place are what is left of
//! all bits after a look into each table. The first two looks leave nothing at most places,
//! for the table before the first is that of the byte before the match.
//!
//! What that byte may be is the detector's to say, which sees through escapes, colour codes
//! and control sequences ([`before`](super::before)); here everything may follow on a byte
//! that may end an escape or a colour code, or on a control sequence.
//! A place in the middle of a record whose bytes before are not to be seen is not told: it
//! was in an earlier view.
//!
//! What a rule begins with is read off its pattern ([`beginning`]): no automaton is built
//! for it, which takes longer for all such rules than everything else at a start.
//!
//! At the end of the bytes a place is told where the classes hold as far as there are
//! bytes, since more may come.

mod beginning;

use super::prefilter::Suspect;
use crate::core::form::ByteSet;
use crate::core::rule::Rule;
use crate::core::text::control;
use beginning::{Beginning, DEPTH};

/// So many places are looked at together, a bit each.
const BLOCK: usize = u64::BITS as usize;

/// A bit each.
const SLOTS: usize = u64::BITS as usize;

/// So many bytes back an escape may begin that stands for one byte: `\\u000a`.
const ESCAPE: usize = 6;

/// Finds places where the matches of some rules may begin.
pub(super) struct Classes {
    /// By byte before a match: the beginnings that it allows.
    before: Box<[u64; 256]>,
    /// By place and byte: the beginnings that have it there, or end before.
    tables: Vec<[u64; 256]>,
    slots: Vec<Slot>,
}

/// A beginning, and the rules that have it.
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
            if slots.len() < SLOTS && slots.iter().all(|other| other.grown(&slot) > 0) {
                slots.push(slot);
            } else if let Some(like) = slots.iter_mut().min_by_key(|other| other.grown(&slot)) {
                like.widen(&slot);
            }
        }
        let table = |class: &dyn Fn(&Slot) -> Option<ByteSet>| {
            let mut table = [0; 256];
            for (number, slot) in slots.iter().enumerate() {
                match class(slot) {
                    Some(class) => class
                        .bytes()
                        .for_each(|byte| table[usize::from(byte)] |= 1 << number),
                    None => table.iter_mut().for_each(|bits| *bits |= 1 << number),
                }
            }
            table
        };
        let tables = (0..DEPTH).map(|place| table(&|slot| slot.classes.get(place).copied()));
        Self {
            before: Box::new(table(&|slot| Some(slot.before))),
            tables: tables.collect(),
            slots,
        }
    }

    /// By beginning: the rules that have it.
    pub(super) fn rules(&self) -> impl Iterator<Item = &[u32]> {
        self.slots.iter().map(|slot| slot.rules.as_slice())
    }

    /// Appends the places in `bytes`, in order; the anchor of a beginning is `first` and its
    /// number. `at_start`: a record begins with them.
    pub(super) fn suspects(
        &self,
        bytes: &[u8],
        at_start: bool,
        first: u32,
        out: &mut Vec<Suspect>,
    ) {
        if self.slots.is_empty() || bytes.is_empty() {
            return;
        }
        let mut tell = |at: usize, bits: u64| {
            let mut bits = self.follow(bits, &bytes[at..]);
            while bits != 0 {
                let anchor = first + bits.trailing_zeros();
                bits &= bits - 1;
                out.push(Suspect { at, anchor });
            }
        };
        let has_sequences = memchr::memchr(0x1b, bytes).is_some();
        tell(0, if at_start { u64::MAX } else { 0 });
        for from in (1..bytes.len()).step_by(BLOCK) {
            let to = bytes.len().min(from + BLOCK);
            let near = &bytes[from.saturating_sub(ESCAPE)..to];
            let Some(block) = bytes.get(from - 1..from + BLOCK + 1) else {
                // The last places have less behind them.
                (from..to).for_each(|at| tell(at, self.before(bytes, at)));
                continue;
            };
            if memchr::memchr2(b'\\', b'%', near).is_some() {
                (from..to).for_each(|at| tell(at, self.before(bytes, at)));
                continue;
            }
            // Two bytes and the one before, of all places at once: no branch that a place
            // could send the wrong way.
            let mut hits = 0_u64;
            for (place, bytes) in block.windows(3).enumerate() {
                let bits = self.before[usize::from(bytes[0])]
                    & self.tables[0][usize::from(bytes[1])]
                    & self.tables[1][usize::from(bytes[2])];
                hits |= u64::from(bits != 0) << place;
            }
            let behind = if has_sequences {
                behind_sequences(bytes, from, to)
            } else {
                0
            };
            hits |= behind;
            while hits != 0 {
                let place = hits.trailing_zeros();
                let at = from + place as usize;
                hits &= hits - 1;
                let bits = if behind >> place & 1 == 1 {
                    u64::MAX
                } else {
                    self.before[usize::from(bytes[at - 1])]
                };
                tell(at, bits);
            }
        }
    }

    /// The beginnings that the bytes before a place allow.
    fn before(&self, bytes: &[u8], at: usize) -> u64 {
        let near = &bytes[at.saturating_sub(ESCAPE)..at];
        let is_escaped = memchr::memchr2(b'\\', b'%', near).is_some();
        if is_escaped || control::ends_at(bytes, at) {
            return u64::MAX;
        }
        self.before[usize::from(bytes[at - 1])]
    }

    /// Which of some beginnings go on so, as far as there are bytes.
    #[inline]
    fn follow(&self, mut bits: u64, bytes: &[u8]) -> u64 {
        for (table, &byte) in self.tables.iter().zip(bytes) {
            bits &= table[usize::from(byte)];
            if bits == 0 {
                break;
            }
        }
        bits
    }
}

/// The places of a block right behind a control sequence, in a bit each.
fn behind_sequences(bytes: &[u8], from: usize, to: usize) -> u64 {
    let first = from.saturating_sub(control::LONGEST);
    let mut places = 0;
    for escape in memchr::memchr_iter(0x1b, &bytes[first..to]) {
        if let Some(end) = control::end_of(bytes, first + escape)
            && (from..to).contains(&end)
        {
            places |= 1 << (end - from);
        }
    }
    places
}

/// What the candidates of a rule begin with: by place, the bytes that may stand there.
pub(super) fn beginning(rule: &Rule) -> Vec<ByteSet> {
    let mut classes = Beginning::of(&rule.source.form().hir).classes();
    // Of one that is overdue no more has been read.
    classes.truncate(rule.reach + 1);
    classes
}

impl Slot {
    fn of(rule: &Rule, index: u32) -> Self {
        let form = rule.source.form();
        // The end of the record before, and that of a colour code.
        let mut before = form.before.unwrap_or(ByteSet::ALL);
        before.insert(b'\n');
        before.insert(b'm');
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
            .map(|(mine, other)| other.count_beyond(mine));
        // A place less is as much as every byte there.
        let lost = self.classes.len().saturating_sub(other.classes.len());
        grown.sum::<usize>() + 256 * lost
    }

    /// Takes in a rule that begins otherwise.
    fn widen(&mut self, other: &Self) {
        self.classes.truncate(other.classes.len());
        let pairs = self.classes.iter_mut().zip(&other.classes);
        for (mine, other) in pairs.chain([(&mut self.before, &other.before)]) {
            mine.extend(other);
        }
        self.rules.extend_from_slice(&other.rules);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::automaton::DEAD;
    use crate::core::limits::Profile;
    use crate::core::pack::Pack;
    use crate::core::scanner::before;

    fn rules() -> Vec<Rule> {
        let rule = |number: usize, pattern: &str, before: &str| {
            format!(
                "[[rule]]\nid = \"r{number}\"\nabout = \"x\"\npattern = '''{pattern}'''\n\
                 {before}\nsource = \"https://acme.example/\"\nexamples = []\n"
            )
        };
        let word = "before = '[^0-9a-z]'";
        let text = [
            rule(1, "[0-9]{2}[a-c]", word),
            rule(2, "[0-9]", word),
            rule(3, "[a-c]{2,9}-?[0-9]{14}", ""),
            rule(4, "[01][ab]+", "before = '[\\x00]'"),
        ];
        let pack = Pack::parse("acme", "acme.toml", &text.concat()).expect("a pack");
        let rules = pack.rules().iter().cloned();
        rules
            .map(|source| Rule::new(source, 256, Profile::Standard))
            .collect()
    }

    /// Whether a match of `rule` may begin at `at`, looked at byte by byte.
    fn may_begin(rule: &Rule, bytes: &[u8], at: usize) -> bool {
        let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
        let class = &rule.source.form().before;
        let allowed = class
            .as_ref()
            .is_none_or(|class| before::allows(class, &bytes[line..at]));
        let mut state = rule.automaton().start();
        for &byte in bytes[at..].iter().take(DEPTH) {
            state = rule.automaton().next(state, byte);
            if rule.automaton().accepts(state) {
                break;
            }
        }
        allowed && state != DEAD
    }

    #[test]
    fn every_place_where_a_match_may_begin_is_told_in_order() {
        let rules = rules();
        let classes = Classes::new(&rules, &[0, 1, 2, 3]);
        let mut random = 7_u64;
        // With escapes, and with control sequences alone.
        let alphabets = [b"0011ab-c \n\\%nm0a\x1b[b(", b"0011ab-c \n;h1m0a\x1b[b("];
        for length in 0..500 {
            let alphabet = alphabets[length % 2];
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    alphabet[(random >> 40) as usize % alphabet.len()]
                })
                .collect();
            let mut told = Vec::new();
            classes.suspects(&text, true, 100, &mut told);
            assert!(told.is_sorted());
            for (index, rule) in rules.iter().enumerate() {
                let number = classes
                    .rules()
                    .position(|rules| rules.contains(&(index as u32)));
                let anchor = 100 + number.expect("it has a beginning") as u32;
                for at in 0..text.len() {
                    let is_told = told.contains(&Suspect { at, anchor });
                    assert!(is_told || !may_begin(rule, &text, at), "{text:?} {at}");
                }
            }
            // Further on in a record the same, but for the first place and for escapes
            // that are cut off.
            let mut later = Vec::new();
            classes.suspects(&text, false, 100, &mut later);
            told.retain(|suspect| suspect.at > 0);
            assert_eq!(later, told);
        }
    }
}
