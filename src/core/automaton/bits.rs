//! Sets of bytes, or of columns, and the groups that such sets tell apart.

use std::ops::BitAnd;

/// A set of numbers below 256, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bits(pub(super) [u32; 8]);

impl Bits {
    /// All numbers below `end`, which is at most 256.
    pub(super) fn below(end: usize) -> Self {
        let mut bits = Self([0; 8]);
        (0..end).for_each(|number| bits.0[number / 32] |= 1 << (number % 32));
        bits
    }

    /// Puts `number` in.
    pub(super) fn insert(&mut self, number: u8) {
        self.0[usize::from(number / 32)] |= 1 << (number % 32);
    }

    /// Puts all numbers from `first` to `last` in.
    pub(super) fn insert_range(&mut self, first: u8, last: u8) {
        (first..=last).for_each(|number| self.insert(number));
    }

    /// Whether `number` is in it.
    pub(super) fn has(&self, number: u8) -> bool {
        self.0[usize::from(number / 32)] >> (number % 32) & 1 == 1
    }

    /// The smallest number in it; 0 where there is none.
    pub(super) fn first(&self) -> u8 {
        self.numbers().next().unwrap_or(0)
    }

    /// Its numbers, in order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u8> {
        (0..8u8).zip(self.0).flat_map(|(word, mut bits)| {
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros() as u8)?;
                bits &= bits - 1;
                Some(word * 32 + bit)
            })
        })
    }

    fn is_empty(&self) -> bool {
        self.0 == [0; 8]
    }

    fn without(mut self, other: &Self) -> Self {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine &= !other;
        }
        self
    }
}

impl BitAnd for Bits {
    type Output = Self;

    fn bitand(mut self, other: Self) -> Self {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine &= other;
        }
        self
    }
}

/// Splits the groups, none of which is empty, so that each lies in `set` or outside it.
pub(super) fn split(groups: &mut Vec<Bits>, set: Bits) {
    for at in 0..groups.len() {
        let group = groups[at];
        let inside = group & set;
        if !inside.is_empty() && inside != group {
            groups[at] = group.without(&set);
            groups.push(inside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[u8]) -> Bits {
        let mut bits = Bits::below(0);
        for &number in numbers {
            bits.insert(number);
        }
        bits
    }

    #[test]
    fn groups_are_what_no_set_tells_apart() {
        let mut groups = vec![Bits::below(256)];
        let mut letters = Bits::below(0);
        letters.insert_range(b'a', b'z');
        let sets = [letters, of(b"e5"), of(b"e"), letters, of(&[255])];
        for set in sets {
            split(&mut groups, set);
        }
        assert_eq!(groups.len(), 5);
        for one in 0..=255u8 {
            let mut holders = groups.iter().filter(|group| group.has(one));
            let group = holders.next().expect("a group holds it");
            assert!(holders.next().is_none());
            for other in 0..=255u8 {
                let alike = sets.iter().all(|set| set.has(one) == set.has(other));
                assert_eq!(group.has(other), alike, "{one} {other}");
            }
        }
    }

    #[test]
    fn numbers_come_in_order() {
        assert_eq!(
            of(&[255, 0, 31, 32]).numbers().collect::<Vec<_>>(),
            [0, 31, 32, 255]
        );
        assert_eq!((of(&[]).first(), of(&[200, 64]).first()), (0, 64));
        assert_eq!(Bits::below(33).numbers().count(), 33);
    }
}
