//! Containers: read from the opening bracket to the one that closes it, over the whole
//! record, with a stack of what is open.

use super::ends::{End, LOOKAHEAD};
use super::quote::{self, Quote, Spelling};
use super::reference;
use super::text::{blanks, escaped_blank};

/// How a container begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    level: u8,
    /// Its name has quotes, so that those of its strings are known.
    quoted: bool,
    round: bool,
    depth: u64,
}

/// A string or a word in it that is no name of a member.
pub(crate) struct Leaf {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) number: bool,
}

/// What came of reading it.
pub(crate) struct Read {
    /// Behind the bracket that closes it.
    pub(crate) closed: Option<usize>,
    /// How many brackets are open at the record's end.
    pub(crate) depth: u64,
    pub(crate) leaves: Vec<Leaf>,
}

/// What stands outside of strings.
enum Token {
    Open,
    Close,
    /// A quote of what is around the container, so many bytes on.
    Outside(usize),
    Text {
        start: usize,
        end: End,
        leaf: bool,
    },
    /// Something that tells nothing, and what it counts as.
    Skip {
        length: usize,
        as_previous: Option<u8>,
    },
}

impl Walk {
    pub(crate) fn new(level: u8, quoted: bool, bracket: u8) -> Self {
        Self {
            level,
            quoted,
            round: bracket == b'(',
            depth: 0,
        }
    }

    pub(crate) fn inside(depth: u64) -> Self {
        Self {
            level: 0,
            quoted: true,
            round: false,
            depth,
        }
    }

    pub(crate) fn read(self, bytes: &[u8], from: usize) -> Read {
        // The brackets that were open before, as if they had been seen.
        let mut open = vec![(); self.depth as usize];
        let mut previous = if self.depth > 0 { b',' } else { 0 };
        let mut leaves = Vec::new();
        let mut at = from;
        while at < bytes.len() {
            match self.token(bytes, at, open.len(), previous) {
                Token::Open => {
                    open.push(());
                    previous = bytes[at];
                    at += 1;
                }
                Token::Close => {
                    open.pop();
                    previous = bytes[at];
                    at += 1;
                    if open.is_empty() {
                        return Read {
                            closed: Some(at),
                            depth: 0,
                            leaves,
                        };
                    }
                }
                Token::Outside(length) => {
                    return Read {
                        closed: Some(at + length),
                        depth: open.len() as u64,
                        leaves,
                    };
                }
                Token::Text { start, end, leaf } => {
                    let ended = end.find(bytes, start, true).unwrap();
                    if leaf {
                        leaves.push(Leaf {
                            start,
                            end: ended,
                            number: end == End::Scalar,
                        });
                    }
                    previous = b'x';
                    at = ended;
                    if let (End::Quote(opened), Some((closed, length))) =
                        (end, quote::opening(bytes, ended))
                        && closed.level >= opened.level
                    {
                        at += length;
                    }
                }
                Token::Skip {
                    length,
                    as_previous,
                } => {
                    previous = as_previous.unwrap_or(previous);
                    at += length;
                }
            }
        }
        Read {
            closed: None,
            depth: open.len() as u64,
            leaves,
        }
    }

    fn token(self, bytes: &[u8], at: usize, open: usize, previous: u8) -> Token {
        let rest = &bytes[at..];
        let skip = |length: usize, as_previous: u8| Token::Skip {
            length,
            as_previous: Some(as_previous),
        };
        if let Some(length) = reference::leading_placeholder(rest).filter(|_| open > 0) {
            return skip(length, b'x');
        }
        match rest[0] {
            b'{' | b'[' => Token::Open,
            b'(' if self.round => Token::Open,
            b'}' | b']' => Token::Close,
            b')' if self.round => Token::Close,
            b' ' | b'\t' | b'\n' | b'\r' => Token::Skip {
                length: 1,
                as_previous: None,
            },
            b'"' | b'\'' | b'`' | b'\\' | b'%' | b'&' => self.quote(bytes, at, previous),
            byte if byte.is_ascii_alphanumeric() || b"-_$+./".contains(&byte) => {
                self.word(bytes, at, previous)
            }
            byte => skip(1, byte),
        }
    }

    fn quote(self, bytes: &[u8], at: usize, previous: u8) -> Token {
        let skip = |length: usize| Token::Skip {
            length,
            as_previous: None,
        };
        let rest = &bytes[at..];
        if let Some(length) = escaped_blank(rest) {
            return skip(length);
        }
        let run = quote::backslashes(rest);
        let Some((quote, length)) = quote::opening(bytes, at) else {
            let further_out = quote::after_backslashes(run, &rest[run..])
                .is_some_and(|(byte, level, _)| byte == b'"' && level < self.level);
            return if run > 0 && further_out {
                Token::Outside(run)
            } else {
                skip(run.max(1))
            };
        };
        let double = quote.byte == b'"' && quote.spelling == Spelling::Plain;
        if double && quote.level < self.level {
            return Token::Outside(0);
        }
        let expected = b"{[(,:=>".contains(&previous);
        if double && !self.quoted && !expected {
            return Token::Outside(0);
        }
        let opens = if double {
            quote.level == self.level
        } else {
            expected
        };
        if !opens {
            return skip(length);
        }
        let start = at + length;
        let end = End::Quote(quote);
        Token::Text {
            start,
            end,
            leaf: !is_key(bytes, start, end, Some(quote), previous),
        }
    }

    fn word(self, bytes: &[u8], at: usize, previous: u8) -> Token {
        let near = &bytes[..bytes.len().min(at + LOOKAHEAD)];
        let escaped = at > 0 && bytes[at - 1] == b'\\';
        let end = if is_number(near, at) && !escaped {
            End::Scalar
        } else {
            End::Word
        };
        if let Some(length) = literal(&bytes[at..]) {
            return Token::Skip {
                length,
                as_previous: Some(b'x'),
            };
        }
        let ended = end.find(near, at, true).unwrap();
        if ended == at {
            return Token::Skip {
                length: 1,
                as_previous: Some(bytes[at]),
            };
        }
        let key = near[at..ended].ends_with(b":") || is_key(bytes, at, end, None, previous);
        Token::Text {
            start: at,
            end,
            leaf: !key,
        }
    }
}

/// Whether a number is at `at`, and all of what stands there.
fn is_number(near: &[u8], at: usize) -> bool {
    let end = End::Scalar.find(near, at, true).unwrap();
    let text = &near[at..end];
    let first = if text.starts_with(b"-") {
        text.get(1)
    } else {
        text.first()
    };
    first.is_some_and(u8::is_ascii_digit)
        && near
            .get(end)
            .is_none_or(|byte| *byte <= b' ' || b",}])\\\"'".contains(byte))
}

/// Whether a text is the name of a member: it ends in sight, and a sign follows.
fn is_key(bytes: &[u8], start: usize, end: End, quote: Option<Quote>, previous: u8) -> bool {
    if ![b'{', b',', 0].contains(&previous) {
        return false;
    }
    let near = &bytes[..bytes.len().min(start + 2 * LOOKAHEAD)];
    let Ok(mut after) = end.find(near, start, near.len() == bytes.len()) else {
        return false;
    };
    if quote.is_some() {
        match quote::opening(bytes, after) {
            Some((_, length)) => after += length,
            None => return false,
        }
    }
    let after = after.min(bytes.len());
    let sign = after + blanks(&bytes[after..], true);
    bytes.get(sign).is_some_and(|byte| b":=".contains(byte))
}

/// A word of JSON or Python that is no secret, and all of what stands there.
fn literal(rest: &[u8]) -> Option<usize> {
    let words = [
        "true",
        "false",
        "null",
        "None",
        "True",
        "False",
        "undefined",
    ];
    let found = words.into_iter().map(str::as_bytes).find(|word| {
        let after = rest.strip_prefix(*word);
        after.is_some_and(|after| {
            after
                .first()
                .is_none_or(|&byte| byte <= b' ' || b",]})\\".contains(&byte))
        })
    });
    found.map(<[u8]>::len)
}
