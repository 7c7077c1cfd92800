//! Blocks: key material that goes on in the lines after its header.
//!
//! A rule with `block = "pem"` opens a block when one of its matches ends the record,
//! without an END line in it. *Ends the record*: after the match comes nothing but
//! *joints* (at most 64 bytes), or, for log lines that wrap each line of output in a
//! document of their own, joints and a quote. Then, for each following record, after
//! the constant prefix if the record begins with it (what stood before the opening
//! match, at most 256 bytes, any digit equal to any other so that timestamps do):
//!
//! * joints and nothing else: a blank line; the block stays open;
//! * joints, then the END line of the block, then anything: masked from the first byte
//!   after the joints to the end of the END line; the block ends;
//! * joints, then the name of a header of the formats and a colon, then anything:
//!   masked to the record's end; the block stays open (after `Private-MAC`, which is
//!   the last line of a `PuTTY` key, it ends);
//! * joints, then base64, then joints to the end: the base64 is masked; the block stays
//!   open. Base64 and joints directly followed by the END line: masked through it, and
//!   the block ends;
//! * after a prefix of at least one byte: base64, joints and a quote, then anything: the
//!   base64 is masked; the block stays open;
//! * anything else: the block has ended before this record.
//!
//! *Joints* are blanks, quotes, `, + ; ( ) [ ] > |` and backslashes with or without `n`,
//! `r` or `t` behind them, at most 64 bytes. *Base64* is a run of `A-Za-z0-9+/`, then of
//! `=`; or `=` and such a run (the checksum line of `OpenPGP`). A run that is longer than
//! [`LONGEST_LINE`] is masked as undecided to the first byte that is neither of the
//! alphabet nor `=`, and the block stays open if that is the record's end. A longer
//! line is no header line.
//!
//! A planted BEGIN therefore swallows no log: the first line of prose ends the block.

use super::findings::Style;
use super::patterns::BlockOpening;
use super::{Detector, Finding, OPEN, Suspect, View};

/// How long a line of base64 may be before it is masked without a look at its end.
pub const LONGEST_LINE: usize = 8 * 1024;

/// The longest constant prefix that is remembered.
pub(crate) const LONGEST_PREFIX: usize = 256;

/// The longest run of joints.
const JOINTS: usize = 64;

/// The longest END line that is looked for.
const LONGEST_END: usize = 96;

/// Finds the lines of open blocks.
pub(crate) struct Blocks;

/// What a session keeps for blocks.
pub(crate) struct BlockState {
    open: Option<OpenBlock>,
    /// The last opening match of this record and what follows it.
    opening: Option<Opening>,
    /// This record has been classified.
    decided: bool,
    /// A line of base64 that outgrew [`LONGEST_LINE`]: where its span starts and how far
    /// it has been followed.
    overdue: Option<(u64, u64)>,
    /// Kept for its memory.
    spare: Vec<u8>,
}

struct OpenBlock {
    rule: u32,
    prefix: Vec<u8>,
}

struct Opening {
    rule: u32,
    prefix: Vec<u8>,
    /// The bytes after the match, as many as matter.
    after: [u8; JOINTS + 1],
    length: usize,
    /// The offset in the record of the next byte to take into `after`.
    at: u64,
}

/// What a line in an open block is.
enum Line {
    /// More bytes decide.
    Undecided,
    /// Not of the block.
    Other,
    Blank,
    /// Masked from one index to another; `ends`: the last of its block.
    Body {
        start: usize,
        end: usize,
        ends: bool,
    },
    /// Base64 from this index past [`LONGEST_LINE`].
    Endless {
        start: usize,
    },
}

impl BlockState {
    /// Whether the next record may belong to a block.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// A match may open a block: what stands before it, and what will follow?
    pub(super) fn note_opening(&mut self, opening: BlockOpening, view: View<'_>) {
        let mut prefix = std::mem::take(&mut self.spare);
        prefix.clear();
        let matched = &view.bytes[view.index(opening.start)..view.index(opening.end)];
        if holds_end(matched) {
            self.spare = prefix;
            self.opening = None;
            return;
        }
        if opening.start <= LONGEST_PREFIX as u64 {
            debug_assert_eq!(view.base, 0, "the head of a record stays in view");
            prefix.extend_from_slice(&view.bytes[..opening.start as usize]);
        }
        self.opening = Some(Opening {
            rule: opening.rule,
            prefix,
            after: [0; JOINTS + 1],
            length: 0,
            at: opening.end,
        });
    }

    /// Takes in what follows an opening match, and at the record's end decides.
    pub(super) fn follow(&mut self, view: View<'_>) {
        if let Some(opening) = &mut self.opening {
            let from = view.index(opening.at.max(view.base));
            let rest = &view.bytes[from..];
            let room = opening.after.len() - opening.length;
            let taken = rest.len().min(room);
            opening.after[opening.length..opening.length + taken].copy_from_slice(&rest[..taken]);
            opening.length += taken;
            opening.at = view.end();
        }
        if view.complete
            && let Some(opening) = self.opening.take()
        {
            if opening.ends_the_record() {
                self.open = Some(OpenBlock {
                    rule: opening.rule,
                    prefix: opening.prefix,
                });
            } else {
                self.spare = opening.prefix;
            }
        }
    }

    /// Runs a line of base64 that has no end in sight on.
    fn follow_overdue(&mut self, view: View<'_>, out: &mut Vec<Finding>) {
        let (Some((start, at)), Some(open)) = (self.overdue.take(), &self.open) else {
            return;
        };
        let from = view.index(at);
        let run = view.bytes[from..]
            .iter()
            .take_while(|&&byte| is_base64(byte) || byte == b'=')
            .count();
        let ended = from + run < view.bytes.len();
        if !ended && !view.complete {
            self.overdue = Some((start, view.end()));
            return;
        }
        let end = view.base + (from + run) as u64;
        out.push(Finding {
            closes: true,
            ..finding(open.rule, start, end, true)
        });
        if ended {
            self.open = None;
        }
    }
}

impl Opening {
    fn ends_the_record(&self) -> bool {
        let after = &self.after[..self.length];
        let joints = joints(after);
        joints == after.len() && joints <= JOINTS || has_quote(&after[..joints])
    }
}

impl Detector for Blocks {
    type State = BlockState;

    fn state(&self) -> BlockState {
        BlockState {
            open: None,
            opening: None,
            decided: false,
            overdue: None,
            spare: Vec::new(),
        }
    }

    fn begin_record(&self, state: &mut BlockState) {
        state.opening = None;
        state.decided = state.open.is_none();
        state.overdue = None;
    }

    fn scan(
        &self,
        view: View<'_>,
        _: &[Suspect],
        state: &mut BlockState,
        out: &mut Vec<Finding>,
    ) -> u64 {
        if state.overdue.is_some() {
            state.follow_overdue(view, out);
        }
        let Some(open) = state.open.as_ref().filter(|_| !state.decided) else {
            return view.end();
        };
        // Until a record is classified nothing of it has left, so the view is all of it.
        debug_assert_eq!(view.base, 0);
        let rule = open.rule;
        match classify(view.bytes, &open.prefix, view.complete) {
            Line::Undecided => return view.base,
            Line::Other => state.open = None,
            Line::Blank => {}
            Line::Body { start, end, ends } => {
                out.push(finding(rule, start as u64, end as u64, false));
                if ends {
                    state.open = None;
                }
            }
            Line::Endless { start } => {
                let mut told = Vec::new();
                state.overdue = Some((start as u64, start as u64));
                state.follow_overdue(view, &mut told);
                match told.pop() {
                    Some(closed) => out.push(Finding {
                        closes: false,
                        ..closed
                    }),
                    None => out.push(finding(rule, start as u64, OPEN, true)),
                }
            }
        }
        state.decided = true;
        view.end()
    }
}

fn finding(rule: u32, start: u64, end: u64, undecided: bool) -> Finding {
    Finding {
        start,
        end,
        rule,
        undecided,
        unverified: false,
        closes: false,
        style: Style::Text,
        within: None,
    }
}

/// What a record in an open block is. See the module's page.
fn classify(line: &[u8], prefix: &[u8], complete: bool) -> Line {
    /// A line is classified by so many bytes after its prefix at the most.
    const ENOUGH: usize = LONGEST_LINE + LONGEST_END + 3 * JOINTS;
    if !complete && line.len() < prefix.len() + ENOUGH {
        return Line::Undecided;
    }
    let prefixed = !prefix.is_empty() && begins_with(line, prefix);
    let from = if prefixed { prefix.len() } else { 0 };
    let start = from + joints(&line[from..]);
    let rest = &line[start..];
    if rest.is_empty() {
        return Line::Blank;
    }
    if let Some(length) = end_line(rest) {
        return Line::Body {
            start,
            end: start + length,
            ends: true,
        };
    }
    let short = line.len() < prefix.len() + ENOUGH;
    if let Some(last) = header(rest).filter(|_| short) {
        return Line::Body {
            start,
            end: line.len(),
            ends: last,
        };
    }
    body(line, start, prefixed)
}

/// A line whose first byte after prefix and joints is at `start`.
fn body(line: &[u8], start: usize, prefixed: bool) -> Line {
    let rest = &line[start..];
    let run = base64_run(rest);
    if run == 0 {
        return Line::Other;
    }
    if run > LONGEST_LINE {
        return Line::Endless { start };
    }
    let end = start + run;
    let after = end + joints(&line[end..]);
    if after == line.len() {
        return Line::Body {
            start,
            end,
            ends: false,
        };
    }
    if let Some(length) = end_line(&line[after..]) {
        return Line::Body {
            start,
            end: after + length,
            ends: true,
        };
    }
    if prefixed && has_quote(&line[end..after]) {
        return Line::Body {
            start,
            end,
            ends: false,
        };
    }
    Line::Other
}

/// Whether `line` begins with `prefix`, any digit being equal to any other.
fn begins_with(line: &[u8], prefix: &[u8]) -> bool {
    line.len() >= prefix.len()
        && line
            .iter()
            .zip(prefix)
            .all(|(a, b)| a == b || a.is_ascii_digit() && b.is_ascii_digit())
}

/// The length of the joints at the start of `text`.
fn joints(text: &[u8]) -> usize {
    let mut length = 0;
    while length < JOINTS {
        match text.get(length) {
            Some(
                b' ' | b'\t' | b'\r' | b'"' | b'\'' | b',' | b'+' | b';' | b'(' | b')' | b'['
                | b']' | b'>' | b'|',
            ) => {
                // A plus sign before more base64 is base64.
                if text[length] == b'+' && text.get(length + 1).is_some_and(|&next| is_base64(next))
                {
                    break;
                }
                length += 1;
            }
            Some(b'\\') => {
                length += 1;
                if matches!(text.get(length), Some(b'n' | b'r' | b't')) {
                    length += 1;
                }
            }
            _ => break,
        }
    }
    length
}

fn has_quote(joints: &[u8]) -> bool {
    joints.iter().any(|byte| matches!(byte, b'"' | b'\''))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// The length of the base64 at the start of `text`, padding or checksum sign included.
fn base64_run(text: &[u8]) -> usize {
    let sign = usize::from(
        text.first() == Some(&b'=') && text.get(1).is_some_and(|&byte| is_base64(byte)),
    );
    let digits = text[sign..]
        .iter()
        .take_while(|&&byte| is_base64(byte))
        .count();
    let padding = text[sign + digits..]
        .iter()
        .take_while(|&&byte| byte == b'=')
        .count();
    sign + digits + padding
}

/// The length of an END line (`-----END … KEY-----`) at the start of `text`.
fn end_line(text: &[u8]) -> Option<usize> {
    let dashes = text.iter().take_while(|&&byte| byte == b'-').count();
    if !(4..=5).contains(&dashes) {
        return None;
    }
    let label = text[dashes..].strip_prefix(b" ").unwrap_or(&text[dashes..]);
    let words = label.strip_prefix(b"END ")?;
    let length = words
        .iter()
        .take(LONGEST_END)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b' ')
        .count();
    let closing = words[length..]
        .iter()
        .take_while(|&&byte| byte == b'-')
        .count()
        .min(dashes);
    (closing == dashes).then(|| text.len() - words.len() + length + closing)
}

/// Whether an END line stands anywhere in `text`, also one of a block whose lines are
/// joined by blanks or that is encoded as forms and URLs are (`-----END+…+KEY-----`).
fn holds_end(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"END").any(|at| {
        let before = text[..at].strip_suffix(b" ").unwrap_or(&text[..at]);
        let dashes = before
            .iter()
            .rev()
            .take_while(|&&byte| byte == b'-')
            .count();
        let label = &text[at + 3..];
        let length = label
            .iter()
            .take(LONGEST_END)
            .take_while(|byte| {
                byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" +%".contains(byte)
            })
            .count();
        (4..=5).contains(&dashes)
            && label.first().is_some_and(|byte| b" +%".contains(byte))
            && label[length..].starts_with(&b"-----"[..dashes])
    })
}

/// Whether `text` begins with a header of the formats; true in it for the last line of
/// a `PuTTY` key. (RFC 1421, RFC 4880, `PuTTY`'s documentation, appendix C.)
fn header(text: &[u8]) -> Option<bool> {
    const NAMES: [&[u8]; 18] = [
        b"Proc-Type",
        b"DEK-Info",
        b"Key-Info",
        b"Content-Domain",
        b"Version",
        b"Comment",
        b"MessageID",
        b"Hash",
        b"Charset",
        b"Subject",
        b"Encryption",
        b"Public-Lines",
        b"Private-Lines",
        b"Key-Derivation",
        b"Argon2-Memory",
        b"Argon2-Passes",
        b"Argon2-Parallelism",
        b"Argon2-Salt",
    ];
    let named = |name: &[u8]| {
        text.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(b":"))
    };
    if named(b"Private-MAC") || named(b"Private-Hash") {
        return Some(true);
    }
    NAMES.iter().any(|name| named(name)).then_some(false)
}
