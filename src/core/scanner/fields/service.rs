//! Keys that only the name of their service gives away: `acme KEY value`,
//! `acmePRIVATE-value`, `acme_key = UUID`.
//!
//! Many services issue keys without a form of their own: 32 hexadecimal digits, a UUID,
//! letters and digits. Such a value is a secret where three things stand together: the
//! name of a service whose keys are like that, words that tell of a key, and a value that
//! looks issued ([`form::is_issued`](super::form::is_issued)). Between them is nothing but
//! the punctuation of assignments and the words below, [`REACH`] bytes at most.

use super::ends::End;
use super::form;
use super::judge::{Around, Claim, Extent};
use super::quote;
use super::text::is_blank;
use crate::core::field::FieldNames;
use crate::core::mask::Quotes;

/// How far behind the service's name a value may begin.
const REACH: usize = 48;

/// Words that tell of a key.
const KEYS: [&[u8]; 9] = [
    b"key",
    b"token",
    b"secret",
    b"access",
    b"private",
    b"password",
    b"credentials",
    b"bearer",
    b"pat",
];

/// Words that may stand beside them.
const OTHERS: [&[u8]; 27] = [
    b"account",
    b"admin",
    b"api",
    b"app",
    b"auth",
    b"bot",
    b"client",
    b"cloud",
    b"code",
    b"com",
    b"crm",
    b"dev",
    b"hq",
    b"io",
    b"is",
    b"license",
    b"live",
    b"personal",
    b"prod",
    b"production",
    b"rest",
    b"server",
    b"service",
    b"staging",
    b"test",
    b"user",
    b"was",
];

/// The value of the service whose name begins at `at`, and where the first word that
/// tells of a key stands.
pub(super) fn claim(names: &FieldNames, around: Around<'_>, at: usize) -> Option<(Claim, usize)> {
    let bytes = around.bytes;
    let (entry, length) = names.service_at(&bytes[at..])?;
    if !begins_word(&bytes[..at]) {
        return None;
    }
    let mut here = at + length;
    let limit = bytes.len().min(here + REACH);
    let mut key = None;
    let mut opened = None;
    let mut assigned = false;
    while here < limit {
        if let Some((quote, length)) = quote::opening(bytes, here) {
            here += length;
            opened = Some((here, quote));
            continue;
        }
        match bytes[here] {
            b'=' | b':' | b'>' | b'-' | b'_' | b'.' | b'(' => here += 1,
            byte if is_blank(byte) => here += 1,
            byte if byte.is_ascii_alphabetic() => {
                let Some((length, keyed)) = words(&bytes[here..limit]) else {
                    break;
                };
                if keyed && key.is_none() {
                    key = Some(here);
                }
                here += length;
                assigned = false;
                continue;
            }
            _ => break,
        }
        assigned = true;
    }
    let key = key?;
    let quoted = opened.filter(|&(start, _)| start == here);
    if !assigned && quoted.is_none() {
        return None;
    }
    let end = quoted.map_or(End::Word, |(_, quote)| End::Quote(quote));
    let (text, _) = around.peek(here, end);
    let claim = Claim {
        entry,
        start: here,
        extent: Extent::To(end),
        quotes: Quotes::None,
        whole: false,
        carried: false,
    };
    form::is_issued(text).then_some((claim, key))
}

/// Whether what follows `head` begins a word: behind no letter or digit, or behind an
/// escape.
fn begins_word(head: &[u8]) -> bool {
    match head {
        [] => true,
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., last] => !last.is_ascii_alphanumeric() && *last < 0x80,
    }
}

/// The length of a run of letters that is made of the words above, and whether one of
/// them tells of a key. None where it holds another, or a digit follows.
fn words(rest: &[u8]) -> Option<(usize, bool)> {
    let mut at = 0;
    let mut keyed = false;
    while rest.get(at).is_some_and(u8::is_ascii_alphabetic) {
        let longest = |words: &[&[u8]]| {
            let lengths = words.iter().filter_map(|word| {
                let part = rest.get(at..at + word.len())?;
                part.eq_ignore_ascii_case(word).then_some(word.len())
            });
            lengths.max()
        };
        let (own, other) = (longest(&KEYS), longest(&OTHERS));
        at += own.max(other)?;
        keyed |= own > other;
    }
    let ends = !rest.get(at).is_some_and(u8::is_ascii_digit);
    ends.then_some((at, keyed))
}
