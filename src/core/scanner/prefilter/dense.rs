//! Windows by the two bytes that they begin with, for segments that are full of hits.

use super::packed::Window;

/// The windows by the two bytes that they begin with.
pub(super) struct Pairs {
    /// By pair of bytes: where its windows are in `windows`, and how many.
    lists: Vec<(u32, u32)>,
    windows: Vec<u32>,
}

impl Pairs {
    pub(super) fn new(windows: &[Window]) -> Self {
        let pairs_of = |window: &Window| {
            let first = window.bytes[0];
            match window.bytes.get(1) {
                Some(&second) => pair(first, second)..=pair(first, second),
                None => pair(first, 0)..=pair(first, 255),
            }
        };
        let mut by_pair: Vec<(usize, u32)> = windows
            .iter()
            .enumerate()
            .flat_map(|(number, window)| pairs_of(window).map(move |pair| (pair, number as u32)))
            .collect();
        by_pair.sort_unstable();
        let mut lists = vec![(0, 0); 1 << 16];
        for (at, &(pair, _)) in by_pair.iter().enumerate() {
            let (start, count): &mut (u32, u32) = &mut lists[pair];
            if *count == 0 {
                *start = at as u32;
            }
            *count += 1;
        }
        Self {
            lists,
            windows: by_pair.into_iter().map(|(_, number)| number).collect(),
        }
    }

    #[inline]
    pub(super) fn beginning(&self, first: u8, second: u8) -> &[u32] {
        let (start, count) = self.lists[pair(first, second)];
        &self.windows[start as usize..(start + count) as usize]
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}
