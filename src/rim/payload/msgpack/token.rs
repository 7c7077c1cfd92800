//! One value's head, and how strings are written.

use std::ops::Range;

use crate::rim::payload::refusal::Refusal;

/// What a value is, as far as its head says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Nil, or a truth value.
    Constant,
    /// A number, as JSON writes it.
    Number(String),
    /// Text; where its bytes lie.
    Str(Range<usize>),
    /// Bytes; where they lie.
    Bin(Range<usize>),
    /// Data of an application's type; the type, and where the data lies.
    Ext(u8, Range<usize>),
    /// So many values follow.
    Array(usize),
    /// So many keys with their values follow.
    Map(usize),
}

/// The head of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Where the head ends; for all but containers, where the value does.
    pub(crate) end: usize,
}

/// Reads the value that begins at `at`.
///
/// # Errors
///
/// It is cut short, or begins with the byte that is never used.
pub(crate) fn token(bytes: &[u8], at: usize) -> Result<Token, Refusal> {
    let mut reader = Reader { bytes, at };
    let first = reader.byte()?;
    let kind = match first {
        0x00..=0x7f | 0xe0..=0xff => Kind::Number(first.cast_signed().to_string()),
        0x80..=0x8f => Kind::Map(usize::from(first & 0x0f)),
        0x90..=0x9f => Kind::Array(usize::from(first & 0x0f)),
        0xa0..=0xbf => Kind::Str(reader.take(usize::from(first & 0x1f))?),
        0xc0 | 0xc2 | 0xc3 => Kind::Constant,
        0xc1 => return Err(Refusal::Undecodable),
        0xc4..=0xc6 => Kind::Bin(reader.sized(first - 0xc4)?),
        0xc7..=0xc9 => {
            let length = reader.length(first - 0xc7)?;
            reader.ext(length)?
        }
        0xca => {
            let bits = u32::try_from(reader.number(4)?).map_err(|_| Refusal::Undecodable)?;
            float(f64::from(f32::from_bits(bits)))
        }
        0xcb => float(f64::from_bits(reader.number(8)?)),
        0xcc..=0xcf => Kind::Number(reader.number(1 << (first - 0xcc))?.to_string()),
        0xd0..=0xd3 => signed(&mut reader, 1 << (first - 0xd0))?,
        0xd4..=0xd8 => reader.ext(1 << (first - 0xd4))?,
        0xd9..=0xdb => Kind::Str(reader.sized(first - 0xd9)?),
        0xdc | 0xdd => Kind::Array(reader.length(first - 0xdc + 1)?),
        0xde | 0xdf => Kind::Map(reader.length(first - 0xde + 1)?),
    };
    Ok(Token {
        kind,
        end: reader.at,
    })
}

/// Where the value that begins at `at` ends, with all that it contains.
///
/// # Errors
///
/// It is cut short.
pub(crate) fn skip(bytes: &[u8], at: usize) -> Result<usize, Refusal> {
    let mut at = at;
    let mut pending = 1usize;
    while pending > 0 {
        let token = token(bytes, at)?;
        at = token.end;
        pending -= 1;
        pending = match token.kind {
            Kind::Array(count) => pending.checked_add(count),
            Kind::Map(count) => count
                .checked_mul(2)
                .and_then(|all| pending.checked_add(all)),
            _ => Some(pending),
        }
        .ok_or(Refusal::Undecodable)?;
    }
    Ok(at)
}

/// Appends text in its shortest form.
pub(crate) fn write_str(text: &[u8], out: &mut Vec<u8>) {
    match text.len() {
        length @ 0..=31 => out.push(0xa0 | length as u8),
        length => write_head(0xd9, length, out),
    }
    out.extend_from_slice(text);
}

/// Appends bytes in their shortest form.
pub(crate) fn write_bin(bytes: &[u8], out: &mut Vec<u8>) {
    write_head(0xc4, bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Appends an application's data in its shortest form.
pub(crate) fn write_ext(of: u8, bytes: &[u8], out: &mut Vec<u8>) {
    match bytes.len() {
        length @ (1 | 2 | 4 | 8 | 16) => out.push(0xd4 + length.trailing_zeros() as u8),
        length => write_head(0xc7, length, out),
    }
    out.push(of);
    out.extend_from_slice(bytes);
}

/// Appends one of three heads in a row, whose lengths have one, two and four bytes.
fn write_head(first: u8, length: usize, out: &mut Vec<u8>) {
    if let Ok(length) = u8::try_from(length) {
        out.extend_from_slice(&[first, length]);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(first + 1);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        // Bodies are far smaller than 4 GiB, and a mask is shorter than what it hides.
        out.push(first + 2);
        out.extend_from_slice(&(length as u32).to_be_bytes());
    }
}

fn signed(reader: &mut Reader<'_>, size: usize) -> Result<Kind, Refusal> {
    let unused = 64 - 8 * size as u32;
    let value = (reader.number(size)? << unused).cast_signed() >> unused;
    Ok(Kind::Number(value.to_string()))
}

/// JSON has no infinities; any number stands for them.
fn float(value: f64) -> Kind {
    let value = if value.is_finite() { value } else { 0.5 };
    Kind::Number(format!("{value:?}"))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Refusal> {
        Ok(self.bytes[self.take(1)?.start])
    }

    fn take(&mut self, length: usize) -> Result<Range<usize>, Refusal> {
        let end = self.at.checked_add(length).ok_or(Refusal::Undecodable)?;
        if end > self.bytes.len() {
            return Err(Refusal::Undecodable);
        }
        let taken = self.at..end;
        self.at = end;
        Ok(taken)
    }

    /// A big-endian number of up to eight bytes.
    fn number(&mut self, size: usize) -> Result<u64, Refusal> {
        let range = self.take(size)?;
        let bytes = self.bytes[range].iter();
        Ok(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A length of one, two or four bytes.
    fn length(&mut self, log2: u8) -> Result<usize, Refusal> {
        usize::try_from(self.number(1 << log2)?).map_err(|_| Refusal::Undecodable)
    }

    fn sized(&mut self, log2: u8) -> Result<Range<usize>, Refusal> {
        let length = self.length(log2)?;
        self.take(length)
    }

    fn ext(&mut self, length: usize) -> Result<Kind, Refusal> {
        let of = self.byte()?;
        Ok(Kind::Ext(of, self.take(length)?))
    }
}
