//! Regular expressions as trees: printed as packs write them, and a text that matches.

use std::fmt::Write as _;

use regex_syntax::hir::{Class, ClassBytes, Hir, HirKind, Literal, Repetition};

/// Prints a tree as the pattern of a rule. Of the groups only `secret` stays one, as the
/// first.
pub(crate) fn printed(hir: &Hir, secret: usize) -> String {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => String::new(),
        HirKind::Literal(Literal(bytes)) => bytes.iter().map(|&byte| literal(byte)).collect(),
        HirKind::Class(class) => printed_class(class),
        HirKind::Repetition(repetition) => printed_repetition(repetition, secret),
        HirKind::Capture(capture) => {
            let inner = printed(&capture.sub, secret);
            let is_closed = matches!(
                capture.sub.kind(),
                HirKind::Alternation(_) | HirKind::Class(_)
            );
            if capture.index as usize == secret {
                format!("({inner})")
            } else if is_closed {
                inner
            } else {
                format!("(?:{inner})")
            }
        }
        HirKind::Concat(items) => items.iter().map(|item| printed(item, secret)).collect(),
        HirKind::Alternation(items) => {
            let all: Vec<String> = items.iter().map(|item| printed(item, secret)).collect();
            format!("(?:{})", all.join("|"))
        }
    }
}

fn printed_repetition(repetition: &Repetition, secret: usize) -> String {
    let inner = printed(&repetition.sub, secret);
    let single = match repetition.sub.kind() {
        HirKind::Class(_) | HirKind::Capture(_) | HirKind::Alternation(_) => true,
        HirKind::Literal(Literal(bytes)) => bytes.len() == 1,
        _ => false,
    };
    let inner = if single {
        inner
    } else {
        format!("(?:{inner})")
    };
    let count = match (repetition.min, repetition.max) {
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    };
    let lazy = if repetition.greedy { "" } else { "?" };
    format!("{inner}{count}{lazy}")
}

/// The bytes of a class; none where it has characters that are no single bytes.
pub(crate) fn bytes_of(class: &Class) -> Option<ClassBytes> {
    match class {
        Class::Bytes(class) => Some(class.clone()),
        Class::Unicode(class) => class.to_byte_class(),
    }
}

fn printed_class(class: &Class) -> String {
    let Some(class) = bytes_of(class) else {
        return String::new();
    };
    // The shorter of the class and its complement.
    let mut negated = class.clone();
    negated.negate();
    let has_high = |class: &ClassBytes| class.ranges().last().is_some_and(|last| last.end() > 127);
    let (mark, class) = if has_high(&class) && !negated.ranges().is_empty() {
        ("^", negated)
    } else {
        ("", class)
    };
    let mut out = format!("[{mark}");
    for range in class.ranges() {
        out.push_str(&literal(range.start()));
        if range.end() > range.start() {
            if range.end() > range.start() + 1 {
                out.push('-');
            }
            out.push_str(&literal(range.end()));
        }
    }
    out + "]"
}

/// One byte, in a class or outside of it.
fn literal(byte: u8) -> String {
    match byte {
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"_:/=@%,;!\"<>".contains(&byte) => {
            char::from(byte).to_string()
        }
        byte if byte.is_ascii_graphic() && byte != b'\'' => format!("\\{}", char::from(byte)),
        byte => format!("\\x{byte:02x}"),
    }
}

/// A text that a tree matches, as templates: what is before the secret, the secret, and
/// what is behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Before the secret.
    pub(crate) before: String,
    /// The secret.
    pub(crate) secret: String,
    /// Behind the secret.
    pub(crate) after: String,
}

/// How many bytes stand for a repeat without a lower bound worth its name.
const SOME: u32 = 16;

/// Makes a text that `hir` matches, with `secret` as the group to mask (0 for the whole).
/// Another `variant` takes other branches. None where it would need bytes that no text of
/// a pack has.
pub(crate) fn sample(hir: &Hir, secret: usize, variant: usize) -> Option<Sample> {
    let mut maker = Maker {
        secret,
        variant,
        parts: [String::new(), String::new(), String::new()],
        part: usize::from(secret == 0),
        literal: String::new(),
    };
    maker.add(hir)?;
    maker.flush();
    let [before, secret, after] = maker.parts;
    (!secret.is_empty()).then_some(Sample {
        before,
        secret,
        after,
    })
}

struct Maker {
    secret: usize,
    variant: usize,
    parts: [String; 3],
    /// Which of them is being made.
    part: usize,
    /// What was read of literals, which may become the prefix of a template.
    literal: String,
}

impl Maker {
    fn flush(&mut self) {
        self.parts[self.part].push_str(&std::mem::take(&mut self.literal));
    }

    fn add(&mut self, hir: &Hir) -> Option<()> {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Some(()),
            HirKind::Literal(Literal(bytes)) => {
                self.literal.push_str(std::str::from_utf8(bytes).ok()?);
                Some(())
            }
            HirKind::Class(class) => self.run(&bytes_of(class)?, 1),
            HirKind::Repetition(repetition) => self.repeat(repetition),
            HirKind::Capture(capture) if capture.index as usize == self.secret => {
                self.flush();
                self.part = 1;
                self.add(&capture.sub)?;
                self.flush();
                self.part = 2;
                Some(())
            }
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(items) => items.iter().try_for_each(|item| self.add(item)),
            HirKind::Alternation(items) => self.add(&items[self.variant % items.len()]),
        }
    }

    fn repeat(&mut self, repetition: &Repetition) -> Option<()> {
        let most = repetition.max.unwrap_or(u32::MAX);
        if let HirKind::Class(class) = repetition.sub.kind() {
            let wanted = if repetition.max.is_none() && self.part == 1 {
                repetition.min.max(SOME)
            } else {
                repetition.min
            };
            return self.run(&bytes_of(class)?, wanted.min(most));
        }
        (0..repetition.min.min(most)).try_for_each(|_| self.add(&repetition.sub))
    }

    /// `count` bytes of a class.
    fn run(&mut self, class: &ClassBytes, count: u32) -> Option<()> {
        if count == 0 {
            return Some(());
        }
        let has = |byte: u8| {
            let holds = |range: &regex_syntax::hir::ClassBytesRange| {
                (range.start()..=range.end()).contains(&byte)
            };
            class.ranges().iter().any(holds)
        };
        let fits = |(_, alphabet): &&(&str, &str)| alphabet.bytes().all(has);
        let Some((name, _)) = TEMPLATES.iter().find(fits) else {
            let plain = |&byte: &u8| has(byte) && !b"[]{}|\\\"'".contains(&byte);
            let all: Vec<u8> = (b'!'..=b'~').filter(plain).collect();
            let any = || (b' '..=b'~').find(|&byte| has(byte));
            let all = if all.is_empty() { vec![any()?] } else { all };
            let bytes = (0..count as usize).map(|at| char::from(all[at % all.len()]));
            self.literal.extend(bytes);
            return Some(());
        };
        let prefix = if self.literal.contains(['{', '}', '|']) {
            self.flush();
            String::new()
        } else {
            std::mem::take(&mut self.literal)
        };
        let _ = write!(self.parts[self.part], "{{{prefix}|{name}*{count}}}");
        Some(())
    }
}

/// Classes of templates, the rich ones first, each with bytes that span it.
const TEMPLATES: [(&str, &str); 6] = [
    (
        "alnum",
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    ),
    ("base32", "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("hex", "0123456789abcdef"),
    ("lower", "abcdefghijklmnopqrstuvwxyz"),
    ("upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("digit", "0123456789"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use blackbar::core::template::expand;

    fn parse(pattern: &str) -> Hir {
        let mut builder = regex_syntax::ParserBuilder::new();
        let parser = builder.unicode(false).utf8(false);
        parser
            .build()
            .parse(pattern)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn what_is_printed_means_the_same() {
        for pattern in [
            "ab+c*?(?:de|f){2,3}",
            r"[^\s'\]]{4,}\.x",
            r"a(?:b|[^c-f]+x)\x27\n?",
            r"(?i)key[=:]\w{8}",
            r"\xff[\x80-\xff]",
        ] {
            let hir = parse(pattern);
            let text = printed(&hir, 0);
            let again = parse(&text);
            assert_eq!(printed(&again, 0), text, "{pattern}");
            assert_eq!(
                hir.properties().minimum_len(),
                again.properties().minimum_len()
            );
        }
        assert_eq!(printed(&parse("(a)(b)(c|dd)?"), 2), "(?:a)(b)(?:c|dd)?");
        assert_eq!(printed(&parse("acme_[a-z0-9]{8,}"), 0), "acme_[0-9a-z]{8,}");
    }

    #[test]
    fn samples_match_and_are_templates() {
        let made = sample(&parse(r"key = '(acme_[0-9a-f]{12})'"), 1, 0).expect("a text");
        assert_eq!(made.before, "key = '");
        assert_eq!(made.secret, "{acme_|hex*12}");
        assert_eq!(made.after, "'");
        assert_eq!(expand(&made.secret).len(), 17);
        let made = sample(&parse("(?:a|bc)[.]{3}"), 0, 1).expect("a text");
        assert_eq!(made.secret, "bc...");
        assert_eq!(sample(&parse(r"\xff"), 0, 0), None);
    }
}
