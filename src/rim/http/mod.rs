//! The redacting reverse proxy.
