//! Where in the stream the findings are, for those who want to know: offsets only,
//! never a byte of payload.
//!
//! A journal is kept by the [`Session`](crate::Session) that is told to. Without one
//! nothing is remembered of a finding but its count.

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
    pub(crate) fn note(&mut self, start: u64, end: u64, rule: u32, doubt: (bool, bool)) {
        self.found.push(Found {
            start: self.record + start,
            end: self.record + end,
            rule: rule as usize,
            undecided: doubt.0,
            unverified: doubt.1,
        });
    }

    pub(crate) fn drain(&mut self) -> std::vec::Drain<'_, Found> {
        self.found.drain(..)
    }
}
