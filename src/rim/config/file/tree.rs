//! Where the keys of a configuration stand in its text.

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::rim::config::file::error::{KeyPath, Step};

/// The place that a byte of the text belongs to: the narrowest key or value around it.
/// `root` is what the text was parsed to.
pub(crate) fn path_at(root: &Spanned<DeTable<'_>>, offset: usize) -> KeyPath {
    let mut best = (usize::MAX, KeyPath::default());
    look_in_table(root.get_ref(), &KeyPath::default(), offset, &mut best);
    best.1
}

fn look_in_table(table: &DeTable<'_>, path: &KeyPath, offset: usize, best: &mut (usize, KeyPath)) {
    for (key, value) in table {
        let below = path.key(key.get_ref());
        note(key.span(), &below, offset, best);
        look(value, &below, offset, best);
    }
}

/// The whole tree is looked through: a table's span is that of its header only.
fn look(value: &Spanned<DeValue<'_>>, path: &KeyPath, offset: usize, best: &mut (usize, KeyPath)) {
    note(value.span(), path, offset, best);
    match value.get_ref() {
        DeValue::Table(table) => look_in_table(table, path, offset, best),
        DeValue::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                look(value, &path.index(index), offset, best);
            }
        }
        _ => {}
    }
}

fn note(span: std::ops::Range<usize>, path: &KeyPath, offset: usize, best: &mut (usize, KeyPath)) {
    // An array of tables has the span of its first table; the table comes later.
    if span.contains(&offset) && span.len() <= best.0 {
        *best = (span.len(), path.clone());
    }
}

/// Where a place stands: of its value, or of the nearest table around it that is there.
pub(crate) fn offset_of(text: &str, path: &KeyPath) -> Option<usize> {
    let (root, _) = DeTable::parse_recoverable(text);
    let mut steps = path.0.iter();
    let Some(Step::Key(first)) = steps.next() else {
        return None;
    };
    let mut value = root.get_ref().get(first.as_str())?;
    for step in steps {
        let below = match (step, value.get_ref()) {
            (Step::Key(key), DeValue::Table(table)) => table.get(key.as_str()),
            (Step::Index(index), DeValue::Array(values)) => values.get(*index),
            _ => None,
        };
        let Some(below) = below else { break };
        value = below;
    }
    Some(value.span().start)
}

/// Takes out what stands at a place. `false` if nothing does.
pub(crate) fn remove(root: &mut Spanned<DeTable<'_>>, path: &KeyPath) -> bool {
    let Some((Step::Key(first), rest)) = path.0.split_first() else {
        return false;
    };
    let root = root.get_mut();
    if rest.is_empty() {
        return root.remove(first.as_str()).is_some();
    }
    let value = root.get_mut(first.as_str());
    value.is_some_and(|value| remove_below(value.get_mut(), rest))
}

fn remove_below(value: &mut DeValue<'_>, steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return false;
    };
    let below = match (step, &mut *value) {
        (Step::Key(key), DeValue::Table(table)) if rest.is_empty() => {
            return table.remove(key.as_str()).is_some();
        }
        (Step::Index(index), DeValue::Array(values)) if rest.is_empty() => {
            let before = values.len();
            let all = std::mem::replace(values, DeArray::new());
            let all = all.into_iter().enumerate();
            *values = all
                .filter(|(at, _)| at != index)
                .map(|(_, value)| value)
                .collect();
            return values.len() < before;
        }
        (Step::Key(key), DeValue::Table(table)) => table.get_mut(key.as_str()),
        (Step::Index(index), DeValue::Array(values)) => values.get_mut(*index),
        _ => None,
    };
    below.is_some_and(|below| remove_below(below.get_mut(), rest))
}

/// Line and column of a byte, counted from 1; columns are characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
[limits]
reach = \"8K\"

[[listen]]
http = \"127.0.0.1:1\"
tls = { certificate = \"a\" }
[[listen.route]]
upstream = \"x\"
[[listen.route]]
upstream = \"y\"
";

    #[test]
    fn places_are_found_both_ways() {
        for (needle, key) in [
            ("\"8K\"", "limits.reach"),
            ("\"a\"", "listen.tls.certificate"),
            ("\"x\"", "listen.route.upstream"),
            ("\"y\"", "listen.route.upstream"),
        ] {
            let offset = TEXT.find(needle).unwrap();
            let path = path_at(&DeTable::parse(TEXT).unwrap(), offset);
            assert_eq!(path.to_string(), key);
            assert_eq!(offset_of(TEXT, &path), Some(offset), "{path:?}");
        }
    }

    #[test]
    fn what_is_not_there_stands_where_its_table_does() {
        let route = KeyPath::default()
            .key("listen")
            .index(0)
            .key("route")
            .index(1);
        let header = TEXT.rfind("[[listen.route]]").unwrap();
        assert_eq!(offset_of(TEXT, &route.key("name")), Some(header));
        assert_eq!(offset_of(TEXT, &KeyPath::default().key("admin")), None);
    }

    #[test]
    fn what_is_taken_out_is_gone_and_nothing_else() {
        let root = DeTable::parse(TEXT).unwrap();
        let route = KeyPath::default().key("listen").index(0).key("route");
        for path in [
            KeyPath::default().key("limits"),
            KeyPath::default().key("limits").key("reach"),
            route.index(0),
            route.index(1).key("upstream"),
        ] {
            let mut less = root.clone();
            assert!(remove(&mut less, &path), "{path:?}");
            assert!(!remove(&mut less, &path.key("x")), "{path:?}");
            assert_ne!(format!("{less:?}"), format!("{root:?}"));
            assert!(less.get_ref().contains_key("listen"));
        }
        let mut same = root.clone();
        for path in [
            KeyPath::default(),
            KeyPath::default().key("admin"),
            route.index(2),
        ] {
            assert!(!remove(&mut same, &path), "{path:?}");
        }
        assert_eq!(format!("{same:?}"), format!("{root:?}"));
    }

    #[test]
    fn lines_and_columns() {
        assert_eq!(line_and_column("ab\ncä\u{e4}d", 8), (2, 4));
        assert_eq!(line_and_column("", 0), (1, 1));
    }
}
