//! Values with a syntax of their own: `Authorization` and cookies.

use super::ends::{End, LOOKAHEAD};
use super::form;
use super::judge::{Case, Claim, Extent};
use super::quote::{self, Quote};
use super::reference;
use super::separator::Sign;
use super::text::{count, is_blank};
use crate::core::field::Demand;
use crate::core::mask::Quotes;

/// Schemes whose credentials are parameters; rules of their own know which of them are
/// secret.
const WITH_PARAMETERS: [&[u8]; 9] = [
    b"digest",
    b"aws4-hmac-sha256",
    b"aws4-ecdsa-p256-sha256",
    b"signature",
    b"oauth",
    b"hawk",
    b"mac",
    b"token",
    b"sharedkey",
];

/// Schemes that people also write before the value of a name of their own:
/// `X-Auth-Token: Bearer x`, `api_key=Basic x`. (IANA's registry of authentication schemes,
/// and two that services made up.)
const SCHEMES: [&[u8]; 9] = [
    b"basic",
    b"bearer",
    b"digest",
    b"negotiate",
    b"ntlm",
    b"dpop",
    b"token",
    b"apikey",
    b"api-key",
];

/// A credential behind a scheme has so many bytes where the name demands likely values.
const LIKELY: usize = 8;

/// What stands behind a scheme at the start of a bare value.
pub(super) enum Behind {
    /// A mask: the credential is gone already.
    Masked,
    /// A credential; it begins here.
    Credential(usize),
    /// There is no scheme, or no credential behind it: the value is what it looks like.
    Other,
}

/// Looks for `Bearer x` where a bare value begins, under a name that is not
/// `Authorization`. The scheme stays; without this it would be taken for the value.
pub(super) fn behind_scheme(case: &Case<'_>, value: usize, end: End) -> Behind {
    let bytes = case.around.bytes;
    let rest = &bytes[value..];
    let scheme = count(&rest[..rest.len().min(12)], |byte| {
        byte.is_ascii_alphabetic() || byte == b'-'
    });
    let blanks = count(&rest[scheme..rest.len().min(scheme + 16)], is_blank);
    let known = SCHEMES
        .iter()
        .any(|known| rest[..scheme].eq_ignore_ascii_case(known));
    if !known || blanks == 0 || matches!(end, End::Markup { .. }) {
        return Behind::Other;
    }
    let start = value + scheme + blanks;
    if reference::leading(&bytes[start..], case.sense.thorough).is_some() {
        return Behind::Masked;
    }
    let (text, _) = case.peek(start, End::Word);
    let padding = text.iter().rposition(|&byte| byte != b'=');
    // A pair of its own, as in `token=basic user=x`, is no credential.
    let pair = text[..padding.unwrap_or(0)].contains(&b'=');
    let short = case.sense.demand == Demand::Likely && text.len() < LIKELY;
    if text.is_empty() || pair || form::is_plain_word(text) || short {
        Behind::Other
    } else {
        Behind::Credential(start)
    }
}

/// Masks the credential and leaves the scheme: `Basic x`, `Bearer x`, `ApiKey x`.
pub(super) fn authorization(case: &Case<'_>) -> Option<Claim> {
    let bytes = case.around.bytes;
    let mut at = case.separator.value;
    let listed = bytes.get(at) == Some(&b'[');
    if reference::leading(&bytes[at..], case.sense.thorough).is_some() {
        return None;
    }
    if matches!(bytes.get(at), Some(b'{')) || listed && has_more(case, at) {
        return case.container(at);
    }
    at += usize::from(listed);
    let quote = quote::opening(bytes, at);
    at += quote.map_or(0, |(_, length)| length);
    let end = match (quote, case.separator.sign) {
        (Some((quote, _)), _) => End::Quote(quote),
        (None, Sign::Tag) => End::Markup {
            escaped: case.separator.escaped,
        },
        (None, _) => End::Word,
    };
    if !is_value(case) {
        return None;
    }
    let rest = &bytes[at..];
    let scheme = count(&rest[..rest.len().min(40)], |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
    });
    let blanks = count(&rest[scheme..rest.len().min(scheme + 16)], is_blank);
    let named = scheme > 1
        && scheme < 32
        && rest[0].is_ascii_alphabetic()
        && (is_with_parameters(&rest[..scheme]) || !form::is_likely(&rest[..scheme]));
    if named && blanks > 0 {
        let start = at + scheme + blanks;
        return credential(
            case,
            &rest[..scheme],
            start,
            end,
            quote.map(|(quote, _)| quote),
        );
    }
    let (text, whole) = case.peek(at, end);
    let stays = if quote.is_some() {
        whole && form::is_nothing(text, case.sense.thorough)
    } else {
        reference::leading(rest, case.sense.thorough).is_some()
            || !case.accepts_bare(text, &bytes[at + text.len()..])
    };
    (!text.is_empty() && !stays).then(|| claim(case, at, end))
}

/// Whether what follows the separator is the name's value.
fn is_value(case: &Case<'_>) -> bool {
    case.is_assigned()
        || case.separator.sign == Sign::Tag
        || case.separator.sign == Sign::Comma && case.is_in_object()
        || case.found.flag
}

/// Whether a list has more than one string in it.
fn has_more(case: &Case<'_>, at: usize) -> bool {
    let bytes = case.around.bytes;
    let Some((quote, length)) = quote::opening(bytes, at + 1) else {
        return false;
    };
    let (text, whole) = case.peek(at + 1 + length, End::Quote(quote));
    let end = at + 1 + length + text.len();
    let rest = &bytes[end..];
    let after = quote::opening(bytes, end).map_or(0, |(_, length)| length);
    whole && rest.get(after) == Some(&b',')
}

fn is_with_parameters(scheme: &[u8]) -> bool {
    WITH_PARAMETERS
        .iter()
        .any(|other| scheme.eq_ignore_ascii_case(other))
}

fn credential(
    case: &Case<'_>,
    scheme: &[u8],
    start: usize,
    end: End,
    quote: Option<Quote>,
) -> Option<Claim> {
    let bytes = case.around.bytes;
    let rest = &bytes[start..];
    let name = count(&rest[..rest.len().min(32)], |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
    });
    let parameters = is_with_parameters(scheme)
        && name > 0
        && rest.get(name) == Some(&b'=')
        && rest.get(name + 1).is_some_and(|byte| *byte != b'=');
    let (text, whole) = case.peek(start, end);
    let prose = text.is_empty()
        || whole && form::is_nothing(text, case.sense.thorough)
        || reference::leading(rest, case.sense.thorough).is_some()
        || quote.is_none() && form::is_plain_word(text);
    (!parameters && !prose).then(|| claim(case, start, end))
}

fn claim(case: &Case<'_>, start: usize, end: End) -> Claim {
    case.claimed(start, Extent::To(end), Quotes::None)
}

/// The first value of `a=b; c=d`; [`next_cookie`] tells the others. None where there are
/// no pairs.
pub(super) fn cookie(case: &Case<'_>) -> Option<Claim> {
    let bytes = case.around.bytes;
    if !is_value(case) {
        return None;
    }
    let mut at = case.separator.value;
    let list = bytes.get(at) == Some(&b'[');
    at += usize::from(list);
    at += quote::opening(bytes, at).map_or(0, |(_, length)| length);
    let name = &bytes[case.found.start..case.found.end];
    let set = name.len() >= 10 && name[..3].eq_ignore_ascii_case(b"set");
    let start = pair(&bytes[at..])? + at;
    let claim = case.claimed(
        start,
        Extent::Cookie {
            end: End::Word,
            set,
            list,
        },
        Quotes::None,
    );
    Some(claim)
}

/// Where the value of the pair at the start of `rest` begins.
fn pair(rest: &[u8]) -> Option<usize> {
    let name = name_of_cookie(rest);
    (name > 0 && rest.get(name) == Some(&b'=')).then(|| value_of_cookie(rest, name + 1))
}

/// Where a value begins that may stand in quotes of its own.
fn value_of_cookie(rest: &[u8], at: usize) -> usize {
    at + quote::opening(rest, at).map_or(0, |(_, length)| length)
}

/// A token of RFC 9110, at most so long that its end is in sight.
fn name_of_cookie(rest: &[u8]) -> usize {
    count(&rest[..rest.len().min(LOOKAHEAD / 2)], |byte| {
        byte.is_ascii_alphanumeric() || b"!#$*+-._~:@".contains(&byte)
    })
}

/// Where the next value begins after one that ends at `at`. In `Set-Cookie` (`set`) the
/// attributes are left out.
pub(super) fn next_cookie(bytes: &[u8], at: usize, set: bool, list: bool) -> Option<usize> {
    const ATTRIBUTES: [&[u8]; 9] = [
        b"path",
        b"domain",
        b"expires",
        b"max-age",
        b"samesite",
        b"secure",
        b"httponly",
        b"priority",
        b"partitioned",
    ];
    let limit = bytes.len().min(at + LOOKAHEAD);
    let mut at = at;
    // The quote that closes the value.
    if let Some((_, length)) = quote::opening(bytes, at)
        && bytes.get(at + length) == Some(&b';')
    {
        at += length;
    }
    while at < limit && bytes[at] == b';' {
        at += 1;
        at += count(&bytes[at..limit], is_blank);
        let name = name_of_cookie(&bytes[at..limit]);
        if name == 0 {
            return None;
        }
        let attribute = set
            && ATTRIBUTES
                .iter()
                .any(|other| bytes[at..at + name].eq_ignore_ascii_case(other));
        at += name;
        if bytes.get(at) != Some(&b'=') {
            continue;
        }
        if !attribute {
            return (at < limit).then(|| value_of_cookie(&bytes[..limit], at + 1));
        }
        at += count(&bytes[at..limit], |byte| {
            byte != b';' && byte >= b' ' && byte != b'"'
        });
    }
    // The next string of a list.
    let (_, length) = quote::opening(bytes, at).filter(|_| list)?;
    at += length;
    if bytes.get(at) != Some(&b',') {
        return None;
    }
    at += 1;
    at += count(&bytes[at.min(limit)..limit], |byte| {
        byte.is_ascii_whitespace()
    });
    let (_, length) = quote::opening(&bytes[..limit], at)?;
    at += length;
    if at >= limit {
        return None;
    }
    pair(&bytes[at..limit]).map(|value| at + value)
}
