//! What the tests of sensitive fields share: redactors, every way to feed them, and
//! templates in which the place of a secret is marked.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::pedantic, reason = "plain comes before elegant in tests")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use blackbar::{Framing, Limits, Piece, Redactor, Session, Values};
use serde::de::IgnoredAny;

pub(crate) const MASK: &str = "[REDACTED]";

pub(crate) const BOTH: &[Framing] = &[Framing::Lines, Framing::Document];
pub(crate) const LINES: &[Framing] = &[Framing::Lines];
pub(crate) const DOCUMENT: &[Framing] = &[Framing::Document];

/// Inputs up to this length are cut at every place.
const SHORT: usize = 200;

/// So many failures of a table are told.
const SHOWN: usize = 40;

/// One set of rules, once with room for whole records and once so tight that each
/// longer record is worked off in windows.
pub(crate) struct Engine {
    pub(crate) roomy: Arc<Redactor>,
    pub(crate) tight: Arc<Redactor>,
}

/// Nothing, or what is wrong.
pub(crate) type Verdict = Result<(), String>;

impl Engine {
    pub(crate) fn new(values: Values) -> Self {
        let build = |limits| Arc::new(redactor(values, limits));
        Self {
            roomy: build(Limits::default()),
            tight: build(held(13)),
        }
    }

    /// The output for `input`, if it is the same in chunks, in windows and a second time.
    pub(crate) fn redact(&self, framing: Framing, input: &[u8]) -> Result<Vec<u8>, String> {
        let whole = in_chunks(&self.roomy, framing, [input]);
        let same = |got: Vec<u8>, how: String| {
            let [input, one, so] = [input, &whole, &got].map(shown);
            let report = format!("{how}\n  input    {input}\n  whole    {one}\n  so       {so}");
            if got == whole { Ok(()) } else { Err(report) }
        };
        same(
            in_chunks(&self.roomy, framing, [&*whole]),
            "twice".to_owned(),
        )?;
        if input.len() <= SHORT {
            same(
                flushed(&self.roomy, framing, input),
                "flushed after each byte".to_owned(),
            )?;
        }
        for (redactor, room) in [(&self.roomy, "roomy"), (&self.tight, "tight")] {
            same(
                in_chunks(redactor, framing, input.chunks(1)),
                format!("{room}, bytewise"),
            )?;
            let step = if input.len() <= SHORT { 1 } else { 97 };
            for at in (0..=input.len()).step_by(step) {
                let (head, tail) = input.split_at(at);
                same(
                    in_chunks(redactor, framing, [head, tail]),
                    format!("{room}, cut at {at}"),
                )?;
            }
        }
        Ok(whole)
    }

    /// Whether `input` becomes `expected`.
    pub(crate) fn becomes(
        &self,
        framings: &[Framing],
        input: impl AsRef<[u8]>,
        expected: impl AsRef<[u8]>,
    ) -> Verdict {
        let (input, expected) = (input.as_ref(), expected.as_ref());
        for &framing in framings {
            let got = self.redact(framing, input)?;
            let what = match () {
                () if got != expected => "is another",
                () if is_json(input) && !is_json(&got) => "is valid JSON no more",
                () => continue,
            };
            let [input, expected, got] = [input, expected, &got].map(shown);
            return Err(format!(
                "{framing:?}: {what}\n  input    {input}\n  expected {expected}\n  got      {got}"
            ));
        }
        Ok(())
    }

    /// Whether none of the secrets is left of `input`, and all of `keeps`.
    pub(crate) fn loses(
        &self,
        framings: &[Framing],
        input: impl AsRef<[u8]>,
        secrets: &[&str],
        keeps: &[&str],
    ) -> Verdict {
        let input = input.as_ref();
        for &framing in framings {
            let got = self.redact(framing, input)?;
            let leaking = secrets.iter().find(|secret| leak(&got, secret).is_some());
            let lost = keeps.iter().find(|keep| !holds(&got, keep));
            let what = match (leaking, lost) {
                (Some(secret), _) => format!("{secret:?} leaks"),
                (None, Some(keep)) => format!("{keep:?} is lost"),
                _ if is_json(input) && !is_json(&got) => "is valid JSON no more".to_owned(),
                _ => continue,
            };
            let [input, got] = [input, &got].map(shown);
            return Err(format!(
                "{framing:?}: {what}\n  input    {input}\n  got      {got}"
            ));
        }
        Ok(())
    }
}

/// Runs all cases of a table and names all that fail, not only the first.
#[derive(Default)]
pub(crate) struct Table {
    failures: Vec<String>,
    cases: usize,
}

impl Table {
    /// A panic in a case is a failure of that case.
    pub(crate) fn case(&mut self, name: &str, case: impl FnOnce() -> Verdict) {
        self.cases += 1;
        let report = match catch_unwind(AssertUnwindSafe(case)) {
            Ok(Ok(())) => return,
            Ok(Err(report)) => report,
            Err(panic) => match panic.downcast::<String>() {
                Ok(text) => format!("panics: {text}"),
                Err(panic) => format!("panics: {:?}", panic.downcast_ref::<&str>()),
            },
        };
        self.failures.push(format!("{name}: {report}"));
    }

    pub(crate) fn done(self) {
        assert!(self.cases > 0);
        assert!(
            self.failures.is_empty(),
            "{} of {} cases\n\n{}\n",
            self.failures.len(),
            self.cases,
            self.failures[..self.failures.len().min(SHOWN)].join("\n\n")
        );
    }
}

pub(crate) fn redactor(values: Values, limits: Limits) -> Redactor {
    let builder = Redactor::builder().values(values).limits(limits);
    builder.build().unwrap()
}

/// Limits at which a session holds hardly more than `bytes` of a record.
pub(crate) fn held(bytes: usize) -> Limits {
    Limits {
        max_record: bytes,
        max_document: bytes,
        ..Limits::default()
    }
}

/// Byte by byte, and after each all leaves that may.
fn flushed(redactor: &Arc<Redactor>, framing: Framing, input: &[u8]) -> Vec<u8> {
    let mut session = Session::new(Arc::clone(redactor), framing);
    let (mut out, mut pieces) = (Vec::new(), Vec::new());
    let mut take = |session: &Session, pieces: &mut Vec<Piece>, chunk: &[u8]| {
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, chunk));
        }
    };
    for chunk in input.chunks(1) {
        session.write(chunk, &mut pieces);
        take(&session, &mut pieces, chunk);
        session.flush(&mut pieces);
        take(&session, &mut pieces, &[]);
    }
    session.end(&mut pieces);
    take(&session, &mut pieces, &[]);
    out
}

pub(crate) fn in_chunks<'a>(
    redactor: &Arc<Redactor>,
    framing: Framing,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<u8> {
    let mut session = Session::new(Arc::clone(redactor), framing);
    let (mut out, mut pieces) = (Vec::new(), Vec::new());
    for chunk in chunks {
        session.write(chunk, &mut pieces);
        for piece in pieces.drain(..) {
            out.extend_from_slice(session.bytes(&piece, chunk));
        }
    }
    session.end(&mut pieces);
    for piece in pieces.drain(..) {
        out.extend_from_slice(session.bytes(&piece, &[]));
    }
    out
}

/// Input and expected output of a template: `«x»` is a content that is masked, `‹x›` a
/// value that is replaced by a mask in quotes.
pub(crate) fn marked(template: &str) -> (String, String) {
    marked_as(template, "\"[REDACTED]\"")
}

/// The same, with something else instead of a mask in quotes.
pub(crate) fn marked_as(template: &str, value: &str) -> (String, String) {
    let (mut input, mut expected) = (String::new(), String::new());
    let mut inside = false;
    for char in template.chars() {
        match char {
            '«' | '‹' => {
                inside = true;
                expected.push_str(if char == '«' { MASK } else { value });
            }
            '»' | '›' => inside = false,
            _ => {
                input.push(char);
                if !inside {
                    expected.push(char);
                }
            }
        }
    }
    assert!(!inside, "an open mark in {template}");
    (input, expected)
}

/// `document` as a string in a string … of a record, `depth` times.
pub(crate) fn nested(document: &str, depth: usize) -> String {
    (0..depth).fold(document.to_owned(), |document, _| {
        let text = serde_json::to_string(&document).unwrap();
        format!("{{\"level\":\"info\",\"msg\":{text},\"n\":1}}")
    })
}

/// Whether this is one document by RFC 8259, a byte order mark before it apart. Does not
/// recurse, and takes numbers of any size and surrogates without their other half.
pub(crate) fn is_json(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// What can be seen of `secret`: all of it, or six or more bytes of its beginning or end.
pub(crate) fn leak<'a>(output: &[u8], secret: &'a str) -> Option<&'a [u8]> {
    let secret = secret.as_bytes();
    let length = secret.len().min(6);
    [&secret[..length], &secret[secret.len() - length..]]
        .into_iter()
        .find(|part| memchr::memmem::find(output, part).is_some())
}

pub(crate) fn holds(text: &[u8], part: &str) -> bool {
    memchr::memmem::find(text, part.as_bytes()).is_some()
}

/// As a text, with what is no text escaped, and not endless.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                ' '..='~' => text.push(char),
                _ => text.extend(char.escape_debug()),
            }
        }
        text.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    match text.char_indices().nth(600) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
