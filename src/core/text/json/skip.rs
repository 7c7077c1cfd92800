//! Going over what no finding is near, without cells.

use super::{Char, Level, Next, Reader, Window, is_blank};
use crate::core::text::scalar::{self, Scalar};

impl Reader {
    /// Goes over cells that nobody asks for, but not past `to`: tokens of the outermost
    /// level, and the text of strings. Returns the level of the last one.
    pub(crate) fn skip(&mut self, window: Window<'_>, to: u64) -> Option<u8> {
        let limit = ((to - window.base) as usize).min(window.bytes.len());
        let bytes = &window.bytes[..limit];
        let mut last = None;
        while self.text_from.is_none() {
            let innermost = self.levels.len() - 1;
            if innermost == 0 && self.skip_tokens(window.base, bytes) {
                last = Some(0);
            }
            if innermost > 0 && self.innermost().next == Next::Text && self.skip_text(window, bytes)
            {
                last = Some(innermost as u8);
            }
            let Some(&byte) = bytes.get((self.at - window.base) as usize) else {
                break;
            };
            match (innermost, self.innermost().next, byte) {
                (0, _, 0..128) => {
                    let char = Char {
                        start: self.at,
                        end: self.at + 1,
                        code: u32::from(byte),
                    };
                    self.char(char, &mut |cell| last = Some(cell.level));
                }
                (1, Next::Opening | Next::Text, b'"') => {
                    self.levels.pop();
                    self.end_value(true);
                    self.at += 1;
                    last = Some(0);
                }
                // A string that begins so holds no document.
                (1, Next::Opening, b'!'..128) if !matches!(byte, b'{' | b'[' | b'\\') => {
                    self.become_text(self.at);
                }
                _ => break,
            }
        }
        last
    }

    /// Inside text of a string: goes over the units up to the next quote or backslash at
    /// once. They are plain at every level. Whether there were any.
    fn skip_text(&mut self, window: Window<'_>, bytes: &[u8]) -> bool {
        let from = (self.at - window.base) as usize;
        let Some(plain) = bytes.get(from..) else {
            return false;
        };
        let length = memchr::memchr2(b'"', b'\\', plain).unwrap_or(plain.len());
        // The end may lie inside a character; a byte that continues none begins a unit.
        let continues = |index: usize| {
            window
                .bytes
                .get(index)
                .is_none_or(|byte| (0x80..0xc0).contains(byte))
        };
        let back = (0..=length.min(3)).find(|&back| !continues(from + length - back));
        let skipped = back.map_or(0, |back| (length - back) as u64);
        self.at += skipped;
        skipped > 0
    }

    /// At the outermost level: goes over tokens that are whole before the end of `bytes`,
    /// strings that hold no document with all that is in them. Stops before anything else.
    /// Whether there were any.
    fn skip_tokens(&mut self, base: u64, bytes: &[u8]) -> bool {
        let Level {
            mut next,
            mut brackets,
            scalar: None,
        } = *self.innermost()
        else {
            return false;
        };
        let from = (self.at - base) as usize;
        let mut at = from;
        let after = |brackets, string| match brackets {
            0 => Next::Document,
            _ => Next::After { string },
        };
        while let Some(&byte) = bytes.get(at) {
            let value = matches!(next, Next::Element | Next::Value);
            at = match byte {
                _ if is_blank(u32::from(byte)) => at + 1,
                b'"' if value || matches!(next, Next::Document | Next::Key) => {
                    let Some(end) = end_of_text(bytes, at) else {
                        break;
                    };
                    next = after(brackets, true);
                    end
                }
                b',' if matches!(next, Next::After { .. }) => {
                    next = Next::Value;
                    at + 1
                }
                b':' if next == (Next::After { string: true }) => {
                    next = Next::Value;
                    at + 1
                }
                b'{' | b'[' if value || next == Next::Document => {
                    brackets += 1;
                    next = if byte == b'{' {
                        Next::Key
                    } else {
                        Next::Element
                    };
                    at + 1
                }
                b'}' | b']'
                    if brackets > 0
                        && matches!(next, Next::Key | Next::Element | Next::After { .. }) =>
                {
                    brackets -= 1;
                    next = after(brackets, false);
                    at + 1
                }
                b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' if value => {
                    let Some(end) = end_of_scalar(bytes, at, self.scalar_limit) else {
                        break;
                    };
                    next = after(brackets, false);
                    end
                }
                _ => break,
            };
        }
        self.at = base + at as u64;
        let level = self.innermost_mut();
        (level.next, level.brackets) = (next, brackets);
        at > from
    }
}

/// The end of the string whose quote is at `start`, if it ends in `bytes`, has no escape
/// and begins with what no document begins with.
fn end_of_text(bytes: &[u8], start: usize) -> Option<usize> {
    let text = &bytes[start + 1..];
    if !matches!(text.first()?, b'!'..128) || matches!(text[0], b'{' | b'[') {
        return None;
    }
    let end = memchr::memchr2(b'"', b'\\', text)?;
    (text[end] == b'"').then_some(start + 1 + end + 1)
}

/// The end of the number or word that begins at `start`, if it is one, ends in `bytes` and
/// is no longer than `limit`.
fn end_of_scalar(bytes: &[u8], start: usize, limit: u64) -> Option<usize> {
    let mut scalar = Scalar::new(start as u64, bytes[start]);
    let mut end = start + 1;
    while scalar::continues(u32::from(*bytes.get(end)?)) {
        scalar.push(bytes[end]);
        end += 1;
    }
    let is_whole = scalar.is_json(false) && (end - start) as u64 <= limit;
    is_whole.then_some(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::text::json::Cell;

    const SCALAR_LIMIT: usize = 6;

    fn reader() -> Reader {
        let mut reader = Reader::new(SCALAR_LIMIT);
        reader.begin(0);
        reader
    }

    fn cells(reader: &mut Reader, window: Window<'_>) -> Vec<Cell> {
        let mut cells = Vec::new();
        while reader.advance(window, &mut |cell| cells.push(cell)) {}
        cells
    }

    proptest! {
        /// What comes behind is read as if nothing had been skipped.
        #[test]
        fn what_is_skipped_changes_nothing(
            text in r#"[\[{"]([\[{}\]",: \n]|\\["u\\]|\{\\"|"a"|":"|","|-?[0-9.e]{1,3}|true|nul|é|x){0,24}"#,
            stops in proptest::collection::vec(0_u64..80, 0..4),
            complete: bool,
        ) {
            let window = Window { bytes: text.as_bytes(), base: 0, complete };
            let mut all = reader();
            let expected = cells(&mut all, window);
            let mut skipping = reader();
            let mut last = None;
            for stop in stops {
                let from = skipping.position();
                let level = skipping.skip(window, stop.max(from).min(text.len() as u64));
                last = level.or(last);
                let at = skipping.position();
                prop_assert!(at <= stop.max(from));
                let before = expected.iter().take_while(|cell| cell.end <= at).last();
                prop_assert_eq!(last, before.map(|cell| cell.level), "{} {}", &text, at);
            }
            let at = skipping.position();
            let behind: Vec<_> = expected.iter().filter(|cell| cell.start >= at).copied().collect();
            prop_assert_eq!(cells(&mut skipping, window), behind);
            prop_assert_eq!(skipping.text_from(), all.text_from());
        }
    }
}
