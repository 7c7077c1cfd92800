//! Pieces to bytes on a descriptor, in few system calls and few copies.

use std::io::{self, ErrorKind, IoSlice, Write};
use std::ops::Range;

use blackbar::{Piece, Session};

/// Pieces shorter than this are copied together: below it an entry of a vectored write
/// costs more than the copy. (Of a log with a secret in every third line, written to a pipe:
/// at 256 the whole filter takes a tenth more of the processor, from 512 to 4096 the same.)
const COPY_BELOW: usize = 1024;

/// Room for copied pieces, per system call. Four times as much was not faster.
const SCRATCH: usize = 64 * 1024;

/// Entries of one vectored write.
const SLICES: usize = 64;

/// Writes pieces without keeping any: when [`Sink::write`] returns they are all out.
pub(crate) struct Sink<W> {
    target: W,
    /// What has to be done to the target before the first input.
    prepare: Option<fn(&mut W) -> io::Result<()>>,
    /// Whether masks stand out.
    colour: bool,
    scratch: Vec<u8>,
    parts: Vec<Part>,
}

/// Before and after a mask that stands out: light and dark swapped, so that colours of
/// the log itself go on behind it.
const BAR: [&[u8]; 2] = [b"\x1b[7m", b"\x1b[27m"];

/// A part of one vectored write.
enum Part {
    /// Copied bytes, in the scratch buffer.
    Copied(Range<usize>),
    /// A long piece, by its index.
    Long(usize),
}

impl<W: Write> Sink<W> {
    pub(crate) fn new(target: W) -> Self {
        Self {
            target,
            prepare: None,
            colour: false,
            scratch: Vec::with_capacity(SCRATCH),
            parts: Vec::with_capacity(SLICES),
        }
    }

    /// Where the bytes go.
    pub(crate) fn target(&self) -> &W {
        &self.target
    }

    /// Has `empty` run on the target when the first input is accepted.
    pub(crate) fn emptied_first(mut self, empty: fn(&mut W) -> io::Result<()>) -> Self {
        self.prepare = Some(empty);
        self
    }

    /// Makes masks stand out on a terminal.
    pub(crate) fn coloured(mut self, colour: bool) -> Self {
        self.colour = colour;
        self
    }

    /// Called when an input is accepted and its bytes will come.
    pub(crate) fn prepare(&mut self) -> io::Result<()> {
        match self.prepare.take() {
            Some(prepare) => prepare(&mut self.target),
            None => Ok(()),
        }
    }

    /// Writes all pieces of the session's last call, which was given `chunk`.
    pub(crate) fn write(
        &mut self,
        session: &Session,
        pieces: &[Piece],
        chunk: &[u8],
    ) -> io::Result<()> {
        if !self.colour {
            return self.write_each(pieces.len(), |index| session.bytes(&pieces[index], chunk));
        }
        // Three parts a piece: what is before it, itself, what is after it.
        self.write_each(3 * pieces.len(), |index| {
            let piece = &pieces[index / 3];
            match (index % 3, piece) {
                (1, _) => session.bytes(piece, chunk),
                (0, Piece::Mask(_)) => BAR[0],
                (_, Piece::Mask(_)) => BAR[1],
                _ => &[],
            }
        })
    }

    /// Batch by batch: choose what goes into one system call, then make it.
    fn write_each<'a>(
        &mut self,
        count: usize,
        bytes: impl Fn(usize) -> &'a [u8],
    ) -> io::Result<()> {
        let mut next = 0;
        while next < count {
            next = self.gather(next..count, &bytes);
            self.flush(&bytes)?;
        }
        Ok(())
    }

    /// Fills `parts` from the pieces in `range`; returns the first that did not fit.
    fn gather<'a>(&mut self, range: Range<usize>, bytes: &impl Fn(usize) -> &'a [u8]) -> usize {
        self.parts.clear();
        self.scratch.clear();
        for index in range.clone() {
            let piece = bytes(index);
            let used = self.scratch.len();
            let short = piece.len() < COPY_BELOW;
            if self.parts.len() == SLICES || (short && used + piece.len() > SCRATCH) {
                return index;
            }
            if !short {
                self.parts.push(Part::Long(index));
                continue;
            }
            self.scratch.extend_from_slice(piece);
            match self.parts.last_mut() {
                Some(Part::Copied(copied)) => copied.end = self.scratch.len(),
                _ => self.parts.push(Part::Copied(used..self.scratch.len())),
            }
        }
        range.end
    }

    fn flush<'a>(&mut self, bytes: &impl Fn(usize) -> &'a [u8]) -> io::Result<()> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        for (slice, part) in slices.iter_mut().zip(&self.parts) {
            *slice = IoSlice::new(match part {
                Part::Copied(copied) => &self.scratch[copied.clone()],
                Part::Long(index) => bytes(*index),
            });
        }
        write_all_vectored(&mut self.target, &mut slices[..self.parts.len()])
    }
}

/// `Write::write_all_vectored` of the standard library is not stable.
fn write_all_vectored(target: &mut impl Write, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        let written = if slices.len() == 1 {
            target.write(&slices[0])?
        } else {
            target.write_vectored(slices)?
        };
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut slices, written);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes at most `most` bytes a call, and counts the calls.
    struct Narrow {
        taken: Vec<u8>,
        most: usize,
        calls: usize,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.write_vectored(&[IoSlice::new(bytes)])
        }

        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            self.calls += 1;
            let before = self.taken.len();
            for slice in slices {
                let room = self.most - (self.taken.len() - before);
                self.taken
                    .extend_from_slice(&slice[..room.min(slice.len())]);
            }
            Ok(self.taken.len() - before)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(pieces: &[Vec<u8>], most: usize) -> Narrow {
        let taken = Vec::new();
        let mut sink = Sink::new(Narrow {
            taken,
            most,
            calls: 0,
        });
        sink.write_each(pieces.len(), |index| &pieces[index][..])
            .expect("Narrow takes everything");
        sink.target
    }

    #[test]
    fn every_byte_in_order_whatever_the_target_takes() {
        let lengths = [
            0,
            1,
            10,
            COPY_BELOW - 1,
            COPY_BELOW,
            3,
            5000,
            2,
            0,
            SCRATCH * 2,
            7,
        ];
        let pieces: Vec<Vec<u8>> = (0..=u8::MAX)
            .cycle()
            .zip(lengths.iter().cycle().take(300))
            .map(|(fill, length)| vec![fill; *length])
            .collect();
        let whole = pieces.concat();
        for most in [1, 7, COPY_BELOW, 100_000, usize::MAX] {
            assert_eq!(written(&pieces, most).taken, whole, "{most} bytes a call");
        }
    }

    #[test]
    fn short_pieces_share_a_system_call() {
        let pieces = vec![b"twenty bytes or less".to_vec(); 3000];
        assert_eq!(written(&pieces, usize::MAX).calls, 1);
        let pieces = vec![vec![b'x'; COPY_BELOW]; SLICES];
        assert_eq!(written(&pieces, usize::MAX).calls, 1);
    }

    #[test]
    fn a_target_that_takes_nothing_is_an_error() {
        let mut narrow = Narrow {
            taken: Vec::new(),
            most: 0,
            calls: 0,
        };
        let error = write_all_vectored(&mut narrow, &mut [IoSlice::new(b"a")]);
        assert_eq!(
            error.map_err(|error| error.kind()),
            Err(ErrorKind::WriteZero)
        );
    }
}
