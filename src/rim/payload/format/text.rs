//! Text: log lines and whatever else is for people. Each line is a record.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, look, never};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What is UTF-8, and what says that it is text.
pub(crate) const FORMAT: Format = Format {
    name: "text",
    mask,
    by_path: never,
    by_look: is_text,
    flow: Flow::Lines,
    content: Content::Text,
};

#[allow(clippy::unnecessary_wraps, reason = "all formats have this signature")]
fn mask(body: &[u8], _: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    work.lines(body, out);
    Ok(())
}

fn is_text(head: &Head, body: &[u8]) -> bool {
    look::media_type(head).starts_with("text/") || look::is_utf8(head, body)
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::{check, head, pass, policy};
    use crate::rim::payload::{Outcome, Refusal};

    #[test]
    fn lines_are_records() {
        let body = "\u{feff}a password=hunter2hunter2 b\r\n\r\nlast \"secret\": hunter2hunter2";
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check("/", "text/plain", body, &masked, "text");
        check("/", "", body, &masked, "text");
        check("/", "application/octet-stream", body, &masked, "text");
    }

    #[test]
    fn long_text_streams() {
        let clean = "2026-11-28 a line of a log that says nothing much\n".repeat(40);
        let body = format!("{clean}password=hunter2hunter2\n{clean}");
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check("/", "text/plain", &body, &masked, "text");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let utf16: Vec<u8> = "password"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (content_type, body) in [
            ("text/plain", utf16.as_slice()),
            ("text/plain; charset=utf-16be", b"abc"),
            ("", b"a stray \xe9 in something of no type"),
            ("application/octet-stream", b"a\0b and so on and on"),
            ("application/json", b"\x1f\x8b\x08\0\0\0\0\0"),
        ] {
            let refused = pass(&policy(), &head("/", content_type), body);
            assert_eq!(
                refused.map(|_| ()),
                Err(Refusal::Undecodable),
                "{content_type}"
            );
        }
    }

    #[test]
    fn raw_bytes_are_scanned_where_the_route_says_so() {
        let mut policy = policy();
        policy.undecodable = crate::rim::config::policy::Undecodable::Text;
        let body = b"\0\x01\x02 password=hunter2hunter2 \xff";
        let (out, Outcome { format, .. }) = pass(&policy, &head("/", ""), body).expect("passes");
        assert_eq!(out, b"\0\x01\x02 password=[REDACTED] \xff");
        assert_eq!(format, "binary");
        let blind = pass(&policy, &head("/", ""), b"\xff\xfep\0a\0s\0s\0");
        assert_eq!(blind.map(|_| ()), Err(Refusal::Undecodable));
    }
}
