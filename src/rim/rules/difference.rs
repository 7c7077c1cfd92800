//! What two sets of rules mask differently, counted by rule and shape.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::rim::rules::shape::shape;
use crate::rim::rules::trace::{Block, Masked};

/// How many shapes of a rule are told apart; the others are counted together.
const MOST_SHAPES: usize = 200;

/// How many lines are remembered of a shape.
const MOST_LINES: usize = 10;

/// What is called when a rule has more shapes than are told apart.
const OTHER_SHAPES: &str = "other shapes";

/// Counts by rule.
#[derive(Default)]
pub(crate) struct Counts(BTreeMap<String, BTreeMap<String, Seen>>);

/// How often a shape was seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// How often.
    pub(crate) count: u64,
    /// The first lines on which it was.
    pub(crate) lines: Vec<u64>,
}

impl Counts {
    /// Counts a value of a rule.
    pub(crate) fn add(&mut self, rule: &str, value: &[u8], line: u64) {
        if !self.0.contains_key(rule) {
            self.0.insert(rule.to_owned(), BTreeMap::new());
        }
        let Some(shapes) = self.0.get_mut(rule) else {
            return;
        };
        let shape = shape(value);
        let full = shapes.len() >= MOST_SHAPES && !shapes.contains_key(&shape);
        let key = if full { OTHER_SHAPES.to_owned() } else { shape };
        let seen = shapes.entry(key).or_default();
        seen.count += 1;
        if seen.lines.len() < MOST_LINES && seen.lines.last() != Some(&line) {
            seen.lines.push(line);
        }
    }

    /// How many values there were.
    pub(crate) fn total(&self) -> u64 {
        self.rules().map(|(_, count, _)| count).sum()
    }

    /// The rules by id: how many values each had, and their shapes, the frequent first.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (&str, u64, Vec<(&str, &Seen)>)> {
        self.0.iter().map(|(rule, shapes)| {
            let mut all: Vec<(&str, &Seen)> = shapes
                .iter()
                .map(|(shape, seen)| (shape.as_str(), seen))
                .collect();
            all.sort_by(|a, b| b.1.count.cmp(&a.1.count).then(a.0.cmp(b.0)));
            let count = all.iter().map(|(_, seen)| seen.count).sum();
            (rule.as_str(), count, all)
        })
    }
}

/// What a new set of rules does that the old one did not, and the other way round.
#[derive(Default)]
pub(crate) struct Difference {
    /// Masked by the new rules alone.
    pub(crate) added: Counts,
    /// Masked by the old rules alone.
    pub(crate) removed: Counts,
    /// The same bytes, by a rule of another id.
    pub(crate) renamed: u64,
}

/// What one side masks in a block, with the ids of its rules.
pub(crate) type Side<'a> = (&'a [Masked], &'a [String]);

impl Difference {
    /// Whether the same bytes are masked.
    pub(crate) fn is_empty(&self) -> bool {
        self.added.total() + self.removed.total() == 0
    }

    /// Compares what both sides mask in a block.
    pub(crate) fn compare(&mut self, block: &Block<'_>, old: Side<'_>, new: Side<'_>) {
        count_only(block, new, old.0, &mut self.added);
        count_only(block, old, new.0, &mut self.removed);
        let mut others = old.0.iter().peekable();
        for masked in new.0 {
            while others
                .next_if(|other| other.range.start < masked.range.start)
                .is_some()
            {}
            self.renamed += u64::from(others.peek().is_some_and(|other| {
                other.range == masked.range && old.1[other.rule] != new.1[masked.rule]
            }));
        }
    }
}

/// Counts the bytes of `side` that `other` does not mask.
fn count_only(block: &Block<'_>, side: Side<'_>, other: &[Masked], counts: &mut Counts) {
    let (masked, ids) = side;
    let mut first = 0;
    for one in masked {
        while other
            .get(first)
            .is_some_and(|other| other.range.end <= one.range.start)
        {
            first += 1;
        }
        for range in without(one.range.clone(), &other[first..]) {
            let line = block.line_of(range.start);
            counts.add(&ids[one.rule], &block.bytes[range], line);
        }
    }
}

/// The parts of `range` that none of `others` covers.
fn without(range: Range<usize>, others: &[Masked]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut at = range.start;
    for other in others {
        if other.range.start >= range.end {
            break;
        }
        if other.range.start > at {
            parts.push(at..other.range.start);
        }
        at = at.max(other.range.end);
    }
    if at < range.end {
        parts.push(at..range.end);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(ranges: &[(usize, usize, usize)]) -> Vec<Masked> {
        let masked = |&(start, end, rule)| Masked {
            range: start..end,
            rule,
        };
        ranges.iter().map(masked).collect()
    }

    fn told(counts: &Counts) -> Vec<(String, u64, Vec<String>)> {
        counts
            .rules()
            .map(|(rule, count, shapes)| {
                let shapes = shapes.iter().map(|(shape, _)| (*shape).to_owned());
                (rule.to_owned(), count, shapes.collect())
            })
            .collect()
    }

    #[test]
    fn only_bytes_that_one_side_masks_count() {
        let ids = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        let (old_ids, new_ids) = (ids(&["a", "b"]), ids(&["a", "c"]));
        let block = Block {
            bytes: b"abcd 1234\nABCD-x\n",
            line: 5,
        };
        let old = masks(&[(0, 4, 1), (10, 14, 0)]);
        let new = masks(&[(0, 4, 1), (5, 9, 0), (12, 16, 1)]);
        let mut difference = Difference::default();
        difference.compare(&block, (&old, &old_ids), (&new, &new_ids));
        assert_eq!(
            told(&difference.added),
            [
                ("a".to_owned(), 1, vec!["9{4}".to_owned()]),
                ("c".to_owned(), 1, vec!["-a".to_owned()]),
            ]
        );
        assert_eq!(
            told(&difference.removed),
            [("a".to_owned(), 1, vec!["A{2}".to_owned()])]
        );
        assert_eq!(difference.renamed, 1);
        let (_, _, shapes) = difference.removed.rules().next().expect("one");
        assert_eq!(shapes[0].1.lines, [6]);
    }

    #[test]
    fn ever_new_shapes_take_no_ever_new_memory() {
        let mut counts = Counts::default();
        for length in 1..2 * MOST_SHAPES {
            counts.add("a", &b"x".repeat(length), 1);
        }
        let (_, count, shapes) = counts.rules().next().expect("one");
        assert_eq!(count as usize, 2 * MOST_SHAPES - 1);
        assert_eq!(shapes.len(), MOST_SHAPES + 1);
        assert_eq!(shapes[0].0, OTHER_SHAPES);
    }
}
