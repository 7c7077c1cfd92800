//! The redacting reverse proxy.

pub(crate) mod answer;
pub(crate) mod events;
