//! Names of sensitive fields: data as a pack tells it, and the question whether a name
//! is one of them.
//!
//! A name is compared by its *segments*: it is split at `_`, `-`, `.`, blanks and other
//! punctuation, at the humps of camelCase and between letters and digits, and ASCII case
//! is ignored. `userAPIKey2`, `user-api-key-2` and `USER_API_KEY_2` are the same name.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

mod index;
mod met;
mod name;
pub mod pair;

use index::Index;
pub(crate) use met::Met;
pub(crate) use name::{LONGEST, Name};

use crate::core::limits::Profile;
use crate::core::rule::{Example, Text, Texts, id_of};

/// Sensitive names as a pack tells them.
#[derive(Clone, Debug)]
pub struct NameSource {
    pub(crate) full_id: String,
    pub(crate) about: Text,
    pub(crate) words: Vec<Word>,
    pub(crate) matching: Matching,
    pub(crate) demand: Demand,
    pub(crate) syntax: Syntax,
    /// Numbers under the plural are counts.
    pub(crate) counts: bool,
    pub(crate) profiles: Cow<'static, [Profile]>,
    /// Looked for only where it is enabled.
    pub(crate) optional: bool,
    pub(crate) source: Text,
    pub(crate) texts: Arc<Texts>,
}

/// Names that look sensitive and are not.
#[derive(Clone, Debug)]
pub struct BenignSource {
    pub(crate) words: Vec<Word>,
    pub(crate) matching: Matching,
    pub(crate) reason: Text,
    pub(crate) profiles: Cow<'static, [Profile]>,
    pub(crate) texts: Arc<Texts>,
}

/// How the words of an entry are looked for in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Matching {
    /// Anywhere, also inside a longer word; no separator may stand in between.
    Substring,
    /// A run of whole segments, the last one also in the plural.
    Segment,
    /// All segments of the name.
    Exact,
    /// The last segments of the name, behind the sensitive word (exceptions only).
    Suffix,
}

/// Which values of a field are secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Demand {
    /// Whatever stands there.
    #[default]
    Any,
    /// Those that look like a credential: long, of letters and digits.
    Likely,
}

/// How a field's value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    /// One value.
    #[default]
    Plain,
    /// A scheme and a credential (RFC 9110, section 11.4).
    Authorization,
    /// Pairs of names and values (RFC 6265).
    Cookie,
    /// The words name services; a key follows behind a word that tells of one.
    Service,
}

impl NameSource {
    /// Unique among all rules and names: `pack/id`.
    pub fn full_id(&self) -> &str {
        &self.full_id
    }

    /// Unique in its pack.
    pub fn id(&self) -> &str {
        id_of(&self.full_id)
    }

    /// One line on what these names hold.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The words as the pack writes them.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| &*word.text)
    }

    /// How the words are looked for.
    pub fn matching(&self) -> Matching {
        self.matching
    }

    /// Which values are secrets.
    pub fn demand(&self) -> Demand {
        self.demand
    }

    /// The profiles in which it runs.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Whether it is looked for only where it, or its pack, is enabled.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Where the names come from: an address.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Texts and what becomes of them.
    pub fn examples(&self) -> &[Example] {
        self.texts.examples()
    }

    /// Texts that stay as they are.
    pub fn passes(&self) -> &[String] {
        self.texts.passes()
    }
}

impl BenignSource {
    /// The words as the pack writes them.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| &*word.text)
    }

    /// How the words are looked for.
    pub fn matching(&self) -> Matching {
        self.matching
    }

    /// Why they are harmless.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The profiles in which they hold.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Texts that stay as they are.
    pub fn passes(&self) -> &[String] {
        self.texts.passes()
    }
}

impl Matching {
    /// The name as packs write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Substring => "substring",
            Self::Segment => "segment",
            Self::Exact => "exact",
            Self::Suffix => "suffix",
        }
    }
}

/// A word of an entry: `api key` stands for `apikey`, `api_key`, `apiKey` and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: Text,
    /// Its letters and digits in lower case.
    flat: Vec<u8>,
    /// Where in `flat` the literal stands that every name with the word holds.
    stem: Range<usize>,
}

impl Word {
    /// # Errors
    ///
    /// A sentence where `text` holds no letter or digit, or other than ASCII.
    pub(crate) fn new(text: Text) -> Result<Self, &'static str> {
        if !text.is_ascii() || text.len() > LONGEST {
            return Err("words are of ASCII and at most 96 bytes long");
        }
        let mut flat = Vec::with_capacity(text.len());
        let letters = text.bytes().filter(u8::is_ascii_alphanumeric);
        flat.extend(letters.map(|byte| byte.to_ascii_lowercase()));
        if flat.is_empty() {
            return Err("a word has at least one letter or digit");
        }
        Ok(Self {
            stem: Self::stem_of(&text),
            flat,
            text,
        })
    }

    /// The last part of three letters or more, which many words share: `api key`,
    /// `private key`; else the last of the longest ones.
    fn stem_of(text: &str) -> Range<usize> {
        let mut stem = 0..0;
        let mut at = 0;
        for part in text.split(|char: char| !char.is_ascii_alphanumeric()) {
            if part.len() >= 3 || part.len() >= stem.len() {
                stem = at..at + part.len();
            }
            at += part.len();
        }
        stem
    }

    fn stem(&self) -> &[u8] {
        &self.flat[self.stem.clone()]
    }
}

impl Word {
    /// Whether it is one word, and long enough to be looked for by itself.
    pub(crate) fn is_single(&self) -> bool {
        self.text.as_bytes().eq_ignore_ascii_case(&self.flat) && self.flat.len() >= 4
    }
}

/// What is known of a name that is sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says one thing of a name, none excludes another"
)]
pub(crate) struct Sense {
    /// The number of its entry.
    pub(crate) entry: u32,
    pub(crate) demand: Demand,
    pub(crate) syntax: Syntax,
    /// The name has more than one segment: it is no word of prose.
    pub(crate) compound: bool,
    /// Numbers under it are counts: `tokens`.
    pub(crate) counts: bool,
    /// It names a password, whose value may be any word.
    pub(crate) password: bool,
    /// It ends in `key`.
    pub(crate) key: bool,
    /// Only what cannot be a secret at all stays: null, booleans, nothing.
    pub(crate) thorough: bool,
}

/// All sensitive names of a redactor.
pub(crate) struct FieldNames {
    sources: Vec<NameSource>,
    thorough: bool,
    /// The words that make a name sensitive, and those that make it harmless.
    sensitive: Index,
    benign: Index,
    /// The names of services.
    services: Index,
}

impl FieldNames {
    /// `thorough`: references and words of a state are no reason to leave a value.
    pub(crate) fn new(sources: Vec<NameSource>, benign: &[&BenignSource], thorough: bool) -> Self {
        fn entries(
            (number, words, matching): (usize, &[Word], Matching),
        ) -> impl Iterator<Item = (&[u8], Matching, u32)> {
            let words = words.iter().map(|word| word.flat.as_slice());
            words.map(move |word| (word, matching, number as u32))
        }
        let names = |service: bool| {
            let names = sources.iter().enumerate();
            names
                .filter(move |(_, source)| (source.syntax == Syntax::Service) == service)
                .map(|(number, source)| (number, &source.words[..], source.matching))
        };
        let others = benign.iter().enumerate();
        let others = others.map(|(number, source)| (number, &source.words[..], source.matching));
        Self {
            sensitive: Index::new(names(false).flat_map(entries)),
            services: Index::new(names(true).flat_map(entries)),
            benign: Index::new(others.flat_map(entries)),
            sources,
            thorough,
        }
    }

    pub(crate) fn sources(&self) -> &[NameSource] {
        &self.sources
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether there are names of fields, not of services alone.
    pub(crate) fn has_fields(&self) -> bool {
        !self.sensitive.is_empty()
    }

    /// Whether there are names of services.
    pub(crate) fn has_services(&self) -> bool {
        !self.services.is_empty()
    }

    /// Literals of which every sensitive name holds one, in lower case.
    pub(crate) fn stems(&self) -> Vec<Vec<u8>> {
        let fields = self.sources.iter();
        let fields = fields.filter(|source| source.syntax != Syntax::Service);
        let words = fields.flat_map(|source| &source.words);
        let mut stems: Vec<&[u8]> = words.map(Word::stem).collect();
        stems.sort_unstable();
        stems.dedup();
        // One that holds another is found with it.
        let holds_none = |stem: &&&[u8]| !stems.iter().any(|other| contains(stem, other));
        stems
            .iter()
            .filter(holds_none)
            .map(|stem| stem.to_vec())
            .collect()
    }

    /// The longest name of a service that `text` begins with: its entry and its length.
    pub(crate) fn service_at(&self, text: &[u8]) -> Option<(u32, usize)> {
        self.services.longest_at(text)
    }

    /// Whether a name is sensitive. Of several entries that hold it, the one that demands
    /// least of the value, then the first.
    pub(crate) fn sense(&self, text: &[u8]) -> Option<Sense> {
        let name = Name::of(text)?;
        let mut best: Option<(Demand, u32, usize, usize)> = None;
        self.sensitive.find(&name, |number, from, to| {
            let demand = self.sources[number as usize].demand;
            // `sig2` and the like are seldom what they seem.
            let numbered = demand == Demand::Likely && name.is_numbered(to);
            if best.is_none_or(|(least, first, ..)| (demand, number) < (least, first))
                && !numbered
                && !self.is_benign(&name, from, to)
            {
                best = Some((demand, number, from, to));
            }
        });
        let (demand, entry, from, to) = best?;
        let word = &name.flat()[from..to];
        Some(Sense {
            entry,
            demand,
            syntax: self.sources[entry as usize].syntax,
            compound: name.is_compound(),
            counts: self.sources[entry as usize].counts && name.flat().ends_with(b"s"),
            password: word.starts_with(b"pass") || word.starts_with(b"pwd"),
            key: name.flat().ends_with(b"key"),
            thorough: self.thorough,
        })
    }

    /// Whether a name would be sensitive, were it not for an exception.
    pub(crate) fn is_exception(&self, text: &[u8]) -> bool {
        let Some(name) = Name::of(text) else {
            return false;
        };
        let mut exception = false;
        self.sensitive.find(&name, |_, from, to| {
            exception |= self.is_benign(&name, from, to);
        });
        exception && self.sense(text).is_none()
    }

    /// Whether an exception holds for a name whose sensitive word is from `from` to `to`.
    fn is_benign(&self, name: &Name, from: usize, to: usize) -> bool {
        let mut benign = false;
        self.benign.find(name, |number, start, end| {
            benign |= match self.benign.matching(number) {
                Matching::Suffix => start >= to,
                Matching::Exact => true,
                _ => start <= from && end >= to,
            };
        });
        benign
    }
}

/// Whether `text` is longer than `part` and holds it.
fn contains(text: &[u8], part: &[u8]) -> bool {
    text.len() > part.len() && text.windows(part.len()).any(|window| window == part)
}
