//! Anchors with the rules that they stand for, as they are sorted.

use crate::core::rule::Rule;
use crate::core::scanner::prefilter::Anchor;

/// An anchor that stands for a rule, in the order of the anchors.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing<'a> {
    /// The first bytes as a number, which mostly decides on the order.
    first: u64,
    bytes: &'a [u8],
    ignore_case: bool,
    pub(super) rule: u32,
}

impl<'a> Standing<'a> {
    pub(super) fn new(bytes: &'a [u8], rule: &Rule, index: u32) -> Self {
        let mut first = [0; 8];
        let known = bytes.len().min(8);
        first[..known].copy_from_slice(&bytes[..known]);
        Self {
            first: u64::from_be_bytes(first),
            bytes,
            ignore_case: rule.source.ignore_case(),
            rule: index,
        }
    }

    pub(super) fn is_same_anchor(&self, other: &Self) -> bool {
        (self.bytes, self.ignore_case) == (other.bytes, other.ignore_case)
    }

    pub(super) fn anchor(&self) -> Anchor {
        Anchor {
            bytes: self.bytes.to_vec(),
            ignore_case: self.ignore_case,
        }
    }
}
