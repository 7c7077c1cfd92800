//! A rule as the text of a pack.

use std::fmt::Write as _;

/// What a made rule says, key by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RuleText {
    /// The second half of its full id.
    pub(crate) id: String,
    /// What it finds, in one line.
    pub(crate) about: String,
    /// The regular expression.
    pub(crate) pattern: String,
    /// Whether ASCII case is ignored.
    pub(crate) ignore_case: bool,
    /// The literals of which every match has one; none to have them derived.
    pub(crate) anchors: Vec<String>,
    /// An anchor begins at most so many bytes after the match.
    pub(crate) lead: usize,
    /// The group to mask; 0 for the whole match.
    pub(crate) secret: usize,
    /// The class of the byte before a match.
    pub(crate) before: Option<String>,
    /// The class of the byte after a match.
    pub(crate) after: Option<String>,
    /// The least entropy of the secret, in bits a byte.
    pub(crate) entropy: Option<f64>,
    /// The page that describes the format.
    pub(crate) source: String,
    /// Texts and what becomes of them.
    pub(crate) examples: Vec<(String, String)>,
    /// Texts that stay.
    pub(crate) passes: Vec<String>,
}

impl RuleText {
    /// The `[[rule]]` of a pack.
    pub(crate) fn to_toml(&self) -> String {
        let mut text = "[[rule]]\n".to_owned();
        let mut line = |key: &str, value: String| {
            let _ = writeln!(text, "{key} = {value}");
        };
        line("id", quoted(&self.id));
        line("about", quoted(&self.about));
        line("pattern", quoted(&self.pattern));
        if self.ignore_case {
            line("ignore_case", "true".to_owned());
        }
        if !self.anchors.is_empty() {
            line("anchors", list(&self.anchors));
        }
        if self.lead > 0 {
            line("lead", self.lead.to_string());
        }
        if self.secret > 0 {
            line("secret", self.secret.to_string());
        }
        for (key, class) in [("before", &self.before), ("after", &self.after)] {
            if let Some(class) = class {
                line(key, quoted(class));
            }
        }
        if let Some(min) = self.entropy {
            let verify = format!("{{ by = \"entropy\", min = {min:?}, on_fail = \"reject\" }}");
            line("verify", verify);
        }
        line("source", quoted(&self.source));
        if !self.examples.is_empty() {
            let pair = |(input, output): &(String, String)| {
                format!("    [{}, {}],\n", quoted(input), quoted(output))
            };
            let pairs: String = self.examples.iter().map(pair).collect();
            line("examples", format!("[\n{pairs}]"));
        }
        if !self.passes.is_empty() {
            line("passes", list(&self.passes));
        }
        text
    }
}

fn list(texts: &[String]) -> String {
    let all: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", all.join(", "))
}

/// A string of TOML: literal where that can be, so that patterns stay readable.
pub(crate) fn quoted(text: &str) -> String {
    let plain = !text.contains(|char: char| char.is_control());
    if plain && !text.contains(['"', '\\']) {
        format!("\"{text}\"")
    } else if plain && !text.contains('\'') {
        format!("'{text}'")
    } else if plain && !text.contains("'''") && !text.ends_with('\'') {
        format!("'''{text}'''")
    } else {
        let mut out = String::from('"');
        for char in text.chars() {
            match char {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                char if char.is_control() => {
                    let _ = write!(out, "\\u{:04X}", u32::from(char));
                }
                char => out.push(char),
            }
        }
        out + "\""
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quoted_texts_come_back() {
        for text in [
            "a",
            "a\"b",
            "a\\d'",
            "'''\"",
            "x'y\\",
            "'",
            "tab\t\u{1b}\n",
            "'a\"b",
        ] {
            let toml = format!("a = {}", quoted(text));
            let table: toml::Table = toml
                .parse()
                .unwrap_or_else(|error| panic!("{toml}: {error}"));
            assert_eq!(table["a"].as_str(), Some(text), "{toml}");
        }
    }
}
