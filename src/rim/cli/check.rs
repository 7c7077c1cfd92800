//! `blackbar check [PATH]...`: which files hold secrets. Changes nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::rim::check::baseline::Baseline;
use crate::rim::check::catalogue::Catalogue;
use crate::rim::check::fingerprint::Key;
use crate::rim::check::open::Reading;
use crate::rim::check::report::{ReportFormat, Summary};
use crate::rim::check::scan::Scan;
use crate::rim::check::target::Target;
use crate::rim::check::walk::Choice;
use crate::rim::check::{Check, CheckError};
use crate::rim::cli::detection::DetectionOptions;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::{name, report};

/// Options of `check`.
#[derive(Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct CheckOptions {
    /// Files and folders to look through; "-" is standard input [default: .]
    ///
    /// Hidden files are looked at, ignored ones are not, links are not followed.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,

    /// Write the report to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Leave out files and folders that match, in the form of .gitignore; repeatable
    ///
    /// For what holds for everybody write a file .blackbarignore in the same form.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Look at ignored files, too: no .gitignore, .ignore or .blackbarignore has a say
    #[arg(long)]
    no_ignore: bool,

    /// Look at binary files, too
    ///
    /// Without it a file with a NUL in its first 8 KiB is left out and counted.
    #[arg(long)]
    binary: bool,

    /// Findings in FILE are known: they are not told and do not count
    #[arg(long, value_name = "FILE", help_heading = "Known findings")]
    baseline: Option<PathBuf>,

    /// Write all findings to FILE as known ones, and exit 0
    #[arg(long, value_name = "FILE", help_heading = "Known findings")]
    write_baseline: Option<PathBuf>,

    /// Make fingerprints with the key in FILE
    ///
    /// At least 16 bytes that nobody can guess. Who has the key can try out short values.
    /// Without it the key is that of the baseline, and without one a new one each run.
    #[arg(
        long,
        value_name = "FILE",
        env = "BLACKBAR_FINGERPRINT_KEY_FILE",
        hide_env = true,
        help_heading = "Known findings"
    )]
    fingerprint_key: Option<PathBuf>,

    #[command(flatten)]
    detection: DetectionOptions,
}

const NOTES: &str = "\
No value is ever shown: a finding is a rule, a place, a length and a keyed fingerprint.
Findings with the same fingerprint hold the same value.

Exit codes: 0 nothing found, 1 something found, 2 wrong options, 3 something could not be
read or written (the rest was looked at).
";

/// Looks through the files.
pub(crate) fn run(options: &CheckOptions) -> Result<Exit, Failure> {
    let redactor = Arc::new(options.detection.detection().redactor()?);
    let catalogue = Catalogue::of(&redactor);
    let baseline = options
        .baseline
        .as_deref()
        .map(Baseline::read)
        .transpose()?;
    let (key, own) = options.key(baseline.as_ref())?;
    let (stdin, files) = options.inputs();
    let steps = match &files[..] {
        [] => None,
        paths => Some(options.choice(paths, &options.own_files()).files()?),
    };
    let mut check = Check {
        scan: Scan {
            redactor: &redactor,
            catalogue: &catalogue,
            key: &key,
        },
        reading: Reading {
            binary: options.binary,
            largest: redactor.limits().max_document as u64,
        },
        baseline: baseline.as_ref(),
        known: options.write_baseline.as_ref().map(|_| BTreeSet::new()),
        report: options.format.report(),
        target: options.target(),
        summary: Summary::default(),
    };
    check.run(stdin, steps.into_iter().flatten())?;
    if options.format == ReportFormat::Text {
        report(&told(&check.summary));
    }
    if let (Some(path), Some(known)) = (&options.write_baseline, check.known.take()) {
        let salt = (!own).then_some(&key);
        Baseline::write(path, &key, salt, known)?;
    }
    Ok(options.exit(&check.summary))
}

impl CheckOptions {
    /// Whether standard input is looked at, and which files and folders are.
    fn inputs(&self) -> (bool, Vec<PathBuf>) {
        if self.paths.is_empty() {
            return (false, vec![PathBuf::from(".")]);
        }
        let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
        let files = self.paths.iter().filter(|path| !is_stdin(path));
        (
            self.paths.iter().any(|path| is_stdin(&path)),
            files.cloned().collect(),
        )
    }

    fn choice<'a>(&'a self, paths: &'a [PathBuf], own: &'a [PathBuf]) -> Choice<'a> {
        Choice {
            paths,
            excluded: &self.exclude,
            ignore_files: !self.no_ignore,
            own,
        }
    }

    /// Files that hold what `check` itself wrote, or its key.
    fn own_files(&self) -> Vec<PathBuf> {
        let files = [
            self.output.as_ref().filter(|_| self.target_is_file()),
            self.baseline.as_ref(),
            self.write_baseline.as_ref(),
            self.fingerprint_key.as_ref(),
        ];
        files.into_iter().flatten().cloned().collect()
    }

    fn target_is_file(&self) -> bool {
        self.output
            .as_deref()
            .is_some_and(|path| path != Path::new("-"))
    }

    fn target(&self) -> Target {
        let path = self.output.clone().filter(|_| self.target_is_file());
        Target::new(path, self.format == ReportFormat::Text)
    }

    /// The key of the fingerprints, and whether the user keeps it.
    fn key(&self, baseline: Option<&Baseline>) -> Result<(Key, bool), CheckError> {
        let given = self.fingerprint_key.as_deref().map(Key::read).transpose()?;
        let own = given.is_some();
        let key = match (given, baseline.and_then(Baseline::key)) {
            (Some(key), _) | (None, Some(key)) => key,
            (None, None) if baseline.is_some() => return Err(self.wrong_key()),
            (None, None) => Key::random()?,
        };
        match baseline {
            Some(baseline) if !baseline.is_of(&key) => Err(self.wrong_key()),
            _ => Ok((key, own)),
        }
    }

    fn wrong_key(&self) -> CheckError {
        CheckError::Baseline {
            path: name(self.baseline.as_deref().unwrap_or(Path::new(""))),
            reason: "its fingerprints are of another key; name the key that it was written with \
                     by --fingerprint-key"
                .to_owned(),
        }
    }

    fn exit(&self, summary: &Summary) -> Exit {
        if summary.unreadable > 0 {
            Exit::Io
        } else if summary.findings > 0 && self.write_baseline.is_none() {
            Exit::Found
        } else {
            Exit::Done
        }
    }
}

/// The counters for people.
fn told(summary: &Summary) -> String {
    let Summary {
        files, findings, ..
    } = summary;
    let mut text = format!("findings: {findings}, files: {files}");
    let further = [
        ("known", summary.known),
        ("binary files skipped", summary.binary),
        ("compressed or UTF-32 files skipped", summary.unseen),
        ("unreadable", summary.unreadable),
    ];
    for (what, count) in further {
        if count > 0 {
            text += &format!(", {what}: {count}");
        }
    }
    text
}
