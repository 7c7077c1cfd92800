//! Arrays and objects under a sensitive name: to the bracket that closes them, and what
//! is in them.

use super::ends::{End, LOOKAHEAD};
use super::quote::{self, Quote, Spelling};
use super::reference;
use super::text::{blanks, count, escaped_blank};
use crate::core::mask::Quotes;

/// A walk through a container. It needs a counter, no stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    /// The level of the quotes of its strings.
    level: u8,
    /// The name has quotes, so that those of strings are known.
    quoted: bool,
    /// Round brackets count too.
    round: bool,
    depth: u64,
    /// The last byte outside strings that is no blank.
    previous: u8,
    /// What is being read.
    inside: Inside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// Nothing: brackets, commas, colons, blanks.
    Structure,
    /// A string or a word.
    Text { end: End, leaf: bool },
}

/// Something in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    /// A value begins at this index; a number is replaced with quotes of its own.
    Begins { at: usize, number: bool },
    /// It ends.
    Ends { at: usize },
}

impl Walk {
    /// Before the opening bracket.
    pub(super) fn new(level: u8, quoted: bool, bracket: u8) -> Self {
        Self {
            level,
            quoted,
            round: bracket == b'(',
            depth: 0,
            previous: 0,
            inside: Inside::Structure,
        }
    }

    /// In the next line of a container that is `depth` brackets deep.
    pub(super) fn inside(depth: u64) -> Self {
        Self {
            level: 0,
            quoted: true,
            round: false,
            depth,
            previous: b',',
            inside: Inside::Structure,
        }
    }

    /// How many brackets are open.
    pub(super) fn depth(&self) -> u64 {
        self.depth
    }

    /// Goes on at `from`, which has to be where the last call stopped. The index after
    /// the closing bracket, or as `Err` where it stopped for want of bytes (with
    /// `complete`: the end, the container being unfinished). Values are told if `tell`
    /// is for them.
    pub(super) fn go_on(
        &mut self,
        bytes: &[u8],
        from: usize,
        complete: bool,
        tell: &mut impl FnMut(Leaf),
    ) -> Result<usize, usize> {
        let mut at = from;
        loop {
            if let Inside::Text { end, leaf } = self.inside {
                match end.find(bytes, at, complete) {
                    Ok(ended) => {
                        if leaf {
                            tell(Leaf::Ends { at: ended });
                        }
                        at = self.after_text(bytes, ended, end);
                        self.inside = Inside::Structure;
                    }
                    Err(searched) => return Err(searched),
                }
            }
            let certain = if complete {
                bytes.len()
            } else {
                bytes.len().saturating_sub(3 * LOOKAHEAD).max(from)
            };
            if at >= certain {
                return Err(at.min(bytes.len()));
            }
            match self.token(bytes, at, tell) {
                Token::At(next) => at = next,
                Token::Closed(end) => return Ok(end),
            }
        }
    }

    /// Past the quote that ended a string.
    fn after_text(&mut self, bytes: &[u8], ended: usize, end: End) -> usize {
        self.previous = b'x';
        let End::Quote(opened) = end else {
            return ended;
        };
        match quote::opening(bytes, ended) {
            Some((closed, length)) if closed.level >= opened.level => ended + length,
            // A quote further out: what encloses the container ends here.
            _ => ended,
        }
    }

    fn token(&mut self, bytes: &[u8], at: usize, tell: &mut impl FnMut(Leaf)) -> Token {
        let byte = bytes[at];
        if self.depth > 0
            && let Some(length) = reference::leading_placeholder(&bytes[at..])
        {
            self.previous = b'x';
            return Token::At(at + length);
        }
        match byte {
            b'{' | b'[' => self.depth += 1,
            b'(' if self.round => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Token::Closed(at + 1);
                }
            }
            b')' if self.round => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Token::Closed(at + 1);
                }
            }
            b'"' | b'\'' | b'`' | b'\\' | b'%' | b'&' => return self.quote(bytes, at, tell),
            b' ' | b'\t' | b'\n' | b'\r' => return Token::At(at + 1),
            b'0'..=b'9' | b'-' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'+' | b'.' | b'/' => {
                return self.word(bytes, at, tell);
            }
            _ => {}
        }
        self.previous = byte;
        Token::At(at + 1)
    }

    fn quote(&mut self, bytes: &[u8], at: usize, tell: &mut impl FnMut(Leaf)) -> Token {
        let run = quote::backslashes(&bytes[at..]);
        if let Some(length) = escaped_blank(&bytes[at..]) {
            return Token::At(at + length);
        }
        let Some((quote, length)) = quote::opening(bytes, at) else {
            // Backslashes and a quote that is further out than they tell.
            let after = quote::after_backslashes(run, &bytes[at + run..]);
            if let Some((b'"', level, _)) = after
                && run > 0
                && level < self.level
            {
                return Token::Closed(at + run);
            }
            return Token::At(at + run.max(1));
        };
        let own = quote.spelling == Spelling::Plain;
        if own && quote.byte == b'"' && quote.level < self.level {
            return Token::Closed(at);
        }
        let expected = b"{[(,:=>".contains(&self.previous);
        // What encloses the container ends here.
        if !self.quoted && own && quote.byte == b'"' && !expected {
            return Token::Closed(at);
        }
        let opens = if own && quote.byte == b'"' {
            quote.level == self.level
        } else {
            expected
        };
        if !opens {
            return Token::At(at + length);
        }
        let leaf = !self.is_key(bytes, at + length, End::Quote(quote), Some(quote));
        self.begin(at + length, End::Quote(quote), leaf, false, tell)
    }

    fn word(&mut self, bytes: &[u8], at: usize, tell: &mut impl FnMut(Leaf)) -> Token {
        let near = &bytes[..bytes.len().min(at + LOOKAHEAD)];
        let escaped = at > 0 && bytes[at - 1] == b'\\';
        let end = if is_number(near, at) && !escaped {
            End::Scalar
        } else {
            End::Word
        };
        let text = match end.find(near, at, true) {
            Ok(end) | Err(end) => &bytes[at..end],
        };
        if let Some(length) = literal(&bytes[at..]) {
            self.previous = b'x';
            return Token::At(at + length);
        }
        let stays = text.ends_with(b":") || self.is_key(bytes, at, end, None);
        let number = end == End::Scalar;
        if text.is_empty() {
            self.previous = bytes[at];
            return Token::At(at + 1);
        }
        self.begin(at, end, !stays, number, tell)
    }

    fn begin(
        &mut self,
        at: usize,
        end: End,
        leaf: bool,
        number: bool,
        tell: &mut impl FnMut(Leaf),
    ) -> Token {
        self.inside = Inside::Text { end, leaf };
        if leaf {
            tell(Leaf::Begins { at, number });
        }
        Token::At(at)
    }

    /// Whether a text at `at` is the name of a member: it ends in sight, and a colon
    /// follows.
    fn is_key(&self, bytes: &[u8], at: usize, end: End, quote: Option<Quote>) -> bool {
        if !matches!(self.previous, b'{' | b',' | 0) {
            return false;
        }
        let near = &bytes[..bytes.len().min(at + 2 * LOOKAHEAD)];
        let Ok(ended) = end.find(near, at, near.len() == bytes.len()) else {
            return false;
        };
        let mut after = ended;
        if quote.is_some() {
            let Some((_, length)) = quote::opening(bytes, ended) else {
                return false;
            };
            after += length;
        }
        let rest = &bytes[after.min(bytes.len())..];
        matches!(rest.get(blanks(rest, true)), Some(b':' | b'='))
    }
}

/// Whether a number is at `at`, and all of what stands there.
fn is_number(near: &[u8], at: usize) -> bool {
    let text = match End::Scalar.find(near, at, true) {
        Ok(end) | Err(end) => &near[at..end],
    };
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    digits.first().is_some_and(u8::is_ascii_digit)
        && near
            .get(at + text.len())
            .is_none_or(|&byte| byte <= b' ' || b",}])\\\"'".contains(&byte))
}

enum Token {
    At(usize),
    /// The container has ended before this index.
    Closed(usize),
}

/// The length of a word that is no secret at the start of `rest`.
fn literal(rest: &[u8]) -> Option<usize> {
    const WORDS: [&[u8]; 7] = [
        b"true",
        b"false",
        b"null",
        b"None",
        b"True",
        b"False",
        b"undefined",
    ];
    let length = count(&rest[..rest.len().min(10)], |byte| {
        byte.is_ascii_alphabetic()
    });
    let ends = rest
        .get(length)
        .is_none_or(|&byte| byte <= b' ' || b",]})\\".contains(&byte));
    (ends && WORDS.contains(&&rest[..length])).then_some(length)
}

/// What a number becomes that stands in a container.
pub(super) fn number(typed: bool, level: u8) -> Quotes {
    if typed {
        Quotes::Null
    } else {
        Quotes::double(level)
    }
}
