//! JSON as cells: units that a mask may cover, scalars that it replaces, structure
//! that it never touches. At every depth: a string that holds a document is read in
//! turn.
//!
//! # How are nested documents read without unescaping them?
//!
//! A char of level k is a raw range and a code point. Level 0 is the raw bytes;
//! a char of level k + 1 is a char of level k, or an escape made of several. So
//! reading at level k is a recursion of k steps over the raw bytes, and the reader's
//! only state is a raw position and, for each open level, what token may come next.
//! Nothing is parsed in a way that can fail: where the order of tokens ends to be
//! JSON's, the rest of that level is text.

mod skip;

use crate::core::text::scalar::{self, Scalar};
use crate::core::text::units;

/// The deepest level whose strings are read as documents of their own are those of
/// the level before; the strings of this level are read no deeper.
pub(crate) const MAX_LEVEL: u8 = 6;

/// A part of a record that a mask covers as a whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Offset in the record.
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) kind: CellKind,
    /// How many strings it lies in.
    pub(crate) level: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// Part of a string's content.
    Unit,
    /// A number or a word at the level.
    Scalar(u8),
    /// Brackets, quotes, commas, colons, blanks.
    Structure,
}

/// The bytes that a reader may look at.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) bytes: &'a [u8],
    /// The offset of `bytes[0]` in the record.
    pub(crate) base: u64,
    /// Whether the record's content ends with `bytes`.
    pub(crate) complete: bool,
}

/// How a record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// With a JSON value, behind so many bytes of BOM and blanks.
    Json { lead: usize },
    /// With anything else.
    Text,
}

/// Tells JSON from text. `None` where `bytes` may go on and does not tell yet.
pub(crate) fn opening(bytes: &[u8], complete: bool, limit: usize) -> Option<Opening> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let undecided = if complete { Some(Opening::Text) } else { None };
    let bom = match bytes.strip_prefix(BOM) {
        Some(_) => BOM.len(),
        None if BOM.starts_with(bytes) => return undecided,
        None => 0,
    };
    let blanks = bytes[bom..]
        .iter()
        .take_while(|byte| is_blank(u32::from(**byte)))
        .count();
    let lead = bom + blanks;
    if lead > limit {
        return Some(Opening::Text);
    }
    match bytes.get(lead) {
        Some(b'{' | b'[' | b'"') => Some(Opening::Json { lead }),
        Some(_) => Some(Opening::Text),
        None => undecided,
    }
}

/// Reads a record that opens with JSON.
pub(crate) struct Reader {
    /// Offset in the record of the next byte to read; a boundary of chars at every
    /// open level.
    at: u64,
    /// The levels that are open, the innermost last; all but it are inside a string.
    levels: Vec<Level>,
    /// Where the record stopped being JSON.
    text_from: Option<u64>,
    /// The longest scalar, in raw bytes.
    scalar_limit: u64,
}

#[derive(Clone, Copy)]
struct Level {
    next: Next,
    brackets: u64,
    scalar: Option<Scalar>,
}

/// What may come next at a level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Blanks, then what decides whether the level is JSON.
    Opening,
    /// `{`, `[` or `"`: a document at depth 0.
    Document,
    /// A string or a closing bracket.
    Key,
    /// A value or a closing bracket.
    Element,
    /// A value.
    Value,
    /// A comma, a closing bracket or, after a string, a colon.
    After { string: bool },
    /// Nothing: the level is text.
    Text,
}

/// One char of some level.
#[derive(Clone, Copy)]
struct Char {
    start: u64,
    end: u64,
    /// Its code point where that is ASCII, else something that is not.
    code: u32,
}

const OTHER: u32 = u32::MAX;

enum Read {
    Char(Char),
    /// The quote that closes the string of the document at `level`.
    Close {
        level: usize,
        quote: Char,
    },
    /// The content ends here.
    End,
    /// More bytes are needed.
    More,
}

impl Reader {
    pub(crate) fn new(scalar_limit: usize) -> Self {
        Self {
            at: 0,
            levels: Vec::with_capacity(usize::from(MAX_LEVEL) + 2),
            text_from: None,
            scalar_limit: scalar_limit as u64,
        }
    }

    /// Starts a record whose document begins at `lead`.
    pub(crate) fn begin(&mut self, lead: usize) {
        self.at = lead as u64;
        self.text_from = None;
        self.levels.clear();
        self.levels.push(Level::new(Next::Document));
    }

    /// Where the record stopped being JSON, if it did.
    pub(crate) fn text_from(&self) -> Option<u64> {
        self.text_from
    }

    /// The start of the first cell that has not been told.
    pub(crate) fn position(&self) -> u64 {
        self.innermost()
            .scalar
            .map_or(self.at, |scalar| scalar.start)
    }

    /// Reads on and tells the next cells. False where it cannot go on: at the content's
    /// end, where bytes are missing, or where the rest is text.
    pub(crate) fn advance(&mut self, window: Window<'_>, tell: &mut impl FnMut(Cell)) -> bool {
        if self.text_from.is_some() {
            return false;
        }
        match self.read(self.levels.len() - 1, self.at, window) {
            Read::More => false,
            // A scalar that was none is read again as text.
            Read::End => !self.finish_scalar(self.at, true, tell),
            Read::Close { level, quote } => {
                if self.finish_scalar(quote.start, true, tell) {
                    self.levels.truncate(level + 1);
                    self.end_value(true);
                    self.tell(quote, CellKind::Structure, tell);
                }
                true
            }
            Read::Char(char) => {
                self.char(char, tell);
                true
            }
        }
    }

    fn innermost(&self) -> &Level {
        self.levels.last().expect("level 0 is always open")
    }

    fn innermost_mut(&mut self) -> &mut Level {
        self.levels.last_mut().expect("level 0 is always open")
    }

    fn tell(&mut self, char: Char, kind: CellKind, tell: &mut impl FnMut(Cell)) {
        self.at = char.end;
        let level = (self.levels.len() - 1) as u8;
        tell(Cell {
            start: char.start,
            end: char.end,
            kind,
            level,
        });
    }

    fn char(&mut self, char: Char, tell: &mut impl FnMut(Cell)) {
        if self.innermost().next == Next::Text {
            return self.tell(char, CellKind::Unit, tell);
        }
        if let Some(scalar) = self.innermost().scalar {
            if scalar::continues(char.code) {
                if char.end - scalar.start > self.scalar_limit {
                    return self.become_text(scalar.start);
                }
                self.at = char.end;
                let mut longer = scalar;
                longer.push(char.code as u8);
                self.innermost_mut().scalar = Some(longer);
                return;
            }
            if !self.finish_scalar(char.start, false, tell) {
                return;
            }
        }
        self.token(char, tell);
    }

    fn token(&mut self, char: Char, tell: &mut impl FnMut(Cell)) {
        let Level { next, brackets, .. } = *self.innermost();
        let code = if char.code < 128 { char.code as u8 } else { 0 };
        let level = self.levels.len() - 1;
        let value = matches!(next, Next::Element | Next::Value);
        let document = matches!(next, Next::Document | Next::Opening);
        let after = match code {
            _ if is_blank(char.code) => next,
            b'"' if value || document || next == Next::Key => {
                let deepest = level == usize::from(MAX_LEVEL);
                let inner = if deepest { Next::Text } else { Next::Opening };
                self.tell(char, CellKind::Structure, tell);
                self.levels.push(Level::new(inner));
                return;
            }
            b'{' | b'[' if value || document => {
                self.innermost_mut().brackets += 1;
                if code == b'{' {
                    Next::Key
                } else {
                    Next::Element
                }
            }
            b'}' | b']'
                if matches!(next, Next::Key | Next::Element)
                    || matches!(next, Next::After { .. }) && brackets > 0 =>
            {
                self.innermost_mut().brackets -= 1;
                self.end_value(false);
                return self.tell(char, CellKind::Structure, tell);
            }
            b',' if matches!(next, Next::After { .. }) => Next::Value,
            b':' if matches!(next, Next::After { string: true }) => Next::Value,
            b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' if value => {
                if char.end - char.start > self.scalar_limit {
                    return self.become_text(char.start);
                }
                self.at = char.end;
                self.innermost_mut().scalar = Some(Scalar::new(char.start, code));
                return;
            }
            _ => return self.become_text(char.start),
        };
        self.innermost_mut().next = after;
        self.tell(char, CellKind::Structure, tell);
    }

    /// A value of the innermost level is complete.
    fn end_value(&mut self, string: bool) {
        let level = self.innermost_mut();
        level.next = if level.brackets == 0 {
            Next::Document
        } else {
            Next::After { string }
        };
    }

    /// Ends the scalar of the innermost level before `end`, if there is one. False
    /// where it was none after all, and its level has become text from its start.
    fn finish_scalar(&mut self, end: u64, cut: bool, tell: &mut impl FnMut(Cell)) -> bool {
        let Some(scalar) = self.innermost_mut().scalar.take() else {
            return true;
        };
        if !scalar.is_json(cut) {
            self.become_text(scalar.start);
            return false;
        }
        let level = (self.levels.len() - 1) as u8;
        self.end_value(false);
        let whole = Char {
            start: scalar.start,
            end,
            code: OTHER,
        };
        self.tell(whole, CellKind::Scalar(level), tell);
        true
    }

    /// The innermost level is text from `start` on.
    fn become_text(&mut self, start: u64) {
        self.at = start;
        if self.levels.len() == 1 {
            self.text_from = Some(start);
        }
        let level = self.innermost_mut();
        level.next = Next::Text;
        level.scalar = None;
    }

    /// One char of `level` at the raw offset `at`.
    fn read(&self, level: usize, at: u64, window: Window<'_>) -> Read {
        match level {
            0 => read_raw(at, window),
            _ => self.read_inner(level, at, window),
        }
    }

    fn read_inner(&self, level: usize, at: u64, window: Window<'_>) -> Read {
        let first = match self.read(level - 1, at, window) {
            Read::Char(char) => char,
            other => return other,
        };
        match first.code {
            0x22 => Read::Close {
                level: level - 1,
                quote: first,
            },
            0x5c => self.read_escape(level, first, window),
            _ => Read::Char(first),
        }
    }

    /// An escape of `level`, spelled in chars of the level before; a backslash that
    /// begins none is a char of its own.
    fn read_escape(&self, level: usize, backslash: Char, window: Window<'_>) -> Read {
        let mut spelled = [0u8; units::LONGEST];
        let mut ends = [0u64; units::LONGEST];
        (spelled[0], ends[0]) = (b'\\', backslash.end);
        let mut count = 1;
        let mut complete = true;
        while count < units::LONGEST {
            match self.read(level - 1, ends[count - 1], window) {
                Read::Char(char) if char.code < 128 => {
                    (spelled[count], ends[count]) = (char.code as u8, char.end);
                    count += 1;
                }
                Read::More => {
                    complete = false;
                    break;
                }
                _ => break,
            }
            // Most escapes are short.
            if let Some(length) = units::length(&spelled[..count], false) {
                return Read::Char(escaped(backslash, &spelled[..length], ends[length - 1]));
            }
        }
        match units::length(&spelled[..count], complete) {
            Some(length) => Read::Char(escaped(backslash, &spelled[..length], ends[length - 1])),
            None => Read::More,
        }
    }
}

impl Level {
    fn new(next: Next) -> Self {
        Self {
            next,
            brackets: 0,
            scalar: None,
        }
    }
}

/// A char of the raw bytes.
fn read_raw(at: u64, window: Window<'_>) -> Read {
    let rest = &window.bytes[(at - window.base) as usize..];
    match rest.first() {
        None if window.complete => Read::End,
        None => Read::More,
        Some(&byte) if byte < 128 => Read::Char(Char {
            start: at,
            end: at + 1,
            code: u32::from(byte),
        }),
        Some(_) => match units::length(rest, window.complete) {
            Some(length) => Read::Char(Char {
                start: at,
                end: at + length as u64,
                code: OTHER,
            }),
            None => Read::More,
        },
    }
}

/// What an escape stands for. `spelled` is its text.
fn escaped(backslash: Char, spelled: &[u8], end: u64) -> Char {
    let hexadecimal = |digits: &[u8]| {
        digits.iter().fold(0, |value, &digit| {
            value << 4 | char::from(digit).to_digit(16).unwrap_or(0)
        })
    };
    let code = match spelled {
        [_] => u32::from(b'\\'),
        [_, b'u', digits @ ..] if digits.len() == 4 => hexadecimal(digits),
        [_, b'x', digits @ ..] if digits.len() == 2 => hexadecimal(digits),
        [_, byte] => u32::from(match byte {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'a' => 0x07,
            b'e' => 0x1b,
            b'0' => 0,
            same => *same,
        }),
        _ => OTHER,
    };
    Char {
        start: backslash.start,
        end,
        code,
    }
}

fn is_blank(code: u32) -> bool {
    matches!(code, 0x20 | 0x09 | 0x0a | 0x0d)
}
