//! XML: one document. The engine knows elements, attributes and CDATA sections.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, json, never};
use crate::rim::payload::json as lead;

/// What begins with a declaration or a tag.
pub(crate) const FORMAT: Format = Format {
    name: "xml",
    mask: json::mask,
    by_path: never,
    by_look: looks_like_xml,
    flow: Flow::Held,
    content: Content::Text,
};

/// A syslog line begins with `<` too, but with a number behind it.
fn looks_like_xml(_: &Head, body: &[u8]) -> bool {
    match lead::without_lead(body) {
        [b'<', next, rest @ ..] => {
            matches!(next, b'?' | b'!' | b'_' | b'a'..=b'z' | b'A'..=b'Z')
                && memchr::memchr(b'>', rest).is_some()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::rim::payload::sample::check;

    #[test]
    fn elements_attributes_and_sections() {
        let body = "\u{feff}<?xml version=\"1.0\"?>\n<a>\n <password>\n  hunter2hunter2\n </password>\n <b password=\"hunter2hunter2\"/><token><![CDATA[hunter2hunter2]]></token></a>";
        let (out, outcome) = crate::rim::payload::sample::pass(
            &crate::rim::payload::sample::policy(),
            &crate::rim::payload::sample::head("/", "application/soap+xml"),
            body.as_bytes(),
        )
        .expect("passes");
        let out = String::from_utf8_lossy(&out);
        assert!(
            !out.contains("hunter2") && out.ends_with("</token></a>"),
            "{out}"
        );
        assert_eq!(outcome.format, "xml");
    }

    #[test]
    fn syslog_is_no_xml() {
        check("/", "", "<13>Nov 28 a: b", "<13>Nov 28 a: b", "text");
    }
}
