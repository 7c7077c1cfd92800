//! `rules test`: cases of a user's own.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use blackbar::{Profile, Redactor};
use clap::Args;

use super::print;
use crate::rim::cli::detection::DetectionOptions;
use crate::rim::config::{ConfigError, Detection};
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::{name, reason};
use crate::rim::nearest::distance;
use crate::rim::rules::cases::{self, Case};

/// Options of `rules test`.
#[derive(Args)]
pub(super) struct TestOptions {
    /// Files of cases
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    detection: DetectionOptions,
}

/// Runs the cases of all files, and says which fail.
pub(super) fn run(options: &TestOptions) -> Result<Exit, Failure> {
    let mut redactors = Redactors {
        detection: options.detection.detection(),
        built: Vec::new(),
    };
    // Everything is read before anything runs: a wrong file is no failed case.
    let files = options
        .files
        .iter()
        .map(|file| Ok((name(file), read(file)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let (mut text, mut total, mut failed) = (String::new(), 0, 0);
    for (file, cases) in &files {
        for case in cases {
            total += 1;
            let redactor = redactors.of(case.profile)?;
            if let Some(failure) = case.failure(&case.run(&redactor)) {
                failed += 1;
                let _ = writeln!(text, "{file}:{}: {}\n{failure}", case.line, case.name);
            }
        }
    }
    let _ = writeln!(text, "cases: {total}, failed: {failed}");
    print(&text)?;
    Ok(if failed > 0 { Exit::Found } else { Exit::Done })
}

fn read(file: &PathBuf) -> Result<Vec<Case>, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::Usage(format!(
            "cannot read the cases in {}: {}",
            name(file),
            reason(&error)
        ))
    })?;
    cases::parse(&text, distance)
        .map_err(|wrong| Failure::Usage(format!("{}:{}: {}", name(file), wrong.line, wrong.what)))
}

/// One redactor a profile that some case asks for.
struct Redactors {
    detection: Detection,
    built: Vec<(Profile, Arc<Redactor>)>,
}

impl Redactors {
    fn of(&mut self, profile: Option<Profile>) -> Result<Arc<Redactor>, ConfigError> {
        let profile = profile.unwrap_or(self.detection.profile);
        if let Some((_, redactor)) = self.built.iter().find(|(built, _)| *built == profile) {
            return Ok(Arc::clone(redactor));
        }
        let given = std::mem::replace(&mut self.detection.profile, profile);
        let redactor = self.detection.redactor();
        self.detection.profile = given;
        let redactor = Arc::new(redactor?);
        self.built.push((profile, Arc::clone(&redactor)));
        Ok(redactor)
    }
}
