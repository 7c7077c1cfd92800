//! Masks the strings of a message, wherever its schema or their look says they are.
//!
//! # What of unknown fields?
//!
//! A newer schema has fields that ours has not, and secrets stand in them too. Bytes of
//! an unknown field that decode as a message are walked as one; whatever they are, they
//! are then scanned as text. Where nothing is found they stay as they are.

use crate::rim::payload::named;
use crate::rim::payload::protobuf::schema::{AnyValue, Kind, Message, Named};
use crate::rim::payload::protobuf::wire::{Content, Field, Fields, Rewrite, is_message};
use crate::rim::payload::refusal::Refusal;
use crate::rim::payload::work::Work;

/// How deep messages may lie in each other; protobuf's own readers take 100.
const MAX_DEPTH: usize = 100;

/// How deep unknown fields are taken for messages. Each level is a guess.
const MAX_GUESSES: usize = 8;

/// An id longer than this is none.
const MAX_ID: usize = 16;

/// What stands for bytes that are no text.
const BYTES_STUB: &[u8] = b"[blackbar: bytes removed]";

/// Masks messages of one body.
pub(crate) struct Walker<'w, 'r, 's> {
    work: &'w mut Work<'r>,
    /// The table of strings that names are looked up in by index.
    strings: Vec<&'s [u8]>,
}

impl<'w, 'r, 's> Walker<'w, 'r, 's> {
    /// Masks with `work`; `strings` is the body's table of strings, if it has one.
    pub(crate) fn new(work: &'w mut Work<'r>, strings: Vec<&'s [u8]>) -> Self {
        Self { work, strings }
    }

    /// The masked message; `None` if nothing in it was found.
    ///
    /// # Errors
    ///
    /// The message does not decode or is nested too deeply, or the route refuses bytes
    /// that are no text.
    pub(crate) fn message(
        &mut self,
        bytes: &[u8],
        message: &Message,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        self.nested(bytes, message, None, 0)
    }

    /// A message that stands under a name, or under none.
    fn nested(
        &mut self,
        bytes: &[u8],
        message: &Message,
        name: Option<&[u8]>,
        depth: usize,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        if depth > MAX_DEPTH {
            return Err(Refusal::Undecodable);
        }
        let own = match message.named {
            Some(named) => self.name_of(bytes, named)?,
            None => None,
        };
        let mut rewrite = Rewrite::of(bytes);
        for field in Fields::of(bytes) {
            let field = field?;
            let Content::Bytes(content) = field.content else {
                continue;
            };
            let is_value = message
                .named
                .is_some_and(|named| named.value == field.number);
            let name = if is_value { own } else { name };
            let masked = match message.kind(field.number) {
                Some(Kind::Id) if content.len() <= MAX_ID => None,
                Some(Kind::Text) if is_value => named::string(self.work, own, content),
                Some(Kind::Text) => named::text(self.work, content),
                Some(Kind::Message(inner)) => self.nested(content, inner, name, depth + 1)?,
                Some(Kind::Any(any)) => self.any(content, any, name, depth + 1)?,
                Some(Kind::Id) | None => self.unknown(content, 0),
            };
            if let Some(masked) = masked {
                rewrite.content(&field, &masked);
            }
        }
        Ok(rewrite.finish())
    }

    /// The name that a message gives its value. The last one counts, as for any field.
    fn name_of<'b>(&self, bytes: &'b [u8], named: Named) -> Result<Option<&'b [u8]>, Refusal>
    where
        's: 'b,
    {
        let mut name = None;
        let mut by_index = None;
        for field in Fields::of(bytes) {
            let field = field?;
            match field.content {
                Content::Bytes(content) if Some(field.number) == named.name => name = Some(content),
                Content::Varint(index) if Some(field.number) == named.index => {
                    by_index = usize::try_from(index).ok();
                }
                _ => {}
            }
        }
        let looked_up = || self.strings.get(by_index?).copied();
        Ok(name.filter(|name| !name.is_empty()).or_else(looked_up))
    }

    /// One value of any type.
    fn any(
        &mut self,
        bytes: &[u8],
        any: &AnyValue,
        name: Option<&[u8]>,
        depth: usize,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        if depth > MAX_DEPTH {
            return Err(Refusal::Undecodable);
        }
        let mut rewrite = Rewrite::of(bytes);
        for field in Fields::of(bytes) {
            let field = field?;
            match field.content {
                Content::Bytes(content) => {
                    self.any_bytes(&field, content, any, name, depth, &mut rewrite)?;
                }
                scalar => {
                    if let Some(mask) = self.any_number(field.number, scalar, any, name) {
                        rewrite.replace(&field, any.string, &mask);
                    }
                }
            }
        }
        Ok(rewrite.finish())
    }

    fn any_number(
        &mut self,
        number: u32,
        content: Content<'_>,
        any: &AnyValue,
        name: Option<&[u8]>,
    ) -> Option<Vec<u8>> {
        match content {
            Content::Varint(value) if number == any.int => {
                named::number(self.work, name, &value.cast_signed().to_string())
            }
            Content::Fixed64(bits) if number == any.double => {
                let value = f64::from_bits(bits);
                // JSON has no infinities; any number stands for them.
                let value = if value.is_finite() { value } else { 0.5 };
                named::number(self.work, name, &format!("{value:?}"))
            }
            Content::Varint(index) if number == any.index => {
                let value = self.strings.get(usize::try_from(index).ok()?).copied()?;
                named::string(self.work, name, value)
            }
            _ => None,
        }
    }

    fn any_bytes(
        &mut self,
        field: &Field<'_>,
        content: &[u8],
        any: &AnyValue,
        name: Option<&[u8]>,
        depth: usize,
        rewrite: &mut Rewrite<'_>,
    ) -> Result<(), Refusal> {
        let container = any.containers.iter().find(|(of, _)| *of == field.number);
        if let Some((_, inner)) = container {
            if let Some(mask) = named::whole(self.work, name) {
                // What goes whole has to be a message all the same.
                Fields::of(content).try_for_each(|field| field.map(|_| ()))?;
                rewrite.replace(field, any.string, &mask);
            } else if let Some(masked) = self.nested(content, inner, name, depth + 1)? {
                rewrite.content(field, &masked);
            }
            return Ok(());
        }
        let masked = if field.number == any.string {
            named::string(self.work, name, content)
        } else if field.number == any.bytes {
            self.bytes(content, name)?
        } else {
            self.unknown(content, 0)
        };
        if let Some(masked) = masked {
            rewrite.content(field, &masked);
        }
        Ok(())
    }

    /// Bytes of any kind.
    fn bytes(&mut self, content: &[u8], name: Option<&[u8]>) -> Result<Option<Vec<u8>>, Refusal> {
        if named::is_text(content) {
            return Ok(named::string(self.work, name, content));
        }
        if let Some(mask) = named::whole(self.work, name) {
            return Ok(Some(mask));
        }
        let mut out = Vec::new();
        self.work
            .undecodable("binary", content, BYTES_STUB, &mut out)?;
        Ok((out != content).then_some(out))
    }

    /// Bytes of a field that the schema does not know.
    fn unknown(&mut self, content: &[u8], guesses: usize) -> Option<Vec<u8>> {
        let walked = if guesses < MAX_GUESSES && !content.is_empty() && is_message(content) {
            self.guessed(content, guesses)
        } else {
            None
        };
        // A secret may lie across what was taken for fields.
        if guesses > 0 {
            let text = walked.is_none().then(|| named::text(self.work, content));
            return walked.or(text.flatten());
        }
        let scanned = named::text(self.work, walked.as_deref().unwrap_or(content));
        scanned.or(walked)
    }

    /// Bytes that may be a message of an unknown schema.
    fn guessed(&mut self, content: &[u8], guesses: usize) -> Option<Vec<u8>> {
        let mut rewrite = Rewrite::of(content);
        for field in Fields::of(content).map_while(Result::ok) {
            if let Content::Bytes(inner) = field.content
                && let Some(masked) = self.unknown(inner, guesses + 1)
            {
                rewrite.content(&field, &masked);
            }
        }
        rewrite.finish()
    }
}
