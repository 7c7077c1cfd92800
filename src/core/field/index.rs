//! The words of all entries, and the question which of them stand in a name.
//!
//! A look at two letters leaves few words, and those are compared eight bytes at a time.

use super::Matching;
use super::name::{HEAD, Name};

/// Words by the two letters that they begin with.
pub(super) struct Index {
    /// The words, one behind the other.
    text: Vec<u8>,
    entries: Vec<Entry>,
    /// By pair of letters: the first entry and the one after the last.
    pairs: Vec<(u16, u16)>,
    /// How the words of an entry are looked for, by its number.
    matching: Vec<Matching>,
}

struct Entry {
    /// The first bytes as a number, and which of its bytes count.
    head: u64,
    mask: u64,
    /// Where the word begins in the text.
    from: u32,
    /// The number of the entry in its pack that the word is of.
    number: u32,
    length: u8,
    matching: Matching,
}

/// Letters and digits, and none.
const LETTERS: usize = 37;

/// By byte: the number of its letter, without regard to case, or of its digit; 0 for others.
const LETTER: [u8; 256] = {
    let mut table = [0; 256];
    let mut number = 0;
    while number < 26 {
        table[b'a' as usize + number] = number as u8 + 1;
        table[b'A' as usize + number] = number as u8 + 1;
        number += 1;
    }
    let mut number = 0;
    while number < 10 {
        table[b'0' as usize + number] = number as u8 + 27;
        number += 1;
    }
    table
};

fn letter(byte: Option<&u8>) -> usize {
    byte.map_or(0, |&byte| usize::from(LETTER[usize::from(byte)]))
}

/// The number of the two letters that a text begins with.
fn pair(text: &[u8]) -> usize {
    letter(text.first()) * LETTERS + letter(text.get(1))
}

impl Index {
    /// Of words in lower case, how each is looked for, and the number of its entry.
    pub(super) fn new<'a>(words: impl Iterator<Item = (&'a [u8], Matching, u32)>) -> Self {
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
            let (head, mask) = head(word);
            index.entries.push(Entry {
                head,
                mask,
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

    /// Whether there is no word.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How the words of an entry are looked for.
    pub(super) fn matching(&self, number: u32) -> Matching {
        self.matching[number as usize]
    }

    fn word(&self, entry: &Entry) -> &[u8] {
        let from = entry.from as usize;
        &self.text[from..from + usize::from(entry.length)]
    }

    #[inline]
    fn beginning(&self, pair: usize) -> &[Entry] {
        let (from, to) = self.pairs[pair];
        &self.entries[usize::from(from)..usize::from(to)]
    }

    /// The longest word that `text` begins with, without regard to case: the number of its
    /// entry and its length.
    pub(super) fn longest_at(&self, text: &[u8]) -> Option<(u32, usize)> {
        let candidates = self.beginning(pair(text));
        let (here, _) = head(text.get(..text.len().min(HEAD))?);
        // Words are of letters and digits: this bit tells the cases of the ones apart, and is
        // set in the others.
        let here = here | CASES;
        candidates
            .iter()
            .filter(|entry| {
                here & entry.mask == entry.head && {
                    let word = self.word(entry);
                    let head = text.get(..word.len());
                    head.is_some_and(|head| head.eq_ignore_ascii_case(word))
                }
            })
            .map(|entry| (entry.number, usize::from(entry.length)))
            .max_by_key(|&(_, length)| length)
    }

    /// Tells every word that stands in a name: the number of its entry, from and to.
    #[inline]
    pub(super) fn find(&self, name: &Name, mut tell: impl FnMut(u32, usize, usize)) {
        let flat = name.flat();
        for at in 0..flat.len() {
            let here = name.head(at);
            let single = letter(flat.get(at)) * LETTERS;
            for key in [pair(&flat[at..]), single] {
                for entry in self.beginning(key) {
                    if here & entry.mask == entry.head
                        && let Some(end) = name.word_at(at, self.word(entry), entry.matching)
                    {
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

/// The bit of each byte in which the cases of a letter differ.
const CASES: u64 = 0x2020_2020_2020_2020;

/// The first bytes of a word as a number, and the mask of those that there are.
fn head(word: &[u8]) -> (u64, u64) {
    let mut head = [0; HEAD];
    let mut mask = [0; HEAD];
    for ((head, mask), &byte) in head.iter_mut().zip(&mut mask).zip(word) {
        (*head, *mask) = (byte, u8::MAX);
    }
    (u64::from_le_bytes(head), u64::from_le_bytes(mask))
}
