//! Names of sensitive fields: data as a pack tells it, and the question whether a name
//! is one of them.
//!
//! A name is compared by its *segments*: it is split at `_`, `-`, `.`, blanks and other
//! punctuation, at the humps of camelCase and between letters and digits, and ASCII case
//! is ignored. `userAPIKey2`, `user-api-key-2` and `USER_API_KEY_2` are the same name.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

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

/// The longest name that is looked at, in letters and digits.
pub(crate) const LONGEST: usize = 96;

/// A name taken apart.
pub(crate) struct Name {
    flat: [u8; LONGEST],
    length: usize,
    /// Bit `i`: a segment begins at `flat[i]`.
    segments: u128,
    /// Bit `i`: it does so because a separator stands before it.
    separated: u128,
}

impl Name {
    /// None where there is no letter or digit, or too many.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let mut name = Self {
            flat: [0; LONGEST],
            length: 0,
            segments: 0,
            separated: 0,
        };
        let mut previous = 0_u8;
        for (index, &byte) in text.iter().enumerate() {
            if byte.is_ascii_alphanumeric() {
                if name.length == LONGEST {
                    return None;
                }
                let next = text.get(index + 1).copied().unwrap_or(0);
                let bit = 1 << name.length;
                if !previous.is_ascii_alphanumeric() {
                    name.segments |= bit;
                    name.separated |= bit;
                } else if is_hump(previous, byte, next) {
                    name.segments |= bit;
                }
                name.flat[name.length] = byte.to_ascii_lowercase();
                name.length += 1;
            }
            previous = byte;
        }
        (name.length > 0).then_some(name)
    }

    fn flat(&self) -> &[u8] {
        &self.flat[..self.length]
    }

    /// Whether it is of more than one segment.
    pub(crate) fn is_compound(&self) -> bool {
        self.segments & (self.segments - 1) != 0
    }

    fn begins_segment(&self, at: usize) -> bool {
        at == self.length || self.segments >> at & 1 == 1
    }

    /// Where a word ends that begins at `at`, as `matching` says.
    #[inline]
    fn word_at(&self, at: usize, word: &[u8], matching: Matching) -> Option<usize> {
        let flat = self.flat();
        let end = at + word.len();
        if !flat[at..].starts_with(word) {
            return None;
        }
        match matching {
            Matching::Exact => (at == 0 && end == flat.len()).then_some(end),
            Matching::Suffix => (end == flat.len() && self.begins_segment(at)).then_some(end),
            Matching::Substring => {
                let inside = self.separated >> at >> 1 & ((1 << (word.len() - 1)) - 1);
                (inside == 0).then_some(end)
            }
            Matching::Segment if !self.begins_segment(at) => None,
            Matching::Segment if self.begins_segment(end) => Some(end),
            Matching::Segment => {
                let plural = flat[end] == b's' && self.begins_segment(end + 1);
                plural.then_some(end + 1)
            }
        }
    }

    /// Whether a digit follows directly on what ends at `end`.
    fn is_numbered(&self, end: usize) -> bool {
        self.flat().get(end).is_some_and(u8::is_ascii_digit) && self.separated >> end & 1 == 0
    }
}

/// Whether a segment begins at `byte` without a separator.
fn is_hump(previous: u8, byte: u8, next: u8) -> bool {
    byte.is_ascii_uppercase() && (previous.is_ascii_lowercase() || next.is_ascii_lowercase())
        || byte.is_ascii_digit() != previous.is_ascii_digit()
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
        !self.sensitive.entries.is_empty()
    }

    /// Whether there are names of services.
    pub(crate) fn has_services(&self) -> bool {
        !self.services.entries.is_empty()
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

/// Words by the two letters that they begin with.
struct Index {
    /// The words, one behind the other.
    text: Vec<u8>,
    entries: Vec<Entry>,
    /// By pair of letters: the first entry and the one after the last.
    pairs: Vec<(u16, u16)>,
    /// How the words of an entry are looked for, by its number.
    matching: Vec<Matching>,
}

struct Entry {
    /// Where the word begins in the text.
    from: u32,
    length: u8,
    matching: Matching,
    /// The number of the entry in its pack that the word is of.
    number: u32,
}

/// Letters and digits, and none.
const LETTERS: usize = 37;

fn letter(byte: Option<&u8>) -> usize {
    match byte {
        Some(byte @ b'a'..=b'z') => usize::from(byte - b'a') + 1,
        Some(byte @ b'0'..=b'9') => usize::from(byte - b'0') + 27,
        _ => 0,
    }
}

fn pair(text: &[u8]) -> usize {
    letter(text.first()) * LETTERS + letter(text.get(1))
}

impl Index {
    /// Of words, how each is looked for, and the number of its entry.
    fn new<'a>(words: impl Iterator<Item = (&'a [u8], Matching, u32)>) -> Self {
        let mut words: Vec<_> = words.collect();
        words.sort_by_key(|(word, ..)| pair(word));
        let mut index = Self {
            text: Vec::new(),
            entries: Vec::with_capacity(words.len()),
            pairs: vec![(0, 0); LETTERS * LETTERS],
            matching: Vec::new(),
        };
        for (at, (word, matching, number)) in (0..).zip(words) {
            let range: &mut (u16, u16) = &mut index.pairs[pair(word)];
            if range.1 == 0 {
                range.0 = at;
            }
            range.1 = at + 1;
            index.entries.push(Entry {
                from: index.text.len() as u32,
                length: word.len() as u8,
                matching,
                number,
            });
            index.text.extend_from_slice(word);
            let number = number as usize;
            let known = index.matching.len().max(number + 1);
            index.matching.resize(known, Matching::Segment);
            index.matching[number] = matching;
        }
        index
    }

    fn word(&self, entry: &Entry) -> &[u8] {
        let from = entry.from as usize;
        &self.text[from..from + usize::from(entry.length)]
    }

    fn matching(&self, number: u32) -> Matching {
        self.matching[number as usize]
    }

    /// The longest word that `text` begins with: the number of its entry and its length.
    fn longest_at(&self, text: &[u8]) -> Option<(u32, usize)> {
        let first = [0, 1].map(|at| text.get(at).map(u8::to_ascii_lowercase));
        let key = letter(first[0].as_ref()) * LETTERS + letter(first[1].as_ref());
        let (from, to) = self.pairs[key];
        let entries = self.entries[usize::from(from)..usize::from(to)].iter();
        entries
            .filter(|entry| {
                let word = self.word(entry);
                let head = text.get(..word.len());
                head.is_some_and(|head| head.eq_ignore_ascii_case(word))
            })
            .map(|entry| (entry.number, usize::from(entry.length)))
            .max_by_key(|&(_, length)| length)
    }

    /// Tells every word that stands in a name: the number of its entry, from and to.
    #[inline]
    fn find(&self, name: &Name, mut tell: impl FnMut(u32, usize, usize)) {
        let flat = name.flat();
        for at in 0..flat.len() {
            let single = letter(flat.get(at)) * LETTERS;
            for key in [pair(&flat[at..]), single] {
                let (from, to) = self.pairs[key];
                for entry in &self.entries[usize::from(from)..usize::from(to)] {
                    if let Some(end) = name.word_at(at, self.word(entry), entry.matching) {
                        tell(entry.number, at, end);
                    }
                }
                if key == single {
                    break;
                }
            }
        }
    }
}

/// Whether `text` is longer than `part` and holds it.
fn contains(text: &[u8], part: &[u8]) -> bool {
    text.len() > part.len() && text.windows(part.len()).any(|window| window == part)
}
