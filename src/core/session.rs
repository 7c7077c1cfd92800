//! One stream's state: chunks in, pieces out. No I/O, no clock.
//!
//! # What is copied?
//!
//! Complete records of a chunk are worked on where they lie, and their clean bytes
//! leave as ranges of the chunk. Only the unfinished record at a chunk's end is copied
//! and held. When its rest comes, that rest joins it; the chunk's further records are
//! worked on in place again.
//!
//! # What if a record does not end?
//!
//! Up to `max_record` bytes are held. A longer record is worked off in windows: the
//! detectors and the painter keep their state, everything before the frontier leaves,
//! and what stays is the undecided tail and a few bytes of context before it. A window
//! is a view of one slice, so where chunk and held bytes meet, the first part of the
//! chunk is copied behind the held bytes, until the frontier has come so far into the
//! chunk that the rest can be worked on in place.

use std::ops::Range;
use std::sync::Arc;

use crate::core::journal::{Found, Journal, Rank};
use crate::core::limits::Framing;
use crate::core::mask::{Mask, Quotes};
use crate::core::paint::{Canvas, Painter};
use crate::core::pen::{Origin, Pen, Piece};
use crate::core::redactor::Redactor;
use crate::core::scanner::article::{self, ArticleState};
use crate::core::scanner::blocks::LONGEST_PREFIX;
use crate::core::scanner::{Finding, LOOK_BEHIND, PatternStats, ScanState, Scanner, Suspect, View};
use crate::core::tally::Tally;
use crate::core::text::control;

/// One stream over a shared [`Redactor`]. See the [crate's page](crate) for its use.
pub struct Session {
    redactor: Arc<Redactor>,
    stream: Stream,
}

impl Session {
    pub(crate) fn over(redactor: Arc<Redactor>, framing: Framing) -> Self {
        let stream = Stream::new(&redactor, framing);
        Self { redactor, stream }
    }

    /// Takes down where the findings of the stream are; see [`Session::found`]. To be
    /// said before the first write.
    #[must_use]
    pub fn with_journal(mut self) -> Self {
        self.stream.painter.journal = Some(Journal::default());
        self
    }

    /// Hands over the findings that have ended since the last call, in no particular
    /// order. Without a journal there are none.
    ///
    /// All findings of a record are there once the record has left.
    pub fn found(&mut self) -> impl Iterator<Item = Found> {
        let journal = self.stream.painter.journal.as_mut();
        journal.into_iter().flat_map(Journal::drain)
    }

    /// Takes in a chunk and appends what may leave, in order.
    ///
    /// Every record that the chunk completes leaves with this call.
    pub fn write(&mut self, chunk: &[u8], out: &mut Vec<Piece>) {
        self.stream.write(&self.redactor, chunk, out);
    }

    /// Appends what of the unfinished record may leave already: all before the first place
    /// where a secret may yet begin or go on. For prompts and for people who watch; what
    /// leaves is the same without it, only later.
    ///
    /// Each call costs a look at all that is held, so it is for streams that are silent.
    /// With the profiles of the article, whose replacements are of whole records, nothing
    /// leaves.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use blackbar::{Framing, Redactor, Session};
    /// # let redactor = Arc::new(Redactor::builder().build()?);
    /// let mut session = Session::new(redactor, Framing::Lines);
    /// let mut pieces = Vec::new();
    /// session.write(b"Go on? [y/n] ", &mut pieces);
    /// assert!(pieces.is_empty());
    /// session.flush(&mut pieces);
    /// let left: Vec<u8> = pieces
    ///     .iter()
    ///     .flat_map(|piece| session.bytes(piece, b"").to_vec())
    ///     .collect();
    /// assert_eq!(left, b"Go on? [y/n] ");
    /// # Ok::<(), blackbar::BuildError>(())
    /// ```
    pub fn flush(&mut self, out: &mut Vec<Piece>) {
        self.stream.flush(&self.redactor, out);
    }

    /// The input has ended, which decides like a record's end. Appends the rest.
    pub fn end(&mut self, out: &mut Vec<Piece>) {
        self.stream.end(&self.redactor, false, out);
    }

    /// The stream must end now, though its input has not: candidates that are still
    /// open are masked. Returns how many bytes were masked without a decision.
    pub fn end_forced(&mut self, out: &mut Vec<Piece>) -> u64 {
        self.stream.end(&self.redactor, true, out)
    }

    /// The bytes that a piece stands for. `chunk` is the chunk of the call that made
    /// the piece (none for the calls that end a stream).
    pub fn bytes<'a>(&'a self, piece: &Piece, chunk: &'a [u8]) -> &'a [u8] {
        self.stream.bytes(&self.redactor, piece, chunk)
    }

    /// What was counted so far.
    pub fn tally(&self) -> &Tally {
        &self.stream.tally
    }

    /// Adds what was counted to `sum`, and counts from zero again: a session that
    /// [is fresh](Self::is_fresh) can be used for another stream then, with its memory.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use blackbar::{Framing, Redactor, Session, Tally};
    /// # let redactor = Arc::new(Redactor::builder().build()?);
    /// let mut session = Session::new(redactor, Framing::Lines);
    /// let mut sum = Tally::default();
    /// for stream in [b"one\n", b"two\n"] {
    ///     session.write(stream, &mut Vec::new());
    ///     session.hand_over(&mut sum);
    ///     assert_eq!(session.tally().records(), 0);
    /// }
    /// assert_eq!(sum.records(), 2);
    /// # Ok::<(), blackbar::BuildError>(())
    /// ```
    pub fn hand_over(&mut self, sum: &mut Tally) {
        sum.add(&self.stream.tally);
        self.stream.tally.clear();
    }

    /// Whether what comes is decided as at the beginning of a stream: no record is
    /// unfinished, and the last one leaves nothing to the next, such as an open key block
    /// or a value whose name has gone before.
    ///
    /// A stream can be cut here: a new session over the rest makes the same output and
    /// counts the same. ([`Tally::add`] joins the counts; a journal's offsets begin anew.)
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use blackbar::{Framing, Redactor, Session};
    /// # let redactor = Arc::new(Redactor::builder().build()?);
    /// let mut session = Session::new(redactor, Framing::Lines);
    /// let mut is_fresh_after = |chunk: &[u8]| {
    ///     session.write(chunk, &mut Vec::new());
    ///     session.is_fresh()
    /// };
    /// assert!(is_fresh_after(b"a line\n"));
    /// assert!(!is_fresh_after(b"half a"));
    /// // The line is whole, but the next one may hold the password.
    /// assert!(!is_fresh_after(b" line\n\"password\":\n"));
    /// # Ok::<(), blackbar::BuildError>(())
    /// ```
    pub fn is_fresh(&self) -> bool {
        !self.stream.is_open() && !Scanner::wants_all(&self.stream.scan)
    }

    /// How many bytes of an unfinished record are held.
    pub fn held(&self) -> usize {
        self.stream.held.len() - self.stream.from
    }
}

/// How many bytes of a chunk are scanned at a time: they stay in the cache meanwhile.
const BLOCK: usize = 128 * 1024;

/// How many bytes of a chunk at most join the held ones at a time.
const STITCH: usize = 64 * 1024;

/// A session without its redactor.
pub(crate) struct Stream {
    framing: Framing,
    /// How much of an unfinished record is held before it is worked off in windows.
    most: usize,
    /// Bytes of the unfinished record from `from` on; before it, bytes that pieces of
    /// the last write may stand for.
    held: Vec<u8>,
    from: usize,
    /// The offset in the record of `held[from]`.
    base: u64,
    /// The offset in the stream of the chunk, and of the unfinished record.
    chunk_at: u64,
    record_at: u64,
    /// The unfinished record is worked off in windows, and these are its states.
    windowed: bool,
    /// The next window is worth while when so many bytes are held.
    worth_while: usize,
    scan: ScanState,
    painter: Painter,
    article: ArticleState,
    /// Kept for their memory.
    suspects: Vec<Suspect>,
    told: Vec<Finding>,
    pub(crate) tally: Tally,
}

/// How the bytes at hand end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// In the middle of a record.
    Open,
    /// The same, and nobody knows when it goes on.
    Silent,
    /// With a record's newline.
    Terminated,
    /// With the input, whose last record may have no terminator.
    Input { forced: bool },
}

impl Stream {
    pub(crate) fn new(redactor: &Redactor, framing: Framing) -> Self {
        Self {
            framing,
            most: match framing {
                Framing::Lines => redactor.limits.max_record,
                Framing::Document => redactor.limits.max_document,
            },
            held: Vec::new(),
            from: 0,
            base: 0,
            chunk_at: 0,
            record_at: 0,
            windowed: false,
            worth_while: 0,
            scan: redactor.scanner.state(),
            painter: Painter::new(redactor.limits.reach),
            article: ArticleState::default(),
            suspects: Vec::new(),
            told: Vec::new(),
            tally: Tally::new(redactor.scanner.len()),
        }
    }

    pub(crate) fn write(&mut self, redactor: &Redactor, chunk: &[u8], out: &mut Vec<Piece>) {
        if chunk.is_empty() {
            return;
        }
        self.chunk_at = self.tally.bytes_in;
        self.tally.bytes_in += chunk.len() as u64;
        self.forget_what_left();
        // 1. The record that earlier chunks began.
        let mut at = 0;
        if self.is_open() {
            at = self.go_on(redactor, chunk, out);
        }
        // 2. Complete records, in place.
        let complete = match self.framing {
            Framing::Lines => memchr::memrchr(b'\n', &chunk[at..]).map_or(at, |last| at + last + 1),
            Framing::Document => at,
        };
        if complete > at {
            self.complete_records(redactor, chunk, at..complete, out);
        }
        // 3. The beginning of the next one.
        if complete < chunk.len() {
            self.open_record(redactor, chunk, complete, out);
        }
    }

    pub(crate) fn flush(&mut self, redactor: &Redactor, out: &mut Vec<Piece>) {
        self.forget_what_left();
        if !self.is_open() || redactor.article.is_some() {
            return;
        }
        self.begin_windows(redactor);
        let held = std::mem::take(&mut self.held);
        let live = self.from..held.len();
        let ends = Ends::Silent;
        self.window(redactor, &held, live.clone(), ends, Origin::Held, out);
        self.keep_tail(redactor, &held, live);
        self.held = held;
    }

    pub(crate) fn end(&mut self, redactor: &Redactor, forced: bool, out: &mut Vec<Piece>) -> u64 {
        self.forget_what_left();
        if !self.is_open() {
            return 0;
        }
        let held = std::mem::take(&mut self.held);
        let live = self.from..held.len();
        let ends = Ends::Input { forced };
        let undecided = if self.windowed || forced {
            self.begin_windows(redactor);
            self.window(redactor, &held, live, ends, Origin::Held, out)
        } else {
            self.whole_record(redactor, &held, live, ends, out);
            0
        };
        self.close_record(held);
        undecided
    }

    pub(crate) fn bytes<'a>(
        &'a self,
        redactor: &'a Redactor,
        piece: &Piece,
        chunk: &'a [u8],
    ) -> &'a [u8] {
        match piece {
            Piece::Chunk(range) => &chunk[range.clone()],
            Piece::Held(range) => &self.held[range.clone()],
            Piece::Mask(mask) => redactor.masks.of(*mask),
        }
    }

    pub(crate) fn stats(&self) -> PatternStats {
        self.scan.stats()
    }

    fn is_open(&self) -> bool {
        self.windowed || self.held.len() > self.from
    }

    /// Pieces of the last write are no longer valid: their bytes can go.
    fn forget_what_left(&mut self) {
        if self.from > 0 {
            self.held.drain(..self.from);
            self.from = 0;
        }
    }

    /// The record that `held` belongs to is finished; its bytes stay for the pieces.
    fn close_record(&mut self, held: Vec<u8>) {
        self.held = held;
        self.from = self.held.len();
        self.base = 0;
        self.windowed = false;
        self.tally.records += 1;
    }

    /// The findings to come are in the record that begins at this offset of the stream.
    fn locate(&mut self, record: u64) {
        if let Some(journal) = &mut self.painter.journal {
            journal.begin_record(record);
        }
    }

    // Whole records.

    /// Works on complete records of the chunk, a block at a time.
    fn complete_records(
        &mut self,
        redactor: &Redactor,
        chunk: &[u8],
        range: Range<usize>,
        out: &mut Vec<Piece>,
    ) {
        let mut pen = Pen::over_records(&redactor.masks, out, Origin::Chunk, range.start);
        let mut at = range.start;
        while at < range.end {
            let end = end_of_block(chunk, at, range.end);
            self.block(redactor, chunk, at..end, &mut pen);
            at = end;
        }
        pen.rest(range.end);
        pen.finish(&mut self.tally);
    }

    fn block(&mut self, redactor: &Redactor, chunk: &[u8], range: Range<usize>, pen: &mut Pen<'_>) {
        let bytes = &chunk[range.clone()];
        self.tally.records += memchr::memchr_iter(b'\n', bytes).count() as u64;
        let mut suspects = std::mem::take(&mut self.suspects);
        suspects.clear();
        redactor.scanner.suspects(bytes, &mut suspects);
        let mut at = 0;
        let mut first = 0;
        while at < bytes.len() {
            // A suspect in a terminator belongs to no record.
            while suspects.get(first).is_some_and(|suspect| suspect.at < at) {
                first += 1;
            }
            // Where there is a suspect, or where a detector wants to see every record.
            let somewhere = if Scanner::wants_all(&self.scan) {
                at
            } else {
                match suspects.get(first) {
                    Some(suspect) => suspect.at,
                    None => break,
                }
            };
            let start = memchr::memrchr(b'\n', &bytes[at..somewhere])
                .map_or(at, |newline| at + newline + 1);
            let newline = memchr::memchr(b'\n', &bytes[somewhere..])
                .map_or(bytes.len(), |offset| somewhere + offset);
            let last = first
                + suspects[first..]
                    .iter()
                    .take_while(|suspect| suspect.at < newline)
                    .count();
            for suspect in &mut suspects[first..last] {
                suspect.at -= start;
            }
            let content = content_length(&bytes[start..newline], Framing::Lines, Ends::Terminated);
            pen.begin_record(range.start + start);
            self.locate(self.chunk_at + (range.start + start) as u64);
            self.record(
                redactor,
                &bytes[start..start + content],
                &suspects[first..last],
                pen,
            );
            first = last;
            at = newline + 1;
        }
        self.suspects = suspects;
    }

    /// Works on one whole record's content. What is not told to the pen is clean.
    fn record(
        &mut self,
        redactor: &Redactor,
        content: &[u8],
        suspects: &[Suspect],
        pen: &mut Pen<'_>,
    ) {
        if let Some(order) = redactor
            .article
            .as_ref()
            .filter(|_| content.len() <= self.most)
        {
            let by_anchor = redactor.scanner.by_anchor();
            let rules = redactor.scanner.rules();
            let (stretches, findings) = article::replace(
                rules,
                order,
                content,
                suspects,
                by_anchor,
                &mut self.article,
            );
            let mut at = 0;
            for stretch in stretches {
                pen.clean(at, stretch.start as u64);
                pen.mask(Mask {
                    rule: stretch.rule,
                    quotes: Quotes::None,
                });
                at = stretch.end as u64;
            }
            pen.clean(at, content.len() as u64);
            for stretch in findings {
                self.tally.count(stretch.rule, false, false);
                if let Some(journal) = &mut self.painter.journal {
                    let place = (stretch.start as u64, stretch.end as u64);
                    journal.note(place, stretch.rule, Rank::Match, false);
                }
            }
            return;
        }
        redactor.scanner.begin_record(&mut self.scan);
        let view = View::whole(content);
        redactor
            .scanner
            .scan(view, suspects, &mut self.scan, &mut self.told);
        if !self.told.is_empty() {
            self.painter.begin();
            self.painter.tell(&mut self.told);
            self.painter.paint(view, view.end(), pen, &mut self.tally);
            self.painter.finish(view.end());
            pen.end_record(view.end());
        }
    }

    /// Works on a whole record that was held.
    fn whole_record(
        &mut self,
        redactor: &Redactor,
        held: &[u8],
        live: Range<usize>,
        ends: Ends,
        out: &mut Vec<Piece>,
    ) {
        let bytes = &held[live.clone()];
        let content = &bytes[..content_length(bytes, self.framing, ends)];
        let mut suspects = std::mem::take(&mut self.suspects);
        suspects.clear();
        redactor.scanner.suspects(content, &mut suspects);
        let mut pen = Pen::over_records(&redactor.masks, out, Origin::Held, live.start);
        if !suspects.is_empty() || Scanner::wants_all(&self.scan) {
            self.locate(self.record_at);
            self.record(redactor, content, &suspects, &mut pen);
        }
        pen.rest(live.end);
        pen.finish(&mut self.tally);
        self.suspects = suspects;
    }

    // Unfinished records.

    /// A record begins in the chunk at `start` and does not end in it.
    fn open_record(
        &mut self,
        redactor: &Redactor,
        chunk: &[u8],
        start: usize,
        out: &mut Vec<Piece>,
    ) {
        self.base = 0;
        self.record_at = self.chunk_at + start as u64;
        let bytes = &chunk[start..];
        if content_length(bytes, self.framing, Ends::Open) <= self.most {
            self.from = self.held.len();
            self.held.extend_from_slice(bytes);
            return;
        }
        self.begin_windows(redactor);
        self.window(
            redactor,
            chunk,
            start..chunk.len(),
            Ends::Open,
            Origin::Chunk,
            out,
        );
        self.hold_tail(redactor, chunk, start..chunk.len());
    }

    /// The record that earlier chunks began goes on. Returns how much of the chunk it took.
    fn go_on(&mut self, redactor: &Redactor, chunk: &[u8], out: &mut Vec<Piece>) -> usize {
        let newline = match self.framing {
            Framing::Lines => memchr::memchr(b'\n', chunk),
            Framing::Document => None,
        };
        let (part, ends) = match newline {
            Some(newline) => (&chunk[..=newline], Ends::Terminated),
            None => (chunk, Ends::Open),
        };
        if self.windowed || !self.fits(part, ends) {
            self.go_on_in_windows(redactor, part, ends, out);
        } else {
            self.held.extend_from_slice(part);
            if ends == Ends::Terminated {
                let held = std::mem::take(&mut self.held);
                self.whole_record(redactor, &held, self.from..held.len(), ends, out);
                self.close_record(held);
            }
        }
        part.len()
    }

    /// Whether the held bytes and `part` are no more than a session holds.
    fn fits(&self, part: &[u8], ends: Ends) -> bool {
        let live = self.held.len() - self.from;
        // The terminator does not count, and its carriage return may be held already.
        let last = [self.held.last().copied(), part.first().copied()];
        let length = live + content_length(part, self.framing, ends);
        length <= self.most
            || length == self.most + 1 && part.len() == 1 && last == [Some(b'\r'), Some(b'\n')]
    }

    fn begin_windows(&mut self, redactor: &Redactor) {
        if !self.windowed {
            self.windowed = true;
            self.worth_while = 0;
            self.locate(self.record_at);
            redactor.scanner.begin_record(&mut self.scan);
            self.painter.begin();
        }
    }

    fn go_on_in_windows(
        &mut self,
        redactor: &Redactor,
        part: &[u8],
        ends: Ends,
        out: &mut Vec<Piece>,
    ) {
        self.begin_windows(redactor);
        if ends == Ends::Open && self.held.len() - self.from + part.len() < self.worth_while {
            self.held.extend_from_slice(part);
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        let step = self.most.clamp(1, STITCH);
        let mut taken = 0;
        loop {
            let next = part.len().min(taken + step);
            held.extend_from_slice(&part[taken..next]);
            taken = next;
            let whole = taken == part.len();
            let live = self.from..held.len();
            let window_ends = if whole { ends } else { Ends::Open };
            self.window(
                redactor,
                &held,
                live.clone(),
                window_ends,
                Origin::Held,
                out,
            );
            if whole {
                if ends == Ends::Open {
                    self.keep_tail(redactor, &held, live);
                    self.held = held;
                } else {
                    self.close_record(held);
                }
                return;
            }
            // The offset in the record of the chunk's first byte.
            let chunk_at = self.base + (live.len() - taken) as u64;
            let keep = self.context(redactor);
            self.keep_tail(redactor, &held, live);
            if keep >= chunk_at {
                let start = (keep - chunk_at) as usize;
                self.base = keep;
                self.window(redactor, part, start..part.len(), ends, Origin::Chunk, out);
                self.held = held;
                if ends == Ends::Open {
                    self.hold_tail(redactor, part, start..part.len());
                } else {
                    let held = std::mem::take(&mut self.held);
                    self.close_record(held);
                }
                return;
            }
        }
    }

    /// Works on a window: `live` of `buffer` is the record from `self.base` on. Returns
    /// how many bytes a forced end masks without a decision.
    fn window(
        &mut self,
        redactor: &Redactor,
        buffer: &[u8],
        live: Range<usize>,
        ends: Ends,
        origin: Origin,
        out: &mut Vec<Piece>,
    ) -> u64 {
        let bytes = &buffer[live.clone()];
        let view = View {
            bytes: &bytes[..content_length(bytes, self.framing, ends)],
            base: self.base,
            complete: !matches!(ends, Ends::Open | Ends::Silent),
            forced: ends == Ends::Input { forced: true },
            eager: ends == Ends::Silent,
        };
        let frontier = redactor
            .scanner
            .scan_window(view, &mut self.scan, &mut self.told);
        let left = self.painter.position();
        let undecided = if view.forced {
            let masked = self.told.iter().filter(|finding| finding.undecided);
            masked
                .map(|finding| finding.end - finding.start.max(left))
                .sum()
        } else {
            0
        };
        let mut pen = Pen::over_window(&redactor.masks, out, origin, live.start, self.base);
        self.painter.tell(&mut self.told);
        self.painter
            .paint(view, frontier, &mut pen, &mut self.tally);
        if view.complete {
            self.painter.finish(view.end());
            pen.end_record(view.end());
            pen.rest(live.end);
        }
        pen.finish(&mut self.tally);
        undecided
    }

    /// The offset in the record from which bytes are needed further.
    fn context(&self, redactor: &Redactor) -> u64 {
        let position = self.painter.position().min(Scanner::waits_at(&self.scan));
        // The head of a record stays while it may turn out to be a block's prefix. What
        // opens a block may begin in a control sequence that has left.
        if position <= (LONGEST_PREFIX + control::LONGEST) as u64 {
            return 0;
        }
        let behind = LOOK_BEHIND + redactor.scanner.cut_off();
        position.saturating_sub(behind as u64)
    }

    /// After a window on the held bytes: what of them is needed further.
    fn keep_tail(&mut self, redactor: &Redactor, held: &[u8], live: Range<usize>) {
        let keep = self.context(redactor).max(self.base);
        self.from = live.start + (keep - self.base) as usize;
        self.base = keep;
        self.set_worth_while(held.len() - self.from);
    }

    /// After a window on the chunk: holds what of it is needed further.
    fn hold_tail(&mut self, redactor: &Redactor, chunk: &[u8], live: Range<usize>) {
        let keep = self.context(redactor).max(self.base);
        let start = live.start + (keep - self.base) as usize;
        self.from = self.held.len();
        self.held.extend_from_slice(&chunk[start..]);
        self.base = keep;
        self.set_worth_while(chunk.len() - start);
    }

    /// A window costs a look at all that is held, so the next one waits for more.
    fn set_worth_while(&mut self, held: usize) {
        self.worth_while = self.most.max(2 * held);
    }
}

/// The end of a block of complete records that starts at `at`.
fn end_of_block(chunk: &[u8], at: usize, end: usize) -> usize {
    if end - at <= BLOCK {
        return end;
    }
    match memchr::memrchr(b'\n', &chunk[at..at + BLOCK]) {
        Some(last) => at + last + 1,
        None => {
            memchr::memchr(b'\n', &chunk[at + BLOCK..end]).map_or(end, |next| at + BLOCK + next + 1)
        }
    }
}

/// How many of a record's bytes are its content. Of an unfinished record, bytes that
/// may turn out to be its terminator are none yet.
fn content_length(bytes: &[u8], framing: Framing, ends: Ends) -> usize {
    let without = |bytes: &[u8], end: u8| bytes.len() - usize::from(bytes.last() == Some(&end));
    let without_newline = match (framing, ends) {
        (Framing::Lines, Ends::Input { .. }) => return bytes.len(),
        (Framing::Document, Ends::Input { .. }) if bytes.last() != Some(&b'\n') => {
            return bytes.len();
        }
        _ => without(bytes, b'\n'),
    };
    without(&bytes[..without_newline], b'\r')
}
