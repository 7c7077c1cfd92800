//! Numbers and words of JSON, one char at a time.

/// A number or a word in the making.
#[derive(Clone, Copy)]
pub(super) struct Scalar {
    /// Offset in the record.
    pub(super) start: u64,
    /// Its first bytes, for the words.
    head: [u8; 9],
    length: usize,
    number: Number,
}

/// How far a number has come. Names as in RFC 8259, section 6.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    Minus,
    Int,
    Point,
    Frac,
    E,
    ESign,
    Exp,
    Not,
}

const WORDS: [&[u8]; 6] = [
    b"true",
    b"false",
    b"null",
    b"NaN",
    b"Infinity",
    b"-Infinity",
];

impl Scalar {
    pub(super) fn new(start: u64, first: u8) -> Self {
        let number = match first {
            b'-' => Number::Minus,
            b'0'..=b'9' => Number::Int,
            _ => Number::Not,
        };
        let mut head = [0; 9];
        head[0] = first;
        Self {
            start,
            head,
            length: 1,
            number,
        }
    }

    pub(super) fn push(&mut self, byte: u8) {
        if let Some(place) = self.head.get_mut(self.length) {
            *place = byte;
        }
        self.length += 1;
        self.number = match (self.number, byte) {
            (Number::Minus | Number::Int, b'0'..=b'9') => Number::Int,
            (Number::Int, b'.') => Number::Point,
            (Number::Point | Number::Frac, b'0'..=b'9') => Number::Frac,
            (Number::Int | Number::Frac, b'e' | b'E') => Number::E,
            (Number::E, b'+' | b'-') => Number::ESign,
            (Number::E | Number::ESign | Number::Exp, b'0'..=b'9') => Number::Exp,
            _ => Number::Not,
        };
    }

    /// Whether this is a number or a word; `cut`: or the beginning of one.
    pub(super) fn is_json(&self, cut: bool) -> bool {
        let whole = matches!(self.number, Number::Int | Number::Frac | Number::Exp);
        if whole || cut && self.number != Number::Not {
            return true;
        }
        let Some(text) = self.head.get(..self.length) else {
            return false;
        };
        WORDS
            .iter()
            .any(|word| *word == text || cut && word.starts_with(text))
    }
}

/// Whether a char belongs to a scalar that has begun.
pub(super) fn continues(code: u32) -> bool {
    code < 128 && {
        let byte = code as u8;
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
    }
}
