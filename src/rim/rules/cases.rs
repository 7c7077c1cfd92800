//! Cases of a user's own: texts in TOML, and what must become of them.

use std::sync::Arc;

use blackbar::core::template::expand;
use blackbar::{Framing, Piece, Profile, Redactor, Session};
use serde::Deserialize;
use toml::Spanned;

use crate::rim::rules::line_of;

/// A text and what must become of it.
pub(crate) struct Case {
    /// As failures call it.
    pub(crate) name: String,
    /// The line of the file on which it begins, from 1.
    pub(crate) line: usize,
    /// The text, its templates expanded.
    pub(crate) input: String,
    /// What must come out.
    pub(crate) output: String,
    /// The rule that must have found something.
    pub(crate) rule: Option<String>,
    /// The profile, where it is not the command's.
    pub(crate) profile: Option<Profile>,
    /// How the text is cut into records.
    pub(crate) framing: Framing,
}

/// What is wrong with a file of cases: the line from 1, and the mend.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Counted from 1.
    pub(crate) line: usize,
    /// What is wrong and the mend.
    pub(crate) what: String,
}

/// What became of a case's text.
pub(crate) struct Outcome {
    /// What came out.
    pub(crate) output: Vec<u8>,
    /// The full ids of the rules that name the masks, each once, in order.
    pub(crate) rules: Vec<String>,
}

const KEYS: [&str; 7] = [
    "name", "input", "output", "stays", "rule", "profile", "framing",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    case: Vec<Spanned<RawCase>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: Option<String>,
    input: Option<String>,
    output: Option<String>,
    stays: Option<String>,
    rule: Option<String>,
    profile: Option<String>,
    framing: Option<RawFraming>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawFraming {
    Line,
    Document,
}

/// Parses a file of cases. `distance` counts the edits between two words, for
/// suggestions.
///
/// # Errors
///
/// The first thing that is wrong: unknown keys, a case without a text, an unknown profile.
pub(crate) fn parse(text: &str, distance: fn(&str, &str) -> usize) -> Result<Vec<Case>, Wrong> {
    let raw: RawFile = toml::from_str(text).map_err(|error| Wrong {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        what: with_suggestion(&error.message().replace('\n', " "), distance),
    })?;
    if raw.case.is_empty() {
        return Err(Wrong {
            line: 1,
            what: "there is no case; write at least one [[case]] with `input` and `output`, or \
                   `stays`"
                .to_owned(),
        });
    }
    let cases = raw.case.into_iter().enumerate().map(|(index, case)| {
        let line = line_of(text, case.span().start);
        let number = index + 1;
        case.into_inner()
            .parse(number, line)
            .map_err(|what| Wrong { line, what })
    });
    cases.collect()
}

impl RawCase {
    fn parse(self, number: usize, line: usize) -> Result<Case, String> {
        let name = self.name.unwrap_or_else(|| format!("case {number}"));
        let profile = match self.profile {
            None => None,
            Some(profile) => Some(
                profile
                    .parse::<Profile>()
                    .map_err(|error| format!("\"{name}\", key `profile`: {error}"))?,
            ),
        };
        let (input, output) = match (self.input, self.output, self.stays) {
            (Some(input), Some(output), None) => (expand(&input), expand(&output)),
            (None, None, Some(_)) if self.rule.is_some() => {
                return Err(format!(
                    "\"{name}\": what stays is found by no rule; remove `rule`"
                ));
            }
            (None, None, Some(stays)) => (expand(&stays), expand(&stays)),
            _ => {
                return Err(format!(
                    "\"{name}\": give `input` and `output`, or `stays` alone"
                ));
            }
        };
        Ok(Case {
            name,
            line,
            input,
            output,
            rule: self.rule,
            profile,
            framing: match self.framing {
                Some(RawFraming::Document) => Framing::Document,
                Some(RawFraming::Line) | None => Framing::Lines,
            },
        })
    }
}

/// Names the key that an unknown one is probably meant to be.
fn with_suggestion(message: &str, distance: fn(&str, &str) -> usize) -> String {
    let unknown = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next());
    let nearest = unknown.and_then(|unknown| {
        KEYS.into_iter()
            .chain(["case"])
            .map(|key| (distance(key, unknown), key))
            .filter(|&(edits, key)| edits <= key.len().div_ceil(3))
            .min()
    });
    match nearest {
        Some((_, key)) => format!("{message}; did you mean `{key}`?"),
        None => message.to_owned(),
    }
}

impl Case {
    /// Runs the text through a stream of its own.
    pub(crate) fn run(&self, redactor: &Arc<Redactor>) -> Outcome {
        let ids: Vec<&str> = redactor.ids().collect();
        let mut session = Session::new(Arc::clone(redactor), self.framing);
        let mut outcome = Outcome {
            output: Vec::new(),
            rules: Vec::new(),
        };
        let mut pieces = Vec::new();
        let input = self.input.as_bytes();
        session.write(input, &mut pieces);
        outcome.add(&session, &mut pieces, input, &ids);
        session.end(&mut pieces);
        outcome.add(&session, &mut pieces, &[], &ids);
        outcome
    }

    /// Why it fails, where it does.
    pub(crate) fn failure(&self, outcome: &Outcome) -> Option<String> {
        if outcome.output != self.output.as_bytes() {
            let got = String::from_utf8_lossy(&outcome.output);
            return Some(format!(
                "expected {:?}\n     got {got:?}{}",
                self.output,
                found_by(&outcome.rules)
            ));
        }
        let rule = self.rule.as_ref()?;
        (!outcome.rules.contains(rule)).then(|| {
            format!(
                "the output is right, and not by {rule}{}",
                found_by(&outcome.rules)
            )
        })
    }
}

fn found_by(rules: &[String]) -> String {
    if rules.is_empty() {
        "\n  found by no rule".to_owned()
    } else {
        format!("\n  found by {}", rules.join(", "))
    }
}

impl Outcome {
    fn add(&mut self, session: &Session, pieces: &mut Vec<Piece>, chunk: &[u8], ids: &[&str]) {
        for piece in pieces.drain(..) {
            self.output.extend_from_slice(session.bytes(&piece, chunk));
            if let Piece::Mask(mask) = &piece {
                let id = ids[mask.rule()];
                if !self.rules.iter().any(|other| other == id) {
                    self.rules.push(id.to_owned());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::nearest::distance;

    #[test]
    fn texts_expand_and_lines_count() {
        let cases = parse(
            "# ours\n[[case]]\nstays = \"{x_|hex*4}\"\n\n[[case]]\nname = \"n\"\ninput = \"a\"\n\
             output = \"b\"\nframing = \"document\"\n",
            distance,
        )
        .unwrap_or_else(|wrong| panic!("{wrong:?}"));
        assert_eq!((cases[0].line, cases[0].input.len()), (2, 6));
        assert_eq!((cases[1].line, cases[1].name.as_str()), (5, "n"));
        assert_eq!(cases[1].framing, Framing::Document);
    }

    #[test]
    fn wrong_files_are_refused_with_the_line_and_the_mend() {
        for (text, line, part) in [
            ("[[case]]\ninptu = \"a\"", 2, "did you mean `input`?"),
            ("[[csae]]\ninput = \"a\"", 1, "did you mean `case`?"),
            ("", 1, "[[case]]"),
            ("[[case]]\ninput = \"a\"", 1, "`output`"),
            ("[[case]]\nstays = \"a\"\nrule = \"a/b\"", 1, "`rule`"),
            ("[[case]]\nstays = \"a\"\nprofile = \"odd\"", 1, "`profile`"),
        ] {
            let wrong = parse(text, distance).err().expect(text);
            assert_eq!(wrong.line, line, "{text}");
            assert!(wrong.what.contains(part), "{text}: {}", wrong.what);
        }
    }
}
