//! Where a redactor masks, in whole lines of a log.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use blackbar::{Framing, Piece, Redactor, Session};

/// How much is read at a time.
const BLOCK: usize = 256 * 1024;

/// A line that is longer is looked at in parts of this length, so that memory is bounded.
const LONGEST_LINE: usize = 8 * 1024 * 1024;

/// Whole lines of a log.
pub(crate) struct Block<'a> {
    /// Their bytes; the last one ends with a newline.
    pub(crate) bytes: &'a [u8],
    /// The number of the first one, from 1.
    pub(crate) line: u64,
}

impl Block<'_> {
    /// The number of the line in which the byte at `at` stands.
    pub(crate) fn line_of(&self, at: usize) -> u64 {
        self.line + newlines(&self.bytes[..at])
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Lines, the last one counted without its newline too.
    pub(crate) lines: u64,
    /// Cuts in lines that are too long to be held.
    pub(crate) cuts: u64,
}

/// Hands out a log in blocks of whole lines.
///
/// # Errors
///
/// Those of the reader.
pub(crate) fn blocks(
    mut reader: impl Read,
    mut each: impl FnMut(&Block<'_>),
) -> io::Result<Extent> {
    let mut done = Extent::default();
    let mut held: Vec<u8> = Vec::new();
    let mut at_end = false;
    while !at_end {
        let wanted = (&mut reader).take(BLOCK as u64).read_to_end(&mut held)?;
        at_end = wanted < BLOCK;
        let complete = memchr::memrchr(b'\n', &held).map_or(0, |last| last + 1);
        if complete > 0 {
            each(&Block {
                bytes: &held[..complete],
                line: done.lines + 1,
            });
            done.lines += newlines(&held[..complete]);
            held.drain(..complete);
        }
        let cut = held.len() >= LONGEST_LINE;
        if !held.is_empty() && (cut || at_end) {
            // A record's end decides like the input's.
            held.push(b'\n');
            each(&Block {
                bytes: &held,
                line: done.lines + 1,
            });
            held.clear();
            done.cuts += u64::from(cut);
            done.lines += u64::from(at_end);
        }
    }
    Ok(done)
}

/// Bytes of a block that are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Masked {
    /// Where in the block.
    pub(crate) range: Range<usize>,
    /// The index of the rule that names the mask, in the order of [`Redactor::ids`]; of
    /// masks that touch, the first.
    pub(crate) rule: usize,
}

/// A stream that tells where it is masked.
pub(crate) struct Trace {
    session: Session,
    pieces: Vec<Piece>,
    masked: Vec<Masked>,
}

impl Trace {
    /// A new stream, cut into lines.
    pub(crate) fn new(redactor: &Arc<Redactor>) -> Self {
        Self {
            session: Session::new(Arc::clone(redactor), Framing::Lines),
            pieces: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// What is masked in the next block, in order.
    ///
    /// Whole lines are worked on where they lie, so that every clean byte comes back as a
    /// range of the block, and what is missing between two ranges is what is masked.
    pub(crate) fn masked(&mut self, block: &Block<'_>) -> &[Masked] {
        debug_assert!(block.bytes.ends_with(b"\n"));
        self.masked.clear();
        self.session.write(block.bytes, &mut self.pieces);
        let (mut at, mut rule) = (0, None);
        for piece in self.pieces.drain(..) {
            match piece {
                Piece::Mask(mask) => rule = rule.or(Some(mask.rule())),
                Piece::Chunk(clean) => {
                    if let Some(rule) = rule.take() {
                        let range = at..clean.start;
                        self.masked.push(Masked { range, rule });
                    }
                    at = clean.end;
                }
                Piece::Held(_) => unreachable!("nothing of whole lines is held"),
            }
        }
        debug_assert!(rule.is_none(), "the last newline is clean");
        &self.masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(log: &[u8]) -> (Vec<(u64, String)>, Extent) {
        let redactor = Redactor::builder().embedded(false).pattern("k[0-9]+");
        let redactor = Arc::new(redactor.build().unwrap_or_else(|error| panic!("{error}")));
        let mut trace = Trace::new(&redactor);
        let mut found = Vec::new();
        let read = blocks(log, |block| {
            for masked in trace.masked(block) {
                let text = String::from_utf8_lossy(&block.bytes[masked.range.clone()]);
                found.push((block.line_of(masked.range.start), text.into_owned()));
            }
        });
        (found, read.unwrap_or_else(|error| panic!("{error}")))
    }

    #[test]
    fn masked_places_are_what_is_missing() {
        let (found, read) = all(b"k1 a k22\r\n\nk333 at the end: k4");
        let texts: Vec<(u64, &str)> = found.iter().map(|(n, t)| (*n, t.as_str())).collect();
        assert_eq!(texts, [(1, "k1"), (1, "k22"), (3, "k333"), (3, "k4")]);
        assert_eq!(read, Extent { lines: 3, cuts: 0 });
        assert_eq!(all(b"").1, Extent::default());
    }

    #[test]
    fn lines_count_across_blocks_and_cuts() {
        let mut log = b"clean\n".repeat(BLOCK / 3);
        log.extend(vec![b'x'; LONGEST_LINE + 2 * BLOCK]);
        log.extend(b"\nk7\n");
        let (found, read) = all(&log);
        let last = (BLOCK / 3) as u64 + 2;
        assert_eq!(found, [(last, "k7".to_owned())]);
        assert_eq!((read.lines, read.cuts), (last, 1));
    }
}
