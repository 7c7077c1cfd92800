//! The part of a file that is at hand, and where in the file it lies.

/// Bytes of a file, from some offset to what has been read.
pub(crate) struct Window {
    bytes: Vec<u8>,
    /// The offset in the file of the first byte.
    at: u64,
    /// The place of the first byte.
    place: Place,
    /// The last place that was asked for, and its offset: places are asked for in order.
    last: (u64, Place),
}

/// Where in a file something is, as people count: from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    const START: Self = Self { line: 1, column: 1 };

    /// The place after these bytes. A byte that goes on a UTF-8 character is none of its own.
    fn after(self, bytes: &[u8]) -> Self {
        let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
        let line_start = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        let goes_on = |byte: &&u8| **byte & 0xc0 != 0x80;
        let characters = bytes[line_start..].iter().filter(goes_on).count() as u64;
        Self {
            line: self.line + lines,
            column: characters + if lines > 0 { 1 } else { self.column },
        }
    }
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            at: 0,
            place: Place::START,
            last: (0, Place::START),
        }
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Lets go of everything before the last line's start, and of more where that is more
    /// than `most` bytes.
    pub(crate) fn shrink(&mut self, most: usize) {
        let line = memchr::memrchr(b'\n', &self.bytes).map_or(0, |newline| newline + 1);
        let gone = line.max(self.bytes.len().saturating_sub(most));
        self.place = self.place.after(&self.bytes[..gone]);
        self.at += gone as u64;
        self.bytes.drain(..gone);
        self.last = (self.at, self.place);
    }

    /// The bytes of a range of the file, as far as they are at hand.
    pub(crate) fn slice(&self, start: u64, end: u64) -> &[u8] {
        &self.bytes[self.index(start)..self.index(end.max(start))]
    }

    /// What stands before an offset in its line, as far as it is at hand.
    pub(crate) fn line_before(&self, offset: u64) -> &[u8] {
        let before = &self.bytes[..self.index(offset)];
        let line = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        &before[line..]
    }

    /// The line that an offset is in, as far as it is at hand, and where it begins.
    pub(crate) fn line(&self, offset: u64) -> (u64, &[u8]) {
        let index = self.index(offset);
        let start = index - self.line_before(offset).len();
        let rest = &self.bytes[index..];
        let end = index + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        (self.at + start as u64, &self.bytes[start..end])
    }

    /// The place of `end`, from that of `start`, as far as the bytes between are at hand.
    pub(crate) fn place_after(&self, place: Place, start: u64, end: u64) -> Place {
        place.after(self.slice(start, end))
    }

    /// The place of an offset. What is no longer at hand is in the line that the window
    /// begins in, and its column is that of the window.
    pub(crate) fn place(&mut self, offset: u64) -> Place {
        if offset < self.last.0 {
            self.last = (self.at, self.place);
        }
        let (from, place) = self.last;
        let place = place.after(self.slice(from, offset));
        self.last = (offset.max(self.at), place);
        place
    }

    fn index(&self, offset: u64) -> usize {
        (offset.saturating_sub(self.at) as usize).min(self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u64, column: u64) -> Place {
        Place { line, column }
    }

    #[test]
    fn places_count_lines_and_characters() {
        let mut window = Window::new();
        window.extend("a\u{fc}b\nc\n\nd".as_bytes());
        assert_eq!(window.place(0), at(1, 1));
        assert_eq!(window.place(3), at(1, 3));
        assert_eq!(window.place(5), at(2, 1));
        assert_eq!(window.place(8), at(4, 1));
        assert_eq!(window.line_before(5), b"");
        assert_eq!(window.line_before(3), "a\u{fc}".as_bytes());
        assert_eq!(window.place(1), at(1, 2));
        assert_eq!(window.place_after(at(1, 3), 3, 6), at(2, 2));
        assert_eq!(window.line(1), (0, "a\u{fc}b".as_bytes()));
        assert_eq!(window.line(5), (5, &b"c"[..]));
        assert_eq!(window.line(8), (8, &b"d"[..]));
    }

    #[test]
    fn places_hold_where_bytes_have_gone() {
        let mut window = Window::new();
        window.extend(b"one\ntwo th");
        window.shrink(100);
        assert_eq!(&window.bytes[..], b"two th");
        window.extend(b"ree");
        assert_eq!(window.place(8), at(2, 5));
        window.shrink(3);
        assert_eq!(&window.bytes[..], b"ree");
        assert_eq!(window.place(10), at(2, 7));
        assert_eq!(window.slice(0, 11), b"r");
    }
}
