//! The engine, driven with chunks, in the oracle's terms.

use std::sync::Arc;

use blackbar::{Limits, Pack, Redactor, Session};

use super::rules::{Framing, Options, PACK, Profile, Rule, Spec, pack_text, rules};
use super::{self as oracle, Output};

/// The engine with the rules of a test and no others.
pub(crate) fn engine(specs: &[Spec], options: &Options) -> Result<Arc<Redactor>, String> {
    let text = pack_text(specs);
    let pack = Pack::parse(PACK, "test.toml", &text).map_err(|error| format!("{error}\n{text}"))?;
    Redactor::builder()
        .embedded(false)
        .pack(pack)
        .profile(profile(options.profile))
        .labels(options.labels)
        .limits(limits(options))
        .build()
        .map(Arc::new)
        .map_err(|error| format!("{error}\n{text}"))
}

pub(crate) fn limits(options: &Options) -> Limits {
    Limits {
        reach: options.reach,
        max_record: options.max_record,
        max_document: options.max_record,
    }
}

pub(crate) fn profile(profile: Profile) -> blackbar::Profile {
    match profile {
        Profile::Standard => blackbar::Profile::Standard,
        Profile::Strict => blackbar::Profile::Strict,
        Profile::Article => blackbar::Profile::Article,
    }
}

pub(crate) fn framing(framing: Framing) -> blackbar::Framing {
    match framing {
        Framing::Lines => blackbar::Framing::Lines,
        Framing::Document => blackbar::Framing::Document,
    }
}

/// Runs one session over `chunks`.
pub(crate) fn run<'a>(
    redactor: &Arc<Redactor>,
    framing: Framing,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Output {
    let mut stream = Stream::new(redactor, framing);
    let mut taken = 0;
    for chunk in chunks {
        stream.write(chunk);
        taken += chunk.len() as u64;
    }
    let output = stream.end();
    let tally = stream.session.tally();
    assert_eq!(tally.bytes_in(), taken, "bytes in");
    assert_eq!(tally.bytes_out(), output.bytes.len() as u64, "bytes out");
    output
}

/// The whole input as one chunk.
pub(crate) fn whole(redactor: &Arc<Redactor>, framing: Framing, input: &[u8]) -> Output {
    run(redactor, framing, [input])
}

/// Every byte as a chunk.
pub(crate) fn bytewise(redactor: &Arc<Redactor>, framing: Framing, input: &[u8]) -> Output {
    run(redactor, framing, input.chunks(1))
}

/// Every byte as a chunk, and after each all leaves that may.
pub(crate) fn flushed(redactor: &Arc<Redactor>, framing: Framing, input: &[u8]) -> Output {
    let mut stream = Stream::new(redactor, framing);
    for chunk in input.chunks(1) {
        stream.write(chunk);
        stream.flush();
    }
    stream.end()
}

/// A set of rules, limits and a framing, for the oracle and for the engine.
pub(crate) struct Pair {
    rules: Vec<Rule>,
    specs: Vec<Spec>,
    options: Options,
    framing: Framing,
    engine: Arc<Redactor>,
}

impl Pair {
    pub(crate) fn new(
        specs: Vec<Spec>,
        options: Options,
        framing: Framing,
    ) -> Result<Self, String> {
        let engine = engine(&specs, &options)?;
        Ok(Self {
            rules: rules(&specs),
            specs,
            options,
            framing,
            engine,
        })
    }

    pub(crate) fn oracle(&self, input: &[u8]) -> Output {
        oracle::redact(&self.rules, &self.options, self.framing, input)
    }

    pub(crate) fn engine<'a>(&self, chunks: impl IntoIterator<Item = &'a [u8]>) -> Output {
        run(&self.engine, self.framing, chunks)
    }

    /// Whether the engine differs from the oracle if all leaves that may after each byte.
    pub(crate) fn flushed_difference(&self, expected: &Output, input: &[u8]) -> Option<String> {
        let got = flushed(&self.engine, self.framing, input);
        (got != *expected).then(|| {
            let input = shown(input);
            format!(
                "flushed after each byte of {input}\n  expected {expected:?}\n  got      {got:?}\n\
                 {}",
                pack_text(&self.specs)
            )
        })
    }

    /// Where the engine differs from the oracle for these chunks: a report.
    pub(crate) fn difference(&self, expected: &Output, chunks: &[&[u8]]) -> Option<String> {
        let got = self.engine(chunks.iter().copied());
        (got != *expected).then(|| {
            let chunks: Vec<String> = chunks.iter().map(|chunk| shown(chunk)).collect();
            format!(
                "the engine differs from the oracle\n  chunks   [{}]\n  expected {expected:?}\n  got      \
                 {got:?}\n  {:?}, {:?}\n{}",
                chunks.join(", "),
                self.framing,
                self.options,
                pack_text(&self.specs),
            )
        })
    }
}

/// Bytes as a literal.
pub(crate) fn shown(bytes: &[u8]) -> String {
    format!("b\"{}\"", bytes.escape_ascii())
}

/// A session and what has left it so far.
pub(crate) struct Stream {
    pub(crate) session: Session,
    pub(crate) left: Vec<u8>,
    pieces: Vec<blackbar::Piece>,
}

impl Stream {
    pub(crate) fn new(redactor: &Arc<Redactor>, of: Framing) -> Self {
        Self {
            session: Session::new(Arc::clone(redactor), framing(of)),
            left: Vec::new(),
            pieces: Vec::new(),
        }
    }

    pub(crate) fn write(&mut self, chunk: &[u8]) {
        self.session.write(chunk, &mut self.pieces);
        self.take(chunk);
    }

    pub(crate) fn flush(&mut self) {
        self.session.flush(&mut self.pieces);
        self.take(&[]);
    }

    pub(crate) fn end(&mut self) -> Output {
        self.session.end(&mut self.pieces);
        self.take(&[]);
        let tally = self.session.tally();
        Output {
            bytes: std::mem::take(&mut self.left),
            findings: tally.findings().to_vec(),
            masks: tally.masks(),
            undecided: tally.undecided(),
            records: tally.records(),
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        for piece in self.pieces.drain(..) {
            self.left
                .extend_from_slice(self.session.bytes(&piece, chunk));
        }
    }
}
