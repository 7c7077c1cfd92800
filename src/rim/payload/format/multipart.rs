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
mod tests;
