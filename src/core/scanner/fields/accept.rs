//! Whether what stands behind a separator is a value: the columns of the table in
//! [`judge`](super::judge).

use super::form;
use super::judge::Case;
use super::pair;
use super::quote;
use super::separator::{Separator, Sign};
use super::text::{blanks, count, is_blank};
use crate::core::field::{Demand, Syntax};

impl Case<'_> {
    pub(super) fn accepts_quoted(&self, text: &[u8], whole: bool, start: usize) -> bool {
        // The article masks `key="x"` whatever x is; `<add key="x" value="y"/>` is a pair.
        let assigned = self.sense.key
            && self.separator.sign == Sign::Equals
            && !self.separator.spaced
            && !self.is_first_of_pair(start + text.len());
        let likely =
            assigned || form::is_likely(text) || whole && text.len() < 16 && form::is_mixed(text);
        if self.sense.demand == Demand::Likely && !likely && self.separator.sign != Sign::By {
            return false;
        }
        match self.separator.sign {
            Sign::Equals | Sign::Arrow | Sign::Assign | Sign::Encoded | Sign::Tag | Sign::By => {
                true
            }
            Sign::Colon => {
                self.found.quote.is_some()
                    || self.sense.compound
                    || self.sense.password
                    || self.is_in_object()
                    || self.is_at_line_start()
                    || likely
            }
            Sign::Comma => self.is_listed(text, start),
            Sign::Blank => {
                self.found.flag
                    || self.sense.password && !text.contains(&b' ')
                    || self.sense.demand == Demand::Any && form::is_random(text)
                    || form::is_certain(text)
            }
            Sign::Paren => self.is_constructor() || self.is_setter(),
        }
    }

    /// Whether a value that ends at `end` is the name of a pair.
    fn is_first_of_pair(&self, end: usize) -> bool {
        let bytes = self.around.bytes;
        let after = end + quote::opening(bytes, end).map_or(0, |(_, length)| length);
        let value = after + blanks(&bytes[after..], false);
        value > after && pair::second(bytes, value).is_some()
    }

    /// `"name", "value"`: options, headers, and pairs in brackets.
    fn is_listed(&self, text: &[u8], start: usize) -> bool {
        let bytes = self.around.bytes;
        let name = &bytes[self.found.start..self.found.end];
        if self.found.flag {
            return !text.starts_with(b"-");
        }
        let header = name.contains(&b'-') || self.sense.syntax != Syntax::Plain;
        let opens = self.found.from > 0 && matches!(bytes[self.found.from - 1], b'[' | b'(');
        // An element of a list, not a value in an object.
        let listed = self.is_in_object();
        let after = start + text.len();
        let closes = bytes[after.min(bytes.len())..]
            .iter()
            .find(|byte| !matches!(byte, b'"' | b'\'' | b'\\' | b' '))
            .is_some_and(|byte| matches!(byte, b']' | b')'));
        listed && (header && name.len() <= 40 || opens && closes && form::is_mixed(text))
    }

    /// `setPassword("x")`, `set_password('x')`.
    fn is_setter(&self) -> bool {
        let name = &self.around.bytes[self.found.start..self.found.end];
        let name = name
            .iter()
            .rposition(|byte| *byte == b'.')
            .map_or(name, |dot| &name[dot + 1..]);
        [&b"set"[..], b"with"].iter().any(|verb| {
            name.strip_prefix(*verb)
                .and_then(<[u8]>::first)
                .is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        })
    }

    /// `Password("x")`, not `getPassword("x")`.
    fn is_constructor(&self) -> bool {
        let bytes = self.around.bytes;
        let name = &bytes[self.found.start..self.found.end];
        let before = self.found.from.checked_sub(1).map(|at| bytes[at]);
        name[0].is_ascii_uppercase()
            && name.len() <= 24
            && before.is_none_or(|byte| byte <= b' ' || b"({[,:=<&".contains(&byte))
    }

    pub(super) fn accepts_bare(&self, text: &[u8], after: &[u8]) -> bool {
        if form::is_nothing(text, self.sense.thorough)
            || self.sense.demand == Demand::Likely && !form::is_likely(text) && !self.is_phrase()
        {
            return false;
        }
        let numeric = text
            .iter()
            .all(|byte| byte.is_ascii_digit() || b".,+-".contains(byte));
        if numeric && self.sense.counts {
            return false;
        }
        if self.is_phrase() {
            return true;
        }
        let plain = form::is_plain_word(text);
        let Separator { sign, spaced, .. } = self.separator;
        match sign {
            Sign::Encoded | Sign::Tag => true,
            Sign::Equals | Sign::Assign | Sign::Arrow if !spaced => !form::is_call(text, after),
            Sign::Arrow => self.found.bracketed || self.found.quote.is_some() || !plain,
            Sign::Equals | Sign::Assign => {
                !form::is_code(text, after) && (!plain || is_all(after)) && !self.is_own_name(text)
            }
            Sign::Colon if self.found.flag => true,
            Sign::Colon => self.accepts_after_colon(text, after, plain),
            Sign::Blank if self.found.flag => accepts_argument(text, after),
            Sign::Blank => self.accepts_after_blank(text, after),
            Sign::Paren => {
                self.is_constructor()
                    && after.starts_with(b")")
                    && !(plain && text[0].is_ascii_uppercase())
            }
            Sign::Comma | Sign::By => false,
        }
    }

    /// Whether the value is of the words of a seed.
    pub(super) fn is_phrase(&self) -> bool {
        matches!(self.separator.sign, Sign::Equals | Sign::Colon)
            && form::is_phrase(&self.around.bytes[self.separator.value..])
    }

    fn accepts_after_colon(&self, text: &[u8], after: &[u8], plain: bool) -> bool {
        if form::is_code(text, after) && (self.separator.spaced || form::is_call(text, after)) {
            return false;
        }
        if self.found.quote.is_some() {
            return true;
        }
        let placed = self.sense.compound || self.is_in_object() || self.is_at_line_start();
        if placed {
            // `pam_unix(passwd:chauthtok)`
            let kind = plain && !self.separator.spaced && self.before().ends_with(b"(");
            let prose = plain && has_more(after);
            return !(prose || kind || self.is_own_name(text));
        }
        if !self.separator.spaced {
            return !plain || self.sense.password;
        }
        if form::is_field(text) {
            return false;
        }
        if self.sense.password {
            return !plain || is_all(after) && text[0].is_ascii_lowercase();
        }
        form::is_mixed(text) || form::is_random(text)
    }

    /// Nothing but a blank: the value has to be no word, and the name no part of prose.
    fn accepts_after_blank(&self, text: &[u8], after: &[u8]) -> bool {
        // `password hunter2`, a line of `.netrc`.
        let line = self.sense.password && self.is_at_line_start() && is_all(after);
        self.found.quote.is_none()
            && !self.found.bracketed
            && !form::is_field(text)
            && match self.sense.demand {
                Demand::Any => form::is_random(text) || line && form::is_mixed(text),
                Demand::Likely => form::is_certain(text),
            }
    }

    /// `password = password`
    fn is_own_name(&self, text: &[u8]) -> bool {
        let name = &self.around.bytes[self.found.start..self.found.end];
        let letters = text
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.'));
        letters && name.ends_with(text)
    }
}

/// Whether nothing of the kind of prose follows a word.
fn is_all(after: &[u8]) -> bool {
    let rest = after.trim_ascii_start();
    rest.first()
        .is_none_or(|byte| b"#;,)}]\"'|&<\\".contains(byte))
        || after.first() == Some(&b'\n')
}

/// Whether another word follows.
fn has_more(after: &[u8]) -> bool {
    let blanks = count(&after[..after.len().min(8)], is_blank);
    blanks > 0 && after.get(blanks).is_some_and(u8::is_ascii_alphanumeric)
}

/// An argument of an option: not another option, not the prose of a manual.
fn accepts_argument(text: &[u8], after: &[u8]) -> bool {
    const PROSE: [&[u8]; 16] = [
        b"flag",
        b"option",
        b"is",
        b"or",
        b"and",
        b"argument",
        b"parameter",
        b"to",
        b"for",
        b"from",
        b"must",
        b"requires",
        b"with",
        b"in",
        b"was",
        b"not",
    ];
    let prose = PROSE.contains(&text) && has_more(after);
    !(prose || text.starts_with(b"--") || text.starts_with(b"="))
}
