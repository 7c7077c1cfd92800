//! Multipart bodies (RFC 2046, 5.1; RFC 7578): fields are values under their name, files
//! are what their own bytes and type say. Delimiters and clean parts stay as they are.

use std::ops::Range;

use memchr::memmem;

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, is_stub, look, mask_item, never, stub};
use crate::rim::payload::named;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

use header::Disposition;

mod header;

/// What names a boundary and has it.
pub(crate) const FORMAT: Format = Format {
    name: "multipart",
    mask,
    by_path: never,
    by_look: looks_like_multipart,
    flow: Flow::Held,
    content: Content::Bytes,
};

fn looks_like_multipart(head: &Head, body: &[u8]) -> bool {
    delimiter(head).is_some_and(|delimiter| next_delimiter(body, 0, &delimiter).is_some())
}

/// Two hyphens and the boundary.
fn delimiter(head: &Head) -> Option<Vec<u8>> {
    if !look::media_type(head).starts_with("multipart/") {
        return None;
    }
    let boundary = look::parameter(head.content_type.as_deref()?, "boundary")?;
    (!boundary.is_empty()).then(|| format!("--{boundary}").into_bytes())
}

fn mask(body: &[u8], head: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let first = delimiter(head).and_then(|delimiter| {
        let first = next_delimiter(body, 0, &delimiter)?;
        Some((delimiter, first))
    });
    let Some((delimiter, mut at)) = first else {
        // No boundary: no part can be told from the next.
        return Err(Refusal::Undecodable);
    };
    work.lines(&body[..at.start], out);
    loop {
        out.extend_from_slice(&body[at.clone()]);
        let rest = at.end + delimiter.len();
        let line_end =
            memchr::memchr(b'\n', &body[rest..]).map_or(body.len(), |end| rest + end + 1);
        out.extend_from_slice(&delimiter);
        if body[rest..].starts_with(b"--") {
            work.lines(&body[rest..], out);
            return Ok(());
        }
        work.lines(&body[rest..line_end], out);
        let next = next_delimiter(body, line_end.saturating_sub(1), &delimiter);
        let end = next
            .as_ref()
            .map_or(body.len(), |next| next.start.max(line_end));
        mask_part(&body[line_end..end], work, out)?;
        match next {
            Some(next) => at = end..next.end,
            None => return Ok(()),
        }
    }
}

/// The line's end before the next delimiter, which belongs to it; empty at the body's
/// beginning. The delimiter follows it.
fn next_delimiter(body: &[u8], from: usize, delimiter: &[u8]) -> Option<Range<usize>> {
    memmem::find_iter(&body[from..], delimiter).find_map(|found| {
        let at = from + found;
        let behind = body[at + delimiter.len()..].first();
        if !matches!(behind, None | Some(b'\r' | b'\n' | b' ' | b'\t' | b'-')) {
            return None;
        }
        match &body[..at] {
            [] => Some(0..0),
            [.., b'\r', b'\n'] => Some(at - 2..at),
            [.., b'\n'] => Some(at - 1..at),
            _ => None,
        }
    })
}

/// Where a part's content begins: behind the blank line that ends its header.
fn content_start(part: &[u8]) -> usize {
    let mut at = 0;
    while let Some(end) = memchr::memchr(b'\n', &part[at..]) {
        let line = &part[at..at + end];
        at += end + 1;
        if line.is_empty() || line == b"\r" {
            return at;
        }
    }
    part.len()
}

fn mask_part(part: &[u8], work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let (header, content) = part.split_at(content_start(part));
    work.lines(header, out);
    let header = String::from_utf8_lossy(header);
    let disposition = Disposition::read(&header);
    let head = Head {
        content_type: header::value(&header, "content-type"),
        ..Head::default()
    };
    if is_encoded(&header) && !is_stub(content) {
        let reason = "transfer_encoding";
        return work.undecodable(reason, content, &stub(reason, content), out);
    }
    let media_type = look::media_type(&head);
    let is_value = !disposition.is_file && (media_type.is_empty() || media_type == "text/plain");
    if is_value && look::is_text(&head, content) {
        let names = disposition.names.iter();
        let masked = names.filter_map(|name| work.field(name, content));
        // Of several names, it is the one under which most is masked.
        match masked.min_by_key(Vec::len) {
            Some(masked) => out.extend_from_slice(&masked),
            None => out.extend_from_slice(content),
        }
        return Ok(());
    }
    if let Some(masked) = mask_whole(&disposition, content, work) {
        out.extend_from_slice(&masked);
        return Ok(());
    }
    mask_item(&head, content, &stub("binary", content), work, out)
}

/// What stands for content of any type under a sensitive name, such as a JSON string or a
/// file. `None` under other names, and where there is nothing to hide.
fn mask_whole(disposition: &Disposition, content: &[u8], work: &mut Work<'_>) -> Option<Vec<u8>> {
    let text = content.trim_ascii();
    if matches!(text, b"" | b"null" | b"true" | b"false" | b"\"\"") || is_stub(content) {
        return None;
    }
    let mut names = disposition.names.iter();
    let mask = names.find_map(|name| named::whole(work, Some(name)))?;
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
    Some(if is_json {
        [b"\"", &mask[..], b"\""].concat()
    } else {
        mask
    })
}

/// Whether a part's bytes are not its content. RFC 7578 has done away with that in forms.
fn is_encoded(header: &str) -> bool {
    let encoding = header::value(header, "content-transfer-encoding").unwrap_or_default();
    let encoding = encoding.to_ascii_lowercase();
    !matches!(encoding.as_str(), "" | "7bit" | "8bit" | "binary")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::config::policy::Undecodable;
    use crate::rim::payload::sample::{check, head, pass, policy};

    const TYPE: &str = "multipart/form-data; boundary=\"x y\"";

    const BODY: &str = "preamble password=hunter2hunter2\r\n--x y\r\n\
        Content-Disposition: form-data; name=\"user[password]\"\r\n\r\nhunter2hunter2\r\n--x y \r\n\
        Content-Disposition: form-data; name=\"note\"\r\n\r\n--x yz is no delimiter\r\n\r\n--x y\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"a.json\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n{ \"password\" : \"hunter2hunter2\" }\r\n--x y\r\n\r\n\
        token: hunter2hunter2\n--x y\r\nContent-Type: text/plain\r\n\r\n\r\n--x y--\r\n";

    #[test]
    fn fields_and_files() {
        let masked = BODY.replace("hunter2hunter2", "[REDACTED]");
        check("/", TYPE, BODY, &masked, "multipart");
    }

    #[test]
    fn clean_parts_stay() {
        let body = BODY.replace("hunter2hunter2", "");
        check("/", TYPE, &body, &body, "multipart");
    }

    #[test]
    fn a_body_without_its_last_delimiter_is_masked_to_its_end() {
        let body = "--b\r\nA: b\r\n\r\npassword=hunter2hunter2";
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check(
            "/",
            "multipart/mixed; boundary=b",
            body,
            &masked,
            "multipart",
        );
        check(
            "/",
            "multipart/mixed; boundary=b",
            "--b",
            "--b",
            "multipart",
        );
        check(
            "/",
            "multipart/mixed; boundary=b",
            "--b\r\n--b--",
            "--b\r\n--b--",
            "multipart",
        );
    }

    fn with_a_dump() -> Vec<u8> {
        let mut body = b"--b\r\nContent-Disposition: form-data; name=\"dump\"; filename=\"a\"\r\n\
            Content-Type: application/x-dmp\r\n\r\n"
            .to_vec();
        body.extend_from_slice(b"MDMP\0\0\x93\xa7");
        body.extend_from_slice(b"\r\n--b\r\n\r\npassword=hunter2hunter2\r\n--b--");
        body
    }

    #[test]
    fn one_file_that_cannot_be_read_does_not_lose_the_rest() {
        let head = head("/", "multipart/form-data; boundary=b");
        let mut policy = policy();
        let (out, outcome) = pass(&policy, &head, &with_a_dump()).expect("passes");
        let text = String::from_utf8_lossy(&out);
        assert!(
            text.contains("[blackbar: 8 bytes removed: binary]"),
            "{text}"
        );
        assert!(
            text.ends_with("\r\n--b\r\n\r\npassword=[REDACTED]\r\n--b--"),
            "{text}"
        );
        assert_eq!(outcome.stubs, [("binary", 1)]);

        policy.passed_types = vec!["application/x-dmp".to_owned()];
        let (out, outcome) = pass(&policy, &head, &with_a_dump()).expect("passes");
        assert!(out.windows(8).any(|window| window == b"MDMP\0\0\x93\xa7"));
        assert!(outcome.stubs.is_empty());

        policy.passed_types.clear();
        policy.undecodable = Undecodable::Refuse;
        let refused = pass(&policy, &head, &with_a_dump()).map(|_| ());
        assert_eq!(refused, Err(Refusal::Undecodable));
    }

    #[test]
    fn parts_in_parts_and_transfer_encodings() {
        let body = "--a\r\nContent-Type: multipart/mixed;\r\n boundary=b\r\n\r\n--b\r\n\r\n\
            password=hunter2hunter2\r\n--b--\r\n--a--";
        let masked = body.replace("hunter2hunter2", "[REDACTED]");
        check(
            "/",
            "multipart/mixed; boundary=a",
            body,
            &masked,
            "multipart",
        );
        let body = "--a\r\nContent-Transfer-Encoding: base64\r\n\r\ncGFzc3dvcmQ\r\n--a--";
        let masked = body.replace(
            "cGFzc3dvcmQ",
            "[blackbar: 11 bytes removed: transfer_encoding]",
        );
        let head = head("/", "multipart/mixed; boundary=a");
        let (out, _) = pass(&policy(), &head, body.as_bytes()).expect("passes");
        assert_eq!(String::from_utf8_lossy(&out), masked);
    }

    #[test]
    fn without_its_boundary_it_is_whatever_it_looks_like() {
        check(
            "/",
            "multipart/form-data; boundary=b",
            "a line",
            "a line",
            "text",
        );
        check("/", "multipart/form-data", "a line", "a line", "text");
        let mut policy = policy();
        policy.format = Some("multipart".to_owned());
        let refused = pass(&policy, &head("/", "text/plain"), b"a line").map(|_| ());
        assert_eq!(refused, Err(Refusal::Undecodable));
    }

    fn part(header: &str, content: &str) -> String {
        format!("--b\r\n{header}\r\n\r\n{content}\r\n--b--\r\n")
    }

    #[test]
    fn a_sensitive_name_holds_in_any_spelling_and_for_any_type() {
        let secret = "hunter2hunter2";
        for (header, content, masked) in [
            (
                "Content-Disposition: form-data; name*=UTF-8''password",
                secret,
                "[REDACTED]",
            ),
            (
                "content-disposition: form-data; x; NAME=password",
                secret,
                "[REDACTED]",
            ),
            (
                "Content-Disposition: form-data; name=note; name=password",
                secret,
                "[REDACTED]",
            ),
            (
                "Content-Disposition: form-data; name=password\r\nContent-Type: application/json",
                "\"hunter2hunter2\"",
                "\"[REDACTED]\"",
            ),
            (
                "Content-Disposition: form-data; name=password\r\nContent-Type: application/json",
                "{\"a\":[1,\"hunter2hunter2\"]}",
                "\"[REDACTED]\"",
            ),
            (
                "Content-Disposition: form-data; name=password; filename=p.txt\r\nContent-Type: text/plain",
                "hunter2hunter2\n",
                "[REDACTED]",
            ),
            (
                "Content-Disposition: form-data; name=password\r\nContent-Type: application/octet-stream",
                "hunter2\0\u{1}\u{2}hunter2",
                "[REDACTED]",
            ),
        ] {
            let (body, masked) = (part(header, content), part(header, masked));
            check(
                "/",
                "multipart/form-data; boundary=b",
                &body,
                &masked,
                "multipart",
            );
        }
    }

    #[test]
    fn nothing_to_hide_stays_under_any_name() {
        let json =
            "Content-Disposition: form-data; name=password\r\nContent-Type: application/json";
        for content in ["", "null", "true", "\"\"", "\"[REDACTED]\""] {
            let body = part(json, content);
            check(
                "/",
                "multipart/form-data; boundary=b",
                &body,
                &body,
                "multipart",
            );
        }
        let file = "Content-Disposition: form-data; name=avatar; filename=password.txt";
        let body = part(file, "a line");
        check(
            "/",
            "multipart/form-data; boundary=b",
            &body,
            &body,
            "multipart",
        );
    }
}
