//! `blackbar explain`: what would be masked, by which rule and why, and what not.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use blackbar::core::explain::{Considered, Outcome, Reason};
use blackbar::{Found, Framing, NameSource, Redactor, RuleSource, Session};
use clap::Args;
use serde::Serialize;

use crate::rim::cli::detection::DetectionOptions;
use crate::rim::cli::filter::{FormatName, NOTHING_TO_READ, parse_charset};
use crate::rim::cli::report::{Report, ReportFormat};
use crate::rim::cli::shape::shape;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::report;
use crate::rim::transport::charset::Charset;
use crate::rim::transport::input::{Input, Reading};
use crate::rim::transport::records::{Place, Record, Records};

/// Options of `blackbar explain`.
#[derive(Args)]
pub(crate) struct ExplainCommand {
    /// The file to look at; "-" or none is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text)]
    report: ReportFormat,

    /// Show the values too; only where standard output is a terminal
    #[arg(long)]
    reveal: bool,

    /// What the input is, which says how it is cut into records
    #[arg(long, value_enum, default_value_t = FormatName::Auto)]
    format: FormatName,

    /// Decompress gzip, zstd, xz and bzip2 input, told by its first bytes
    #[arg(short = 'z', long)]
    decompress: bool,

    /// Decode the input from this encoding; offsets are those of the decoded text
    #[arg(long, value_name = "LABEL", value_parser = parse_charset)]
    encoding: Option<Charset>,

    #[command(flatten)]
    detection: DetectionOptions,
}

/// Explains an input.
pub(crate) fn run(command: &ExplainCommand) -> Result<Exit, Failure> {
    if command.reveal && !io::stdout().is_terminal() {
        let what = "--reveal shows secrets, so standard output has to be a terminal; \
            leave it out to see their shapes";
        return Err(Failure::Usage(what.to_owned()));
    }
    if command.file.is_none() && io::stdin().is_terminal() {
        return Err(Failure::Usage(NOTHING_TO_READ.to_owned()));
    }
    let input = match &command.file {
        Some(path) => Input::from_argument(path),
        None => Input::Stdin,
    };
    let reading = Reading {
        decompress: command.decompress,
        charset: command.encoding,
    };
    let redactor = Arc::new(command.detection.detection().redactor()?);
    let records = Records::open(&input, reading, command.format.into(), redactor.limits())?;
    let document = records.framing() == Framing::Document;
    let explanation = Explanation {
        session: Session::new(Arc::clone(&redactor), records.framing()).with_journal(),
        rules: Catalogue::of(&redactor),
        redactor,
        document,
        name: input.to_string(),
        format: command.report,
        reveal: command.reveal,
        report: Report::new(),
        counts: Counts::default(),
    };
    explanation.run(records)
}

/// What is known of each rule and name, by its number.
struct Catalogue(Vec<Known>);

struct Known {
    id: String,
    about: String,
    verifies: bool,
    /// Its anchors may be shown. A pattern on the command line may be a secret.
    public: bool,
}

impl Catalogue {
    fn of(redactor: &Redactor) -> Self {
        let rule = |rule: &RuleSource| Known {
            id: rule.full_id().to_owned(),
            about: rule.about().to_owned(),
            verifies: rule.verify().is_some(),
            public: !rule.full_id().starts_with("command-line/"),
        };
        let name = |name: &NameSource| Known {
            id: name.full_id().to_owned(),
            about: name.about().to_owned(),
            verifies: false,
            public: true,
        };
        let rules = redactor.rules().map(rule);
        Self(rules.chain(redactor.names().iter().map(name)).collect())
    }

    fn of_rule(&self, rule: usize) -> &Known {
        &self.0[rule]
    }

    /// An anchor as it may be shown.
    fn anchor(&self, considered: &Considered) -> Option<String> {
        let public = considered.rule.is_none_or(|rule| self.of_rule(rule).public);
        let anchor = considered.anchor.as_ref().filter(|_| public)?;
        Some(anchor.escape_ascii().to_string())
    }
}

#[derive(Default)]
struct Counts {
    records: u64,
    masked: u64,
    passed: u64,
}

struct Explanation {
    session: Session,
    redactor: Arc<Redactor>,
    rules: Catalogue,
    document: bool,
    name: String,
    format: ReportFormat,
    reveal: bool,
    report: Report,
    counts: Counts,
}

/// A line of the report for programs.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Told<'a> {
    Masked {
        #[serde(flatten)]
        place: Place,
        length: usize,
        shape: String,
        rule: &'a str,
        about: &'a str,
        anchor: Option<String>,
        verifier: &'static str,
        undecided: bool,
        /// The name or the block began in an earlier record.
        carried: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    Passed {
        #[serde(flatten)]
        place: Place,
        rule: Option<&'a str>,
        about: Option<&'a str>,
        anchor: Option<String>,
        reason: &'static str,
        why: String,
    },
}

impl Explanation {
    fn run(mut self, mut records: Records) -> Result<Exit, Failure> {
        let mut found = Vec::new();
        while let Some(record) = records.next()? {
            self.counts.records += 1;
            self.find(record, &mut found);
            self.record(record, &found)?;
            if self.report.is_unread() {
                return Ok(Exit::Done);
            }
        }
        self.report.flush()?;
        let Counts {
            records,
            masked,
            passed,
        } = self.counts;
        report(&format_args!(
            "records: {records}, masked: {masked}, considered and passed: {passed}"
        ));
        Ok(Exit::Done)
    }

    /// What the filter masks in a record, whatever it owes to earlier ones.
    fn find(&mut self, record: Record<'_>, found: &mut Vec<Found>) {
        let mut pieces = Vec::new();
        self.session.write(record.bytes, &mut pieces);
        if self.document || record.content == record.bytes.len() {
            self.session.end(&mut pieces);
        }
        found.clear();
        found.extend(self.session.found());
        found.sort_unstable();
    }

    fn record(&mut self, record: Record<'_>, found: &[Found]) -> Result<(), Failure> {
        let considered = self.redactor.explain(&record.bytes[..record.content]);
        // By offset: what is masked and what is passed.
        let mut told: Vec<(u64, Told<'_>)> = Vec::new();
        for found in found {
            let masked = self.rules.masked(record, found, &considered, self.reveal);
            told.push((found.start(), masked));
            self.counts.masked += 1;
        }
        for considered in &considered {
            if let Outcome::Passed(reason) = considered.outcome {
                let at = record.offset + considered.at as u64;
                // A word inside of a value that goes anyway.
                let inside = found
                    .iter()
                    .any(|found| (found.start()..found.end()).contains(&at));
                if !(inside && considered.rule.is_none()) {
                    told.push((at, self.rules.passed(record, considered, reason)));
                    self.counts.passed += 1;
                }
            }
        }
        told.sort_by_key(|(at, _)| *at);
        for (_, told) in &told {
            match self.format {
                ReportFormat::Json => self.report.json(told)?,
                ReportFormat::Text => self.report.line(&text(&self.name, told))?,
            }
        }
        Ok(())
    }
}

impl Catalogue {
    /// A finding, with what made it one.
    fn masked(
        &self,
        record: Record<'_>,
        found: &Found,
        considered: &[Considered],
        reveal: bool,
    ) -> Told<'_> {
        let index = |offset: u64| (offset - record.offset) as usize;
        let range: Range<usize> = index(found.start())..index(found.end());
        let cause = considered.iter().find(|considered| {
            considered.rule == Some(found.rule())
                && matches!(&considered.outcome, Outcome::Found { secret, .. } if secret.start == range.start)
        });
        let rule = self.of_rule(found.rule());
        let secret = &record.bytes[range.clone()];
        let prefix = cause.and_then(|cause| cause.anchor.as_deref());
        Told::Masked {
            place: record.place(range.start),
            length: secret.len(),
            shape: shape(secret, prefix.filter(|_| rule.public)),
            rule: &rule.id,
            about: &rule.about,
            anchor: cause.and_then(|cause| self.anchor(cause)),
            verifier: match (rule.verifies, found.undecided(), found.unverified()) {
                (false, ..) => "none",
                (true, true, _) => "not run",
                (true, false, true) => "not verified",
                (true, false, false) => "accepted",
            },
            undecided: found.undecided(),
            carried: cause.is_none(),
            value: reveal.then(|| String::from_utf8_lossy(secret).into_owned()),
        }
    }

    fn passed(&self, record: Record<'_>, considered: &Considered, reason: Reason) -> Told<'_> {
        let rule = considered.rule.map(|rule| self.of_rule(rule));
        Told::Passed {
            place: record.place(considered.at),
            rule: rule.map(|rule| rule.id.as_str()),
            about: rule.map(|rule| rule.about.as_str()),
            anchor: self.anchor(considered),
            reason: reason.name(),
            why: reason.to_string(),
        }
    }
}

const MASKED: Style = AnsiColor::Red.on_default().bold();
const PASSED: Style = AnsiColor::Green.on_default();
const NOTE: Style = AnsiColor::Yellow.on_default();

/// The same for people.
fn text(name: &str, told: &Told<'_>) -> String {
    let at = |place: &Place| {
        let Place {
            line,
            column,
            offset,
        } = place;
        format!("{name}:{line}:{column}: offset {offset}")
    };
    let near = |anchor: &Option<String>| {
        let anchor = anchor.as_ref();
        anchor.map_or_else(String::new, |anchor| format!(", anchor {anchor}"))
    };
    match told {
        Told::Masked {
            place,
            length,
            shape,
            rule,
            about,
            anchor,
            verifier,
            undecided,
            carried,
            value,
        } => {
            let mut text = format!(
                "{}: {MASKED}masked{MASKED:#} by {MASKED}{rule}{MASKED:#} ({about}): \
                 length {length}, {shape}{}, verifier {verifier}",
                at(place),
                near(anchor)
            );
            if *undecided {
                let _ = write!(text, ", {NOTE}undecided{NOTE:#}");
            }
            if *carried {
                let _ = write!(text, ", {NOTE}owed to an earlier record or place{NOTE:#}");
            }
            if let Some(value) = value {
                let _ = write!(text, "\n    {}", value.escape_debug());
            }
            text
        }
        Told::Passed {
            place,
            rule,
            anchor,
            why,
            ..
        } => format!(
            "{}: {PASSED}passed{PASSED:#} by {}{}: {why}",
            at(place),
            rule.unwrap_or("fields"),
            near(anchor)
        ),
    }
}
