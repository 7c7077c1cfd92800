//! `standard` leaves no credential value that `article` masks, but for the exceptions listed here.
//!
//! The article masks `password='x'` whole and `standard` only `x`, so whole masks
//! cannot be compared. A small matcher of our own replays the seven replacements,
//! remembers where each byte came from, and says which part of a match is the
//! value. It is itself checked against `--profile article` on every line.

#[path = "article/lines.rs"]
mod lines;

use std::ops::Range;
use std::sync::Arc;

use blackbar::{Framing, Piece, Profile, Redactor, Session};

const LINES: usize = 200_000;
const SEED: u64 = 11;

/// Where `standard` may leave what `article` masks. Every exception has to occur,
/// so that none outlives its reason. A leak counts for the first that holds.
const EXCEPTIONS: &[Exception] = &[
    Exception {
        name: "joined",
        reason: "a quote or an @ inside ended the value, until an earlier replacement took it away: in the line as it \
                 stands, what is left is not in a value of this kind",
        holds: |leak| !leak.stands(),
    },
    Exception {
        name: "placeholder",
        reason: "what is a mask already, ours or another tool's, hides nothing",
        holds: |leak| is_placeholder(leak.text()) || is_placeholder(&leak.line[leak.left.clone()]),
    },
    Exception {
        name: "structure of JSON",
        reason: "a value that seems to run from one string of a record into the next; what lies between stays (G5)",
        holds: |leak| {
            let is_structure = |byte: &u8| b" \t\r{}[],:\"\\".contains(byte);
            let first = leak
                .line
                .iter()
                .find(|byte| !b" \t\r\xEF\xBB\xBF".contains(byte));
            first.is_some_and(|byte| b"{[\"".contains(byte))
                && leak.line[leak.left.clone()].iter().all(is_structure)
        },
    },
    Exception {
        name: "closing quote",
        reason: "`','` and the like: the first quote closes what is around the name, and the value is empty",
        holds: |leak| {
            matches!(leak.kind, Kind::Assignment(_))
                && (leak
                    .text()
                    .first()
                    .is_some_and(|byte| b",}])>:; \n".contains(byte))
                    || matches!(&leak.line[leak.left.clone()], [byte] if b",}])>:;".contains(byte)))
        },
    },
    Exception {
        name: "dash",
        reason: "`token='-'`, `'---'` and `'...'` say that there is none",
        holds: |leak| {
            matches!(leak.kind, Kind::Assignment(_))
                && leak.text().iter().all(|byte| b"-.".contains(byte))
        },
    },
    Exception {
        name: "behind a string",
        reason: "a line that opens with a quote or a bracket is read as JSON: what stands behind the quote that ends \
                 the string with the name is another value",
        holds: |leak| {
            let first = leak
                .line
                .iter()
                .find(|byte| !b" \t\r\xEF\xBB\xBF".contains(byte));
            matches!(leak.kind, Kind::Assignment(_))
                && first.is_some_and(|byte| b"{[\"".contains(byte))
        },
    },
    Exception {
        name: "bearer prose",
        reason: "`Bearer of`, `Bearer realm`: no digit, `~` or `+`, fewer than three words, and short or monotonous",
        holds: |leak| leak.kind == Kind::Bearer && is_prose(leak.text()),
    },
    Exception {
        name: "Bearer in a token",
        reason: "`Bearer \"a_b_Bearer x`, `Bearer Bearer 1_Bearer x`: standard sees through a quote and steps over prose, \
                 so that the last word is the end of a token to it, and masked as such",
        holds: |leak| leak.kind == Kind::Bearer && is_in_token(&leak.line[..leak.anchor]),
    },
    Exception {
        name: "full stop",
        reason: "a full stop behind a Bearer token ends a sentence",
        holds: |leak| leak.kind == Kind::Bearer && leak.left_is_last_of(b"."),
    },
    Exception {
        name: "user without password",
        reason: "`postgresql://bob@host` names a user",
        holds: |leak| leak.kind == Kind::Url && !leak.stretch().contains(&b':'),
    },
    Exception {
        name: "backslash",
        reason: "`\\@` and `\\\"` are an escaped @ and quote; the backslash stays with them",
        holds: |leak| {
            !matches!(leak.kind, Kind::Bearer | Kind::Stripe) && leak.left_is_last_of(b"\\")
        },
    },
    Exception {
        name: "the URL has ended",
        reason: "white space, a control byte, a quote, `<`, `>`, a backtick, a line end written `\\n`, another `://`: \
                 the `@` belongs to something else",
        holds: |leak| leak.kind == Kind::Url && has_ended(leak.stretch()),
    },
    Exception {
        name: "path",
        reason: "`/`, `?` or `#` before the colon: `postgresql://host/db:x@y`; nor does a user name hold quotes or brackets",
        holds: |leak| {
            leak.kind == Kind::Url && leak.user().iter().any(|byte| b"/?#\"'[]\\".contains(byte))
        },
    },
    Exception {
        name: "port",
        reason: "two to five digits, or none, and the path or the list goes on: `postgresql://host:5432/db@v3`",
        holds: |leak| leak.kind == Kind::Url && starts_with_port(leak.text()),
    },
];

struct Exception {
    name: &'static str,
    reason: &'static str,
    holds: fn(&Leak<'_>) -> bool,
}

/// A value that article masks and of which standard leaves something.
struct Leak<'a> {
    kind: Kind,
    /// The content of the line.
    line: &'a [u8],
    /// Where the match begins in it.
    anchor: usize,
    /// Where the value lies in it, and in it all that earlier replacements had masked.
    value: Range<usize>,
    /// A run of bytes of the value that standard leaves.
    left: Range<usize>,
}

impl<'a> Leak<'a> {
    /// The value as it stands in the line.
    fn text(&self) -> &'a [u8] {
        &self.line[self.value.clone()]
    }

    /// Whether some of what is left is in a value of its kind in the line as it stands.
    fn stands(&self) -> bool {
        let values = standing(self.kind, self.line);
        values
            .iter()
            .any(|value| value.start < self.left.end && self.left.start < value.end)
    }

    /// A URL's bytes between its `//` and its `@`.
    fn stretch(&self) -> &'a [u8] {
        &self.line[self.anchor + b"postgresql://".len()..self.value.end]
    }

    /// A URL's bytes before its first colon.
    fn user(&self) -> &'a [u8] {
        self.stretch()
            .split(|&byte| byte == b':')
            .next()
            .unwrap_or_default()
    }

    fn left_is_last_of(&self, bytes: &[u8]) -> bool {
        let last = count_back(self.text(), |byte| bytes.contains(&byte));
        self.left.start >= self.value.end - last
    }
}

fn is_placeholder(text: &[u8]) -> bool {
    const WHOLE: [&[u8]; 3] = [b"[REDACTED]", b"[Filtered]", b"[redacted]"];
    let text = &text[..text.len() - count_back(text, |byte| byte == b'\\')];
    let only = |byte, least| text.len() >= least && text.iter().all(|&other| other == byte);
    let label = text
        .strip_prefix(b"[REDACTED:")
        .and_then(|rest| rest.strip_suffix(b"]"));
    let is_label = |label: &[u8]| {
        (1..=64).contains(&label.len())
            && label
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(byte))
    };
    WHOLE.contains(&text) || label.is_some_and(is_label) || only(b'*', 3) || only(b'x', 5)
}

fn is_prose(text: &[u8]) -> bool {
    let text = text.strip_suffix(b"=").unwrap_or(text);
    let words = text
        .split(|byte| b"-._".contains(byte))
        .filter(|word| !word.is_empty())
        .count();
    let unlike = |byte: &u8| byte.is_ascii_digit() || b"~+".contains(byte);
    !text.iter().any(unlike) && words < 3 && (text.len() < 20 || bits_per_byte(text) < 3.75)
}

fn bits_per_byte(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in text {
        counts[usize::from(byte)] += 1;
    }
    let length = f64::from(counts.iter().sum::<u32>());
    let shares = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / length);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// Whether the line ends here with `Bearer`, white space or a quote, and a run of token bytes.
fn is_in_token(line: &[u8]) -> bool {
    let token = line.len() - count_back(line, is_token);
    let blanks = count_back(&line[..token], |byte| !is_token(byte));
    line[..token - blanks].ends_with(b"Bearer")
}

fn has_ended(stretch: &[u8]) -> bool {
    let ends = |(at, byte): (usize, &u8)| {
        let next = stretch.get(at + 1).copied().unwrap_or(b'@');
        match byte {
            0..=b' ' | 0x7F | b'<' | b'>' | b'`' | b'"' | b'\'' => true,
            b'\\' => b"nrt".contains(&next),
            b':' => stretch[at..].starts_with(b"://"),
            _ => false,
        }
    };
    stretch.iter().enumerate().any(ends)
}

fn starts_with_port(text: &[u8]) -> bool {
    let digits = count(text, |byte| byte.is_ascii_digit());
    let next = text.get(digits);
    digits == 0 && next == Some(&b'/')
        || (2..=5).contains(&digits) && next.is_some_and(|next| b"/?#,;&)]}|\\".contains(next))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `name=`, a quote, the value, a quote.
    Assignment(&'static [u8]),
    /// `Bearer`, white space, the value.
    Bearer,
    /// The value is all of it.
    Stripe,
    /// `postgresql://user:`, the value, `@`; without a colon all up to the `@`.
    Url,
}

const KINDS: [Kind; 7] = [
    Kind::Assignment(b"password="),
    Kind::Assignment(b"secret="),
    Kind::Assignment(b"token="),
    Kind::Assignment(b"key="),
    Kind::Bearer,
    Kind::Stripe,
    Kind::Url,
];

#[test]
fn standard_leaves_no_value_that_article_masks() {
    let survey = Survey::of(Profile::Standard);
    let Survey { values, leaks, .. } = survey;
    println!("{values} values, contained by kind: {:?}", survey.contained);
    for (exception, count) in EXCEPTIONS.iter().zip(&survey.excused) {
        println!("{count:7} {}: {}", exception.name, exception.reason);
    }
    assert!(
        leaks == 0,
        "{leaks} parts of {values} values leak; the first:\n{}",
        survey.shown
    );
    for (kind, contained) in KINDS.iter().zip(survey.contained) {
        assert!(
            contained * 20 > LINES,
            "only {contained} values of {kind:?} on {LINES} lines"
        );
    }
    for (Exception { name, .. }, count) in EXCEPTIONS.iter().zip(survey.excused) {
        assert!(
            count > 0,
            "the exception {name:?} does not occur any more: remove it"
        );
        assert!(
            count * 10 < values,
            "the exception {name:?} swallows {count} of {values} values"
        );
    }
}

/// What a profile leaves of all values that article masks.
#[derive(Default)]
struct Survey {
    values: usize,
    /// Values of which nothing is left, by kind.
    contained: [usize; KINDS.len()],
    /// Leaks by exception.
    excused: [usize; EXCEPTIONS.len()],
    /// Leaks that no exception excuses, and the first of them in words.
    leaks: usize,
    shown: String,
}

impl Survey {
    fn of(profile: Profile) -> Survey {
        let corpus = lines::corpus(SEED, LINES);
        let left = Left::by(profile, &corpus);
        let mut survey = Survey::default();
        for (start, line) in contents(&corpus) {
            for value in replay(line).values {
                survey.values += 1;
                let left = runs(
                    value
                        .bytes
                        .iter()
                        .copied()
                        .filter(|&at| left.has(start + at)),
                );
                if left.is_empty() {
                    survey.contained[value.kind.index()] += 1;
                }
                for left in left {
                    survey.leak(&Leak {
                        kind: value.kind,
                        line,
                        anchor: value.anchor,
                        value: value.extent.clone(),
                        left,
                    });
                }
            }
        }
        survey
    }

    fn leak(&mut self, leak: &Leak<'_>) {
        const SHOWN: usize = 20;
        if let Some(index) = EXCEPTIONS
            .iter()
            .position(|exception| (exception.holds)(leak))
        {
            self.excused[index] += 1;
            return;
        }
        self.leaks += 1;
        if self.leaks <= SHOWN {
            self.shown += &leak.shown();
        }
    }
}

/// The test above is worth what its matcher is worth.
#[test]
fn the_replay_equals_article() {
    let corpus = lines::corpus(SEED, LINES);
    let output = redactor(Profile::Article).redact(&corpus);
    let mut replayed = Vec::with_capacity(output.len());
    for (start, line) in contents(&corpus) {
        replayed.extend_from_slice(&replay(line).bytes);
        let rest = &corpus[start + line.len()..];
        let terminator = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(rest.len(), |at| at + 1);
        replayed.extend_from_slice(&rest[..terminator]);
    }
    let both = contents(&output)
        .zip(contents(&replayed))
        .zip(contents(&corpus));
    for (((_, article), (_, replayed)), (_, line)) in both {
        assert!(
            article == replayed,
            "   input {}\n article {}\nreplayed {}",
            line.escape_ascii(),
            article.escape_ascii(),
            replayed.escape_ascii()
        );
    }
    assert_eq!(output.len(), replayed.len());
}

impl Leak<'_> {
    fn shown(&self) -> String {
        const MARGIN: usize = 120;
        let from = self.value.start.saturating_sub(MARGIN);
        let to = self.line.len().min(self.value.start + MARGIN);
        let left = &self.line[self.left.start..self.left.end.min(self.left.start + MARGIN)];
        format!(
            "  {:?} leaves {:?} (at {}, value {:?}) of\n    {}\n",
            self.kind,
            left.escape_ascii().to_string(),
            self.left.start,
            self.value,
            self.line[from..to].escape_ascii()
        )
    }
}

/// Which bytes of an input leave unmasked.
struct Left(Vec<bool>);

impl Left {
    fn by(profile: Profile, corpus: &[u8]) -> Left {
        let mut session = Session::new(redactor(profile), Framing::Lines);
        let (mut left, mut pieces) = (vec![false; corpus.len()], Vec::new());
        // Lines that are complete in one write leave as ranges of its chunk, and the corpus ends with a newline.
        session.write(corpus, &mut pieces);
        session.end(&mut pieces);
        for piece in pieces {
            match piece {
                Piece::Chunk(range) => left[range].fill(true),
                Piece::Held(range) => panic!("held {range:?} of complete lines"),
                Piece::Mask(_) => {}
            }
        }
        Left(left)
    }

    fn has(&self, at: usize) -> bool {
        self.0[at]
    }
}

fn redactor(profile: Profile) -> Arc<Redactor> {
    Arc::new(
        Redactor::builder()
            .profile(profile)
            .build()
            .expect("the embedded packs compile"),
    )
}

/// The contents of the lines and where they start.
fn contents(corpus: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    corpus
        .split_inclusive(|&byte| byte == b'\n')
        .map(move |line| {
            let start = next;
            next += line.len();
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            (start, line.strip_suffix(b"\r").unwrap_or(line))
        })
}

/// What the seven replacements make of a line.
struct Replay {
    bytes: Vec<u8>,
    origins: Vec<Origin>,
    values: Vec<Value>,
}

/// Where a byte stood in the line; a byte of a mask: where that stretch began.
#[derive(Clone, Copy)]
struct Origin {
    at: usize,
    masked: bool,
}

/// A value that was masked, in the line as it stands.
struct Value {
    kind: Kind,
    anchor: usize,
    extent: Range<usize>,
    /// Its bytes that no earlier replacement had masked; at least one.
    bytes: Vec<usize>,
}

fn replay(line: &[u8]) -> Replay {
    let origins = (0..line.len()).map(|at| Origin { at, masked: false });
    let mut replay = Replay {
        bytes: line.to_vec(),
        origins: origins.collect(),
        values: Vec::new(),
    };
    for kind in KINDS {
        replay.replace(kind, line.len());
    }
    replay
}

impl Replay {
    fn replace(&mut self, kind: Kind, length: usize) {
        let (mut bytes, mut origins) = (
            Vec::with_capacity(self.bytes.len()),
            Vec::with_capacity(self.bytes.len()),
        );
        let mut from = 0;
        while let Some(Match { start, value, end }) = kind.find(&self.bytes, from) {
            bytes.extend_from_slice(&self.bytes[from..start]);
            origins.extend_from_slice(&self.origins[from..start]);
            let at = self.origins[start].at;
            bytes.extend_from_slice(b"[REDACTED]");
            origins.resize(bytes.len(), Origin { at, masked: true });
            let after = self
                .origins
                .get(value.end)
                .map_or(length, |origin| origin.at);
            let extent = self.origins[value.start].at..after;
            let unmasked = self.origins[value].iter().filter(|origin| !origin.masked);
            let unmasked: Vec<usize> = unmasked.map(|origin| origin.at).collect();
            if !unmasked.is_empty() {
                self.values.push(Value {
                    kind,
                    anchor: at,
                    extent,
                    bytes: unmasked,
                });
            }
            from = end;
        }
        bytes.extend_from_slice(&self.bytes[from..]);
        origins.extend_from_slice(&self.origins[from..]);
        (self.bytes, self.origins) = (bytes, origins);
    }
}

struct Match {
    start: usize,
    value: Range<usize>,
    end: usize,
}

impl Kind {
    fn index(self) -> usize {
        KINDS
            .iter()
            .position(|&other| other == self)
            .expect("one of them")
    }

    /// The leftmost match that starts at `from` or later.
    fn find(self, text: &[u8], from: usize) -> Option<Match> {
        let first = match self {
            Kind::Assignment(name) => name[0],
            Kind::Bearer => b'B',
            Kind::Stripe => b's',
            Kind::Url => b'p',
        };
        // Behind the last of these no match can end; saves the quadratic search in the long lines.
        let until = match self {
            Kind::Url => text.iter().rposition(|&byte| byte == b'@')?,
            _ => text.len(),
        };
        (from..until).find_map(|start| {
            if text[start].eq_ignore_ascii_case(&first) {
                self.at(text, start)
            } else {
                None
            }
        })
    }

    fn at(self, text: &[u8], start: usize) -> Option<Match> {
        let is_quote = |byte: &u8| matches!(byte, b'\'' | b'"');
        match self {
            Kind::Assignment(name) => {
                let opening = start + name.len();
                if !text.get(start..opening)?.eq_ignore_ascii_case(name)
                    || !is_quote(text.get(opening)?)
                {
                    return None;
                }
                let length = text[opening + 1..].iter().position(is_quote)?;
                let value = opening + 1..opening + 1 + length;
                (length > 0).then_some(Match {
                    start,
                    end: value.end + 1,
                    value,
                })
            }
            Kind::Bearer => {
                let mut at = start + text[start..].strip_prefix(b"Bearer").map(|_| 6)?;
                let blanks = at;
                while let Some(length) = javascript_space(&text[at..]) {
                    at += length;
                }
                let token = count(&text[at..], is_token);
                let end = at + token + count(&text[at + token..], |byte| byte == b'=');
                (at > blanks && token > 0).then_some(Match {
                    start,
                    value: at..end,
                    end,
                })
            }
            Kind::Stripe => {
                let value = text[start..].strip_prefix(b"sk_live_")?;
                let length = count(value, |byte| byte.is_ascii_alphanumeric());
                let end = start + b"sk_live_".len() + length;
                (length > 0).then_some(Match {
                    start,
                    value: start..end,
                    end,
                })
            }
            Kind::Url => {
                let inside = text[start..].strip_prefix(b"postgresql://")?;
                let length = count(inside, |byte| byte != b'@');
                let end = text.len() - inside.len() + length;
                if length == 0 || end == text.len() {
                    return None;
                }
                let colon = inside[..length].iter().position(|&byte| byte == b':');
                let value = end - length + colon.map_or(0, |colon| colon + 1)..end;
                Some(Match {
                    start,
                    value,
                    end: end + 1,
                })
            }
        }
    }
}

/// Joins neighbouring places.
fn runs(places: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in places {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// What a token of the article's Bearer pattern may hold.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

/// The values of one replacement in the line as it stands, where no other has been made before.
fn standing(kind: Kind, line: &[u8]) -> Vec<Range<usize>> {
    let (mut at, mut values) = (0, Vec::new());
    while let Some(found) = kind.find(line, at) {
        at = found.end;
        values.push(found.value);
    }
    values
}

fn count_back(text: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    text.iter().rev().take_while(|&&byte| holds(byte)).count()
}

fn count(text: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&byte| holds(byte)).count()
}

/// The length of the white space character of JavaScript that `text` starts with.
fn javascript_space(text: &[u8]) -> Option<usize> {
    match text {
        [b' ' | b'\t' | b'\n' | 0x0B | 0x0C | b'\r', ..] => Some(1),
        [0xC2, 0xA0, ..] => Some(2),
        [0xE1, 0x9A, 0x80, ..]
        | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, ..]
        | [0xE2, 0x81, 0x9F, ..]
        | [0xE3, 0x80, 0x80, ..]
        | [0xEF, 0xBB, 0xBF, ..] => Some(3),
        _ => None,
    }
}
