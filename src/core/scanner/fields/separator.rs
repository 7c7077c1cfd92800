//! What stands between a name and its value.

use super::form;
use super::name::Found;
use super::quote;
use super::text::{BLANKS, blanks, count, hexadecimal, is_blank};

/// A separator and what is around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Separator {
    pub(super) sign: Sign,
    /// Where the value begins.
    pub(super) value: usize,
    /// Blanks stand before or after the sign.
    pub(super) spaced: bool,
    /// The tag is written with `&lt;` and `&gt;`.
    pub(super) escaped: bool,
}

/// The separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `=`, also `==`, `!=` and the like.
    Equals,
    /// `:`
    Colon,
    /// `=>`
    Arrow,
    /// `:=`, also `::=` and `:::=`
    Assign,
    /// `%3D`, `%3A`
    Encoded,
    /// `,`
    Comma,
    /// `(`
    Paren,
    /// `>`, of a tag.
    Tag,
    /// `BY` or `AS` (SQL).
    By,
    /// Nothing but blanks.
    Blank,
}

/// Reads what follows a name.
pub(super) fn read(bytes: &[u8], found: &Found) -> Option<Separator> {
    let mut at = found.after;
    // `["name"] =`
    if bytes.get(at) == Some(&b']')
        && found.quote.is_some()
        && found.from > 0
        && bytes[found.from - 1] == b'['
    {
        at += 1;
    }
    // `form%5Bname%5D=`
    if bytes[at..].starts_with(b"%5D") || bytes[at..].starts_with(b"%5d") {
        at += 3;
    }
    if found.quote.is_none() && !found.bracketed {
        at += subscript(&bytes[at..]);
    }
    if let Some(value) = tag(bytes, found) {
        let value = value + blanks(&bytes[value..], true);
        return Some(Separator {
            escaped: bytes[..value].ends_with(b"&gt;"),
            ..separator(Sign::Tag, value, false)
        });
    }
    let lines = found.quote.is_some();
    let before = blanks(&bytes[at..], lines);
    let rest = &bytes[at + before..];
    let (sign, length) = match sign(rest) {
        Some((Sign::Comma, _)) if found.quote.is_none() => return None,
        Some((Sign::Paren, _)) if before > 0 => return None,
        Some(found) => found,
        None if before > 0 && points(bytes, found, rest) => (
            Sign::Blank,
            rest.iter()
                .position(|byte| b">|".contains(byte))
                .map_or(0, |at| at + 1),
        ),
        None if before > 0 => match by(rest) {
            Some(length) => (Sign::By, length),
            None => (Sign::Blank, 0),
        },
        None => return None,
    };
    let start = at + before + length;
    let after = match sign {
        Sign::Encoded => count(&bytes[start..], |byte| byte == b'+').min(BLANKS),
        _ => blanks(&bytes[start..], lines),
    };
    let value = start + after;
    // `secret= api_key="x"`: the value is empty.
    let empty = sign == Sign::Equals && before == 0 && after > 0;
    if empty && begins_field(&bytes[value..]) {
        return None;
    }
    let spaced = before + after > 0;
    let separator = separator(sign, value, spaced);
    Some(match annotation(bytes, &separator) {
        Some(value) if found.quote.is_none() => Separator {
            sign: Sign::Equals,
            value,
            ..separator
        },
        _ => separator,
    })
}

fn separator(sign: Sign, value: usize, spaced: bool) -> Separator {
    Separator {
        sign,
        value,
        spaced,
        escaped: false,
    }
}

/// The length of `[]` or `[0]` behind a name, if that is assigned to.
fn subscript(rest: &[u8]) -> usize {
    /// How many digits an index has.
    const DIGITS: usize = 4;
    let bracket = |at: usize, plain: u8, encoded: [&[u8]; 2]| match rest.get(at) {
        Some(&byte) if byte == plain => 1,
        Some(b'%') if encoded.iter().any(|code| rest[at..].starts_with(code)) => 3,
        _ => 0,
    };
    let opens = bracket(0, b'[', [b"%5B", b"%5b"]);
    let inside = &rest[opens..rest.len().min(opens + DIGITS)];
    let index = opens + count(inside, |byte| byte.is_ascii_digit());
    let closes = bracket(index, b']', [b"%5D", b"%5d"]);
    if opens == 0 || closes == 0 {
        return 0;
    }
    let after = index + closes;
    let sign = sign(&rest[after + blanks(&rest[after..], false)..]);
    match sign {
        Some((Sign::Equals | Sign::Colon | Sign::Assign | Sign::Encoded, _)) => after,
        _ => 0,
    }
}

/// The separator at the start of `rest`, and its length.
fn sign(rest: &[u8]) -> Option<(Sign, usize)> {
    Some(match *rest.first()? {
        b'=' => match rest {
            [_, b'>', ..] => (Sign::Arrow, 2),
            // A comparison, with a string: otherwise `==` is padding of base64.
            [_, b'=', ..] => {
                let length = if rest.get(2) == Some(&b'=') { 3 } else { 2 };
                if is_compared(&rest[length..]) {
                    return Some((Sign::Equals, length));
                }
                let value = length + blanks(&rest[length..], false);
                quote::opening(rest, value)?;
                (Sign::Equals, length)
            }
            _ => match unicode(&rest[1..]) {
                Some((b'>', length)) => (Sign::Arrow, 1 + length),
                _ => (Sign::Equals, 1),
            },
        },
        // A comparison with a string.
        b'!' => {
            let length = match rest {
                [_, b'=', b'=', ..] => 3,
                [_, b'=', ..] => 2,
                _ => return None,
            };
            let value = length + blanks(&rest[length..], false);
            quote::opening(rest, value)?;
            (Sign::Equals, length)
        }
        b':' => match rest {
            [_, b'=', ..] => (Sign::Assign, 2),
            // `::=` and `:::=` assign in makefiles; a path has no sign behind its colons.
            [_, b':', b'=', ..] => (Sign::Assign, 3),
            [_, b':', b':', b'=', ..] => (Sign::Assign, 4),
            [_, b':', ..] => return None,
            _ => (Sign::Colon, 1),
        },
        b'.' | b'+' | b'?' | b'|' | b'&' | b'~' => {
            // `.=`, `+=`, `?=`, `||=` and the like.
            let length = count(&rest[..rest.len().min(3)], |byte| byte == rest[0]);
            match rest.get(length) {
                Some(b'=') if length <= 2 => (Sign::Equals, length + 1),
                _ => return None,
            }
        }
        b',' => (Sign::Comma, 1),
        b'(' => (Sign::Paren, 1),
        b'%' => {
            let twice = usize::from(rest.starts_with(b"%25")) * 2;
            match rest.get(1 + twice..3 + twice)? {
                b"3D" | b"3d" | b"3A" | b"3a" => (Sign::Encoded, 3 + twice),
                _ => return None,
            }
        }
        b'\\' => match unicode(rest)? {
            (b'=', length) => (Sign::Equals, length),
            (b':', length) => (Sign::Colon, length),
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether a comparison is with what no name of a program looks like.
fn is_compared(rest: &[u8]) -> bool {
    let word = count(&rest[..rest.len().min(form::LOOKED_AT)], |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
    });
    form::is_random(&rest[..word]) && form::is_likely(&rest[..word])
}

/// `name=` at the start of `rest`, and no padding of base64.
fn begins_field(rest: &[u8]) -> bool {
    let length = count(&rest[..rest.len().min(64)], |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
    });
    let next = rest.get(length + 1);
    length > 0
        && rest.get(length) == Some(&b'=')
        && next.is_some_and(|&byte| byte > b' ' && byte != b'=')
}

/// `\u003d` and the like: the byte and the length.
fn unicode(rest: &[u8]) -> Option<(u8, usize)> {
    let run = quote::backslashes(rest);
    if run == 0 {
        return None;
    }
    let digits = rest[run..].strip_prefix(b"u")?.get(..4)?;
    Some((u8::try_from(hexadecimal(digits)?).ok()?, run + 5))
}

/// Whether an arrow or the line between two columns of a table follows a name and a blank.
fn points(bytes: &[u8], found: &Found, rest: &[u8]) -> bool {
    let column = || {
        let head = bytes[..found.from].trim_ascii_end();
        head.is_empty() || head.ends_with(b"|") || bytes[head.len()..found.from].contains(&b'\n')
    };
    rest.starts_with(b"-> ") || rest.starts_with(b"| ") && column()
}

/// `BY ` and `AS `, as in `IDENTIFIED WITH mysql_native_password BY 'x'`.
fn by(rest: &[u8]) -> Option<usize> {
    let word = rest.get(..3)?;
    (word[..2].eq_ignore_ascii_case(b"by") || word[..2].eq_ignore_ascii_case(b"as"))
        .then_some(3)
        .filter(|_| is_blank(word[2]))
}

/// Where the text of an element begins whose tag has this name: `<ns:name a="b">`.
fn tag(bytes: &[u8], found: &Found) -> Option<usize> {
    /// How long the attributes may be.
    const ATTRIBUTES: usize = 192;
    let prefix = without_prefix(&bytes[..found.from]);
    let close: &[&[u8]] = if prefix.ends_with(b"<") {
        &[b">"]
    } else if prefix.ends_with(b"&lt;") {
        &[b"&gt;"]
    } else if prefix.ends_with(b"\\u003c") || prefix.ends_with(b"\\u003C") {
        &[b"\\u003e", b"\\u003E", b"\\\\u003e"]
    } else {
        return None;
    };
    let rest = &bytes[found.after..];
    let attributes = &rest[..rest.len().min(ATTRIBUTES)];
    for (at, &byte) in attributes.iter().enumerate() {
        if byte == b'<' || byte < b' ' {
            return None;
        }
        if let Some(close) = close
            .iter()
            .find(|close| attributes[at..].starts_with(close))
        {
            let empty = at > 0 && attributes[at - 1] == b'/';
            let value = found.after + at + close.len();
            // `secret=<password>` is a placeholder where no text follows at once.
            let blank = bytes.get(value).is_none_or(|&byte| byte <= b' ');
            let placeholder = prefix.ends_with(b"=<") && blank;
            return (!empty && !placeholder).then_some(value);
        }
        if at == 0 && !is_blank(byte) {
            return None;
        }
    }
    None
}

/// What is before a tag's name, without the prefix of its namespace.
pub(super) fn without_prefix(head: &[u8]) -> &[u8] {
    let Some(head) = head.strip_suffix(b":") else {
        return head;
    };
    let length = head
        .iter()
        .rev()
        .take(32)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .count();
    &head[..head.len() - length]
}

/// Where the value begins behind a type: `name: string = "x"`, `name string = "x"`.
fn annotation(bytes: &[u8], separator: &Separator) -> Option<usize> {
    /// How long a type may be.
    const TYPE: usize = 48;
    if !matches!(separator.sign, Sign::Colon | Sign::Blank) {
        return None;
    }
    let rest = &bytes[separator.value..];
    // A type, a blank, the sign: no more words than that.
    let word = count(&rest[..rest.len().min(TYPE)], |byte| {
        byte != b' ' && byte != b'='
    });
    let after = rest.get(word..word + 2).unwrap_or_default();
    if !matches!(after, [b' ', b'=' | b'|' | b'&']) {
        return None;
    }
    let length = count(&rest[..rest.len().min(TYPE)], |byte| {
        // No digits: `password: hunter2 = "x"` has a value, not a type.
        byte.is_ascii_alphabetic() || b"_<>[]?&|. ".contains(&byte)
    });
    let typed = rest
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'&');
    if !typed || length == 0 || rest[length - 1] != b' ' || rest.get(length) != Some(&b'=') {
        return None;
    }
    let after = separator.value + length + 1;
    let value = after + blanks(&bytes[after..], false);
    quote::opening(bytes, value).map(|_| value)
}
