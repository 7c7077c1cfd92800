//! Elements of XML whose text stands on the lines behind their tag.
//!
//! A tag is one if it is the first thing on its line, or behind other tags: not
//! `Vec<Secret>`, `GET /users/<token>`, `login <user> <token>`. Its text has no shape that
//! lines of a log have not, and so it has a bound: lines of one word, at most [`LINES`], and
//! those of several words that are indented deeper than the tag's line, or longer than what
//! is looked at of a line, at most 8. JSON, a mask and what tells nothing are no such lines.

use super::carry::HEAD;
use super::ends::End;
use super::form;
use super::separator;
use super::text::is_blank;

/// The text of an element has at most so many lines, blank ones too.
pub(super) const LINES: u8 = 64;

/// A line of several words, or a long one, counts as so many of them.
const COSTLY: u8 = 8;

/// What a mask of ours begins with.
const MASK: &[u8] = b"[REDACTED";

/// A tag that opens an element.
pub(super) struct Tag {
    /// How deep its line is indented, as far as that is known.
    pub(super) indent: usize,
    /// It is written with `&lt;`.
    pub(super) escaped: bool,
}

/// A line of an element's text.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// As how many lines it counts.
    pub(super) counts: u8,
    /// The element ends on it.
    pub(super) ends: bool,
}

/// The tag whose name begins at `from` and that ends `bytes`, if it is one of XML.
/// `begins`: the content begins with `bytes`.
pub(super) fn tag(bytes: &[u8], from: usize, begins: bool) -> Option<Tag> {
    let head = separator::without_prefix(&bytes[..from]);
    let (head, escaped) = match head.strip_suffix(b"<") {
        Some(head) => (head, false),
        None => (head.strip_suffix(b"&lt;")?, true),
    };
    // With a mask in its place an attribute may be shorter than it was.
    if holds_mask(&bytes[head.len()..]) {
        return None;
    }
    let indent = indent(head, begins)?;
    Some(Tag { indent, escaped })
}

/// How deep a line is indented that goes on with a tag behind `head`, at least; None where
/// that tag is none of XML. It is one at the beginning of the line (`begins`: `head` is all
/// of it), behind a tag that only markup has (`</a>`, `<a/>`, `<?a?>`), or, right behind
/// one that opens an element, if that one is, or has a blank or a sign before it.
fn indent(head: &[u8], begins: bool) -> Option<usize> {
    let mut head = head;
    loop {
        let blanks = head.iter().rev().take_while(|byte| is_blank(**byte));
        let before = &head[..head.len() - blanks.count()];
        if matches!(before, b"" | b"\xef\xbb\xbf") {
            return begins.then_some(head.len() - before.len());
        }
        let inside = before.strip_suffix(b">")?;
        let opens = memchr::memrchr2(b'<', b'>', inside)?;
        let tag = &inside[opens..];
        if holds_mask(tag) {
            return None;
        }
        match tag {
            [b'<', b'/' | b'!' | b'?', ..] | [b'<', .., b'/'] => return Some(0),
            [b'<', first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {}
            _ => return None,
        }
        let adjacent = before.len() == head.len();
        head = &inside[..opens];
        if adjacent && head.last().is_some_and(|byte| b" \t=:".contains(byte)) {
            return Some(0);
        }
    }
}

/// What a line is to the element whose tag's line is indented so deep; None if it can be
/// none of its text. `lead`: the blanks that it begins with.
///
/// No line becomes one of the text by masks that are put in it: a line with a mask is none.
pub(super) fn text(
    line: &[u8],
    lead: usize,
    end: End,
    indent: usize,
    thorough: bool,
) -> Option<Text> {
    let near = &line[..line.len().min(HEAD)];
    let (Ok(to) | Err(to)) = end.find(near, lead, true);
    let text = near[lead..to].trim_ascii_end();
    let record = matches!(text, [b'{' | b'[', b'"' | b'{' | b'[', ..]);
    let masked = holds_mask(&line[lead..line.len().min(to + MASK.len())]);
    if record || masked || form::is_nothing(text, thorough) {
        return None;
    }
    let words = text.iter().any(|&byte| byte <= b' ');
    if words && lead <= indent {
        return None;
    }
    let long = to == HEAD;
    Some(Text {
        counts: if words || long { COSTLY } else { 1 },
        // Of a long line that is not known; what follows has a bound.
        ends: to < near.len(),
    })
}

/// Whether a mask of ours begins in `text`.
fn holds_mask(text: &[u8]) -> bool {
    memchr::memmem::find(text, MASK).is_some()
}
