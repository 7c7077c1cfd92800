//! What is written instead of a secret, and what counts as already written.

use std::ops::Range;

use crate::core::text::json::MAX_LEVEL;

/// The mask without a label.
pub const MASK: &[u8] = b"[REDACTED]";

/// The longest label that is recognised in a mask on input, in bytes.
const MAX_LABEL: usize = 64;

/// The longest placeholder in brackets, in bytes.
pub(crate) const LONGEST_PLACEHOLDER: usize = 11 + MAX_LABEL + 1;

/// How a mask is quoted: as it stands, or as a JSON string of a level.
///
/// ```
/// assert_ne!(blackbar::core::mask::Quotes::None, blackbar::core::mask::Quotes::Level(0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quotes {
    /// The mask stands where text stood.
    None,
    /// The mask replaces a value of JSON without quotes, at this level, and brings its
    /// own.
    Level(u8),
    /// The same in single quotes, as in a `dict` of Python.
    Single(u8),
    /// `null` stands there instead of a number.
    Null,
}

impl Quotes {
    /// Double quotes of a level; none where it is too deep to be written.
    pub(crate) fn double(level: u8) -> Self {
        if level <= MAX_LEVEL {
            Self::Level(level)
        } else {
            Self::None
        }
    }

    /// Single quotes of a level; none where it is too deep to be written.
    pub(crate) fn single(level: u8) -> Self {
        if level <= MAX_LEVEL {
            Self::Single(level)
        } else {
            Self::None
        }
    }
}

/// One mask of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mask {
    pub(crate) rule: u32,
    pub(crate) quotes: Quotes,
}

impl Mask {
    /// The index of the rule that names the mask, in the order of
    /// [`Redactor::rules`](crate::Redactor::rules).
    pub fn rule(&self) -> usize {
        self.rule as usize
    }

    /// How it is quoted.
    pub fn quotes(&self) -> Quotes {
        self.quotes
    }
}

/// The bytes of every mask that a redactor can write, made once.
pub(crate) struct MaskTexts {
    bytes: Vec<u8>,
    /// By rule (one entry for all without labels), by quoting.
    ranges: Vec<[Range<usize>; VARIANTS]>,
}

/// Unquoted, `null`, and one for each level of JSON and kind of quote.
const VARIANTS: usize = 2 + 2 * LEVELS;

const LEVELS: usize = MAX_LEVEL as usize + 1;

impl MaskTexts {
    /// `text`: instead of [`MASK`]. `labels`: the full ids by rule index where labels are
    /// wanted.
    pub(crate) fn new(text: Option<&str>, labels: Option<&[&str]>) -> Self {
        let mut texts = Self {
            bytes: Vec::new(),
            ranges: Vec::new(),
        };
        match labels {
            None => texts.add(text.map_or(MASK, str::as_bytes)),
            Some(ids) => {
                for id in ids {
                    texts.add(format!("[REDACTED:{id}]").as_bytes());
                }
            }
        }
        texts
    }

    /// Every text that can be written without quotes, a line each.
    pub(crate) fn lines(&self) -> Vec<u8> {
        let texts = self
            .ranges
            .iter()
            .map(|ranges| &self.bytes[ranges[0].clone()]);
        texts.flat_map(|text| [text, b"\n"].concat()).collect()
    }

    /// What is written for `mask`.
    #[inline]
    pub(crate) fn of(&self, mask: Mask) -> &[u8] {
        let rule = if self.ranges.len() == 1 {
            0
        } else {
            mask.rule()
        };
        let variant = match mask.quotes {
            Quotes::None => 0,
            Quotes::Null => 1,
            Quotes::Level(level) => 2 + usize::from(level),
            Quotes::Single(level) => 2 + LEVELS + usize::from(level),
        };
        &self.bytes[self.ranges[rule][variant].clone()]
    }

    fn add(&mut self, text: &[u8]) {
        let ranges = std::array::from_fn(|variant| {
            let start = self.bytes.len();
            match variant.checked_sub(2) {
                None if variant == 0 => self.bytes.extend_from_slice(text),
                None => self.bytes.extend_from_slice(b"null"),
                Some(number) => {
                    let (level, byte) = if number < LEVELS {
                        (number, b'"')
                    } else {
                        (number - LEVELS, b'\'')
                    };
                    let quote = [vec![b'\\'; (1 << level) - 1], vec![byte]].concat();
                    self.bytes.extend_from_slice(&quote);
                    self.bytes.extend_from_slice(text);
                    self.bytes.extend_from_slice(&quote);
                }
            }
            start..self.bytes.len()
        });
        self.ranges.push(ranges);
    }
}

/// Whether `text` may be written instead of [`MASK`]; a sentence where not.
///
/// A second pass, also one that was told nothing, has to see in it a mask (G5). So it is
/// one of a few texts that every redactor takes for one, and not any word: `[hunter2]`
/// would otherwise be a way to write a password that nobody masks. Texts of letters
/// alone, such as `XXXXX`, could make a token of what stands beside them.
///
/// # Errors
///
/// What may be written.
pub(crate) fn check_text(text: &str) -> Result<(), &'static str> {
    const SENTENCE: &str = "choose [REDACTED], [MASKED], [HIDDEN], [FILTERED], [Filtered], \
        <redacted>, <masked>, <hidden>, or three and more `*`, which a second pass leaves alone";
    let whole = text.len() <= LONGEST_TEXT && is_placeholder(text.as_bytes());
    let fits = whole && text.starts_with(['[', '<', '*']) && !text.contains(':');
    if fits { Ok(()) } else { Err(SENTENCE) }
}

/// The longest text of a mask, in bytes.
const LONGEST_TEXT: usize = 64;

/// Whether a value is, as a whole, a mask of ours or another tool's.
///
/// ```
/// use blackbar::core::mask::is_placeholder;
/// assert!(is_placeholder(b"[REDACTED]"));
/// assert!(is_placeholder(b"[REDACTED:github/classic-pat]"));
/// assert!(is_placeholder(b"*****"));
/// assert!(!is_placeholder(b"***hunter2"));
/// ```
pub fn is_placeholder(value: &[u8]) -> bool {
    let Some(&first) = value.first() else {
        return false;
    };
    let run_of = |byte: u8, least: usize| {
        value.len() >= least && first == byte && value.iter().all(|&other| other == byte)
    };
    run_of(b'*', 3)
        || run_of(b'x', 5)
        || run_of(b'X', 5)
        || (matches!(first, b'[' | b'<' | b'R') && (is_word(value) || is_labelled(value)))
}

fn is_word(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 13] = [
        MASK,
        b"[Filtered]",
        b"[FILTERED]",
        b"[MASKED]",
        b"[masked]",
        b"[HIDDEN]",
        b"[Redacted]",
        b"[redacted]",
        b"<redacted>",
        b"<REDACTED>",
        b"<masked>",
        b"<hidden>",
        b"REDACTED",
    ];
    WORDS.contains(&value)
}

fn is_labelled(value: &[u8]) -> bool {
    let Some(label) = value
        .strip_prefix(b"[REDACTED:")
        .and_then(|rest| rest.strip_suffix(b"]"))
    else {
        return false;
    };
    (1..=MAX_LABEL).contains(&label.len())
        && label
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_spelled_for_their_level() {
        let texts = MaskTexts::new(None, None);
        let text = |quotes| texts.of(Mask { rule: 7, quotes });
        assert_eq!(text(Quotes::None), b"[REDACTED]");
        assert_eq!(text(Quotes::Level(0)), br#""[REDACTED]""#);
        assert_eq!(text(Quotes::Level(1)), br#"\"[REDACTED]\""#);
        assert_eq!(text(Quotes::Level(2)), br#"\\\"[REDACTED]\\\""#);
    }

    #[test]
    fn labels_name_the_rule() {
        let texts = MaskTexts::new(None, Some(&["a/b", "c/d"]));
        let mask = Mask {
            rule: 1,
            quotes: Quotes::None,
        };
        assert_eq!(texts.of(mask), b"[REDACTED:c/d]");
    }

    #[test]
    fn only_whole_placeholders_count() {
        for whole in [
            "***",
            "xxxxx",
            "XXXXXX",
            "[Filtered]",
            "<hidden>",
            "[REDACTED:a/b-c]",
        ] {
            assert!(is_placeholder(whole.as_bytes()), "{whole}");
        }
        for not in [
            "",
            "**",
            "xxxx",
            "xXxXx",
            "***x",
            "[REDACTED]x",
            "[REDACTED:]",
            "[REDACTED:a b]",
        ] {
            assert!(!is_placeholder(not.as_bytes()), "{not}");
        }
    }
}
