//! Datadog's log intake: an array of objects, or one, or lines of text. `message` may hold
//! JSON in its string, `ddtags` pairs joined by commas.
//!
//! Format: "Send logs" of Datadog's API reference (`/api/v2/logs`, `/v1/input`).

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, ndjson, never};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What is sent to the intake.
pub(crate) const FORMAT: Format = Format {
    name: "datadog-logs",
    mask,
    by_path: is_intake,
    by_look: never,
    flow: Flow::Held,
    content: Content::Text,
};

fn is_intake(head: &Head, _: &[u8]) -> bool {
    let path = head.path.trim_end_matches('/');
    path.ends_with("/api/v2/logs") || path == "/v1/input" || path.starts_with("/v1/input/")
}

fn mask(body: &[u8], head: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if json::begins_like_json(body) && !ndjson::begins_with_a_line(body) {
        return json::mask(body, head, work, out);
    }
    work.lines(body, out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::check;

    #[test]
    fn arrays_objects_and_text() {
        for body in [
            r#"[{"ddtags":"env:prod,password:hunter2hunter2","message":"{\"a\":{\"password\":\"hunter2hunter2\"}}"},{"message":"x"}]"#,
            "[\n{\"message\":\n\"password=hunter2hunter2\"}\n]",
            "{\"password\":\"hunter2hunter2\"}\n{\"message\":\"password=hunter2hunter2\"}\n",
            "a line\npassword=hunter2hunter2",
        ] {
            let masked = body.replace("hunter2hunter2", "[REDACTED]");
            check(
                "/api/v2/logs",
                "application/json",
                body,
                &masked,
                "datadog-logs",
            );
            check("/v1/input", "text/plain", body, &masked, "datadog-logs");
        }
    }
}
