//! What a record leaves to the next: a value that stands on the following line or lines.
//!
//! * `"password":` at a line's end: the next line that is not blank holds the value, if
//!   it begins as one of JSON does and is not indented less.
//! * `password:` alone on a line (YAML): what is indented deeper is the value, if it is
//!   no mapping; `password: |` and `password: >`: all deeper lines.
//! * `"secrets": {` and `[` at a line's end: the strings and numbers of the deeper lines,
//!   up to the bracket that closes it.
//! * `<password>` at a line's end, where it is a tag of XML: the next lines up to the
//!   next tag, as far as they can be its text ([`element`]).
//! * `Content-Disposition: form-data; name="password"`: the lines of the part's body, at
//!   most 255 with its headers.
//! * `"name": "password",` and `- name: password` at a line's end: the next line's value,
//!   if it is called so.
//!
//! The state ends at the first line that has not this shape; it is of constant size.

use super::container::Walk;
use super::element;
use super::ends::{End, any_newline, newline};
use super::form;
use super::judge::{Case, Claim, Extent};
use super::pair;
use super::quote;
use super::reference;
use super::separator::Sign;
use super::text::{count, is_blank};
use crate::core::field::{Demand, Sense};
use crate::core::mask::{Quotes, is_placeholder};

/// So many bytes of a line tell what it is to an open state.
pub(super) const HEAD: usize = 512;

/// A part of a multipart body has at most so many lines.
const PART_LINES: u8 = 255;

/// A value that is still to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carry {
    sense: Sense,
    /// How deep the line of the name is indented.
    indent: usize,
    awaits: Awaits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    /// A value of JSON.
    Json,
    /// A plain or quoted scalar, or a list of them.
    Yaml,
    /// The lines of a block scalar.
    Block,
    /// The rest of a container that is so many brackets deep.
    Container(u64),
    /// The second half of a pair.
    Pair,
    /// The text of an element, of at most so many lines; `escaped`: its tags are written
    /// with `&lt;`.
    Markup { escaped: bool, left: u8 },
    /// The rest of the headers of a part, or its body, of at most so many lines.
    Part { body: bool, left: u8 },
}

/// What a line is to an open state.
pub(super) enum Line {
    /// Not of it: the state ends.
    Other,
    /// Blank or otherwise without a secret: the state stays.
    Kept(Carry),
    /// It holds a value; `next`: there may be more.
    Value { claim: Claim, next: Option<Carry> },
    /// It goes on with a container.
    Inside { entry: u32, walk: Walk },
}

/// What the end of a record leaves, where the name stands at its end.
pub(super) fn at_end(case: &Case<'_>) -> Option<Carry> {
    let bytes = case.around.bytes;
    if !case.around.ends
        || case.sense.demand == Demand::Likely && case.separator.sign != Sign::Colon
    {
        return None;
    }
    let rest = bytes[case.separator.value.min(bytes.len())..].trim_ascii_end();
    if case.separator.sign == Sign::Tag && rest.is_empty() {
        let tag = element::tag(bytes, case.found.from, case.around.begins)?;
        return Some(Carry {
            sense: case.sense,
            indent: tag.indent,
            awaits: Awaits::Markup {
                escaped: tag.escaped,
                left: element::LINES,
            },
        });
    }
    let json = case
        .found
        .quote
        .is_some_and(|quote| quote.byte == b'"' && quote.level == 0);
    if case.separator.sign != Sign::Colon {
        return None;
    }
    let awaits = match rest {
        [] if json => Awaits::Json,
        [] if case.found.quote.is_none() && case.is_at_line_start() => Awaits::Yaml,
        [b'|' | b'>', more @ ..]
            if case.is_at_line_start()
                && more.len() < 4
                && more.iter().all(|byte| b"+-123456789".contains(byte)) =>
        {
            Awaits::Block
        }
        [b'{' | b'['] if json && case.sense.demand == Demand::Any => Awaits::Container(1),
        _ => return None,
    };
    Some(Carry {
        sense: case.sense,
        indent: indent(bytes, case.found.from),
        awaits,
    })
}

/// What a name leaves that ends its record as the first half of a pair.
pub(super) fn pair_at_end(bytes: &[u8], from: usize, after: usize, sense: Sense) -> Option<Carry> {
    let rest = bytes[after..].trim_ascii();
    if rest.is_empty() && is_part(&bytes[..from]) {
        return Some(Carry {
            sense,
            indent: 0,
            awaits: Awaits::Part {
                body: false,
                left: PART_LINES,
            },
        });
    }
    ((rest.is_empty() || rest == b",") && pair::is_name(&bytes[..from])).then(|| Carry {
        sense,
        indent: indent(bytes, from),
        awaits: Awaits::Pair,
    })
}

/// Whether a name is that of a part of a multipart body (RFC 7578).
fn is_part(head: &[u8]) -> bool {
    const HEADER: &[u8] = b"content-disposition:";
    let line = head
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |newline| newline + 1);
    head[line..]
        .windows(HEADER.len())
        .any(|window| window.eq_ignore_ascii_case(HEADER))
}

/// The value that stands on lines below the name, in the same record.
pub(super) fn below(case: &Case<'_>) -> Option<Claim> {
    let bytes = case.around.bytes;
    if case.separator.sign != Sign::Colon || case.found.quote.is_some() || !case.is_at_line_start()
    {
        return None;
    }
    let rest = &bytes[case.separator.value..];
    let block = count(&rest[..rest.len().min(4)], |byte| {
        b"|>+-123456789".contains(&byte)
    });
    let block_scalar = block > 0 && matches!(rest[0], b'|' | b'>');
    let block = if block_scalar { block } else { 0 };
    let blanks = count(&rest[block..], is_blank);
    let line = case.separator.value + block + blanks;
    let carry = Carry {
        sense: case.sense,
        indent: indent(bytes, case.found.from),
        awaits: if block_scalar {
            Awaits::Block
        } else {
            Awaits::Yaml
        },
    };
    let mut at = line + newline(&bytes[line..])?;
    loop {
        let length = memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
        let content = bytes[at..at + length]
            .strip_suffix(b"\r")
            .unwrap_or(&bytes[at..at + length]);
        match carry.line(content) {
            Line::Kept(_) if at + length < bytes.len() => at += length + 1,
            Line::Value { claim, .. } => {
                let deeper = End::Deeper(u8::try_from(carry.indent).unwrap_or(u8::MAX));
                return Some(Claim {
                    start: at + claim.start,
                    extent: match claim.extent {
                        Extent::To(End::Line | End::Record) => Extent::To(deeper),
                        other => other,
                    },
                    whole: false,
                    ..claim
                });
            }
            _ => return None,
        }
    }
}

/// The body of a part of a multipart body in one record, newlines as they are or escaped.
pub(super) fn part(bytes: &[u8], from: usize, after: usize, sense: Sense) -> Option<Claim> {
    let mut at = after + any_newline(&bytes[after..])?;
    if !is_part(&bytes[..from]) {
        return None;
    }
    // Further headers, then an empty line.
    while any_newline(&bytes[at..]).is_none() {
        let length =
            (at..bytes.len().min(at + HEAD)).find(|&end| any_newline(&bytes[end..]).is_some())?;
        at = length + any_newline(&bytes[length..])?;
    }
    at += any_newline(&bytes[at..])?;
    let near = &bytes[at..bytes.len().min(at + form::LOOKED_AT)];
    let text = match End::Part.find(near, 0, true) {
        Ok(end) | Err(end) => &near[..end],
    };
    let unlikely = sense.demand == Demand::Likely && !form::is_likely(text);
    (!text.is_empty() && !unlikely && !form::is_nothing(text, sense.thorough)).then_some(Claim {
        entry: sense.entry,
        start: at,
        extent: Extent::To(End::Part),
        quotes: Quotes::None,
        whole: false,
        carried: false,
    })
}

/// The blanks before the line in which `at` is.
fn indent(bytes: &[u8], at: usize) -> usize {
    let line = bytes[..at]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |newline| newline + 1);
    count(&bytes[line..at], is_blank)
}

impl Carry {
    /// The state behind a container that was opened on this line.
    pub(super) fn in_container(self, depth: u64) -> Self {
        Self {
            awaits: Awaits::Container(depth),
            ..self
        }
    }

    /// What a line is, of which `line` is the content, or at least [`HEAD`] bytes of it.
    pub(super) fn line(&self, line: &[u8]) -> Line {
        let lead = count(&line[..line.len().min(HEAD)], is_blank);
        if let Awaits::Part { body, .. } = self.awaits {
            let Some(next) = self.spent(1) else {
                return Line::Other;
            };
            return match (body, lead == line.len()) {
                (false, false) => Line::Kept(next),
                (_, true) => Line::Kept(next.in_body()),
                (true, false) if line.starts_with(b"--") => Line::Other,
                (true, false) => next.part(line),
            };
        }
        if lead == line.len() {
            return self.spent(1).map_or(Line::Other, Line::Kept);
        }
        if lead >= HEAD {
            return Line::Other;
        }
        let rest = &line[lead..];
        match self.awaits {
            Awaits::Block if lead > self.indent => {
                // A line so short is all of it.
                let masked = reference::leading(rest, self.sense.thorough) == Some(rest.len())
                    || line.len() < HEAD && is_placeholder(rest);
                if masked {
                    return Line::Kept(*self);
                }
                self.value(lead, End::Record, true)
            }
            Awaits::Markup { escaped, .. } => self.text(line, lead, End::Markup { escaped }),
            Awaits::Container(depth) => {
                let closes = matches!(rest[0], b'}' | b']');
                if lead > self.indent || lead == self.indent && closes {
                    let entry = self.sense.entry;
                    let walk = Walk::inside(depth);
                    return Line::Inside { entry, walk };
                }
                Line::Other
            }
            Awaits::Json if lead >= self.indent => self.json(line, lead),
            Awaits::Yaml if lead > self.indent => self.yaml(line, lead),
            Awaits::Pair if lead >= self.indent => self.second(line, lead),
            _ => Line::Other,
        }
    }

    fn value(&self, start: usize, end: End, stays: bool) -> Line {
        self.quoted_value(start, Extent::To(end), Quotes::None, stays)
    }

    fn quoted_value(&self, start: usize, extent: Extent, quotes: Quotes, stays: bool) -> Line {
        Line::Value {
            claim: Claim {
                entry: self.sense.entry,
                start,
                extent,
                quotes,
                whole: true,
                carried: true,
            },
            next: stays.then_some(*self),
        }
    }

    /// The state behind the headers of a part.
    fn in_body(mut self) -> Self {
        if let Awaits::Part { body, .. } = &mut self.awaits {
            *body = true;
        }
        self
    }

    /// The state behind a line that counts as so many; None where that is one too many.
    fn spent(&self, lines: u8) -> Option<Self> {
        let awaits = match self.awaits {
            Awaits::Markup { escaped, left } => Awaits::Markup {
                escaped,
                left: left.checked_sub(lines)?,
            },
            Awaits::Part { body, left } => Awaits::Part {
                body,
                left: left.checked_sub(lines)?,
            },
            other => other,
        };
        Some(Self { awaits, ..*self })
    }

    fn text(&self, line: &[u8], lead: usize, end: End) -> Line {
        let thorough = self.sense.thorough;
        let next = element::text(line, lead, end, self.indent, thorough)
            .and_then(|text| Some((text, self.spent(text.counts)?)));
        match next {
            Some((text, next)) => next.value(lead, end, !text.ends),
            None => Line::Other,
        }
    }

    fn json(&self, line: &[u8], at: usize) -> Line {
        let rest = &line[at..];
        if let Some((quote, length)) = quote::opening(line, at) {
            return self.in_quotes(line, at + length, End::Quote(quote), false);
        }
        if reference::leading(rest, self.sense.thorough).is_some() {
            return Line::Other;
        }
        match rest[0] {
            b'{' | b'[' if self.sense.demand == Demand::Any => {
                if rest[1..].iter().all(u8::is_ascii_whitespace) {
                    return Line::Kept(self.in_container(1));
                }
                let extent = Extent::Container {
                    level: 0,
                    quoted: true,
                };
                self.quoted_value(at, extent, Quotes::Level(0), false)
            }
            b'-' if rest.starts_with(b"- ") => self.yaml(line, at),
            b'-' if !rest.get(1).is_some_and(u8::is_ascii_digit) => Line::Other,
            b'0'..=b'9' | b'-' if self.sense.demand == Demand::Any && !self.sense.counts => {
                self.quoted_value(at, Extent::To(End::Scalar), Quotes::Level(0), false)
            }
            _ => Line::Other,
        }
    }

    fn in_quotes(&self, line: &[u8], start: usize, end: End, stays: bool) -> Line {
        let near = &line[..line.len().min(HEAD)];
        let text = match end.find(near, start.min(near.len()), true) {
            Ok(end) | Err(end) => &near[start.min(end)..end],
        };
        let unlikely = self.sense.demand == Demand::Likely && !form::is_likely(text);
        if unlikely || form::is_nothing_quoted(text, self.sense.thorough) {
            return Line::Other;
        }
        self.value(start, end, stays)
    }

    fn yaml(&self, line: &[u8], lead: usize) -> Line {
        let listed = line[lead..].starts_with(b"- ");
        let at = lead + if listed { 2 } else { 0 };
        let rest = &line[at.min(line.len())..];
        if let Some((quote, length)) = quote::opening(line, at) {
            return self.in_quotes(line, at + length, End::Quote(quote), listed);
        }
        let near = &rest[..rest.len().min(HEAD)];
        let name = count(near, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
        });
        let mapping =
            near.get(name) == Some(&b':') && near.get(name + 1).is_none_or(|&byte| byte <= b' ');
        let text = near.trim_ascii_end();
        let unlikely = self.sense.demand == Demand::Likely && !form::is_likely(text);
        let other = matches!(rest.first(), None | Some(b'{' | b'[' | b'#' | b'&' | b'*'));
        if mapping || other || unlikely || form::is_nothing(text, self.sense.thorough) {
            return Line::Other;
        }
        if reference::leading(rest, self.sense.thorough).is_some() {
            return Line::Kept(*self);
        }
        self.value(at, End::Line, true)
    }

    fn second(&self, line: &[u8], lead: usize) -> Line {
        let near = &line[..line.len().min(HEAD)];
        let Some(at) = pair::second(near, lead) else {
            return Line::Other;
        };
        if at >= near.len() {
            return Line::Other;
        }
        match self.json(line, at) {
            Line::Other if quote::opening(line, at).is_none() => {
                let rest = &line[at..];
                let text = near[at..].trim_ascii_end();
                let unlikely = self.sense.demand == Demand::Likely && !form::is_likely(text);
                let other = b"{[}]|>,".contains(&rest[0])
                    || reference::leading(rest, self.sense.thorough).is_some();
                if unlikely || other || form::is_nothing(text.trim_ascii_end(), self.sense.thorough)
                {
                    return Line::Other;
                }
                self.value(at, End::Line, false)
            }
            Line::Kept(_) => Line::Other,
            line => line,
        }
    }

    fn part(&self, line: &[u8]) -> Line {
        let near = &line[..line.len().min(HEAD)];
        let unlikely = self.sense.demand == Demand::Likely && !form::is_likely(near);
        if unlikely || form::is_nothing(near, self.sense.thorough) {
            return Line::Kept(*self);
        }
        self.value(0, End::Record, true)
    }
}
