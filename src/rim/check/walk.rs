//! Which files are looked at.
//!
//! Ignored files are left out, as git and ripgrep leave them out, but hidden ones are
//! not: secrets live in `.env`. Nor are those that git tracks although it is to ignore
//! them: whoever clones the repository has them. What git keeps for itself in `.git` is none of them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, Walk, WalkBuilder};

use crate::rim::check::CheckError;
use crate::rim::check::index::{self, IndexError};
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
    /// Files that `check` itself writes or reads: left out where nobody named them.
    pub(crate) own: &'a [PathBuf],
}

/// A file to look at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    /// The user named it, and not a folder around it.
    pub(crate) named: bool,
    /// Git ignores it, but tracks it.
    pub(crate) tracked: bool,
}

/// A file to look at, or why there is none.
pub(crate) type Step = Result<Candidate, WalkError>;

/// Why a file, or all of a folder, is not there to be looked at.
#[derive(Debug)]
pub(crate) struct WalkError {
    pub(crate) path: Option<PathBuf>,
    pub(crate) error: io::Error,
    /// What else is not looked at for it.
    pub(crate) consequence: &'static str,
}

impl Choice<'_> {
    /// The files in the order of their paths, and then those that git ignores but tracks.
    pub(crate) fn files(&self) -> Result<impl Iterator<Item = Step> + use<>, CheckError> {
        let rules = Rc::new(Rules {
            excluded: self.excluded()?,
            ignore_files: self.ignore_files,
            own: self.own.iter().filter_map(|path| identity(path)).collect(),
        });
        let files = |path: &PathBuf| Files::below(path.clone(), Rc::clone(&rules));
        let all: Vec<Files> = self.paths.iter().map(files).collect();
        Ok(all.into_iter().flatten())
    }

    fn excluded(&self) -> Result<Override, CheckError> {
        let mut excluded = OverrideBuilder::new(".");
        for glob in self.excluded {
            let add = excluded.add(&format!("!{glob}"));
            add.map_err(|error| CheckError::Glob {
                glob: glob.clone(),
                reason: error.to_string(),
            })?;
        }
        excluded.build().map_err(|error| CheckError::Glob {
            glob: self.excluded.join(", "),
            reason: error.to_string(),
        })
    }
}

/// What holds for every path.
struct Rules {
    excluded: Override,
    ignore_files: bool,
    own: Vec<(u64, u64)>,
}

impl Rules {
    fn builder(&self, path: &Path) -> WalkBuilder {
        let by_name = |a: &OsStr, b: &OsStr| a.cmp(b);
        let mut builder = WalkBuilder::new(path);
        builder
            .standard_filters(self.ignore_files)
            .require_git(false)
            .hidden(false)
            .follow_links(false)
            .sort_by_file_name(by_name)
            .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git")
            .overrides(self.excluded.clone());
        if self.ignore_files {
            builder.add_custom_ignore_filename(IGNORE_FILE);
        }
        builder
    }

    /// A second walk, to these files alone, in which git has no say.
    fn to(&self, root: &Root, files: BTreeSet<PathBuf>) -> Walk {
        let root = root.clone();
        let files = Arc::new(files);
        self.builder(&root.path)
            .git_ignore(false)
            .git_global(false)
            .git_exclude(false)
            .filter_entry(move |entry| {
                let path = root.real(entry.path());
                let next = files.range(path.clone()..).next();
                next.is_some_and(|next| next.starts_with(&path))
            })
            .build()
    }
}

/// A path that the user named.
#[derive(Clone)]
struct Root {
    path: PathBuf,
    /// The same without links.
    real: PathBuf,
}

impl Root {
    /// What a path below is without links. The walk follows none.
    fn real(&self, path: &Path) -> PathBuf {
        self.real
            .join(path.strip_prefix(&self.path).unwrap_or(path))
    }
}

/// The files of one path that the user named.
struct Files {
    rules: Rc<Rules>,
    root: Root,
    walk: Walk,
    /// What git tracks below and the walk has not come by.
    tracked: BTreeSet<PathBuf>,
    /// The second walk, to what git ignores but tracks.
    again: bool,
    /// Why it is not known what git tracks.
    errors: Vec<IndexError>,
    /// What the first walk could not read: the second one comes by once more.
    missing: BTreeSet<Option<PathBuf>>,
}

impl Files {
    fn below(path: PathBuf, rules: Rc<Rules>) -> Self {
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let mut files = Self {
            walk: rules.builder(&path).build(),
            rules,
            root: Root { path, real },
            tracked: BTreeSet::new(),
            again: false,
            errors: Vec::new(),
            missing: BTreeSet::new(),
        };
        if files.rules.ignore_files && files.root.real.is_dir() {
            let above = files.root.real.ancestors();
            let repository = above.into_iter().find(|folder| is_repository(folder));
            if let Some(repository) = repository.map(Path::to_owned) {
                files.track(&repository);
            }
        }
        files
    }

    /// What the repository tracks is to be looked at.
    fn track(&mut self, repository: &Path) {
        match index::tracked(repository) {
            Ok(tracked) => {
                let paths = tracked.into_iter().map(|path| repository.join(path));
                let below = paths.filter(|path| path.starts_with(&self.root.real));
                self.tracked.extend(below);
            }
            Err(error) => self.errors.push(error),
        }
    }

    fn step(&mut self, entry: DirEntry) -> Option<Candidate> {
        let kind = entry.file_type()?;
        let named = entry.depth() == 0;
        if kind.is_dir() {
            let inner = self.rules.ignore_files && !named && !self.again;
            if inner && is_repository(entry.path()) {
                self.track(&self.root.real(entry.path()));
            }
            return None;
        }
        // A named pipe that was not asked for would wait for a writer forever.
        if !named && !kind.is_file() {
            return None;
        }
        if !self.tracked.is_empty() {
            self.tracked.remove(&self.root.real(entry.path()));
        }
        let path = entry.into_path();
        let own = &self.rules.own;
        let is_own = || identity(&path).is_some_and(|id| own.contains(&id));
        (named || !is_own()).then_some(Candidate {
            path,
            named,
            tracked: self.again,
        })
    }
}

impl Iterator for Files {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(IndexError { path, error }) = self.errors.pop() {
                return Some(Err(WalkError {
                    path: Some(path),
                    error,
                    consequence: "; files that git ignores but tracks are not checked",
                }));
            }
            match self.walk.next() {
                Some(Ok(entry)) => {
                    if let Some(candidate) = self.step(entry) {
                        return Some(Ok(candidate));
                    }
                }
                Some(Err(error)) => {
                    let error = WalkError::from(error);
                    if self.missing.insert(error.path.clone()) || !self.again {
                        return Some(Err(error));
                    }
                }
                None if self.again || self.tracked.is_empty() => return None,
                None => {
                    self.again = true;
                    let tracked = std::mem::take(&mut self.tracked);
                    self.walk = self.rules.to(&self.root, tracked);
                }
            }
        }
    }
}

impl From<ignore::Error> for WalkError {
    fn from(error: ignore::Error) -> Self {
        match error {
            ignore::Error::WithDepth { err, .. } => Self::from(*err),
            ignore::Error::WithPath { path, err } => {
                // The error's own text names the path once more.
                let number = err.io_error().and_then(number);
                Self {
                    path: Some(path),
                    error: number.map_or_else(
                        || io::Error::other(err.to_string()),
                        io::Error::from_raw_os_error,
                    ),
                    consequence: "",
                }
            }
            _ => Self {
                path: None,
                error: io::Error::other(error.to_string()),
                consequence: "",
            },
        }
    }
}

/// The system's number of an error, which is that of the error at the bottom.
fn number(error: &io::Error) -> Option<i32> {
    let first: &dyn std::error::Error = error;
    std::iter::successors(Some(first), |error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .find_map(io::Error::raw_os_error)
}

fn is_repository(folder: &Path) -> bool {
    folder.join(".git").exists()
}

/// Which file it is, whatever its name.
pub(crate) fn identity(path: &Path) -> Option<(u64, u64)> {
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
    folder.ancestors().any(is_repository)
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
