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
/// It is cut short, or no msgpack.
pub(crate) fn skip(bytes: &[u8], at: usize) -> Result<usize, Refusal> {
    let mut at = at;
    let mut pending = 1usize;
    while pending > 0 {
        let rest = bytes.get(at..).ok_or(Refusal::Undecodable)?;
        let Extent { length, inside } = extent(rest)?.ok_or(Refusal::Undecodable)?;
        at = at.checked_add(length).ok_or(Refusal::Undecodable)?;
        pending = (pending - 1)
            .checked_add(inside)
            .ok_or(Refusal::Undecodable)?;
    }
    if at > bytes.len() {
        return Err(Refusal::Undecodable);
    }
    Ok(at)
}

/// How far a value reaches, as its first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Bytes of the head and of what belongs to no other value. They need not be there.
    pub(crate) length: usize,
    /// How many values follow that it contains.
    pub(crate) inside: usize,
}

/// How far the value reaches that begins with these bytes. `None` if they are too few to
/// say.
///
/// # Errors
///
/// They begin with the byte that is never used.
pub(crate) fn extent(bytes: &[u8]) -> Result<Option<Extent>, Refusal> {
    let Some(&first) = bytes.first() else {
        return Ok(None);
    };
    // A number of so many bytes behind the first.
    let number = |size: usize| {
        let digits = bytes.get(1..=size)?.iter();
        Some(digits.fold(0, |number, byte| number << 8 | usize::from(*byte)))
    };
    // So many bytes of the head, and then what it says.
    let sized = |head: usize, size: usize| Some((head + number(size)?, 0));
    let told = match first {
        0x80..=0x8f => Some((1, 2 * usize::from(first & 0x0f))),
        0x90..=0x9f => Some((1, usize::from(first & 0x0f))),
        0xa0..=0xbf => Some((1 + usize::from(first & 0x1f), 0)),
        0xc1 => return Err(Refusal::Undecodable),
        0xc4 | 0xd9 => sized(2, 1),
        0xc5 | 0xda => sized(3, 2),
        0xc6 | 0xdb => sized(5, 4),
        0xc7 => sized(3, 1),
        0xc8 => sized(4, 2),
        0xc9 => sized(6, 4),
        0xcc | 0xd0 => Some((2, 0)),
        0xcd | 0xd1 => Some((3, 0)),
        0xca | 0xce | 0xd2 => Some((5, 0)),
        0xcb | 0xcf | 0xd3 => Some((9, 0)),
        0xd4..=0xd8 => Some((2 + (1 << (first - 0xd4)), 0)),
        0xdc => number(2).map(|count| (3, count)),
        0xdd => number(4).map(|count| (5, count)),
        0xde => number(2).map(|count| (3, 2 * count)),
        0xdf => number(4).map(|count| (5, count.saturating_mul(2))),
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Some((1, 0)),
    };
    Ok(told.map(|(length, inside)| Extent { length, inside }))
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
