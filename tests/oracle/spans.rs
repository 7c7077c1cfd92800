//! Findings over cells: what they cover, how they unite, what is masked.

use std::cmp::Reverse;
use std::ops::Range;

use super::json::{Cell, Kind};

/// A place where a rule found a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: usize,
    pub(crate) range: Range<usize>,
    pub(crate) overdue: bool,
    pub(crate) style: Style,
    /// The start of the value that it lies in, which ends at the same place.
    pub(crate) within: Option<usize>,
}

/// How a finding is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// What it overlaps of strings and text.
    Text,
    /// The same, to the end of the string that it begins in.
    Value,
    /// Structure too, with one mask that has these quotes; not further than that string.
    Whole(Quotes),
}

/// The quotes that a mask brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    None,
    Double(usize),
    Single(usize),
    /// `null` stands there instead.
    Null,
}

impl Finding {
    pub(crate) fn text(rule: usize, range: Range<usize>) -> Self {
        Self {
            rule,
            range,
            overdue: false,
            style: Style::Text,
            within: None,
        }
    }

    fn overlaps(&self, cell: &Cell) -> bool {
        self.range.start < cell.range.end && cell.range.start < self.range.end
    }

    fn is_whole(&self) -> bool {
        matches!(self.style, Style::Whole(_))
    }
}

/// A part of the output.
pub(crate) enum Piece {
    Kept(Range<usize>),
    Mask {
        /// The rule that names the mask.
        rule: usize,
        quotes: Quotes,
    },
}

/// A record's cells and the findings that cover some of them, by precedence.
pub(crate) struct Spans<'a> {
    cells: &'a [Cell],
    findings: Vec<Finding>,
    /// By finding and cell.
    covers: Vec<Vec<bool>>,
    /// By cell: a finding covers it as structure is covered.
    whole: Vec<bool>,
}

impl<'a> Spans<'a> {
    pub(crate) fn new(
        cells: &'a [Cell],
        mut findings: Vec<Finding>,
        id: impl Fn(usize) -> String,
    ) -> Self {
        findings.sort_by_key(|finding| precedence(finding, id(finding.rule)));
        let mut whole = vec![false; cells.len()];
        for finding in findings.iter_mut().filter(|finding| finding.is_whole()) {
            end_with_the_string(finding, cells);
            for (whole, cell) in whole.iter_mut().zip(cells) {
                *whole |= finding.overlaps(cell);
            }
        }
        for finding in &mut findings {
            if finding.style == Style::Value {
                end_with_the_string(finding, cells);
                end_at_structure(finding, cells, &whole);
            }
        }
        let findings = without_repeats(findings);
        let mut spans = Self {
            cells,
            findings,
            covers: Vec::new(),
            whole,
        };
        spans.covers = spans
            .findings
            .iter()
            .map(|finding| {
                let covers = |(cell, &whole): (&Cell, &bool)| {
                    finding.overlaps(cell) && (whole || cell.kind != Kind::Structure)
                };
                spans.cells.iter().zip(&spans.whole).map(covers).collect()
            })
            .collect();
        spans
    }

    /// The findings that cover something.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &Finding> {
        let covering = self.findings.iter().zip(&self.covers);
        covering
            .filter(|(_, covers)| covers.contains(&true))
            .map(|(finding, _)| finding)
    }

    /// Replaces every maximal run of neighbours that findings cover by one mask.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < self.cells.len() {
            let from = at;
            at += 1;
            while at < self.cells.len() && self.are_one(at - 1, at) {
                at += 1;
            }
            let first = &self.cells[from];
            let covers = |finding: &usize| self.covers[*finding][from];
            let mut covering = (0..self.findings.len()).filter(covers);
            pieces.push(match covering.next() {
                None => Piece::Kept(first.range.clone()),
                Some(owner) => Piece::Mask {
                    rule: self.findings[owner].rule,
                    quotes: self.quotes(from),
                },
            });
        }
        pieces
    }

    /// The quotes of a mask that begins with a cell: a scalar's own, or those of the first
    /// finding that begins there and brings some.
    fn quotes(&self, at: usize) -> Quotes {
        let cell = &self.cells[at];
        if let Kind::Scalar(level) = cell.kind
            && !self.whole[at]
        {
            return Quotes::Double(level);
        }
        let begins = |finding: &&Finding| {
            let start = finding.range.start;
            if cell.text {
                start == cell.range.start
            } else {
                cell.range.contains(&start)
            }
        };
        let brought = self
            .findings
            .iter()
            .filter(begins)
            .find_map(|finding| match finding.style {
                Style::Whole(quotes) => Some(quotes).filter(|&quotes| quotes != Quotes::None),
                Style::Text | Style::Value => None,
            });
        brought.unwrap_or(Quotes::None)
    }

    /// Whether two neighbours share a mask.
    fn are_one(&self, left: usize, right: usize) -> bool {
        let joins = |at: usize| self.whole[at] || self.cells[at].kind == Kind::Unit;
        joins(left)
            && joins(right)
            && self
                .covers
                .iter()
                .any(|covers| covers[left] && covers[right])
    }
}

/// A value ends before structure of a string around the one that it begins in. One that
/// begins at structure, other than with a string or as a container, is none.
fn end_with_the_string(finding: &mut Finding, cells: &[Cell]) {
    let Some(first) = cells.iter().position(|cell| finding.overlaps(cell)) else {
        return;
    };
    let level = cells[first].level;
    let before = first.checked_sub(1).map_or(0, |before| cells[before].level);
    let bare = matches!(finding.style, Style::Value | Style::Whole(Quotes::None));
    let begins = finding.range.start >= cells[first].range.start;
    if bare && begins && cells[first].kind == Kind::Structure && before >= level {
        finding.range.end = cells[first].range.start;
        return;
    }
    let around = cells[first..]
        .iter()
        .find(|cell| cell.kind == Kind::Structure && cell.level < level);
    if let Some(cell) = around {
        finding.range.end = finding.range.end.min(cell.range.start);
    }
}

/// A value ends at structure after it has covered something.
fn end_at_structure(finding: &mut Finding, cells: &[Cell], whole: &[bool]) {
    let mut covered = false;
    for (cell, &whole) in cells.iter().zip(whole) {
        if !finding.overlaps(cell) {
            continue;
        }
        if whole || cell.kind != Kind::Structure {
            covered = true;
        } else if covered {
            finding.range.end = cell.range.start;
            return;
        }
    }
}

/// Without the values that lie in one that was not cut short before them.
fn without_repeats(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        let repeats = finding.within.is_some_and(|start| {
            kept.iter().any(|other| {
                other.style != Style::Text
                    && other.within.unwrap_or(other.range.start) == start
                    && other.range.contains(&finding.range.start)
            })
        });
        if !repeats {
            kept.push(finding);
        }
    }
    kept
}

/// Which finding names a mask: the smallest start, then overdue, then matches of rules,
/// the longest first, then fields, then the smallest id.
fn precedence(finding: &Finding, id: String) -> impl Ord + use<> {
    let Range { start, end } = finding.range;
    let (rank, length) = match (finding.overdue, finding.style) {
        (true, _) => (0, 0),
        (false, Style::Text) => (1, end - start),
        (false, _) => (2, 0),
    };
    (start, rank, Reverse(length), id)
}
