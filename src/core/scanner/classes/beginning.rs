//! What the matches of a pattern begin with: by place, the bytes that may stand there.
//!
//! Each part of a pattern is looked at once and by itself, as if a match began with it;
//! what stands behind it is moved by the lengths that it may have.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind, Repetition};
use regex_syntax::utf8::Utf8Sequences;

use crate::core::form::ByteSet;

/// So many bytes of a match are looked at.
pub(super) const DEPTH: usize = 12;

/// The first places of the texts that a part of a pattern matches.
pub(super) struct Beginning {
    /// By place: the bytes that may stand there.
    classes: [ByteSet; DEPTH],
    lengths: Lengths,
}

/// The lengths that a text may have, up to [`DEPTH`], a bit each.
type Lengths = u16;

/// A text of no byte.
const NONE: Lengths = 1;

impl Beginning {
    pub(super) fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::empty(),
            HirKind::Literal(literal) => Self::of_row(literal.0.iter().map(|&byte| [byte; 2])),
            HirKind::Class(Class::Bytes(class)) => {
                let mut bytes = ByteSet::empty();
                for range in class.ranges() {
                    bytes.insert_range(range.start(), range.end());
                }
                Self::of_class(bytes)
            }
            HirKind::Class(Class::Unicode(class)) => {
                Self::any(class.ranges().iter().flat_map(of_characters))
            }
            HirKind::Repetition(repetition) => Self::of(&repetition.sub).repeated(repetition),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => {
                let mut row = Self::empty();
                for part in parts {
                    row.go_on(&Self::of(part));
                }
                row
            }
            HirKind::Alternation(parts) => Self::any(parts.iter().map(Self::of)),
        }
    }

    /// As far as every match goes: up to the length of the shortest one.
    pub(super) fn classes(&self) -> Vec<ByteSet> {
        let shortest = self.lengths.trailing_zeros() as usize;
        self.classes[..shortest.min(DEPTH)].to_vec()
    }

    /// The beginning of no text.
    fn none() -> Self {
        Self {
            classes: [ByteSet::empty(); DEPTH],
            lengths: 0,
        }
    }

    fn empty() -> Self {
        Self {
            lengths: NONE,
            ..Self::none()
        }
    }

    fn of_class(bytes: ByteSet) -> Self {
        let mut class = Self::none();
        if bytes.count_beyond(&ByteSet::empty()) > 0 {
            class.classes[0] = bytes;
            class.lengths = NONE << 1;
        }
        class
    }

    /// Ranges of bytes, one behind the other.
    fn of_row(ranges: impl Iterator<Item = [u8; 2]>) -> Self {
        let mut row = Self::empty();
        for [first, last] in ranges {
            let mut bytes = ByteSet::empty();
            bytes.insert_range(first, last);
            row.go_on(&Self::of_class(bytes));
        }
        row
    }

    /// Any of some parts.
    fn any(parts: impl Iterator<Item = Self>) -> Self {
        let mut any = Self::none();
        for part in parts {
            any.add(NONE, &part);
            any.lengths |= part.lengths;
        }
        any
    }

    /// Puts `next` behind it.
    fn go_on(&mut self, next: &Self) {
        self.add(self.lengths, next);
        self.lengths = sums(self.lengths, next.lengths);
    }

    /// Adds the bytes of `part` where it may begin, behind texts of some lengths.
    fn add(&mut self, behind: Lengths, part: &Self) {
        for length in (0..DEPTH).filter(|length| behind >> length & 1 == 1) {
            for (mine, bytes) in self.classes[length..].iter_mut().zip(&part.classes) {
                mine.extend(bytes);
            }
        }
    }

    fn repeated(&self, repetition: &Repetition) -> Self {
        let mut all = Self::none();
        // The lengths of so many repetitions, and those behind which one more begins.
        let (mut count, mut lengths, mut starts) = (0, NONE, 0);
        loop {
            if count >= repetition.min {
                if lengths & !all.lengths == 0 {
                    break;
                }
                all.lengths |= lengths;
            }
            if repetition.max == Some(count) {
                break;
            }
            starts |= lengths;
            let next = sums(lengths, self.lengths);
            if next == lengths {
                // So it stays, however often.
                all.lengths |= lengths;
                break;
            }
            lengths = next;
            count += 1;
        }
        all.add(starts, self);
        all
    }
}

/// The encodings of some characters.
fn of_characters(range: &ClassUnicodeRange) -> impl Iterator<Item = Beginning> {
    Utf8Sequences::new(range.start(), range.end()).map(|sequence| {
        let ranges = sequence.as_slice().iter();
        Beginning::of_row(ranges.map(|range| [range.start, range.end]))
    })
}

/// The lengths of texts of which one part has one of `first`, the other one of `second`.
fn sums(first: Lengths, second: Lengths) -> Lengths {
    const ALL: Lengths = (1 << (DEPTH + 1)) - 1;
    let lengths = (0..=DEPTH).filter(|length| first >> length & 1 == 1);
    lengths.fold(0, |all, length| all | second << length & ALL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::automaton::{Automaton, DEAD};
    use crate::core::form::parse_regex;
    use crate::core::pack::embedded_packs;

    /// The same from the automaton: the bytes that lead on from the states that so many
    /// bytes lead to, up to the first match.
    fn of_automaton(hir: &Hir) -> Vec<ByteSet> {
        let automaton = Automaton::new(hir).unwrap();
        let mut layer = vec![automaton.start()];
        let mut classes = Vec::new();
        while classes.len() < DEPTH && !layer.iter().any(|&state| automaton.accepts(state)) {
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
            layer = next;
        }
        classes
    }

    fn check(hir: &Hir, name: &str) {
        let expected = of_automaton(hir);
        let classes = Beginning::of(hir).classes();
        assert_eq!(classes.len(), expected.len(), "{name}");
        assert!(classes == expected, "{name}");
    }

    #[test]
    fn it_is_what_the_automaton_reads() {
        for pattern in [
            "abc",
            "[0-9]{3}-?[a-f]",
            "a?b?c?d",
            "(?:ab|c)(?:d|ef){2,3}g*h",
            "(?:a?b?){2,5}cd",
            "(?:(?:a*)*b?)*c",
            "(?:ab){7}",
            "(?:a|bc){20,}",
            "a{500}(?:b{0,400}c){300}",
            "(?:(?:(?:a?){900}b){0,3}){2}cdefg{11}",
            "x(?u:[a-zé-ﬀ🦀])y",
            "(?i:Key)[=:][^ ]+",
        ] {
            check(&parse_regex(pattern, false).unwrap(), pattern);
        }
    }

    #[test]
    fn so_it_is_for_every_embedded_rule() {
        for pack in embedded_packs().unwrap() {
            for rule in pack.rules() {
                check(&rule.form().hir, rule.full_id());
            }
        }
    }
}
