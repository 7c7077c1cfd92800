//! Kubernetes manifests: every value of a `kind: Secret` is a secret by definition.
//!
//! A line-based look at YAML as people and tools write manifests: block mappings, `---`
//! between documents, lists of manifests; and what stands in brackets, JSON above all,
//! by [`flow`]. Values under `data` are base64 (a wrong one is
//! no manifest that a cluster would take); those under `stringData` are as they are.
//! Templates and sealed values, whose secret is elsewhere, are left out.

use std::ops::Range;

use crate::rim::check::flow;

/// Where the values of Secrets are in a file of YAML or JSON.
pub(crate) fn values(text: &[u8]) -> Vec<Range<usize>> {
    if memchr::memmem::find(text, b"Secret").is_none() {
        return Vec::new();
    }
    let mut reader = Reader::default();
    let mut at = if text.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    while at < text.len() {
        let line = line(text, at);
        let end = reader.line(text, at, line.trim_ascii_end());
        at = end.map_or(at + line.len(), |end| after_flow(text, end));
    }
    reader.close(0);
    reader
        .found
        .into_iter()
        .filter(|value| !value.coded || is_base64(&text[value.range.clone()]))
        .filter(|value| is_given(&text[value.range.clone()]))
        .map(|value| value.range)
        .collect()
}

/// The line from `at` on, with its end.
fn line(text: &[u8], at: usize) -> &[u8] {
    let rest = &text[at..];
    memchr::memchr(b'\n', rest).map_or(rest, |newline| &rest[..=newline])
}

/// Where to go on after a collection that ends at `end`: with the next one in the line,
/// or else with the next line.
fn after_flow(text: &[u8], end: usize) -> usize {
    let rest = line(text, end);
    let blanks = rest.len() - rest.trim_ascii_start().len();
    if flow::begins(&rest[blanks..]) {
        end + blanks
    } else {
        end + rest.len()
    }
}

#[derive(Default)]
struct Reader {
    /// The manifest that is open, and those around it.
    open: Vec<Manifest>,
    found: Vec<Value>,
}

/// A mapping that may turn out to be a Secret.
struct Manifest {
    indent: usize,
    secret: bool,
    values: Vec<Value>,
    part: Part,
    /// The indent of the names of the part's values, once seen.
    names: Option<usize>,
}

/// Which part of a manifest the lines are in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Other,
    Data,
    StringData,
}

pub(super) struct Value {
    pub(super) range: Range<usize>,
    /// It is to be base64.
    pub(super) coded: bool,
}

impl Part {
    /// By the name that it stands under.
    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"data" => Self::Data,
            b"stringData" => Self::StringData,
            _ => Self::Other,
        }
    }
}

impl Reader {
    /// Takes a line; where a collection in brackets began in it, says where that ended.
    fn line(&mut self, text: &[u8], at: usize, line: &[u8]) -> Option<usize> {
        if line.starts_with(b"---") || line.starts_with(b"...") {
            self.close(0);
            return None;
        }
        let mut indent = line.iter().take_while(|&&byte| byte == b' ').count();
        let mut rest = &line[indent..];
        if rest.is_empty() || rest.starts_with(b"#") {
            return None;
        }
        let item = rest.strip_prefix(b"- ");
        if let Some(item) = item {
            if self.in_value(indent) {
                self.go_on(at + indent, rest);
                return None;
            }
            self.close(indent + 1);
            let blanks = item.iter().take_while(|&&byte| byte == b' ').count();
            indent += 2 + blanks;
            rest = &item[blanks..];
        }
        if self.in_value(indent) {
            self.go_on(at + indent, rest);
            return None;
        }
        self.close(indent + 1);
        if flow::begins(rest) {
            let around = self.open.last().filter(|_| item.is_none());
            let part = around.map_or(Part::Other, |around| around.part);
            return Some(self.flow(text, at + indent, part));
        }
        let (name, value) = entry(rest)?;
        let value_at = at + indent + (rest.len() - value.len());
        if flow::begins(value) {
            self.name(indent, name, b"", value_at);
            return Some(self.flow(text, value_at, Part::of(name)));
        }
        self.name(indent, name, value, value_at);
        None
    }

    /// Takes a collection in brackets that is this part of the manifest that is open.
    fn flow(&mut self, text: &[u8], at: usize, part: Part) -> usize {
        let flow = flow::read(text, at, part);
        self.found.extend(flow.found);
        if let Some(open) = self.open.last_mut() {
            open.values.extend(flow.values);
        }
        flow.end
    }

    /// Whether a line of this indent goes on a value that has begun before.
    fn in_value(&self, indent: usize) -> bool {
        let manifest = self.open.last();
        manifest.is_some_and(|manifest| {
            manifest.part != Part::Other && manifest.names.is_some_and(|names| indent > names)
        })
    }

    fn go_on(&mut self, at: usize, rest: &[u8]) {
        let value = self.open.last_mut().and_then(|open| open.values.last_mut());
        if let Some(value) = value {
            if value.range.is_empty() {
                value.range.start = at;
            }
            value.range.end = at + rest.len();
        }
    }

    fn name(&mut self, indent: usize, name: &[u8], value: &[u8], at: usize) {
        if let Some(open) = self.open.last_mut().filter(|open| open.indent < indent) {
            let names = *open.names.get_or_insert(indent);
            if open.part != Part::Other && names == indent {
                let range = scalar(value, at);
                let coded = open.part == Part::Data;
                return open.values.push(Value { range, coded });
            }
        }
        if self.open.last().is_none_or(|open| open.indent < indent) {
            self.open.push(Manifest {
                indent,
                secret: false,
                values: Vec::new(),
                part: Part::Other,
                names: None,
            });
        }
        let open = self.open.last_mut().expect("one was pushed");
        open.names = None;
        open.part = if value.is_empty() {
            Part::of(name)
        } else {
            Part::Other
        };
        if name == b"kind" {
            open.secret = unquoted(value) == b"Secret";
        }
    }

    /// Manifests of this indent or deeper have ended.
    fn close(&mut self, indent: usize) {
        while let Some(manifest) = self.open.pop_if(|open| open.indent >= indent) {
            if manifest.secret {
                self.found.extend(manifest.values);
            }
        }
    }
}

/// The name and the value of `name: value`.
fn entry(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = (0..line.len())
        .find(|&at| line[at] == b':' && line.get(at + 1).is_none_or(|next| *next == b' '))?;
    let value = line[colon + 1..].trim_ascii_start();
    let value = if value.starts_with(b"#") { &[] } else { value };
    Some((unquoted(&line[..colon]), value))
}

fn unquoted(text: &[u8]) -> &[u8] {
    let text = match memchr::memmem::find(text, b" #") {
        Some(comment) => text[..comment].trim_ascii_end(),
        None => text,
    };
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => text,
    }
}

/// Where the content of a scalar is that stands at `at`: empty for a block that follows.
fn scalar(value: &[u8], at: usize) -> Range<usize> {
    if value.starts_with(b"|") || value.starts_with(b">") {
        return at..at;
    }
    let inner = unquoted(value);
    let quote = usize::from(matches!(value.first(), Some(b'"' | b'\'')) && inner != value);
    at + quote..at + quote + inner.len()
}

/// Whether a value is there, and not in another place.
fn is_given(value: &[u8]) -> bool {
    const ELSEWHERE: [&[u8]; 6] = [b"{{", b"${", b"$(", b"ENC[", b"[REDACTED", b"***"];
    !matches!(value, b"" | b"null" | b"~")
        && !ELSEWHERE.iter().any(|prefix| value.starts_with(prefix))
}

/// Whether the text is base64 of the standard alphabet, in one line or in several.
fn is_base64(text: &[u8]) -> bool {
    let mut letters = 0;
    let mut padding = 0;
    for &byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => letters += 1,
            _ => return false,
        }
    }
    letters > 0 && padding <= 2 && (letters + padding) % 4 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        values(text.as_bytes())
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn values_of_secrets() {
        let text = "apiVersion: v1\ndata:\n  a: aHVudGVyMg==\n  b: \"cGFzcw==\" # why\nkind: Secret\n\
                    stringData:\n  c: open sesame\n  d: |\n    one\n    two: three\n  e: {{ x }}\nmetadata:\n  f: g\n";
        let expected = [
            "aHVudGVyMg==",
            "cGFzcw==",
            "open sesame",
            "one\n    two: three",
        ];
        assert_eq!(found(text), expected);
    }

    #[test]
    fn other_kinds_have_none() {
        for kind in ["ConfigMap", "SealedSecret", "\"Secrets\""] {
            let text = format!("kind: {kind}\ndata:\n  a: aHVudGVyMg==\n");
            assert!(found(&text).is_empty(), "{kind}");
        }
        // The kind of one document says nothing of the next.
        let text = "kind: Secret\n---\nkind: ConfigMap\ndata:\n  a: aHVudGVyMg==\n";
        assert!(found(text).is_empty());
    }

    #[test]
    fn lists_and_helm_templates() {
        let text = "kind: List\nitems:\n- kind: Secret\n  data:\n    a: YQ==\n  type: Opaque\n\
                    - kind: ConfigMap\n  data:\n    a: YQ==\n- data:\n    b: Yg==\n  kind: 'Secret'\n";
        assert_eq!(found(text), ["YQ==", "Yg=="]);
        let text = "kind: Secret\ndata:\n  a: {{ .Values.a | b64enc }}\n  b: not base64!\n  c:\n";
        assert!(found(text).is_empty());
    }
}
