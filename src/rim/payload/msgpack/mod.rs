//! The msgpack format: read, and masked value by value.
//!
//! Source: <https://github.com/msgpack/msgpack/blob/master/spec.md>.

mod near;
pub(crate) mod token;
pub(crate) mod walk;

#[cfg(test)]
mod tests;
