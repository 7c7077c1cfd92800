//! Sensitive fields: a sensitive name, a separator, a value.
//!
//! The prefilter finds a part of the name; [`name`] reads outwards to its bounds and
//! quotes, [`separator`] what follows, [`judge`] decides whether that is a field; the
//! value goes to its own end ([`ends`], [`container`]), however far. Nothing is parsed,
//! so nothing can fail: text, JSON at every depth and what is neither are read alike.
//!
//! Each suspect is judged by itself. A value that lies in one of the same kind that was
//! found before ends where that one ends, and is not followed; so the work is linear, and a
//! session remembers one end a kind. It is told all the same: the one around it may be cut
//! short where its string of JSON ends, and what lies behind that has to be masked too.

#![allow(
    clippy::nonminimal_bool,
    clippy::naive_bytecount,
    clippy::struct_excessive_bools,
    reason = "conditions read as the table of decisions has them; the texts are short"
)]

mod accept;
mod carry;
mod container;
mod credential;
mod element;
mod ends;
mod form;
mod judge;
mod name;
mod pair;
mod quote;
mod reference;
mod separator;
mod service;
mod sql;
mod text;
mod trace;

use carry::{Carry, HEAD, Line};
use container::{Leaf, Walk};
use ends::{End, KINDS, LOOKAHEAD};
use form::LOOKED_AT;
use judge::{AFTER, Around, Claim, Extent};

/// So many bytes before a suspect decide what it is.
pub(super) const BEFORE: usize = judge::BEFORE;

use super::findings::Style;
use super::prefilter::Anchor;
use super::{Detector, Finding, OPEN, Suspect, View, Within};
use crate::core::field::{FieldNames, Met};
use crate::core::limits::Values;
use crate::core::mask::{self, Quotes};

/// Finds sensitive fields.
pub(super) struct Fields {
    names: FieldNames,
    allowed: Vec<Vec<u8>>,
    values: Values,
    /// The index of the first name among all rules.
    first_rule: u32,
    /// The index of the first anchor among all anchors.
    first_anchor: u32,
    anchors: Vec<Anchor>,
}

/// What a session keeps for the fields.
pub(super) struct FieldState {
    /// Suspects before this offset are judged.
    next: u64,
    /// The first suspect that could not be judged in the last view, or [`OPEN`].
    waits_at: u64,
    /// By kind of end: the last value.
    covered: [Covered; KINDS + CONTAINERS],
    /// Values whose end is not in sight.
    open: Vec<Follow>,
    /// Kept for its memory.
    claims: Vec<Claim>,
    met: Met,
    carry: Option<Carry>,
    /// What this record leaves, as far as it is known.
    leaves: Option<Carry>,
    /// The head of this record is still to be held against the carry.
    fresh: bool,
}

/// Where a value was found.
#[derive(Clone, Copy)]
struct Covered {
    rule: u32,
    start: u64,
    /// [`OPEN`] if that is not known.
    end: u64,
}

impl Covered {
    const NOTHING: Self = Self {
        rule: 0,
        start: 0,
        end: 0,
    };
}

/// Levels of containers that are told apart.
const CONTAINERS: usize = 9;

/// A value on the way to its end.
#[derive(Clone, Copy)]
struct Follow {
    rule: u32,
    start: u64,
    extent: Extent,
    quotes: Quotes,
    whole: bool,
    /// Its name is in an earlier record.
    carried: bool,
    /// How far it was followed.
    at: u64,
    /// It was told with an open end.
    told: bool,
    /// It is cut by a forced end.
    undecided: bool,
    walk: Option<Inner>,
}

/// The state of a container.
#[derive(Clone, Copy)]
struct Inner {
    walk: Walk,
    /// It is closed, and the word that it is a part of goes on.
    tail: bool,
    /// Its values are masked one by one.
    leaves: bool,
    /// It began on an earlier line.
    carried: bool,
    /// The value that is being followed: its start, its quotes, whether it was told.
    leaf: Option<(u64, Quotes, bool)>,
}

impl Fields {
    pub(super) fn new(
        names: FieldNames,
        allowed: Vec<Vec<u8>>,
        values: Values,
        first_rule: u32,
        first_anchor: u32,
    ) -> Self {
        /// Letters in a name that are written as escapes.
        const ESCAPED: [&[u8]; 8] = [
            b"\\u004", b"\\u005", b"\\u006", b"\\u007", b"%4", b"%5", b"%6", b"%7",
        ];
        let mut stems = names.stems();
        if names.has_fields() {
            stems.extend(ESCAPED.map(<[u8]>::to_vec));
        }
        if names.has_services() {
            // Most of them are found as words of sensitive names.
            for key in service::KEYS {
                if !stems.iter().any(|stem| key.starts_with(stem)) {
                    stems.push(key.to_vec());
                }
            }
        }
        Self {
            anchors: stems
                .into_iter()
                .map(|bytes| Anchor {
                    bytes,
                    ignore_case: true,
                })
                .collect(),
            names,
            allowed,
            values,
            first_rule,
            first_anchor,
        }
    }

    pub(super) fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    pub(super) fn names(&self) -> &FieldNames {
        &self.names
    }

    /// Judges one suspect and follows its values.
    fn suspect(&self, at: u64, view: View<'_>, state: &mut FieldState, out: &mut Vec<Finding>) {
        let from = at.saturating_sub(BEFORE as u64);
        debug_assert!(from >= view.base, "what is before a suspect stays in view");
        let from = from.max(view.base);
        let to = view.end().min(at + AFTER as u64);
        let around = Around {
            bytes: &view.bytes[view.index(from)..view.index(to)],
            begins: from == 0,
            ends: view.complete && to == view.end(),
        };
        let mut claims = std::mem::take(&mut state.claims);
        claims.clear();
        let index = (at - from) as usize;
        let met = &mut state.met;
        let mut senses = |name: &[u8]| met.sense(&self.names, name);
        if let Some(carry) = judge::judge(&self.names, &mut senses, around, index, &mut claims) {
            state.leaves = Some(carry);
        }
        let last = index + AFTER - 2 * LOOKAHEAD;
        for claim in claims.iter().filter(|claim| claim.start <= last) {
            self.accept(*claim, from, view, state, out);
        }
        state.claims = claims;
    }

    /// Takes a claim whose start is counted from the offset `from` of the record.
    fn accept(
        &self,
        claim: Claim,
        from: u64,
        view: View<'_>,
        state: &mut FieldState,
        out: &mut Vec<Finding>,
    ) {
        let start = from + claim.start as u64;
        let covered = state.covered[kind(claim.extent)];
        let lies_in = (covered.start..covered.end).contains(&start);
        if !lies_in && self.is_allowed(claim.extent, start, view) {
            return;
        }
        let typed = self.values == Values::Typed;
        let bracket = view.bytes.get(view.index(start)).copied().unwrap_or(0);
        let follow = Follow {
            rule: self.first_rule + claim.entry,
            start,
            extent: claim.extent,
            quotes: match claim.extent {
                Extent::To(End::Scalar) if typed => Quotes::Null,
                _ => claim.quotes,
            },
            whole: claim.whole,
            carried: claim.carried,
            at: start,
            told: false,
            undecided: false,
            walk: match claim.extent {
                Extent::Container { level, quoted } => Some(Inner {
                    walk: Walk::new(level, quoted, bracket),
                    tail: false,
                    leaves: typed,
                    carried: false,
                    leaf: None,
                }),
                _ => None,
            },
        };
        if lies_in {
            self.tell_again(&follow, covered, view, out);
        } else {
            Self::follow(follow, view, state, out);
        }
    }

    /// Tells a value that lies in one of its kind. A container that does is found to its
    /// end with the other, whose walk ends with what encloses it.
    fn tell_again(&self, follow: &Follow, outer: Covered, view: View<'_>, out: &mut Vec<Finding>) {
        let container = matches!(follow.extent, Extent::Container { .. });
        if container || follow.start == outer.start {
            return;
        }
        if outer.end != OPEN && outer.end <= view.end() {
            let text = &view.bytes[view.index(follow.start)..view.index(outer.end)];
            if self.allowed.iter().any(|value| value == text) {
                return;
            }
        }
        out.push(Finding {
            within: Some(Within {
                rule: outer.rule,
                start: outer.start,
            }),
            ..finding(
                follow.rule,
                (follow.start, outer.end),
                follow.style(),
                false,
            )
        });
    }

    /// Whether the user allows the value: it is compared as a whole.
    fn is_allowed(&self, extent: Extent, start: u64, view: View<'_>) -> bool {
        let Extent::To(end) = extent else {
            return false;
        };
        let from = view.index(start);
        self.allowed.iter().any(|value| {
            let to = from + value.len();
            view.bytes.get(from..to) == Some(value)
                && end.find(view.bytes, from, view.complete) == Ok(to)
        })
    }

    /// Follows a value as far as the view goes.
    fn follow(mut follow: Follow, view: View<'_>, state: &mut FieldState, out: &mut Vec<Finding>) {
        let kind = kind(follow.extent);
        loop {
            let (end, set) = match follow.extent {
                Extent::Container { .. } => return Self::walk(follow, view, state, out),
                Extent::To(end) => (end, None),
                Extent::Cookie { end, set, list } => (end, Some((set, list))),
            };
            let from = view.index(follow.at);
            let begins = follow.at == follow.start && !follow.told;
            // Whether a cookie's value is a mask already takes a look ahead.
            if set.is_some() && begins && !view.complete && from + 2 * LOOKAHEAD > view.bytes.len()
            {
                state.open.push(follow);
                return;
            }
            match end.find(view.bytes, from, view.complete) {
                Ok(end) => {
                    let ended = view.base + end as u64;
                    let text = &view.bytes[from..end];
                    let masked = set.is_some()
                        && begins
                        && text.len() < LOOKAHEAD
                        && mask::is_placeholder(text);
                    follow.undecided = view.forced && ended == view.end();
                    if !masked {
                        follow.tell(ended, out);
                    }
                    state.covered[kind] = follow.covered(ended);
                    let next = set.and_then(|(set, list)| {
                        credential::next_cookie(view.bytes, end, set, list)
                    });
                    let Some(next) = next else {
                        return;
                    };
                    follow.start = view.base + next as u64;
                    follow.at = follow.start;
                    follow.told = false;
                }
                Err(searched) => {
                    follow.tell(OPEN, out);
                    follow.at = view.base + searched as u64;
                    state.covered[kind] = follow.covered(OPEN);
                    state.open.push(follow);
                    return;
                }
            }
        }
    }

    /// Follows a container.
    fn walk(mut follow: Follow, view: View<'_>, state: &mut FieldState, out: &mut Vec<Finding>) {
        let kind = kind(follow.extent);
        let Some(mut inner) = follow.walk else {
            return;
        };
        let level = match follow.extent {
            Extent::Container { level, .. } => level,
            _ => 0,
        };
        let number = container::number(inner.leaves && !inner.carried, level);
        let mut tell = |leaf: Leaf| match leaf {
            Leaf::Begins {
                at,
                number: is_number,
            } => {
                let quotes = if is_number { number } else { Quotes::None };
                inner.leaf = Some((view.base + at as u64, quotes, false));
            }
            Leaf::Ends { at } => {
                if let Some((start, quotes, told)) = inner.leaf.take().filter(|_| inner.leaves) {
                    let end = view.base + at as u64;
                    let text = if told {
                        &[][..]
                    } else {
                        &view.bytes[view.index(start)..at]
                    };
                    let nothing = text.len() <= LOOKED_AT && form::is_nothing_quoted(text, false);
                    if told || !nothing {
                        out.push(finding(
                            follow.rule,
                            (start, end),
                            Style::Whole(quotes),
                            told,
                        ));
                    }
                }
            }
        };
        let from = view.index(follow.at);
        let mut walk = inner.walk;
        let mut result = if inner.tail {
            Ok(from)
        } else {
            walk.go_on(view.bytes, from, view.complete, &mut tell)
        };
        inner.walk = walk;
        // A mask without quotes has to be all of a word.
        let bare = follow.quotes == Quotes::None && !inner.leaves;
        if let Ok(end) = result
            && bare
            && (inner.tail || !form::ends_placeholder(view.bytes.get(end)))
        {
            inner.tail = true;
            result = End::Word.find(view.bytes, end, view.complete);
        }
        let ended = match result {
            Ok(end) => Some(view.base + end as u64),
            Err(_) if view.complete => Some(view.end()),
            Err(searched) => {
                follow.at = view.base + searched as u64;
                None
            }
        };
        if inner.carried && view.complete && result.is_err() {
            state.leaves = state.carry.map(|carry| carry.in_container(walk.depth()));
        }
        let Some(ended) = ended else {
            if inner.leaves {
                // Of one that is so long it does not matter what it looks like.
                if let Some((start, quotes, told @ false)) = &mut inner.leaf
                    && follow.at - *start > LOOKED_AT as u64
                {
                    *told = true;
                    out.push(finding(
                        follow.rule,
                        (*start, OPEN),
                        Style::Whole(*quotes),
                        false,
                    ));
                }
            } else {
                follow.tell(OPEN, out);
            }
            state.covered[kind] = follow.covered(OPEN);
            follow.walk = Some(inner);
            state.open.push(follow);
            return;
        };
        if !inner.leaves {
            follow.undecided = view.forced && ended == view.end();
            follow.tell(ended, out);
        }
        state.covered[kind] = follow.covered(ended);
    }

    /// Holds the head of a record against what the one before left.
    fn go_on(&self, view: View<'_>, state: &mut FieldState, out: &mut Vec<Finding>) {
        let Some(carry) = state.carry else {
            return;
        };
        match carry.line(view.bytes) {
            Line::Other => {}
            Line::Kept(next) => state.leaves = Some(next),
            Line::Value { claim, next } => {
                self.accept(claim, 0, view, state, out);
                state.leaves = next;
            }
            Line::Inside { entry, walk } => {
                let inner = Inner {
                    walk,
                    tail: false,
                    leaves: true,
                    carried: true,
                    leaf: None,
                };
                let follow = Follow {
                    rule: self.first_rule + entry,
                    start: 0,
                    extent: Extent::Container {
                        level: 0,
                        quoted: true,
                    },
                    quotes: Quotes::None,
                    whole: true,
                    carried: true,
                    at: 0,
                    told: false,
                    undecided: false,
                    walk: Some(inner),
                };
                Self::walk(follow, view, state, out);
            }
        }
    }
}

impl Follow {
    /// Tells the value with its end, or as open; what was told as open is closed.
    fn tell(&mut self, end: u64, out: &mut Vec<Finding>) {
        if end <= self.start || self.told && end == OPEN {
            return;
        }
        out.push(Finding {
            undecided: self.undecided,
            ..finding(self.rule, (self.start, end), self.style(), self.told)
        });
        self.told = true;
    }

    fn covered(&self, end: u64) -> Covered {
        Covered {
            rule: self.rule,
            start: self.start,
            end,
        }
    }

    /// Where something may still begin that is not told.
    fn begins(&self) -> u64 {
        // Only values that are masked one by one are told.
        let inner = self.walk.filter(|inner| inner.leaves);
        match inner.and_then(|inner| inner.leaf) {
            Some((start, _, false)) => self.at.min(start),
            _ => self.at,
        }
    }

    fn style(&self) -> Style {
        match self.extent {
            Extent::Container { .. } | Extent::To(End::Scalar) => Style::Whole(self.quotes),
            Extent::To(End::Quote(quote)) if self.whole && quote.byte == b'"' => {
                Style::Whole(Quotes::None)
            }
            Extent::To(_) if self.carried => Style::Whole(Quotes::None),
            _ => Style::Value,
        }
    }
}

fn finding(rule: u32, (start, end): (u64, u64), style: Style, closes: bool) -> Finding {
    Finding {
        start,
        end,
        rule,
        undecided: false,
        unverified: false,
        closes,
        style,
        within: None,
    }
}

/// Where the value of the suspect at `at` may begin, whatever comes: behind its name and
/// what parts the two, which is no value yet. Where there is more than that in sight, it
/// may begin at once.
fn first_value(view: View<'_>, at: u64) -> u64 {
    let rest = &view.bytes[view.index(at)..];
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let parts = |byte: &u8| matches!(byte, b' ' | b'\t' | b':' | b'=');
    let Some(parting) = rest.iter().position(|byte| !name(byte)) else {
        return at;
    };
    if rest[parting..].iter().all(parts) {
        view.end()
    } else {
        at
    }
}

fn kind(extent: Extent) -> usize {
    match extent {
        Extent::To(end) | Extent::Cookie { end, .. } => end.kind(),
        Extent::Container { level, .. } => KINDS + usize::from(level).min(CONTAINERS - 1),
    }
}

impl FieldState {
    /// Whether the next record may hold a value whose name has gone before.
    pub(super) fn is_open(&self) -> bool {
        self.carry.is_some()
    }

    /// See [`Scanner::waits_at`](super::Scanner::waits_at).
    pub(super) fn waits_at(&self) -> u64 {
        self.waits_at
    }

    /// The offset from which suspects have to wait: what is before is not followed yet.
    fn waits_from(&self) -> u64 {
        let waiting = self
            .open
            .iter()
            .filter(|follow| matches!(follow.extent, Extent::Cookie { .. }) && !follow.told);
        waiting.map(|follow| follow.start).min().unwrap_or(OPEN)
    }
}

impl Detector for Fields {
    type State = FieldState;

    fn state(&self) -> FieldState {
        FieldState {
            next: 0,
            waits_at: OPEN,
            covered: [Covered::NOTHING; KINDS + CONTAINERS],
            open: Vec::new(),
            claims: Vec::new(),
            met: Met::new(),
            carry: None,
            leaves: None,
            fresh: false,
        }
    }

    fn begin_record(&self, state: &mut FieldState) {
        state.next = 0;
        state.waits_at = OPEN;
        state.covered = [Covered::NOTHING; KINDS + CONTAINERS];
        state.open.clear();
        state.leaves = None;
        state.fresh = state.carry.is_some();
    }

    fn scan(
        &self,
        view: View<'_>,
        suspects: &[Suspect],
        state: &mut FieldState,
        out: &mut Vec<Finding>,
    ) -> u64 {
        // 1. What the record before has left.
        if state.fresh {
            if !view.complete && view.bytes.len() < HEAD + 2 * LOOKAHEAD {
                return view.base;
            }
            state.fresh = false;
            self.go_on(view, state, out);
        }
        // 2. Values that earlier views left open.
        for _ in 0..state.open.len() {
            let follow = state.open.remove(0);
            Self::follow(follow, view, state, out);
        }
        // 3. The suspects of this view.
        let mut frontier = view.end();
        state.waits_at = OPEN;
        let waits = state.waits_from();
        for suspect in suspects {
            let at = view.base + suspect.at as u64;
            let own = suspect.anchor.checked_sub(self.first_anchor);
            if own.is_none_or(|own| own as usize >= self.anchors.len()) || at < state.next {
                continue;
            }
            if !view.complete && at + AFTER as u64 > view.end() || at >= waits {
                state.waits_at = state.waits_at.min(at);
                if view.eager && at < waits {
                    frontier = frontier.min(first_value(view, at));
                    continue;
                }
                frontier = frontier.min(at);
                break;
            }
            self.suspect(at, view, state, out);
            state.next = at + 1;
        }
        // 4. What this record leaves.
        if view.complete {
            state.carry = state.leaves.take();
        }
        state
            .open
            .iter()
            .map(Follow::begins)
            .fold(frontier, u64::min)
    }
}
