//! How records stand in a ring: in the form that their upstream takes, however they came.

use std::time::SystemTime;

use super::entries;
use super::ndjson;
use super::ring::Block;
use crate::rim::config::sink::Sink;
use crate::rim::config::stream::UpstreamFraming;
use crate::rim::tcp::framing::Output;

/// How records stand in a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Lines as lines, messages with counts.
    AsItCame,
    /// Each after the count of its octets (RFC 6587, 3.4.1). There is no message without
    /// octets, so that an empty line is none.
    Counted,
    /// Each a line. A newline inside of a message is written `#012`, as rsyslog does: a
    /// message must not be able to forge another one's line.
    Lines,
    /// Each a line that is a JSON object.
    Ndjson,
    /// Each an entry of Fluent Forward, of the time when it was put in.
    Entries,
}

impl Shape {
    /// The one that a sink needs.
    pub(super) fn of(sink: &Sink) -> Self {
        match sink {
            Sink::Stream { framing, .. } => match framing {
                UpstreamFraming::AsItCame => Self::AsItCame,
                UpstreamFraming::Newline => Self::Lines,
                UpstreamFraming::OctetCounted => Self::Counted,
            },
            Sink::Stdout | Sink::File(_) => Self::Lines,
            Sink::Http(_) => Self::Ndjson,
            Sink::Forward(_) => Self::Entries,
        }
    }

    /// The one of those that are only one, for records that are lines, or are not.
    pub(super) fn for_lines(self, are_lines: bool) -> Self {
        match self {
            Self::AsItCame if are_lines => Self::Lines,
            Self::AsItCame => Self::Counted,
            only => only,
        }
    }

    /// The whole records in `out`, which stay there; none if there are none.
    pub(super) fn shaped(self, out: &Output) -> Option<Shaped> {
        out.ends.last()?;
        Some(Shaped(match self.for_lines(out.are_lines) {
            Self::Lines if !out.are_lines => Some(written(out, line)),
            Self::Counted => Some(written(out, counted)),
            Self::Ndjson => Some(written(out, ndjson::line)),
            Self::Entries => {
                let now = SystemTime::now();
                Some(written(out, |record, to| entries::entry(now, record, to)))
            }
            Self::Lines | Self::AsItCame => None,
        }))
    }
}

/// Records in their shape; none if they stand so in the output that they are from.
pub(super) struct Shaped(Option<Vec<u8>>);

impl Shaped {
    /// How many bytes they are.
    pub(super) fn length(&self, out: &Output) -> usize {
        let as_they_are = || out.ends.last().copied().unwrap_or(0);
        self.0.as_ref().map_or_else(as_they_are, Vec::len)
    }

    /// Takes them out of the output; what is behind them stays there.
    pub(super) fn take(self, out: &mut Output) -> Block {
        let records = out.ends.len() as u64;
        let end = out.ends.last().copied().unwrap_or(0);
        out.ends.clear();
        let rest = out.bytes.split_off(end);
        let taken = std::mem::replace(&mut out.bytes, rest);
        Block {
            bytes: self.0.unwrap_or(taken),
            records,
        }
    }
}

fn written(out: &Output, write: impl Fn(&[u8], &mut Vec<u8>)) -> Vec<u8> {
    let mut shaped = Vec::with_capacity(out.bytes.len());
    out.records().for_each(|record| write(record, &mut shaped));
    shaped
}

/// A message as a line.
fn line(message: &[u8], out: &mut Vec<u8>) {
    let message = message.strip_suffix(b"\n").unwrap_or(message);
    for (index, part) in message.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"#012");
        }
        out.extend_from_slice(part);
    }
    out.push(b'\n');
}

/// A message after the count of its octets.
fn counted(message: &[u8], out: &mut Vec<u8>) {
    if !message.is_empty() {
        out.extend_from_slice(format!("{} ", message.len()).as_bytes());
        out.extend_from_slice(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(all: &[&[u8]]) -> Output {
        let mut out = Output::default();
        for message in all {
            out.bytes.extend_from_slice(message);
            out.end_record();
        }
        out
    }

    fn take(shape: Shape, out: &mut Output) -> Block {
        shape.shaped(out).unwrap().take(out)
    }

    #[test]
    fn a_message_is_one_line() {
        let mut out = messages(&[b"<1>a", b"", b"b\n", b"c\nd\r\n", b"\n\n"]);
        let block = take(Shape::Lines, &mut out);
        let text = String::from_utf8(block.bytes).unwrap();
        assert_eq!(text, "<1>a\n\nb\nc#012d\r\n#012\n");
        assert_eq!(block.records, 5);
        assert!(out.bytes.is_empty() && Shape::Lines.shaped(&out).is_none());
    }

    #[test]
    fn lines_stay_and_what_is_unfinished_waits() {
        for (shape, written) in [(Shape::Lines, "a\r\n\n"), (Shape::Counted, "1 a")] {
            let mut out = messages(&[b"a\r\n", b"\n"]);
            out.are_lines = true;
            out.bytes.extend_from_slice(b"rest");
            let block = take(shape, &mut out);
            assert_eq!((&block.bytes[..], block.records), (written.as_bytes(), 2));
            assert_eq!(out.bytes, b"rest");
        }
    }

    #[test]
    fn counts_are_of_what_is_sent() {
        let mut out = messages(&[b"<1>a\nb\n", "ü".as_bytes()]);
        let block = take(Shape::Counted, &mut out);
        assert_eq!(block.bytes, "7 <1>a\nb\n2 ü".as_bytes());
    }

    #[test]
    fn json_needs_no_newline_of_a_line() {
        let mut out = messages(&[b"a\r\n", b"{}\n"]);
        out.are_lines = true;
        out.bytes.extend_from_slice(b"rest");
        let block = take(Shape::Ndjson, &mut out);
        assert_eq!(block.bytes, b"{\"message\":\"a\"}\n{}\n");
        assert_eq!(out.bytes, b"rest");
    }

    #[test]
    fn entries_are_of_records_without_their_newlines() {
        let mut out = messages(&[b"a\r\n", b"<1>b\n"]);
        out.are_lines = true;
        out.bytes.extend_from_slice(b"rest");
        let block = take(Shape::Entries, &mut out);
        assert_eq!((entries::count(&block.bytes), block.records), (2, 2));
        let has = |end: &[u8]| block.bytes.windows(end.len()).any(|part| part == end);
        assert!(has(b"\xa7message\xa1a\x92") && block.bytes.ends_with(b"\xa7message\xa4<1>b"));
        assert_eq!(out.bytes, b"rest");
    }
}
