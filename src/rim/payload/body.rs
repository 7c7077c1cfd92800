//! One body on its way through.
//!
//! # What leaves when?
//!
//! Text and JSON lines without a coding leave line by line, once their beginning agrees
//! with what the request says of them. Everything else is held to its end: its format shows
//! only then, and an encoded body in which nothing is found has to leave with the bytes
//! with which it came.

use std::sync::Arc;

use blackbar::{Session, Tally};

use crate::rim::config::policy::{Policy, Rules, Undecodable};
use crate::rim::payload::codec::{Coding, Decoder};
use crate::rim::payload::format::{self, Flow, Format, Found};
use crate::rim::payload::hold::append;
use crate::rim::payload::json;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::sessions::Kind;
use crate::rim::payload::work::Work;

/// How much of a text is looked at before the first of it leaves.
const BEGINNING: usize = 512;

/// What a request says of its body. All of it is a hint only, but the codings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// The path as it came, without the query.
    pub(crate) path: String,
    /// `Content-Type`.
    pub(crate) content_type: Option<String>,
    /// `Content-Encoding`, several joined by commas.
    pub(crate) content_encoding: Option<String>,
    /// `grpc-encoding`.
    pub(crate) grpc_encoding: Option<String>,
}

/// What was done to a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// What the sessions over it counted.
    pub(crate) tally: Tally,
    /// Whether the bytes that left differ from those that came.
    pub(crate) changed: bool,
    /// The format's name.
    pub(crate) format: &'static str,
    /// Items, parts and records that a stub stands for, by reason.
    pub(crate) stubs: Vec<(&'static str, u64)>,
}

/// One body on its way through: chunks in, bytes out.
pub(crate) struct Body {
    rules: Rules,
    policy: Arc<Policy>,
    head: Head,
    way: Way,
    /// What was held of it, decoded.
    plain: Vec<u8>,
}

/// How a body goes through.
enum Way {
    /// It is held; so it stays.
    Held,
    /// It is encoded, and these are the bytes that came.
    Encoded(Box<Decoder>, Vec<u8>),
    /// It is held until its beginning shows whether it is of this format.
    Undecided(&'static Format),
    /// It leaves line by line.
    Streamed(&'static Format, Kind, Box<Session>),
}

impl Body {
    /// Begins a body.
    ///
    /// # Errors
    ///
    /// A coding is not known.
    pub(crate) fn new(rules: &Rules, policy: &Arc<Policy>, head: &Head) -> Result<Self, Refusal> {
        let codings = Coding::parse(head.content_encoding.as_deref().unwrap_or_default())?;
        let way = if !codings.is_empty() {
            Way::Encoded(Box::new(Decoder::new(&codings, policy)), Vec::new())
        } else if policy.hold {
            Way::Held
        } else {
            format::candidate(policy, head).map_or(Way::Held, Way::Undecided)
        };
        Ok(Self {
            rules: rules.clone(),
            policy: policy.clone(),
            head: head.clone(),
            way,
            plain: Vec::new(),
        })
    }

    /// Takes in a chunk and appends to `out` what may leave. Formats that are documents
    /// leave with [`Body::end`] only.
    ///
    /// # Errors
    ///
    /// The body cannot go on. Nothing more may be sent of it.
    pub(crate) fn write(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        match &mut self.way {
            Way::Streamed(_, _, session) => {
                stream(session, chunk, out);
                Ok(())
            }
            Way::Encoded(decoder, encoded) => {
                hold(chunk, self.policy.max_body, encoded)?;
                decoder.write(chunk, &mut self.plain)
            }
            Way::Held => hold(chunk, self.policy.max_body, &mut self.plain),
            Way::Undecided(format) => {
                let format = *format;
                self.begin(format, chunk, out)
            }
        }
    }

    /// The body has ended. Appends the rest.
    ///
    /// # Errors
    ///
    /// The body cannot go on. Nothing more may be sent of it.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) -> Result<Outcome, Refusal> {
        let plain = std::mem::take(&mut self.plain);
        match std::mem::replace(&mut self.way, Way::Held) {
            Way::Streamed(format, kind, mut session) => {
                finish(&mut session, out);
                let mut tally = Tally::default();
                self.rules.give_back(kind, session, &mut tally);
                Ok(Outcome {
                    changed: tally.masks() > 0,
                    tally,
                    format: format.name,
                    stubs: Vec::new(),
                })
            }
            Way::Held | Way::Undecided(_) => {
                let mut masked = Vec::with_capacity(plain.len());
                let work = Work::new(&self.rules, &self.policy);
                let mut outcome = self.mask(&plain, work, &mut masked)?;
                outcome.changed = masked != plain;
                append_whole(masked, out);
                Ok(outcome)
            }
            Way::Encoded(mut decoder, encoded) => {
                decoder.end()?;
                let mut work = Work::new(&self.rules, &self.policy);
                let must_go = decoder.unseen().any(|text| work.holds_secrets(text));
                let mut masked = Vec::with_capacity(plain.len());
                let mut outcome = self.mask(&plain, work, &mut masked)?;
                if must_go || masked != plain {
                    drop(plain);
                    outcome.changed = true;
                    append_whole(decoder.encode(masked), out);
                } else {
                    out.extend_from_slice(&encoded);
                }
                Ok(outcome)
            }
        }
    }

    /// What was done to as much of it as has left, where it leaves line by line: all that there
    /// will be of one that is cut.
    pub(crate) fn so_far(&self) -> Option<Outcome> {
        let Way::Streamed(format, _, session) = &self.way else {
            return None;
        };
        let tally = session.tally().clone();
        Some(Outcome {
            changed: tally.masks() > 0,
            tally,
            format: format.name,
            stubs: Vec::new(),
        })
    }

    /// How many bytes of memory it occupies, about; what [`Body::end`] will need beside
    /// them included.
    pub(crate) fn held(&self) -> usize {
        // The masked body stands beside the one that came, and the engine holds a third
        // of what it works on whole.
        let held = self.plain.capacity() + 2 * self.plain.len();
        held + match &self.way {
            Way::Held | Way::Undecided(_) => 0,
            Way::Streamed(_, _, session) => session.held(),
            Way::Encoded(decoder, encoded) => 2 * encoded.capacity() + decoder.held(),
        }
    }

    /// Holds a chunk, and goes over to streaming once the beginning agrees with `format`.
    /// What the beginning is does not depend on the chunks.
    fn begin(
        &mut self,
        format: &'static Format,
        chunk: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let seen = self.plain.len();
        // The limit is for what is held, and what streams is not.
        append(&mut self.plain, chunk);
        let Some(beginning) = beginning(format, &self.plain, seen) else {
            return within(self.policy.max_body, self.plain.len());
        };
        if !format::agrees(&self.policy, format, &self.head, &self.plain[..beginning]) {
            self.way = Way::Held;
            return within(self.policy.max_body, self.plain.len());
        }
        within(self.policy.max_body, beginning)?;
        let kind = match format.flow {
            Flow::TypedLines => Kind::TypedLines,
            Flow::Lines | Flow::Held => Kind::Lines,
        };
        let mut session = self.rules.session(kind);
        stream(&mut session, &std::mem::take(&mut self.plain), out);
        self.way = Way::Streamed(format, kind, session);
        Ok(())
    }

    /// Masks a whole decoded body. `changed` is not known yet.
    fn mask(
        &self,
        plain: &[u8],
        mut work: Work<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Outcome, Refusal> {
        let name = if plain.is_empty() {
            "empty"
        } else {
            self.mask_found(plain, &mut work, out)?
        };
        let (tally, stubs) = work.into_counts();
        Ok(Outcome {
            tally,
            changed: false,
            format: name,
            stubs,
        })
    }

    /// Masks by what the body is found to be, and returns that.
    fn mask_found(
        &self,
        plain: &[u8],
        work: &mut Work<'_>,
        out: &mut Vec<u8>,
    ) -> Result<&'static str, Refusal> {
        match format::find(&self.policy, &self.head, plain) {
            Found::Format(format) => {
                (format.mask)(plain, &self.head, work, out)?;
                Ok(format.name)
            }
            Found::Passed => {
                out.extend_from_slice(plain);
                Ok("passed")
            }
            // There is no item whose place a stub could take.
            Found::Binary
                if self.policy.undecodable == Undecodable::Text
                    && !format::look::is_utf16(&self.head, plain) =>
            {
                work.lines(plain, out);
                Ok("binary")
            }
            Found::Binary => Err(Refusal::Undecodable),
        }
    }
}

fn within(most: usize, length: usize) -> Result<(), Refusal> {
    if length > most {
        return Err(Refusal::TooLarge);
    }
    Ok(())
}

/// Appends bytes that are most often all there are.
fn append_whole(mut bytes: Vec<u8>, out: &mut Vec<u8>) {
    if out.is_empty() {
        *out = bytes;
    } else {
        out.append(&mut bytes);
    }
}

fn hold(chunk: &[u8], most: usize, held: &mut Vec<u8>) -> Result<(), Refusal> {
    within(most, held.len() + chunk.len())?;
    append(held, chunk);
    Ok(())
}

/// How long the beginning of a body is by which it is judged: a fixed piece of a text, the
/// first line with anything on it of JSON. `None` if more is needed. Before `seen`, no such
/// line has ended.
fn beginning(format: &Format, held: &[u8], seen: usize) -> Option<usize> {
    if format.name == format::text::FORMAT.name {
        return (held.len() >= BEGINNING).then_some(BEGINNING);
    }
    let mut at = seen;
    loop {
        at += memchr::memchr(b'\n', &held[at..])? + 1;
        if !json::without_lead(&held[..at]).is_empty() {
            return Some(at);
        }
    }
}

fn stream(session: &mut Session, chunk: &[u8], out: &mut Vec<u8>) {
    let mut pieces = Vec::new();
    session.write(chunk, &mut pieces);
    for piece in &pieces {
        out.extend_from_slice(session.bytes(piece, chunk));
    }
}

fn finish(session: &mut Session, out: &mut Vec<u8>) {
    let mut pieces = Vec::new();
    session.end(&mut pieces);
    for piece in &pieces {
        out.extend_from_slice(session.bytes(piece, &[]));
    }
}

#[cfg(test)]
mod tests;
