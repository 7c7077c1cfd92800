//! What a rule matches: its pattern and its conditions, parsed.

use regex_syntax::hir::{self, Hir, HirKind};

use crate::core::dialect;

/// The key that is wrong, what is wrong with it and the mend.
pub(crate) type Wrong = (&'static str, String);

/// A pattern and its conditions as they are written.
pub(crate) struct Written<'a> {
    pub(crate) pattern: &'a str,
    pub(crate) ignore_case: bool,
    pub(crate) secret: usize,
    pub(crate) before: Option<&'a str>,
    pub(crate) after: Option<&'a str>,
}

/// The same, parsed.
pub(crate) struct Form {
    pub(crate) hir: Hir,
    /// The bytes that may stand before a match.
    pub(crate) before: Option<ByteSet>,
    /// The bytes that may stand after a match.
    pub(crate) after: Option<ByteSet>,
    /// The lengths of what stands before and after the group, where they never vary.
    pub(crate) around: Option<(usize, usize)>,
}

impl Written<'_> {
    /// Parses all of it.
    ///
    /// # Errors
    ///
    /// The key that does not hold.
    pub(crate) fn parse(&self) -> Result<Form, Wrong> {
        let hir = self.parse_pattern()?;
        Ok(Form {
            around: lengths_around(&hir, self.secret),
            before: parse_class("before", self.before)?,
            after: parse_class("after", self.after)?,
            hir,
        })
    }

    fn parse_pattern(&self) -> Result<Hir, Wrong> {
        let wrong = |what: String| ("pattern", what);
        let expanded = dialect::in_pattern(self.pattern).map_err(|what| wrong(what.to_owned()))?;
        let hir = parse_regex(&expanded, self.ignore_case).map_err(wrong)?;
        let properties = hir.properties();
        if properties.minimum_len().is_none_or(|least| least == 0) {
            return Err(wrong(
                "it can match nothing at all; require at least one byte".to_owned(),
            ));
        }
        if !properties.look_set().is_empty() {
            let what = "anchors and word boundaries are not supported; use `before` and `after`";
            return Err(wrong(what.to_owned()));
        }
        let groups = properties.explicit_captures_len();
        if self.secret > groups {
            let what = format!(
                "there is no group {}; the pattern has {groups}",
                self.secret
            );
            return Err(("secret", what));
        }
        Ok(hir)
    }
}

/// Parses a byte regex: no Unicode, leftmost-first.
pub(crate) fn parse_regex(pattern: &str, ignore_case: bool) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(ignore_case)
        .build()
        .parse(pattern)
        .map_err(|error| match error {
            regex_syntax::Error::Parse(error) => {
                format!("{} (at byte {})", error.kind(), error.span().start.offset)
            }
            regex_syntax::Error::Translate(error) => {
                format!("{} (at byte {})", error.kind(), error.span().start.offset)
            }
            _ => "it is not a regular expression".to_owned(),
        })
}

fn parse_class(key: &'static str, class: Option<&str>) -> Result<Option<ByteSet>, Wrong> {
    let Some(class) = class else {
        return Ok(None);
    };
    let hir = parse_regex(class, false).map_err(|what| (key, what))?;
    match ByteSet::of_class(&hir) {
        Some(set) => Ok(Some(set)),
        None => Err((
            key,
            "it is not a class of single bytes such as [^A-Za-z0-9]".to_owned(),
        )),
    }
}

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    /// The set of a regex class such as `[^A-Za-z0-9]`.
    pub(crate) fn of_class(hir: &Hir) -> Option<Self> {
        let mut set = Self([0; 4]);
        match hir.kind() {
            HirKind::Class(hir::Class::Bytes(class)) => {
                for range in class.ranges() {
                    set.insert_range(range.start(), range.end());
                }
            }
            HirKind::Class(hir::Class::Unicode(class)) if class.is_ascii() => {
                for range in class.ranges() {
                    set.insert_range(range.start() as u8, range.end() as u8);
                }
            }
            HirKind::Literal(hir::Literal(bytes)) if bytes.len() == 1 => set.insert(bytes[0]),
            _ => return None,
        }
        Some(set)
    }

    /// The set of all bytes.
    pub(crate) const ALL: Self = Self([u64::MAX; 4]);

    /// The set without bytes.
    pub(crate) const fn empty() -> Self {
        Self([0; 4])
    }

    /// Puts `byte` in.
    pub(crate) fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Puts all bytes from `first` to `last` in.
    pub(crate) fn insert_range(&mut self, first: u8, last: u8) {
        (first..=last).for_each(|byte| self.insert(byte));
    }

    /// Puts all bytes of `other` in.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine |= other;
        }
    }

    /// How many bytes are in it that are not in `other`.
    pub(crate) fn count_beyond(&self, other: &Self) -> usize {
        let words = self.0.iter().zip(other.0);
        words
            .map(|(mine, other)| (mine & !other).count_ones() as usize)
            .sum()
    }

    /// Its bytes, in order.
    pub(crate) fn bytes(self) -> impl Iterator<Item = u8> {
        (0..=3u8).zip(self.0).flat_map(|(word, mut bits)| {
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros() as u8)?;
                bits &= bits - 1;
                Some(word << 6 | bit)
            })
        })
    }

    /// Whether `byte` is in it.
    #[inline]
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}

/// The items of a concatenation that stand before and after the capture group `group`.
pub(crate) fn items_around(hir: &Hir, group: usize) -> Option<(&[Hir], &[Hir])> {
    let is_group = |item: &Hir| matches!(item.kind(), HirKind::Capture(capture) if capture.index as usize == group);
    if is_group(hir) {
        return Some((&[], &[]));
    }
    let HirKind::Concat(items) = hir.kind() else {
        return None;
    };
    let at = items.iter().position(is_group)?;
    Some((&items[..at], &items[at + 1..]))
}

/// The lengths of those items, where they never vary.
fn lengths_around(hir: &Hir, group: usize) -> Option<(usize, usize)> {
    let length = |items: &[Hir]| {
        items.iter().try_fold(0, |sum, item| {
            let properties = item.properties();
            (properties.minimum_len() == properties.maximum_len())
                .then(|| properties.minimum_len().map(|length| sum + length))?
        })
    };
    let (before, after) = items_around(hir, group)?;
    Some((length(before)?, length(after)?))
}
