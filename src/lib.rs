//! blackbar puts a black bar over every secret in a stream of bytes.
//!
//! ```
//! let redactor = blackbar::Redactor::builder().build()?;
//! let line = b"GET /me Authorization: Basic dXNlcjpodW50ZXIyaHVudGVy\n";
//! assert_eq!(redactor.redact(line), b"GET /me Authorization: Basic [REDACTED]\n");
//! # Ok::<(), blackbar::BuildError>(())
//! ```
//!
//! A [`Redactor`] is a compiled set of rules: immutable and shared. A [`Session`] is
//! one stream's state: push chunks in, take [`Piece`]s out, write them where you like.
//! Clean bytes are never copied.
//!
//! ```
//! use std::sync::Arc;
//! use blackbar::{Framing, Redactor, Session};
//!
//! let redactor = Arc::new(Redactor::builder().build()?);
//! let mut session = Session::new(redactor, Framing::Lines);
//! let (mut out, mut pieces) = (Vec::new(), Vec::new());
//! for chunk in [b"url=postgresql://app:hun".as_slice(), b"ter2@db/shop\n"] {
//!     session.write(chunk, &mut pieces);
//!     for piece in pieces.drain(..) {
//!         out.extend_from_slice(session.bytes(&piece, chunk));
//!     }
//! }
//! session.end(&mut pieces);
//! for piece in pieces.drain(..) {
//!     out.extend_from_slice(session.bytes(&piece, &[]));
//! }
//! assert_eq!(out, b"url=postgresql://app:[REDACTED]@db/shop\n");
//! # Ok::<(), blackbar::BuildError>(())
//! ```
//!
//! # Guarantees
//!
//! * **G1 no leak**: a byte leaves only once no continuation of the stream can change
//!   what becomes of it.
//! * **G2 chunk-blind**: the output depends on the concatenation of the chunks, never
//!   on where they were cut.
//! * **G3 bounded**: a session's memory is bounded by its [`Limits`], newline or not.
//! * **G4 transparent**: bytes outside masks leave unchanged and in order.
//! * **G5 inert**: redacting twice changes nothing more; a record that was valid JSON
//!   stays valid JSON, at every escape depth.
//! * **G6 steady**: no allocation per record once warm; time at worst proportional to
//!   the input times a small constant of the rule set.
//! * **G7 silent**: no payload in errors, panics or `Debug` output.
//! * **G8 fail closed**: what cannot be decided is masked and counted.
//!
//! What exactly is computed is said in [`core`].

pub mod core;

pub use crate::core::check;
pub use crate::core::{
    builder::{BuildError, Builder},
    field::{BenignSource, Demand, Matching, NameSource, Syntax},
    journal::Found,
    limits::{Framing, Limits, Profile, UnknownProfile, UnknownValues, Values},
    mask::Mask,
    pack::{Pack, PackError, embedded_packs},
    pen::Piece,
    redactor::Redactor,
    rule::{Example, RuleSource},
    session::Session,
    tally::Tally,
};
