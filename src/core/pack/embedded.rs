//! The packs that are compiled into the library: every file of `patterns/`, as the build
//! script writes it down in Rust, so that no start has to read it.

use std::borrow::Cow::Borrowed;

use super::raw::{RawBenign, RawName};
use crate::core::field::{Demand, Matching, Syntax};
use crate::core::rule::{Block, RuleEntry, Text};
use crate::core::verify::{NationalId, OnFail, Verifier, VerifySpec};

/// A pack as its file has it.
pub(super) struct Embedded {
    pub(super) name: &'static str,
    /// The file, as errors name it.
    pub(super) origin: &'static str,
    pub(super) about: &'static str,
    pub(super) optional: bool,
    pub(super) rules: &'static [RuleEntry],
    pub(super) names: &'static [RawName],
    pub(super) benign: &'static [RawBenign],
    pub(super) allowed_values: &'static [Text],
}

/// All of them, by name.
#[allow(
    clippy::unreadable_literal,
    reason = "the numbers are those of the files"
)]
pub(super) static EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/packs.rs"));
