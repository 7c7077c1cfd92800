//! Masks the strings of msgpack values, and whole what stands under a sensitive key.

use std::ops::Range;

use crate::rim::payload::msgpack::near::{self, Near};
use crate::rim::payload::msgpack::token::{
    Kind, Token, skip, token, write_bin, write_ext, write_str,
};
use crate::rim::payload::named;
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// How deep containers may lie in each other.
const MAX_DEPTH: usize = 128;

/// Bytes that are no text, and no more than these, are an id, a digest or a time.
const MAX_ID: usize = 16;

/// What stands for bytes that are no text.
const BYTES_STUB: &[u8] = b"[blackbar: bytes removed]";

/// What a value is called: by pairs near it, and by its own key, which is the last.
type Names<'n, 'b> = &'n [&'b [u8]];

/// Masks msgpack values. What is not touched keeps its bytes.
pub(crate) struct Walker<'w, 'r, 'b, 'o> {
    work: &'w mut Work<'r>,
    bytes: &'b [u8],
    /// So far `out` stands for the bytes.
    copied: usize,
    out: &'o mut Vec<u8>,
}

impl<'w, 'r, 'b, 'o> Walker<'w, 'r, 'b, 'o> {
    /// Over these bytes, and appends to `out`.
    pub(crate) fn new(work: &'w mut Work<'r>, bytes: &'b [u8], out: &'o mut Vec<u8>) -> Self {
        Self {
            work,
            bytes,
            copied: 0,
            out,
        }
    }

    /// Masks all values, which lie one after the other. Returns how many they are.
    ///
    /// # Errors
    ///
    /// A value is cut short, is no msgpack or is nested too deeply, there are several
    /// that are no containers, or the route refuses bytes that are no text.
    pub(crate) fn all(mut self) -> Result<u64, Refusal> {
        let mut at = self.value(0, &[], 0)?;
        let mut count = 1;
        // Text behind a value would be taken for small numbers.
        while at < self.bytes.len() {
            match token(self.bytes, at)?.kind {
                Kind::Array(_) | Kind::Map(_) => at = self.value(at, &[], 0)?,
                _ => return Err(Refusal::Undecodable),
            }
            count += 1;
        }
        self.copy(at);
        Ok(count)
    }

    /// Masks the value at `at` that stands under these names, or under none. Returns where
    /// it ends.
    fn value(&mut self, at: usize, names: Names<'_, 'b>, depth: usize) -> Result<usize, Refusal> {
        let Token { kind, end } = token(self.bytes, at)?;
        match kind {
            Kind::Constant => {}
            Kind::Number(number) => {
                let mut names = names.iter();
                let mask = names.find_map(|name| named::number(self.work, Some(name), &number));
                if let Some(mask) = mask {
                    self.replace(at..end, |out| write_str(&mask, out));
                }
            }
            Kind::Str(content) => self.text(at..end, content, names)?,
            Kind::Bin(content) => self.bin(at..end, content, names)?,
            Kind::Ext(of, content) => self.ext(at..end, of, content, names),
            Kind::Array(_) | Kind::Map(_) => return self.container(at, &kind, end, names, depth),
        }
        Ok(end)
    }

    fn container(
        &mut self,
        at: usize,
        kind: &Kind,
        head_end: usize,
        names: Names<'_, 'b>,
        depth: usize,
    ) -> Result<usize, Refusal> {
        if depth >= MAX_DEPTH {
            return Err(Refusal::Undecodable);
        }
        if let Some(mask) = self.whole(names) {
            let end = skip(self.bytes, at)?;
            self.replace(at..end, |out| write_str(&mask, out));
            return Ok(end);
        }
        let mut at = head_end;
        match kind {
            Kind::Map(count) => {
                let mut near = Near::new();
                for left in (0..*count).rev() {
                    let key = near::text(self.bytes, at);
                    at = self.value(at, &[], depth + 1)?;
                    let names = near.names(key, self.bytes, at, left);
                    at = self.value(at, &names, depth + 1)?;
                }
            }
            Kind::Array(2) => {
                let first = near::text(self.bytes, at);
                at = self.value(at, names, depth + 1)?;
                if let Some((first, second)) = first.zip(near::text(self.bytes, at))
                    && let Some(masked) = self.second(first, second, names)
                {
                    return self.put(at, &masked);
                }
                at = self.value(at, names, depth + 1)?;
            }
            Kind::Array(count) => {
                for _ in 0..*count {
                    at = self.value(at, names, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(at)
    }

    /// What stands for the second of two texts in an array, where the first names it.
    fn second(&mut self, first: &[u8], second: &[u8], names: Names<'_, 'b>) -> Option<Vec<u8>> {
        if !named::is_text(second) && std::str::from_utf8(second).is_err() {
            return None;
        }
        let masked = self.work.second(first, second)?;
        Some(self.string(names, &masked).unwrap_or(masked))
    }

    /// Writes this for the text or bytes at `at`. Returns where these end.
    fn put(&mut self, at: usize, masked: &[u8]) -> Result<usize, Refusal> {
        let Token { kind, end } = token(self.bytes, at)?;
        self.replace(at..end, |out| match kind {
            Kind::Bin(_) => write_bin(masked, out),
            _ => write_str(masked, out),
        });
        Ok(end)
    }

    /// What stands for a container, or for bytes of any kind.
    fn whole(&mut self, names: Names<'_, 'b>) -> Option<Vec<u8>> {
        let mut names = names.iter();
        names.find_map(|name| named::whole(self.work, Some(name)))
    }

    /// What stands for text. Each of its names may find something.
    fn string(&mut self, names: Names<'_, 'b>, text: &[u8]) -> Option<Vec<u8>> {
        let [first, others @ ..] = names else {
            return named::string(self.work, None, text);
        };
        let mut masked = named::string(self.work, Some(first), text);
        for name in others {
            let so_far = masked.as_deref().unwrap_or(text);
            masked = named::string(self.work, Some(name), so_far).or(masked);
        }
        masked
    }

    fn text(
        &mut self,
        at: Range<usize>,
        content: Range<usize>,
        names: Names<'_, 'b>,
    ) -> Result<(), Refusal> {
        let text = &self.bytes[content];
        // Older writers have one type for text and bytes.
        let masked = if std::str::from_utf8(text).is_ok() || named::is_text(text) {
            self.string(names, text)
        } else {
            self.opaque(text, names)?
        };
        if let Some(masked) = masked {
            self.replace(at, |out| write_str(&masked, out));
        }
        Ok(())
    }

    fn bin(
        &mut self,
        at: Range<usize>,
        content: Range<usize>,
        names: Names<'_, 'b>,
    ) -> Result<(), Refusal> {
        let bytes = &self.bytes[content];
        let masked = if named::is_text(bytes) {
            self.string(names, bytes)
        } else {
            self.opaque(bytes, names)?
        };
        if let Some(masked) = masked {
            self.replace(at, |out| write_bin(&masked, out));
        }
        Ok(())
    }

    /// Bytes that are no text.
    fn opaque(&mut self, bytes: &[u8], names: Names<'_, 'b>) -> Result<Option<Vec<u8>>, Refusal> {
        if let Some(mask) = self.whole(names) {
            return Ok(Some(mask));
        }
        if bytes.len() <= MAX_ID {
            return Ok(None);
        }
        let mut out = Vec::new();
        self.work
            .undecodable("binary", bytes, BYTES_STUB, &mut out)?;
        Ok((out != bytes).then_some(out))
    }

    /// An application's data stays, unless the rules find something in it. A time is a
    /// number, whatever its bytes would be as text.
    fn ext(&mut self, at: Range<usize>, of: u8, content: Range<usize>, names: Names<'_, 'b>) {
        if let Some(mask) = self.whole(names) {
            self.replace(at, |out| write_str(&mask, out));
        } else if !is_time(of, content.len())
            && let Some(masked) = named::text(self.work, &self.bytes[content])
        {
            self.replace(at, |out| write_ext(of, &masked, out));
        }
    }

    fn replace(&mut self, at: Range<usize>, write: impl FnOnce(&mut Vec<u8>)) {
        self.copy(at.start);
        write(self.out);
        self.copied = at.end;
    }

    fn copy(&mut self, end: usize) {
        self.out.extend_from_slice(&self.bytes[self.copied..end]);
        self.copied = end;
    }
}

/// Whether data of this type and length is a time: msgpack's own, or Fluent's `EventTime`
/// (<https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1>).
fn is_time(of: u8, length: usize) -> bool {
    matches!((of.cast_signed(), length), (-1, 4 | 8 | 12) | (0, 8))
}
