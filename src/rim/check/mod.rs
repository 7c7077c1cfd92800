//! `blackbar check`: which files hold secrets, without changing or showing any.
//!
//! A file is chosen ([`walk`], with the [`index`] of git), opened ([`open`]), looked through by the engine ([`scan`],
//! over a [`window`] of bytes) and by looks that know its form ([`dockerfile`],
//! [`kubernetes`] with [`flow`]). What is found has a [`fingerprint`], may be [`allowed`] or
//! known ([`baseline`]), and is told ([`report`]), where nothing is lost by it ([`outputs`]).

mod allowed;
pub(crate) mod baseline;
pub(crate) mod catalogue;
mod dockerfile;
pub(crate) mod fingerprint;
mod flow;
mod index;
mod kubernetes;
pub(crate) mod open;
pub(crate) mod outputs;
mod private;
pub(crate) mod report;
pub(crate) mod scan;
pub(crate) mod target;
pub(crate) mod walk;
mod window;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::rim::check::baseline::{Baseline, Known};
use crate::rim::check::open::{Opened, Reading, Skipped};
use crate::rim::check::report::{Entry, Report, Summary, Unchecked, Weight};
use crate::rim::check::scan::{Scan, Secret};
use crate::rim::check::target::Target;
use crate::rim::check::walk::{Candidate, Step, WalkError};
use crate::rim::message::{reason, report};
use crate::rim::transport::output::OutputError;
use crate::rim::transport::progress::QUIET;

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
    /// A baseline is to be written over something else.
    #[error("cannot write a baseline to {0}: what is there is none; name another file")]
    NoBaseline(String),
    /// Two things are to be written to one file.
    #[error("report and baseline cannot both be written to {0}")]
    OneOutput(String),
}

/// What is said of a file of environment variables.
const VERSIONED: &str = "not ignored by git, so it is or will be under version control";

/// What is said of a file that git ignores but tracks.
const TRACKED: &str = "ignored by git, but under version control all the same";

/// All that is said of files besides.
pub(crate) const NOTES: [&str; 2] = [VERSIONED, TRACKED];

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
            Err(error) => target::failed(&error),
        }
    }

    fn all(&mut self, stdin: bool, files: impl Iterator<Item = Step>) -> io::Result<()> {
        if stdin {
            let opened = self.reading.stdin();
            let candidate = Candidate {
                path: PathBuf::from("-"),
                named: true,
                tracked: false,
            };
            self.file(&candidate, opened)?;
        }
        let mut progress = Progress::new();
        for step in files {
            match step {
                Err(error) => progress.suspend(|| self.missing(&error)),
                Ok(candidate) => {
                    progress.advance(|| self.shown(&candidate.path));
                    self.summary.tracked += u64::from(candidate.tracked);
                    let opened = self.reading.open(&candidate.path);
                    progress.suspend(|| self.file(&candidate, opened))?;
                }
            }
        }
        progress.clear();
        Ok(())
    }

    /// A path as people see it: a name may hold a secret, too.
    fn shown(&self, path: &Path) -> String {
        let shown = self.scan.redactor.redact(walk::shown(path).as_bytes());
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// Something is not there to be looked at.
    fn missing(&mut self, error: &WalkError) {
        let reason = reason(&error.error);
        if let Some(path) = &error.path {
            let reason = format!("{reason}{}", error.consequence);
            self.unreadable(path, &reason);
        } else {
            self.summary.unreadable += 1;
            report(&reason);
        }
    }

    fn unreadable(&mut self, path: &Path, reason: &str) {
        self.summary.unreadable += 1;
        let path = self.shown(path);
        report(&format_args!("cannot read {path}: {reason}"));
        self.unchecked(&path, reason, Weight::Error);
    }

    fn unchecked(&mut self, path: &str, reason: &str, weight: Weight) {
        self.report.unchecked(&Unchecked {
            path,
            reason,
            weight,
        });
    }

    /// A file in which nothing can be seen. That of a user who named it is no small matter.
    fn skip(&mut self, candidate: &Candidate, skipped: Skipped) {
        let path = self.shown(&candidate.path);
        let (reason, count, weight) = match skipped {
            Skipped::Binary => ("binary".to_owned(), &mut self.summary.binary, Weight::Note),
            Skipped::Unseen(magic) => {
                let reason = format!("{magic}, in which no secret can be seen");
                (reason, &mut self.summary.unseen, Weight::Warning)
            }
        };
        if candidate.named {
            self.summary.refused += 1;
        } else {
            *count += 1;
        }
        match skipped {
            Skipped::Unseen(_) => report(&format_args!("{path}: {reason}; not checked")),
            Skipped::Binary if candidate.named => {
                report(&format_args!(
                    "cannot check {path}: it is binary; --binary looks at it"
                ));
            }
            Skipped::Binary => {}
        }
        let weight = if candidate.named {
            Weight::Error
        } else {
            weight
        };
        self.unchecked(&path, &reason, weight);
    }

    /// Looks at one file. What is wrong with the file is told; an error is the report's.
    fn file(
        &mut self,
        candidate: &Candidate,
        opened: io::Result<Result<Opened, Skipped>>,
    ) -> io::Result<()> {
        let secrets = match opened {
            Ok(Err(skipped)) => {
                self.skip(candidate, skipped);
                return Ok(());
            }
            Ok(Ok(opened)) => self.secrets(opened),
            Err(error) => Err(error),
        };
        match secrets {
            Ok(secrets) => self.tell(candidate, &secrets),
            Err(error) => {
                self.unreadable(&candidate.path, &reason(&error));
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

    fn tell(&mut self, candidate: &Candidate, secrets: &[Secret]) -> io::Result<()> {
        if secrets.is_empty() {
            return Ok(());
        }
        let path = &candidate.path;
        let shown = self.shown(path);
        let note = if candidate.tracked {
            Some(TRACKED)
        } else {
            let versioned = walk::is_environment(path) && walk::is_versioned(path);
            versioned.then_some(VERSIONED)
        };
        for secret in secrets {
            if secret.allowed {
                self.summary.allowed += 1;
                continue;
            }
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
                note,
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

/// How far the check is, for a person who waits at a terminal.
struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: bool,
}

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} files  {wide_msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            started: Instant::now(),
            shown: false,
        }
    }

    /// A file is next. What is over soon needs no progress.
    fn advance(&mut self, file: impl FnOnce() -> String) {
        self.bar.inc(1);
        if self.started.elapsed() < QUIET {
            return;
        }
        if !std::mem::replace(&mut self.shown, true) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if !self.bar.is_hidden() {
            self.bar.set_message(file());
        }
    }

    fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
