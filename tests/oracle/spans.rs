//! Findings over cells: what they cover, how they unite, what is masked.

use std::ops::Range;

use super::json::{Cell, Kind};

/// A place where a rule found a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: usize,
    pub(crate) range: Range<usize>,
    pub(crate) overdue: bool,
}

impl Finding {
    pub(crate) fn covers(&self, cell: &Cell) -> bool {
        cell.kind != Kind::Structure
            && self.range.start < cell.range.end
            && cell.range.start < self.range.end
    }
}

/// A part of the output.
pub(crate) enum Piece {
    Kept(Range<usize>),
    Mask {
        /// The rule that names the mask.
        rule: usize,
        /// The level at which the mask brings its own quotes.
        level: Option<usize>,
    },
}

/// Replaces every maximal run of neighbours that findings cover by one mask.
pub(crate) fn pieces<'a>(
    cells: &[Cell],
    findings: &[Finding],
    id: impl Fn(usize) -> &'a String,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = cells;
    while let Some(first) = rest.first() {
        let length = 1 + rest
            .windows(2)
            .take_while(|pair| are_one(&pair[0], &pair[1], findings))
            .count();
        let (run, after) = rest.split_at(length);
        let owner = findings
            .iter()
            .filter(|finding| run.iter().any(|cell| finding.covers(cell)))
            .min_by_key(|finding| precedence(finding, id(finding.rule)));
        pieces.push(match owner {
            None => Piece::Kept(first.range.clone()),
            Some(owner) => Piece::Mask {
                rule: owner.rule,
                level: match first.kind {
                    Kind::Scalar(level) => Some(level),
                    Kind::Unit | Kind::Structure => None,
                },
            },
        });
        rest = after;
    }
    pieces
}

/// Whether two neighbours share a mask.
fn are_one(left: &Cell, right: &Cell, findings: &[Finding]) -> bool {
    left.kind == Kind::Unit
        && right.kind == Kind::Unit
        && findings
            .iter()
            .any(|finding| finding.covers(left) && finding.covers(right))
}

/// Which finding names a mask: the smallest start, then overdue, then (not among
/// overdue ones) the longest, then the smallest id.
fn precedence<'a>(finding: &Finding, id: &'a str) -> impl Ord + use<'a> {
    let Range { start, end } = finding.range;
    let length = if finding.overdue { 0 } else { end - start };
    (start, !finding.overdue, std::cmp::Reverse(length), id)
}
