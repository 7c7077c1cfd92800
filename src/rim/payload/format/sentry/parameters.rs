//! Parameters of a message: `{"message":"password=%s","params":["hunter2"]}`. That one is a
//! secret stands in the template alone, so each is looked at where the template has its
//! placeholder.
//!
//! Source: <https://develop.sentry.dev/sdk/data-model/event-payloads/message/> for events,
//! <https://develop.sentry.dev/sdk/telemetry/logs/> for the attributes of logs.

use std::ops::Range;

use super::ids::spliced;
use super::json::{Member, elements, members};
use crate::rim::payload::json;
use crate::rim::payload::work::Work;

/// What stands for a parameter when the rules leave no text in its place.
const MASK: &str = "[REDACTED]";

/// Members of an event that are a message with parameters; the second is the older name.
const MESSAGES: [&str; 2] = ["logentry", "sentry.interfaces.Message"];

/// The attribute of a log that is its template, and how those of its parameters begin.
const TEMPLATE: &str = "sentry.message.template";
const PARAMETER: &str = "sentry.message.parameter.";

/// The document with its secret parameters masked; `None` if there are none.
pub(super) fn masked(text: &[u8], work: &mut Work<'_>) -> Option<Vec<u8>> {
    let mut changes = Vec::new();
    for message in messages(text) {
        for (before, name, after) in placeholders(&message.template) {
            let Some((_, at)) = message.values.iter().find(|(key, _)| *key == name) else {
                continue;
            };
            if let Some(value) = string_or_number(&text[at.clone()])
                && let Some(now) = masked_value(work, before, &value, after)
            {
                changes.push((at.clone(), quoted(&now)));
            }
        }
    }
    // A template may name a parameter twice.
    changes.sort_by_key(|(at, _)| at.start);
    changes.dedup_by_key(|(at, _)| at.start);
    let changes = changes.iter().map(|(at, now)| (at.clone(), &now[..]));
    (changes.len() > 0).then(|| spliced(text, changes))
}

/// A template, and where the values for its placeholders lie, by name or number.
struct Message {
    template: String,
    values: Vec<(String, Range<usize>)>,
}

/// Those of an event, and those of the logs in an item.
fn messages(text: &[u8]) -> Vec<Message> {
    let object = |range| members(text, range).unwrap_or_default();
    let mut found = Vec::new();
    for Member { name, value } in object(0..text.len()) {
        if MESSAGES.contains(&name.as_str()) {
            found.extend(of_event(text, &object(value)));
        } else if name == "items" {
            for log in elements(text, value).unwrap_or_default() {
                let attributes = member(&object(log), "attributes");
                found.extend(attributes.and_then(|value| of_log(text, &object(value))));
            }
        }
    }
    found
}

/// `params` is an array, or an object for placeholders with names.
fn of_event(text: &[u8], message: &[Member]) -> Option<Message> {
    let template = string(text, member(message, "message")?)?;
    let parameters = member(message, "params")?;
    let values = match elements(text, parameters.clone()) {
        Some(values) => values
            .into_iter()
            .enumerate()
            .map(|(number, value)| (number.to_string(), value))
            .collect(),
        None => members(text, parameters)?
            .into_iter()
            .map(|member| (member.name, member.value))
            .collect(),
    };
    Some(Message { template, values })
}

/// Attributes are objects with a `value`.
fn of_log(text: &[u8], attributes: &[Member]) -> Option<Message> {
    let value_of = |range| member(&members(text, range)?, "value");
    let template = string(text, value_of(member(attributes, TEMPLATE)?)?)?;
    let values = attributes
        .iter()
        .filter_map(|attribute| {
            let name = attribute.name.strip_prefix(PARAMETER)?;
            Some((name.to_owned(), value_of(attribute.value.clone())?))
        })
        .collect();
    Some(Message { template, values })
}

fn member(members: &[Member], name: &str) -> Option<Range<usize>> {
    let found = members.iter().find(|member| member.name == name)?;
    Some(found.value.clone())
}

fn string(text: &[u8], range: Range<usize>) -> Option<String> {
    serde_json::from_slice(&text[range]).ok()
}

fn string_or_number(json: &[u8]) -> Option<String> {
    if json.first() == Some(&b'"') {
        return serde_json::from_slice(json).ok();
    }
    let number = serde_json::from_slice::<serde_json::Number>(json).ok()?;
    Some(number.to_string())
}

fn quoted(text: &str) -> Vec<u8> {
    let mut json = b"\"".to_vec();
    json::escape(text.as_bytes(), &mut json);
    json.push(b'"');
    json
}

/// Each placeholder of a template: the text since the one before, its name or number, and
/// the text up to the next one.
///
/// Those of Python's two kinds and of JavaScript: `%s`, `%(name)s`, `%.3f`, `{}`, `{name}`.
fn placeholders(template: &str) -> Vec<(&str, String, &str)> {
    let mut places: Vec<(Range<usize>, String)> = Vec::new();
    let mut at = 0;
    let mut number = 0;
    while let Some(found) = template[at..].find(['%', '{']) {
        let start = at + found;
        let rest = &template[start..];
        let (length, name) = match rest.as_bytes() {
            [b'%', ..] => percent(rest),
            _ => braces(rest),
        };
        if let Some(name) = name {
            let name = if name.is_empty() {
                number += 1;
                (number - 1).to_string()
            } else {
                name.to_owned()
            };
            places.push((start..start + length, name));
        }
        at = start + length;
    }
    let starts = places.iter().skip(1).map(|(place, _)| place.start);
    let ends: Vec<usize> = starts.chain([template.len()]).collect();
    let mut since = 0;
    places
        .into_iter()
        .zip(ends)
        .map(|((place, name), end)| {
            let before = &template[since..place.start];
            since = place.end;
            (before, name, &template[place.end..end])
        })
        .collect()
}

/// The length of `%…` at the start, and the name if it is a placeholder.
fn percent(text: &str) -> (usize, Option<&str>) {
    let named = text[1..]
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'));
    let (name, rest) = named.unwrap_or(("", &text[1..]));
    let is_format = |byte: char| byte.is_ascii_digit() || "-+#. *".contains(byte);
    let kind = rest.trim_start_matches(is_format);
    if kind.starts_with(|byte: char| byte.is_ascii_alphabetic()) {
        return (text.len() - kind.len() + 1, Some(name));
    }
    // `%%` is a percent sign.
    (1 + usize::from(text[1..].starts_with('%')), None)
}

/// The length of `{…}` at the start, and the name if it is a placeholder.
fn braces(text: &str) -> (usize, Option<&str>) {
    let is_name = |byte: char| byte.is_ascii_alphanumeric() || "_.:!<>^+-#%,[]".contains(byte);
    if let Some((inside, _)) = text[1..].split_once('}')
        && inside.chars().all(is_name)
    {
        let name = inside.split([':', '!', '.', '[']).next();
        return (inside.len() + 2, name);
    }
    // `{{` is a brace.
    (1 + usize::from(text[1..].starts_with('{')), None)
}

/// What becomes of a value between these texts; `None` if it stays.
fn masked_value(work: &mut Work<'_>, before: &str, value: &str, after: &str) -> Option<String> {
    let rendered = [before, value, after].concat();
    let masked = work.field(b"", rendered.as_bytes())?;
    let masked = String::from_utf8_lossy(&masked);
    let between = masked
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after));
    match between {
        Some(between) => (between != value).then(|| between.to_owned()),
        // The template itself is masked, and that may have been all.
        None => (!masked.contains(value)).then(|| MASK.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::placeholders;
    use crate::rim::payload::format::sentry;
    use crate::rim::payload::refusal::Refusal;
    use crate::rim::payload::testing::{MASK, SECRET, masked};

    fn store(event: &[u8]) -> Result<Vec<u8>, Refusal> {
        masked(sentry::STORE.mask, "/api/42/store/", event)
    }

    #[test]
    fn placeholders_are_found_with_what_is_around_them() {
        let named = |template: &str| -> Vec<(String, String, String)> {
            let found = placeholders(template).into_iter();
            let owned = |(before, name, after): (&str, String, &str)| {
                (before.to_owned(), name, after.to_owned())
            };
            found.map(owned).collect()
        };
        let place = |before: &str, name: &str, after: &str| {
            (before.to_owned(), name.to_owned(), after.to_owned())
        };
        let two = [place("a=", "0", " b="), place(" b=", "1", "")];
        assert_eq!(named("a=%s b=%r"), two);
        assert_eq!(named("a={} b={:>3}"), two);
        assert_eq!(named("a={0} b={1!r}"), two);
        assert_eq!(named("a=%-5.2f b=%d"), two);
        assert_eq!(named("a=%(x y)s"), [place("a=", "x y", "")]);
        assert_eq!(named("a={x.y}!"), [place("a=", "x", "!")]);
        assert_eq!(
            named("50%% {{}} {a b} 7% é%"),
            [place("50%% {{}} {a b} 7% é%", "", "")][1..]
        );
        assert_eq!(named(""), []);
    }

    #[test]
    fn parameters_are_secret_where_their_template_says_so() {
        let event = |template: &str, parameters: &str| {
            format!(r#"{{"logentry":{{"message":"{template}","params":{parameters}}},"n":1.50}}"#)
        };
        let cases = [
            (
                "password=%s by %s",
                r#"["SECRET","ann"]"#,
                r#"["MASK","ann"]"#,
            ),
            (
                "by %s: token={}",
                r#"["ann","SECRET"]"#,
                r#"["ann","MASK"]"#,
            ),
            (
                "password=%(p)s",
                r#"{"u":"ann", "p":"SECRET"}"#,
                r#"{"u":"ann", "p":"MASK"}"#,
            ),
            ("password=%r", r#"["'SECRET'"]"#, r#"["'MASK'"]"#),
            ("user %s, page %d", r#"["ann",2]"#, r#"["ann",2]"#),
        ];
        let fill = |text: &str| text.replace("SECRET", SECRET).replace("MASK", MASK);
        for (template, before, after) in cases {
            let (before, after) = (fill(before), fill(after));
            let masked = store(event(template, &before).as_bytes()).unwrap();
            let expected = event(template, &after);
            assert_eq!(String::from_utf8_lossy(&masked), expected, "{template}");
        }
    }

    #[test]
    fn parameters_of_logs_are_attributes() {
        let log = |value: &str| {
            format!(
                r#"{{"items":[{{"body":"x","attributes":{{"sentry.message.template":{{"value":"password=%s","type":"string"}},"sentry.message.parameter.0":{{"value":"{value}","type":"string"}}}}}}]}}"#
            )
        };
        assert_eq!(store(log(SECRET).as_bytes()).unwrap(), log(MASK).as_bytes());
    }
}
