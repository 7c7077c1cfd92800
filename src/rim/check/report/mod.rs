//! What is told of the findings, in one form a file. The value is in none of them.

mod json;
mod sarif;
mod text;

use std::io::{self, Write};

use clap::ValueEnum;

use crate::rim::check::catalogue::RuleInfo;
use crate::rim::check::scan::Secret;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A line a finding, for people
    Text,
    /// One object with all findings and counters
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

/// A finding with what is said of it.
pub(crate) struct Entry<'a> {
    pub(crate) path: &'a str,
    /// The number of the rule, for those that list rules.
    pub(crate) number: usize,
    pub(crate) rule: &'a RuleInfo,
    pub(crate) secret: &'a Secret,
    /// What else is to be known, such as that the file is under version control.
    pub(crate) note: Option<&'static str>,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Findings that are in no baseline.
    pub(crate) findings: u64,
    /// Findings that are in the baseline.
    pub(crate) known: u64,
    pub(crate) binary: u64,
    /// Files in a form in which nothing can be seen.
    pub(crate) unseen: u64,
    pub(crate) unreadable: u64,
}

/// Writes a report as the findings come.
pub(crate) trait Report {
    fn finding(&mut self, out: &mut dyn Write, entry: &Entry<'_>) -> io::Result<()>;

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
}

impl ReportFormat {
    pub(crate) fn report(self) -> Box<dyn Report> {
        match self {
            Self::Text => Box::new(text::Text),
            Self::Json => Box::new(json::Json::default()),
            Self::Sarif => Box::new(sarif::Sarif::default()),
        }
    }
}

/// Writes `value` as the next item of an array.
fn item(out: &mut dyn Write, first: &mut bool, value: &impl serde::Serialize) -> io::Result<()> {
    out.write_all(if *first { b"\n" } else { b",\n" })?;
    *first = false;
    serde_json::to_writer(out, value).map_err(io::Error::from)
}
