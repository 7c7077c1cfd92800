//! NDJSON, JSON Lines: a JSON value a line. Each line is a record; blank lines stay.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, look, never};
use crate::rim::payload::json;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What begins with a line that is a whole object or array and has another behind it.
pub(crate) const FORMAT: Format = Format {
    name: "ndjson",
    mask,
    by_path: never,
    by_look: looks_like_lines,
    flow: Flow::Lines,
    content: Content::Text,
};

/// The media types in use for it.
pub(crate) const TYPES: [&str; 7] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonl",
    "application/jsonlines",
    "application/x-json-stream",
    "application/stream+json",
];

/// Whether the first line that is not blank is one whole object or array.
pub(crate) fn begins_with_a_line(body: &[u8]) -> bool {
    let body = json::without_lead(body);
    let line = &body[..memchr::memchr(b'\n', body).unwrap_or(body.len())];
    json::container_end(line).is_some_and(|end| line[end..].trim_ascii().is_empty())
}

/// Lines if there are any: a value of several lines under a sensitive name is one value.
#[allow(clippy::unnecessary_wraps, reason = "all formats have this signature")]
fn mask(body: &[u8], _: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if begins_with_a_line(body) {
        work.lines(body, out);
    } else {
        work.document(body, out);
    }
    Ok(())
}

fn looks_like_lines(head: &Head, body: &[u8]) -> bool {
    let lines = json::without_lead(body);
    let second = memchr::memchr(b'\n', lines).map_or(&[][..], |newline| &lines[newline..]);
    let said = TYPES.contains(&look::media_type(head).as_ref());
    (said || matches!(second.trim_ascii_start().first(), Some(b'{' | b'[')))
        && begins_with_a_line(body)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::rim::payload::Body;
    use crate::rim::payload::sample::{check, head, pass_in, policy, rules};

    const BODY: &str =
        "{\"a\":1}\n\n{\"password\":\"hunter2hunter2\"}\r\n{\"password\":12345}\n[1]";

    fn masked() -> String {
        BODY.replace("hunter2hunter2", "[REDACTED]")
            .replace("12345", "\"[REDACTED]\"")
    }

    #[test]
    fn each_line_is_a_record() {
        check("/", "application/x-ndjson", BODY, &masked(), "ndjson");
        check("/", "application/json", BODY, &masked(), "ndjson");
        check("/", "", BODY, &masked(), "ndjson");
    }

    #[test]
    fn a_broken_line_ends_with_itself() {
        let body = "{\"a\":1}\n{\"password\":\"hunter2hunter2\n{\"b\":2}\n";
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check("/", "application/x-ndjson", body, &masked, "ndjson");
    }

    #[test]
    fn one_value_of_several_lines_is_one_value() {
        let body = "{\n\"password\": [\n\"a\",\n\"b\"\n]\n}\n";
        let masked = "{\n\"password\": \"[REDACTED]\"\n}\n";
        check("/", "application/x-ndjson", body, masked, "json");
    }

    #[test]
    fn lines_leave_as_they_come_in_bounded_memory() {
        let mut policy = policy();
        policy.max_body = 4096;
        let line = b"{\"message\":\"nothing to see here\",\"password\":\"hunter2hunter2\"}\n";
        let head = head("/", "application/x-ndjson");
        let mut body = Body::new(&rules(), &Arc::new(policy.clone()), &head).expect("begins");
        let mut out = Vec::new();
        for _ in 0..1000 {
            let before = out.len();
            body.write(line, &mut out).expect("goes on");
            assert!(out.len() > before && body.held() < 4096);
        }
        assert!(body.end(&mut out).expect("ends").changed);
        policy.hold = true;
        assert!(pass_in(64, &policy, &head, &line.repeat(1000)).is_err());
        let mut whole = Body::new(&rules(), &Arc::new(policy.clone()), &head).expect("begins");
        let mut out = Vec::new();
        whole.write(line, &mut out).expect("goes on");
        assert!(out.is_empty());
    }
}
