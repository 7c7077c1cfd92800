//! One item of an envelope: its header, and its payload by its type.

use std::ops::Range;

use super::attributes;
use super::header::check;
use super::ids;
use super::json::members;
use super::parameters;
use crate::rim::payload::codec::Coding;
use crate::rim::payload::msgpack::walk::Walker;
use crate::rim::payload::named::is_text;
use crate::rim::payload::packed::unpack;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What an item's header says.
pub(super) struct Header {
    kind: String,
    pub(super) length: Option<Length>,
    content_type: Option<String>,
    attachment_type: Option<String>,
    filename: Option<String>,
}

/// How long a payload is.
pub(super) struct Length {
    pub(super) value: u64,
    /// Where its digits lie in the header.
    pub(super) place: Range<usize>,
}

impl Header {
    /// Reads a header.
    ///
    /// # Errors
    ///
    /// It is no JSON object, has no `type`, says something twice that must be said once,
    /// or has a `length` that is no number of bytes.
    pub(super) fn read(line: &[u8]) -> Result<Self, Refusal> {
        check(line)?;
        let mut header = Self {
            kind: String::new(),
            length: None,
            content_type: None,
            attachment_type: None,
            filename: None,
        };
        let mut seen = Vec::new();
        for member in members(line, 0..line.len()).ok_or(Refusal::Undecodable)? {
            let json = &line[member.value.clone()];
            let text = || serde_json::from_slice::<String>(json).ok();
            match member.name.as_str() {
                "type" => header.kind = text().ok_or(Refusal::Undecodable)?,
                "length" => header.length = length(json, member.value)?,
                "content_type" => header.content_type = text(),
                "attachment_type" => header.attachment_type = text(),
                "filename" => header.filename = text(),
                _ => continue,
            }
            if seen.contains(&member.name) {
                return Err(Refusal::Undecodable);
            }
            seen.push(member.name);
        }
        if header.kind.is_empty() {
            return Err(Refusal::Undecodable);
        }
        Ok(header)
    }

    fn is_minidump(&self, payload: &[u8]) -> bool {
        self.attachment_type.as_deref() == Some("event.minidump") || payload.starts_with(b"MDMP")
    }

    /// Whether the native SDKs' own msgpack is inside: an event or breadcrumbs.
    fn is_msgpack(&self) -> bool {
        let of_sdk = |name: &str| name.starts_with("__sentry-");
        let of_type = |media: &str| media.to_ascii_lowercase().ends_with("msgpack");
        self.filename.as_deref().is_some_and(of_sdk)
            || self.content_type.as_deref().is_some_and(of_type)
    }

    /// Whether the operator lets this media type pass.
    fn passes(&self, passed_types: &[String]) -> bool {
        let Some(content_type) = self.content_type.as_deref() else {
            return false;
        };
        let media = content_type.split(';').next().unwrap_or_default().trim();
        passed_types
            .iter()
            .any(|passed| match passed.strip_suffix("/*") {
                Some(family) => media
                    .split_once('/')
                    .is_some_and(|(this, _)| this.eq_ignore_ascii_case(family)),
                None => media.eq_ignore_ascii_case(passed),
            })
    }
}

/// A header's `length`, which may be null.
fn length(json: &[u8], place: Range<usize>) -> Result<Option<Length>, Refusal> {
    if json == b"null" {
        return Ok(None);
    }
    let value = serde_json::from_slice(json).map_err(|_| Refusal::Undecodable)?;
    Ok(Some(Length { value, place }))
}

/// Masks an item's header by the rules.
///
/// # Errors
///
/// What becomes of it is no JSON object.
pub(super) fn masked_header(line: &[u8], work: &mut Work<'_>) -> Result<Vec<u8>, Refusal> {
    let mut masked = Vec::with_capacity(line.len());
    work.document(line, &mut masked);
    check(&masked)?;
    Ok(masked)
}

/// Masks an item's payload and appends it.
///
/// # Errors
///
/// The route refuses what cannot be read.
pub(super) fn mask(
    header: &Header,
    payload: &[u8],
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    if header.kind == "replay_recording" {
        return recording(payload, work, out);
    }
    if header.is_minidump(payload) {
        return removed(header, "minidump", payload, work, out);
    }
    if header.is_msgpack() {
        let mut masked = Vec::new();
        if Walker::new(work, payload, &mut masked).all().is_ok() {
            out.extend_from_slice(&masked);
            return Ok(());
        }
    }
    if is_text(payload) {
        text(&header.kind, payload, work, out);
        return Ok(());
    }
    if header.passes(&work.policy().passed_types) {
        out.extend_from_slice(payload);
        return Ok(());
    }
    let reason = if is_compressed(payload) {
        "compressed"
    } else {
        "binary"
    };
    removed(header, reason, payload, work, out)
}

fn text(kind: &str, payload: &[u8], work: &mut Work<'_>, out: &mut Vec<u8>) {
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_ok();
    match kind {
        "session" => ids::document(payload, &ids::SESSION, work, out),
        "attachment" | "statsd" | "metric_buckets" | "form_data" if !is_json() => {
            work.lines(payload, out);
        }
        _ => event(payload, work, out),
    }
}

/// Masks an event, or what else has ids and messages as it has.
pub(super) fn event(text: &[u8], work: &mut Work<'_>, out: &mut Vec<u8>) {
    let masked = parameters::masked(text, work);
    let text = masked.as_deref().unwrap_or(text);
    attributes::apart(text, work, out, |text, work, out| {
        ids::document(text, &ids::ITEM, work, out);
    });
}

/// A stub stands for the payload, by the route's policy.
fn removed(
    header: &Header,
    reason: &'static str,
    payload: &[u8],
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let what = match header.kind.as_str() {
        "attachment" => "attachment",
        _ => "item",
    };
    let size = payload.len();
    let stub = format!("[blackbar: {what} removed: {reason}, {size} bytes]");
    work.undecodable(reason, payload, stub.as_bytes(), out)
}

/// A session replay's recording: a line of JSON, then JSON that may be compressed.
fn recording(payload: &[u8], work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let end = memchr::memchr(b'\n', payload).map_or(payload.len(), |newline| newline + 1);
    let (header, data) = payload.split_at(end);
    if !is_text(header) {
        return unread_recording(payload, work, out);
    }
    if is_text(data) {
        work.document(header, out);
        work.document(data, out);
        return Ok(());
    }
    let Ok((decoder, plain)) = unpack(&[Coding::Deflate], data, work.policy()) else {
        return unread_recording(payload, work, out);
    };
    if !is_text(&plain) {
        return unread_recording(payload, work, out);
    }
    work.document(header, out);
    let mut masked = Vec::with_capacity(plain.len());
    work.document(&plain, &mut masked);
    if masked == plain {
        out.extend_from_slice(data);
    } else {
        out.extend_from_slice(&decoder.encode(masked));
    }
    Ok(())
}

fn unread_recording(payload: &[u8], work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let size = payload.len();
    let stub = format!("[blackbar: item removed: replay, {size} bytes]");
    work.undecodable("replay", payload, stub.as_bytes(), out)
}

/// Whether the first bytes are those of gzip, zstd, xz, bzip2, zip or zlib.
fn is_compressed(payload: &[u8]) -> bool {
    let magics: [&[u8]; 8] = [
        b"\x1f\x8b",
        b"\x28\xb5\x2f\xfd",
        b"\xfd7zXZ",
        b"BZh",
        b"PK\x03\x04",
        b"\x78\x01",
        b"\x78\x9c",
        b"\x78\xda",
    ];
    magics.iter().any(|magic| payload.starts_with(magic))
}
