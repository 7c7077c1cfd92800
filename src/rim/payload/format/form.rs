//! Forms (`application/x-www-form-urlencoded`, WHATWG URL, 5.2). A pair in which nothing is
//! found keeps its spelling; a value with a finding is encoded anew.

use crate::rim::payload::body::Head;
use crate::rim::payload::format::{Content, Flow, Format, look, never};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// What is said to be a form and has no blanks, and what can be nothing else.
pub(crate) const FORMAT: Format = Format {
    name: "form",
    mask,
    by_path: never,
    by_look: looks_like_form,
    flow: Flow::Held,
    content: Content::Text,
};

#[allow(clippy::unnecessary_wraps, reason = "all formats have this signature")]
fn mask(body: &[u8], _: &Head, work: &mut Work<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let (pairs, end) = without_newline(body);
    for (at, pair) in pairs.split(|&byte| byte == b'&').enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        mask_pair(pair, work, out);
    }
    out.extend_from_slice(end);
    Ok(())
}

fn mask_pair(pair: &[u8], work: &mut Work<'_>, out: &mut Vec<u8>) {
    let equals = memchr::memchr(b'=', pair);
    let (name, value) = pair.split_at(equals.unwrap_or(pair.len()));
    let decoded = decode(name);
    mask_side(b"", name, work, out);
    if let Some(value) = value.strip_prefix(b"=") {
        out.push(b'=');
        mask_side(&without_brackets(&decoded), value, work, out);
    }
}

/// Masks `spelled`, which stands under `name`.
fn mask_side(name: &[u8], spelled: &[u8], work: &mut Work<'_>, out: &mut Vec<u8>) {
    match work.field(name, &decode(spelled)) {
        Some(masked) => encode(&masked, spelled.contains(&b'+'), out),
        None => out.extend_from_slice(spelled),
    }
}

/// The name of a field as the engine splits names: `user[password]` is the password of a
/// user.
pub(crate) fn without_brackets(name: &[u8]) -> Vec<u8> {
    let inside = name.iter().filter(|&&byte| byte != b']');
    inside
        .map(|&byte| if byte == b'[' { b'.' } else { byte })
        .collect()
}

fn without_newline(body: &[u8]) -> (&[u8], &[u8]) {
    let pairs = body.trim_ascii_end().len();
    body.split_at(pairs)
}

/// Undoes the encoding; what is no encoding stays.
pub(crate) fn decode(spelled: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(spelled.len());
    let mut at = 0;
    while at < spelled.len() {
        let (byte, length) = match spelled[at] {
            b'+' => (b' ', 1),
            b'%' => hex(spelled.get(at + 1..at + 3)).map_or((b'%', 1), |byte| (byte, 3)),
            byte => (byte, 1),
        };
        text.push(byte);
        at += length;
    }
    text
}

fn hex(digits: Option<&[u8]>) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let [high, low] = *digits? else { return None };
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn encode(text: &[u8], plus: bool, out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b' ' if plus => out.push(b'+'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}

fn looks_like_form(head: &Head, body: &[u8]) -> bool {
    let (pairs, _) = without_newline(body);
    if look::media_type(head) == "application/x-www-form-urlencoded" {
        return !pairs.iter().any(|&byte| byte <= b' ');
    }
    let spelled = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%+=&*[]!'()".contains(byte);
    let name = memchr::memchr(b'=', pairs).unwrap_or(0);
    let is_more_than_a_word = memchr::memchr2(b'&', b'%', pairs).is_some();
    name > 0 && is_more_than_a_word && pairs.len() == body.len() && pairs.iter().all(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::payload::sample::{check, head, pass, policy};
    use proptest::prelude::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn values_are_masked_and_other_pairs_keep_their_spelling() {
        let body = "a=%7e+b&user%5Bpassword%5D=hunter2%20hunter2&&c&x=a+token%3dhunter2hunter2&=d&e=%zz\r\n";
        let masked =
            "a=%7e+b&user%5Bpassword%5D=%5BREDACTED%5D&&c&x=a+token%3D%5BREDACTED%5D&=d&e=%zz\r\n";
        check("/", FORM, body, masked, "form");
        check(
            "/",
            "",
            "a=b&password=hunter2hunter2",
            "a=b&password=%5BREDACTED%5D",
            "form",
        );
    }

    #[test]
    fn schemes_of_credentials_stay() {
        let body = "Authorization=Basic%20aHVudGVyMjpodW50ZXIy&b=c";
        check(
            "/",
            FORM,
            body,
            "Authorization=Basic%20%5BREDACTED%5D&b=c",
            "form",
        );
    }

    #[test]
    fn values_may_be_json() {
        let body = "payload=%7B%22password%22%3A%22hunter2hunter2%22%2C%22n%22%3A1%7D&a=%7B%7D";
        let masked = "payload=%7B%22password%22%3A%22%5BREDACTED%5D%22%2C%22n%22%3A1%7D&a=%7B%7D";
        check("/", FORM, body, masked, "form");
    }

    #[test]
    fn what_only_claims_to_be_a_form() {
        let json = r#"{"password":"hunter2hunter2"}"#;
        check("/", FORM, json, r#"{"password":"[REDACTED]"}"#, "json");
        check("/", FORM, "a b=c\nd", "a b=c\nd", "text");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn clean_forms_leave_as_they_came(text in r"[a-c]=[ab%+&=0-9fF~!']{0,30}") {
            let (out, _) = pass(&policy(), &head("/", FORM), text.as_bytes()).expect("passes");
            prop_assert_eq!(out, text.as_bytes());
        }

        #[test]
        fn what_is_encoded_comes_back(
            text in proptest::collection::vec(any::<u8>(), 0..40),
            plus in any::<bool>(),
        ) {
            let mut spelled = Vec::new();
            encode(&text, plus, &mut spelled);
            prop_assert_eq!(decode(&spelled), text);
        }
    }
}
