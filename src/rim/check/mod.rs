//! `blackbar check`: which files hold secrets, without changing or showing any.
//!
//! A file is chosen ([`walk`]), opened ([`open`]), looked through by the engine ([`scan`],
//! over a [`window`] of bytes) and by looks that know its form ([`dockerfile`],
//! [`kubernetes`]). What is found has a [`fingerprint`], may be known ([`baseline`]), and
//! is told ([`report`]).

pub(crate) mod baseline;
pub(crate) mod catalogue;
mod dockerfile;
pub(crate) mod fingerprint;
mod kubernetes;
pub(crate) mod open;
mod private;
pub(crate) mod report;
pub(crate) mod scan;
pub(crate) mod target;
pub(crate) mod walk;
mod window;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use crate::rim::check::baseline::{Baseline, Known};
use crate::rim::check::open::{Opened, Reading, Skipped};
use crate::rim::check::report::{Entry, Report, Summary};
use crate::rim::check::scan::{Scan, Secret};
use crate::rim::check::target::Target;
use crate::rim::check::walk::Step;
use crate::rim::message::{name, reason, report};
use crate::rim::transport::output::OutputError;

/// Why a check cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The system gives no random bytes for the key of the fingerprints.
    #[error("the system gives no random bytes; name a file with --fingerprint-key")]
    NoRandomness,
    /// The key of the fingerprints is not there.
    #[error("cannot take the key of fingerprints from {path}: {reason}")]
    Key { path: String, reason: String },
    /// A glob cannot be read.
    #[error("--exclude {glob}: {reason}")]
    Glob { glob: String, reason: String },
    /// A baseline is not there, or none.
    #[error("cannot use the baseline {path}: {reason}")]
    Baseline { path: String, reason: String },
}

/// What is said of a file of environment variables.
const VERSIONED: &str = "not ignored by git, so it is or will be under version control";

/// A check on its way.
pub(crate) struct Check<'a> {
    pub(crate) scan: Scan<'a>,
    pub(crate) reading: Reading,
    pub(crate) baseline: Option<&'a Baseline>,
    /// What the next baseline is to know; none where none is written.
    pub(crate) known: Option<BTreeSet<Known>>,
    pub(crate) report: Box<dyn Report>,
    pub(crate) target: Target,
    pub(crate) summary: Summary,
}

impl Check<'_> {
    /// Looks at the files. A reader of the report that went away ends it early.
    pub(crate) fn run(
        &mut self,
        stdin: bool,
        files: impl Iterator<Item = Step>,
    ) -> Result<(), OutputError> {
        let outcome = self.all(stdin, files);
        match outcome.and_then(|()| self.report.finish(&mut self.target, &self.summary)) {
            Ok(()) => self.target.commit(),
            Err(error) => self.target.failed(&error),
        }
    }

    fn all(&mut self, stdin: bool, files: impl Iterator<Item = Step>) -> io::Result<()> {
        if stdin {
            let opened = self.reading.stdin();
            self.file(Path::new("-"), opened)?;
        }
        let progress = progress();
        for step in files {
            match step {
                Err(error) => {
                    self.summary.unreadable += 1;
                    progress.suspend(|| report(&walk_message(&error)));
                }
                Ok(path) => {
                    progress.set_message(walk::shown(&path));
                    progress.inc(1);
                    progress.suspend(|| self.file(&path, self.reading.open(&path)))?;
                }
            }
        }
        progress.finish_and_clear();
        Ok(())
    }

    /// Looks at one file. What is wrong with the file is told; an error is the report's.
    fn file(&mut self, path: &Path, opened: io::Result<Result<Opened, Skipped>>) -> io::Result<()> {
        let secrets = match opened {
            Ok(Err(Skipped::Binary)) => {
                self.summary.binary += 1;
                return Ok(());
            }
            Ok(Err(Skipped::Unseen(magic))) => {
                self.summary.unseen += 1;
                report(&format_args!(
                    "{}: {magic}, in which no secret can be seen; not checked",
                    name(path)
                ));
                return Ok(());
            }
            Ok(Ok(opened)) => self.secrets(opened),
            Err(error) => Err(error),
        };
        match secrets {
            Ok(secrets) => self.tell(path, &secrets),
            Err(error) => {
                self.summary.unreadable += 1;
                report(&format_args!(
                    "cannot read {}: {}",
                    name(path),
                    reason(&error)
                ));
                Ok(())
            }
        }
    }

    fn secrets(&mut self, opened: Opened) -> io::Result<Vec<Secret>> {
        let mut counted = Counted {
            source: opened.source,
            bytes: 0,
        };
        let secrets = self.scan.read(&mut counted, opened.look)?;
        self.summary.files += 1;
        self.summary.bytes += counted.bytes;
        Ok(secrets)
    }

    fn tell(&mut self, path: &Path, secrets: &[Secret]) -> io::Result<()> {
        if secrets.is_empty() {
            return Ok(());
        }
        let shown = walk::shown(path);
        let versioned = walk::is_environment(path) && walk::is_versioned(path);
        for secret in secrets {
            let rule = self.scan.catalogue.rule(secret.rule);
            let known = Known {
                path: shown.clone(),
                rule: rule.id.clone(),
                fingerprint: secret.fingerprint.clone(),
            };
            let is_known = self.baseline.is_some_and(|baseline| baseline.knows(&known));
            if let Some(next) = &mut self.known {
                next.insert(known);
            }
            if is_known {
                self.summary.known += 1;
                continue;
            }
            self.summary.findings += 1;
            let entry = Entry {
                path: &shown,
                number: secret.rule,
                rule,
                secret,
                note: versioned.then_some(VERSIONED),
            };
            self.report.finding(&mut self.target, &entry)?;
        }
        Ok(())
    }
}

/// Counts what is read.
struct Counted {
    source: Box<dyn Read>,
    bytes: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Seen only where standard error is a terminal.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    match ProgressStyle::with_template("{spinner} {pos} files  {wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What was wrong on the way to a file.
fn walk_message(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { path, err } => match err.io_error() {
            Some(io) => format!("cannot read {}: {}", name(path), reason(io)),
            None => format!("{}: {err}", name(path)),
        },
        ignore::Error::WithDepth { err, .. } => walk_message(err),
        _ => error.to_string(),
    }
}
