//! Quotes at every depth of escaping, told by undoing the escapes one level after the
//! other.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) byte: u8,
    pub(crate) spelling: Spelling,
    pub(crate) level: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Plain,
    Percent,
    Entity,
}

pub(crate) const MOST_BACKSLASHES: usize = 255;

/// One level of escapes undone in backslashes and what they spell.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'\\', [b'u', digits @ ..]) if digits.len() >= 4 => {
                let code = str::from_utf8(&digits[..4]).unwrap();
                out.push(u8::from_str_radix(code, 16).unwrap());
                rest = &digits[4..];
            }
            (b'\\', [next, ..]) => {
                out.push(*next);
                rest = &after[1..];
            }
            _ => out.push(first),
        }
    }
    out
}

/// A quote of `level` as it is written with nothing but backslashes.
fn written(byte: u8, level: u8) -> Vec<u8> {
    let mut text = vec![byte];
    for _ in 0..level {
        text = text
            .iter()
            .flat_map(|&byte| {
                let escaped = byte == b'\\' || [b'"', b'\'', b'`'].contains(&byte);
                [b'\\', byte][usize::from(!escaped)..].to_vec()
            })
            .collect();
    }
    text
}

/// Whether the last char of the text, which is a quote or spells one, is not escaped.
fn is_bare(text: &[u8]) -> bool {
    let run = text.iter().take_while(|&&byte| byte == b'\\').count();
    run % 2 == 0 && text.len() == run + 1
}

/// The level of a quote behind `run` backslashes.
fn level(run: usize, spelled: &[u8]) -> Option<u8> {
    if run == 0 && spelled.len() > 1 {
        return None;
    }
    let mut text = [vec![b'\\'; run], spelled.to_vec()].concat();
    let mut level = 0;
    while !is_bare(&text) {
        text = unescaped(&text);
        level += 1;
    }
    Some(level)
}

/// A quote, as it is or with the digits of its code, at the start of `after`.
fn spelled(after: &[u8]) -> Option<(u8, usize)> {
    let spellings: [(&[u8], u8); 5] = [
        (b"\"", b'"'),
        (b"'", b'\''),
        (b"`", b'`'),
        (b"u0022", b'"'),
        (b"u0027", b'\''),
    ];
    let found = spellings
        .into_iter()
        .find(|(text, _)| after.starts_with(text));
    found.map(|(text, byte)| (byte, text.len()))
}

pub(crate) fn opening(bytes: &[u8], at: usize) -> Option<(Quote, usize)> {
    let rest = bytes.get(at..)?;
    if let Some(byte) = percent(rest) {
        return Some((other(byte, Spelling::Percent), 3));
    }
    if let Some((byte, length)) = entity(rest) {
        return Some((other(byte, Spelling::Entity), length));
    }
    let run = backslashes(rest);
    let (byte, length) = spelled(&rest[run..])?;
    let level = level(run, &rest[run..run + length])?;
    // All of the backslashes belong to the quote.
    let whole = length > 1 || written(byte, level).len() == run + 1;
    whole.then_some((plain(byte, level), run + length))
}

pub(crate) fn closing_before(bytes: &[u8], at: usize) -> Option<(Quote, usize)> {
    let head = &bytes[..at];
    for length in [3, 5, 6, 6, 5] {
        let Some(from) = at.checked_sub(length) else {
            continue;
        };
        let tail = &head[from..];
        if length == 3 && percent(tail).is_some() {
            return Some((other(percent(tail)?, Spelling::Percent), 3));
        }
        if let Some((byte, all)) = entity(tail).filter(|&(_, all)| all == length) {
            return Some((other(byte, Spelling::Entity), all));
        }
    }
    for length in [5, 1] {
        let Some(from) = at.checked_sub(length) else {
            continue;
        };
        let Some((byte, all)) = spelled(&head[from..]).filter(|&(_, all)| all == length) else {
            continue;
        };
        let before = &head[..from];
        let run = before
            .iter()
            .rev()
            .take(MOST_BACKSLASHES)
            .take_while(|&&byte| byte == b'\\')
            .count();
        let level = level(run, &head[from..])?;
        let own = if all > 1 {
            run
        } else {
            written(byte, level).len() - 1
        };
        return Some((plain(byte, level), own + all));
    }
    None
}

pub(crate) fn after_backslashes(run: usize, after: &[u8]) -> Option<(u8, u8, usize)> {
    let (byte, length) = spelled(after)?;
    Some((byte, level(run, &after[..length])?, length))
}

pub(crate) fn backslashes(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(MOST_BACKSLASHES)
        .take_while(|&&byte| byte == b'\\')
        .count()
}

pub(crate) fn entity(text: &[u8]) -> Option<(u8, usize)> {
    for (spelling, byte) in [
        ("&quot;", b'"'),
        ("&#34;", b'"'),
        ("&#x22;", b'"'),
        ("&apos;", b'\''),
        ("&#39;", b'\''),
    ] {
        if text.starts_with(spelling.as_bytes()) {
            return Some((byte, spelling.len()));
        }
    }
    None
}

pub(crate) fn percent(text: &[u8]) -> Option<u8> {
    match text.get(..3)? {
        b"%22" => Some(b'"'),
        b"%27" => Some(b'\''),
        _ => None,
    }
}

fn plain(byte: u8, level: u8) -> Quote {
    Quote {
        byte,
        spelling: Spelling::Plain,
        level,
    }
}

fn other(byte: u8, spelling: Spelling) -> Quote {
    Quote {
        byte,
        spelling,
        level: 0,
    }
}
