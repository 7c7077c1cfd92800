//! What samples of a token have in common: its prefix, structure and alphabet.
//!
//! Nothing of a sample but the prefix that all share gets into the result.

use std::fmt::Write as _;
use std::ops::Range;

use crate::rim::rules::alphabet::Alphabet;
use crate::rim::rules::written::RuleText;

/// Fewer different samples than this say too little about what may vary.
const LEAST_SAMPLES: usize = 3;

/// A shorter prefix is in too many words to find a token by.
const LEAST_PREFIX: usize = 3;

/// What may end a prefix, and part a token.
const SEPARATORS: &[u8] = b"_-.:/";

/// Prefixes that any log is full of.
const ORDINARY: [&str; 42] = [
    "access", "api", "app", "auth", "basic", "bearer", "client", "code", "cookie", "data", "debug",
    "error", "file", "hash", "http", "https", "info", "key", "login", "name", "node", "pass",
    "password", "pwd", "request", "secret", "server", "service", "session", "sha256", "test",
    "the", "token", "trace", "user", "username", "uuid", "value", "version", "warn", "web", "www",
];

/// The form of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// What all begin with.
    pub(crate) prefix: String,
    /// What follows: segments, each after the first behind its separator.
    pub(crate) segments: Vec<Segment>,
    /// Whether `=` may stand at the end.
    pub(crate) padded: bool,
}

/// A run of one alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The byte before it, for all but the first.
    pub(crate) separator: Option<char>,
    /// What it is of.
    pub(crate) alphabet: Alphabet,
    /// How many bytes it had at least.
    pub(crate) least: usize,
}

/// Why no form could be inferred. Says nothing of a sample but its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoForm {
    /// The same sample again and again.
    #[error("all samples are the same; give at least {LEAST_SAMPLES} different tokens, one a line")]
    Identical,
    /// Too few of them.
    #[error("{given} different samples say too little; give at least {LEAST_SAMPLES}, one a line")]
    TooFew {
        /// How many there were.
        given: usize,
    },
    /// A sample is no token.
    #[error("sample {number}: {what}")]
    NoToken {
        /// Counted from 1, without blank lines.
        number: usize,
        /// What is wrong and the mend.
        what: &'static str,
    },
    /// Nothing to find the token by.
    #[error(
        "the samples have no prefix in common of at least {LEAST_PREFIX} bytes, up to a separator; a \
         rule needs one to find the token by. Learn tokens of one kind at a time, or mask the \
         field that holds them with --field NAME"
    )]
    NoPrefix,
    /// The prefix is everywhere.
    #[error(
        "the samples have only the word \"{prefix}\" in common, with which much begins that is no \
         token; mask the field that holds them with --field NAME"
    )]
    Ordinary {
        /// A word of a fixed list.
        prefix: &'static str,
    },
}

/// Infers the form of the tokens of which `samples` are some.
///
/// # Errors
///
/// Where the samples say too little to make a rule of.
pub(crate) fn infer(samples: &[Vec<u8>]) -> Result<Form, NoForm> {
    for (index, sample) in samples.iter().enumerate() {
        let number = index + 1;
        let wrong = |what| Err(NoForm::NoToken { number, what });
        if !sample.iter().all(u8::is_ascii_graphic) {
            return wrong(
                "it has a blank, a control character or one that is not ASCII; give the bare \
                 token, one a line",
            );
        }
        if sample.iter().any(|byte| b"\"'`[]{}<>|\\".contains(byte)) {
            return wrong("it has a quote, a bracket or a backslash; give the bare token");
        }
    }
    let mut different: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    different.sort_unstable();
    different.dedup();
    match different.len() {
        1 if samples.len() > 1 => return Err(NoForm::Identical),
        given if given < LEAST_SAMPLES => return Err(NoForm::TooFew { given }),
        _ => {}
    }
    let prefix = prefix(&different)?;
    let rests: Vec<&[u8]> = different
        .iter()
        .map(|sample| &sample[prefix.len()..])
        .collect();
    let padded = rests.iter().any(|rest| rest.ends_with(b"="));
    let rests: Vec<&[u8]> = rests.into_iter().map(unpadded).collect();
    let number_of = |at: usize| {
        samples
            .iter()
            .position(|sample| sample == different[at])
            .map_or(0, |index| index + 1)
    };
    if let Some(at) = rests.iter().position(|rest| rest.is_empty()) {
        return Err(NoForm::NoToken {
            number: number_of(at),
            what: "it has nothing after what all samples begin with; leave it out",
        });
    }
    let segments = structure(&rests)
        .or_else(|| single(&rests).map(|segment| vec![segment]))
        .ok_or_else(|| NoForm::NoToken {
            number: number_of(
                rests
                    .iter()
                    .position(|rest| single(&[rest]).is_none())
                    .unwrap_or(0),
            ),
            what: "it has characters that tokens seldom have, beside letters, digits and \
                   - . _ ~ + / : =; write the rule by hand",
        })?;
    Ok(Form {
        prefix: String::from_utf8_lossy(prefix).into_owned(),
        segments,
        padded,
    })
}

/// What all begin with, cut back behind its last separator: what follows may be random
/// bytes that happen to be the same.
fn prefix<'a>(different: &[&'a [u8]]) -> Result<&'a [u8], NoForm> {
    let first = different[0];
    let last = different[different.len() - 1];
    // The least and the greatest of sorted texts share what all of them share.
    let common = first.iter().zip(last).take_while(|(a, b)| a == b).count();
    let behind = first[..common]
        .iter()
        .rposition(|byte| SEPARATORS.contains(byte))
        .map(|at| at + 1)
        .filter(|&length| length >= LEAST_PREFIX);
    let prefix = &first[..behind.unwrap_or(common)];
    if prefix.len() < LEAST_PREFIX {
        return Err(NoForm::NoPrefix);
    }
    let end = prefix.iter().rposition(|byte| !SEPARATORS.contains(byte));
    let word = &prefix[..end.map_or(0, |at| at + 1)];
    match ORDINARY
        .into_iter()
        .find(|ordinary| word.eq_ignore_ascii_case(ordinary.as_bytes()))
    {
        Some(prefix) => Err(NoForm::Ordinary { prefix }),
        None if word.is_empty() => Err(NoForm::NoPrefix),
        None => Ok(prefix),
    }
}

fn unpadded(rest: &[u8]) -> &[u8] {
    let end = rest
        .iter()
        .rposition(|&byte| byte != b'=')
        .map_or(0, |at| at + 1);
    &rest[..end]
}

/// The segments, where separators stand in the same order in all samples and that is no
/// chance: a `-` of base64url is at the same places only if it means something.
fn structure(rests: &[&[u8]]) -> Option<Vec<Segment>> {
    let all: Vec<Vec<Range<usize>>> = rests.iter().map(|rest| parts(rest)).collect();
    let first = &all[0];
    if first.len() < 2 {
        return None;
    }
    let separator = |rest: &[u8], part: &Range<usize>| part.start.checked_sub(1).map(|at| rest[at]);
    let order = |rest: &[u8], parts: &[Range<usize>]| -> Vec<Option<u8>> {
        parts.iter().map(|part| separator(rest, part)).collect()
    };
    let separators = order(rests[0], first);
    let same = rests
        .iter()
        .zip(&all)
        .all(|(rest, parts)| order(rest, parts) == separators);
    let inner = first.len() - 1;
    let same_lengths = || {
        all.iter().all(|parts| {
            parts[..inner]
                .iter()
                .map(Range::len)
                .eq(first[..inner].iter().map(Range::len))
        })
    };
    let telling = separators.iter().flatten().all(|byte| b".:".contains(byte));
    if !same || !(telling || same_lengths()) {
        return None;
    }
    (0..first.len())
        .map(|index| {
            let texts: Vec<&[u8]> = rests
                .iter()
                .zip(&all)
                .map(|(rest, parts)| &rest[parts[index].clone()])
                .collect();
            let segment = single(&texts)?;
            (segment.least > 0).then_some(Segment {
                separator: separators[index].map(char::from),
                ..segment
            })
        })
        .collect()
}

/// The stretches between separators.
fn parts(rest: &[u8]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, byte) in rest.iter().enumerate() {
        if SEPARATORS.contains(byte) {
            parts.push(start..at);
            start = at + 1;
        }
    }
    parts.push(start..rest.len());
    parts
}

fn single(texts: &[&[u8]]) -> Option<Segment> {
    Some(Segment {
        separator: None,
        alphabet: Alphabet::of(&texts.concat())?,
        least: texts.iter().map(|text| text.len()).min()?,
    })
}

impl Form {
    /// The regular expression: no upper length, since tokens grow.
    pub(crate) fn pattern(&self) -> String {
        let mut pattern = escaped(&self.prefix);
        for segment in &self.segments {
            if let Some(separator) = segment.separator {
                pattern.push_str(&escaped(&separator.to_string()));
            }
            pattern.push_str(segment.alphabet.class());
            let _ = write!(pattern, "{{{},}}", segment.least);
        }
        if self.padded {
            pattern.push_str("=*");
        }
        pattern
    }

    /// How many characters there are behind the prefix at least.
    pub(crate) fn least(&self) -> usize {
        self.segments.iter().map(|segment| segment.least).sum()
    }

    /// A text of the form, as a template.
    pub(crate) fn template(&self) -> String {
        let mut text = String::new();
        for (index, segment) in self.segments.iter().enumerate() {
            let lead = if index == 0 {
                self.prefix.clone()
            } else {
                segment.separator.map(String::from).unwrap_or_default()
            };
            let (class, count) = (segment.alphabet.template(), segment.least);
            let _ = write!(text, "{{{lead}|{class}*{count}}}");
        }
        text
    }

    /// The rule, its tests and all.
    pub(crate) fn rule(&self, id: &str, about: &str, source: &str) -> RuleText {
        let token = self.template();
        let pair = |before: &str, after: &str| {
            (
                format!("{before}{token}{after}"),
                format!("{before}[REDACTED]{after}"),
            )
        };
        // A short prefix stands inside longer words too.
        let part_of_words = !self
            .prefix
            .ends_with(|char: char| !char.is_ascii_alphanumeric())
            || self.prefix.len() <= LEAST_PREFIX + 1;
        RuleText {
            id: id.to_owned(),
            about: about.to_owned(),
            pattern: self.pattern(),
            anchors: vec![self.prefix.clone()],
            before: part_of_words.then(|| r"[^A-Za-z0-9\]]".to_owned()),
            source: source.to_owned(),
            examples: vec![
                pair("token=", " ok"),
                pair("", ""),
                pair("{\"t\":\"", "\"}"),
            ],
            passes: vec![format!("{} and nothing more", self.prefix)],
            ..RuleText::default()
        }
    }
}

/// Text as a regular expression that matches it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if !char.is_ascii_alphanumeric() && !"_-:/=@%,;!~".contains(char) {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use blackbar::core::template::expand;

    fn form(samples: &[&str]) -> Result<Form, NoForm> {
        let expanded = |sample: &&str| expand(sample).into_bytes();
        infer(&samples.iter().map(expanded).collect::<Vec<_>>())
    }

    fn pattern(samples: &[&str]) -> String {
        form(samples)
            .unwrap_or_else(|error| panic!("{error}"))
            .pattern()
    }

    #[test]
    fn alphabets_are_the_smallest_and_lengths_the_least() {
        let samples =
            |class: &str| [24, 25, 30].map(|length| format!("{{acme_|{class}*{length}}}"));
        for (class, expected) in [
            ("hex", "acme_[0-9a-f]{24,}"),
            ("digit", "acme_[0-9]{24,}"),
            ("lower", "acme_[a-z]{24,}"),
            ("upper", "acme_[A-Z]{24,}"),
            ("base32", "acme_[A-Z0-9]{24,}"),
            ("alnum", "acme_[A-Za-z0-9]{24,}"),
        ] {
            let samples = samples(class);
            assert_eq!(pattern(&samples.each_ref().map(String::as_str)), expected);
        }
        assert_eq!(
            pattern(&["acme_1a", "acme_2b", "acme_3c"]),
            "acme_[A-Za-z0-9]{2,}"
        );
    }

    #[test]
    fn prefixes_end_at_a_separator() {
        assert_eq!(
            pattern(&[
                "ac-live_7{|hex*20}",
                "ac-live_7{a|hex*20}",
                "ac-live_7{b|hex*20}"
            ]),
            "ac-live_[0-9a-f]{21,}"
        );
        let bare = form(&["AKME{|base32*16}", "AKME{Q|base32*15}", "AKME{7|base32*15}"]);
        let bare = bare.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(bare.prefix, "AKME");
        assert!(bare.rule("k", "", "").before.is_some());
    }

    #[test]
    fn structure_counts_where_all_samples_share_it() {
        let uuid = "{|hex*8}{-|hex*4}{-|hex*12}";
        let samples = ["1", "2", "3"]
            .map(|first| format!("acme.{}", uuid.replace("{|", &format!("{{{first}|"))));
        assert_eq!(
            pattern(&samples.each_ref().map(String::as_str)),
            "acme\\.[0-9a-f]{9,}-[A-Za-z0-9]{4,}-[0-9a-f]{12,}"
        );
        // A `-` here and there is a letter of the alphabet.
        assert_eq!(
            pattern(&[
                "acme_ab-{|alnum*20}",
                "acme_{|alnum*9}-xyz",
                "acme_a{|alnum*20}-Q"
            ]),
            "acme_[A-Za-z0-9_-]{13,}"
        );
        assert_eq!(
            pattern(&[
                "acme_{a/|alnum*20}==",
                "acme_{b+|alnum*20}",
                "acme_{c/|alnum*20}="
            ]),
            "acme_[A-Za-z0-9+/]{22,}=*"
        );
    }

    #[test]
    fn what_says_too_little_is_refused() {
        let long = ["{key_|hex*20}", "{key_|hex*21}", "{key_|hex*22}"];
        assert_eq!(form(&long), Err(NoForm::Ordinary { prefix: "key" }));
        assert_eq!(
            form(&["acme_1", "acme_1", "acme_1"]),
            Err(NoForm::Identical)
        );
        assert_eq!(
            form(&["acme_1", "acme_2"]),
            Err(NoForm::TooFew { given: 2 })
        );
        assert_eq!(form(&[]), Err(NoForm::TooFew { given: 0 }));
        assert_eq!(form(&["a_1234", "b_1234", "c_1234"]), Err(NoForm::NoPrefix));
        for (samples, number) in [
            (["acme_1 2", "acme_2", "acme_3"], 1),
            (["acme_1", "\"acme_2\"", "acme_3"], 2),
            (["acme_1", "acme_", "acme_3"], 2),
            (["acme_1", "acme_2", "acme_$%3"], 3),
        ] {
            let Err(NoForm::NoToken { number: told, what }) = form(&samples) else {
                panic!("{samples:?}");
            };
            assert_eq!(told, number, "{samples:?}: {what}");
        }
    }
}
