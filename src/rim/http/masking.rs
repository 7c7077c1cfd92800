//! Masks short texts of a head: lines, and texts that are percent-encoded.

use std::sync::Arc;

use blackbar::{Framing, Piece, Redactor, Session, Tally};

/// Masks one text after the other, each on its own.
pub(crate) struct Masking {
    redactor: Arc<Redactor>,
    session: Session,
    /// Of the sessions before this one.
    tally: Tally,
    pieces: Vec<Piece>,
    out: Vec<u8>,
}

impl Masking {
    /// With these rules.
    pub(crate) fn new(redactor: &Arc<Redactor>) -> Self {
        Self {
            session: Session::new(redactor.clone(), Framing::Lines),
            redactor: redactor.clone(),
            tally: Tally::default(),
            pieces: Vec::new(),
            out: Vec::new(),
        }
    }

    /// The masked text, or `None` if it stays. `text` is a line without its end.
    pub(crate) fn line(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        self.mask(text, |out, bytes, _| out.extend_from_slice(bytes))
    }

    /// The masked text of a part of a URI, or `None` if it stays. It is looked at as it
    /// stands and decoded; what is not masked keeps its spelling, and masks are
    /// percent-encoded. `plus` is a blank in queries.
    pub(crate) fn encoded(&mut self, text: &[u8], plus: bool) -> Option<Vec<u8>> {
        let raw = self.mask(text, |out, bytes, is_mask| {
            if is_mask {
                encode(bytes, out);
            } else {
                out.extend_from_slice(bytes);
            }
        });
        self.decoded(raw, text, plus)
    }

    /// The masked text of a header, or `None` if it stays. Many hold URLs or what was taken
    /// from one, so it is looked at as it stands and decoded.
    pub(crate) fn header(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let raw = self.line(text);
        self.decoded(raw, text, false)
    }

    /// Looks at a text decoded once, twice and so on; `raw` is what was masked of it as it
    /// stands.
    fn decoded(&mut self, raw: Option<Vec<u8>>, text: &[u8], plus: bool) -> Option<Vec<u8>> {
        let mut masked = raw;
        for times in 1..=DEPTH {
            let spelled = masked.as_deref().unwrap_or(text);
            let Some((decoded, at)) = decode_times(spelled, plus, times) else {
                break;
            };
            if let Some(again) = self.mask_decoded(&decoded, &at, spelled) {
                masked = Some(again);
            }
        }
        masked
    }

    /// What was counted.
    pub(crate) fn into_tally(mut self) -> Tally {
        self.renew();
        self.tally
    }

    /// Masks `decoded`; what stays is written as it is spelled. `at` says where in the
    /// spelling each decoded byte begins, and where the last one ends.
    fn mask_decoded(&mut self, decoded: &[u8], at: &[usize], spelled: &[u8]) -> Option<Vec<u8>> {
        let before = self.masks();
        self.write(decoded);
        let mut out = Vec::with_capacity(spelled.len());
        for piece in self.pieces.drain(..) {
            match piece {
                // The line's end, which is ours, is the last byte of the chunk.
                Piece::Chunk(range) => {
                    let end = range.end.min(decoded.len());
                    if range.start < end {
                        out.extend_from_slice(&spelled[at[range.start]..at[end]]);
                    }
                }
                piece => encode(self.session.bytes(&piece, &[]), &mut out),
            }
        }
        let is_masked = self.masks() > before;
        self.close();
        is_masked.then_some(out)
    }

    fn mask(&mut self, text: &[u8], write: impl Fn(&mut Vec<u8>, &[u8], bool)) -> Option<Vec<u8>> {
        let before = self.masks();
        self.write(text);
        let mut out = Vec::new();
        if self.masks() > before {
            for piece in &self.pieces {
                let is_mask = matches!(piece, Piece::Mask(_));
                write(&mut out, self.session.bytes(piece, &self.out), is_mask);
            }
            if out.last() == Some(&b'\n') {
                out.pop();
            }
        }
        let is_masked = self.masks() > before;
        self.close();
        is_masked.then_some(out)
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
        let fresh = Session::new(self.redactor.clone(), Framing::Lines);
        let mut old = std::mem::replace(&mut self.session, fresh);
        old.end(&mut self.pieces);
        self.pieces.clear();
        self.tally.add(old.tally());
    }

    fn masks(&self) -> u64 {
        self.session.tally().masks()
    }
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
    use super::*;

    fn masking() -> Masking {
        Masking::new(&Arc::new(Redactor::builder().build().unwrap()))
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
    fn lines_stay_or_are_masked() {
        let mut masking = masking();
        assert_eq!(masking.line(b"accept: */*"), None);
        let line = masking.line(b"password: hunter2hunter2").unwrap();
        assert_eq!(line, b"password: [REDACTED]");
        assert_eq!(masking.into_tally().masks(), 1);
    }

    #[test]
    fn one_line_says_nothing_of_the_next() {
        let mut masking = masking();
        assert_eq!(masking.line(b"x-password:"), None);
        assert_eq!(masking.line(b"  plain text"), None);
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
