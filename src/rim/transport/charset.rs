//! `--encoding`: other encodings, decoded to UTF-8 before anything looks at them.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};

/// What the user says of the input's encoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Charset {
    /// UTF-16 where a byte order mark says so, otherwise bytes as they are.
    Auto,
    /// This one, unless a byte order mark says otherwise.
    Label(&'static Encoding),
}

/// A reader of UTF-8 over a source in another encoding.
///
/// What cannot be decoded becomes U+FFFD, which keeps words apart; nothing is dropped.
pub(crate) struct Decoded<R> {
    source: R,
    decoder: Decoder,
    /// The bytes that wait are `buffer[start..end]`.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    source_ended: bool,
    finished: bool,
}

const BUFFER: usize = 64 * 1024;

impl<R: Read> Decoded<R> {
    /// A byte order mark in the source wins over `encoding`.
    pub(crate) fn new(source: R, encoding: &'static Encoding) -> Self {
        Self {
            source,
            decoder: encoding.new_decoder(),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            source_ended: false,
            finished: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.end = self.source.read(&mut self.buffer)?;
        self.source_ended = self.end == 0;
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    /// `out` has room for a few characters; the filter's buffers do.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.finished {
            let input = &self.buffer[self.start..self.end];
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(input, out, self.source_ended);
            self.start += read;
            self.finished = self.source_ended && result == CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
            if result == CoderResult::InputEmpty && !self.source_ended {
                self.refill()?;
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{SHIFT_JIS, UTF_16LE};

    /// One byte a read.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            (&mut self.0).take(1).read(buffer)
        }
    }

    fn decoded(bytes: &[u8], encoding: &'static Encoding) -> String {
        let mut text = String::new();
        Decoded::new(Drip(bytes), encoding)
            .read_to_string(&mut text)
            .expect("UTF-8");
        text
    }

    #[test]
    fn a_byte_order_mark_wins() {
        assert_eq!(decoded(b"\xfe\xff\0a\0b", UTF_16LE), "ab");
        assert_eq!(decoded(b"a\0b\0", UTF_16LE), "ab");
        assert_eq!(decoded(b"\xef\xbb\xbfab", UTF_16LE), "ab");
    }

    #[test]
    fn nothing_is_dropped() {
        assert_eq!(decoded(b"a\0b", UTF_16LE), "a\u{fffd}");
        assert_eq!(decoded(b"\x83\x65x\xff", SHIFT_JIS), "テx\u{fffd}");
        assert_eq!(decoded(b"\x00\xd8", UTF_16LE), "\u{fffd}");
    }
}
