//! Whether two texts differ by masks alone, and where the masks are.
//!
//! # What is decided?
//!
//! Whether AFTER can be made from BEFORE by replacing stretches of at least one byte by
//! masks. A mask is the text that [`MaskForms`] knows, with or without the quotes around
//! it: where a value of JSON has no quotes the mask brings its own. Everything between
//! two masks has to be in BEFORE as it stands, so that the question is one of matching a
//! glob, and its answer is exact.
//!
//! # Which stretches are told, where several would do?
//!
//! `a[REDACTED]c` can be made of `abcbc` in one way, `[REDACTED]b[REDACTED]` of `abcba`
//! in one, of `abbba` in three. Told is the one with the shortest stretches, the first
//! ones first; a mask that is in BEFORE already is no mask of AFTER where that is
//! possible, and quotes that are around a value in BEFORE are not part of its stretch.
//!
//! # How?
//!
//! 1. Cut AFTER at its masks.
//! 2. From the right: how far to the right may the stretch of each mask begin, so that
//!    what follows still fits? If it fits from there, it fits from everywhere before.
//! 3. From the left: the first place for each piece of text that leaves room for the
//!    rest. By step 2 no choice has to be taken back.
//!
//! Two forms of a mask that share a quote, as in `"[REDACTED]"[REDACTED]"`, and a text of
//! one's own that overlaps itself are read from the left: there a difference may be told
//! that is none, never the other way round.

use std::ops::Range;

use memchr::memmem;

use crate::core::mask::is_placeholder;
use crate::core::text::json::MAX_LEVEL;

/// What counts as a mask in AFTER.
///
/// ```
/// use blackbar::core::compare::{MaskForms, compare};
///
/// let forms = MaskForms::of_text(b"<gone>").with_null();
/// assert!(compare(b"pin=1234 n=5", b"pin=<gone> n=null", &forms).is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskForms {
    text: Option<Vec<u8>>,
    null: bool,
}

impl Default for MaskForms {
    /// `[REDACTED]` and `[REDACTED:label]`.
    fn default() -> Self {
        Self {
            text: None,
            null: false,
        }
    }
}

impl MaskForms {
    /// A text of one's own instead. An empty one is no mask at all.
    pub fn of_text(text: &[u8]) -> Self {
        Self {
            text: Some(text.to_vec()),
            null: false,
        }
    }

    /// Numbers may have become `null` as well.
    #[must_use]
    pub fn with_null(mut self) -> Self {
        self.null = true;
        self
    }
}

/// A mask of AFTER and what it stands for. All ranges are of the texts as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The bytes of BEFORE that are gone.
    pub before: Range<usize>,
    /// The mask, with its quotes where it brought them.
    pub after: Range<usize>,
    /// The label in the mask.
    pub label: Option<Range<usize>>,
}

/// Where two texts differ by more than masks: the first bytes for which there is no
/// explanation. Never the bytes themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The offset in BEFORE.
    pub before: usize,
    /// The offset in AFTER.
    pub after: usize,
}

/// Whether `after` is `before` but for masks; if so, the masks in order.
///
/// # Errors
///
/// The place of the first difference.
///
/// ```
/// use blackbar::core::compare::{MaskForms, compare};
///
/// let forms = MaskForms::default();
/// let masks = compare(b"pw=hunter2 ok", b"pw=[REDACTED] ok", &forms).expect("one mask");
/// assert_eq!(masks[0].before, 3..10);
/// let difference = compare(b"pw=hunter2 ok", b"pw=[REDACTED] no", &forms).unwrap_err();
/// assert_eq!((difference.before, difference.after), (11, 14));
/// ```
pub fn compare(
    before: &[u8],
    after: &[u8],
    forms: &MaskForms,
) -> Result<Vec<Replaced>, Difference> {
    let holes = holes(after, forms);
    let glob = Glob {
        before,
        after,
        holes: &holes,
        null: forms.null,
    };
    match glob.latest() {
        Some(latest) => Ok(glob.replaced(&latest)),
        None => Err(glob.difference()),
    }
}

/// A mask in AFTER.
struct Hole {
    /// With the quotes around it, which may be the mask's.
    outer: Range<usize>,
    /// So many bytes of it are an opening, and a closing, quote.
    quote: usize,
    label: Option<Range<usize>>,
}

/// The masks in `after`, from the left.
fn holes(after: &[u8], forms: &MaskForms) -> Vec<Hole> {
    const BEGINNING: &[u8] = b"[REDACTED";
    let needle = forms.text.as_deref().unwrap_or(BEGINNING);
    let mut holes: Vec<Hole> = Vec::new();
    if needle.is_empty() {
        return holes;
    }
    let mut free = 0;
    for start in memmem::find_iter(after, needle) {
        let mut end = start + needle.len();
        let mut label = None;
        if forms.text.is_none() {
            let Some(length) = memchr::memchr(b']', &after[end..]) else {
                continue;
            };
            if !is_placeholder(&after[start..=end + length]) {
                continue;
            }
            label = (length > 1).then_some(end + 1..end + length);
            end += length + 1;
        }
        let quote = quotes_around(&after[free..start], &after[end..]);
        let outer = start - quote..end + quote;
        free = outer.end;
        holes.push(Hole {
            outer,
            quote,
            label,
        });
    }
    holes
}

/// The length of the quotes around a mask, if they are the same on both sides.
fn quotes_around(head: &[u8], tail: &[u8]) -> usize {
    let backslashes = tail.iter().take_while(|&&byte| byte == b'\\').count();
    let is_quote = matches!(tail.get(backslashes), Some(b'"' | b'\''));
    let is_level = (0..=MAX_LEVEL).any(|level| backslashes == (1 << level) - 1);
    if is_quote && is_level && head.ends_with(&tail[..=backslashes]) {
        backslashes + 1
    } else {
        0
    }
}

/// AFTER as a pattern over BEFORE.
struct Glob<'a> {
    before: &'a [u8],
    after: &'a [u8],
    holes: &'a [Hole],
    null: bool,
}

/// Where a piece of text has to end in BEFORE.
#[derive(Clone, Copy)]
enum Bound {
    Until(usize),
    Exactly(usize),
}

impl Bound {
    fn holds(self, end: usize) -> bool {
        match self {
            Self::Until(most) => end <= most,
            Self::Exactly(there) => end == there,
        }
    }

    fn most(self) -> usize {
        match self {
            Self::Until(most) | Self::Exactly(most) => most,
        }
    }
}

impl<'a> Glob<'a> {
    /// The text before the first mask.
    fn head(&self) -> &'a [u8] {
        let end = self
            .holes
            .first()
            .map_or(self.after.len(), |hole| hole.outer.start);
        &self.after[..end]
    }

    /// The text behind a mask.
    fn behind(&self, hole: usize) -> &'a [u8] {
        let end = self
            .holes
            .get(hole + 1)
            .map_or(self.after.len(), |next| next.outer.start);
        &self.after[self.holes[hole].outer.end..end]
    }

    /// Where the text behind a mask has to end.
    fn bound(&self, hole: usize, latest: &[usize]) -> Bound {
        latest
            .get(hole + 1)
            .map_or(Bound::Exactly(self.before.len()), |&at| Bound::Until(at))
    }

    /// By mask: the last offset at which its stretch may begin. None if there is a
    /// difference.
    fn latest(&self) -> Option<Vec<usize>> {
        let mut latest = vec![0; self.holes.len()];
        let mut bound = Bound::Exactly(self.before.len());
        for hole in (0..self.holes.len()).rev() {
            let start = self.last(self.behind(hole), bound)?;
            latest[hole] = start.checked_sub(1)?;
            bound = Bound::Until(latest[hole]);
        }
        let end = self.fit(self.head(), 0)?;
        bound.holds(end).then_some(latest)
    }

    /// The stretches, where there are some.
    fn replaced(&self, latest: &[usize]) -> Vec<Replaced> {
        let mut replaced = Vec::new();
        let mut at = self.note_numbers(0, 0, self.head(), &mut replaced);
        for (index, hole) in self.holes.iter().enumerate() {
            let bound = self.bound(index, latest);
            let text = self.behind(index);
            let (stretch, mask) = self.stretch(hole, at, text, bound);
            at = stretch.end + hole.outer.end.saturating_sub(mask.end);
            if !stretch.is_empty() {
                replaced.push(Replaced {
                    before: stretch,
                    after: mask,
                    label: hole.label.clone(),
                });
            }
            at = self.note_numbers(at, hole.outer.end, text, &mut replaced);
        }
        replaced
    }

    /// What of BEFORE a mask stands for, and how much of the mask is not in BEFORE. Both
    /// are empty where the mask is there already.
    fn stretch(
        &self,
        hole: &Hole,
        at: usize,
        text: &[u8],
        bound: Bound,
    ) -> (Range<usize>, Range<usize>) {
        let Hole { outer, quote, .. } = hole;
        // 1. It is there already.
        let whole = &self.after[outer.clone()];
        let end = at + whole.len();
        let fits = |start| self.fit(text, start).is_some_and(|end| bound.holds(end));
        if self.before[at..].starts_with(whole) && fits(end) {
            return (end..end, outer.end..outer.end);
        }
        // 2. Its quotes are.
        let (open, close) = (&whole[..*quote], &whole[whole.len() - quote..]);
        if *quote > 0 && self.before[at..].starts_with(open) {
            let inside = at + quote;
            let mut from = inside + 1;
            while let Some(end) = self.find(close, from, bound.most()) {
                if fits(end + quote) {
                    return (inside..end, outer.start + quote..outer.end - quote);
                }
                // The first quote with the text behind it; close ones are few.
                from = end + 1;
            }
        }
        // 3. Neither. By the bounds there is a place.
        let end = self.first(text, at + 1, bound).unwrap_or(at);
        (at..end, outer.clone())
    }

    fn find(&self, text: &[u8], from: usize, to: usize) -> Option<usize> {
        let found = memmem::find(self.before.get(from..to)?, text)?;
        Some(from + found)
    }

    /// The first place from `from` on at which `text` fits.
    fn first(&self, text: &[u8], from: usize, bound: Bound) -> Option<usize> {
        if let (Bound::Exactly(end), false) = (bound, self.has_null(text)) {
            let start = end.checked_sub(text.len())?;
            return (start >= from && self.before[start..].starts_with(text)).then_some(start);
        }
        let (chunk, _) = self.chunk(text);
        let mut from = from;
        loop {
            let start = self.find(chunk, from, bound.most())?;
            if self.fit(text, start).is_some_and(|end| bound.holds(end)) {
                return Some(start);
            }
            from = start + 1;
        }
    }

    /// The last place at which `text` fits.
    fn last(&self, text: &[u8], bound: Bound) -> Option<usize> {
        let (chunk, _) = self.chunk(text);
        if let (Bound::Exactly(end), false) = (bound, self.has_null(text)) {
            let start = end.checked_sub(text.len())?;
            return self.before[start..].starts_with(text).then_some(start);
        }
        let mut to = bound.most();
        loop {
            let start = memmem::rfind(&self.before[..to], chunk)?;
            if self.fit(text, start).is_some_and(|end| bound.holds(end)) {
                return Some(start);
            }
            // An end that is not exact only moves away further to the left, but numbers
            // of one run end alike.
            to = (start + chunk.len()).checked_sub(1)?;
        }
    }

    fn has_null(&self, text: &[u8]) -> bool {
        self.chunk(text).0.len() < text.len()
    }

    /// The end of `text` in BEFORE, if it stands at `start`; its `null`s may be numbers.
    fn fit(&self, text: &[u8], start: usize) -> Option<usize> {
        let mut unused = Vec::new();
        self.fit_and_note(text, start, &mut |_, _| unused.push(()))
    }

    fn fit_and_note(
        &self,
        text: &[u8],
        start: usize,
        note: &mut dyn FnMut(Range<usize>, usize),
    ) -> Option<usize> {
        let mut at = start;
        let mut done = 0;
        loop {
            let (chunk, null) = self.chunk(&text[done..]);
            if !self.before.get(at..)?.starts_with(chunk) {
                return None;
            }
            at += chunk.len();
            done += chunk.len();
            if !null {
                return Some(at);
            }
            let digits = number(&self.before[at..]);
            if digits > 0 {
                note(at..at + digits, done);
                at += digits;
            } else if self.before[at..].starts_with(b"null") {
                at += 4;
            } else {
                return None;
            }
            done += 4;
        }
    }

    /// The text up to the next `null` that may be a mask, and whether there is one.
    fn chunk<'t>(&self, text: &'t [u8]) -> (&'t [u8], bool) {
        if !self.null {
            return (text, false);
        }
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let alone = |&at: &usize| {
            !text[..at].last().is_some_and(is_word) && !text.get(at + 4).is_some_and(is_word)
        };
        match memmem::find_iter(text, b"null").find(alone) {
            Some(at) => (&text[..at], true),
            None => (text, false),
        }
    }

    /// The end of a text that fits; numbers in it that became `null` are noted.
    fn note_numbers(
        &self,
        at: usize,
        after: usize,
        text: &[u8],
        replaced: &mut Vec<Replaced>,
    ) -> usize {
        let mut note = |before: Range<usize>, offset: usize| {
            replaced.push(Replaced {
                before,
                after: after + offset..after + offset + 4,
                label: None,
            });
        };
        self.fit_and_note(text, at, &mut note).unwrap_or(at)
    }

    /// The first place without an explanation.
    fn difference(&self) -> Difference {
        let common = |before: &[u8], after: &[u8]| {
            let pairs = before.iter().zip(after);
            pairs.take_while(|(a, b)| a == b).count()
        };
        let Some(mut at) = self.fit(self.head(), 0) else {
            let same = common(self.before, self.head());
            return Difference {
                before: same,
                after: same,
            };
        };
        for (index, hole) in self.holes.iter().enumerate() {
            let text = self.behind(index);
            let last = index + 1 == self.holes.len();
            let anywhere = Bound::Until(self.before.len());
            match self.first(text, at + 1, anywhere) {
                Some(start) if !last => at = self.fit(text, start).unwrap_or(start),
                _ => {
                    let (start, length) = self.longest_head(text, at + 1);
                    return Difference {
                        before: if length == 0 { at } else { start + length },
                        after: hole.outer.end + length,
                    };
                }
            }
        }
        // Without masks, and AFTER is the beginning of BEFORE.
        Difference {
            before: at,
            after: self.after.len(),
        }
    }

    /// Where in BEFORE the most of `text`'s beginning stands, and how much that is.
    fn longest_head(&self, text: &[u8], from: usize) -> (usize, usize) {
        let from = from.min(self.before.len());
        let at = |length: usize| memmem::find(&self.before[from..], &text[..length]);
        // A beginning stands wherever a longer one does.
        let (mut there, mut gone) = (0, text.len() + 1);
        while gone - there > 1 {
            let middle = usize::midpoint(there, gone);
            if at(middle).is_some() {
                there = middle;
            } else {
                gone = middle;
            }
        }
        (from + at(there).unwrap_or(0), there)
    }
}

/// The length of the number at the start of `bytes`.
fn number(bytes: &[u8]) -> usize {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    if !digits.first().is_some_and(u8::is_ascii_digit) {
        return 0;
    }
    let rest = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
    bytes.len() - digits.len() + rest.count()
}
