//! Sentry's formats: envelopes, and the older store endpoint.
//!
//! Source: <https://develop.sentry.dev/sdk/data-model/envelopes/> and the pages on each
//! kind of item there; `relay-server/src/envelope` of <https://github.com/getsentry/relay>
//! for what the receiver makes of them.

mod envelope;
mod header;
mod ids;
mod item;
mod json;
mod store;

#[cfg(test)]
mod tests;

pub(crate) use envelope::{looks_like, mask};
pub(crate) use store::mask as mask_store;
