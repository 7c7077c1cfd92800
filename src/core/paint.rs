//! From findings to masks: widening, JSON, union, and what may leave.
//!
//! The painter goes over a record once, from left to right, and says of each stretch
//! that it is clean or that it is masked. It may go as far as the frontier of the
//! detectors, down to the start of the cell there. All that it remembers of what has
//! left is whether it is inside a mask, and the findings that still go on.

use crate::core::journal::Journal;
use crate::core::mask::{Mask, Quotes};
use crate::core::scanner::{Finding, OPEN, Style, View, Within};
use crate::core::tally::Tally;
use crate::core::text::json::{self, Cell, CellKind, Opening, Reader, Window};
use crate::core::text::units;

/// Takes what the painter says, in order. Bytes that are in no clean stretch are masked.
pub(crate) trait Canvas {
    /// These bytes of the record leave as they are.
    fn clean(&mut self, from: u64, to: u64);

    /// A mask stands here.
    fn mask(&mut self, mask: Mask);
}

/// One record's painting.
pub(crate) struct Painter {
    /// What is before this offset has been painted.
    at: u64,
    kind: Kind,
    /// The limit of BOM and blanks before a document, and of its scalars, in bytes.
    limit: usize,
    reader: Reader,
    /// Cells that were read and not painted, in order.
    cells: Vec<Cell>,
    /// Findings by [`Finding::key`]; from `next` on those that begin at or after `at`.
    ahead: Vec<Finding>,
    next: usize,
    /// Findings that began before and go on, by the same.
    active: Vec<Active>,
    /// The largest end of an active finding.
    cover: u64,
    /// The largest end of an active finding that covers structure too.
    whole: u64,
    /// How many strings the cell before `at` lies in.
    level: u8,
    /// The unit before `at` is covered, so a mask may go on.
    masking: bool,
    /// Where text begins that is no JSON: from there on nothing is cut short.
    text_from: u64,
    /// The values cut short before that which others behind it have lain in.
    resumed: Vec<Within>,
    /// Where findings that were counted are taken down once their end is known.
    pub(crate) journal: Option<Journal>,
}

struct Active {
    finding: Finding,
    counted: bool,
    /// It lies in another that ends with it and has not been cut short so far.
    repeats: bool,
    /// How many strings of JSON it begins in.
    level: u8,
}

impl Active {
    /// Takes the finding down, which ends at `end` at the latest.
    fn note(&self, end: u64, journal: &mut Journal) {
        if self.counted {
            let finding = &self.finding;
            let place = (finding.start, finding.end.min(end));
            journal.note(place, finding.rule, finding.rank(), finding.unverified);
        }
    }
}

/// Whether one of the findings is of this chain and has still the end that all of it have.
fn goes_on(active: &[Active], chain: Within, end: u64) -> bool {
    active
        .iter()
        .any(|active| active.finding.end == end && active.finding.chain() == chain)
}

/// How the record is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Too little has been seen to tell.
    Unknown,
    Json,
    Text,
}

impl Painter {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            at: 0,
            kind: Kind::Unknown,
            limit,
            reader: Reader::new(limit),
            cells: Vec::new(),
            ahead: Vec::new(),
            next: 0,
            active: Vec::new(),
            cover: 0,
            whole: 0,
            level: 0,
            masking: false,
            text_from: 0,
            resumed: Vec::new(),
            journal: None,
        }
    }

    /// A record begins.
    pub(crate) fn begin(&mut self) {
        self.at = 0;
        self.kind = Kind::Unknown;
        self.cells.clear();
        self.ahead.clear();
        self.next = 0;
        self.active.clear();
        self.cover = 0;
        self.whole = 0;
        self.level = 0;
        self.masking = false;
        self.text_from = 0;
        self.resumed.clear();
    }

    /// The record ends at `end`, and with it the findings that go on.
    pub(crate) fn finish(&mut self, end: u64) {
        if let Some(journal) = &mut self.journal {
            for active in self.active.drain(..) {
                active.note(end, journal);
            }
        }
    }

    /// What is before this offset has been painted.
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    /// Takes in what the detectors told.
    pub(crate) fn tell(&mut self, told: &mut Vec<Finding>) {
        self.ahead.drain(..self.next);
        self.next = 0;
        for finding in told.drain(..) {
            if finding.closes {
                self.close(finding);
            } else {
                self.ahead.push(finding);
            }
        }
        self.ahead.sort_unstable_by_key(Finding::key);
    }

    fn close(&mut self, closing: Finding) {
        let active = self.active.iter_mut().map(|active| &mut active.finding);
        for open in self.ahead.iter_mut().chain(active) {
            if open.end == OPEN && open.chain() == closing.chain() {
                open.end = closing.end;
            }
        }
        self.retire();
    }

    /// Paints up to the frontier: no finding that is yet to be told begins before it.
    pub(crate) fn paint(
        &mut self,
        view: View<'_>,
        frontier: u64,
        canvas: &mut impl Canvas,
        tally: &mut Tally,
    ) {
        if self.kind == Kind::Unknown && !self.open(view, frontier, canvas) {
            return;
        }
        if self.kind == Kind::Json {
            self.paint_json(view, frontier, canvas, tally);
        }
        if self.kind == Kind::Text {
            self.paint_text(view, frontier, canvas, tally);
        }
    }

    /// Tells JSON from text. False where more bytes are needed.
    fn open(&mut self, view: View<'_>, frontier: u64, canvas: &mut impl Canvas) -> bool {
        match json::opening(view.bytes, view.complete, self.limit) {
            Some(Opening::Text) => self.kind = Kind::Text,
            // What comes before the document is structure.
            Some(Opening::Json { lead }) if lead as u64 <= frontier => {
                self.kind = Kind::Json;
                self.reader.begin(lead);
                canvas.clean(0, lead as u64);
                self.at = lead as u64;
            }
            _ => return false,
        }
        true
    }

    // JSON: cell by cell.

    fn paint_json(
        &mut self,
        view: View<'_>,
        frontier: u64,
        canvas: &mut impl Canvas,
        tally: &mut Tally,
    ) {
        let window = Window {
            bytes: view.bytes,
            base: view.base,
            complete: view.complete,
        };
        loop {
            if self.cells.is_empty() && self.active.is_empty() && self.cover <= self.at {
                if view.complete && self.next == self.ahead.len() && frontier == view.end() {
                    return self.leave_rest(frontier, canvas);
                }
                self.skip(window, frontier, canvas);
            }
            while self.cells.is_empty() && self.reader.position() < frontier {
                let cells = &mut self.cells;
                if !self.reader.advance(window, &mut |cell| cells.push(cell)) {
                    break;
                }
            }
            if self.cells.is_empty() {
                break;
            }
            let ready = self
                .cells
                .iter()
                .take_while(|cell| cell.end <= frontier)
                .count();
            for index in 0..ready {
                self.paint_cell(self.cells[index], canvas, tally);
            }
            self.cells.drain(..ready);
            if !self.cells.is_empty() {
                return;
            }
        }
        if self.reader.text_from().is_some() {
            self.kind = Kind::Text;
            self.text_from = self.at;
            // What covers structure goes on.
            self.masking &= self.whole > self.at;
        }
    }

    /// No finding is to come in this record, so that nothing depends any more on what the
    /// rest of it is.
    fn leave_rest(&mut self, end: u64, canvas: &mut impl Canvas) {
        canvas.clean(self.at, end);
        self.at = end;
        self.masking = false;
    }

    /// Where no finding is near, the document need not be taken apart.
    fn skip(&mut self, window: Window<'_>, frontier: u64, canvas: &mut impl Canvas) {
        let next = self
            .ahead
            .get(self.next)
            .map_or(OPEN, |finding| finding.start);
        let level = self.reader.skip(window, next.min(frontier).max(self.at));
        self.level = level.unwrap_or(self.level);
        let to = self.reader.position();
        if to > self.at {
            canvas.clean(self.at, to);
            self.at = to;
            self.masking = false;
        }
    }

    fn paint_cell(&mut self, cell: Cell, canvas: &mut impl Canvas, tally: &mut Tally) {
        debug_assert_eq!(cell.start, self.at);
        // A finding that covers the cell before goes on into this one.
        let joined = self.masking && self.cover > cell.start;
        self.activate(cell.end, cell.level);
        if cell.kind == CellKind::Structure {
            self.leave(cell);
        }
        self.level = cell.level;
        let whole = self.whole > cell.start;
        let covered = self.cover > cell.start && (whole || cell.kind != CellKind::Structure);
        if covered {
            self.count(tally);
            match cell.kind {
                CellKind::Scalar(level) if !whole => {
                    canvas.mask(self.mask(Quotes::Level(level)));
                }
                _ if !joined => canvas.mask(self.mask(self.quotes(cell.end))),
                _ => {}
            }
        } else {
            canvas.clean(cell.start, cell.end);
            self.end_values(cell.start);
        }
        self.masking = covered && (whole || cell.kind == CellKind::Unit);
        self.at = cell.end;
        self.retire();
    }

    // Text: stretch by stretch, widened at their ends.

    fn paint_text(
        &mut self,
        view: View<'_>,
        frontier: u64,
        canvas: &mut impl Canvas,
        tally: &mut Tally,
    ) {
        let limit = self.floor(view, frontier.max(self.at));
        while self.at < limit {
            if self.cover > self.at {
                self.paint_mask(view, limit, canvas, tally);
            } else {
                self.paint_clean(view, limit, canvas);
            }
        }
    }

    fn paint_clean(&mut self, view: View<'_>, limit: u64, canvas: &mut impl Canvas) {
        let next = self
            .ahead
            .get(self.next)
            .map_or(OPEN, |finding| finding.start);
        let to = if next < limit {
            self.floor(view, next)
        } else {
            limit
        };
        canvas.clean(self.at, to);
        self.at = to;
        self.masking = false;
        if next < limit {
            self.activate(next + 1, 0);
        }
    }

    fn paint_mask(
        &mut self,
        view: View<'_>,
        limit: u64,
        canvas: &mut impl Canvas,
        tally: &mut Tally,
    ) {
        if !self.masking {
            canvas.mask(self.mask(self.quotes(self.at + 1)));
        }
        // Findings that begin before the widened end belong to the same mask.
        let mut end = self.ceil(view, self.cover, limit);
        while self
            .ahead
            .get(self.next)
            .is_some_and(|next| next.start < end)
        {
            self.activate(end, 0);
            end = self.ceil(view, self.cover, limit);
        }
        self.count(tally);
        self.at = end;
        self.masking = self.cover > end;
        self.retire();
    }

    /// The start of the unit at `offset`.
    fn floor(&self, view: View<'_>, offset: u64) -> u64 {
        let index = units::floor(
            view.bytes,
            view.index(self.at),
            view.index(offset),
            view.complete,
        );
        view.base + index as u64
    }

    /// The end of the unit that `offset` lies in, at most `limit`, which lies between two.
    fn ceil(&self, view: View<'_>, offset: u64, limit: u64) -> u64 {
        if offset >= limit {
            return limit;
        }
        units::ceil(
            view.bytes,
            view.index(self.at),
            view.index(offset),
            view.complete,
        )
        .map_or(limit, |index| view.base + index as u64)
    }

    // Findings.

    /// Findings that begin before `offset` become active.
    fn activate(&mut self, offset: u64, level: u8) {
        while let Some(&finding) = self.ahead.get(self.next).filter(|next| next.start < offset) {
            self.next += 1;
            let repeats = self.repeats(&finding);
            if repeats && self.kind == Kind::Text {
                continue;
            }
            self.cover = self.cover.max(finding.end);
            if let Style::Whole(_) = finding.style {
                self.whole = self.whole.max(finding.end);
            }
            self.active.push(Active {
                finding,
                counted: false,
                repeats,
                level,
            });
        }
    }

    /// Whether another finding goes on that ends with this one.
    fn repeats(&mut self, finding: &Finding) -> bool {
        let Some(chain) = finding.within else {
            return false;
        };
        // In text one at most goes on behind each value that was cut short before.
        if self.kind == Kind::Text {
            if chain.start >= self.text_from || self.resumed.contains(&chain) {
                return true;
            }
            self.resumed.push(chain);
        }
        goes_on(&self.active, chain, finding.end)
    }

    /// What lies in a value that was cut short stands for itself from now on. `drop`: what
    /// lies in one that goes on is of no use any more.
    fn settle(&mut self, drop: bool) {
        for index in (0..self.active.len()).rev() {
            let Active {
                finding, repeats, ..
            } = &self.active[index];
            if !repeats {
                continue;
            }
            let (chain, end) = (finding.chain(), finding.end);
            if !goes_on(&self.active[..index], chain, end) {
                self.active[index].repeats = false;
            } else if drop {
                self.active.remove(index);
            }
        }
    }

    /// What begins at structure, other than with a string or with a container, is no value.
    ///
    /// Structure of a string around the one that a finding begins in ends it: what covers
    /// structure covers none of what is around it.
    fn leave(&mut self, cell: Cell) {
        let mut left = false;
        for Active { finding, level, .. } in &mut self.active {
            let (one, bare) = match finding.style {
                Style::Text => (false, false),
                Style::Value | Style::Whole(Quotes::None) => (true, true),
                Style::Whole(_) => (true, false),
            };
            let begins = bare && finding.start >= cell.start && self.level >= cell.level;
            if one && (*level > cell.level || begins) && finding.end > cell.start {
                finding.end = cell.start;
                left = true;
            }
        }
        if left {
            self.settle(false);
            self.cover_again();
        }
    }

    /// Findings that end at or before `at` are done.
    fn retire(&mut self) {
        if self.active.is_empty() {
            return;
        }
        let at = self.at;
        let journal = &mut self.journal;
        self.active.retain(|active| {
            let goes_on = active.finding.end > at;
            if let Some(journal) = journal.as_mut().filter(|_| !goes_on) {
                active.note(at, journal);
            }
            goes_on
        });
        self.settle(true);
        self.cover_again();
    }

    fn cover_again(&mut self) {
        (self.cover, self.whole) = (0, 0);
        for Active { finding, .. } in &self.active {
            self.cover = self.cover.max(finding.end);
            if let Style::Whole(_) = finding.style {
                self.whole = self.whole.max(finding.end);
            }
        }
    }

    /// Structure that is not covered ends the values that began in the string before it.
    fn end_values(&mut self, at: u64) {
        for Active {
            finding, counted, ..
        } in &mut self.active
        {
            if *counted && finding.style == Style::Value {
                finding.end = finding.end.min(at);
            }
        }
    }

    /// The quotes of a mask that begins at `at`: those of the first finding that begins
    /// there, before `end`, and brings some.
    fn quotes(&self, end: u64) -> Quotes {
        self.active
            .iter()
            .filter(|active| (self.at..end).contains(&active.finding.start))
            .find_map(|active| match active.finding.style {
                Style::Whole(quotes) if quotes != Quotes::None => Some(quotes),
                _ => None,
            })
            .unwrap_or(Quotes::None)
    }

    /// Counts the active findings: each covers a cell.
    fn count(&mut self, tally: &mut Tally) {
        let at = self.at;
        for Active {
            finding,
            counted,
            repeats,
            ..
        } in &mut self.active
        {
            if !*counted && !*repeats && finding.end > at {
                *counted = true;
                tally.count(finding.rule, finding.undecided, finding.unverified);
            }
        }
    }

    /// The mask that begins at `at`, named by the first of its findings.
    fn mask(&self, quotes: Quotes) -> Mask {
        let at = self.at;
        let rule = self
            .active
            .iter()
            .find(|active| active.finding.end > at)
            .map_or(0, |active| active.finding.rule);
        Mask { rule, quotes }
    }
}
