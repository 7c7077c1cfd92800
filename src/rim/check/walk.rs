//! Which files are looked at.
//!
//! Ignored files are left out, as git and ripgrep leave them out, but hidden ones are
//! not: secrets live in `.env`. What git keeps for itself in `.git` is none of them.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ignore::overrides::OverrideBuilder;
use ignore::{Walk, WalkBuilder};

use crate::rim::check::CheckError;
use crate::rim::message::name;

/// The file that says which files of a project are not checked, in the form of
/// `.gitignore`.
const IGNORE_FILE: &str = ".blackbarignore";

/// What decides which files are looked at.
pub(crate) struct Choice<'a> {
    pub(crate) paths: &'a [PathBuf],
    /// Globs of files and folders that are left out.
    pub(crate) excluded: &'a [String],
    /// Ignore files have a say.
    pub(crate) ignore_files: bool,
    /// Files that `check` itself writes or reads.
    pub(crate) own: &'a [PathBuf],
}

/// A file to look at, or why there is none.
pub(crate) type Step = Result<PathBuf, ignore::Error>;

impl Choice<'_> {
    /// The files in the order of their paths.
    pub(crate) fn files(&self) -> Result<impl Iterator<Item = Step> + use<>, CheckError> {
        let own: Vec<_> = self.own.iter().filter_map(|path| identity(path)).collect();
        Ok(self.walk()?.filter_map(move |entry| match entry {
            Err(error) => Some(Err(error)),
            Ok(entry) => {
                let kind = entry.file_type()?;
                // A named pipe that was not asked for would wait for a writer forever.
                let wanted = kind.is_file() || entry.depth() == 0 && !kind.is_dir();
                let path = entry.into_path();
                let is_own = || identity(&path).is_some_and(|id| own.contains(&id));
                (wanted && !is_own()).then_some(Ok(path))
            }
        }))
    }

    fn walk(&self) -> Result<Walk, CheckError> {
        let mut paths = self.paths.iter();
        let mut builder = WalkBuilder::new(paths.next().map_or(Path::new("."), PathBuf::as_path));
        for path in paths {
            builder.add(path);
        }
        let by_name = |a: &OsStr, b: &OsStr| a.cmp(b);
        builder
            .standard_filters(self.ignore_files)
            .require_git(false)
            .hidden(false)
            .follow_links(false)
            .sort_by_file_name(by_name)
            .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
        if self.ignore_files {
            builder.add_custom_ignore_filename(IGNORE_FILE);
        }
        let mut excluded = OverrideBuilder::new(".");
        for glob in self.excluded {
            let add = excluded.add(&format!("!{glob}"));
            add.map_err(|error| CheckError::Glob {
                glob: glob.clone(),
                reason: error.to_string(),
            })?;
        }
        let excluded = excluded.build().map_err(|error| CheckError::Glob {
            glob: self.excluded.join(", "),
            reason: error.to_string(),
        })?;
        Ok(builder.overrides(excluded).build())
    }
}

/// Which file it is, whatever its name.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    fs::metadata(path).map(id).ok()
}

/// A path as reports show it: as it was reached, without the `./` before it.
pub(crate) fn shown(path: &Path) -> String {
    name(path.strip_prefix("./").unwrap_or(path))
}

/// Whether the file is in a repository of git that does not ignore it, so that it is, or
/// is about to be, under version control.
pub(crate) fn is_versioned(path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else {
        return false;
    };
    let Some(folder) = path.parent() else {
        return false;
    };
    let in_repository = folder
        .ancestors()
        .any(|folder| folder.join(".git").exists());
    in_repository
        && WalkBuilder::new(folder)
            .hidden(false)
            .ignore(false)
            .max_depth(Some(1))
            .build()
            .flatten()
            .any(|entry| entry.path() == path)
}

/// Whether it is a file of environment variables: `.env`, `.env.local`, `prod.env`.
pub(crate) fn is_environment(path: &Path) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    file == ".env" || file.starts_with(".env.") || file.ends_with(".env")
}
