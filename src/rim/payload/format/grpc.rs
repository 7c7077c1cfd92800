//! OTLP over gRPC: messages behind a flag and a length each.
//!
//! Source: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.

use crate::rim::payload::body::Head;
use crate::rim::payload::codec::Coding;
use crate::rim::payload::format::otlp::Signal;
use crate::rim::payload::format::{Content, Flow, Format, look, never};
use crate::rim::payload::packed::unpack;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// OTLP over gRPC. It claims every call, so that calls of other services are refused.
pub(crate) const FORMAT: Format = Format {
    name: "otlp-grpc",
    mask,
    by_path: is_grpc,
    by_look: never,
    flow: Flow::Held,
    content: Content::Bytes,
};

fn is_grpc(head: &Head, _: &[u8]) -> bool {
    look::media_type(head).starts_with("application/grpc")
        || Signal::of_method(&head.path).is_some()
}

/// The flag and the length.
const PREFIX: usize = 5;

/// Masks the messages of a call to one of OTLP's collectors.
///
/// # Errors
///
/// The method is not known, a message is cut short or does not decode, or its
/// compression is not known.
pub(crate) fn mask(
    body: &[u8],
    head: &Head,
    work: &mut Work<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let signal = Signal::of_method(&head.path).ok_or(Refusal::Undecodable)?;
    if !is_protobuf(head) {
        return Err(Refusal::Undecodable);
    }
    let mut decoded = 0usize;
    let mut rest = body;
    while !rest.is_empty() {
        let (prefix, after) = rest.split_at_checked(PREFIX).ok_or(Refusal::Undecodable)?;
        let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
        let (message, after) = after.split_at_checked(length).ok_or(Refusal::Undecodable)?;
        rest = after;
        let masked = match prefix[0] {
            0 => {
                decoded = decoded.saturating_add(message.len());
                signal.mask(message, work)?
            }
            1 => compressed(signal, message, head, work, &mut decoded)?,
            _ => return Err(Refusal::Undecodable),
        };
        if decoded > work.policy().max_body {
            return Err(Refusal::TooLarge);
        }
        let message = masked.as_deref().unwrap_or(message);
        let length = u32::try_from(message.len()).map_err(|_| Refusal::TooLarge)?;
        out.push(prefix[0]);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(message);
    }
    Ok(())
}

/// Whether the messages are protobuf: `application/grpc` and `application/grpc+proto`,
/// and the same for gRPC-Web.
fn is_protobuf(head: &Head) -> bool {
    matches!(
        look::media_type(head).as_ref(),
        "application/grpc"
            | "application/grpc+proto"
            | "application/grpc-web"
            | "application/grpc-web+proto"
    )
}

fn compressed(
    signal: Signal,
    message: &[u8],
    head: &Head,
    work: &mut Work<'_>,
    decoded: &mut usize,
) -> Result<Option<Vec<u8>>, Refusal> {
    let codings = Coding::parse(head.grpc_encoding.as_deref().unwrap_or_default())?;
    if codings.is_empty() {
        // The flag is not allowed then.
        return Err(Refusal::Undecodable);
    }
    let (codec, plain) = unpack(&codings, message, work.policy())?;
    *decoded = decoded.saturating_add(plain.len());
    let masked = signal.mask(&plain, work)?;
    Ok(masked.map(|masked| codec.encode(masked)))
}
