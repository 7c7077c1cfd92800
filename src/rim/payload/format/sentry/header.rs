//! An envelope's header: masked by the rules, with a DSN that keeps its key and, once it
//! has left, names the upstream.

use std::ops::Range;

use super::ids::{self, spliced};
use super::json::members;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// Masks the header and appends it.
///
/// # Errors
///
/// It is no JSON object.
pub(super) fn mask(header: &[u8], work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    check(header)?;
    let user = dsn(header).and_then(|dsn| key_of(header, dsn));
    let without = match &user {
        Some(user) => spliced(header, [(user.clone(), &b""[..])].into_iter()),
        None => header.to_vec(),
    };
    let mut masked = Vec::with_capacity(header.len());
    ids::document(&without, &ids::HEADER, work, &mut masked);
    let upstream = work.policy().sentry_upstream.as_deref();
    let user = user.map_or(&b""[..], |user| &header[user]);
    match dsn(&masked).and_then(|dsn| Origin::of(&masked, dsn)) {
        Some(origin) => origin.write(&masked, user, upstream, out),
        // Masked whole: the key went with the rest.
        None => out.extend_from_slice(&masked),
    }
    Ok(())
}

/// Whether the line is one JSON object.
pub(super) fn check(line: &[u8]) -> Result<(), Refusal> {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let is_object = line.trim_ascii_start().starts_with(b"{");
    (is_json && is_object)
        .then_some(())
        .ok_or(Refusal::Undecodable)
}

/// Where the DSN's text lies, without its quotes.
fn dsn(header: &[u8]) -> Option<Range<usize>> {
    let members = members(header, 0..header.len())?;
    let value = members
        .into_iter()
        .rfind(|member| member.name == "dsn")?
        .value;
    let is_text = header[value.start] == b'"';
    is_text.then(|| value.start + 1..value.end - 1)
}

/// Where the DSN's public key lies, with the `@` after it. Not if a secret key follows
/// it, nor if it is none that Sentry would give out; then the rules decide.
fn key_of(header: &[u8], dsn: Range<usize>) -> Option<Range<usize>> {
    let start = Origin::of(header, dsn.clone())?.scheme_end;
    let length = header[start..dsn.end]
        .iter()
        .position(|byte| *byte == b'@')?;
    let key = &header[start..start + length];
    let is_key = key.len() == 32 && key.iter().all(u8::is_ascii_hexdigit);
    is_key.then_some(start..start + length + 1)
}

/// Where the parts of a DSN lie that name the server.
struct Origin {
    start: usize,
    /// After `://`.
    scheme_end: usize,
    /// Where the host begins and where the port ends.
    host: Range<usize>,
    /// Whether slashes are written `\/`, as PHP does.
    escaped: bool,
}

impl Origin {
    fn of(text: &[u8], dsn: Range<usize>) -> Option<Self> {
        let value = &text[dsn.clone()];
        let colon = value.iter().position(|byte| *byte == b':')?;
        let after = &value[colon + 1..];
        let escaped = after.starts_with(br"\/\/");
        if !escaped && !after.starts_with(b"//") {
            return None;
        }
        let scheme_end = colon + 1 + if escaped { 4 } else { 2 };
        let rest = &value[scheme_end..];
        let path = rest
            .iter()
            .position(|byte| matches!(byte, b'/' | b'\\' | b'?'));
        let authority = &rest[..path.unwrap_or(rest.len())];
        let user = authority.iter().rposition(|byte| *byte == b'@');
        let host = dsn.start + scheme_end + user.map_or(0, |at| at + 1);
        Some(Self {
            start: dsn.start,
            scheme_end: dsn.start + scheme_end,
            host: host..dsn.start + scheme_end + authority.len(),
            escaped,
        })
    }

    /// Appends the text with `user` put before the host and with the upstream's origin.
    fn write(&self, text: &[u8], user: &[u8], upstream: Option<&str>, out: &mut Vec<u8>) {
        let upstream =
            upstream.and_then(|upstream| upstream.trim_end_matches('/').split_once("://"));
        out.extend_from_slice(&text[..self.start]);
        match upstream {
            Some((scheme, _)) => {
                out.extend_from_slice(scheme.as_bytes());
                out.extend_from_slice(if self.escaped { br":\/\/" } else { b"://" });
            }
            None => out.extend_from_slice(&text[self.start..self.scheme_end]),
        }
        out.extend_from_slice(&text[self.scheme_end..self.host.start]);
        out.extend_from_slice(user);
        match upstream {
            Some((_, host)) => out.extend_from_slice(host.as_bytes()),
            None => out.extend_from_slice(&text[self.host.clone()]),
        }
        out.extend_from_slice(&text[self.host.end..]);
    }
}
