//! What a session counted. Counters only: no payload is ever kept here.

/// Counters of one session.
///
/// ```
/// use std::sync::Arc;
/// use blackbar::{Framing, Redactor, Session};
/// let mut session = Session::new(Arc::new(Redactor::builder().build()?), Framing::Lines);
/// let mut pieces = Vec::new();
/// session.write(b"one\ntwo\n", &mut pieces);
/// assert_eq!((session.tally().records(), session.tally().masks()), (2, 0));
/// # Ok::<(), blackbar::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub(crate) records: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) masks: u64,
    pub(crate) undecided: u64,
    pub(crate) unverified: u64,
    pub(crate) findings: Vec<u64>,
}

impl Tally {
    pub(crate) fn new(rules: usize) -> Self {
        Self {
            findings: vec![0; rules],
            ..Self::default()
        }
    }

    /// Counts a finding for its rule.
    pub(crate) fn count(&mut self, rule: u32, undecided: bool, unverified: bool) {
        self.findings[rule as usize] += 1;
        self.undecided += u64::from(undecided);
        self.unverified += u64::from(unverified);
    }

    /// Records that were finished.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Bytes taken in.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// Bytes handed out, masks included.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// Masks written.
    pub fn masks(&self) -> u64 {
        self.masks
    }

    /// Findings that were masked because no decision could be reached: longer than
    /// their rule's reach, or cut by a forced end.
    pub fn undecided(&self) -> u64 {
        self.undecided
    }

    /// Findings whose verifier failed and whose rule says `on_fail = "report"`.
    pub fn unverified(&self) -> u64 {
        self.unverified
    }

    /// Findings by rule, in the order of [`Redactor::rules`](crate::Redactor::rules).
    pub fn findings(&self) -> &[u64] {
        &self.findings
    }

    /// Adds what another session over the same rules counted.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.masks += other.masks;
        self.undecided += other.undecided;
        self.unverified += other.unverified;
        self.findings
            .resize(self.findings.len().max(other.findings.len()), 0);
        for (mine, theirs) in self.findings.iter_mut().zip(&other.findings) {
            *mine += theirs;
        }
    }
}
