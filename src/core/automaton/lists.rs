//! Lists of numbers, each kept once and called by its place.

/// The lists met so far, the first of which is the empty one.
pub(super) struct Lists {
    /// One list behind the other.
    items: Vec<u32>,
    /// By list: where it ends.
    ends: Vec<usize>,
    /// A hash table with free places: the hash of a list and its place, counted from 1.
    slots: Vec<(u32, u32)>,
}

/// No list stands there.
const FREE: (u32, u32) = (0, 0);

impl Lists {
    /// The empty list alone; its place is 0.
    pub(super) fn new() -> Self {
        let mut lists = Self {
            items: Vec::with_capacity(512),
            ends: Vec::with_capacity(64),
            slots: vec![FREE; 128],
        };
        lists.place(&[]);
        lists
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many numbers they hold together.
    pub(super) fn total(&self) -> usize {
        self.items.len()
    }

    /// The list at a place.
    pub(super) fn get(&self, place: usize) -> &[u32] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start..self.ends[place]]
    }

    /// Where `list` stands: at the end, where it is new.
    pub(super) fn place(&mut self, list: &[u32]) -> usize {
        let hash = hash(list);
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != FREE {
            let (other, place) = self.slots[slot];
            let place = place as usize - 1;
            if other == hash && self.get(place) == list {
                return place;
            }
            slot = (slot + 1) & mask;
        }
        self.items.extend_from_slice(list);
        self.ends.push(self.items.len());
        self.slots[slot] = (hash, self.ends.len() as u32);
        if self.ends.len() > self.slots.len() / 2 {
            self.grow();
        }
        self.ends.len() - 1
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let old = std::mem::replace(&mut self.slots, vec![FREE; mask + 1]);
        for entry in old.into_iter().filter(|&entry| entry != FREE) {
            let mut slot = entry.0 as usize & mask;
            while self.slots[slot] != FREE {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = entry;
        }
    }
}

/// The hash of rustc's tables (`FxHash`): numbers that we made ourselves need no better one.
fn hash(list: &[u32]) -> u32 {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let mix = |hash: u64, &item: &u32| (hash.rotate_left(5) ^ u64::from(item)).wrapping_mul(FACTOR);
    (list.iter().fold(list.len() as u64, mix) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lists_have_one_place() {
        let mut lists = Lists::new();
        assert_eq!(lists.place(&[]), 0);
        let made: Vec<Vec<u32>> = (0..1000_u32)
            .map(|number| (0..=number % 7).map(|item| number ^ item).collect())
            .collect();
        for _ in 0..2 {
            for (number, list) in made.iter().enumerate() {
                assert_eq!(lists.place(list), number + 1);
            }
        }
        assert_eq!(lists.len(), 1001);
        assert_eq!(lists.total(), made.iter().map(Vec::len).sum::<usize>());
        assert!(
            made.iter()
                .enumerate()
                .all(|(number, list)| lists.get(number + 1) == list)
        );
    }
}
