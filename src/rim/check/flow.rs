//! Flow style: JSON, and YAML in brackets.
//!
//! One look from left to right, with a stack for what is open. What is not closed ends
//! with its document; a look that finds too much there is better than none.

use std::ops::Range;

use crate::rim::check::kubernetes::{Part, Value};

/// How many collections are open at most that names and values are told of: no manifest has
/// as many, and a file of nothing but brackets is not to take memory.
const DEEPEST: usize = 64;

/// What a collection held.
pub(super) struct Flow {
    /// Where it ends: after its last bracket.
    pub(super) end: usize,
    /// What it holds as a part of the manifest around it.
    pub(super) values: Vec<Value>,
    /// The values of the Secrets in it.
    pub(super) found: Vec<Value>,
}

/// A collection that is open.
struct Frame {
    list: bool,
    /// Which part of the mapping around it this one is.
    part: Part,
    secret: bool,
    values: Vec<Value>,
    /// The name whose value is next.
    name: Option<Range<usize>>,
}

/// Whether a value begins here that is a collection, and no template.
pub(super) fn begins(value: &[u8]) -> bool {
    matches!(value, [b'[', ..] | [b'{'])
        || matches!(value, [b'{', next, ..] if !matches!(next, b'{' | b'%' | b'#'))
}

/// Reads the collection that begins at `at` and is this part of a manifest.
pub(super) fn read(text: &[u8], mut at: usize, part: Part) -> Flow {
    let mut frames: Vec<Frame> = Vec::new();
    // Collections that are open beyond the deepest.
    let mut beyond = 0_usize;
    let mut flow = Flow {
        end: at,
        values: Vec::new(),
        found: Vec::new(),
    };
    while let Some(next) = token(text, at) {
        at = next + 1;
        match text[next] {
            b'{' | b'[' if frames.len() == DEEPEST => beyond += 1,
            b'}' | b']' if beyond > 0 => beyond -= 1,
            list @ (b'{' | b'[') => {
                let part = frames.last().map_or(part, |frame| frame.part_of_next(text));
                frames.push(Frame::new(list == b'[', part));
            }
            b'}' | b']' => {
                flow.close(&mut frames);
                if frames.is_empty() {
                    flow.end = at;
                    return flow;
                }
            }
            b',' if beyond == 0 => {
                if let Some(frame) = frames.last_mut() {
                    frame.name = None;
                }
            }
            b':' | b',' => {}
            // An anchor or the name of a type.
            b'&' | b'!' => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b",{}[]".contains(byte);
                at += text[at..].iter().take_while(|byte| !ends(byte)).count();
            }
            _ => {
                let scalar;
                (scalar, at) = content(text, next);
                if let Some(frame) = frames.last_mut().filter(|_| beyond == 0) {
                    frame.scalar(text, scalar);
                }
            }
        }
    }
    while !frames.is_empty() {
        flow.close(&mut frames);
    }
    flow.end = document_end(text, at);
    flow
}

impl Flow {
    /// The innermost collection ends.
    fn close(&mut self, frames: &mut Vec<Frame>) {
        let Some(frame) = frames.pop() else {
            return;
        };
        if frame.secret {
            self.found.extend(frame.values);
        } else if frame.part != Part::Other {
            let around = frames.last_mut();
            around
                .map_or(&mut self.values, |around| &mut around.values)
                .extend(frame.values);
        }
    }
}

impl Frame {
    fn new(list: bool, part: Part) -> Self {
        Self {
            list,
            part,
            secret: false,
            values: Vec::new(),
            name: None,
        }
    }

    fn part_of_next(&self, text: &[u8]) -> Part {
        let name = self.name.clone().filter(|_| !self.list);
        name.map_or(Part::Other, |name| Part::of(&text[name]))
    }

    fn scalar(&mut self, text: &[u8], range: Range<usize>) {
        if self.list {
            return;
        }
        let Some(name) = &self.name else {
            self.name = Some(range);
            return;
        };
        if &text[name.clone()] == b"kind" {
            self.secret = &text[range.clone()] == b"Secret";
        }
        if self.part != Part::Other {
            let coded = self.part == Part::Data;
            self.values.push(Value { range, coded });
        }
    }
}

/// Where the next token begins; none where the document ends.
fn token(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *text.get(at)? {
            b'-' if at > 0 && text[at - 1..].starts_with(b"\n---") => return None,
            b'#' if at == 0 || text[at - 1].is_ascii_whitespace() => {
                at += memchr::memchr(b'\n', &text[at..])?;
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => return Some(at),
        }
    }
}

/// Where the document that `at` is in ends: before the line that begins the next one.
fn document_end(text: &[u8], at: usize) -> usize {
    let at = at.min(text.len());
    memchr::memmem::find(&text[at..], b"\n---").map_or(text.len(), |newline| at + newline)
}

/// Where the content of the scalar at `at` is, and where the scalar ends.
fn content(text: &[u8], at: usize) -> (Range<usize>, usize) {
    if let quote @ (b'"' | b'\'') = text[at] {
        let end = quoted(text, at + 1, quote);
        (at + 1..end, (end + 1).min(text.len()))
    } else {
        let range = plain(text, at);
        let end = range.end.max(at + 1);
        (range, end)
    }
}

/// Where the quote is that ends the text from `at` on.
fn quoted(text: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(&byte) = text.get(at) {
        at += match (byte, text.get(at + 1)) {
            (b'\\', _) if quote == b'"' => 2,
            (b'\'', Some(b'\'')) if quote == b'\'' => 2,
            _ if byte == quote => return at,
            _ => 1,
        };
    }
    text.len()
}

/// A scalar without quotes, as far as it is in one line.
fn plain(text: &[u8], at: usize) -> Range<usize> {
    let ends = |at: usize| match text[at] {
        b',' | b'{' | b'}' | b'[' | b']' | b'\n' => true,
        b':' => text
            .get(at + 1)
            .is_none_or(|next| b" \t\r\n,{}[]".contains(next)),
        b'#' => text[at - 1].is_ascii_whitespace(),
        _ => false,
    };
    let end = (at + 1..text.len()).find(|&at| ends(at));
    let text = text[at..end.unwrap_or(text.len())].trim_ascii_end();
    at..at + text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Vec<&str>, &str) {
        let flow = read(text.as_bytes(), 0, Part::Other);
        let values = flow.found.into_iter().map(|value| &text[value.range]);
        (values.collect(), &text[flow.end..])
    }

    #[test]
    fn values_of_secrets() {
        let text =
            r#"{"kind": "Secret", "data": {"a": "YQ==", "b\"": "Yg=="}, "x": {"y": "z"}} rest"#;
        assert_eq!(found(text), (vec!["YQ==", "Yg=="], " rest"));
        let text = "[{data: {a: &x YQ==, 'b': !!str 'it''s'}, # why }\n kind: Secret}, {kind: x, data: {a: b}}]";
        assert_eq!(found(text), (vec!["YQ==", "it''s"], ""));
        let text =
            r#"{"items":[{"data":{"a":"YQ=="},"kind":"Secret"}],"kind":"List","data":{"b":"c"}}"#;
        assert_eq!(found(text).0, ["YQ=="]);
    }

    #[test]
    fn what_is_not_closed_ends_with_its_document() {
        let text = "{kind: Secret, stringData: {a: open sesame\n---\nkind: Secret\n";
        assert_eq!(found(text), (vec!["open sesame"], "\n---\nkind: Secret\n"));
        for text in [
            "{", "{\"", "{'a", "{a:", "[[[", "{a: \"\\", "{a: b #", "}", "{&", "{,:",
        ] {
            found(text);
        }
    }
}
