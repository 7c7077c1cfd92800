//! Ids of the protocol, which the backend groups and routes by: they stay, whatever the
//! rules say of their names.
//!
//! While a document is masked, null stands for its ids, and null is never masked. So an
//! id is no context to what is beside it, and what is beside it none to the id.

use std::ops::Range;

use super::json::members;
use crate::rim::payload::work::Work;

/// Which members are ids, and which are objects that hold some.
pub(super) struct Ids {
    /// Names of ids.
    pub(super) names: &'static [&'static str],
    /// Names of objects that hold ids, up to [`DEPTH`] in each other.
    pub(super) inside: &'static [&'static str],
}

/// SDKs nest two. Each level is read once more, so a bound keeps the time linear; ids
/// below it are left to the rules.
const DEPTH: usize = 4;

/// Those of an envelope's header.
pub(super) const HEADER: Ids = Ids {
    names: &["event_id", "trace_id", "public_key", "replay_id", "span_id"],
    inside: &["trace"],
};

/// Those of an item.
pub(super) const ITEM: Ids = Ids {
    names: &[
        "event_id",
        "trace_id",
        "span_id",
        "parent_span_id",
        "check_in_id",
        "monitor_config_id",
        "profile_id",
        "profiler_id",
        "chunk_id",
        "replay_id",
    ],
    inside: &["contexts", "trace", "profile", "replay"],
};

/// Those of a session, whose `sid` is no session of a user's browser.
pub(super) const SESSION: Ids = Ids {
    names: &["sid", "event_id"],
    inside: &[],
};

/// Masks a JSON document but for its ids, and appends it.
pub(super) fn document(text: &[u8], ids: &Ids, work: &mut Work<'_>, out: &mut Vec<u8>) {
    let places = places(text, ids);
    let kept: Vec<usize> = (0..places.len())
        .filter(|place| is_id(&text[places[*place].clone()]))
        .collect();
    if kept.is_empty() {
        work.document(text, out);
        return;
    }
    let hidden = spliced(
        text,
        kept.iter()
            .map(|&place| (places[place].clone(), &b"null"[..])),
    );
    let mut masked = Vec::with_capacity(hidden.len());
    work.document(&hidden, &mut masked);
    if masked == hidden {
        out.extend_from_slice(text);
        return;
    }
    // If an object that holds ids went whole, the ids are gone with it, and which place
    // is whose is not known.
    let now = self::places(&masked, ids);
    if now.len() != places.len() {
        out.extend_from_slice(&masked);
        return;
    }
    let back = kept.iter().filter_map(|&place| {
        let at = now[place].clone();
        (masked[at.clone()] == b"null"[..]).then(|| (at, &text[places[place].clone()]))
    });
    out.extend_from_slice(&spliced(&masked, back));
}

/// The text with other bytes at these places, which are in order.
pub(super) fn spliced<'a>(
    text: &[u8],
    changes: impl Iterator<Item = (Range<usize>, &'a [u8])>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for (range, bytes) in changes {
        out.extend_from_slice(&text[at..range.start]);
        out.extend_from_slice(bytes);
        at = range.end;
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// Where the values of members lie that are named as ids, in order.
fn places(text: &[u8], ids: &Ids) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut objects = vec![(0..text.len(), 0)];
    while let Some((object, depth)) = objects.pop() {
        for member in members(text, object).unwrap_or_default() {
            if ids.names.contains(&member.name.as_str()) {
                places.push(member.value);
            } else if depth < DEPTH && ids.inside.contains(&member.name.as_str()) {
                objects.push((member.value, depth + 1));
            }
        }
    }
    places.sort_unstable_by_key(|place| place.start);
    places
}

/// Whether this JSON is a string that is an id: 16 or 32 hexadecimal digits, or a UUID.
fn is_id(json: &[u8]) -> bool {
    let Some(id) = json
        .strip_prefix(b"\"")
        .and_then(|json| json.strip_suffix(b"\""))
    else {
        return false;
    };
    match id.len() {
        16 | 32 => id.iter().all(u8::is_ascii_hexdigit),
        36 => id.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }),
        _ => false,
    }
}
