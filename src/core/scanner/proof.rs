//! A proof that a rule's anchors are enough: no candidate can do without one.
//!
//! The rule's automaton and the anchors are run together over every text there is, as
//! a graph of (state, how much of an anchor has been read). If every path that stays
//! alive meets an anchor that began within the rule's lead, the prefilter cannot miss
//! a candidate. This decides; it does not sample.

use std::collections::BTreeSet;

use crate::core::automaton::{Automaton, DEAD, State};
use crate::core::rule::Rule;

/// How far the search for a sufficient lead goes, in bytes.
const MOST_LEAD: usize = 64;

/// Why a rule's anchors are not enough.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unproven {
    /// They would be with a longer lead.
    #[error("an anchor begins up to {needed} bytes after the match; add lead = {needed}")]
    Lead {
        /// The lead that is enough.
        needed: usize,
    },
    /// Some candidates have none.
    #[error(
        "a match need not hold any of the anchors; name a literal that all matches begin with, or leave `anchors` out"
    )]
    Missing,
}

/// Proves the anchors of `rule`.
///
/// # Errors
///
/// What is missing.
pub(crate) fn prove(rule: &Rule) -> Result<(), Unproven> {
    let source = &rule.source;
    if source.anchors.is_empty() {
        return Ok(());
    }
    let product = Product::new(rule.automaton(), &source.anchors, source.ignore_case());
    if product.holds(source.lead()) {
        return Ok(());
    }
    // The smallest lead that would do, for the message.
    let needed = (source.lead() + 1..=MOST_LEAD).find(|&lead| product.holds(lead));
    Err(needed.map_or(Unproven::Missing, |needed| Unproven::Lead { needed }))
}

struct Product<'a> {
    automaton: &'a Automaton,
    anchors: Vec<Vec<u8>>,
    fold: bool,
    /// Bytes that lead to every combination of next states.
    alphabet: Vec<u8>,
    longest: usize,
}

/// A state of the automaton, and the longest end of what was read that begins an anchor.
type Node = (State, Vec<u8>);

impl<'a> Product<'a> {
    fn new(automaton: &'a Automaton, anchors: &[Vec<u8>], fold: bool) -> Self {
        let folded = |byte: u8| {
            if fold {
                byte.to_ascii_lowercase()
            } else {
                byte
            }
        };
        let anchors: Vec<Vec<u8>> = anchors
            .iter()
            .map(|anchor| anchor.iter().map(|&byte| folded(byte)).collect())
            .collect();
        let in_anchor = |byte: u8| anchors.iter().any(|anchor| anchor.contains(&folded(byte)));
        let start = automaton.alphabet();
        // Of each class of the automaton: every byte that some anchor holds, and one
        // that none does.
        let class_of = |byte: u8| {
            start
                .iter()
                .position(|&other| automaton.same_class(byte, other))
        };
        let mut plain = vec![false; start.len()];
        let alphabet = (0..=255u8)
            .filter(|&byte| {
                in_anchor(byte)
                    || class_of(byte)
                        .is_some_and(|class| !std::mem::replace(&mut plain[class], true))
            })
            .collect();
        Self {
            longest: anchors.iter().map(Vec::len).max().unwrap_or(0),
            automaton,
            anchors,
            fold,
            alphabet,
        }
    }

    /// Whether every candidate meets an anchor that begins within `lead` bytes.
    fn holds(&self, lead: usize) -> bool {
        let mut layer = BTreeSet::from([(self.automaton.start(), Vec::new())]);
        for depth in 0..lead + self.longest {
            let mut next = BTreeSet::new();
            for node in &layer {
                for &byte in &self.alphabet {
                    match self.step(node, byte, depth, lead) {
                        Step::Met | Step::Died => {}
                        Step::Matched => return false,
                        Step::Alive(node) => {
                            next.insert(node);
                        }
                    }
                }
            }
            layer = next;
            if layer.is_empty() {
                return true;
            }
        }
        false
    }

    fn step(&self, (state, read): &Node, byte: u8, depth: usize, lead: usize) -> Step {
        let state = self.automaton.next(*state, byte);
        if state == DEAD {
            return Step::Died;
        }
        let byte = if self.fold {
            byte.to_ascii_lowercase()
        } else {
            byte
        };
        let mut read = [read.as_slice(), &[byte]].concat();
        let met = self
            .anchors
            .iter()
            .any(|anchor| read.ends_with(anchor) && depth + 1 - anchor.len() <= lead);
        if met {
            return Step::Met;
        }
        if self.automaton.accepts(state) {
            return Step::Matched;
        }
        while !self.anchors.iter().any(|anchor| anchor.starts_with(&read)) {
            read.remove(0);
        }
        Step::Alive((state, read))
    }
}

enum Step {
    /// An anchor is there.
    Met,
    Died,
    /// A match without an anchor.
    Matched,
    Alive(Node),
}
