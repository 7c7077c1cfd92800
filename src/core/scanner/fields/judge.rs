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
//! | `<name>v<` | yes | yes |
//! | `"name", "v"` | headers and options; pairs if mixed | no |
//! | `Name(v)` | yes | if mixed, or all that stands there |
//! | `name BY 'v'` | yes | no |
//! | `name v` | passwords of one word; random ones | random ones; a line's password of letters and digits |
//!
//! Where an entry demands likely values, the value has to look like a credential too.
//! Never: an empty value, `null`, `true`, `false`, a placeholder, a reference such as
//! `${NAME}`, and bare words that tell a state (`enabled`, `missing`).

use super::carry::{self, Carry};
use super::credential;
use super::ends::{self, End};
use super::form::{self, LOOKED_AT};
use super::name::{self, EXTENT, Found};
use super::pair;
use super::quote::{self, Quote, Spelling};
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

/// Judges the suspect at `at`. Appends the values of the field that it belongs to, and
/// returns what the record leaves if it ends before the value.
pub(super) fn judge(
    names: &FieldNames,
    around: Around<'_>,
    at: usize,
    out: &mut Vec<Claim>,
) -> Option<Carry> {
    if form::is_in_mask(around.bytes, at) {
        return None;
    }
    let before = out.len();
    let left = field(names, around, at, out);
    if left.is_none() && out.len() == before {
        out.extend(service::claim(names, around, at));
    }
    left
}

/// Judges the name that stands around `at`.
fn field(names: &FieldNames, around: Around<'_>, at: usize, out: &mut Vec<Claim>) -> Option<Carry> {
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
        let mut buffer = [0; 4 * EXTENT];
        let text = name::decoded(&bytes[found.start..found.end], &mut buffer);
        let Some(sense) = names.sense(text) else {
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
            let plain = bytes[found.start..found.end].iter().all(|&byte| {
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
        if self.is_working_directory() || self.is_path() {
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
        if form::leading_placeholder(&bytes[value..]).is_some() {
            return None;
        }
        if let Some((quote, length)) = quote::opening(bytes, value) {
            return self.quoted(quote, value + length);
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

    /// Whether a mask of ours is the value already.
    fn is_masked(&self) -> bool {
        let bytes = self.around.bytes;
        let value = self.separator.value;
        let value = value + quote::opening(bytes, value).map_or(0, |(_, length)| length);
        bytes
            .get(value..)
            .is_some_and(|rest| form::leading_placeholder(rest).is_some())
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

    fn accepts_quoted(&self, text: &[u8], whole: bool, start: usize) -> bool {
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
            Sign::Paren => self.is_constructor(),
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

    /// `Password("x")`, not `getPassword("x")`.
    fn is_constructor(&self) -> bool {
        let bytes = self.around.bytes;
        let name = &bytes[self.found.start..self.found.end];
        let before = self.found.from.checked_sub(1).map(|at| bytes[at]);
        name[0].is_ascii_uppercase()
            && name.len() <= 24
            && before.is_none_or(|byte| byte <= b' ' || b"({[,:=<&".contains(&byte))
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
        let masked = form::leading_placeholder(inside)
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
            .position(|byte| *byte <= b' ' || b",[]{}\"'".contains(byte))?;
        let is_single = bytes[value] == b'[' && inside[length] == b']' && length > 0;
        if !is_single {
            return None;
        }
        let (text, _) = self.peek(value + 1, End::Word);
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
        let goes_on = !form::ends_placeholder(inside.get(length + 1));
        goes_on.then(|| self.bare(value))
    }

    // Bare values.

    fn bare(&self, value: usize) -> Option<Claim> {
        let end = self.end_of_bare();
        let bytes = self.around.bytes;
        let (text, _) = match end {
            End::Markup { .. } => {
                let (text, whole) = self.peek(value, end);
                (text.trim_ascii_end(), whole)
            }
            _ => self.peek(value, End::Word),
        };
        let after = &bytes[value + text.len()..];
        if text.is_empty()
            || form::leading_placeholder(&bytes[value..]).is_some()
            || !self.accepts_bare(text, after)
        {
            return None;
        }
        Some(self.claimed(value, Extent::To(end), Quotes::None))
    }

    fn end_of_bare(&self) -> End {
        let Separator { sign, spaced, .. } = self.separator;
        match sign {
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

    pub(super) fn accepts_bare(&self, text: &[u8], after: &[u8]) -> bool {
        if form::is_nothing(text, self.sense.thorough)
            || self.sense.demand == Demand::Likely && !form::is_likely(text)
        {
            return false;
        }
        let numeric = text
            .iter()
            .all(|byte| byte.is_ascii_digit() || b".,+-".contains(byte));
        if numeric && self.sense.counts {
            return false;
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

    // Where the name stands.

    /// What is before the name, without blanks.
    fn before(&self) -> &'a [u8] {
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
        let line = match head.iter().rposition(|&byte| byte == b'\n') {
            Some(newline) => &head[newline + 1..],
            None if self.around.begins => head,
            None => return None,
        };
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let rest = line.strip_suffix(b"export ").unwrap_or(line);
        rest.iter()
            .all(|&byte| is_blank(byte) || b"-+>*#".contains(&byte))
            .then_some(line)
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
    for wrapper in WRAPPERS {
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
