//! Where the group that is masked lies in a match.
//!
//! A match is taken apart by tables for what stands before the group, for the group and for
//! what stands behind it: mostly they fit together in one way only, and then the regex
//! engine's priorities decide nothing. Where there are several ways the engine is asked. (It
//! walks a match with all its captures, and took a fifth of the time on logs with a secret
//! in every third line.)

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use regex_automata::{Anchored, Input, meta, util::primitives::NonMaxUsize};
use regex_syntax::hir::{Hir, HirKind};

use crate::core::automaton::{Automaton, DEAD};
use crate::core::form::items_around;

/// What the regex engine writes the bounds of groups to, kept from match to match.
pub(crate) type Slots = Vec<Option<NonMaxUsize>>;

/// Finds one group of a pattern in its matches.
pub(crate) struct Group {
    index: usize,
    /// How many matches the engine was asked about.
    asked: AtomicU32,
    parts: OnceLock<Option<Box<Parts>>>,
    engine: OnceLock<meta::Regex>,
}

/// A pattern that is a row of items, the group one of them: what stands before it, the
/// group, and what stands behind.
struct Parts {
    before: Automaton,
    group: Automaton,
    after: Automaton,
}

/// So many matches of a rule take the engine as long as its tables take to make. (The tests
/// are to see the tables at work.)
const WORTH_WHILE: u32 = if cfg!(debug_assertions) { 2 } else { 32 };

/// A match may be walked so many times before the engine, which walks it once, is cheaper.
const WALKS: usize = 4;

impl Group {
    /// The group `index` of a pattern, which is not 0.
    pub(crate) fn new(index: usize) -> Self {
        Self {
            index,
            asked: AtomicU32::new(0),
            parts: OnceLock::new(),
            engine: OnceLock::new(),
        }
    }

    /// Where the group lies in `matched`, the bytes of one whole match of `hir`. A group
    /// that took no part is the whole match.
    pub(crate) fn find(&self, hir: &Hir, matched: &[u8], slots: &mut Slots) -> Range<usize> {
        if self.asked.load(Ordering::Relaxed) < WORTH_WHILE {
            self.asked.fetch_add(1, Ordering::Relaxed);
            return self.ask(hir, matched, slots);
        }
        let parts = self
            .parts
            .get_or_init(|| Parts::new(hir, self.index).map(Box::new));
        let found = parts.as_ref().and_then(|parts| parts.find(matched));
        found.unwrap_or_else(|| self.ask(hir, matched, slots))
    }

    /// Builds the engine, so that it need not be built in the middle of a stream.
    pub(crate) fn prepare(&self, hir: &Hir) {
        self.engine(hir);
    }

    fn engine(&self, hir: &Hir) -> &meta::Regex {
        self.engine.get_or_init(|| {
            meta::Builder::new()
                .configure(meta::Config::new().utf8_empty(false))
                .build_from_hir(hir)
                .unwrap_or_else(|error| panic!("the groups of a pattern cannot be built: {error}"))
        })
    }

    fn ask(&self, hir: &Hir, matched: &[u8], slots: &mut Slots) -> Range<usize> {
        let engine = self.engine(hir);
        slots.clear();
        slots.resize((self.index + 1) * 2, None);
        let input = Input::new(matched).anchored(Anchored::Yes);
        engine.search_slots(&input, slots);
        match (slots[self.index * 2], slots[self.index * 2 + 1]) {
            (Some(start), Some(end)) => start.get()..end.get(),
            _ => 0..matched.len(),
        }
    }
}

impl Parts {
    fn new(hir: &Hir, index: usize) -> Option<Self> {
        let (before, after) = items_around(hir, index)?;
        let HirKind::Concat(items) = hir.kind() else {
            return None;
        };
        let HirKind::Capture(capture) = items[before.len()].kind() else {
            return None;
        };
        Some(Self {
            before: Automaton::of_all(&Hir::concat(before.to_vec())).ok()?,
            group: Automaton::of_all(&capture.sub).ok()?,
            after: Automaton::of_all(&Hir::concat(after.to_vec())).ok()?,
        })
    }

    /// None where there are several places, or too many to try.
    fn find(&self, matched: &[u8]) -> Option<Range<usize>> {
        let mut steps = WALKS * (matched.len() + 16);
        let mut only = None;
        let mut state = self.before.start();
        for start in 0..=matched.len() {
            if self.before.accepts(state) {
                self.ends(&matched[start..], &mut steps, |length| {
                    let first = only.is_none();
                    only = Some(start..start + length);
                    first
                })?;
            }
            let Some(&byte) = matched.get(start) else {
                break;
            };
            state = self.before.next(state, byte);
            if state == DEAD {
                break;
            }
        }
        only
    }

    /// Tells each length that the group can have at the beginning of `bytes`, so that the
    /// rest is what stands behind it. None where the steps run out, or one is refused.
    fn ends(
        &self,
        bytes: &[u8],
        steps: &mut usize,
        mut tell: impl FnMut(usize) -> bool,
    ) -> Option<()> {
        let mut state = self.group.start();
        for length in 0..=bytes.len() {
            if self.group.accepts(state) && self.is_after(&bytes[length..], steps)? && !tell(length)
            {
                return None;
            }
            let Some(&byte) = bytes.get(length) else {
                break;
            };
            *steps = steps.checked_sub(1)?;
            state = self.group.next(state, byte);
            if state == DEAD {
                break;
            }
        }
        Some(())
    }

    fn is_after(&self, bytes: &[u8], steps: &mut usize) -> Option<bool> {
        let mut state = self.after.start();
        for &byte in bytes {
            *steps = steps.checked_sub(1)?;
            state = self.after.next(state, byte);
            if state == DEAD {
                return Some(false);
            }
        }
        Some(self.after.accepts(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(pattern)
            .expect("a pattern")
    }

    /// Every text of a few letters: the whole match is found as the engine does, and the
    /// group in it must be where the engine has it.
    #[test]
    fn the_group_is_where_the_engine_has_it() {
        const PATTERNS: [&str; 9] = [
            "a*(a*b)",
            "(?:a|ab)(b*)c?",
            "(?:a|ab)(c|bc)",
            "a+?(a*)",
            "(a+)(b?)",
            "x?(?:ab)*(a?b?)[bc]",
            "a(b|c)+",
            "(?:a(b))?c",
            "b{1,2}(b+)c",
        ];
        for pattern in PATTERNS {
            let hir = parsed(pattern);
            let groups = hir.properties().explicit_captures_len();
            let whole = Automaton::new(&hir).expect("a table");
            let mut slots = Slots::new();
            for index in 1..=groups {
                let group = Group::new(index);
                group.asked.store(WORTH_WHILE, Ordering::Relaxed);
                for number in 0..4_usize.pow(6) {
                    let text: Vec<u8> = (0..6)
                        .map(|place| b"abcx"[number / 4_usize.pow(place) % 4])
                        .collect();
                    let mut state = whole.start();
                    let mut end = whole.accepts(state).then_some(0);
                    for (at, &byte) in text.iter().enumerate() {
                        state = whole.next(state, byte);
                        if whole.accepts(state) {
                            end = Some(at + 1);
                        }
                    }
                    let Some(end) = end else { continue };
                    let matched = &text[..end];
                    let found = group.find(&hir, matched, &mut slots);
                    assert_eq!(
                        found,
                        group.ask(&hir, matched, &mut slots),
                        "{pattern} {index} {matched:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn one_place_needs_no_engine() {
        let hir = parsed("key[:=] *([a-z0-9]+)\"");
        let group = Group::new(1);
        group.asked.store(WORTH_WHILE, Ordering::Relaxed);
        let found = group.find(&hir, b"key=  abc\"", &mut Slots::new());
        assert_eq!(found, 6..9);
        assert!(group.engine.get().is_none());
    }
}
