//! What the tests of bodies share.

use std::sync::{Arc, LazyLock};

use blackbar::{Redactor, Values};

use crate::rim::config::policy::{Policy, Rules, Undecodable};
use crate::rim::payload::{Body, Head, Outcome, Refusal};

/// The embedded rules.
pub(crate) fn rules() -> Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        let build = |values| {
            let builder = Redactor::builder().values(values);
            Arc::new(builder.build().expect("the embedded rules build"))
        };
        Rules::new(build(Values::String), build(Values::Typed))
    });
    RULES.clone()
}

/// A policy with small limits.
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

/// The head of a request for `path` with a content type, empty for none.
pub(crate) fn head(path: &str, content_type: &str) -> Head {
    Head {
        path: path.to_owned(),
        content_type: (!content_type.is_empty()).then(|| content_type.to_owned()),
        ..Head::default()
    }
}

/// What a body becomes that comes in chunks of `size` bytes.
pub(crate) fn pass_in(
    size: usize,
    policy: &Policy,
    head: &Head,
    bytes: &[u8],
) -> Result<(Vec<u8>, Outcome), Refusal> {
    let mut body = Body::new(&rules(), &Arc::new(policy.clone()), head)?;
    let mut out = Vec::new();
    for chunk in bytes.chunks(size.max(1)) {
        body.write(chunk, &mut out)?;
    }
    let outcome = body.end(&mut out)?;
    Ok((out, outcome))
}

/// What a body becomes. It is the same given whole and byte by byte, `changed` is right,
/// and (G5) it stays the same when it passes once more.
pub(crate) fn pass(
    policy: &Policy,
    head: &Head,
    bytes: &[u8],
) -> Result<(Vec<u8>, Outcome), Refusal> {
    let whole = pass_in(usize::MAX, policy, head, bytes);
    let single = pass_in(1, policy, head, bytes);
    match (&whole, &single) {
        (Ok((whole, outcome)), Ok((single, other))) => {
            assert!(whole == single, "a body's cuts can be seen");
            assert_eq!(outcome.changed, whole != bytes);
            assert_eq!(outcome.changed, other.changed);
            assert_eq!(outcome.format, other.format);
            let again = pass_in(usize::MAX, policy, head, whole).expect("a masked body passes");
            assert_eq!(
                String::from_utf8_lossy(&again.0),
                String::from_utf8_lossy(whole),
                "it changes once more"
            );
        }
        (Err(whole), Err(single)) => assert_eq!(whole, single),
        _ => panic!("a body passes only when it is cut in a certain way"),
    }
    whole
}

/// Asserts what a body becomes and which format it is found to have.
#[track_caller]
pub(crate) fn check(path: &str, content_type: &str, body: &str, expected: &str, format: &str) {
    let (out, outcome) = pass(&policy(), &head(path, content_type), body.as_bytes())
        .unwrap_or_else(|refusal| panic!("refused: {refusal}"));
    assert_eq!(String::from_utf8_lossy(&out), expected);
    assert_eq!(outcome.format, format);
}
