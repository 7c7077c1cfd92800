//! Values that tell where a secret is kept or what is to be put in its place, and hold
//! none: `${NAME}`, `{{ .path }}`, `<your api token>`.
//!
//! A reference is a path of identifiers, a text in angle brackets is of words that stand
//! for a value. Anything else between the same brackets may be the secret itself.

use super::form;
use super::quote;
use super::text::count;
use crate::core::mask::{self, is_placeholder};

/// The words of which placeholders in angle brackets are made.
const WORDS: [&[u8]; 121] = [
    b"a",
    b"access",
    b"account",
    b"actual",
    b"add",
    b"admin",
    b"an",
    b"any",
    b"api",
    b"app",
    b"auth",
    b"aws",
    b"azure",
    b"base64",
    b"bearer",
    b"blank",
    b"censored",
    b"certificate",
    b"change",
    b"changeme",
    b"client",
    b"code",
    b"cookie",
    b"credential",
    b"credentials",
    b"custom",
    b"database",
    b"db",
    b"default",
    b"empty",
    b"encoded",
    b"encrypted",
    b"enter",
    b"env",
    b"example",
    b"file",
    b"filename",
    b"filtered",
    b"from",
    b"generated",
    b"gh",
    b"github",
    b"gitlab",
    b"google",
    b"goes",
    b"hash",
    b"header",
    b"here",
    b"hex",
    b"hidden",
    b"host",
    b"id",
    b"in",
    b"insert",
    b"jwt",
    b"key",
    b"license",
    b"login",
    b"long",
    b"masked",
    b"me",
    b"missing",
    b"my",
    b"mysql",
    b"name",
    b"new",
    b"nil",
    b"none",
    b"null",
    b"number",
    b"of",
    b"old",
    b"omitted",
    b"openai",
    b"optional",
    b"or",
    b"pass",
    b"passphrase",
    b"passwd",
    b"password",
    b"path",
    b"personal",
    b"pin",
    b"placeholder",
    b"postgres",
    b"private",
    b"public",
    b"put",
    b"pwd",
    b"random",
    b"real",
    b"redacted",
    b"refresh",
    b"removed",
    b"replace",
    b"required",
    b"root",
    b"same",
    b"sanitized",
    b"secret",
    b"secure",
    b"service",
    b"session",
    b"set",
    b"some",
    b"something",
    b"string",
    b"strong",
    b"text",
    b"the",
    b"this",
    b"to",
    b"token",
    b"undefined",
    b"unset",
    b"url",
    b"user",
    b"username",
    b"uuid",
    b"value",
    b"with",
];

/// The length of a mask of ours, of another tool's in brackets, or of a reference, that
/// `bytes` begin with, if nothing of a value follows it.
pub(super) fn leading_placeholder(bytes: &[u8]) -> Option<usize> {
    placeholder_at(bytes).filter(|&end| form::ends_placeholder(bytes.get(end)))
}

/// The same, whatever follows.
pub(super) fn placeholder_at(bytes: &[u8]) -> Option<usize> {
    let close: &[u8] = match bytes.first()? {
        b'[' => b"]",
        b'<' => b">",
        b'$' | b'#' if bytes.get(1) == Some(&b'{') => b"}",
        b'$' if bytes.get(1) == Some(&b'(') => b")",
        b'{' if bytes.get(1) == Some(&b'{') => b"}}",
        b'%' if bytes.get(1) == Some(&b'(') => b")s",
        _ => return None,
    };
    let near = &bytes[..bytes.len().min(mask::LONGEST_PLACEHOLDER)];
    let end = close.len() + memchr::memmem::find(near, close)?;
    let whole = &bytes[..end];
    (is_placeholder(whole) || is_reference(whole)).then_some(end)
}

/// The length of a mask at the start of `bytes`; a reference only where it counts.
pub(super) fn leading(bytes: &[u8], thorough: bool) -> Option<usize> {
    leading_placeholder(bytes).filter(|&end| !thorough || is_placeholder(&bytes[..end]))
}

/// `${NAME}`, `$NAME`, `%(name)s`, `{{ name }}`, `<name>`, `%s`, `{}` and the like.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let between = |open: &[u8], close: &[u8]| {
        value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
    };
    let is_name = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let is_variable = |name: &[u8]| {
        let begins = name
            .first()
            .is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'_');
        begins && name.iter().all(is_name) && !is_opaque(name)
    };
    between(b"${", b"}").is_some_and(is_variable_or_path)
        || between(b"#{", b"}").is_some_and(is_path)
        || between(b"{{", b"}}").is_some_and(is_path)
        || between(b"$(", b")").is_some_and(is_path)
        || between(b"<", b">").is_some_and(|body| is_words(body, b""))
        || between(b"%(", b")s").is_some_and(is_path)
        || between(b"%", b"%").is_some_and(is_variable)
        || value.strip_prefix(b"$").is_some_and(is_variable)
        || matches!(
            value,
            b"%s" | b"%v" | b"%q" | b"%d" | b"{}" | b"?" | b"$1" | b"..." | b"-"
        )
}

/// A path of identifiers, or a command with its arguments.
fn is_path(body: &[u8]) -> bool {
    let letters = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-:/ ".contains(byte);
    !body.is_empty()
        && body.iter().all(letters)
        && body
            .split(|byte| b".-:/ ".contains(byte))
            .all(|part| !is_opaque(part))
}

/// A path in `${…}`, where what follows a colon is the value unless the variable has one:
/// `${NAME:-value}`, `${name:value}`.
fn is_variable_or_path(body: &[u8]) -> bool {
    /// What precedes a colon and is no name: the place where the secret is kept.
    const PLACES: [&[u8]; 20] = [
        b"env",
        b"ssm",
        b"self",
        b"vault",
        b"secret",
        b"secrets",
        b"file",
        b"opt",
        b"cf",
        b"sys",
        b"param",
        b"config",
        b"aws",
        b"azure",
        b"gcp",
        b"sm",
        b"keyvault",
        b"local",
        b"var",
        b"kms",
    ];
    let Some(colon) = memchr::memchr(b':', body) else {
        return is_path(body);
    };
    let (name, rest) = (&body[..colon], &body[colon + 1..]);
    if !is_path(name) {
        return false;
    }
    match rest.first() {
        // `${NAME:?message}`
        Some(b'?') | None => true,
        _ if PLACES.contains(&name) => is_path(rest),
        Some(first) => {
            let value = rest.get(usize::from(b"-=+".contains(first))..);
            let value = value.unwrap_or_default();
            form::is_nothing(value, false)
        }
    }
}

/// Whether a part of a path is no identifier: letters and digits without a pattern.
fn is_opaque(part: &[u8]) -> bool {
    let mut previous = 0_u8;
    let (mut upper, mut lower, mut digits) = (false, false, false);
    let (mut numbers, mut humps) = (0, 0);
    for &byte in part {
        match byte {
            b'0'..=b'9' => digits = true,
            b'A'..=b'Z' => upper = true,
            b'a'..=b'z' => lower = true,
            _ => {}
        }
        numbers += usize::from(byte.is_ascii_alphabetic() && previous.is_ascii_digit());
        humps += usize::from(byte.is_ascii_uppercase() && previous.is_ascii_lowercase());
        previous = byte;
    }
    let last = part.iter().rposition(|byte| !byte.is_ascii_digit());
    let inner = last.is_some_and(|last| part[..last].iter().any(u8::is_ascii_digit));
    part.len() >= 6
        && (numbers >= 2 && part.len() < 8 * numbers
            || part[0].is_ascii_digit() && (upper || lower)
            || part.len() >= 16 && upper && lower && digits && inner
            || humps >= 3 && part.len() < 4 * humps)
}

/// Whether a text is of words that stand for a value, or are those of `name`.
pub(super) fn is_words(body: &[u8], name: &[u8]) -> bool {
    let is_mark = |byte: &u8| b"_- .".contains(byte);
    let known = |word: &[u8]| {
        let word = word.strip_suffix(b"'s").unwrap_or(word);
        let is = |other: &[u8]| word.eq_ignore_ascii_case(other);
        let plural = word.strip_suffix(b"s").unwrap_or(word);
        // `yourPassword`, `mytoken`, `xxx`, `…`
        let rest = [&b"your"[..], b"my", b"the", b"insert", b"db", b"api"]
            .iter()
            .find_map(|head| {
                let (first, rest) = word.split_at_checked(head.len())?;
                first.eq_ignore_ascii_case(head).then_some(rest)
            });
        let listed = |word: &[u8]| WORDS.iter().any(|other| word.eq_ignore_ascii_case(other));
        listed(word)
            || listed(plural)
            || rest.is_some_and(|rest| rest.is_empty() || listed(rest))
            || is(b"api_key")
            || word.iter().all(|byte| matches!(byte, b'x' | b'X'))
            || form::holds_word(name, word)
    };
    let letters = body
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || is_mark(byte) || *byte == b'\'');
    let base64 = body.eq_ignore_ascii_case(b"base64");
    let mut words = body.split(is_mark).filter(|word| !word.is_empty());
    let some = body.iter().any(u8::is_ascii_alphabetic);
    // `...`
    let dots = body.len() >= 3
        && body
            .iter()
            .all(|byte| *byte == body[0] && b".*_-".contains(byte));
    dots || some && (letters || base64) && words.all(known)
}

/// The length of `<`, `&lt;` or `\u003c` at the start of `bytes`.
pub(super) fn angle(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'<' => Some(1),
        b'&' => bytes.starts_with(b"&lt;").then_some(4),
        b'\\' => {
            let run = quote::backslashes(bytes);
            let after = &bytes[run..];
            (after.starts_with(b"u003c") || after.starts_with(b"u003C")).then_some(run + 5)
        }
        _ => None,
    }
}

/// Whether the bytes behind an angle bracket are of a tag, an operator, or what a
/// program prints for an object: `</td>`, `<br>`, `<-`, `<class 'str'>`, `<x at 0x7f>`.
pub(super) fn is_markup(body: &[u8]) -> bool {
    const TAGS: [&[u8]; 41] = [
        b"a",
        b"b",
        b"body",
        b"br",
        b"button",
        b"code",
        b"dd",
        b"div",
        b"dl",
        b"dt",
        b"em",
        b"fieldset",
        b"font",
        b"form",
        b"h1",
        b"h2",
        b"h3",
        b"head",
        b"hr",
        b"html",
        b"i",
        b"img",
        b"input",
        b"kbd",
        b"label",
        b"li",
        b"link",
        b"meta",
        b"option",
        b"p",
        b"pre",
        b"script",
        b"select",
        b"small",
        b"span",
        b"strong",
        b"style",
        b"table",
        b"td",
        b"textarea",
        b"tr",
    ];
    const OBJECTS: [&[u8]; 5] = [
        b"class ",
        b"function ",
        b"bound method ",
        b"built-in ",
        b"module ",
    ];
    if !body.first().is_some_and(u8::is_ascii_alphanumeric) {
        // A password may begin with punctuation, but for that of markup and programs.
        return body
            .first()
            .is_none_or(|byte| *byte <= b' ' || b"/!?<=>-%\"'\\[(".contains(byte));
    }
    let length = count(body, |byte| byte.is_ascii_alphanumeric());
    let tag = TAGS
        .iter()
        .any(|tag| body[..length].eq_ignore_ascii_case(tag))
        && body.get(length).is_none_or(|byte| b" />&\\".contains(byte));
    let near = &body[..body.len().min(form::LOOKED_AT)];
    let line = near.split(|byte| matches!(byte, b'>' | b'\n')).next();
    let object = line.is_some_and(|line| memchr::memmem::find(line, b" at 0x").is_some());
    tag || object || OBJECTS.iter().any(|object| body.starts_with(object))
}
