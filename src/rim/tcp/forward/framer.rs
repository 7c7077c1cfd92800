//! Where messages of msgpack end, while their bytes come in.
//!
//! A head is looked at once, and what it announces is only counted: so it takes linear time
//! when bytes come singly, no recursion, and no memory for what has not come.

use std::ops::Range;

use crate::rim::payload::hold::append;
use crate::rim::payload::msgpack::token::{Extent, extent};
use crate::rim::tcp::reason::Reason;

/// Cuts a stream into messages.
pub(in crate::rim::tcp) struct Framer {
    /// Messages that were taken already, and then those that are to come.
    held: Vec<u8>,
    /// Where the next message begins.
    start: usize,
    /// Where its next value begins, which may be behind what has come.
    at: usize,
    /// How many values it lacks.
    pending: usize,
    /// Bytes of a message at most.
    most: usize,
}

impl Framer {
    /// For messages of at most so many bytes.
    pub(in crate::rim::tcp) fn new(most: usize) -> Self {
        Self {
            held: Vec::new(),
            start: 0,
            at: 0,
            pending: 1,
            most,
        }
    }

    /// From now on messages have at most so many bytes.
    pub(super) fn limit(&mut self, most: usize) {
        self.most = most;
    }

    /// Takes in bytes. The places of messages that were given before are no longer right.
    pub(in crate::rim::tcp) fn write(&mut self, chunk: &[u8]) {
        self.forget();
        append(&mut self.held, chunk);
    }

    /// Gives up the messages that were taken.
    pub(super) fn forget(&mut self) {
        if self.start == self.held.len() {
            // An idle connection holds nothing.
            self.held = Vec::new();
        } else {
            self.held.drain(..self.start);
        }
        self.at -= self.start;
        self.start = 0;
    }

    /// Where the next message lies, once it is whole.
    ///
    /// # Errors
    ///
    /// It is no msgpack, or will be too large.
    pub(in crate::rim::tcp) fn next(&mut self) -> Result<Option<Range<usize>>, Reason> {
        while self.pending > 0 {
            let Some(rest) = self.held.get(self.at..) else {
                return Ok(None);
            };
            let Some(Extent { length, inside }) = extent(rest).map_err(|_| Reason::NotForward)?
            else {
                return Ok(None);
            };
            self.at += length;
            self.pending = (self.pending - 1).saturating_add(inside);
            // Each value that is announced has a byte at least.
            if (self.at - self.start).saturating_add(self.pending) > self.most {
                return Err(Reason::MessageTooLarge);
            }
        }
        if self.at > self.held.len() {
            return Ok(None);
        }
        let message = self.start..self.at;
        (self.start, self.pending) = (self.at, 1);
        Ok(Some(message))
    }

    /// The bytes of a message that was found since the last write.
    pub(in crate::rim::tcp) fn bytes(&self, message: Range<usize>) -> &[u8] {
        &self.held[message]
    }

    /// Whether a message has begun that is not whole.
    pub(in crate::rim::tcp) fn has_begun(&self) -> bool {
        self.start < self.held.len()
    }

    /// Bytes of memory that it occupies.
    pub(super) fn held(&self) -> usize {
        self.held.capacity()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What comes out of a stream that is written in chunks of this size.
    fn messages(stream: &[u8], size: usize, most: usize) -> (Vec<Vec<u8>>, Option<Reason>, bool) {
        let mut framer = Framer::new(most);
        let mut found = Vec::new();
        for chunk in stream.chunks(size) {
            framer.write(chunk);
            loop {
                match framer.next() {
                    Ok(Some(message)) => found.push(framer.bytes(message).to_vec()),
                    Ok(None) => break,
                    Err(reason) => return (found, Some(reason), framer.has_begun()),
                }
            }
        }
        (found, None, framer.has_begun())
    }

    #[test]
    fn what_is_announced_takes_no_memory_and_is_refused_at_once() {
        for head in [
            &[0xc6, 0xff, 0xff, 0xff, 0xff][..],
            &[0xdb, 0, 0x10, 0, 0],
            &[0xc9, 0x7f, 0xff, 0xff, 0xff],
            &[0xdd, 0xff, 0xff, 0xff, 0xff],
            &[0xdf, 0xff, 0xff, 0xff, 0xff],
            &[0x92, 0xdd, 0, 0x10, 0, 0],
            &[0xdc, 0xff, 0xff],
        ] {
            let mut framer = Framer::new(0xffff);
            framer.write(head);
            assert_eq!(framer.next(), Err(Reason::MessageTooLarge), "{head:02x?}");
            assert!(framer.held() < 64);
        }
        assert_eq!(messages(&[0x92, 0xc1], 1, 9).1, Some(Reason::NotForward));
        assert_eq!(messages(&[0xc4, 7, 1, 2, 3, 4, 5, 6, 7], 1, 9).1, None);
        let nine = messages(&[0xc4, 8, 1, 2, 3, 4, 5, 6, 7, 8], 1, 9).1;
        assert_eq!(nine, Some(Reason::MessageTooLarge));
    }

    /// Deep nesting is no more than a count; 1 MiB of single bytes takes no time to speak of.
    #[test]
    fn depth_and_single_bytes_cost_nothing() {
        let mut deep = vec![0x91; 1 << 20];
        deep.push(0xc0);
        let (found, reason, begun) = messages(&deep, 1, 2 << 20);
        assert_eq!((found.len(), reason, begun), (1, None, false));
        assert_eq!(found[0], deep);
    }

    #[test]
    fn what_has_been_taken_is_given_back() {
        let mut framer = Framer::new(1 << 20);
        let mut large = vec![0xc5, 0xff, 0xff];
        large.resize(3 + 0xffff, b'x');
        framer.write(&large);
        assert!(matches!(framer.next(), Ok(Some(_))));
        framer.write(&[0x92]);
        assert!(framer.held() < 64 && framer.has_begun());
    }

    /// A value of any form.
    fn value() -> impl Strategy<Value = Vec<u8>> {
        let bytes = |least: usize, most: usize| proptest::collection::vec(any::<u8>(), least..most);
        let headed = |head: &'static [u8], size: usize| {
            bytes(size, size + 1).prop_map(move |content| [head, &content].concat())
        };
        let leaf = prop_oneof![
            prop_oneof![0x00..=0x7f_u8, 0xe0..=0xff_u8, Just(0xc0)].prop_map(|byte| vec![byte]),
            bytes(0, 32).prop_map(|text| [&[0xa0 | text.len() as u8], &text[..]].concat()),
            headed(&[0xcd], 2),
            headed(&[0xcb], 8),
            headed(&[0xd7], 9),
            headed(&[0xc7, 3], 4),
            headed(&[0xc8, 0, 3], 4),
            headed(&[0xc9, 0, 0, 0, 3], 4),
            headed(&[0xd9, 40], 40),
            headed(&[0xda, 1, 0], 256),
            headed(&[0xdb, 0, 0, 0, 5], 5),
            headed(&[0xc4, 4], 4),
            headed(&[0xc5, 0, 4], 4),
            headed(&[0xc6, 0, 0, 0, 4], 4),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let some = || proptest::collection::vec(inner.clone(), 0..6);
            let head = |form: u8, count: usize, (fix, long): (u8, u8)| match form {
                0 => vec![fix | count as u8],
                1 => vec![long, 0, count as u8],
                _ => vec![long + 1, 0, 0, 0, count as u8],
            };
            let array = (0..3_u8, some()).prop_map(move |(form, values)| {
                [head(form, values.len(), (0x90, 0xdc)), values.concat()].concat()
            });
            let pairs = (0..3_u8, some()).prop_map(move |(form, mut values)| {
                values.truncate(values.len() / 2 * 2);
                let count = values.len() / 2;
                [head(form, count, (0x80, 0xde)), values.concat()].concat()
            });
            prop_oneof![array, pairs]
        })
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in(
            values in proptest::collection::vec(value(), 0..6),
            size in 1..50_usize,
        ) {
            let stream = values.concat();
            prop_assert_eq!(messages(&stream, size, 1 << 20), (values.clone(), None, false));
            prop_assert_eq!(messages(&stream, 1, 1 << 20), (values, None, false));
        }

        #[test]
        fn cuts_cannot_be_seen_in_any_bytes(
            stream in proptest::collection::vec(any::<u8>(), 0..300),
            size in 1..50_usize,
        ) {
            let whole = messages(&stream, 300, 200);
            let cut = messages(&stream, size, 200);
            prop_assert_eq!((&whole.0, whole.1), (&cut.0, cut.1));
        }
    }
}
