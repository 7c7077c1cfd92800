//! `blackbar verify`: do two files differ by masks alone?

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
use crate::rim::transport::records::{Record, Records};

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
}

/// A line of the report for programs.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Told<'a> {
    Mask(MaskTold<'a>),
    Difference {
        line: u64,
        column: u64,
        offset: u64,
        after_line: u64,
        after_offset: u64,
        what: &'a str,
    },
    Same {
        masks: u64,
        bytes: u64,
    },
}

/// A mask, what it stands for, and by which rule. Never the bytes.
#[derive(Serialize)]
struct MaskTold<'a> {
    line: u64,
    column: u64,
    offset: u64,
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

/// A place in an input.
struct Place {
    line: u64,
    /// In bytes, from 1.
    column: u64,
    offset: u64,
}

impl Place {
    fn in_record(record: Record<'_>, at: usize) -> Self {
        let head = &record.bytes[..at];
        let start = memchr::memrchr(b'\n', head).map_or(0, |newline| newline + 1);
        Self {
            line: record.line + memchr::memchr_iter(b'\n', head).count() as u64,
            column: (at - start + 1) as u64,
            offset: record.offset + at as u64,
        }
    }
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
        let Self { masks, bytes, .. } = *self;
        match self.format {
            ReportFormat::Json => self.report.json(&Told::Same { masks, bytes }),
            ReportFormat::Text => self.report.line(&format!(
                "the same but for masks: {masks}, bytes that they replace: {bytes}"
            )),
        }
    }

    fn tell_difference(&mut self, verdict: &Verdict) -> Result<(), Failure> {
        let Verdict { place, what, .. } = verdict;
        let Place {
            line,
            column,
            offset,
        } = *place;
        let (after_line, after_offset) = (verdict.after_line, verdict.after_offset);
        match self.format {
            ReportFormat::Json => self.report.json(&Told::Difference {
                line,
                column,
                offset,
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
    let there = Place::in_record(after, difference.after);
    let ends = (
        difference.before == before.content,
        difference.after == after.content,
    );
    Verdict {
        place: Place::in_record(before, difference.before),
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
        let place = Place::in_record(before, mask.before.start);
        let length = mask.before.len();
        // A label is letters, digits and a few signs; other bytes make it no mask.
        let label = mask.label.clone();
        let label = label.and_then(|label| str::from_utf8(&after.bytes[label]).ok());
        let found = || finder.rule(place.offset, place.offset + length as u64);
        Self {
            line: place.line,
            column: place.column,
            offset: place.offset,
            length,
            after_offset: after.offset + mask.after.start as u64,
            after_length: mask.after.len(),
            rule: label.or_else(found).unwrap_or("unknown"),
        }
    }

    /// The same for people.
    fn text(&self, name: &str) -> String {
        let Self {
            line,
            column,
            offset,
            length,
            rule,
            ..
        } = self;
        format!("{name}:{line}:{column}: offset {offset}, length {length}, {rule}")
    }
}
