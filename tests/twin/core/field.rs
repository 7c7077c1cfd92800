//! Names of sensitive fields: every word at every place of the name.

#[allow(unreachable_pub, reason = "it is public where it is")]
#[path = "../../../src/core/field/pair.rs"]
pub(crate) mod pair;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    Substring,
    Segment,
    Exact,
    Suffix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Demand {
    Any,
    Likely,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Plain,
    Authorization,
    Cookie,
    Service,
}

/// What is known of a sensitive name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sense {
    pub(crate) entry: u32,
    pub(crate) demand: Demand,
    pub(crate) syntax: Syntax,
    pub(crate) compound: bool,
    pub(crate) counts: bool,
    pub(crate) password: bool,
    pub(crate) key: bool,
    pub(crate) thorough: bool,
}

/// An entry of a pack.
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) words: Vec<String>,
    pub(crate) matching: Matching,
    pub(crate) demand: Demand,
    pub(crate) syntax: Syntax,
}

pub(crate) struct FieldNames {
    pub(crate) names: Vec<Entry>,
    pub(crate) benign: Vec<Entry>,
    pub(crate) thorough: bool,
}

/// A letter or digit of a name.
struct Letter {
    byte: u8,
    /// A separator stands before it, or the name begins with it.
    separated: bool,
    /// A segment begins with it.
    first: bool,
}

/// The letters and digits of a name.
fn letters(text: &[u8]) -> Vec<Letter> {
    let at = |index: Option<usize>| {
        index
            .and_then(|index| text.get(index))
            .copied()
            .unwrap_or(0)
    };
    let mut all = Vec::new();
    for (index, byte) in text.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        let (before, after) = (at(index.checked_sub(1)), at(Some(index + 1)));
        let separated = !before.is_ascii_alphanumeric();
        let camel = byte.is_ascii_uppercase() && before.is_ascii_lowercase();
        let last_capital = byte.is_ascii_uppercase() && after.is_ascii_lowercase();
        let number = byte.is_ascii_digit() != before.is_ascii_digit();
        all.push(Letter {
            byte: byte.to_ascii_lowercase(),
            separated,
            first: separated || camel || last_capital || number,
        });
    }
    all
}

/// Where `word` ends in the name if it stands at `at` as the matching wants it.
fn word_at(name: &[Letter], at: usize, word: &[u8], matching: Matching) -> Option<usize> {
    let end = at + word.len();
    let here = name.get(at..end)?;
    if here
        .iter()
        .map(|letter| letter.byte)
        .ne(word.iter().copied())
    {
        return None;
    }
    let begins = |index: usize| name.get(index).is_none_or(|letter| letter.first);
    let fits = match matching {
        Matching::Exact => word.len() == name.len(),
        Matching::Suffix => begins(at) && end == name.len(),
        Matching::Substring => here[1..].iter().all(|letter| !letter.separated),
        Matching::Segment => {
            if begins(at) && !begins(end) && name[end].byte == b's' && begins(end + 1) {
                return Some(end + 1);
            }
            begins(at) && begins(end)
        }
    };
    fits.then_some(end)
}

/// Every place of a word of the entry.
fn places(name: &[Letter], entry: &Entry) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    for at in 0..name.len() {
        for word in &entry.words {
            let flat: Vec<u8> = letters(word.as_bytes())
                .iter()
                .map(|letter| letter.byte)
                .collect();
            places.extend(word_at(name, at, &flat, entry.matching).map(|end| (at, end)));
        }
    }
    places
}

impl FieldNames {
    pub(crate) fn sense(&self, text: &[u8]) -> Option<Sense> {
        let name = letters(text);
        if name.is_empty() || name.len() > 96 {
            return None;
        }
        let flat: Vec<u8> = name.iter().map(|letter| letter.byte).collect();
        let benign = |from: usize, to: usize| {
            self.benign.iter().any(|entry| {
                places(&name, entry)
                    .into_iter()
                    .any(|(start, end)| match entry.matching {
                        Matching::Exact => true,
                        Matching::Suffix => start >= to,
                        Matching::Segment | Matching::Substring => start <= from && to <= end,
                    })
            })
        };
        let mut order: Vec<usize> = (0..self.names.len())
            .filter(|&number| self.names[number].syntax != Syntax::Service)
            .collect();
        order.sort_by_key(|&number| (self.names[number].demand, number));
        for number in order {
            let entry = &self.names[number];
            let numbered = |end: usize| {
                name.get(end)
                    .is_some_and(|letter| letter.byte.is_ascii_digit() && !letter.separated)
            };
            let place = places(&name, entry).into_iter().find(|&(from, to)| {
                let number = entry.demand == Demand::Likely && numbered(to);
                !number && !benign(from, to)
            });
            if let Some((from, to)) = place {
                let word = &flat[from..to];
                return Some(Sense {
                    entry: number as u32,
                    demand: entry.demand,
                    syntax: entry.syntax,
                    compound: name.iter().filter(|letter| letter.first).count() > 1,
                    counts: flat.ends_with(b"tokens") || flat.ends_with(b"keys"),
                    password: word.starts_with(b"pass") || word.starts_with(b"pwd"),
                    key: flat.ends_with(b"key"),
                    thorough: self.thorough,
                });
            }
        }
        None
    }

    /// The names of services, each with the number of its entry.
    fn services(&self) -> impl Iterator<Item = (u32, &str)> {
        let entries = self.names.iter().enumerate();
        entries
            .filter(|(_, entry)| entry.syntax == Syntax::Service)
            .flat_map(|(number, entry)| {
                let words = entry.words.iter();
                words.map(move |word| (number as u32, word.as_str()))
            })
    }

    pub(crate) fn has_services(&self) -> bool {
        self.services().next().is_some()
    }

    /// The longest name of a service that `text` begins with: its entry and its length.
    pub(crate) fn service_at(&self, text: &[u8]) -> Option<(u32, usize)> {
        self.services()
            .filter(|(_, word)| {
                text.get(..word.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
            })
            .map(|(number, word)| (number, word.len()))
            .max_by_key(|&(_, length)| length)
    }

    /// The last part of every word that has three letters, or its longest; none that holds
    /// another one.
    pub(crate) fn stems(&self) -> Vec<Vec<u8>> {
        let mut stems = Vec::new();
        let fields = self.names.iter();
        let fields = fields.filter(|entry| entry.syntax != Syntax::Service);
        for word in fields.flat_map(|entry| &entry.words) {
            let parts = word
                .split(|char: char| !char.is_ascii_alphanumeric())
                .filter(|part| !part.is_empty());
            // The last part that is long enough; else the longest, the last of several.
            let mut longest = String::new();
            let mut last = None;
            for part in parts {
                if part.len() >= 3 {
                    last = Some(part.to_ascii_lowercase());
                }
                if part.len() >= longest.len() {
                    longest = part.to_ascii_lowercase();
                }
            }
            stems.push(last.unwrap_or(longest).into_bytes());
        }
        let all = stems.clone();
        let holds = |stem: &[u8], other: &[u8]| {
            stem != other && stem.windows(other.len()).any(|window| window == other)
        };
        stems.retain(|stem| !all.iter().any(|other| holds(stem, other)));
        stems
    }
}
