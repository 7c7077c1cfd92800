//! The configuration as it is read, again and again, and when that is due.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::rim::cli::configuration::{ConfigurationOptions, surroundings};
use crate::rim::config::build::{self, Built};
use crate::rim::config::file::{File, Source};
use crate::rim::exit::Failure;
use crate::rim::reload::changes::Changes;

/// After so long the end of an exception is tried again, if it could not be.
const AGAIN: Duration = Duration::from_secs(60);

/// Where the configuration comes from.
pub(super) struct Origin<'a> {
    options: &'a ConfigurationOptions,
    /// The file that can be read again.
    own: Option<PathBuf>,
    changes: Changes,
    /// The one that runs.
    good: Option<Read>,
    /// When the first exception of the one that runs ends.
    expires: Option<SystemTime>,
}

/// A configuration that holds, and all that it was made of.
pub(super) struct Read {
    file: File,
    source: Source,
    pub(super) built: Built,
}

/// Why the configuration is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Files have changed.
    Changed,
    /// An exception has come to its end.
    Expired,
}

impl<'a> Origin<'a> {
    /// Nothing is read yet.
    pub(super) fn new(options: &'a ConfigurationOptions) -> Self {
        let mut changes = Changes::default();
        // A pipe is read once, as standard input is: to open it again waits for a writer.
        let own = options.file().filter(|path| !is_special(path)).cloned();
        changes.follow(own.clone());
        Self {
            options,
            own,
            changes,
            good: None,
            expires: None,
        }
    }

    /// What a reload by hand cannot do, if there is something.
    pub(super) fn limit(&self) -> Option<&'static str> {
        self.own.is_none().then_some(
            "there is no configuration file to read again: what was given stays, and the files \
             of rules that it names are read",
        )
    }

    /// Reads everything, and makes of it what holds at this time.
    ///
    /// # Errors
    ///
    /// It does not hold.
    pub(super) fn read(&mut self, now: SystemTime) -> Result<Read, Failure> {
        self.changes.begin();
        let source = match &self.good {
            // Standard input can be read once.
            Some(good) if self.own.is_none() => good.source.clone(),
            Some(_) if self.own.as_deref().is_some_and(is_special) => {
                let what = "the configuration is no regular file any more";
                return Err(Failure::Usage(what.to_owned()));
            }
            _ => self.options.source()?,
        };
        let file = self.options.read(&source)?;
        let own = self.own.clone();
        self.changes.follow(own.into_iter().chain(file.reads()));
        let built = build::build(&file, &source, &surroundings(now, None))?;
        Ok(Read {
            file,
            source,
            built,
        })
    }

    /// Makes of the one that runs what holds at this time. Nothing is read, so that an
    /// exception ends also where a file is broken meanwhile.
    ///
    /// # Errors
    ///
    /// Without its exceptions it does not hold.
    pub(super) fn made_again(&mut self, now: SystemTime) -> Result<Option<Read>, Failure> {
        self.expires = Some(now + AGAIN);
        let Some(Read {
            file,
            source,
            built,
        }) = &self.good
        else {
            return Ok(None);
        };
        let surroundings = surroundings(now, Some(built.files.clone()));
        Ok(Some(Read {
            built: build::build(file, source, &surroundings)?,
            file: file.clone(),
            source: source.clone(),
        }))
    }

    /// This one runs.
    pub(super) fn runs(&mut self, read: Read) {
        self.expires = read.built.expires;
        self.good = Some(read);
    }

    /// Whether it is time to read again. To be asked each second or so.
    pub(super) fn due(&mut self, now: SystemTime) -> Option<Due> {
        if self.expires.is_some_and(|day| day <= now) {
            return Some(Due::Expired);
        }
        self.changes.look().then_some(Due::Changed)
    }
}

/// Whether there is something else than a file, such as a named pipe.
fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_file())
}
