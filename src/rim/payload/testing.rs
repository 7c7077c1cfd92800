//! What the tests of several formats share.

use crate::rim::config::policy::Policy;
use crate::rim::payload::body::Head;
use crate::rim::payload::format::MaskBody;
use crate::rim::payload::refusal::Refusal;
pub(crate) use crate::rim::payload::sample::policy;
use crate::rim::payload::sample::rules;
use crate::rim::payload::work::Work;

/// How many stubs were written, by reason.
pub(crate) type Stubs = Vec<(&'static str, u64)>;

/// A value that is secret where its name says so.
pub(crate) const SECRET: &str = "hunter2hunter2";

/// What stands for it.
pub(crate) const MASK: &str = "[REDACTED]";

/// A token that is secret wherever it stands. Its letters are no tags of protobuf.
pub(crate) fn token() -> String {
    format!("{}_{}", "ghp", "wgovnfwgovnfWGOVNF".repeat(3))
}

/// The head of a request to this path.
pub(crate) fn head(path: &str) -> Head {
    Head {
        path: path.to_owned(),
        ..Head::default()
    }
}

/// What becomes of a body, and the stubs in it.
pub(crate) fn masked_by(
    mask: MaskBody,
    head: &Head,
    policy: &Policy,
    body: &[u8],
) -> Result<(Vec<u8>, Stubs), Refusal> {
    let rules = rules();
    let mut work = Work::new(&rules, policy);
    let mut out = Vec::new();
    mask(body, head, &mut work, &mut out)?;
    Ok((out, work.into_counts().1))
}

/// What becomes of a body.
pub(crate) fn masked(mask: MaskBody, path: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    masked_by(mask, &head(path), &policy(), body).map(|(out, _)| out)
}

/// Whether the needle lies in the bytes.
pub(crate) fn holds(bytes: &[u8], needle: &str) -> bool {
    memchr::memmem::find(bytes, needle.as_bytes()).is_some()
}
