//! Turns clean stretches and masks into pieces of the output.

use std::ops::Range;

use crate::core::mask::{Mask, MaskTexts};
use crate::core::paint::Canvas;
use crate::core::tally::Tally;

/// A part of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A range of the chunk that was written.
    Chunk(Range<usize>),
    /// A range of what the session held; valid until the next write.
    Held(Range<usize>),
    /// A mask.
    Mask(Mask),
}

/// Which buffer the pieces are ranges of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Chunk,
    Held,
}

/// Turns what the painter says into pieces of a buffer.
pub(super) struct Pen<'a> {
    texts: &'a MaskTexts,
    out: &'a mut Vec<Piece>,
    origin: Origin,
    /// Bytes of the buffer that are clean and not yet a piece.
    clean: Range<usize>,
    /// Bytes after `clean` are masked until something clean is told.
    masked: bool,
    /// Where in the buffer the offset `offset` of the record is.
    index: usize,
    offset: u64,
    masks: u64,
    bytes: u64,
}

impl<'a> Pen<'a> {
    /// For whole records from `at` in the buffer on: records that nothing is told of
    /// are clean.
    pub(super) fn over_records(
        texts: &'a MaskTexts,
        out: &'a mut Vec<Piece>,
        origin: Origin,
        at: usize,
    ) -> Self {
        Self {
            texts,
            out,
            origin,
            clean: at..at,
            masked: false,
            index: at,
            offset: 0,
            masks: 0,
            bytes: 0,
        }
    }

    /// For a window: only what is told to be clean is.
    pub(super) fn over_window(
        texts: &'a MaskTexts,
        out: &'a mut Vec<Piece>,
        origin: Origin,
        at: usize,
        base: u64,
    ) -> Self {
        Self {
            masked: true,
            offset: base,
            ..Self::over_records(texts, out, origin, at)
        }
    }

    /// A record begins at `index` in the buffer.
    pub(super) fn begin_record(&mut self, index: usize) {
        self.index = index;
        self.offset = 0;
    }

    /// A record's content ends at the offset `end`; its terminator is clean.
    pub(super) fn end_record(&mut self, end: u64) {
        if self.masked {
            let end = self.at(end);
            self.clean = end..end;
            self.masked = false;
        }
    }

    /// Everything up to `index` in the buffer, in which nothing is masked.
    pub(super) fn rest(&mut self, index: usize) {
        debug_assert!(!self.masked);
        self.clean.end = index;
    }

    fn at(&self, offset: u64) -> usize {
        self.index + (offset - self.offset) as usize
    }

    fn flush(&mut self) {
        if self.clean.is_empty() {
            return;
        }
        self.bytes += self.clean.len() as u64;
        let range = self.clean.clone();
        self.out.push(match self.origin {
            Origin::Chunk => Piece::Chunk(range),
            Origin::Held => Piece::Held(range),
        });
        self.clean.start = self.clean.end;
    }

    pub(super) fn finish(mut self, tally: &mut Tally) {
        self.flush();
        tally.masks += self.masks;
        tally.bytes_out += self.bytes;
    }
}

impl Canvas for Pen<'_> {
    fn clean(&mut self, from: u64, to: u64) {
        let (from, to) = (self.at(from), self.at(to));
        if std::mem::take(&mut self.masked) {
            self.clean.start = from;
        }
        self.clean.end = to;
    }

    fn mask(&mut self, mask: Mask) {
        self.flush();
        self.masked = true;
        self.masks += 1;
        self.bytes += self.texts.of(mask).len() as u64;
        self.out.push(Piece::Mask(mask));
    }
}
