//! Ids that are of nothing.

use blackbar::{NameSource, Pack, RuleSource};

use crate::rim::nearest::distance;

/// What to say of an id that is of nothing: the nearest that there is.
pub(crate) fn unknown_id(id: &str, packs: &[Pack]) -> String {
    let rules = packs.iter().flat_map(Pack::rules).map(RuleSource::full_id);
    let names = packs.iter().flat_map(Pack::names).map(NameSource::full_id);
    let nearest = rules
        .chain(names)
        .chain(packs.iter().map(Pack::name))
        .min_by_key(|name| distance(name, id))
        .filter(|name| distance(name, id) <= name.len() / 3);
    let hint = nearest.map_or_else(
        || "see `blackbar rules list`".to_owned(),
        |name| format!("did you mean `{name}`?"),
    );
    format!("no rule, name or pack `{id}`; {hint}")
}
