//! The seven replacements of the article's `redact.js`, each over the result of the
//! one before.

use std::collections::BTreeSet;

/// A matcher at the beginning of a text: the length of its match.
type Matcher = fn(&[u8]) -> Option<usize>;

/// The article's patterns in its order, each with the id of its rule.
pub(crate) const REPLACEMENTS: [Matcher; 7] = [
    |text| quoted(text, b"password="),
    |text| quoted(text, b"secret="),
    |text| quoted(text, b"token="),
    |text| quoted(text, b"key="),
    bearer,
    stripe,
    postgresql,
];

/// The same as patterns, for records that are too long for replacements.
pub(crate) const PATTERNS: [(&str, bool); 7] = [
    (r#"password=['"][^'"]+['"]"#, true),
    (r#"secret=['"][^'"]+['"]"#, true),
    (r#"token=['"][^'"]+['"]"#, true),
    (r#"key=['"][^'"]+['"]"#, true),
    (
        r"Bearer(?:[\t-\r ]|\xC2\xA0|\xE1\x9A\x80|\xE2\x80[\x80-\x8A\xA8\xA9\xAF]|\xE2\x81\x9F|\xE3\x80\x80|\xEF\xBB\xBF)+[A-Za-z0-9\-._~+/]+=*",
        false,
    ),
    (r"sk_live_[A-Za-z0-9]+", false),
    (r"postgresql://[^@]+@", false),
];

/// A byte of the text, and the number of the mask that it is of, if it is of one.
type Place = (u8, Option<usize>);

/// What the replacements make of a record.
pub(crate) struct Replaced {
    pub(crate) bytes: Vec<u8>,
    /// How often each of them struck.
    pub(crate) counts: [u64; 7],
    /// How many masks are left: a match may take earlier masks in.
    pub(crate) masks: u64,
}

/// Runs the replacements over `content`.
pub(crate) fn redact(content: &[u8], masks: &[Vec<u8>; 7]) -> Replaced {
    let mut text: Vec<Place> = content.iter().map(|&byte| (byte, None)).collect();
    let mut counts = [0; 7];
    let mut number = 0;
    for (index, matcher) in REPLACEMENTS.iter().enumerate() {
        let bytes: Vec<u8> = text.iter().map(|place| place.0).collect();
        let mut replaced = Vec::new();
        let mut at = 0;
        while at < text.len() {
            if let Some(length) = matcher(&bytes[at..]) {
                replaced.extend(masks[index].iter().map(|&byte| (byte, Some(number))));
                number += 1;
                counts[index] += 1;
                at += length;
            } else {
                replaced.push(text[at]);
                at += 1;
            }
        }
        text = replaced;
    }
    let masks: BTreeSet<usize> = text.iter().filter_map(|place| place.1).collect();
    Replaced {
        bytes: text.iter().map(|place| place.0).collect(),
        counts,
        masks: masks.len() as u64,
    }
}

/// `name=['"][^'"]+['"]`, ignoring ASCII case.
fn quoted(text: &[u8], name: &[u8]) -> Option<usize> {
    let is_quote = |byte: &u8| b"'\"".contains(byte);
    let (head, rest) = text.split_at_checked(name.len())?;
    if !head.eq_ignore_ascii_case(name) || !rest.first().is_some_and(is_quote) {
        return None;
    }
    let value = rest[1..].iter().position(is_quote)?;
    (value > 0).then_some(name.len() + 1 + value + 1)
}

/// `Bearer\s+[A-Za-z0-9\-._~+/]+=*`
fn bearer(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"Bearer")?;
    let mut at = 0;
    while let Some(length) = space(&rest[at..]) {
        at += length;
    }
    if at == 0 {
        return None;
    }
    let token = run(&rest[at..], |byte| {
        byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
    });
    let padding = run(&rest[at + token..], |byte| byte == b'=');
    (token > 0).then_some(b"Bearer".len() + at + token + padding)
}

/// `sk_live_[A-Za-z0-9]+`
fn stripe(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"sk_live_")?;
    let token = run(rest, |byte| byte.is_ascii_alphanumeric());
    (token > 0).then_some(b"sk_live_".len() + token)
}

/// `postgresql://[^@]+@`
fn postgresql(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"postgresql://")?;
    let user = run(rest, |byte| byte != b'@');
    (user > 0 && user < rest.len()).then_some(b"postgresql://".len() + user + 1)
}

/// The length of one `\s` of JavaScript, as UTF-8, at the beginning.
fn space(text: &[u8]) -> Option<usize> {
    let spaces = "\t\n\u{B}\u{C}\r \u{A0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\
                  \u{2006}\u{2007}\u{2008}\u{2009}\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\
                  \u{FEFF}";
    spaces
        .chars()
        .find(|space| text.starts_with(space.encode_utf8(&mut [0; 4]).as_bytes()))
        .map(char::len_utf8)
}

fn run(text: &[u8], is_member: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&byte| is_member(byte)).count()
}
