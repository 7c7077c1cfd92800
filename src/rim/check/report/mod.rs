//! What is told of the findings, in one form a file. The value is in none of them.

mod json;
mod sarif;
mod text;

use std::io::{self, BufRead, Write};

use clap::ValueEnum;
use serde::de::IgnoredAny;

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
    /// Findings that a comment in their line allows.
    pub(crate) allowed: u64,
    /// Files that git ignores and tracks all the same.
    pub(crate) tracked: u64,
    /// Binary files in folders.
    pub(crate) binary: u64,
    /// Files in folders in a form in which nothing can be seen.
    pub(crate) unseen: u64,
    /// Files of either kind that the user named.
    pub(crate) refused: u64,
    pub(crate) unreadable: u64,
}

impl Summary {
    /// Whether everything was looked at that was to be.
    pub(crate) fn is_complete(&self) -> bool {
        self.refused == 0 && self.unreadable == 0
    }
}

/// A file that was not looked at, and why.
pub(crate) struct Unchecked<'a> {
    pub(crate) path: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) weight: Weight,
}

/// How much it matters that a file was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// There is hardly anything to see in it.
    Note,
    /// There may well be something.
    Warning,
    /// It was to be looked at.
    Error,
}

/// Writes a report as the findings come.
pub(crate) trait Report {
    fn finding(&mut self, out: &mut dyn Write, entry: &Entry<'_>) -> io::Result<()>;

    /// For forms that list files that were not looked at.
    fn unchecked(&mut self, _: &Unchecked<'_>) {}

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
}

impl ReportFormat {
    /// A report whose relative paths are below `base`.
    pub(crate) fn report(self, base: String) -> Box<dyn Report> {
        match self {
            Self::Text => Box::new(text::Text),
            Self::Json => Box::new(json::Json::default()),
            Self::Sarif => Box::new(sarif::Sarif::below(base)),
        }
    }
}

/// Whether a file is a report of ours, in whatever form: it holds nothing else.
pub(crate) fn is_report(content: &[u8]) -> bool {
    let head = sarif::head();
    let begins = content.starts_with(json::HEAD) || content.starts_with(head.as_bytes());
    if begins {
        return serde_json::from_slice::<IgnoredAny>(content).is_ok();
    }
    let mut lines = content.lines();
    lines.all(|line| line.is_ok_and(|line| text::is_line(&line)))
}

/// Writes `value` as the next item of an array.
fn item(out: &mut dyn Write, first: &mut bool, value: &impl serde::Serialize) -> io::Result<()> {
    out.write_all(if *first { b"\n" } else { b",\n" })?;
    *first = false;
    serde_json::to_writer(out, value).map_err(io::Error::from)
}
