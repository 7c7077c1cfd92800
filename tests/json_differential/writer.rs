//! Writes a document as one of many serializers would, and beside it what has to become
//! of it.

use blackbar::Values;

use crate::node::{KEPT, Member, Node};
use crate::torture::MASK;

/// How a serializer writes.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) layout: Layout,
    /// Letters beyond ASCII as `\uXXXX`, with digits in upper case or not.
    pub(crate) upper_hex: Option<bool>,
    /// `\/`, as PHP does.
    pub(crate) slash: bool,
    /// `\u0022` and `\u0027`, as PHP can.
    pub(crate) quotes: bool,
    /// `\u003c`, `\u003e` and `\u0026`, as Go does.
    pub(crate) angles: bool,
    /// Letters of keys as `\u00XX`.
    pub(crate) keys: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    Compact,
    Spaced,
    Wide,
    Indented(&'static str),
}

/// Stands for a quote that comes with a mask, at level 0; its successors for the levels
/// below. Such a quote is written in one way, whatever the dialect.
const QUOTE: u32 = 0xE000;
const LEVELS: u32 = 16;

/// A text, and what has to become of it.
#[derive(Default)]
pub(crate) struct Written {
    before: String,
    after: String,
}

impl Written {
    pub(crate) fn of(document: &Node, dialect: &Dialect, values: Values) -> Self {
        let mut writer = Writer {
            dialect,
            values,
            indent: 0,
            out: Self::default(),
        };
        writer.node(document, false);
        writer.out
    }

    /// A record with this, and what stands around it, as its message.
    pub(crate) fn in_a_string(&self, around: (&str, &str), dialect: &Dialect) -> Self {
        let (open, comma, close) = match dialect.layout {
            Layout::Compact => (r#"{"level":"info","msg":""#, "\",", r#""n":5}"#),
            _ => (r#"{"level": "info", "msg": ""#, "\", ", r#""n": 5}"#),
        };
        let wrap = |text: &str| {
            let text = dialect.escaped(&format!("{}{text}{}", around.0, around.1));
            format!("{open}{text}{comma}{close}")
        };
        Self {
            before: wrap(&self.before),
            after: wrap(&self.after),
        }
    }

    /// With real quotes at the masks.
    pub(crate) fn finished(self) -> (String, String) {
        let mut after = String::new();
        for char in self.after.chars() {
            match u32::from(char).checked_sub(QUOTE) {
                Some(level) if level < LEVELS => {
                    after.push_str(&"\\".repeat((1 << level) - 1));
                    after.push('"');
                }
                _ => after.push(char),
            }
        }
        (self.before, after)
    }

    fn both(&mut self, text: &str) {
        self.before.push_str(text);
        self.after.push_str(text);
    }

    fn replaced(&mut self, before: &str, after: &str) {
        self.before.push_str(before);
        self.after.push_str(after);
    }
}

impl Dialect {
    pub(crate) fn escaped(&self, text: &str) -> String {
        let mut out = String::new();
        for char in text.chars() {
            let code = u32::from(char);
            match char {
                '\\' => out.push_str("\\\\"),
                '"' if !self.quotes => out.push_str("\\\""),
                '/' if self.slash => out.push_str("\\/"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '"' | '\'' if self.quotes => out.push_str(&self.hex(char)),
                '<' | '>' | '&' if self.angles => out.push_str(&self.hex(char)),
                '\0'..=' ' if char != ' ' => out.push_str(&self.hex(char)),
                _ if (QUOTE..QUOTE + LEVELS).contains(&code) => {
                    out.push(char::from_u32(code + 1).unwrap())
                }
                _ if self.upper_hex.is_some() && !char.is_ascii() => out.push_str(&self.hex(char)),
                _ => out.push(char),
            }
        }
        out
    }

    fn hex(&self, char: char) -> String {
        let units = |unit: &mut u16| match self.upper_hex {
            Some(true) => format!("\\u{unit:04X}"),
            _ => format!("\\u{unit:04x}"),
        };
        char.encode_utf16(&mut [0; 2])
            .iter_mut()
            .map(units)
            .collect()
    }

    fn key(&self, name: &str) -> String {
        let escaped = |(at, char): (usize, char)| {
            if self.keys && char.is_ascii_alphabetic() && at % 3 != 1 {
                self.hex(char)
            } else {
                self.escaped(char.encode_utf8(&mut [0; 4]))
            }
        };
        name.chars().enumerate().map(escaped).collect()
    }
}

struct Writer<'a> {
    dialect: &'a Dialect,
    values: Values,
    indent: usize,
    out: Written,
}

impl Writer<'_> {
    /// Under a sensitive name, or in a container that is, if `sensitive`.
    fn node(&mut self, node: &Node, sensitive: bool) {
        match node {
            Node::Null => self.out.both("null"),
            Node::Bool(bool) => self.out.both(&bool.to_string()),
            Node::Number(number) if sensitive => self.out.replaced(number, &self.value_mask()),
            Node::Number(number) => self.out.both(number),
            Node::Text(text) => {
                let text_ = self.dialect.escaped(text);
                self.string(&text_, &text_, sensitive && !KEPT.contains(&text.as_str()));
            }
            Node::Document(behind, document) => {
                let inner = Written::of(document, self.dialect, self.values);
                let escaped = |text: &str| self.dialect.escaped(&format!("{behind}{text}"));
                let (before, after) = (escaped(&inner.before), escaped(&inner.after));
                self.string(&before, &after, sensitive);
            }
            Node::List(_) | Node::Map(_) if sensitive && self.values == Values::String => {
                let mut inside = Writer {
                    out: Written::default(),
                    ..*self
                };
                inside.node(node, false);
                self.out.replaced(&inside.out.before, &self.value_mask());
            }
            Node::List(nodes) => {
                self.container("[", "]", nodes, |writer, node| writer.node(node, sensitive))
            }
            Node::Map(members) => self.container("{", "}", members, |writer, member| {
                writer.member(member, sensitive)
            }),
        }
    }

    fn string(&mut self, before: &str, after: &str, masked: bool) {
        self.out.both("\"");
        self.out.replaced(before, if masked { MASK } else { after });
        self.out.both("\"");
    }

    fn member(&mut self, member: &Member, sensitive: bool) {
        let colon = match self.dialect.layout {
            Layout::Compact => ":",
            Layout::Spaced | Layout::Indented(_) => ": ",
            Layout::Wide => " \t: ",
        };
        self.out
            .both(&format!("\"{}\"{colon}", self.dialect.key(member.name)));
        self.node(&member.value, sensitive || member.is_sensitive());
    }

    fn container<T>(
        &mut self,
        open: &str,
        close: &str,
        items: &[T],
        write: impl Fn(&mut Self, &T),
    ) {
        self.out.both(open);
        self.indent += 1;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out
                    .both(if matches!(self.dialect.layout, Layout::Spaced) {
                        ", "
                    } else {
                        ","
                    });
            }
            self.blank();
            write(self, item);
        }
        self.indent -= 1;
        if !items.is_empty() {
            self.blank();
        }
        self.out.both(close);
    }

    fn blank(&mut self) {
        match self.dialect.layout {
            Layout::Compact | Layout::Spaced => (),
            Layout::Wide => self.out.both("\t "),
            Layout::Indented(indent) => self.out.both(&format!("\n{}", indent.repeat(self.indent))),
        }
    }

    /// What a number or a container becomes.
    fn value_mask(&self) -> String {
        match self.values {
            Values::String => format!("\u{E000}{MASK}\u{E000}"),
            Values::Typed => "null".to_owned(),
        }
    }
}
