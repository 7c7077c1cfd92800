//! Sentry's formats: envelopes, and the older store endpoint.
//!
//! Source: <https://develop.sentry.dev/sdk/data-model/envelopes/> and the pages on each
//! kind of item there; `relay-server/src/envelope` of <https://github.com/getsentry/relay>
//! for what the receiver makes of them.

mod attributes;
mod envelope;
mod header;
mod ids;
mod item;
mod json;
mod parameters;
mod store;

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, never};

/// An envelope, at its endpoint or wherever a browser's tunnel takes it.
pub(crate) const FORMAT: Format = Format {
    name: "sentry",
    mask: envelope::mask,
    by_path: |head, _| is_endpoint(head, "/envelope"),
    by_look: |_, body| envelope::looks_like(body),
    flow: Flow::Held,
    content: Content::Bytes,
};

/// One event, at the endpoint for it.
pub(crate) const STORE: Format = Format {
    name: "sentry-store",
    mask: store::mask,
    by_path: |head, _| is_endpoint(head, "/store"),
    by_look: never,
    flow: Flow::Held,
    content: Content::Bytes,
};

/// Whether the path is `/api/<project>` and this, wherever Sentry is mounted.
fn is_endpoint(head: &Head, endpoint: &str) -> bool {
    let path = head.path.trim_end_matches('/');
    let project = path
        .strip_suffix(endpoint)
        .and_then(|path| path.rsplit_once('/'));
    project.is_some_and(|(api, project)| api.ends_with("/api") && !project.is_empty())
}

#[cfg(test)]
mod tests;
