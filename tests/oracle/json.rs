//! The content as cells: units of text, scalars, and structure that stays.

use std::ops::Range;

use super::units::{Char, Code, bytes, first, joined};

/// What is masked whole or not at all, or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
    /// How many strings it lies in.
    pub(crate) level: usize,
    /// The record is text here.
    pub(crate) text: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unit,
    /// A number or a word of JSON, at its level.
    Scalar(usize),
    Structure,
}

/// Strings at this level are not read any deeper.
pub(crate) const DEEPEST: usize = 6;

const OPENING: &[u8] = b"{[\"";

/// Divides a record's content into cells.
pub(crate) fn cells(content: &[u8], reach: usize) -> Vec<Cell> {
    let mut reader = Reader {
        reach,
        cells: Vec::new(),
    };
    reader.read(&bytes(content), 0);
    reader.cells
}

struct Reader {
    reach: usize,
    cells: Vec<Cell>,
}

/// What may come next, outside strings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The start, or a complete value was at depth 0.
    Document,
    /// After `{`.
    Name,
    /// After `[`.
    Element,
    /// After `,` or `:`.
    Value,
    /// After a value; whether it was a string.
    Separator { string: bool },
}

impl Reader {
    /// Reads a document of `level`: as JSON if it opens like it, else as text. In a
    /// string the blanks at its beginning are structure either way.
    fn read(&mut self, chars: &[Char], level: usize) {
        let mark = if level == 0 {
            byte_order_mark(chars)
        } else {
            0
        };
        let blanks = chars[mark..]
            .iter()
            .take_while(|char| char.is_blank())
            .count();
        let (lead, rest) = chars.split_at(mark + blanks);
        let opens = rest.first().is_some_and(|char| char.is_any_of(OPENING));
        if level == 0 && !(opens && lead.len() <= self.reach) {
            return self.text(chars, level);
        }
        for char in lead {
            self.push(Kind::Structure, char.range.clone(), level);
        }
        let rest = if opens { self.json(rest, level) } else { rest };
        self.text(rest, level);
    }

    fn push(&mut self, kind: Kind, range: Range<usize>, level: usize) {
        let text = level == 0 && kind == Kind::Unit;
        self.cells.push(Cell {
            kind,
            range,
            level,
            text,
        });
    }

    /// At level 0 bytes are joined into units; in a string that is done already.
    fn text(&mut self, chars: &[Char], level: usize) {
        if level == 0 {
            self.units(&joined(chars), level);
        } else {
            self.units(chars, level);
        }
    }

    fn units(&mut self, chars: &[Char], level: usize) {
        for char in chars {
            self.push(Kind::Unit, char.range.clone(), level);
        }
    }

    /// Reads JSON until it stops being so; returns what is left.
    fn json<'a>(&mut self, mut chars: &'a [Char], level: usize) -> &'a [Char] {
        let mut next = Next::Document;
        let mut depth = 0_usize;
        while let Some(char) = chars.first() {
            let value = matches!(next, Next::Element | Next::Value);
            let close = matches!(next, Next::Name | Next::Element | Next::Separator { .. });
            let after = |depth, string| match depth {
                0 => Next::Document,
                _ => Next::Separator { string },
            };
            if char.is_blank() {
                // A blank changes nothing.
            } else if char.is_any_of(b"{[") && (value || next == Next::Document) {
                depth += 1;
                next = if char.is(b'{') {
                    Next::Name
                } else {
                    Next::Element
                };
            } else if char.is_any_of(b"}]") && close {
                depth -= 1;
                next = after(depth, false);
            } else if char.is(b',') && matches!(next, Next::Separator { .. }) {
                next = Next::Value;
            } else if char.is(b':') && next == (Next::Separator { string: true }) {
                next = Next::Value;
            } else if char.is(b'"') && (value || matches!(next, Next::Document | Next::Name)) {
                chars = self.string(chars, level);
                next = after(depth, true);
                continue;
            } else if value && let Some(length) = self.scalar(chars) {
                let range = char.range.start..chars[length - 1].range.end;
                self.push(Kind::Scalar(level), range, level);
                chars = &chars[length..];
                next = after(depth, false);
                continue;
            } else {
                return chars;
            }
            self.push(Kind::Structure, char.range.clone(), level);
            chars = &chars[1..];
        }
        chars
    }

    /// Reads the string that the first char opens; returns what follows it.
    fn string<'a>(&mut self, chars: &'a [Char], level: usize) -> &'a [Char] {
        self.push(Kind::Structure, chars[0].range.clone(), level);
        let mut content = Vec::new();
        let mut rest = &chars[1..];
        while !rest.is_empty() && !rest[0].is(b'"') {
            let (char, after) = first(rest).expect("there is a char");
            content.push(char);
            rest = after;
        }
        if level == DEEPEST {
            self.units(&content, level + 1);
        } else {
            self.read(&content, level + 1);
        }
        if let Some((quote, after)) = rest.split_first() {
            self.push(Kind::Structure, quote.range.clone(), level);
            rest = after;
        }
        rest
    }

    /// The number of chars of the scalar at the beginning, if there is one.
    fn scalar(&self, chars: &[Char]) -> Option<usize> {
        let word: Vec<u8> = chars.iter().map_while(scalar_byte).collect();
        let length = chars[..word.len()].last()?.range.end - chars[0].range.start;
        let is_cut = word.len() == chars.len();
        let is_valid = is_scalar(&word) || is_cut && is_begun(&word);
        (is_valid && length <= self.reach).then_some(word.len())
    }
}

const WORDS: [&[u8]; 6] = [
    b"true",
    b"false",
    b"null",
    b"NaN",
    b"Infinity",
    b"-Infinity",
];

fn is_scalar(word: &[u8]) -> bool {
    WORDS.contains(&word) || is_number(word)
}

/// Whether a scalar can begin with `word`: a number lacks one digit at most.
fn is_begun(word: &[u8]) -> bool {
    WORDS.iter().any(|whole| whole.starts_with(word)) || is_number(&[word, b"0"].concat())
}

fn scalar_byte(char: &Char) -> Option<u8> {
    match char.code {
        Code::Byte(byte) if byte.is_ascii_alphanumeric() || b"+-.".contains(&byte) => Some(byte),
        _ => None,
    }
}

/// A number of JSON, which may have leading zeros.
fn is_number(word: &[u8]) -> bool {
    fn digits(word: &[u8]) -> Option<&[u8]> {
        let length = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (length > 0).then(|| &word[length..])
    }
    fn number(word: &[u8]) -> Option<&[u8]> {
        let mut rest = digits(word.strip_prefix(b"-").unwrap_or(word))?;
        if let Some(fraction) = rest.strip_prefix(b".") {
            rest = digits(fraction)?;
        }
        if let [b'e' | b'E', exponent @ ..] = rest {
            rest = match exponent {
                [b'+' | b'-', exponent @ ..] => digits(exponent)?,
                _ => digits(exponent)?,
            };
        }
        Some(rest)
    }
    number(word).is_some_and(<[u8]>::is_empty)
}

fn byte_order_mark(chars: &[Char]) -> usize {
    let mark = [0xEF, 0xBB, 0xBF];
    let is_there = chars.len() >= 3 && mark.iter().zip(chars).all(|(&byte, char)| char.is(byte));
    if is_there { 3 } else { 0 }
}
