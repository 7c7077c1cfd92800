//! One file: what is found in it, and where.
//!
//! Values are seen only here, to be fingerprinted; what leaves is places and numbers.

use std::cmp::Ordering;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::sync::Arc;

use blackbar::{Found, Framing, Redactor, Session};

use crate::rim::check::allowed::Marks;
use crate::rim::check::catalogue::Catalogue;
use crate::rim::check::fingerprint::{Digest, Key};
use crate::rim::check::window::{Place, Window};
use crate::rim::check::{dockerfile, kubernetes};

/// How much is read at a time.
const CHUNK: usize = 256 * 1024;

/// A secret and its place. Never its value.
#[derive(Debug)]
pub(crate) struct Secret {
    /// The number in the [`Catalogue`].
    pub(crate) rule: usize,
    pub(crate) place: Place,
    /// The place after its last character.
    pub(crate) end: Place,
    /// Bytes from the file's beginning.
    pub(crate) offset: u64,
    /// Bytes from the first one of the value to the last one.
    pub(crate) length: u64,
    pub(crate) fingerprint: String,
    /// No decision was reached, or its verifier failed.
    pub(crate) doubtful: bool,
    /// A comment in its line says that it may be there.
    pub(crate) allowed: bool,
}

/// What a file is looked at as, beside the engine's look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Lines of any text, read in chunks.
    Lines,
    /// The same, in a programming language.
    Code,
    /// One document of JSON, read whole; it may be a manifest.
    Document,
    Dockerfile,
    /// Lines that may be a manifest of Kubernetes, read whole.
    Manifest,
}

/// What all files have in common.
pub(crate) struct Scan<'a> {
    pub(crate) redactor: &'a Arc<Redactor>,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) key: &'a Key,
}

impl Scan<'_> {
    /// Finds the secrets of a file, in order.
    pub(crate) fn read(&self, source: &mut dyn Read, look: Look) -> io::Result<Vec<Secret>> {
        if matches!(look, Look::Lines | Look::Code) {
            self.in_chunks(source, look == Look::Code)
        } else {
            let mut text = Vec::new();
            source.read_to_end(&mut text)?;
            Ok(self.whole(text, look))
        }
    }

    /// Holds the unfinished line, up to what a session holds of one.
    fn in_chunks(&self, source: &mut dyn Read, code: bool) -> io::Result<Vec<Secret>> {
        let most = self.redactor.limits().max_record.max(CHUNK);
        let mut session = self.session(Framing::Lines);
        let mut pieces = Vec::new();
        let mut collector = Collector::new(self);
        let mut window = Window::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = fill(source, &mut chunk)?;
            let chunk = &chunk[..length];
            window.extend(chunk);
            if length == 0 {
                session.end(&mut pieces);
            } else {
                session.write(chunk, &mut pieces);
            }
            // Nothing is written, so nothing becomes of the pieces.
            pieces.clear();
            let mut spans: Vec<Span> = session.found().map(Span::from).collect();
            if code {
                spans.retain(|span| self.is_literal(&window, span));
            }
            collector.add(&mut window, spans);
            if length == 0 {
                return Ok(collector.finish());
            }
            window.shrink(most);
        }
    }

    fn whole(&self, mut text: Vec<u8>, look: Look) -> Vec<Secret> {
        let mut spans = Vec::new();
        if matches!(look, Look::Document | Look::Manifest) {
            let rule = self.catalogue.kubernetes();
            let values = kubernetes::values(&text).into_iter();
            spans.extend(values.map(|value| Span::of(value, rule)));
        }
        if look == Look::Dockerfile {
            text = dockerfile::with_assignments(&text).unwrap_or(text);
        }
        let mut session = self.session(match look {
            Look::Document => Framing::Document,
            _ => Framing::Lines,
        });
        let mut pieces = Vec::new();
        session.write(&text, &mut pieces);
        session.end(&mut pieces);
        spans.extend(session.found().map(Span::from));
        let mut window = Window::new();
        window.extend(&text);
        let mut collector = Collector::new(self);
        collector.add(&mut window, spans);
        collector.finish()
    }

    /// In a program `password: String` is a declaration and `token = next()` an expression.
    /// So the value of a field counts only where a quote stands before it in its line.
    fn is_literal(&self, window: &Window, span: &Span) -> bool {
        let quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
        !self.catalogue.rule(span.rule).field || window.line_before(span.start).iter().any(quote)
    }

    fn session(&self, framing: Framing) -> Session {
        Session::new(Arc::clone(self.redactor), framing).with_journal()
    }
}

/// Reads until the buffer is full or the source has ended, so that what is found does not
/// depend on how a pipe delivers.
fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match source.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// A finding by its offsets in the file.
#[derive(Clone, Copy)]
struct Span {
    start: u64,
    end: u64,
    rule: usize,
    doubtful: bool,
    /// What the engine says of it; nothing of what `check` itself found.
    found: Option<Found>,
}

impl From<Found> for Span {
    fn from(found: Found) -> Self {
        Self {
            start: found.start(),
            end: found.end(),
            rule: found.rule(),
            doubtful: found.undecided() || found.unverified(),
            found: Some(found),
        }
    }
}

impl Span {
    fn of(range: Range<usize>, rule: usize) -> Self {
        Self {
            start: range.start as u64,
            end: range.end as u64,
            rule,
            doubtful: false,
            found: None,
        }
    }

    /// By start; then the one first that would name the mask, and those of `check` last.
    fn order(&self, other: &Self) -> Ordering {
        let same = || match (&self.found, &other.found) {
            (Some(a), Some(b)) => a.naming_order(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        self.start.cmp(&other.start).then_with(same)
    }
}

/// Makes secrets of findings: those that overlap are one, as they have one mask, and so
/// are the lines of one key block.
struct Collector<'a> {
    scan: &'a Scan<'a>,
    secrets: Vec<Secret>,
    open: Option<Open>,
    marks: Marks,
}

/// A secret that the next finding may belong to.
struct Open {
    span: Span,
    place: Place,
    /// The place after the last byte of the span.
    end: Place,
    last_line: u64,
    digest: Digest,
    allowed: bool,
}

impl<'a> Collector<'a> {
    fn new(scan: &'a Scan<'a>) -> Self {
        Self {
            scan,
            secrets: Vec::new(),
            open: None,
            marks: Marks::default(),
        }
    }

    /// Takes findings none of which begins before those of an earlier call.
    fn add(&mut self, window: &mut Window, mut spans: Vec<Span>) {
        spans.sort_by(Span::order);
        for span in spans {
            let place = window.place(span.start);
            let (from, place_from) = match &self.open {
                Some(open) if span.start < open.span.end => (open.span.end, open.end),
                Some(open) if self.is_next_line(open, span, place) => (span.start, place),
                _ => {
                    self.close();
                    self.open = Some(Open {
                        span,
                        place,
                        end: place,
                        last_line: place.line,
                        digest: self.scan.key.digest(),
                        allowed: false,
                    });
                    (span.start, place)
                }
            };
            let allowed = self.marks.allow(window, span.start, span.end);
            let open = self.open.as_mut().expect("there is one now");
            open.digest.add(window.slice(from, span.end));
            open.end = window.place_after(place_from, from, span.end);
            open.span.end = open.span.end.max(span.end);
            open.last_line = place.line;
            open.allowed |= allowed;
            // The mask has the name of what the engine found.
            if open.span.found.is_none() && span.found.is_some() {
                let (start, end) = (open.span.start, open.span.end);
                open.span = Span { start, end, ..span };
            }
        }
    }

    fn is_next_line(&self, open: &Open, span: Span, place: Place) -> bool {
        let block = self.scan.catalogue.rule(span.rule).block;
        block && span.rule == open.span.rule && place.line == open.last_line + 1
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        self.secrets.push(Secret {
            rule: open.span.rule,
            place: open.place,
            end: open.end,
            offset: open.span.start,
            length: open.span.end - open.span.start,
            fingerprint: open.digest.finish(),
            doubtful: open.span.doubtful,
            allowed: open.allowed,
        });
    }

    fn finish(mut self) -> Vec<Secret> {
        self.close();
        self.secrets
    }
}
