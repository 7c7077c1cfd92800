//! `blackbar verify`: do two files differ by masks alone?

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use blackbar::core::compare::{Difference, MaskForms, Replaced, compare};
use blackbar::{Found, Framing, Redactor, Session, Values};
use clap::Args;
use serde::Serialize;

use crate::rim::cli::detection::DetectionOptions;
use crate::rim::cli::filter::{FormatName, parse_charset};
use crate::rim::cli::report::{Report, ReportFormat};
use crate::rim::exit::{Exit, Failure};
use crate::rim::transport::charset::Charset;
use crate::rim::transport::format::Format;
use crate::rim::transport::input::{Input, Reading};
use crate::rim::transport::records::{Place, Record, Records};

/// Options of `blackbar verify`.
#[derive(Args)]
pub(crate) struct VerifyCommand {
    /// What blackbar has read; "-" is standard input
    #[arg(value_name = "BEFORE")]
    before: PathBuf,

    /// What it has written; "-" is standard input
    #[arg(value_name = "AFTER")]
    after: PathBuf,

    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text)]
    report: ReportFormat,

    /// What the files are: in lines a mask is in one line, in json it may go over several
    #[arg(long, value_enum, default_value_t = FormatName::Auto)]
    format: FormatName,

    /// The text that AFTER has instead of [REDACTED], whatever it is
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    mask_text: Option<String>,

    /// Decompress gzip, zstd, xz and bzip2, told by the first bytes
    #[arg(short = 'z', long)]
    decompress: bool,

    /// Decode BEFORE from this encoding; AFTER is UTF-8, as blackbar writes it
    #[arg(long, value_name = "LABEL", value_parser = parse_charset)]
    encoding: Option<Charset>,

    #[command(flatten)]
    detection: DetectionOptions,
}

/// Compares and says the result.
pub(crate) fn run(command: &VerifyCommand) -> Result<Exit, Failure> {
    let (before, after) = command.open()?;
    let detection = command.detection.detection();
    let redactor = Arc::new(detection.redactor()?);
    let mut forms = match command.mask_text.as_ref().or(detection.mask.as_ref()) {
        Some(text) => MaskForms::of_text(text.as_bytes()),
        None => MaskForms::default(),
    };
    if detection.values == Values::Typed {
        forms = forms.with_null();
    }
    let comparison = Comparison {
        finder: Finder::new(redactor, before.framing()),
        before,
        after,
        forms,
        name: Input::from_argument(&command.before).to_string(),
        format: command.report,
        report: Report::new(),
        masks: 0,
        bytes: 0,
        findings: Findings::default(),
    };
    comparison.run()
}

impl VerifyCommand {
    /// Both inputs, cut alike.
    fn open(&self) -> Result<(Records, Records), Failure> {
        let before = Input::from_argument(&self.before);
        let after = Input::from_argument(&self.after);
        if before == Input::Stdin && after == Input::Stdin {
            let what = "both files are standard input; name a file for one of them";
            return Err(Failure::Usage(what.to_owned()));
        }
        let limits = self.detection.detection().limits;
        let reading = Reading {
            decompress: self.decompress,
            charset: self.encoding,
        };
        let before = Records::open(&before, reading, self.format.into(), limits)?;
        let reading = Reading {
            charset: None,
            ..reading
        };
        let format = Format::Fixed(before.framing());
        let after = Records::open(&after, reading, format, limits)?;
        Ok((before, after))
    }
}

/// Looks for what the rules find in BEFORE, to name the masks without labels.
struct Finder {
    redactor: Arc<Redactor>,
    session: Session,
    document: bool,
    found: Vec<Found>,
}

impl Finder {
    fn new(redactor: Arc<Redactor>, framing: Framing) -> Self {
        Self {
            session: Session::new(Arc::clone(&redactor), framing).with_journal(),
            redactor,
            document: framing == Framing::Document,
            found: Vec::new(),
        }
    }

    fn read(&mut self, record: Record<'_>) {
        let mut pieces = Vec::new();
        self.session.write(record.bytes, &mut pieces);
        if self.document || record.content == record.bytes.len() {
            self.session.end(&mut pieces);
        }
        self.found.clear();
        self.found.extend(self.session.found());
        self.found.sort_unstable();
    }

    /// The rule whose finding is in a stretch of BEFORE: of several the one that begins
    /// first.
    fn rule(&self, start: u64, end: u64) -> Option<&str> {
        let found = self
            .found
            .iter()
            .find(|found| found.start() < end && found.end() > start)?;
        self.redactor.ids().nth(found.rule())
    }
}

struct Comparison {
    before: Records,
    after: Records,
    finder: Finder,
    forms: MaskForms,
    /// How the report names BEFORE.
    name: String,
    format: ReportFormat,
    report: Report,
    masks: u64,
    bytes: u64,
    findings: Findings,
}

/// What the detection options find in BEFORE: stretches, whatever rules found them.
#[derive(Clone, Copy, Default, Serialize)]
struct Findings {
    findings: u64,
    /// So many of them AFTER masks whole. Where it could be made in several ways, it may be
    /// one less than it is.
    findings_masked: u64,
}

impl Findings {
    /// Counts those of a record, which begin one after the other, as its masks do.
    fn add(&mut self, record: Record<'_>, found: &[Found], masks: &[Replaced]) {
        let found = found.iter().map(|found| found.start()..found.end());
        let masks = masks.iter().map(|mask| {
            let at = |at: usize| record.offset + at as u64;
            at(mask.before.start)..at(mask.before.end)
        });
        let masks: Vec<Range<u64>> = merged(masks, 0);
        for found in merged(found, 1) {
            let covers = |mask: &Range<u64>| mask.start <= found.start && found.end <= mask.end;
            self.findings += 1;
            self.findings_masked += u64::from(masks.iter().any(covers));
        }
    }
}

/// Joins ranges that share `least` bytes or more; they are in the order of their beginnings.
fn merged(ranges: impl Iterator<Item = Range<u64>>, least: u64) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(before) if range.start + least <= before.end => {
                before.end = before.end.max(range.end);
            }
            _ => all.push(range),
        }
    }
    all
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, masked) = (self.findings, self.findings_masked);
        write!(f, "findings in BEFORE: {all}, masked in AFTER: {masked}")?;
        if masked < all {
            f.write_str("; what was not masked is still there")?;
        }
        Ok(())
    }
}

/// A line of the report for programs.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Told<'a> {
    Mask(MaskTold<'a>),
    Difference {
        #[serde(flatten)]
        place: Place,
        after_line: u64,
        after_offset: u64,
        what: &'a str,
    },
    Same {
        masks: u64,
        bytes: u64,
        #[serde(flatten)]
        findings: Findings,
    },
}

/// A mask, what it stands for, and by which rule. Never the bytes.
#[derive(Serialize)]
struct MaskTold<'a> {
    #[serde(flatten)]
    place: Place,
    length: usize,
    after_offset: u64,
    after_length: usize,
    rule: &'a str,
}

/// Where two records differ: their offsets and lines, and how.
struct Verdict {
    place: Place,
    after_line: u64,
    after_offset: u64,
    what: &'static str,
}

impl Comparison {
    fn run(mut self) -> Result<Exit, Failure> {
        let verdict = self.records()?;
        match &verdict {
            None => self.tell_same()?,
            Some(verdict) => self.tell_difference(verdict)?,
        }
        self.report.flush()?;
        Ok(match verdict {
            None => Exit::Done,
            Some(_) => Exit::Found,
        })
    }

    /// Compares record by record to the first difference.
    fn records(&mut self) -> Result<Option<Verdict>, Failure> {
        loop {
            let (before, after) = (self.before.next()?, self.after.next()?);
            let (before, after) = match (before, after) {
                (None, None) => return Ok(None),
                (Some(before), Some(after)) => (before, after),
                (Some(before), None) => {
                    let what = "AFTER ends here and BEFORE goes on";
                    return Ok(Some(ended(
                        (before.offset, before.line),
                        self.after.position(),
                        what,
                    )));
                }
                (None, Some(after)) => {
                    let what = "BEFORE ends here and AFTER goes on";
                    return Ok(Some(ended(
                        self.before.position(),
                        (after.offset, after.line),
                        what,
                    )));
                }
            };
            self.finder.read(before);
            let [content, changed] = [before, after].map(|record| &record.bytes[..record.content]);
            let masks = match compare(content, changed, &self.forms) {
                Ok(masks) => masks,
                Err(difference) => return Ok(Some(differs(before, after, difference))),
            };
            self.findings.add(before, &self.finder.found, &masks);
            for mask in &masks {
                self.masks += 1;
                self.bytes += mask.before.len() as u64;
                let told = MaskTold::of(before, after, mask, &self.finder);
                match self.format {
                    ReportFormat::Json => self.report.json(&Told::Mask(told))?,
                    ReportFormat::Text => self.report.line(&told.text(&self.name))?,
                }
            }
            if before.bytes[before.content..] != after.bytes[after.content..] {
                let ends = Difference {
                    before: before.content,
                    after: after.content,
                };
                let verdict = differs(before, after, ends);
                let what = "the record ends with another terminator";
                return Ok(Some(Verdict { what, ..verdict }));
            }
        }
    }

    fn tell_same(&mut self) -> Result<(), Failure> {
        let Self {
            masks,
            bytes,
            findings,
            ..
        } = *self;
        match self.format {
            ReportFormat::Json => self.report.json(&Told::Same {
                masks,
                bytes,
                findings,
            }),
            ReportFormat::Text => self.report.line(&format!(
                "{findings}\nthe same but for masks: {masks}, bytes that they replace: {bytes}"
            )),
        }
    }

    fn tell_difference(&mut self, verdict: &Verdict) -> Result<(), Failure> {
        let Verdict {
            place,
            after_line,
            after_offset,
            what,
        } = *verdict;
        let Place {
            line,
            column,
            offset,
        } = place;
        match self.format {
            ReportFormat::Json => self.report.json(&Told::Difference {
                place,
                after_line,
                after_offset,
                what,
            }),
            ReportFormat::Text => self.report.line(&format!(
                "{}:{line}:{column}: offset {offset}, in AFTER line {after_line}, \
                 offset {after_offset}: they differ by more than masks: {what}",
                self.name
            )),
        }
    }
}

/// The verdict where one input has no record any more.
/// Both are told by offset and line.
fn ended(before: (u64, u64), after: (u64, u64), what: &'static str) -> Verdict {
    let ((offset, line), (after_offset, after_line)) = (before, after);
    Verdict {
        place: Place {
            line,
            column: 1,
            offset,
        },
        after_line,
        after_offset,
        what,
    }
}

fn differs(before: Record<'_>, after: Record<'_>, difference: Difference) -> Verdict {
    let there = after.place(difference.after);
    let ends = (
        difference.before == before.content,
        difference.after == after.content,
    );
    Verdict {
        place: before.place(difference.before),
        after_line: there.line,
        after_offset: there.offset,
        what: match ends {
            (false, true) => "the record ends early in AFTER",
            (true, false) => "the record goes on in AFTER",
            _ => "the bytes are others",
        },
    }
}

impl<'a> MaskTold<'a> {
    fn of(before: Record<'_>, after: Record<'a>, mask: &Replaced, finder: &'a Finder) -> Self {
        let place = before.place(mask.before.start);
        let length = mask.before.len();
        // A label is letters, digits and a few signs; other bytes make it no mask.
        let label = mask.label.clone();
        let label = label.and_then(|label| str::from_utf8(&after.bytes[label]).ok());
        let found = || finder.rule(place.offset, place.offset + length as u64);
        Self {
            place,
            length,
            after_offset: after.offset + mask.after.start as u64,
            after_length: mask.after.len(),
            rule: label.or_else(found).unwrap_or("unknown"),
        }
    }

    /// The same for people.
    fn text(&self, name: &str) -> String {
        let Self {
            place,
            length,
            rule,
            ..
        } = self;
        let Place {
            line,
            column,
            offset,
        } = place;
        format!("{name}:{line}:{column}: offset {offset}, length {length}, {rule}")
    }
}
