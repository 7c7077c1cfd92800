//! One body on its way through.

use blackbar::{Framing, Session, Tally};

use crate::rim::config::policy::{Policy, Rules};
use crate::rim::payload::refusal::Refusal;

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
    session: Session,
    changed: bool,
}

impl Body {
    /// Begins a body.
    ///
    /// # Errors
    ///
    /// A coding is not known.
    pub(crate) fn new(rules: &Rules, _policy: &Policy, _head: &Head) -> Result<Self, Refusal> {
        Ok(Self {
            session: Session::new(rules.plain.clone(), Framing::Lines),
            changed: false,
        })
    }

    /// Takes in a chunk and appends to `out` what may leave. Formats that are documents
    /// leave with [`Body::end`] only.
    ///
    /// # Errors
    ///
    /// The body cannot go on. Nothing more may be sent of it.
    pub(crate) fn write(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let mut pieces = Vec::new();
        self.session.write(chunk, &mut pieces);
        for piece in &pieces {
            out.extend_from_slice(self.session.bytes(piece, chunk));
        }
        Ok(())
    }

    /// The body has ended. Appends the rest.
    ///
    /// # Errors
    ///
    /// The body cannot go on. Nothing more may be sent of it.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) -> Result<Outcome, Refusal> {
        let mut pieces = Vec::new();
        self.session.end(&mut pieces);
        for piece in &pieces {
            out.extend_from_slice(self.session.bytes(piece, &[]));
        }
        self.changed = self.session.tally().masks() > 0;
        Ok(Outcome {
            tally: self.session.tally().clone(),
            changed: self.changed,
            format: "text",
            stubs: Vec::new(),
        })
    }

    /// How many bytes of memory it occupies, about; what [`Body::end`] will need beside
    /// them included.
    pub(crate) fn held(&self) -> usize {
        self.session.held()
    }
}
