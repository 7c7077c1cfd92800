//! GELF over HTTP: one object; additional fields begin with `_`.
//!
//! Format: Graylog's "GELF Payload Specification".

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, never};

/// What is sent to `/gelf` and begins like JSON.
pub(crate) const FORMAT: Format = Format {
    name: "gelf",
    mask: json::mask,
    by_path: is_gelf,
    by_look: never,
    flow: Flow::Held,
    content: Content::Text,
};

fn is_gelf(head: &Head, body: &[u8]) -> bool {
    head.path.trim_end_matches('/').ends_with("/gelf") && json::begins_like_json(body)
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::check;

    #[test]
    fn additional_fields_and_messages() {
        let body = r#"{"version":"1.1","host":"a","short_message":"password=hunter2hunter2","full_message":"x\ntoken: hunter2hunter2\ny","level":1,"_db_password":"hunter2hunter2"}"#;
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check("/gelf", "application/json", body, &masked, "gelf");
    }
}
