//! `INSERT INTO t (id, password) VALUES (1, 'x'), (2, 'y')`: the value stands where the
//! column does.

use super::ends::End;
use super::form;
use super::judge::{Around, Claim, Extent};
use super::name::Found;
use super::quote;
use super::reference;
use crate::core::field::{Demand, Sense};
use crate::core::mask::Quotes;

/// So many rows are masked value by value; what comes after them is masked as a whole.
const ROWS: usize = 8;

/// So many bytes after the name rows may lie for that.
const IN_SIGHT: usize = 768;

/// Whether a name may be one of a list of columns, by what follows it.
pub(super) fn may_follow(rest: &[u8]) -> bool {
    let next = rest
        .iter()
        .take(4)
        .find(|byte| !matches!(byte, b' ' | b'`' | b'"'));
    matches!(next, Some(b',' | b')'))
}

/// Appends the values of a column. False where it is none.
pub(super) fn claims(
    around: Around<'_>,
    found: &Found,
    sense: Sense,
    out: &mut Vec<Claim>,
) -> bool {
    let bytes = around.bytes;
    let Some(column) = column(&bytes[..found.from]) else {
        return false;
    };
    let rest = &bytes[found.after..];
    let list = rest.iter().take_while(|byte| is_in_list(**byte)).count();
    if rest.get(list) != Some(&b')') {
        return false;
    }
    let mut at = skip_blanks(bytes, found.after + list + 1);
    if !bytes
        .get(at..at + 6)
        .is_some_and(|word| word.eq_ignore_ascii_case(b"values"))
    {
        return false;
    }
    at = skip_blanks(bytes, at + 6);
    let before = out.len();
    let mut rows = 0;
    while bytes.get(at) == Some(&b'(') {
        let row = row(bytes, at + 1, column);
        let in_sight = row.is_some_and(|(_, after)| after <= found.start + IN_SIGHT);
        let at_end = around.ends && row.is_some();
        if rows == ROWS || !(in_sight || at_end) {
            // More rows than are in sight go to the record's end.
            out.push(Claim {
                entry: sense.entry,
                start: at,
                extent: Extent::To(End::Record),
                quotes: Quotes::None,
                whole: false,
                carried: false,
            });
            break;
        }
        let Some((value, after)) = row else {
            break;
        };
        rows += 1;
        if let Some(claim) = value.and_then(|value| one(around, value, sense)) {
            out.push(claim);
        }
        at = skip_blanks(bytes, after);
        if bytes.get(at) == Some(&b',') {
            at = skip_blanks(bytes, at + 1);
        }
    }
    out.len() > before
}

/// The number of the column that begins after `head`, in the list of an INSERT.
fn column(head: &[u8]) -> Option<usize> {
    let list = head
        .iter()
        .rev()
        .take_while(|byte| is_in_list(**byte))
        .count();
    let (before, list) = head.split_at(head.len() - list);
    let before = before.strip_suffix(b"(")?;
    let near = &before[before.len().saturating_sub(96)..];
    let into = near
        .windows(5)
        .any(|word| word.eq_ignore_ascii_case(b"into "));
    into.then(|| list.iter().filter(|&&byte| byte == b',').count())
}

fn is_in_list(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_, `\".\t\\[]".contains(&byte)
}

fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at.min(bytes.len())..];
    at + rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}

/// Where the value of `column` begins in the row at `at`, and where the row has ended.
/// None where the row goes on past the bytes, unless the value was found.
fn row(bytes: &[u8], at: usize, column: usize) -> Option<(Option<usize>, usize)> {
    let mut value = (column == 0).then(|| skip_blanks(bytes, at));
    let mut at = at;
    let mut number = 0;
    let mut depth = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => {
                at = string(bytes, at + 1);
                continue;
            }
            b'(' => depth += 1,
            b')' if depth == 0 => return Some((value, at + 1)),
            b')' => depth -= 1,
            b',' if depth == 0 => {
                number += 1;
                if number == column {
                    value = Some(skip_blanks(bytes, at + 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    value.map(|value| (Some(value), at))
}

/// The end of a string of SQL whose content begins at `at`.
fn string(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn one(around: Around<'_>, value: usize, sense: Sense) -> Option<Claim> {
    let bytes = around.bytes;
    if reference::leading(bytes.get(value..)?, sense.thorough).is_some() {
        return None;
    }
    let (start, end) = match quote::opening(bytes, value) {
        Some((quote, length)) => (value + length, End::Quote(quote)),
        None => (value, End::Word),
    };
    let text = match end.find(bytes, start, true) {
        Ok(end) | Err(end) => &bytes[start..end],
    };
    let quoted = start > value;
    let stays = if quoted {
        form::is_nothing_quoted(text, sense.thorough)
    } else {
        form::is_nothing(text, sense.thorough)
            || form::is_call(text, &bytes[start + text.len()..])
            || text.starts_with(b":")
    };
    let unlikely = sense.demand == Demand::Likely && !form::is_likely(text);
    (!stays && !unlikely).then_some(Claim {
        entry: sense.entry,
        start,
        extent: Extent::To(end),
        quotes: Quotes::None,
        whole: false,
        carried: false,
    })
}
