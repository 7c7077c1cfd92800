//! What the tests of several formats share.

use std::sync::{Arc, LazyLock};

use blackbar::{Redactor, Tally};

use crate::rim::config::policy::{Policy, Rules, Undecodable};
use crate::rim::payload::body::Head;
use crate::rim::payload::format::MaskBody;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// A value that is secret where its name says so.
pub(crate) const SECRET: &str = "hunter2hunter2";

/// What stands for it.
pub(crate) const MASK: &str = "[REDACTED]";

/// The default rules, built once.
pub(crate) static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let plain = Arc::new(Redactor::builder().build().expect("the packs are right"));
    let typed = plain.clone();
    Rules { plain, typed }
});

/// A token that is secret wherever it stands. Its letters are no tags of protobuf.
pub(crate) fn token() -> String {
    format!("{}_{}", "ghp", "wgovnfwgovnfWGOVNF".repeat(3))
}

/// A policy with stubs.
pub(crate) fn policy() -> Policy {
    Policy {
        format: None,
        undecodable: Undecodable::Stub,
        passed_types: Vec::new(),
        max_body: 8 << 20,
        max_ratio: 100,
        hold: false,
        sentry_upstream: None,
    }
}

/// The head of a request to this path.
pub(crate) fn head(path: &str) -> Head {
    Head {
        path: path.to_owned(),
        ..Head::default()
    }
}

/// What becomes of a body, what was counted, and the stubs.
pub(crate) fn masked_by(
    mask: MaskBody,
    head: &Head,
    policy: &Policy,
    body: &[u8],
) -> Result<(Vec<u8>, Tally, Vec<(&'static str, u64)>), Refusal> {
    let mut work = Work::new(&RULES, policy);
    let mut out = Vec::new();
    mask(body, head, &mut work, &mut out)?;
    let (tally, stubs) = work.into_counts();
    Ok((out, tally, stubs))
}

/// What becomes of a body.
pub(crate) fn masked(mask: MaskBody, path: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    masked_by(mask, &head(path), &policy(), body).map(|(out, ..)| out)
}

/// Whether the needle lies in the bytes.
pub(crate) fn holds(bytes: &[u8], needle: &str) -> bool {
    memchr::memmem::find(bytes, needle.as_bytes()).is_some()
}
