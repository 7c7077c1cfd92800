//! Rules and options as tests write them down, and the pack text that tells the
//! engine the same.

use std::fmt::Write as _;

use super::regex::{ByteClass, Regex};
use super::verify::{By, Verify};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Standard,
    Strict,
    Article,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Lines,
    Document,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) profile: Profile,
    pub(crate) labels: bool,
    pub(crate) reach: usize,
    pub(crate) max_record: usize,
}

impl Options {
    pub(crate) const DEFAULT: Self = Self {
        profile: Profile::Standard,
        labels: false,
        reach: 8 * 1024,
        max_record: 1024 * 1024,
    };
}

/// A rule as it is written down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    pub(crate) pattern: String,
    /// None: the engine derives them or tries every byte.
    pub(crate) anchors: Vec<String>,
    /// How far after the start of a candidate an anchor may begin.
    pub(crate) lead: usize,
    pub(crate) ignore_case: bool,
    pub(crate) secret: u32,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) reach: Option<usize>,
    pub(crate) verify: Option<Verify>,
    /// Whether a match opens a block of the kind of PEM.
    pub(crate) opens_blocks: bool,
}

/// A rule as the oracle runs it.
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) regex: Regex,
    pub(crate) before: Option<ByteClass>,
    pub(crate) after: Option<ByteClass>,
    pub(crate) reach: Option<usize>,
    pub(crate) verify: Option<Verify>,
    pub(crate) opens_blocks: bool,
}

/// A rule of a pattern, the whole match its secret.
pub(crate) fn spec(pattern: &str) -> Spec {
    Spec {
        pattern: pattern.to_owned(),
        ..Spec::default()
    }
}

impl Spec {
    pub(crate) fn rule(&self, id: String) -> Rule {
        Rule {
            id,
            regex: Regex::new(&self.pattern, self.ignore_case, self.secret),
            before: self.before.as_deref().map(ByteClass::new),
            after: self.after.as_deref().map(ByteClass::new),
            reach: self.reach,
            verify: self.verify.clone(),
            opens_blocks: self.opens_blocks,
        }
    }

    /// Anchors of the rule's own, the first byte at most `lead` bytes after the match's.
    pub(crate) fn anchors(mut self, anchors: &[&str], lead: usize) -> Self {
        self.anchors = anchors.iter().map(|&anchor| anchor.to_owned()).collect();
        self.lead = lead;
        self
    }

    pub(crate) fn secret(mut self, group: u32) -> Self {
        self.secret = group;
        self
    }

    pub(crate) fn before(mut self, class: &str) -> Self {
        self.before = Some(class.to_owned());
        self
    }

    pub(crate) fn after(mut self, class: &str) -> Self {
        self.after = Some(class.to_owned());
        self
    }

    pub(crate) fn reach(mut self, reach: usize) -> Self {
        self.reach = Some(reach);
        self
    }

    pub(crate) fn ignore_case(mut self) -> Self {
        self.ignore_case = true;
        self
    }

    pub(crate) fn opens_blocks(mut self) -> Self {
        self.opens_blocks = true;
        self
    }

    pub(crate) fn entropy(mut self, min: f64, rejects: bool) -> Self {
        self.verify = Some(Verify {
            by: By::Entropy(min),
            rejects,
        });
        self
    }
}

/// The name of the pack that test rules are in.
pub(crate) const PACK: &str = "t";

/// The rules for the oracle, with the ids `t/r0`, `t/r1`, …
pub(crate) fn rules(specs: &[Spec]) -> Vec<Rule> {
    specs
        .iter()
        .enumerate()
        .map(|(index, spec)| spec.rule(format!("{PACK}/r{index}")))
        .collect()
}

/// The article's rules, for records that are too long for its replacements; `ids`
/// are those of the engine.
pub(crate) fn article_rules(ids: &[String]) -> Vec<Rule> {
    super::article::PATTERNS
        .iter()
        .zip(ids)
        .map(|(&(pattern, ignore_case), id)| Rule {
            id: id.clone(),
            regex: Regex::new(pattern, ignore_case, 0),
            before: None,
            after: None,
            reach: None,
            verify: None,
            opens_blocks: false,
        })
        .collect()
}

/// The same rules as the text of a pack.
pub(crate) fn pack_text(specs: &[Spec]) -> String {
    let mut text = String::from("about = \"rules of a test\"\n");
    for (index, spec) in specs.iter().enumerate() {
        write_rule(&mut text, index, spec).expect("a string takes all text");
    }
    text
}

fn write_rule(text: &mut String, index: usize, spec: &Spec) -> std::fmt::Result {
    let anchors: Vec<String> = spec.anchors.iter().map(|anchor| quoted(anchor)).collect();
    writeln!(
        text,
        "\n[[rule]]\nid = \"r{index}\"\nabout = \"rule {index} of a test\""
    )?;
    writeln!(text, "pattern = {}", quoted(&spec.pattern))?;
    if !anchors.is_empty() {
        writeln!(
            text,
            "anchors = [{}]\nlead = {}",
            anchors.join(", "),
            spec.lead
        )?;
    }
    if spec.ignore_case {
        writeln!(text, "ignore_case = true")?;
    }
    if spec.secret > 0 {
        writeln!(text, "secret = {}", spec.secret)?;
    }
    if let Some(class) = &spec.before {
        writeln!(text, "before = {}", quoted(class))?;
    }
    if let Some(class) = &spec.after {
        writeln!(text, "after = {}", quoted(class))?;
    }
    if let Some(reach) = spec.reach {
        writeln!(text, "reach = {reach}")?;
    }
    if let Some(Verify { by, rejects }) = &spec.verify {
        let by = match by {
            By::Entropy(min) => format!("\"entropy\", min = {min:?}"),
            By::Jwt => "\"jwt\"".to_owned(),
            By::Any => "\"entropy\", min = 0.0".to_owned(),
        };
        let on_fail = if *rejects { "reject" } else { "report" };
        writeln!(text, "verify = {{ by = {by}, on_fail = \"{on_fail}\" }}")?;
    }
    if spec.opens_blocks {
        writeln!(text, "block = \"pem\"")?;
    }
    writeln!(
        text,
        "source = \"https://example.org\"\nexamples = []\npasses = []"
    )
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            ' '..='~' => quoted.push(char),
            _ => write!(quoted, "\\u{:04X}", u32::from(char)).expect("a string takes all text"),
        }
    }
    quoted + "\""
}
