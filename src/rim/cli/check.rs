//! `blackbar check [PATH]...`: which files hold secrets. Changes nothing.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blackbar::{Profile, Redactor};
use clap::Args;

use crate::rim::check::baseline::Baseline;
use crate::rim::check::catalogue::Catalogue;
use crate::rim::check::fingerprint::Key;
use crate::rim::check::open::Reading;
use crate::rim::check::outputs::{OutputGuard, Outputs};
use crate::rim::check::report::{ReportFormat, Summary};
use crate::rim::check::scan::Scan;
use crate::rim::check::target::Target;
use crate::rim::check::walk::Choice;
use crate::rim::check::{Check, CheckError};
use crate::rim::cli::detection::DetectionOptions;
use crate::rim::config::Detection;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::{name, report};

/// Options of `check`.
#[derive(Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct CheckOptions {
    /// Files and folders to look through; "-" is standard input [default: .]
    ///
    /// Hidden files are looked at, links are not followed. Files that .gitignore names are
    /// left out, unless git tracks them all the same.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,

    /// Write the report to FILE instead of standard output
    ///
    /// FILE is none that is looked at; in a folder that is looked through it may be a former
    /// report, which is replaced and left out.
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
    /// Without it a file with a NUL in its first 8 KiB is left out and counted; where it is
    /// a PATH itself the exit code is 3.
    #[arg(long)]
    binary: bool,

    /// Findings in FILE are known: they are not told and do not count
    #[arg(long, value_name = "FILE", help_heading = "Known findings")]
    baseline: Option<PathBuf>,

    /// Write all findings to FILE as known ones, and exit 0
    ///
    /// It replaces nothing but a baseline. FILE holds the key of its fingerprints, unless
    /// --fingerprint-key names one: keep it out of public repositories.
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

A comment in the line of a finding allows it: blackbar:allow, gitleaks:allow or
pragma: allowlist secret. What is allowed is counted and not reported.

Exit codes: 0 nothing found, 1 something found, 2 wrong options, 3 something could not be
read or written, or a file that was named not be looked at (the rest was).
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
    options.guard(&files)?;
    if let Some(restriction) = restriction(&options.detection.detection()) {
        report(&restriction);
    }
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
        report: options.format.report(base(&redactor)),
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
        if salt.is_some() {
            report(&format_args!(
                "{} holds the key of its fingerprints: who has the file can try out short values; \
                 keep it out of public repositories, or use --fingerprint-key",
                name(path)
            ));
        }
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

    /// Refuses outputs that would destroy what is looked at or read.
    fn guard(&self, named: &[PathBuf]) -> Result<(), Failure> {
        let rules = self.detection.detection().rules;
        let read = [&self.baseline, &self.fingerprint_key];
        let read = read.into_iter().flatten().chain(&rules);
        let read: Vec<&Path> = read.map(PathBuf::as_path).collect();
        let outputs = Outputs {
            report: self.output.as_deref().filter(|_| self.target_is_file()),
            baseline: self.write_baseline.as_deref(),
        };
        outputs
            .guard(named, &read)
            .map_err(|refused| match refused {
                OutputGuard::Input(error) => error.into(),
                OutputGuard::Other(error) => error.into(),
            })
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
        if !summary.is_complete() {
            Exit::Io
        } else if summary.findings > 0 && self.write_baseline.is_none() {
            Exit::Found
        } else {
            Exit::Done
        }
    }
}

/// Says that not everything is looked for: a variable of the environment is easily
/// forgotten.
fn restriction(detection: &Detection) -> Option<String> {
    let mut parts = Vec::new();
    if !detection.only.is_empty() {
        let ids = detection.only.join(", ");
        parts.push(format!("only {ids} (--only or BLACKBAR_ONLY)"));
    }
    if !detection.disabled.is_empty() {
        let ids = detection.disabled.join(", ");
        parts.push(format!("not {ids} (--except or BLACKBAR_DISABLE)"));
    }
    if !detection.allowed_fields.is_empty() {
        let names = detection.allowed_fields.join(", ");
        parts.push(format!(
            "no field {names} (--allow-field or BLACKBAR_ALLOW_FIELD)"
        ));
    }
    if matches!(detection.profile, Profile::Article | Profile::ArticleErrors) {
        let profile = detection.profile.name();
        parts.push(format!("profile {profile} (--profile or BLACKBAR_PROFILE)"));
    }
    (!parts.is_empty()).then(|| format!("restricted: {}", parts.join("; ")))
}

/// The folder that relative paths are below, which may have a secret in its name.
fn base(redactor: &Redactor) -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    let folder = redactor.redact(name(&folder).as_bytes());
    String::from_utf8_lossy(&folder).into_owned()
}

/// The counters for people.
fn told(summary: &Summary) -> String {
    let Summary {
        files, findings, ..
    } = summary;
    let mut text = format!("findings: {findings}, files: {files}");
    let further = [
        ("known", summary.known),
        ("allowed", summary.allowed),
        ("tracked although ignored", summary.tracked),
        ("binary files skipped", summary.binary),
        ("compressed or UTF-32 files skipped", summary.unseen),
        ("named but not checked", summary.refused),
        ("unreadable", summary.unreadable),
    ];
    for (what, count) in further {
        if count > 0 {
            let _ = write!(text, ", {what}: {count}");
        }
    }
    text
}
