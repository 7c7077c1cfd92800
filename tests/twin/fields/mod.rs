//! The detector of fields once more: every occurrence of a word's stem, each value
//! followed to its end over the whole record. What decides whether a place is a field at
//! all is a table that the engine's own files are; it asks the quotes, ends, names and
//! containers of the twin.

#![allow(
    clippy::nonminimal_bool,
    clippy::naive_bytecount,
    reason = "as in the engine, of which some of these files are"
)]

pub(crate) mod container;
pub(crate) mod ends;
pub(crate) mod quote;

#[path = "../../../src/core/scanner/fields/accept.rs"]
mod accept;
#[path = "../../../src/core/scanner/fields/carry.rs"]
mod carry;
#[path = "../../../src/core/scanner/fields/credential.rs"]
mod credential;
#[path = "../../../src/core/scanner/fields/element.rs"]
mod element;
#[path = "../../../src/core/scanner/fields/form.rs"]
mod form;
#[path = "../../../src/core/scanner/fields/judge.rs"]
mod judge;
#[path = "../../../src/core/scanner/fields/name.rs"]
mod name;
#[path = "../../../src/core/scanner/fields/pair.rs"]
mod pair;
#[path = "../../../src/core/scanner/fields/reference.rs"]
mod reference;
#[path = "../../../src/core/scanner/fields/separator.rs"]
mod separator;
#[path = "../../../src/core/scanner/fields/service.rs"]
mod service;
#[path = "../../../src/core/scanner/fields/sql.rs"]
mod sql;
#[path = "../../../src/core/scanner/fields/text.rs"]
mod text;

use std::ops::Range;

use carry::{Carry, Line};
use container::Walk;
use ends::{End, LOOKAHEAD};
use judge::{AFTER, Around, BEFORE, Claim, Extent};
use quote::Spelling;

use crate::core::field::FieldNames;
use crate::core::mask::Quotes;
use crate::oracle::spans::{self, Finding, Style};

/// Letters of a name that are written as escapes.
const ESCAPED: [&str; 8] = [
    "\\u004", "\\u005", "\\u006", "\\u007", "%4", "%5", "%6", "%7",
];

/// The detector, with what one record leaves to the next.
pub(crate) struct Fields {
    names: FieldNames,
    stems: Vec<Vec<u8>>,
    typed: bool,
    carry: Option<Carry>,
}

/// What is found in one record.
#[derive(Default)]
struct Record {
    findings: Vec<Finding>,
    /// By kind: the last value.
    last: Vec<(Kind, Range<usize>)>,
    leaves: Option<Carry>,
}

/// Values of one kind end at the same place if they overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    End(End),
    /// Blocks of any indentation.
    Block,
    Container(u8),
}

impl Fields {
    pub(crate) fn new(names: FieldNames, typed: bool) -> Self {
        let mut stems = names.stems();
        stems.extend(ESCAPED.map(|text| text.as_bytes().to_vec()));
        if names.has_services() {
            stems.extend(service::KEYS.map(<[u8]>::to_vec));
        }
        Self {
            names,
            stems,
            typed,
            carry: None,
        }
    }

    /// The ids of the names, in the order of their numbers.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.names
            .names
            .iter()
            .map(|entry| entry.id.clone())
            .collect()
    }

    /// A new stream.
    pub(crate) fn reset(&mut self) {
        self.carry = None;
    }

    /// The findings of the next record; rules are numbered from `first` on.
    pub(crate) fn find(&mut self, content: &[u8], first: usize) -> Vec<Finding> {
        let mut record = Record::default();
        if let Some(carry) = self.carry.take() {
            self.go_on(carry, content, &mut record);
        }
        for at in 0..content.len() {
            let here = &content[at..];
            let suspect = self.stems.iter().any(|stem| {
                here.get(..stem.len())
                    .is_some_and(|text| text.eq_ignore_ascii_case(stem))
            });
            if suspect {
                self.suspect(at, content, &mut record);
            }
        }
        self.carry = record.leaves;
        for finding in &mut record.findings {
            finding.rule += first;
        }
        record.findings
    }

    /// What the record before has left.
    fn go_on(&self, carry: Carry, content: &[u8], record: &mut Record) {
        match carry.line(content) {
            Line::Other => {}
            Line::Kept(next) => record.leaves = Some(next),
            Line::Value { claim, next } => {
                self.accept(claim, 0, content, record);
                record.leaves = next;
            }
            Line::Inside { entry, walk } => {
                let read = walk.read(content, 0);
                leaves(entry as usize, content, &read, Quotes::Level(0), record);
                let end = read.closed.unwrap_or(content.len());
                record.cover(Kind::Container(0), 0..end);
                if read.closed.is_none() {
                    record.leaves = Some(carry.in_container(read.depth));
                }
            }
        }
    }

    fn suspect(&self, at: usize, content: &[u8], record: &mut Record) {
        let from = at.saturating_sub(BEFORE);
        let to = content.len().min(at + AFTER);
        let around = Around {
            bytes: &content[from..to],
            begins: from == 0,
            ends: to == content.len(),
        };
        let mut claims = Vec::new();
        let mut senses = |name: &[u8]| self.names.sense(name);
        let index = at - from;
        if let Some(carry) = judge::judge(&self.names, &mut senses, around, index, &mut claims) {
            record.leaves = Some(carry);
        }
        for claim in claims {
            // The end of one further on is not in the neighbourhood.
            if from + claim.start <= at + AFTER - 2 * LOOKAHEAD {
                self.accept(claim, from, content, record);
            }
        }
    }

    fn accept(&self, claim: Claim, from: usize, content: &[u8], record: &mut Record) {
        let start = from + claim.start;
        let kind = kind(claim.extent);
        let outer = record
            .last
            .iter()
            .find(|(other, value)| *other == kind && value.contains(&start))
            .map(|(_, value)| value.start);
        let repeats = match claim.extent {
            Extent::Container { .. } => false,
            _ => outer.is_some_and(|outer| outer < start),
        };
        if outer.is_some() && !repeats {
            return;
        }
        let entry = claim.entry as usize;
        match claim.extent {
            Extent::To(end) => {
                let ended = end.find(content, start, true).unwrap();
                let style = match end {
                    End::Scalar if self.typed => Style::Whole(spans::Quotes::Null),
                    End::Scalar => Style::Whole(of(claim.quotes)),
                    End::Quote(quote) if claim.whole && quote.byte == b'"' => {
                        Style::Whole(spans::Quotes::None)
                    }
                    _ if claim.carried => Style::Whole(spans::Quotes::None),
                    _ => Style::Value,
                };
                record.tell(entry, start..ended, style, outer);
                if outer.is_none() {
                    record.cover(kind, start..ended);
                }
            }
            Extent::Cookie { end, .. } if outer.is_some() => {
                let ended = end.find(content, start, true).unwrap();
                record.tell(entry, start..ended, Style::Value, outer);
            }
            Extent::Cookie { end, set, list } => {
                let mut next = Some(start);
                while let Some(start) = next {
                    let ended = end.find(content, start, true).unwrap();
                    let text = &content[start..ended];
                    if !(text.len() < LOOKAHEAD && crate::core::mask::is_placeholder(text)) {
                        record.tell(entry, start..ended, Style::Value, None);
                    }
                    record.cover(kind, start..ended);
                    next = credential::next_cookie(content, ended, set, list);
                }
            }
            Extent::Container { level, quoted } => {
                let walk = Walk::new(level, quoted, content.get(start).copied().unwrap_or(0));
                let read = walk.read(content, start);
                let mut end = read.closed.unwrap_or(content.len());
                if self.typed {
                    leaves(entry, content, &read, Quotes::Null, record);
                } else {
                    // Without quotes of its own a mask has to be all of a word.
                    if claim.quotes == Quotes::None && !form::ends_placeholder(content.get(end)) {
                        end = End::Word.find(content, end, true).unwrap();
                    }
                    record.tell(entry, start..end, Style::Whole(of(claim.quotes)), None);
                }
                record.cover(kind, start..end);
            }
        }
    }
}

/// The values of a container, one by one; `number` are the quotes of a number's mask.
fn leaves(
    entry: usize,
    content: &[u8],
    read: &container::Read,
    number: Quotes,
    record: &mut Record,
) {
    for leaf in &read.leaves {
        let text = &content[leaf.start..leaf.end];
        if text.len() <= form::LOOKED_AT && form::is_nothing_quoted(text, false) {
            continue;
        }
        let quotes = if leaf.number { number } else { Quotes::None };
        record.findings.push(Finding {
            style: Style::Whole(of(quotes)),
            ..Finding::text(entry, leaf.start..leaf.end)
        });
    }
}

fn of(quotes: Quotes) -> spans::Quotes {
    match quotes {
        Quotes::None => spans::Quotes::None,
        Quotes::Level(level) => spans::Quotes::Double(usize::from(level)),
        Quotes::Single(level) => spans::Quotes::Single(usize::from(level)),
        Quotes::Null => spans::Quotes::Null,
    }
}

fn kind(extent: Extent) -> Kind {
    match extent {
        Extent::To(End::Deeper(_)) => Kind::Block,
        Extent::Container { level, .. } => Kind::Container(level.min(8)),
        Extent::To(end) | Extent::Cookie { end, .. } => match end {
            End::Quote(mut quote) => {
                if quote.spelling == Spelling::Plain {
                    quote.level = quote.level.min(8);
                }
                Kind::End(End::Quote(quote))
            }
            other => Kind::End(other),
        },
    }
}

impl Record {
    fn tell(&mut self, entry: usize, range: Range<usize>, style: Style, within: Option<usize>) {
        if !range.is_empty() {
            self.findings.push(Finding {
                style,
                within,
                ..Finding::text(entry, range)
            });
        }
    }

    fn cover(&mut self, kind: Kind, range: Range<usize>) {
        self.last.retain(|(other, _)| *other != kind);
        self.last.push((kind, range));
    }
}
