//! Quotes as they are written at every depth of escaping.
//!
//! Each time that a text goes into a string of JSON, a `"` in it gets a backslash and
//! every backslash is doubled. A `"` behind `n` backslashes therefore belongs to the
//! *level* that the trailing ones of `n` in binary tell: none is level 0, one level 1,
//! three level 2; two are an escaped backslash and a quote of level 0. The same goes
//! for a quote that is spelled `\u0022`, which counts one level more.

/// A quote that opens or closes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    /// `"`, `'` or a backtick.
    pub(super) byte: u8,
    pub(super) spelling: Spelling,
    pub(super) level: u8,
}

/// How a quote is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Behind backslashes, or as `\u0022`.
    Plain,
    /// `%22`, `%27`.
    Percent,
    /// `&quot;`, `&#34;`, `&apos;`, `&#39;`.
    Entity,
}

/// Runs of more backslashes are not looked through.
pub(super) const MOST_BACKSLASHES: usize = 255;

/// The quote that begins at `at`, and its length.
pub(super) fn opening(bytes: &[u8], at: usize) -> Option<(Quote, usize)> {
    let rest = bytes.get(at..)?;
    match *rest.first()? {
        byte @ (b'"' | b'\'' | b'`') => Some((plain(byte, 0), 1)),
        b'\\' => {
            let run = backslashes(rest);
            let (byte, length) = quote_after(&rest[run..])?;
            let level = level_of(run, length > 1)?;
            // The quote alone, without escaped backslashes before it.
            let least = if length > 1 {
                level > 0
            } else {
                run + 1 == 1 << level
            };
            (least && level > 0).then_some((plain(byte, level), run + length))
        }
        b'%' => percent(rest).map(|byte| (spelled(byte, Spelling::Percent), 3)),
        b'&' => {
            let (byte, length) = entity(rest)?;
            Some((spelled(byte, Spelling::Entity), length))
        }
        _ => None,
    }
}

/// The quote that ends right before `at`, and its length.
pub(super) fn closing_before(bytes: &[u8], at: usize) -> Option<(Quote, usize)> {
    let head = &bytes[..at];
    let (byte, length) = match *head.last()? {
        byte @ (b'"' | b'\'' | b'`') => (byte, 1),
        b'2' if head.ends_with(b"%22") => return Some((spelled(b'"', Spelling::Percent), 3)),
        b'7' if head.ends_with(b"%27") => return Some((spelled(b'\'', Spelling::Percent), 3)),
        b'2' if head.ends_with(b"u0022") => (b'"', 5),
        b'7' if head.ends_with(b"u0027") => (b'\'', 5),
        b';' => {
            let from = (2..=8).find_map(|back| {
                let from = at.checked_sub(back)?;
                (head[from] == b'&').then_some(from)
            })?;
            let (byte, length) = entity(&head[from..])?;
            return (from + length == at).then_some((spelled(byte, Spelling::Entity), length));
        }
        _ => return None,
    };
    let before = &head[..at - length];
    let run = before
        .iter()
        .rev()
        .take(MOST_BACKSLASHES)
        .take_while(|&&byte| byte == b'\\')
        .count();
    let level = level_of(run, length > 1)?;
    let own = if length > 1 { run } else { (1 << level) - 1 };
    Some((plain(byte, level), own + length))
}

/// A quote behind a run of `run` backslashes at the start of `after`: its byte, its
/// level, and the length without the run.
pub(super) fn after_backslashes(run: usize, after: &[u8]) -> Option<(u8, u8, usize)> {
    let (byte, length) = quote_after(after)?;
    Some((byte, level_of(run, length > 1)?, length))
}

/// How many backslashes `bytes` begin with.
pub(super) fn backslashes(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(MOST_BACKSLASHES)
        .take_while(|&&byte| byte == b'\\')
        .count()
}

/// The entity of a quote at the start of `text`, and its length.
pub(super) fn entity(text: &[u8]) -> Option<(u8, usize)> {
    const ENTITIES: [(&[u8], u8); 5] = [
        (b"&quot;", b'"'),
        (b"&#34;", b'"'),
        (b"&#x22;", b'"'),
        (b"&apos;", b'\''),
        (b"&#39;", b'\''),
    ];
    ENTITIES
        .iter()
        .find(|(entity, _)| text.starts_with(entity))
        .map(|&(entity, byte)| (byte, entity.len()))
}

/// `%22` or `%27` at the start of `text`.
pub(super) fn percent(text: &[u8]) -> Option<u8> {
    if text.starts_with(b"%22") {
        Some(b'"')
    } else if text.starts_with(b"%27") {
        Some(b'\'')
    } else {
        None
    }
}

/// What a run of backslashes is followed by, if that is a quote.
fn quote_after(after: &[u8]) -> Option<(u8, usize)> {
    match after.first()? {
        &byte @ (b'"' | b'\'' | b'`') => Some((byte, 1)),
        b'u' if after.starts_with(b"u0022") => Some((b'"', 5)),
        b'u' if after.starts_with(b"u0027") => Some((b'\'', 5)),
        _ => None,
    }
}

/// The level of a quote behind `run` backslashes.
fn level_of(run: usize, unicode: bool) -> Option<u8> {
    let mut run = run;
    let mut level = 0;
    if unicode {
        // Without a backslash it is no escape; an even number of them is halved by
        // reading one level, and an odd one leaves the quote.
        if run == 0 {
            return None;
        }
        while run.is_multiple_of(2) {
            run /= 2;
            level += 1;
        }
        run = (run - 1) / 2;
        level += 1;
    }
    Some(level + run.trailing_ones() as u8)
}

fn plain(byte: u8, level: u8) -> Quote {
    Quote {
        byte,
        spelling: Spelling::Plain,
        level,
    }
}

fn spelled(byte: u8, spelling: Spelling) -> Quote {
    Quote {
        byte,
        spelling,
        level: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_tell_the_level() {
        let level = |text: &str| opening(text.as_bytes(), 0).map(|(quote, _)| quote.level);
        assert_eq!(level("\""), Some(0));
        assert_eq!(level(r#"\""#), Some(1));
        assert_eq!(level(r#"\\\""#), Some(2));
        assert_eq!(level(r#"\\\\\\\""#), Some(3));
        assert_eq!(level(r#"\\""#), None, "a backslash and a quote of level 0");
        assert_eq!(level(r"\u0022"), Some(1));
        assert_eq!(level(r"\\u0022"), Some(2));
        assert_eq!(level(r"\\\u0022"), Some(2));
        assert_eq!(level("u0022"), None);
    }

    #[test]
    fn a_closing_quote_keeps_the_backslashes_of_others() {
        let before = |text: &str| {
            closing_before(text.as_bytes(), text.len()).map(|(quote, length)| (quote.level, length))
        };
        assert_eq!(before("x\""), Some((0, 1)));
        assert_eq!(before(r#"x\""#), Some((1, 2)));
        assert_eq!(before(r#"x\\""#), Some((0, 1)));
        assert_eq!(before(r#"x\\\\\""#), Some((1, 2)));
        assert_eq!(before("x&quot;"), Some((0, 6)));
        assert_eq!(before("x;"), None);
    }
}
