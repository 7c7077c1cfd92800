//! What is written must not replace what was to be looked at.
//!
//! A report replaces any file but one that was named, one that the check reads, and one in
//! a folder that is looked through; there it replaces only what is nothing but a former
//! report, or is empty. A baseline replaces baselines only.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rim::check::CheckError;
use crate::rim::check::baseline::Baseline;
use crate::rim::check::report::is_report;
use crate::rim::check::walk::identity;
use crate::rim::message::name;
use crate::rim::transport::output::OutputError;

/// A larger file is none of our reports.
const LARGEST_REPORT: u64 = 1 << 28;

/// The files that are written.
pub(crate) struct Outputs<'a> {
    pub(crate) report: Option<&'a Path>,
    pub(crate) baseline: Option<&'a Path>,
}

impl Outputs<'_> {
    /// Refuses to destroy what the user named to be looked at, or the check reads besides.
    pub(crate) fn guard(&self, named: &[PathBuf], read: &[&Path]) -> Result<(), OutputGuard> {
        for output in [self.report, self.baseline].into_iter().flatten() {
            if named.iter().any(|path| is_same(path, output)) {
                return Err(is_input(output));
            }
        }
        if let Some(report) = self.report {
            let needed = read.iter().any(|path| is_same(path, report));
            if needed || is_looked_at(report, named) {
                return Err(is_input(report));
            }
        }
        let Some(baseline) = self.baseline else {
            return Ok(());
        };
        if self.report.is_some_and(|report| is_same(report, baseline)) {
            return Err(CheckError::OneOutput(name(baseline)).into());
        }
        let is_there = baseline.metadata().is_ok_and(|there| there.is_file());
        if is_there && Baseline::read(baseline).is_err() {
            return Err(CheckError::NoBaseline(name(baseline)).into());
        }
        Ok(())
    }
}

/// Why an output is refused.
pub(crate) enum OutputGuard {
    Input(OutputError),
    Other(CheckError),
}

impl From<CheckError> for OutputGuard {
    fn from(error: CheckError) -> Self {
        Self::Other(error)
    }
}

fn is_input(output: &Path) -> OutputGuard {
    OutputGuard::Input(OutputError::IsInput {
        output: name(output),
    })
}

/// Whether two paths are of one file, which need not be there yet.
fn is_same(a: &Path, b: &Path) -> bool {
    match (identity(a), identity(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => place(a).is_some_and(|a| Some(a) == place(b)),
        _ => false,
    }
}

/// Where a file will be that is not there.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
    Some(folder.join(path.file_name()?))
}

/// Whether a file lies in a folder that is looked through, and is more than a report.
fn is_looked_at(report: &Path, folders: &[PathBuf]) -> bool {
    let Ok(report) = fs::canonicalize(report) else {
        return false;
    };
    let inside =
        |folder: &PathBuf| fs::canonicalize(folder).is_ok_and(|folder| report.starts_with(folder));
    let Ok(metadata) = report.metadata() else {
        return false;
    };
    metadata.is_file()
        && folders.iter().any(inside)
        && (metadata.len() > LARGEST_REPORT
            || !fs::read(&report).is_ok_and(|content| is_report(&content)))
}
