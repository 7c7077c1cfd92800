//! Attributes of logs, metrics and spans: `"password":{"value":"hunter2","type":"string"}`.
//! Of one with a sensitive name the value is masked, and the object stays: Sentry drops an
//! attribute without its `type`.
//!
//! While a document is masked, null stands for its attributes, as it does for its ids.
//!
//! Source: <https://develop.sentry.dev/sdk/telemetry/logs/>, `attributes`.

use std::ops::Range;

use super::ids::spliced;
use super::json::{Member, elements, members};
use crate::rim::payload::json;
use crate::rim::payload::named;
use crate::rim::payload::work::Work;

/// The types of values that are no list.
const TYPES: [&[u8]; 4] = [b"\"string\"", b"\"boolean\"", b"\"integer\"", b"\"double\""];

/// Masks a document with `mask`, but for its attributes, which are masked one by one.
pub(super) fn apart(
    text: &[u8],
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
    mask: impl Fn(&[u8], &mut Work<'_>, &mut Vec<u8>),
) {
    let all = attributes(text);
    let kept: Vec<(usize, Vec<u8>)> = all
        .iter()
        .enumerate()
        .filter_map(|(index, attribute)| Some((index, masked(text, attribute, work)?)))
        .collect();
    if kept.is_empty() {
        return mask(text, work, out);
    }
    let nulls = kept
        .iter()
        .map(|(index, _)| (all[*index].value.clone(), &b"null"[..]));
    let hidden = spliced(text, nulls);
    let mut rest = Vec::with_capacity(hidden.len());
    mask(&hidden, work, &mut rest);
    let now = attributes(&rest);
    // If an object around them went whole, they are gone with it, and which place is whose
    // is not known.
    if now.len() != all.len() {
        out.extend_from_slice(&rest);
        return;
    }
    let back = kept.iter().filter_map(|(index, attribute)| {
        let at = now[*index].value.clone();
        (rest[at.clone()] == b"null"[..]).then_some((at, &attribute[..]))
    });
    out.extend_from_slice(&spliced(&rest, back));
}

/// The members of all `attributes` of the items, in order.
fn attributes(text: &[u8]) -> Vec<Member> {
    let object = |range| members(text, range).unwrap_or_default();
    let named = |members: Vec<Member>, name: &str| {
        let mut members = members.into_iter().filter(|member| member.name == name);
        // Of two with one name, readers take one or the other.
        let first = members.next();
        if members.next().is_some() {
            None
        } else {
            first
        }
    };
    let items = named(object(0..text.len()), "items");
    let items = items
        .and_then(|items| elements(text, items.value))
        .unwrap_or_default();
    let of_item = |item| named(object(item), "attributes").map(|found| object(found.value));
    items.into_iter().filter_map(of_item).flatten().collect()
}

/// An attribute with its value masked, if it is one as the protocol has it.
fn masked(text: &[u8], attribute: &Member, work: &mut Work<'_>) -> Option<Vec<u8>> {
    let (mut value, mut kind) = (None, None);
    for member in members(text, attribute.value.clone())? {
        let place = match member.name.as_str() {
            "value" => &mut value,
            "type" => &mut kind,
            _ => return None,
        };
        if place.replace(member.value).is_some() {
            return None;
        }
    }
    let (value, kind) = (value?, kind?);
    if !TYPES.contains(&&text[kind.clone()]) {
        return None;
    }
    let name = attribute.name.as_bytes();
    let now = match &text[value.clone()] {
        b"null" | b"true" | b"false" => None,
        string @ [b'"', ..] => {
            let plain = serde_json::from_slice::<String>(string).ok()?;
            work.field(name, plain.as_bytes())
        }
        number => {
            serde_json::from_slice::<serde_json::Number>(number).ok()?;
            named::number(work, Some(name), std::str::from_utf8(number).ok()?)
        }
    };
    Some(replaced(text, attribute.value.clone(), value, kind, now))
}

/// The object with a text as its value, or as it is.
fn replaced(
    text: &[u8],
    object: Range<usize>,
    value: Range<usize>,
    kind: Range<usize>,
    now: Option<Vec<u8>>,
) -> Vec<u8> {
    let Some(now) = now else {
        return text[object].to_vec();
    };
    let mut quoted = b"\"".to_vec();
    json::escape(&now, &mut quoted);
    quoted.push(b'"');
    let within = |place: Range<usize>| place.start - object.start..place.end - object.start;
    let mut changes = [
        (within(value), &quoted[..]),
        (within(kind), &b"\"string\""[..]),
    ];
    changes.sort_unstable_by_key(|(place, _)| place.start);
    spliced(&text[object.clone()], changes.into_iter())
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::format::sentry;
    use crate::rim::payload::testing::{MASK, SECRET, masked};

    fn log(attributes: &str) -> String {
        format!(
            r#"{{"items":[{{"body":"x","trace_id":"9ec79c33ec9942ab8353589fcb2e04dc","attributes":{{"a":1}}}},{{"attributes":{{{attributes}}}, "n":1.50}}]}}"#
        )
    }

    #[track_caller]
    fn check(before: &str, after: &str) {
        let fill = |text: &str| log(&text.replace("SECRET", SECRET).replace("MASK", MASK));
        let masked = masked(
            sentry::STORE.mask,
            "/api/42/store/",
            fill(before).as_bytes(),
        );
        let masked = masked.unwrap();
        assert_eq!(String::from_utf8_lossy(&masked), fill(after));
    }

    #[test]
    fn values_are_masked_and_types_stay() {
        check(
            r#""password":{"value":"SECRET","type":"string"},"b": {"type":"string" , "value":"token=SECRET ok"}"#,
            r#""password":{"value":"MASK","type":"string"},"b": {"type":"string" , "value":"token=MASK ok"}"#,
        );
        check(
            r#""password":{"type":"integer","value":123456},"n":{"value":1.50,"type":"double"}"#,
            r#""password":{"type":"string","value":"MASK"},"n":{"value":1.50,"type":"double"}"#,
        );
    }

    #[test]
    fn what_holds_nothing_stays() {
        for attributes in [
            r#""password":{"value":"","type":"string"}"#,
            r#""password":{"value":true,"type":"boolean"}"#,
            r#""password":{"value":"MASK","type":"string"}"#,
            r#""a":{"value":"\u0041","type":"string"},"b":{}"#,
        ] {
            check(attributes, attributes);
        }
    }

    #[test]
    fn what_is_no_attribute_goes_by_the_rules() {
        for object in [
            r#"{"value":"SECRET","type":"SECRET"}"#,
            r#"{"value":"SECRET","type":"string","value":"x"}"#,
            r#"{"value":"SECRET","type":"string","x":1}"#,
            r#"{"value":["SECRET"],"type":"string"}"#,
            r#"{"value":"SECRET"}"#,
        ] {
            check(
                &format!(r#""password":{object},"n":1"#),
                r#""password":"MASK","n":1"#,
            );
        }
    }
}
