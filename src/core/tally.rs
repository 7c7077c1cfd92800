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
#[derive(Clone, Debug, Default, Eq)]
pub struct Tally {
    pub(crate) records: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) masks: u64,
    pub(crate) undecided: u64,
    pub(crate) unverified: u64,
    pub(crate) findings: Vec<u64>,
    /// All findings: most streams have none, and their many rules need not be gone over.
    found: u64,
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
        self.found += 1;
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

    /// Findings by rule, in the order of [`Redactor::ids`](crate::Redactor::ids). Rules
    /// beyond the end have found nothing.
    pub fn findings(&self) -> &[u64] {
        &self.findings
    }

    /// Counts from zero again.
    pub(crate) fn clear(&mut self) {
        let mut findings = std::mem::take(&mut self.findings);
        if self.found > 0 {
            findings.fill(0);
        }
        *self = Self {
            findings,
            ..Self::default()
        };
    }

    /// Adds what another session over the same rules counted.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.masks += other.masks;
        self.undecided += other.undecided;
        self.unverified += other.unverified;
        if other.found == 0 {
            return;
        }
        self.found += other.found;
        for (mine, theirs) in self.findings.iter_mut().zip(&other.findings) {
            *mine += theirs;
        }
        let more = other.findings.get(self.findings.len()..);
        self.findings.extend_from_slice(more.unwrap_or_default());
    }
}

impl PartialEq for Tally {
    /// Whether they counted the same.
    fn eq(&self, other: &Self) -> bool {
        let sums = |tally: &Self| {
            [
                tally.records,
                tally.bytes_in,
                tally.bytes_out,
                tally.masks,
                tally.undecided,
                tally.unverified,
                tally.found,
            ]
        };
        let (mine, theirs) = (&self.findings, &other.findings);
        let both = mine.len().min(theirs.len());
        // Where the sums are the same, nothing was found beyond.
        sums(self) == sums(other) && mine[..both] == theirs[..both]
    }
}
