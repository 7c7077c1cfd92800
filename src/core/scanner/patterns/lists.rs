//! Lists of rules, one an anchor: hundreds of lists that mostly hold one rule each, in one
//! piece of memory.

/// Lists of rules by number.
pub(crate) struct RuleLists {
    /// Where each list begins in `rules`; one more than there are.
    starts: Vec<u32>,
    rules: Vec<u32>,
}

impl RuleLists {
    pub(super) fn new(lists: impl Iterator<Item: Iterator<Item = u32>>) -> Self {
        let mut all = Self {
            starts: vec![0],
            rules: Vec::new(),
        };
        for list in lists {
            all.rules.extend(list);
            all.starts.push(all.rules.len() as u32);
        }
        all
    }

    /// One list; none where there are not so many.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&[u32]> {
        let number = number as usize;
        let to = *self.starts.get(number + 1)?;
        self.rules.get(self.starts[number] as usize..to as usize)
    }

    /// The rules of all lists.
    pub(super) fn rules(&self) -> &[u32] {
        &self.rules
    }
}
