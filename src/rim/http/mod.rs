//! The redacting reverse proxy.

pub(crate) mod answer;
pub(crate) mod budget;
pub(crate) mod events;
pub(crate) mod strict;
