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

const MASK: &str = "[REDACTED]";

/// What may follow a token. The escape begins a colour, and nothing is the end of input.
const FOLLOWERS: [&str; 18] = [
    "", "&", ",", ".", ")", "]", "}", ">", "<", "|", "/", ":", ";", "\"", "\\\"", "\t", "\x1b[0m",
    "\n",
];

/// What may precede one; `_` only where nothing is said about the byte before.
const PREDECESSORS: [&str; 9] = [" ", "_", "\"", "'", "=", "\x1b[32m", "(", ":", ""];

/// Rules that look at the neighbours on purpose.
const PARTICULAR: [(&str, &str); 10] = [
    (
        "google/messaging-key",
        "a sender and a colon stand before it",
    ),
    (
        "authorization/header-short",
        "a word after the word makes it prose, header-word takes it at a line's end",
    ),
    (
        "authorization/header-word",
        "only a word that ends what stands there is no prose",
    ),
    (
        "authorization/header-bare",
        "only a word that ends what stands there is no prose",
    ),
    ("authorization/basic", "a longer word is none of base64"),
    ("commands/mysql", "-p before a colon is a port"),
    ("stripe/client-secret", "its id stands before it"),
    ("url-credentials/go-dsn", "a user stands before it"),
    (
        "pem/private-key",
        "lines and what joins them belong to the block",
    ),
    ("pem/putty", "lines and what joins them belong to the file"),
];

/// What an example hides: a match and the secret in it, from the match's start.
struct Token {
    text: String,
    secret: Range<usize>,
}

/// The tokens of the rule's examples, as the naive simulation finds them.
fn tokens(rule: &RuleSource, naive: &Naive) -> Vec<Token> {
    let found = rule.examples().iter().filter_map(|example| {
        let text = example.input.as_bytes();
        let found = naive.first(text, text.len().checked_sub(1)?)?;
        let start = found.whole.start;
        Some(Token {
            text: String::from_utf8(text[found.whole].to_vec()).ok()?,
            secret: found.hidden.start - start..found.hidden.end - start,
        })
    });
    found.filter(|token| !token.secret.is_empty()).collect()
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
    let text = format!("{lead}{before}{}{after}{tail}", token.text);
    let start = lead.len() + before.len();
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
            if PARTICULAR.iter().any(|(id, _)| *id == rule.full_id()) {
                continue;
            }
            let (naive, redactor) = (Naive::new(rule), alone(&pack, rule));
            let tokens = tokens(rule, &naive);
            if tokens.is_empty() {
                wrongs.push(format!("{}: no example has a match", rule.full_id()));
            }
            let followers = FOLLOWERS.map(|follower| (" ", follower));
            let predecessors = PREDECESSORS
                .iter()
                .filter(|before| **before != "_" || rule.before().is_none())
                .map(|before| (*before, ""));
            let neighbours: Vec<_> = followers.into_iter().chain(predecessors).collect();
            let all = tokens.iter().flat_map(|token| {
                let each = |around| wrong(rule, &naive, &redactor, token, around);
                neighbours.iter().copied().filter_map(each).take(2)
            });
            wrongs.extend(all);
        }
    }
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}

/// Rules whose tokens have no meaning inside a query, or have a rule of their own there.
const PLAIN_ONLY: [(&str, &str); 0] = [];

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
        let is_plain_only = PLAIN_ONLY.iter().any(|(id, _)| *id == rule.full_id());
        if is_plain_only || rule.is_optional() || !rule.profiles().contains(&Profile::Standard) {
            continue;
        }
        for token in tokens(rule, &Naive::new(rule)) {
            let is_value = |byte: u8| byte > b' ' && byte < 0x7f && !b"\"'`\\%".contains(&byte);
            if !token.text.bytes().all(is_value) {
                continue;
            }
            for is_small in [false, true] {
                let encoded = |text: &str| percent_encoded(text, is_small);
                if encoded(&token.text) == token.text {
                    continue;
                }
                let head = format!("GET /x?a=1&v={}", encoded(&token.text[..token.secret.start]));
                let secret = encoded(&token.text[token.secret.clone()]);
                let tail = format!("{}&z=2", encoded(&token.text[token.secret.end..]));
                let text = format!("{head}{secret}{tail}");
                let out = all.redact(text.as_bytes());
                let out = String::from_utf8_lossy(&out);
                if !hides(&out, &text, &(head.len()..head.len() + secret.len())) {
                    wrongs.push(format!("{}: {text:?} became {out:?}", rule.full_id()));
                }
            }
        }
    }
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}
