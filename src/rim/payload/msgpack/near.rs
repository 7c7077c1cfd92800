//! Pairs in maps: `{"name": "password", "value": "x"}`, in either order.
//!
//! Which words these are the engine says. Members of a map have no order of their own, so
//! what stands behind a value may name it too.

use blackbar::core::field::pair::{MEMBERS, begins_pair, ends_pair};

use crate::rim::payload::msgpack::token::{Kind, token};

/// Names that may be those of values near them.
pub(crate) struct Near<'b> {
    /// Those of the last members, the latest at the end.
    before: [Option<&'b [u8]>; MEMBERS + 1],
}

impl<'b> Near<'b> {
    /// At the beginning of a map.
    pub(crate) fn new() -> Self {
        Self {
            before: [None; MEMBERS + 1],
        }
    }

    /// Takes in the member that has this key, and its value at `at`. Returns all names that
    /// its value has, its own the last; `left` members follow.
    pub(crate) fn names(
        &mut self,
        key: Option<&'b [u8]>,
        bytes: &'b [u8],
        at: usize,
        left: usize,
    ) -> Vec<&'b [u8]> {
        let mut names = Vec::new();
        if key.is_some_and(ends_pair) {
            names.extend(self.before.iter().flatten());
            names.extend(behind(bytes, at, left));
        }
        names.extend(key);
        self.before.rotate_left(1);
        self.before[MEMBERS] = key.and_then(|key| name(key, bytes, at));
        names
    }
}

/// The names in the members behind the value at `at`. Nothing is skipped that holds other
/// values, so that nested ones are not read again and again.
fn behind(bytes: &[u8], at: usize, left: usize) -> Vec<&[u8]> {
    let mut names = Vec::new();
    let Some(mut at) = end_of_one(bytes, at) else {
        return names;
    };
    for _ in 0..left.min(MEMBERS + 1) {
        let key = text(bytes, at);
        let Some(value) = end_of_one(bytes, at) else {
            break;
        };
        names.extend(key.and_then(|key| name(key, bytes, value)));
        let Some(next) = end_of_one(bytes, value) else {
            break;
        };
        at = next;
    }
    names
}

/// The name that the value at `at` is under this key.
fn name<'b>(key: &[u8], bytes: &'b [u8], at: usize) -> Option<&'b [u8]> {
    begins_pair(key).then(|| text(bytes, at)).flatten()
}

/// The text at `at`.
pub(crate) fn text(bytes: &[u8], at: usize) -> Option<&[u8]> {
    match token(bytes, at).ok()?.kind {
        Kind::Str(content) | Kind::Bin(content) => Some(&bytes[content]),
        _ => None,
    }
}

/// Where a value ends that holds no others.
fn end_of_one(bytes: &[u8], at: usize) -> Option<usize> {
    let found = token(bytes, at).ok()?;
    (!matches!(found.kind, Kind::Array(_) | Kind::Map(_))).then_some(found.end)
}
