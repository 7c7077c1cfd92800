//! Reading ahead: a thread fills buffers while earlier ones are scanned and written.

use std::io::{self, Read};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Buffers that go round between the threads.
const BUFFERS: usize = 4;

/// A reader on a thread of its own. What one of its reads brings is handed over at once,
/// however little it is.
pub(crate) struct ReadAhead {
    filled: Receiver<io::Result<Chunk>>,
    empty: Sender<Vec<u8>>,
}

/// What one read brought; nothing at the end.
pub(crate) struct Chunk {
    buffer: Vec<u8>,
    length: usize,
}

impl Chunk {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl ReadAhead {
    /// Begins to read, at most `size` bytes at once. The thread ends with the input, after
    /// an error, or when nobody takes its buffers any more.
    ///
    /// # Errors
    ///
    /// Where no thread is to be had, the reader comes back as it was.
    pub(crate) fn start(
        reader: Box<dyn Read + Send>,
        size: usize,
    ) -> Result<Self, Box<dyn Read + Send>> {
        let (outbox, filled) = channel();
        let (empty, inbox) = channel();
        let (hand_over, handed_over) = channel();
        let thread = thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || {
                if let Ok(reader) = handed_over.recv() {
                    fill(reader, &inbox, &outbox);
                }
            });
        if thread.is_err() {
            return Err(reader);
        }
        hand_over.send(reader).map_err(|unsent| unsent.0)?;
        for _ in 0..BUFFERS {
            let _ = empty.send(vec![0; size]);
        }
        Ok(Self { filled, empty })
    }

    /// The next chunk; waits for it.
    ///
    /// # Errors
    ///
    /// What the read failed with, which is the last that comes.
    pub(crate) fn next(&self) -> io::Result<Chunk> {
        match self.filled.recv() {
            Ok(chunk) => chunk,
            // The reader has told neither an end nor an error, so it has panicked, which
            // has been reported.
            Err(_) => resume_unwind(Box::new(())),
        }
    }

    /// Gives a chunk's buffer back.
    pub(crate) fn give_back(&self, chunk: Chunk) {
        let _ = self.empty.send(chunk.buffer);
    }
}

fn fill(
    mut reader: Box<dyn Read + Send>,
    inbox: &Receiver<Vec<u8>>,
    outbox: &Sender<io::Result<Chunk>>,
) {
    while let Ok(mut buffer) = inbox.recv() {
        let read = reader.read(&mut buffer);
        let last = !matches!(read, Ok(1..));
        let read = read.map(|length| Chunk { buffer, length });
        if outbox.send(read).is_err() || last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::panic::{self, AssertUnwindSafe, catch_unwind};

    fn start(reader: impl Read + Send + 'static, size: usize) -> ReadAhead {
        ReadAhead::start(Box::new(reader), size)
            .ok()
            .expect("a thread")
    }

    #[test]
    fn every_byte_in_order_to_the_end() {
        let text: Vec<u8> = (0..=u8::MAX).cycle().take(10_000).collect();
        let ahead = start(io::Cursor::new(text.clone()), 7);
        let mut seen = Vec::new();
        loop {
            let chunk = ahead.next().expect("it is readable");
            if chunk.bytes().is_empty() {
                break;
            }
            seen.extend_from_slice(chunk.bytes());
            ahead.give_back(chunk);
        }
        assert_eq!(seen, text);
    }

    #[test]
    fn what_is_there_is_handed_over() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let ahead = start(reader, 1 << 20);
        for line in [&b"one\n"[..], b"two and half a"] {
            writer.write_all(line).expect("it is read");
            let chunk = ahead.next().expect("it is readable");
            assert_eq!(chunk.bytes(), line);
            ahead.give_back(chunk);
        }
    }

    #[test]
    fn no_more_is_read_than_there_are_buffers() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let ahead = start(reader, 1);
        writer
            .write_all(&[b'x'; BUFFERS + 3])
            .expect("there is room");
        drop(writer);
        let held: Vec<Chunk> = (0..BUFFERS)
            .map(|_| ahead.next().expect("it is readable"))
            .collect();
        assert!(ahead.filled.try_recv().is_err());
        for chunk in held {
            ahead.give_back(chunk);
        }
        let rest = (0..3).all(|_| ahead.next().is_ok_and(|chunk| chunk.bytes() == b"x"));
        assert!(rest);
    }

    /// Panics after a byte.
    struct Breaks(bool);

    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if !self.0 {
                panic::resume_unwind(Box::new(()));
            }
            self.0 = false;
            buffer[0] = b'x';
            Ok(1)
        }
    }

    #[test]
    fn a_panic_of_the_reader_is_ours() {
        let ahead = start(Breaks(true), 8);
        assert_eq!(ahead.next().expect("a byte").bytes(), b"x");
        assert!(catch_unwind(AssertUnwindSafe(|| ahead.next())).is_err());
    }

    #[test]
    fn an_error_comes_when_all_before_has_come() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let ahead = start(io::Cursor::new(b"ab").chain(Fails), 1);
        for byte in [b"a", b"b"] {
            assert_eq!(ahead.next().expect("a byte").bytes(), byte);
        }
        let error = ahead.next().err().expect("it breaks");
        assert_eq!(error.to_string(), "broken");
    }
}
