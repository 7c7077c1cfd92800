//! `{esc:TEXT}`: punctuation as log lines spell it, plain, escaped or encoded.
//!
//! `://` turns up as `:\/\/` (PHP's JSON), `\u003a\u002f\u002f` and `%3A%2F%2F`. The
//! macro stands for all of them, one dialect for the whole of TEXT.

use std::fmt::Write as _;

/// How many backslashes a slash may carry: JSON in JSON has three.
const SLASHES: std::ops::RangeInclusive<usize> = 1..=3;

/// Replaces the macros of a pattern by alternations.
///
/// # Errors
///
/// A sentence where a macro is not closed.
pub(crate) fn in_pattern(pattern: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(pattern.len());
    for part in parts(pattern)? {
        match part {
            Part::Plain(text) => out.push_str(text),
            Part::Macro(text) => {
                let all: Vec<String> = spellings(text).iter().map(Spelling::pattern).collect();
                let _ = write!(out, "(?:{})", all.join("|"));
            }
        }
    }
    Ok(out)
}

/// Appends an anchor's spellings: each one a literal.
///
/// # Errors
///
/// A sentence where a macro is not closed.
pub(crate) fn in_anchor(anchor: &str, out: &mut Vec<Vec<u8>>) -> Result<(), &'static str> {
    // Most have none, and there are thousands.
    if !anchor.contains('{') {
        out.push(anchor.into());
        return Ok(());
    }
    let mut all = vec![Vec::new()];
    for part in parts(anchor)? {
        let next: Vec<Vec<u8>> = match part {
            Part::Plain(text) => vec![text.into()],
            Part::Macro(text) => spellings(text)
                .iter()
                .flat_map(Spelling::literals)
                .collect(),
        };
        all = all
            .iter()
            .flat_map(|head: &Vec<u8>| next.iter().map(move |tail| [&head[..], tail].concat()))
            .collect();
    }
    all.sort();
    all.dedup();
    out.append(&mut all);
    Ok(())
}

enum Part<'a> {
    Plain(&'a str),
    Macro(&'a str),
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((plain, macro_and_rest)) = rest.split_once("{esc:") {
        let (inner, after) = macro_and_rest
            .split_once('}')
            .ok_or("`{esc:` is not closed; write {esc:TEXT}")?;
        parts.push(Part::Plain(plain));
        parts.push(Part::Macro(inner));
        rest = after;
    }
    parts.push(Part::Plain(rest));
    Ok(parts)
}

/// TEXT in one dialect.
struct Spelling<'a> {
    text: &'a str,
    dialect: Dialect,
}

#[derive(Clone, Copy)]
enum Dialect {
    Plain,
    /// Slashes behind so many backslashes.
    Slashes(usize),
    /// `\u003a`.
    Unicode,
    /// `%3A`.
    Percent,
    /// `%253A`: encoded twice.
    PercentTwice,
}

fn spellings(text: &str) -> Vec<Spelling<'_>> {
    let mut dialects = vec![
        Dialect::Plain,
        Dialect::Unicode,
        Dialect::Percent,
        Dialect::PercentTwice,
    ];
    if text.contains('/') {
        dialects.extend(SLASHES.map(Dialect::Slashes));
    }
    dialects
        .into_iter()
        .map(|dialect| Spelling { text, dialect })
        .collect()
}

impl Spelling<'_> {
    fn pattern(&self) -> String {
        self.text.chars().fold(String::new(), |mut out, char| {
            let code = u32::from(char);
            if char.is_ascii_alphanumeric() {
                out.push(char);
                return out;
            }
            let _ = match self.dialect {
                Dialect::Slashes(count) if char == '/' => write!(out, "\\\\{{{count}}}/"),
                Dialect::Plain | Dialect::Slashes(_) => write!(out, "\\x{code:02x}"),
                // Deeper JSON puts more backslashes before the same escape.
                Dialect::Unicode => write!(out, "\\\\{{1,3}}u(?i:{code:04x})"),
                Dialect::Percent => write!(out, "%(?i:{code:02x})"),
                Dialect::PercentTwice => write!(out, "%25(?i:{code:02x})"),
            };
            out
        })
    }

    /// For the anchors: as much of the beginning as is spelled in few ways.
    fn literals(&self) -> Vec<Vec<u8>> {
        // The backslashes between two escapes vary, and hexadecimal digits have two cases.
        let (escapes, prefix) = match self.dialect {
            Dialect::Plain | Dialect::Slashes(_) => (usize::MAX, ""),
            Dialect::Unicode => (1, "\\u00"),
            Dialect::Percent => (2, "%"),
            Dialect::PercentTwice => (2, "%25"),
        };
        let mut all = vec![String::new()];
        for char in self.text.chars().take(escapes) {
            let code = u32::from(char);
            let spelled = match self.dialect {
                _ if char.is_ascii_alphanumeric() => vec![char.to_string()],
                Dialect::Slashes(count) if char == '/' => vec!["\\".repeat(count) + "/"],
                Dialect::Plain | Dialect::Slashes(_) => vec![char.to_string()],
                _ => cases(&format!("{code:02x}"))
                    .into_iter()
                    .map(|digits| format!("{prefix}{digits}"))
                    .collect(),
            };
            all = all
                .iter()
                .flat_map(|head| spelled.iter().map(move |tail| head.clone() + tail))
                .collect();
        }
        all.into_iter().map(String::into_bytes).collect()
    }
}

/// Hexadecimal digits in every case.
fn cases(digits: &str) -> Vec<String> {
    digits.chars().fold(vec![String::new()], |all, digit| {
        let mut choices = vec![digit.to_ascii_lowercase(), digit.to_ascii_uppercase()];
        choices.dedup();
        all.iter()
            .flat_map(|head| choices.iter().map(move |&choice| format!("{head}{choice}")))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_macro_stands_for_every_spelling() {
        let pattern = in_pattern("^x{esc:://}y$").unwrap();
        let regex = regex_automata::meta::Regex::new(&pattern).unwrap();
        for spelled in [
            "://",
            r":\/\/",
            r":\\\/\\\/",
            r"\u003a\u002F\u002f",
            "%3A%2F%2f",
            "%253a%252f%252f",
        ] {
            assert!(
                regex.is_match(format!("x{spelled}y").as_bytes()),
                "{spelled}"
            );
        }
        assert!(!regex.is_match(b"x:/y"));
        let mut anchors = Vec::new();
        in_anchor("{esc:://}", &mut anchors).unwrap();
        assert!(anchors.contains(&b"://".to_vec()));
        assert!(anchors.contains(&b"\\u003A".to_vec()));
    }

    #[test]
    fn an_open_macro_is_refused() {
        assert!(in_pattern("{esc:://").is_err());
        assert!(in_anchor("a{esc:", &mut Vec::new()).is_err());
    }
}
