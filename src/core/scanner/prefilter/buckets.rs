//! Windows in a few buckets: for each bucket and position the set of bytes that its windows
//! have there. A place is a candidate where as many bytes in a row are in the sets of one
//! bucket, so that which windows share a bucket decides how many candidates are false.
//!
//! A window that is short says nothing of the last positions, and would spoil a bucket of
//! long ones: lengths have buckets of their own at first. Each window joins the bucket
//! whose likelihood it raises least; then each may once move to a better one. (Of log text
//! with some thousand anchors, 24 buckets and six positions, in candidates a KiB: first
//! come first served 160, by length 75, after the moves 50.)

use std::ops::Range;

use super::Anchor;
use super::windows::frequencies;

/// So many bytes in a row are looked up.
pub(super) const POSITIONS: usize = 6;

/// Stands for every byte from 128 on, which the sets do not tell apart.
pub(super) const OTHER: u8 = 1;

/// By position: the byte that stands there in both its cases; [`OPEN`] where the window
/// says nothing of it.
pub(super) type Shape = [[u8; 2]; POSITIONS];

const OPEN: u8 = u8::MAX;

/// By position: the bytes that may stand there, bit by bit.
pub(super) type Sets = [u128; POSITIONS];

/// What stands where the window of an anchor begins, and what follows it there.
pub(super) fn shape(anchor: &Anchor, offset: usize) -> Shape {
    let window = &anchor.bytes[offset..];
    let code = |byte: u8| if byte.is_ascii() { byte } else { OTHER };
    std::array::from_fn(|position| match window.get(position) {
        Some(&byte) if anchor.ignore_case => {
            [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()].map(code)
        }
        Some(&byte) => [code(byte); 2],
        None => [OPEN; 2],
    })
}

/// The sets of each of so many buckets.
pub(super) fn deal(mut shapes: Vec<Shape>, buckets: usize) -> Vec<Sets> {
    let weights = frequencies();
    shapes.sort_unstable();
    shapes.dedup();
    // The likely ones first: they have more of a choice.
    let mut order: Vec<(f32, Shape)> = shapes
        .into_iter()
        .map(|shape| (Bucket::default().raised(&weights, &shape), shape))
        .collect();
    order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut all = vec![Bucket::default(); buckets];
    let places = shares(order.iter().map(|(_, shape)| length(shape)), buckets);
    let mut chosen = Vec::with_capacity(order.len());
    for (_, shape) in &order {
        let number = best(&weights, &all, places[length(shape)].clone(), shape);
        all[number].join(&weights, shape);
        chosen.push(number);
    }
    for ((_, shape), number) in order.iter().zip(&mut chosen) {
        all[*number].leave(&weights, shape);
        *number = best(&weights, &all, 0..buckets, shape);
        all[*number].join(&weights, shape);
    }
    all.iter().map(Bucket::sets).collect()
}

/// How many positions a window has something to say of.
fn length(shape: &Shape) -> usize {
    shape.iter().filter(|codes| codes[0] != OPEN).count()
}

/// By length: the buckets that its windows begin in. Each length has a share by the square
/// root of their number, and at least one bucket.
fn shares(lengths: impl Iterator<Item = usize>, buckets: usize) -> [Range<usize>; POSITIONS + 1] {
    let mut counts = [0_u32; POSITIONS + 1];
    lengths.for_each(|length| counts[length] += 1);
    let roots = counts.map(|count| (16 * count).isqrt() as usize);
    let all = roots.iter().sum::<usize>().max(1);
    let free = buckets - POSITIONS - 1;
    let mut from = 0;
    let mut before = 0;
    roots.map(|root| {
        // Rounded so that the shares add up.
        let share = free * (before + root) / all - free * before / all;
        before += root;
        let number = share + usize::from(root > 0);
        from += number;
        from - number..from
    })
}

/// The bucket whose likelihood a window raises least.
fn best(weights: &Weights, all: &[Bucket], among: Range<usize>, shape: &Shape) -> usize {
    let mut best = (f32::INFINITY, among.start);
    for number in among {
        let raised = all[number].raised(weights, shape);
        if raised < best.0 {
            best = (raised, number);
        }
    }
    best.1
}

/// How likely each byte is.
type Weights = [f32; 128];

/// The windows of one bucket.
#[derive(Clone)]
struct Bucket {
    /// By position and byte: how many windows have it there.
    counts: [[u16; 128]; POSITIONS],
    /// By position: how many windows say nothing of it.
    open: [u16; POSITIONS],
    /// By position: how likely it is that a byte is one of those.
    likely: [f32; POSITIONS],
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            counts: [[0; 128]; POSITIONS],
            open: [0; POSITIONS],
            likely: [0.0; POSITIONS],
        }
    }
}

impl Bucket {
    /// How much likelier it becomes with a window more.
    fn raised(&self, weights: &Weights, shape: &Shape) -> f32 {
        let mut joined = 1.0;
        for (position, &[one, other]) in shape.iter().enumerate() {
            let new = |code: u8| {
                if self.counts[position][usize::from(code)] == 0 {
                    weights[usize::from(code)]
                } else {
                    0.0
                }
            };
            joined *= if one == OPEN || self.open[position] > 0 {
                1.0
            } else if one == other {
                self.likely[position] + new(one)
            } else {
                self.likely[position] + new(one) + new(other)
            };
        }
        joined - self.likely.iter().product::<f32>()
    }

    fn join(&mut self, weights: &Weights, shape: &Shape) {
        for (position, &codes) in shape.iter().enumerate() {
            if codes[0] == OPEN {
                self.open[position] += 1;
            } else {
                for code in codes {
                    self.counts[position][usize::from(code)] += 1;
                }
            }
            self.weigh(weights, position);
        }
    }

    fn leave(&mut self, weights: &Weights, shape: &Shape) {
        for (position, &codes) in shape.iter().enumerate() {
            if codes[0] == OPEN {
                self.open[position] -= 1;
            } else {
                for code in codes {
                    self.counts[position][usize::from(code)] -= 1;
                }
            }
            self.weigh(weights, position);
        }
    }

    fn weigh(&mut self, weights: &Weights, position: usize) {
        self.likely[position] = if self.open[position] > 0 {
            1.0
        } else {
            let counts = self.counts[position].iter().zip(weights);
            let held = counts.map(|(&count, weight)| if count > 0 { *weight } else { 0.0 });
            held.sum()
        };
    }

    fn sets(&self) -> Sets {
        std::array::from_fn(|position| {
            if self.open[position] > 0 {
                return u128::MAX;
            }
            let counts = self.counts[position].iter().enumerate();
            let held = counts.filter(|&(_, &count)| count > 0);
            held.map(|(code, _)| 1 << code).sum()
        })
    }
}
