//! Random texts that a rule's pattern matches, and where in them the secret lies.

use std::ops::Range;

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::oracle::random::Random;

/// How many times more than it must something is repeated: at the top and inside of
/// what is repeated itself, so that a token stays of a token's length.
const MORE: [usize; 2] = [20, 3];

/// A class of more bytes than this names what is not in it, and a token is not made of
/// whatever it forgot: bytes that change the meaning of their neighbours are left out.
const ALPHABET: usize = 100;

/// A random match.
pub(crate) struct Token {
    pub(crate) bytes: Vec<u8>,
    pub(crate) secret: Range<usize>,
}

/// One of the texts that a pattern matches; `group` is where the secret lies.
pub(crate) fn token(hir: &Hir, group: usize, random: &mut Random) -> Token {
    let mut sampler = Sampler {
        random,
        group: group as u32,
        bytes: Vec::new(),
        secret: None,
        depth: 0,
    };
    sampler.visit(hir);
    let secret = sampler.secret.unwrap_or(0..sampler.bytes.len());
    Token {
        bytes: sampler.bytes,
        secret,
    }
}

struct Sampler<'a> {
    random: &'a mut Random,
    group: u32,
    bytes: Vec<u8>,
    secret: Option<Range<usize>>,
    depth: usize,
}

impl Sampler<'_> {
    fn visit(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.bytes.extend_from_slice(&literal.0),
            HirKind::Class(class) => {
                let byte = self.member(class);
                self.bytes.extend(byte);
            }
            HirKind::Repetition(repetition) => {
                let least = repetition.min as usize;
                let more = MORE[self.depth.min(1)];
                // Between the members of another repetition the optional is rare.
                let is_filler = self.depth > 0 && least == 0 && !self.random.one_in(8);
                let more = if is_filler { 0 } else { more };
                let most = repetition
                    .max
                    .map_or(least + more, |max| (max as usize).min(least + more));
                self.depth += usize::from(repetition.max != Some(1));
                for _ in 0..self.random.between(least, most) {
                    self.visit(&repetition.sub);
                }
                self.depth -= usize::from(repetition.max != Some(1));
            }
            HirKind::Capture(group) => {
                let start = self.bytes.len();
                self.visit(&group.sub);
                if group.index == self.group {
                    self.secret = Some(start..self.bytes.len());
                }
            }
            HirKind::Concat(items) => items.iter().for_each(|item| self.visit(item)),
            HirKind::Alternation(items) => {
                let choice = self.random.below(items.len());
                self.visit(&items[choice]);
            }
        }
    }

    /// A member of a class: printable where there is one.
    fn member(&mut self, class: &Class) -> Vec<u8> {
        let members = match class {
            Class::Bytes(class) => class
                .iter()
                .flat_map(|range| range.start()..=range.end())
                .collect::<Vec<u8>>(),
            Class::Unicode(class) => {
                let range = class.ranges()[self.random.below(class.ranges().len())];
                return range.start().to_string().into_bytes();
            }
        };
        let is_wide = members.len() > ALPHABET;
        let plain: Vec<u8> = members
            .iter()
            .copied()
            .filter(|byte| (b' '..=b'~').contains(byte))
            .filter(|byte| !is_wide || byte.is_ascii_alphanumeric() || b"._~-!+".contains(byte))
            .collect();
        let choices = if plain.is_empty() { &members } else { &plain };
        vec![choices[self.random.below(choices.len())]]
    }
}

/// The structure of a pattern.
pub(crate) fn parse(pattern: &str, ignore_case: bool) -> Hir {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(ignore_case)
        .build()
        .parse(pattern)
        .unwrap_or_else(|error| panic!("{pattern}: {error}"))
}
