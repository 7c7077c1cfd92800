//! The protobuf wire format: read, masked by a schema, and written.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

pub(crate) mod schema;
pub(crate) mod walk;
pub(crate) mod wire;

#[cfg(test)]
mod tests;
