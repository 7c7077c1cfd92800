//! Where in the stream the findings are, for those who want to know: offsets only,
//! never a byte of payload.
//!
//! A journal is kept by the [`Session`](crate::Session) that is told to. Without one
//! nothing is remembered of a finding but its count.

use std::cmp::{Ordering, Reverse};

/// What goes first where several findings begin at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Masked without a decision.
    Overdue,
    /// The match of a pattern; of several the longest goes first.
    Match,
    /// The value of a field.
    Field,
}

/// The order of findings that decides which one names a mask: by start; overdue ones
/// first, then matches, the longest first, then fields; by rule (sorted by full id). The
/// length of an overdue one and of a field is not known when it matters.
pub(crate) type NamingKey = (u64, Rank, Reverse<u64>, u32);

/// The key of a finding in that order.
pub(crate) fn naming_key(start: u64, end: u64, rank: Rank, rule: u32) -> NamingKey {
    let length = if rank == Rank::Match { end } else { 0 };
    (start, rank, Reverse(length), rule)
}

/// A finding and its place in the stream.
///
/// ```
/// use std::sync::Arc;
/// use blackbar::{Framing, Redactor, Session};
///
/// let redactor = Arc::new(Redactor::builder().build()?);
/// let mut session = Session::new(Arc::clone(&redactor), Framing::Lines).with_journal();
/// let mut pieces = Vec::new();
/// session.write(b"hello\npassword=hunter2\n", &mut pieces);
/// let found = session.found().next().expect("a password");
/// assert_eq!((found.start(), found.end()), (15, 22));
/// assert_eq!(redactor.ids().nth(found.rule()), Some("fields/password"));
/// # Ok::<(), blackbar::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    start: u64,
    end: u64,
    rule: usize,
    undecided: bool,
    unverified: bool,
    rank: Rank,
}

impl Found {
    /// The offset in the stream of the secret's first byte.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The offset in the stream of the byte after the secret.
    ///
    /// The mask may cover a little more: it takes whole characters and whole escape
    /// sequences. In JSON it may cover less: the structure between strings stays.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Which of [`Redactor::ids`](crate::Redactor::ids) found it.
    pub fn rule(&self) -> usize {
        self.rule
    }

    /// Which of two findings under one mask names it: the lesser one.
    pub fn naming_order(&self, other: &Self) -> Ordering {
        let key = |found: &Self| naming_key(found.start, found.end, found.rank, found.rule as u32);
        key(self).cmp(&key(other))
    }

    /// It was masked because no decision could be reached.
    pub fn undecided(&self) -> bool {
        self.undecided
    }

    /// Its verifier failed, and its rule says `on_fail = "report"`.
    pub fn unverified(&self) -> bool {
        self.unverified
    }
}

/// Takes down what the painter counts.
#[derive(Default)]
pub(crate) struct Journal {
    /// The offset in the stream of the record that is painted.
    record: u64,
    found: Vec<Found>,
}

impl Journal {
    /// The findings to come are in the record that begins at this offset.
    pub(crate) fn begin_record(&mut self, at: u64) {
        self.record = at;
    }

    /// A finding by its offsets in the record.
    pub(crate) fn note(
        &mut self,
        (start, end): (u64, u64),
        rule: u32,
        rank: Rank,
        unverified: bool,
    ) {
        self.found.push(Found {
            start: self.record + start,
            end: self.record + end,
            rule: rule as usize,
            undecided: rank == Rank::Overdue,
            unverified,
            rank,
        });
    }

    pub(crate) fn drain(&mut self) -> std::vec::Drain<'_, Found> {
        self.found.drain(..)
    }
}
