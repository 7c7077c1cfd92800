//! What is written instead of a secret, by us or by others.

use super::spans::Quotes;

const OTHERS: [&[u8]; 12] = [
    b"[Filtered]",
    b"[FILTERED]",
    b"[MASKED]",
    b"[masked]",
    b"[HIDDEN]",
    b"[Redacted]",
    b"[redacted]",
    b"<redacted>",
    b"<REDACTED>",
    b"<masked>",
    b"<hidden>",
    b"REDACTED",
];

/// Whether `value` is, as a whole, a mask of ours or of another tool.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    value == b"[REDACTED]"
        || is_labelled(value)
        || is_run(value, b'*', 3)
        || is_run(value, b'x', 5)
        || is_run(value, b'X', 5)
        || OTHERS.contains(&value)
}

fn is_labelled(value: &[u8]) -> bool {
    value
        .strip_prefix(b"[REDACTED:")
        .and_then(|rest| rest.strip_suffix(b"]"))
        .is_some_and(|label| {
            (1..=64).contains(&label.len())
                && label
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(byte))
        })
}

fn is_run(value: &[u8], byte: u8, least: usize) -> bool {
    value.len() >= least && value.iter().all(|&other| other == byte)
}

/// The mask of a rule, with its quotes.
pub(crate) fn mask(label: Option<&str>, quotes: Quotes) -> Vec<u8> {
    let text = match label {
        Some(label) => format!("[REDACTED:{label}]"),
        None => "[REDACTED]".to_owned(),
    };
    let quoted = |level: usize, quote: &str| {
        let quote = "\\".repeat((1 << level) - 1) + quote;
        format!("{quote}{text}{quote}")
    };
    let mask = match quotes {
        Quotes::None => text,
        Quotes::Double(level) => quoted(level, "\""),
        Quotes::Single(level) => quoted(level, "'"),
        Quotes::Null => "null".to_owned(),
    };
    mask.into_bytes()
}
