//! JSON values in the order of their text, to see that one document became another
//! with masks and nothing else.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    /// A number, a boolean or null.
    Scalar,
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// The document that `text` is, if it opens like one.
pub(crate) fn parse(text: &[u8]) -> Option<Tree> {
    match text.iter().find(|byte| !b" \t\n\r".contains(byte)) {
        Some(b'{' | b'[' | b'"') => serde_json::from_slice(text).ok(),
        _ => None,
    }
}

/// Why `after` is not `before` with masks in it, if it is not: at every level at which
/// there was valid JSON there still is, with the same containers.
pub(crate) fn damage(before: &[u8], after: &[u8]) -> Option<String> {
    let parsed = parse(before)?;
    let Some(other) = parse(after) else {
        return Some(format!("valid JSON no more: {}", after.escape_ascii()));
    };
    differs(&parsed, &other, 0)
}

fn differs(before: &Tree, after: &Tree, level: usize) -> Option<String> {
    match (before, after) {
        (Tree::Scalar, Tree::Scalar | Tree::Text(_)) => None,
        (Tree::Text(before), Tree::Text(after)) => text_differs(before, after, level),
        (Tree::List(before), Tree::List(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .find_map(|(before, after)| differs(before, after, level)),
        (Tree::Map(before), Tree::Map(after)) if before.len() == after.len() => {
            before.iter().zip(after).find_map(|(before, after)| {
                text_differs(&before.0, &after.0, level)
                    .or_else(|| differs(&before.1, &after.1, level))
            })
        }
        _ => Some(format!("at level {level}, {before:?} became {after:?}")),
    }
}

fn text_differs(before: &str, after: &str, level: usize) -> Option<String> {
    if level == super::json::DEEPEST {
        return None;
    }
    let parsed = parse(before.as_bytes())?;
    let level = level + 1;
    match parse(after.as_bytes()) {
        Some(other) => differs(&parsed, &other, level),
        None => Some(format!("at level {level}, {before:?} became {after:?}")),
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}
