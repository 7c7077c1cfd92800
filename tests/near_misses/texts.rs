//! Texts that begin like a rule's match, again and again, and are none: what makes
//! a matcher start over from every byte (P10).
//!
//! They are made from the rule's own anchors and examples, so that a new rule gets
//! its traps without a word.

use std::sync::Arc;

use blackbar::{Framing, Piece, Redactor, RuleSource, Session};

/// A text of any length: a head, one unit repeated, a tail.
pub(crate) struct NearMiss {
    /// What it is made of, for messages.
    pub(crate) name: String,
    head: Vec<u8>,
    unit: Vec<u8>,
    tail: Vec<u8>,
}

impl NearMiss {
    /// One line of `bytes` bytes, and no newline.
    pub(crate) fn line(&self, bytes: usize) -> Vec<u8> {
        let ends = self.head.len() + self.tail.len();
        let mut line = self.head.clone();
        line.extend(self.unit.iter().cycle().take(bytes.saturating_sub(ends)));
        line.extend_from_slice(&self.tail);
        line
    }
}

/// The near misses of one rule, which `redactor` runs.
pub(crate) fn of(rule: &RuleSource, redactor: &Arc<Redactor>) -> Vec<NearMiss> {
    let mut texts = Vec::new();
    let mut add = |name: String, head: &[u8], unit: &[u8], tail: &[u8]| {
        let line = |bytes: &[u8]| {
            bytes
                .iter()
                .copied()
                .filter(|&byte| byte != b'\n')
                .collect::<Vec<_>>()
        };
        let text = NearMiss {
            name,
            head: line(head),
            unit: line(unit),
            tail: line(tail),
        };
        let known = |other: &NearMiss| {
            (&other.head, &other.unit, &other.tail) == (&text.head, &text.unit, &text.tail)
        };
        if !text.unit.is_empty() && !texts.iter().any(known) {
            texts.push(text);
        }
    };
    for anchor in rule.anchors() {
        let name = anchor.escape_ascii();
        add(format!("{name}, repeated"), b"", anchor, b"");
        for byte in [b' ', b'a', b'"'] {
            let unit = [anchor.as_slice(), &[byte]].concat();
            add(
                format!("{}, repeated", unit.escape_ascii()),
                b"",
                &unit,
                b"",
            );
        }
    }
    for (number, example) in rule.examples().iter().enumerate() {
        let number = number + 1;
        let input = example.input.as_bytes();
        for (start, end) in masked(input, redactor) {
            let (before, secret) = (&input[..start], &input[start..end]);
            let opened = &input[..=start];
            // From the last place where a match may begin, so that one byte less lies between two starts.
            let anchor = rule
                .anchors()
                .iter()
                .filter_map(|anchor| position(opened, anchor))
                .max()
                .unwrap_or(0);
            add(
                format!("example {number} up to its secret, repeated"),
                b"",
                before,
                b"",
            );
            add(
                format!("example {number} cut one byte short, repeated"),
                b"",
                &input[..end - 1],
                b"",
            );
            add(
                format!("example {number} opened again and again"),
                b"",
                &opened[anchor..],
                b"",
            );
            add(
                format!("example {number} opened again and again, closed once"),
                b"",
                &opened[anchor..],
                &input[start + 1..],
            );
            add(
                format!("example {number} opened, its secret without an end"),
                opened,
                secret,
                b"",
            );
            let spaced = [&opened[anchor..], &secret.repeat(1000 / secret.len() + 1)].concat();
            add(
                format!("example {number} opened every 1000 bytes"),
                b"",
                &spaced,
                b"",
            );
        }
    }
    texts
}

/// Names of sensitive fields, again and again, with what a value may follow and without.
/// A mask may stand among them; what is dear about them is to look for a value's end.
pub(crate) fn of_names() -> impl Iterator<Item = NearMiss> {
    const UNITS: [&str; 22] = [
        "password",
        "password: ",
        "token ",
        "key ",
        "keys: ",
        "\"password\":",
        "\\\"password\\\":",
        "secrets: {",
        "password='",
        "password=\"",
        "password=[",
        "secret(",
        "{\"secrets\":",
        "{\"secrets\":[",
        "cookie: a=",
        "Authorization: Basic ",
        "--token ",
        "<password>",
        "&token=",
        "%70assword%3D",
        "\\u0070assword=",
        "{\"name\":\"password\",\"value\":",
    ];
    // Found again and again, or looked for from one place to the end.
    let heads = UNITS
        .iter()
        .filter(|unit| unit.ends_with(['{', '[', '(', '\'', '"', ':']));
    let open = heads.flat_map(|head| ["a", "{", "\\", " "].map(|unit| (*head, unit)));
    UNITS
        .iter()
        .map(|unit| ("", *unit))
        .chain(open)
        .map(|(head, unit)| NearMiss {
            name: match head {
                "" => format!("{unit}, repeated"),
                _ => format!("{head} and then {unit:?}, repeated"),
            },
            head: head.as_bytes().to_vec(),
            unit: unit.as_bytes().to_vec(),
            tail: Vec::new(),
        })
}

/// Where `redactor` puts masks in `text`.
fn masked(text: &[u8], redactor: &Arc<Redactor>) -> Vec<(usize, usize)> {
    let mut session = Session::new(Arc::clone(redactor), Framing::Lines);
    let mut pieces = Vec::new();
    // Whole lines in one write leave as ranges of the chunk, so the gaps between these are the masks.
    let chunk = [text, b"\n"].concat();
    session.write(&chunk, &mut pieces);
    let (mut at, mut masked) = (0, Vec::new());
    for piece in pieces {
        if let Piece::Chunk(range) = piece {
            if at < range.start {
                masked.push((at, range.start));
            }
            at = range.end;
        }
    }
    masked
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len().max(1))
        .rposition(|window| window.eq_ignore_ascii_case(part))
}
