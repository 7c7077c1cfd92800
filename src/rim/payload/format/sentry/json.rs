//! Where the members of a JSON object and the elements of an array lie. The rest of the text stays unread.

use std::ops::Range;

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name without its escapes.
    pub(super) name: String,
    /// Where its value lies.
    pub(super) value: Range<usize>,
}

/// The members of the object that `text` is in this range, blanks around it allowed, or
/// `None` if no object lies there. What values are made of is not checked, but quotes and
/// brackets are.
pub(super) fn members(text: &[u8], range: Range<usize>) -> Option<Vec<Member>> {
    let mut lexer = Lexer {
        text: text.get(..range.end)?,
        at: range.start,
    };
    let mut members = Vec::new();
    lexer.expect(b'{')?;
    if lexer.peek()? == b'}' {
        lexer.at += 1;
        return lexer.is_at_end().then_some(members);
    }
    loop {
        lexer.peek()?;
        let name = lexer.string()?;
        let name = serde_json::from_slice(&text[name]).ok()?;
        lexer.expect(b':')?;
        let value = lexer.value()?;
        members.push(Member { name, value });
        match lexer.peek()? {
            b',' => lexer.at += 1,
            b'}' => {
                lexer.at += 1;
                return lexer.is_at_end().then_some(members);
            }
            _ => return None,
        }
    }
}

/// Where the elements of the array lie that `text` is in this range, or `None` if no array
/// lies there.
pub(super) fn elements(text: &[u8], range: Range<usize>) -> Option<Vec<Range<usize>>> {
    let mut lexer = Lexer {
        text: text.get(..range.end)?,
        at: range.start,
    };
    let mut elements = Vec::new();
    lexer.expect(b'[')?;
    if lexer.peek()? == b']' {
        lexer.at += 1;
        return lexer.is_at_end().then_some(elements);
    }
    loop {
        elements.push(lexer.value()?);
        let next = lexer.peek()?;
        lexer.at += 1;
        match next {
            b',' => {}
            b']' => return lexer.is_at_end().then_some(elements),
            _ => return None,
        }
    }
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

impl Lexer<'_> {
    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        Some(self.text[self.at])
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        if self.text.get(start) != Some(&b'"') {
            return None;
        }
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..)?;
            self.at += memchr::memchr2(b'"', b'\\', rest)?;
            if self.text[self.at] == b'"' {
                self.at += 1;
                return Some(start..self.at);
            }
            self.at += 2;
        }
    }

    fn value(&mut self) -> Option<Range<usize>> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => return self.string(),
            b'{' | b'[' => self.brackets()?,
            _ => {
                let is_end =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                let rest = &self.text[start..];
                self.at += rest.iter().position(is_end).unwrap_or(rest.len());
            }
        }
        (self.at > start).then_some(start..self.at)
    }

    /// From an opening bracket to the one that closes it.
    fn brackets(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.text.get(self.at)? {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    self.string()?;
                    continue;
                }
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}
