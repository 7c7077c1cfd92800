//! Masks short texts of a head: lines, and texts that are percent-encoded.

use std::cmp::Reverse;
use std::ops::Range;

use blackbar::{Piece, Session, Tally};

use crate::rim::config::policy::Rules;
use crate::rim::payload::sessions::Kind;

/// Masks one text after the other, each on its own.
pub(crate) struct Masking<'a> {
    rules: &'a Rules,
    session: Box<Session>,
    /// Of the sessions before this one.
    tally: Tally,
    pieces: Vec<Piece>,
    out: Vec<u8>,
}

impl<'a> Masking<'a> {
    /// With these rules.
    pub(crate) fn new(rules: &'a Rules) -> Self {
        Self {
            rules,
            session: rules.session(Kind::Lines),
            tally: Tally::default(),
            pieces: Vec::new(),
            out: Vec::new(),
        }
    }

    /// The masked text of a part of a URI, or `None` if it stays. It is looked at as it
    /// stands and decoded; what is not masked keeps its spelling, and masks are
    /// percent-encoded. `plus` is a blank in queries.
    pub(crate) fn encoded(&mut self, text: &[u8], plus: bool) -> Option<Vec<u8>> {
        self.masked(text, plus, encode)
    }

    /// The masked line of a header, or `None` if it stays. Many hold URLs or what was taken
    /// from one, so it is looked at as it stands and decoded.
    pub(crate) fn header(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        self.masked(line, false, |mask, out| out.extend_from_slice(mask))
    }

    /// Looks at a text as it stands, decoded once, twice and so on, and masks what is found
    /// in any of these. Each look is at the text as it came: a mask for a part of a list
    /// would leave the rest, of which nothing tells any more what it is.
    fn masked(
        &mut self,
        text: &[u8],
        plus: bool,
        spell: fn(&[u8], &mut Vec<u8>),
    ) -> Option<Vec<u8>> {
        let mut found = Vec::new();
        let as_it_stands = |at: usize| at;
        self.look(text, text, as_it_stands, spell, &mut found);
        for times in 1..=DEPTH {
            let Some((decoded, at)) = decode_times(text, plus, times) else {
                break;
            };
            self.look(text, &decoded, |index| at[index], encode, &mut found);
        }
        (!found.is_empty()).then(|| united(text, found))
    }

    /// Adds what is found in `view`, which is `text` in another spelling; `at` says where in
    /// the text each byte of it begins. What is found once more, and masks that are masked
    /// as they are, are not counted again.
    fn look(
        &mut self,
        text: &[u8],
        view: &[u8],
        at: impl Fn(usize) -> usize,
        spell: fn(&[u8], &mut Vec<u8>),
        found: &mut Vec<Span>,
    ) {
        let is_encoded = memchr::memchr2(b'%', b'+', text).is_some();
        let before = is_encoded.then(|| (self.session.tally().clone(), self.tally.clone()));
        let mut spans = self.spans(view);
        let has_masked = !spans.is_empty();
        for span in &mut spans {
            span.range = at(span.range.start)..at(span.range.end);
            let plain = std::mem::take(&mut span.mask);
            spell(&plain, &mut span.mask);
        }
        spans.retain(|span| span.mask != text[span.range.clone()]);
        let is_new = |span: &Span| !found.iter().any(|known| known.overlaps(span));
        let is_any_new = spans.iter().any(is_new);
        if let (true, false, Some((session, tally))) = (has_masked, is_any_new, before) {
            self.session = self.rules.session(Kind::Lines);
            self.tally = tally;
            self.tally.add(&session);
        }
        found.append(&mut spans);
    }

    /// What was counted.
    pub(crate) fn into_tally(mut self) -> Tally {
        self.rules
            .give_back(Kind::Lines, self.session, &mut self.tally);
        self.tally
    }

    /// What is to be masked of a line without its end.
    fn spans(&mut self, text: &[u8]) -> Vec<Span> {
        self.write(text);
        let mut spans = Vec::new();
        let (mut at, mut mask) = (0, Vec::new());
        // The line's end is ours. It is never masked, and may be a part of the last piece.
        for piece in self.pieces.drain(..) {
            match piece {
                Piece::Chunk(range) => {
                    if !mask.is_empty() {
                        let mask = std::mem::take(&mut mask);
                        let range = at..range.start;
                        spans.push(Span { range, mask });
                    }
                    at = range.end;
                }
                piece => mask.extend_from_slice(self.session.bytes(&piece, &[])),
            }
        }
        if !mask.is_empty() {
            let range = at..text.len();
            spans.push(Span { range, mask });
        }
        self.close();
        spans
    }

    /// Writes one line whose end makes it a record of its own.
    fn write(&mut self, text: &[u8]) {
        self.out.clear();
        self.out.extend_from_slice(text);
        self.out.push(b'\n');
        self.pieces.clear();
        self.session.write(&self.out, &mut self.pieces);
    }

    /// What one text leaves to the next does not hold for it.
    fn close(&mut self) {
        self.pieces.clear();
        if !self.session.is_fresh() {
            self.renew();
        }
    }

    fn renew(&mut self) {
        let fresh = self.rules.session(Kind::Lines);
        let mut old = std::mem::replace(&mut self.session, fresh);
        old.end(&mut self.pieces);
        self.pieces.clear();
        self.rules.give_back(Kind::Lines, old, &mut self.tally);
    }
}

/// What is to be masked, and by what.
struct Span {
    range: Range<usize>,
    mask: Vec<u8>,
}

impl Span {
    fn overlaps(&self, other: &Self) -> bool {
        self.range.start < other.range.end && other.range.start < self.range.end
    }
}

/// The text with its spans masked. Of those that overlap the mask is that of the longest.
fn united(text: &[u8], mut spans: Vec<Span>) -> Vec<u8> {
    spans.sort_by_key(|span| (span.range.start, Reverse(span.range.len())));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut spans = spans.into_iter().peekable();
    while let Some(mut span) = spans.next() {
        out.extend_from_slice(&text[at..span.range.start]);
        let mut end = span.range.end;
        while let Some(next) = spans.next_if(|next| next.range.start < end) {
            end = end.max(next.range.end);
            if next.range.len() > span.range.len() {
                span = next;
            }
        }
        out.extend_from_slice(&span.mask);
        at = end;
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// How often a text may have been encoded.
const DEPTH: usize = 3;

/// What [`decode`] makes of a text again and again, with the places in the text itself.
/// `None` if it is not encoded so often.
fn decode_times(text: &[u8], plus: bool, times: usize) -> Option<(Vec<u8>, Vec<usize>)> {
    let is_encoded = |&byte: &u8| byte == b'%' || (plus && byte == b'+');
    if !text.iter().any(is_encoded) {
        return None;
    }
    let (mut decoded, mut at) = decode(text, plus);
    for _ in 1..times {
        let (deeper, starts) = decode(&decoded, false);
        if deeper.len() == decoded.len() {
            return None;
        }
        at = starts.into_iter().map(|start| at[start]).collect();
        decoded = deeper;
    }
    Some((decoded, at))
}

/// Decodes; the second says where in `text` each byte begins, and where the last ends.
pub(crate) fn decode(text: &[u8], plus: bool) -> (Vec<u8>, Vec<usize>) {
    let (mut decoded, mut starts) = (Vec::with_capacity(text.len()), Vec::new());
    let mut at = 0;
    while at < text.len() {
        starts.push(at);
        let digits = text.get(at + 1..at + 3).and_then(hex);
        let (byte, length) = match (text[at], digits) {
            (b'%', Some(byte)) => (byte, 3),
            (b'+', _) if plus => (b' ', 1),
            (byte, _) => (byte, 1),
        };
        decoded.push(byte);
        at += length;
    }
    starts.push(at);
    (decoded, starts)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| (digits[at] as char).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// Percent-encodes all that is not unreserved (RFC 3986, 2.3).
fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::rim::payload::sample;

    fn masking() -> Masking<'static> {
        static RULES: LazyLock<Rules> = LazyLock::new(sample::rules);
        Masking::new(&RULES)
    }

    #[test]
    fn what_was_encoded_twice_is_found_in_headers_too() {
        let json = "%7B%22password%22%3A%22hunter2%22%7D";
        let twice = json.replace('%', "%25");
        for encoded in [json, &twice] {
            let text = format!("/?d={encoded}&n=1");
            let masked = masking().encoded(text.as_bytes(), true).expect("a mask");
            let masked = String::from_utf8(masked).unwrap();
            assert!(!masked.contains("hunter2"), "{masked}");
            assert!(masked.ends_with("&n=1"), "{masked}");
            let header = format!("referer: https://h.example/?d={encoded}");
            let masked = masking().header(header.as_bytes()).expect("a mask");
            assert!(!String::from_utf8(masked).unwrap().contains("hunter2"));
        }
        assert_eq!(
            masking().header(b"x-note: 100%25 of %7B%22a%22%3A1%7D"),
            None
        );
    }

    #[test]
    fn lists_go_whole_and_are_counted_once() {
        let list = "%7B%22password%22%3A%5B%22a%22%2C%22hunter2%22%5D%2C%22n%22%3A1%7D";
        let masked = "%7B%22password%22%3A%22%5BREDACTED%5D%22%2C%22n%22%3A1%7D";
        for times in 0..DEPTH {
            let encoded = (0..times).fold(list.to_owned(), |text, _| text.replace('%', "%25"));
            let mut masking = masking();
            let query = masking.encoded(format!("d={encoded}").as_bytes(), true);
            let query = String::from_utf8(query.expect("a mask")).unwrap();
            assert!(!query.contains("hunter2"), "{query}");
            if times == 0 {
                assert_eq!(query, format!("d={masked}"));
            }
            assert_eq!(masking.encoded(query.as_bytes(), true), None, "{query}");
            assert_eq!(
                masking.session.tally().masks() + masking.tally.masks(),
                1,
                "{times}"
            );
            let header = masking.header(format!("x-d: {encoded}").as_bytes());
            assert!(
                !String::from_utf8(header.unwrap())
                    .unwrap()
                    .contains("hunter2")
            );
            assert_eq!(masking.into_tally().masks(), 2, "{times}");
        }
    }

    #[test]
    fn what_one_look_cuts_short_another_has_whole() {
        let mut masking = masking();
        for (line, masked) in [
            ("x-password: hunter2%20hunter2", "x-password: [REDACTED]"),
            ("x-password: hunter2%26hunter2", "x-password: [REDACTED]"),
        ] {
            let now = masking.header(line.as_bytes()).expect("a mask");
            assert_eq!(String::from_utf8(now).unwrap(), masked);
            assert_eq!(masking.header(masked.as_bytes()), None);
        }
        let query = masking.encoded(b"token=hunter2+hunter2%3D&n=%41", true);
        assert_eq!(query.unwrap(), b"token=%5BREDACTED%5D&n=%41".as_slice());
        assert_eq!(masking.into_tally().masks(), 3);
    }

    #[test]
    fn lines_stay_or_are_masked() {
        let mut masking = masking();
        assert_eq!(masking.header(b"accept: */*"), None);
        let line = masking.header(b"password: hunter2hunter2").unwrap();
        assert_eq!(line, b"password: [REDACTED]");
        assert_eq!(masking.into_tally().masks(), 1);
    }

    #[test]
    fn one_line_says_nothing_of_the_next() {
        let mut masking = masking();
        assert_eq!(masking.header(b"x-password:"), None);
        assert_eq!(masking.header(b"  plain text"), None);
    }

    #[test]
    fn masks_in_uris_are_encoded_and_the_rest_keeps_its_spelling() {
        let mut masking = masking();
        let masked = masking.encoded(b"a=%7e&password=hunter2hunter2&b=%7E", true);
        assert_eq!(
            masked.unwrap(),
            b"a=%7e&password=%5BREDACTED%5D&b=%7E".as_slice()
        );
        assert_eq!(masking.encoded(b"a=%7e&b=+c", true), None);
    }

    #[test]
    fn secrets_are_found_behind_encoding() {
        let mut masking = masking();
        let hidden = b"q=%70ostgresql://app:h%75nter2hunter2@db/%7e";
        let masked = masking.encoded(hidden, true).unwrap();
        let masked = String::from_utf8(masked).unwrap();
        assert!(!masked.contains("nter2"), "{masked}");
        assert!(masked.ends_with("/%7e"), "{masked}");
    }

    #[test]
    fn broken_encoding_stays() {
        let (decoded, at) = decode(b"%4%zz%41%", false);
        assert_eq!(decoded, b"%4%zzA%");
        assert_eq!(at, [0, 1, 2, 3, 4, 5, 8, 9]);
    }
}
