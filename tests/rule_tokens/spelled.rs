//! `{esc:TEXT}` of a pattern, spelled in ways of the tests' own.

use std::fmt::Write as _;

/// The pattern with its macros spelled out: `{esc:TEXT}` as it is, behind backslashes,
/// as escapes and percent-encoded.
pub(crate) fn pattern(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, macro_and_rest)) = rest.split_once("{esc:") {
        let (text, after) = macro_and_rest.split_once('}').expect("the pack was parsed");
        out += before;
        out += &spellings(text);
        rest = after;
    }
    out + rest
}

fn spellings(text: &str) -> String {
    let mut all = vec![text.to_owned()];
    if text.contains('/') {
        all.push(text.replace('/', "\\/"));
    }
    let each = |write: &dyn Fn(&mut String, u8)| {
        let mut out = String::new();
        text.bytes().for_each(|byte| write(&mut out, byte));
        out
    };
    if text.bytes().all(|byte| byte.is_ascii_punctuation()) {
        all.push(each(&|out, byte| {
            write!(out, "\\u{byte:04x}").expect("a string takes all text");
        }));
        all.push(each(&|out, byte| {
            write!(out, "%{byte:02X}").expect("a string takes all text");
        }));
    }
    let all: Vec<String> = all.iter().map(|text| escaped(text)).collect();
    format!("(?:{})", all.join("|"))
}

/// A literal of the pattern language.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        write!(out, "\\x{byte:02x}").expect("a string takes all text");
    }
    out
}
