//! Fields of a message, one after the other, and where they lie.

use std::ops::Range;

use crate::rim::payload::refusal::Refusal;

/// A varint has ten bytes at most.
const MAX_VARINT: usize = 10;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// A varint.
    Varint(u64),
    /// Eight bytes, little-endian.
    Fixed64(u64),
    /// Four bytes, little-endian.
    Fixed32,
    /// A string, bytes, a message, or packed numbers.
    Bytes(&'a [u8]),
}

/// One field of a message.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    /// Its number in the schema.
    pub(crate) number: u32,
    /// What it holds.
    pub(crate) content: Content<'a>,
    /// Where it lies in the message.
    pub(crate) at: Range<usize>,
    /// Where its tag ends.
    pub(crate) tag_end: usize,
}

/// Reads the fields of a message, in order.
///
/// Groups, which proto3 has not, are an error; so are field numbers of 0 and above
/// 2^29 - 1, varints of more than 64 bits, and lengths beyond the message.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// The fields of this message.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn field(&mut self) -> Result<Field<'a>, Refusal> {
        let start = self.at;
        let tag = self.varint()?;
        let tag_end = self.at;
        let number = u32::try_from(tag >> 3).map_err(|_| Refusal::Undecodable)?;
        if number == 0 || number >= 1 << 29 {
            return Err(Refusal::Undecodable);
        }
        let content = match tag & 7 {
            0 => Content::Varint(self.varint()?),
            1 => {
                let bytes = self.take(8)?.try_into();
                Content::Fixed64(u64::from_le_bytes(bytes.map_err(|_| Refusal::Undecodable)?))
            }
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_| Refusal::Undecodable)?;
                Content::Bytes(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                Content::Fixed32
            }
            _ => return Err(Refusal::Undecodable),
        };
        Ok(Field {
            number,
            content,
            at: start..self.at,
            tag_end,
        })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..length).ok_or(Refusal::Undecodable)?;
        self.at += length;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Refusal> {
        let (value, length) = varint(&self.bytes[self.at..]).ok_or(Refusal::Undecodable)?;
        self.at += length;
        Ok(value)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.at = self.bytes.len();
        }
        Some(field)
    }
}

/// Whether the bytes are fields from the first to the last.
pub(crate) fn is_message(bytes: &[u8]) -> bool {
    Fields::of(bytes).all(|field| field.is_ok())
}

/// The varint at the start of the bytes, and its length; `None` if there is none.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (index, &byte) in bytes.iter().take(MAX_VARINT).enumerate() {
        if index == MAX_VARINT - 1 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

/// Appends a varint in its shortest form.
pub(crate) fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a field of bytes.
pub(crate) fn write_bytes(number: u32, content: &[u8], out: &mut Vec<u8>) {
    write_varint(u64::from(number) << 3 | 2, out);
    write_varint(content.len() as u64, out);
    out.extend_from_slice(content);
}

/// The bytes of all fields that lie on a path of field numbers, in order. Fields that
/// hold no bytes are left out.
///
/// # Errors
///
/// A message on the path does not decode.
pub(crate) fn on_path<'a>(
    bytes: &'a [u8],
    path: &[u32],
    found: &mut Vec<&'a [u8]>,
) -> Result<(), Refusal> {
    let Some((&number, path)) = path.split_first() else {
        found.push(bytes);
        return Ok(());
    };
    for field in Fields::of(bytes) {
        let field = field?;
        if let Content::Bytes(content) = field.content
            && field.number == number
        {
            on_path(content, path, found)?;
        }
    }
    Ok(())
}

/// Writes a message anew where its fields change, and not at all where none does.
pub(crate) struct Rewrite<'a> {
    bytes: &'a [u8],
    out: Vec<u8>,
    /// So far the bytes were copied.
    copied: usize,
    changed: bool,
}

impl<'a> Rewrite<'a> {
    /// Of this message.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            out: Vec::new(),
            copied: 0,
            changed: false,
        }
    }

    /// The field has other bytes now; its tag stays as it was written.
    pub(crate) fn content(&mut self, field: &Field<'_>, content: &[u8]) {
        self.copy(field.tag_end);
        write_varint(content.len() as u64, &mut self.out);
        self.out.extend_from_slice(content);
        self.copied = field.at.end;
    }

    /// A field of bytes stands for this one.
    pub(crate) fn replace(&mut self, field: &Field<'_>, number: u32, content: &[u8]) {
        self.copy(field.at.start);
        write_bytes(number, content, &mut self.out);
        self.copied = field.at.end;
    }

    /// The message as it is now; `None` if nothing changed.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        if !self.changed {
            return None;
        }
        self.copy(self.bytes.len());
        Some(self.out)
    }

    fn copy(&mut self, end: usize) {
        self.changed = true;
        self.out.extend_from_slice(&self.bytes[self.copied..end]);
        self.copied = end;
    }
}
