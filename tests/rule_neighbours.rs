//! P1, P3 and P4 for every rule: each of its examples with every follower and every
//! predecessor, as it is and inside JSON, and percent-encoded.

#[path = "rule_tokens/naive.rs"]
mod naive;
mod oracle;
#[path = "rule_tokens/spelled.rs"]
mod spelled;

use std::ops::Range;
use std::sync::Arc;

use blackbar::{Profile, Redactor, RuleSource, embedded_packs};

use naive::{Naive, alone};
use oracle::conditions;
use oracle::regex::ByteClass;

const MASK: &str = "[REDACTED]";

/// What may follow a token. The escape begins a colour, and nothing is the end of input.
const FOLLOWERS: [&str; 18] = [
    "", "&", ",", ".", ")", "]", "}", ">", "<", "|", "/", ":", ";", "\"", "\\\"", "\t", "\x1b[0m",
    "\n",
];

/// What may precede one; `_` only where nothing is said about the byte before.
const PREDECESSORS: [&str; 9] = [" ", "_", "\"", "'", "=", "\x1b[32m", "(", ":", ""];

/// Followers that a rule refuses on purpose.
const REFUSED: [(&str, &[&str], &str); 5] = [
    (
        "authorization/header-short",
        &["\t"],
        "white space behind it makes it a scheme, or prose",
    ),
    (
        "authorization/header-word",
        &[":"],
        "a word and a colon begin a sentence: `authorization: bearer rejected: no such user`",
    ),
    (
        "authorization/header-bare",
        &[":"],
        "letters, digits and a colon are a host or a place in a file",
    ),
    (
        "pem/private-key",
        &["\n"],
        "a line of base64 behind a header, or a body without its end, belongs to the block",
    ),
    ("pem/putty", &["\n"], "a line of base64 belongs to the file"),
];

/// What an example hides: a match and the secret in it, from the match's start.
struct Token {
    /// What stands before it, where a space must not.
    lead: String,
    text: String,
    secret: Range<usize>,
}

/// The tokens of the rule's examples, as the naive simulation finds them.
fn tokens(rule: &RuleSource, naive: &Naive) -> Vec<Token> {
    let is_led = !takes_space_before(rule);
    let found = rule.examples().iter().filter_map(|example| {
        let text = example.input.as_bytes();
        let found = naive.first(text, text.len().checked_sub(1)?)?;
        let start = found.whole.start;
        let lead = if is_led { &text[..start] } else { &[] };
        Some(Token {
            lead: String::from_utf8(lead.to_vec()).ok()?,
            text: String::from_utf8(text[found.whole].to_vec()).ok()?,
            secret: found.hidden.start - start..found.hidden.end - start,
        })
    });
    found.filter(|token| !token.secret.is_empty()).collect()
}

/// Whether a space may stand before a match.
fn takes_space_before(rule: &RuleSource) -> bool {
    rule.before()
        .is_none_or(|class| conditions::holds_before(&ByteClass::new(class), b" ", 1))
}

/// The text as the value of a field, `depth` times.
fn in_json(text: &str, depth: usize) -> String {
    (0..depth).fold(text.to_owned(), |text, _| {
        let text = serde_json::to_string(&text).expect("a string has a text");
        format!("{{\"level\":\"info\",\"msg\":{text}}}")
    })
}

/// The way back, where each depth is valid.
fn out_of_json(text: &str, depth: usize) -> Option<String> {
    (0..depth).try_fold(text.to_owned(), |text, _| {
        let value: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some(value.get("msg")?.as_str()?.to_owned())
    })
}

/// Whether `out` is `text` with the secret masked, and perhaps what touches it.
fn hides(out: &str, text: &str, secret: &Range<usize>) -> bool {
    let Some((before, after)) = out.split_once(MASK) else {
        return false;
    };
    before.len() <= secret.start
        && text.starts_with(before)
        && after.len() <= text.len() - secret.end
        && text.ends_with(after)
}

/// Whether `out` is `text` with the secret masked, and perhaps what stands around it, too.
fn covers(out: &str, text: &str, secret: &Range<usize>) -> bool {
    let mut parts = out.split(MASK);
    let before = parts.next().unwrap_or_default();
    let mut rest = &text[secret.end..];
    let mut last = None;
    for part in parts {
        last = Some(part);
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    before.len() <= secret.start
        && text.starts_with(before)
        && last.is_some_and(|last| text.ends_with(last))
}

/// What goes wrong with one token between two neighbours.
fn wrong(
    rule: &RuleSource,
    naive: &Naive,
    redactor: &Redactor,
    token: &Token,
    (before, after): (&str, &str),
) -> Option<String> {
    let tail = if after.is_empty() { "" } else { "tail" };
    let lead = if before.is_empty() { "" } else { "at 1" };
    let lead = format!("{lead}{before}{}", token.lead);
    let text = format!("{lead}{}{after}{tail}", token.text);
    let start = lead.len();
    let secret = start + token.secret.start..start + token.secret.end;
    let tell = |what: &str| Some(format!("{}: {what}, of {text:?}", rule.full_id()));
    let line = text.split('\n').next().unwrap_or_default();
    let Some(found) = naive.first(line.as_bytes(), start) else {
        return tell("its conditions do not hold");
    };
    if found.hidden.start > secret.start || found.hidden.end < secret.end {
        return tell("the pattern takes less");
    }
    let (head, rest) = (&text[..found.hidden.start], &text[found.hidden.end..]);
    let out = redactor.redact(text.as_bytes());
    if out != format!("{head}{MASK}{rest}").as_bytes() {
        return tell(&format!("became {:?}", String::from_utf8_lossy(&out)));
    }
    // The article knows nothing of JSON.
    let is_article = rule.profiles()[0] == Profile::Article;
    // A token that is escaped stands at depth 1 already.
    let is_escaped = token.text.contains('\\');
    let most = if is_article {
        0
    } else {
        2 - usize::from(is_escaped)
    };
    for depth in 1..=most {
        let out = redactor.redact(in_json(&text, depth).as_bytes());
        let out = String::from_utf8_lossy(&out).into_owned();
        let inner = out_of_json(&out, depth);
        if !inner.is_some_and(|inner| hides(&inner, &text, &secret)) {
            return tell(&format!("at depth {depth} became {out:?}"));
        }
    }
    None
}

#[test]
fn neighbours_do_not_hide_a_token() {
    let mut wrongs = Vec::new();
    for pack in embedded_packs().expect("the embedded packs parse") {
        // The rules of opt-in packs have conditions that most neighbours do not meet.
        for rule in pack.rules().iter().filter(|rule| !rule.is_optional()) {
            let (naive, redactor) = (Naive::new(rule), alone(&pack, rule));
            let tokens = tokens(rule, &naive);
            if tokens.is_empty() {
                wrongs.push(format!("{}: no example has a match", rule.full_id()));
            }
            let refused = REFUSED.iter().find(|(id, ..)| *id == rule.full_id());
            let refused = refused.map_or(&[][..], |(_, followers, _)| followers);
            let followers = FOLLOWERS
                .iter()
                .filter(|follower| !refused.contains(follower))
                .map(|follower| (" ", *follower));
            let predecessors = PREDECESSORS
                .iter()
                .filter(|before| **before != "_" || rule.before().is_none())
                .map(|before| (*before, ""));
            let neighbours: Vec<_> = followers.chain(predecessors).collect();
            let all = tokens.iter().flat_map(|token| {
                let each = |around| wrong(rule, &naive, &redactor, token, around);
                neighbours.iter().copied().filter_map(each).take(2)
            });
            wrongs.extend(all);
        }
    }
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}

/// A command line whose blanks and quotes are encoded is one word: where an argument ends,
/// and which of them is an option, is not to be seen as these rules see it.
const PLAIN_ONLY: &str = "commands/";

/// As `encodeURIComponent` does, and as those do that write small digits.
fn percent_encoded(text: &str, is_small: bool) -> String {
    text.bytes().fold(String::new(), |out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out + &char::from(byte).to_string()
        } else if is_small {
            out + &format!("%{byte:02x}")
        } else {
            out + &format!("%{byte:02X}")
        }
    })
}

#[test]
fn percent_encoding_does_not_hide_a_token() {
    let mut wrongs = Vec::new();
    let packs = embedded_packs().expect("the embedded packs parse");
    let all = Redactor::builder()
        .build()
        .expect("the embedded packs compile");
    let all = Arc::new(all);
    for rule in packs.iter().flat_map(blackbar::Pack::rules) {
        let is_plain_only = rule.full_id().starts_with(PLAIN_ONLY);
        if is_plain_only || rule.is_optional() || !rule.profiles().contains(&Profile::Standard) {
            continue;
        }
        for token in tokens(rule, &Naive::new(rule)) {
            let is_value = |byte: u8| (b' '..0x7f).contains(&byte) && !b"\\%".contains(&byte);
            if !token.text.bytes().all(is_value) {
                continue;
            }
            for is_small in [false, true] {
                let encoded = |text: &str| percent_encoded(text, is_small);
                if encoded(&token.text) == token.text {
                    continue;
                }
                let head = encoded(&token.text[..token.secret.start]);
                let head = format!("GET /x?a=1&v={}{head}", encoded(&token.lead));
                let secret = encoded(&token.text[token.secret.clone()]);
                let tail = format!("{}&z=2", encoded(&token.text[token.secret.end..]));
                let text = format!("{head}{secret}{tail}");
                let out = all.redact(text.as_bytes());
                let out = String::from_utf8_lossy(&out);
                if !covers(&out, &text, &(head.len()..head.len() + secret.len())) {
                    wrongs.push(format!("{}: {text:?} became {out:?}", rule.full_id()));
                }
            }
        }
    }
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}
