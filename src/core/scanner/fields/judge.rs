//! Is this a sensitive field, and where does its value begin?
//!
//! The answer depends on the bytes around a suspect alone, at most [`BEFORE`] before it
//! and [`AFTER`] after it, so that it is the same wherever the stream is cut.
//!
//! # The decision
//!
//! The name is sensitive ([`FieldNames::sense`](crate::core::field::FieldNames::sense));
//! what follows decides. *Any* and *likely* are what the name's entry demands of its
//! values. A *plain word* is one of letters, at most the first of them a capital.
//!
//! | separator | value in quotes | bare value |
//! |---|---|---|
//! | `name=v`, `name=>v`, `name:=v`, `name%3Dv` | yes | yes, unless it is a call |
//! | `name = v` | yes | unless it is an expression, or a plain word with more behind it |
//! | `"name": v` | yes | yes |
//! | `name: v`, compound name, in `{(,[` or at a line's start | yes | unless a plain word with more behind it |
//! | `name: v` in prose | passwords; mixed letters and digits | passwords that end there; mixed letters and digits |
//! | `--name v` | yes | unless an option or a word of prose follows |
//! | `<name>v<` | yes | yes; behind `=` only where a text follows at once |
//! | `name":"v"`, the opening quote cut off | yes | no |
//! | `name -> v`, `name \| v` | no | random ones |
//! | `"name", "v"` | headers and options; pairs if mixed | no |
//! | `Name(v)` | yes | if mixed, or all that stands there |
//! | `name BY 'v'` | yes | no |
//! | `name v` | passwords of one word; random ones | random ones; a line's password of letters and digits |
//!
//! Where an entry demands likely values, the value has to look like a credential too.
//! Never: an empty value, `null`, `true`, `false`, a placeholder, a reference such as
//! `${NAME}`, and bare words that tell a state (`enabled`, `missing`).

use super::carry::{self, Carry};
use super::credential::{self, Behind};
use super::ends::{self, End};
use super::form::{self, LOOKED_AT};
use super::name::{self, EXTENT, Found};
use super::pair;
use super::quote::{self, Quote, Spelling};
use super::reference;
use super::separator::{self, Separator, Sign};
use super::service;
use super::sql;
use super::text::{blanks, count, is_blank};
use crate::core::field::{Demand, FieldNames, Sense, Syntax};
use crate::core::mask::Quotes;

/// So many bytes before a suspect are looked at.
pub(super) const BEFORE: usize = 256;

/// So many bytes after it.
pub(super) const AFTER: usize = 1536;

/// The bytes around a suspect.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) bytes: &'a [u8],
    /// The content begins with `bytes`.
    pub(super) begins: bool,
    /// It ends with `bytes`.
    pub(super) ends: bool,
}

impl<'a> Around<'a> {
    /// What of a value is looked at, and whether that is all of it.
    pub(super) fn peek(&self, start: usize, end: End) -> (&'a [u8], bool) {
        let bytes = self.bytes;
        let limit = bytes.len().min(start + LOOKED_AT + super::ends::LOOKAHEAD);
        let complete = self.ends && limit == bytes.len();
        match end.find(&bytes[..limit], start, complete) {
            Ok(end) => (&bytes[start..end], true),
            Err(to) => (&bytes[start..to], false),
        }
    }
}

/// A value to be masked. Its start is an index in the bytes that were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) entry: u32,
    pub(super) start: usize,
    pub(super) extent: Extent,
    pub(super) quotes: Quotes,
    /// It is a string, a number or a container of JSON, and goes with all that is in it.
    pub(super) whole: bool,
    /// Its name is in an earlier record, so that all of it is in this one.
    pub(super) carried: bool,
}

/// How far a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// To an end.
    To(End),
    /// The same for a value of a cookie; others may follow, in this string or, in a list,
    /// in the next.
    Cookie { end: End, set: bool, list: bool },
    /// To the bracket that closes it, strings of this level aside.
    Container {
        /// The level of the quotes around the name.
        level: u8,
        /// There are some; otherwise a quote that opens no string encloses all of it.
        quoted: bool,
    },
}

/// What is known when a value is judged.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) around: Around<'a>,
    pub(super) found: Found,
    pub(super) separator: Separator,
    pub(super) sense: Sense,
}

/// Whether a name is sensitive, as the names tell it, perhaps from memory.
pub(super) type Senses<'a> = &'a mut dyn FnMut(&[u8]) -> Option<Sense>;

/// Judges the suspect at `at`. Appends the values of the field that it belongs to, and
/// returns what the record leaves if it ends before the value.
pub(super) fn judge(
    names: &FieldNames,
    senses: Senses<'_>,
    around: Around<'_>,
    at: usize,
    out: &mut Vec<Claim>,
) -> Option<Carry> {
    let before = out.len();
    let left = field(senses, around, at, out);
    if left.is_none() && out.len() == before {
        out.extend(service::claim(names, around, at));
    }
    // Asked last: most suspects come to nothing anyway.
    let found = left.is_some() || out.len() > before;
    if found && form::is_in_mask(around.bytes, at) {
        out.truncate(before);
        return None;
    }
    left
}

/// Judges the name that stands around `at`.
fn field(senses: Senses<'_>, around: Around<'_>, at: usize, out: &mut Vec<Claim>) -> Option<Carry> {
    let bytes = around.bytes;
    let mut left = None;
    for found in name::read(bytes, at).into_iter().flatten() {
        let separator = separator::read(bytes, &found);
        let pair = pair::value_of(bytes, &found);
        let last = around.ends && pair::is_name(&bytes[..found.from]);
        let column = sql::may_follow(&bytes[found.after..]);
        let part = ends::any_newline(&bytes[found.after..]).is_some();
        if separator.is_none() && pair.is_none() && !last && !column && !part {
            continue;
        }
        let written = &bytes[found.start..found.end];
        let mut buffer;
        let text = if name::has_escapes(written) {
            buffer = [0; 4 * EXTENT];
            name::decoded(written, &mut buffer)
        } else {
            written
        };
        let Some(sense) = senses(text) else {
            continue;
        };
        if let Some(separator) = pair.or(separator) {
            let case = Case {
                around,
                found,
                separator,
                sense,
            };
            // What quotes hold may be more than a name.
            let plain = written.iter().all(|&byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
            });
            if let Some(carry) = carry::at_end(&case) {
                left = Some(carry);
                if plain {
                    return left;
                }
                continue;
            }
            if let Some(claim) = carry::below(&case).or_else(|| case.claim()) {
                out.push(claim);
                if found.quote.is_some() && !plain {
                    continue;
                }
                return left;
            }
            // A property whose value tells nothing.
            if found.quote.is_some() && plain && (case.is_assigned() || case.is_masked()) {
                return left;
            }
        }
        if last && let Some(carry) = carry::pair_at_end(bytes, found.from, found.after, sense) {
            return Some(carry);
        }
        if let Some(claim) = carry::part(bytes, found.from, found.after, sense) {
            out.push(claim);
            return left;
        }
        if column && sql::claims(around, &found, sense, out) {
            return left;
        }
    }
    left
}

impl<'a> Case<'a> {
    fn claim(&self) -> Option<Claim> {
        let bytes = self.around.bytes;
        if self.is_working_directory() || self.is_path() || self.is_prose() {
            return None;
        }
        match self.sense.syntax {
            Syntax::Authorization => return credential::authorization(self),
            Syntax::Cookie => {
                if let Some(claim) = credential::cookie(self) {
                    return Some(claim);
                }
            }
            Syntax::Plain | Syntax::Service => {}
        }
        let value = unwrapped(bytes, self.separator.value);
        if reference::leading(&bytes[value..], self.sense.thorough).is_some() {
            return None;
        }
        if let Some((quote, length)) = quote::opening(bytes, value) {
            return self.quoted(quote, value + length);
        }
        if let Some(length) = reference::angle(&bytes[value..]) {
            return self.angled(value, length);
        }
        if let Some(claim) = self.tuple(value) {
            return Some(claim);
        }
        match bytes.get(value)? {
            b'{' | b'[' | b'(' => self.container(value),
            b'}' | b']' | b')' | b',' | b';' | b'|' | b'>' => None,
            b'0'..=b'9' | b'-' | b'n' if self.found.quote.is_some() && self.is_assigned() => {
                self.number(value).unwrap_or_else(|| self.bare(value))
            }
            _ => self.bare(value),
        }
    }

    /// `PWD=/path`, where the shell stands.
    fn is_working_directory(&self) -> bool {
        let bytes = self.around.bytes;
        let name = &bytes[self.found.start..self.found.end];
        matches!(name, b"PWD" | b"OLDPWD" | b"pwd" | b"cwd")
            && bytes[self.separator.value..].starts_with(b"/")
    }

    /// `/etc/passwd: x`, but not `/?password=x`.
    fn is_path(&self) -> bool {
        self.found.path
            && !matches!(
                self.separator.sign,
                Sign::Equals | Sign::Encoded | Sign::Assign
            )
    }

    /// Whether a name in prose is followed by a word, or a number, as prose has them:
    /// behind a blank that tells nothing.
    fn is_prose(&self) -> bool {
        let bare = self.found.quote.is_none() && !self.found.flag;
        if self.separator.sign != Sign::Blank || !bare {
            return false;
        }
        let rest = &self.around.bytes[self.separator.value..];
        let letters = count(rest, |byte| byte.is_ascii_lowercase());
        let letters = match rest.first() {
            Some(b'A'..=b'Z') => 1 + count(&rest[1..], |byte| byte.is_ascii_lowercase()),
            _ => letters,
        };
        letters > 0 && rest.get(letters).is_some_and(|&byte| byte <= b' ')
    }

    /// Whether a mask of ours is the value already.
    fn is_masked(&self) -> bool {
        let bytes = self.around.bytes;
        let value = self.separator.value;
        let value = value + quote::opening(bytes, value).map_or(0, |(_, length)| length);
        bytes
            .get(value..)
            .is_some_and(|rest| reference::leading(rest, self.sense.thorough).is_some())
    }

    pub(super) fn is_assigned(&self) -> bool {
        matches!(
            self.separator.sign,
            Sign::Equals | Sign::Colon | Sign::Arrow | Sign::Assign | Sign::Encoded
        )
    }

    pub(super) fn claimed(&self, start: usize, extent: Extent, quotes: Quotes) -> Claim {
        Claim {
            entry: self.sense.entry,
            start,
            extent,
            quotes,
            whole: self
                .found
                .quote
                .is_some_and(|quote| quote.byte == b'"' && quote.spelling == Spelling::Plain),
            carried: false,
        }
    }

    /// What of a value is looked at, and whether that is all of it.
    pub(super) fn peek(&self, start: usize, end: End) -> (&'a [u8], bool) {
        self.around.peek(start, end)
    }

    // Values in quotes.

    fn quoted(&self, quote: Quote, start: usize) -> Option<Claim> {
        let name = self.found.quote;
        let further_out = name.is_some_and(|name| {
            quote.byte == b'"' && name.byte == b'"' && quote.level < name.level
        });
        // The quote that closes what an unquoted name stands in, and what follows it.
        if further_out || name.is_none() && self.closes_here(start) {
            return None;
        }
        let end = End::Quote(quote);
        let (text, whole) = self.peek(start, end);
        if whole && form::is_nothing_quoted(text, self.sense.thorough)
            || whole && self.is_own_placeholder(text)
            || !self.accepts_quoted(text, whole, start)
        {
            return None;
        }
        Some(self.claimed(start, Extent::To(end), Quotes::None))
    }

    /// Whether the quote before `start` closes what encloses the name, by what follows:
    /// nothing, a blank and no such quote any more, or punctuation that is followed by
    /// more of it.
    fn closes_here(&self, start: usize) -> bool {
        let bytes = self.around.bytes;
        let Some(&next) = bytes.get(start) else {
            return true;
        };
        let rest = &bytes[start + 1..];
        if matches!(next, b' ' | b'\n') {
            let mut near = rest.iter().take(LOOKED_AT);
            let again = near.any(|byte| matches!(byte, b'"' | b'\''));
            return self.separator.sign != Sign::Blank && !again;
        }
        b",}])>:;".contains(&next)
            && rest
                .first()
                .is_none_or(|&byte| byte <= b' ' || b"\"',}])>:;\\".contains(&byte))
    }

    // Values in brackets.

    /// `name=<value>`, where the bracket has this length; `name=<redacted>value`.
    fn angled(&self, value: usize, length: usize) -> Option<Claim> {
        let bytes = self.around.bytes;
        if self.separator.sign == Sign::Tag || self.separator.sign == Sign::Paren {
            return None;
        }
        if let Some(length) = reference::placeholder_at(&bytes[value..]) {
            let masked = form::ends_placeholder(bytes.get(value + length));
            if !masked {
                return self.bare(value + length);
            }
        }
        let start = value + length;
        let rest = &bytes[start..];
        if reference::is_markup(rest) || reference::leading(rest, self.sense.thorough).is_some() {
            return None;
        }
        let (text, whole) = self.peek(start, End::Angle);
        let after = &rest[text.len()..];
        let closed = whole && matches!(after.first(), Some(b'>' | b'&' | b'\\'));
        if !closed {
            return self.bare(start);
        }
        // The usage of an option is no value: `--name <text>`.
        let usage = self.found.flag && text.iter().all(|&byte| !byte.is_ascii_digit());
        let stays = !self.sense.thorough && (reference::is_words(text, b"") || usage)
            || self.is_own_placeholder(&bytes[value..=start + text.len()])
            || !self.accepts_bare(text, after);
        (!stays).then(|| self.claimed(start, Extent::To(End::Angle), Quotes::None))
    }

    /// `<name>` under that name.
    fn is_own_placeholder(&self, text: &[u8]) -> bool {
        let bytes = self.around.bytes;
        let body = text
            .strip_prefix(b"<")
            .and_then(|rest| rest.strip_suffix(b">"));
        let name = &bytes[self.found.start..self.found.end];
        !self.sense.thorough && body.is_some_and(|body| reference::is_words(body, name))
    }

    /// `auth=('user', 'value')`: the second of two.
    fn tuple(&self, value: usize) -> Option<Claim> {
        let bytes = self.around.bytes;
        let name = &bytes[self.found.start..self.found.end];
        let is_auth = name.len() >= 4 && name[name.len() - 4..].eq_ignore_ascii_case(b"auth");
        if !is_auth || !self.is_assigned() || !matches!(bytes[value..], [b'(', ..]) {
            return None;
        }
        let at = value + 1 + blanks(&bytes[value + 1..], true);
        let (first, length) = quote::opening(bytes, at)?;
        let (user, whole) = self.peek(at + length, End::Quote(first));
        let at = at + length + user.len();
        let (second, length) = quote::opening(bytes, at).filter(|_| whole)?;
        let at = at + length;
        if second != first || bytes.get(at) != Some(&b',') {
            return None;
        }
        let at = at + 1 + blanks(&bytes[at + 1..], true);
        let (quote, length) = quote::opening(bytes, at)?;
        let start = at + length;
        let end = End::Quote(quote);
        let (text, whole) = self.peek(start, end);
        let stays = whole && form::is_nothing_quoted(text, self.sense.thorough);
        (!stays).then(|| self.claimed(start, Extent::To(end), Quotes::None))
    }

    // Numbers and containers.

    /// A number where JSON has one. `Some(None)`: it stays.
    #[allow(
        clippy::option_option,
        reason = "a number that stays is none of the other things"
    )]
    fn number(&self, value: usize) -> Option<Option<Claim>> {
        let (text, whole) = self.peek(value, End::Scalar);
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        let is_number = digits.first().is_some_and(u8::is_ascii_digit)
            && digits
                .iter()
                .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
        let bytes = self.around.bytes;
        let ends = !whole
            || bytes
                .get(value + text.len())
                .is_none_or(|&byte| byte <= b' ' || b",}])\\\"'".contains(&byte));
        if text == b"null" && ends {
            return Some(None);
        }
        if !is_number || !ends {
            return None;
        }
        if self.sense.counts || self.sense.demand == Demand::Likely {
            return Some(None);
        }
        Some(Some(self.claimed(
            value,
            Extent::To(End::Scalar),
            self.quotes(),
        )))
    }

    /// The quotes that a value without quotes gets from its name.
    fn quotes(&self) -> Quotes {
        match self.found.quote {
            Some(Quote {
                byte,
                spelling: Spelling::Plain,
                level,
            }) => match byte {
                b'"' => Quotes::double(level),
                b'\'' => Quotes::single(level),
                _ => Quotes::None,
            },
            _ => Quotes::None,
        }
    }

    pub(super) fn container(&self, value: usize) -> Option<Claim> {
        let bytes = self.around.bytes;
        let rest = &bytes[value..];
        let inside = &rest[1 + blanks(&rest[1..], true)..];
        let empty = inside
            .first()
            .is_none_or(|byte| self.found.quote.is_none() && matches!(byte, b'}' | b']' | b')'));
        // `[[REDACTED]]`
        let masked = reference::leading(inside, self.sense.thorough)
            .is_some_and(|length| matches!(inside.get(length), Some(b']' | b'}')));
        let is_type = [
            &b"[Object"[..],
            b"[object ",
            b"[Array",
            b"[Function",
            b"[Getter",
        ]
        .iter()
        .any(|word| rest.starts_with(word));
        if empty || masked || is_type || !self.is_assigned() {
            return None;
        }
        if self.sense.demand == Demand::Likely && !self.holds_likely(value) {
            return None;
        }
        if self.found.quote.is_none() {
            if let Some(claim) = self.single(value) {
                return claim;
            }
            let placed = self.sense.compound
                || self.is_in_object()
                || self.is_at_line_start()
                || !self.separator.spaced;
            if !placed || rest[0] == b'(' {
                return None;
            }
        }
        let level = self.found.quote.map_or(0, |quote| quote.level);
        Some(self.claimed(
            value,
            Extent::Container {
                level,
                quoted: self.found.quote.is_some(),
            },
            self.quotes(),
        ))
    }

    /// Whether the first thing in a list is a string that looks like a credential.
    fn holds_likely(&self, value: usize) -> bool {
        let bytes = self.around.bytes;
        let blanks = blanks(&bytes[value + 1..], true);
        quote::opening(bytes, value + 1 + blanks).is_some_and(|(quote, length)| {
            let (text, _) = self.peek(value + 1 + blanks + length, End::Quote(quote));
            bytes[value] == b'[' && form::is_likely(text)
        })
    }

    /// `name=[value]`: one bare value in brackets.
    #[allow(
        clippy::option_option,
        reason = "a single value that stays is no container"
    )]
    fn single(&self, value: usize) -> Option<Option<Claim>> {
        let bytes = self.around.bytes;
        let inside = &bytes[value + 1..];
        let length = inside
            .iter()
            .take(LOOKED_AT)
            .position(|byte| *byte <= b' ' || b",[](){}\"'".contains(byte))?;
        let closes = match bytes[value] {
            b'[' => b']',
            b'(' => b')',
            _ => return None,
        };
        let ends = form::ends_placeholder(inside.get(length + 1));
        if inside[length] != closes || length == 0 || closes == b')' && !ends {
            return None;
        }
        let (text, _) = self.peek(value + 1, End::Word);
        // `(value)` is a term of a program as well.
        if closes == b')' && !(form::is_mixed(text) || form::is_random(text)) {
            return Some(None);
        }
        if text.len() == length {
            let claim = self.bare(value + 1).map(|claim| Claim {
                extent: match claim.extent {
                    // The line goes on behind the bracket.
                    Extent::To(End::Line) => Extent::To(End::Word),
                    extent => extent,
                },
                ..claim
            });
            return Some(claim);
        }
        // `[value]x` is a word that begins with a bracket.
        (!ends).then(|| self.bare(value))
    }

    // Bare values.

    fn bare(&self, value: usize) -> Option<Claim> {
        let end = self.end_of_bare();
        let bytes = self.around.bytes;
        match credential::behind_scheme(self, value, end) {
            Behind::Masked => return None,
            Behind::Credential(start) => {
                return Some(self.claimed(start, Extent::To(end), Quotes::None));
            }
            Behind::Other => {}
        }
        let (text, _) = match end {
            End::Markup { .. } => {
                let (text, whole) = self.peek(value, end);
                (text.trim_ascii_end(), whole)
            }
            _ => self.peek(value, End::Word),
        };
        let after = &bytes[value + text.len()..];
        if text.is_empty()
            || reference::leading(&bytes[value..], self.sense.thorough).is_some()
            || !self.accepts_bare(text, after)
        {
            return None;
        }
        Some(self.claimed(value, Extent::To(end), Quotes::None))
    }

    fn end_of_bare(&self) -> End {
        let Separator { sign, spaced, .. } = self.separator;
        match sign {
            _ if self.is_phrase() => End::Line,
            Sign::Tag => End::Markup {
                escaped: self.separator.escaped,
            },
            Sign::Encoded => End::Encoded,
            Sign::Equals | Sign::Colon if spaced && self.is_at_line_start() => {
                if sign == Sign::Equals || self.is_indented() {
                    End::Line
                } else {
                    End::Word
                }
            }
            _ => End::Word,
        }
    }

    // Where the name stands.

    /// What is before the name, without blanks.
    pub(super) fn before(&self) -> &'a [u8] {
        self.around.bytes[..self.found.from].trim_ascii_end()
    }

    /// Behind a bracket or a comma, as in a record of a program.
    pub(super) fn is_in_object(&self) -> bool {
        self.before()
            .last()
            .is_some_and(|byte| b"{([,;&?|".contains(byte))
    }

    /// At the beginning of a line, behind blanks and marks of lists and patches.
    pub(super) fn is_at_line_start(&self) -> bool {
        self.line_start().is_some()
    }

    fn is_indented(&self) -> bool {
        self.line_start().is_some_and(|lead| !lead.is_empty())
    }

    /// What stands before the name on its line, if that is next to nothing.
    fn line_start(&self) -> Option<&'a [u8]> {
        let head = &self.around.bytes[..self.found.from];
        let lead = head.strip_suffix(b"export ").unwrap_or(head);
        let other = |&byte: &u8| !is_blank(byte) && !b"-+>*#".contains(&byte);
        let from = lead.iter().rposition(other).map_or(0, |at| at + 1);
        let before = &lead[..from];
        let before = before.strip_suffix(b"\xef\xbb\xbf").unwrap_or(before);
        let begins = match before.last() {
            Some(&last) => last == b'\n',
            None => self.around.begins,
        };
        begins.then_some(&head[from..])
    }
}

/// A value behind what wraps it in code: `Some("x")`, `b'x'`, `&x`, `N'x'`, CDATA.
fn unwrapped(bytes: &[u8], at: usize) -> usize {
    const WRAPPERS: [&[u8]; 12] = [
        b"<![CDATA[",
        b"Some(",
        b"Ok(",
        b"Just(",
        b"Optional(",
        b"Optional[",
        b"!!str ",
        b"String(",
        b"Secret(",
        b"SecretStr(",
        b"map",
        b"&",
    ];
    let rest = &bytes[at.min(bytes.len())..];
    let first = rest.first().copied().unwrap_or(0);
    for wrapper in WRAPPERS {
        if wrapper[0] != first {
            continue;
        }
        if let Some(inner) = rest.strip_prefix(wrapper) {
            let opens = match wrapper {
                b"map" => inner.starts_with(b"["),
                b"&" => inner.starts_with(b"{") || inner.starts_with(b"\""),
                _ => !inner.is_empty(),
            };
            if opens {
                return at + wrapper.len();
            }
        }
    }
    // Letters that mark a string: b"", u'', r"", f"", N'', E'', $'', @"".
    let letters = count(&rest[..rest.len().min(2)], |byte| {
        byte.is_ascii_alphabetic() || b"$@%#:".contains(&byte)
    });
    let quoted = rest
        .get(letters)
        .is_some_and(|byte| matches!(byte, b'"' | b'\''));
    let container = letters == 1 && matches!(rest[0], b'%' | b'#') && rest.get(1) == Some(&b'{');
    if letters > 0 && (quoted || container) {
        at + letters
    } else {
        at
    }
}
