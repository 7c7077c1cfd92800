//! Splunk's HTTP event collector: JSON objects one after the other, without a separator;
//! its `raw` endpoint takes lines. Clients send either as a form.
//!
//! Format: "Format events for HTTP Event Collector" in Splunk's documentation.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, never};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What is sent to the collector.
pub(crate) const FORMAT: Format = Format {
    name: "splunk-hec",
    mask,
    by_path: is_collector,
    by_look: never,
    flow: Flow::Held,
    content: Content::Text,
};

fn is_collector(head: &Head, _: &[u8]) -> bool {
    head.path.contains("/services/collector")
}

fn mask(body: &[u8], head: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if json::begins_like_json(body) {
        return json::mask(body, head, work, out);
    }
    work.lines(body, out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::check;

    #[test]
    fn objects_need_no_separator() {
        let body = r#"{"time":1.50,"event":{"password":"hunter2hunter2"}}{"event":"password=hunter2hunter2"}
{"event":"{\"password\":\"hunter2hunter2\"}"}  {"event":{"password":"hunter2hunter2"},"fields":{"a":"b"}}"#;
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        for content_type in ["application/x-www-form-urlencoded", "application/json", ""] {
            for path in ["/services/collector", "/services/collector/event/1.0"] {
                check(path, content_type, body, &masked, "splunk-hec");
            }
        }
    }

    #[test]
    fn raw_events_are_lines() {
        let body = "up\npassword=hunter2hunter2\n";
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        let form = "application/x-www-form-urlencoded";
        check("/services/collector/raw", form, body, &masked, "splunk-hec");
    }
}
