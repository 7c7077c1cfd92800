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

/// The length of the longest entity of a quote.
const ENTITY: usize = 6;

/// Words that tell of a key.
pub(super) const KEYS: [&[u8]; 8] = [
    b"key",
    b"token",
    b"secret",
    b"access",
    b"private",
    b"password",
    b"credentials",
    b"bearer",
];

/// Words that may stand beside them.
const OTHERS: [&[u8]; 36] = [
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
    b"default",
    b"dev",
    b"header",
    b"hq",
    b"invalid",
    b"io",
    b"is",
    b"license",
    b"live",
    b"my",
    b"new",
    b"old",
    b"personal",
    b"prod",
    b"production",
    b"rejected",
    b"rest",
    b"revoked",
    b"server",
    b"service",
    b"staging",
    b"test",
    b"user",
    b"value",
    b"was",
];

/// The value of a service whose name stands before the word at `at`, if that is the last
/// one that tells of a key.
pub(super) fn claim(names: &FieldNames, around: Around<'_>, at: usize) -> Option<Claim> {
    let bytes = around.bytes;
    if !names.has_services() || !begins_with_key(&bytes[at..]) || !leads_to_value(bytes, at) {
        return None;
    }
    let mut starts = (at.saturating_sub(REACH)..at).rev();
    starts.find_map(|start| {
        if !bytes[start].is_ascii_alphanumeric() || !begins_word(&bytes[..start]) {
            return None;
        }
        let (entry, length) = names.service_at(&bytes[start..])?;
        let from = start + length;
        (from <= at).then(|| follow(around, at, from, entry))?
    })
}

/// Whether a word that tells of a key begins `rest`.
fn begins_with_key(rest: &[u8]) -> bool {
    let first = rest.first().map_or(0, u8::to_ascii_lowercase);
    let mut words = KEYS.iter().filter(|word| word[0] == first);
    words.any(|word| begins_with(rest, word))
}

/// Whether a value that may be issued follows the word at `at`, by what comes after it
/// alone: a name of a service before it is looked for only then.
fn leads_to_value(bytes: &[u8], at: usize) -> bool {
    let limit = bytes.len().min(at + REACH);
    // The last quote may reach further: by its backslashes, or as an entity.
    let slashes = bytes[limit..].iter().take_while(|&&byte| byte == b'\\');
    let furthest = limit + slashes.count() + ENTITY + form::SHORTEST_ISSUED;
    if !holds_long(&bytes[at..bytes.len().min(furthest)]) {
        return false;
    }
    let mut here = at;
    let mut parted = false;
    while here < limit {
        if parted && begins_long(&bytes[here..]) {
            return true;
        }
        if let Some((_, length)) = quote::opening(bytes, here) {
            here += length;
            parted = true;
            continue;
        }
        match bytes[here] {
            b'=' | b':' | b'>' | b'-' | b'_' | b'.' | b'(' => here += 1,
            byte if is_blank(byte) => here += 1,
            byte if byte.is_ascii_alphabetic() => {
                let Some((length, _)) = words(&bytes[here..limit]) else {
                    return false;
                };
                here += length;
                parted = false;
                continue;
            }
            _ => return false,
        }
        parted = true;
    }
    parted && begins_long(&bytes[here..])
}

/// Whether a run that is as long as what is issued may be in `text`. Such a run covers one
/// of the bytes that are asked about; most texts are done with after a few of them.
fn holds_long(text: &[u8]) -> bool {
    const STEP: usize = form::SHORTEST_ISSUED;
    let token = |&byte: &u8| form::is_of_issued(byte);
    let mut at = STEP - 1;
    while let Some(byte) = text.get(at) {
        if token(byte) {
            let before = text[..at].iter().rev().take_while(|byte| token(byte));
            let after = text[at + 1..].iter().take_while(|byte| token(byte));
            let (before, after) = (before.count(), after.count());
            if before + 1 + after >= STEP {
                return true;
            }
            at += after;
        }
        at += STEP;
    }
    false
}

/// Whether a run begins here that is as long as what is issued.
fn begins_long(rest: &[u8]) -> bool {
    let token = |byte: &u8| form::is_of_issued(*byte);
    rest.get(..form::SHORTEST_ISSUED)
        .is_some_and(|head| head.iter().all(token))
}

/// The value behind a service's name that ends at `from`.
fn follow(around: Around<'_>, at: usize, from: usize, entry: u32) -> Option<Claim> {
    let bytes = around.bytes;
    let mut here = from;
    let limit = bytes.len().min(here + REACH);
    let mut key = None;
    let mut opened = None;
    let mut parted = false;
    while here < limit {
        if let Some((quote, length)) = quote::opening(bytes, here) {
            here += length;
            opened = Some((here, quote));
            parted = true;
            continue;
        }
        match bytes[here] {
            b'=' | b':' | b'>' | b'-' | b'_' | b'.' | b'(' => here += 1,
            byte if is_blank(byte) => here += 1,
            byte if byte.is_ascii_alphabetic() => {
                let Some((length, last)) = words(&bytes[here..limit]) else {
                    break;
                };
                key = last.map(|offset| here + offset).or(key);
                here += length;
                parted = false;
                continue;
            }
            _ => break,
        }
        parted = true;
    }
    if key != Some(at) || !parted {
        return None;
    }
    let quoted = opened.filter(|&(start, _)| start == here);
    let end = quoted.map_or(End::Word, |(_, quote)| End::Quote(quote));
    let (text, _) = around.peek(here, end);
    form::is_issued(text).then_some(Claim {
        entry,
        start: here,
        extent: Extent::To(end),
        quotes: Quotes::None,
        whole: false,
        carried: false,
    })
}

/// Whether what follows `head` begins a word: behind no letter or digit, or behind an
/// escape.
fn begins_word(head: &[u8]) -> bool {
    match head {
        [] | [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., last] => !last.is_ascii_alphanumeric() && *last < 0x80,
    }
}

/// The length of a run of letters that is made of the words above, and where in it the
/// last one stands that tells of a key. None where it holds another, or a digit follows.
fn words(rest: &[u8]) -> Option<(usize, Option<usize>)> {
    let mut at = 0;
    let mut last = None;
    while rest.get(at).is_some_and(u8::is_ascii_alphabetic) {
        let (length, is_key) = longest(&rest[at..])?;
        if is_key {
            last = Some(at);
        }
        at += length;
    }
    let ends = !rest.get(at).is_some_and(u8::is_ascii_digit);
    ends.then_some((at, last))
}

/// The length of the longest of all words that a text of letters begins with, and whether
/// it tells of a key.
fn longest(text: &[u8]) -> Option<(usize, bool)> {
    /// By letter: the words that begin with it, each a bit, those that tell of a key first.
    const BY_LETTER: [u64; 26] = {
        let mut table = [0; 26];
        let mut index = 0;
        while index < KEYS.len() + OTHERS.len() {
            let word = if index < KEYS.len() {
                KEYS[index]
            } else {
                OTHERS[index - KEYS.len()]
            };
            table[(word[0] - b'a') as usize] |= 1 << index;
            index += 1;
        }
        table
    };
    let letter = text.first()?.to_ascii_lowercase().checked_sub(b'a')?;
    let mut words = *BY_LETTER.get(usize::from(letter))?;
    let mut longest = None;
    while words != 0 {
        let index = words.trailing_zeros() as usize;
        words &= words - 1;
        let is_key = index < KEYS.len();
        let word = if is_key {
            KEYS[index]
        } else {
            OTHERS[index - KEYS.len()]
        };
        if begins_with(text, word) {
            longest = longest.max(Some((word.len(), is_key)));
        }
    }
    longest
}

fn begins_with(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(word))
}
