//! From options to a [`Redactor`]: which packs are read and which rules run.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use blackbar::{BuildError, Limits, Pack, PackError, Profile, Redactor, Values, embedded_packs};

use crate::rim::config::unknown_id;
use crate::rim::message::{name, reason};
use crate::rim::stamp::Stamp;

/// What decides which bytes are secrets and how they are masked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Detection {
    /// Which rules run.
    pub(crate) profile: Profile,
    /// Files of rules, and directories of them.
    pub(crate) rules: Vec<PathBuf>,
    /// Patterns of the user's own.
    pub(crate) patterns: Vec<String>,
    /// Sensitive names of fields of the user's own.
    pub(crate) fields: Vec<String>,
    /// Names of fields that are not sensitive.
    pub(crate) allowed_fields: Vec<String>,
    /// Values of fields that stay.
    pub(crate) allowed_values: Vec<String>,
    /// What is written for numbers, arrays and objects.
    pub(crate) values: Values,
    /// Optional packs, and rules and names of them, that run too.
    pub(crate) enabled: Vec<String>,
    /// Ids of rules, names and packs that do not run.
    pub(crate) disabled: Vec<String>,
    /// Where there are any: nothing but these runs.
    pub(crate) only: Vec<String>,
    /// Whether masks name their rule.
    pub(crate) labels: bool,
    /// What is written instead of `[REDACTED]`.
    pub(crate) mask: Option<String>,
    /// What bounds the engine.
    pub(crate) limits: Limits,
}

impl Detection {
    /// Reads the packs and compiles everything that is enabled.
    pub(crate) fn redactor(&self) -> Result<Redactor, ConfigError> {
        self.redactor_of(read_packs(&self.rules)?)
    }

    /// Compiles everything that is enabled. `packs` are those of `rules`, in their order.
    pub(crate) fn redactor_of(&self, packs: Vec<Pack>) -> Result<Redactor, ConfigError> {
        let mut builder = Redactor::builder()
            .profile(self.profile)
            .limits(self.limits)
            .labels(self.labels)
            .values(self.values);
        if let Some(text) = &self.mask {
            builder = builder.mask(text);
        }
        for pack in packs {
            builder = builder.pack(pack);
        }
        for pattern in &self.patterns {
            builder = builder.pattern(pattern);
        }
        for name in &self.fields {
            builder = builder.field(name);
        }
        for name in &self.allowed_fields {
            builder = builder.allow_field(name);
        }
        for text in &self.allowed_values {
            builder = builder.allow_value(text);
        }
        for id in &self.enabled {
            builder = builder.enable(id);
        }
        for id in &self.disabled {
            builder = builder.disable(id);
        }
        for id in &self.only {
            builder = builder.only(id);
        }
        let redactor = builder.build().map_err(|error| self.told(error))?;
        // The embedded rules and the standard mask are proven by their tests.
        let own = self.mask.is_some() || !self.rules.is_empty() || !self.patterns.is_empty();
        match own.then(|| redactor.finds_masks()).flatten() {
            Some(id) => Err(ConfigError::MatchesMask { id }),
            None => Ok(redactor),
        }
    }

    /// A slip in an id is answered with the id that is nearest.
    fn told(&self, error: BuildError) -> ConfigError {
        let BuildError::UnknownRule { id } = error else {
            return error.into();
        };
        let packs = embedded_packs().map_err(ConfigError::from);
        let own = read_packs(&self.rules);
        let all: Vec<Pack> = [packs, own].into_iter().flatten().flatten().collect();
        ConfigError::UnknownId(unknown_id(&id, &all))
    }
}

/// Why the rules could not be made ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file or directory of rules cannot be read.
    #[error("cannot read the rules in {path}: {reason}")]
    Unreadable { path: String, reason: String },
    /// A directory that was named for its rules has none.
    #[error("{path}: no *.toml in this directory; name a directory of packs or a file")]
    NoPacks { path: String },
    /// What is to run, or not to run, is not there.
    #[error("{0}")]
    UnknownId(String),
    /// A pack does not hold.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A rule finds secrets in what is written instead of secrets.
    #[error(
        "rule {id} matches in the mask itself, so that a second pass would mask masks; make it narrower"
    )]
    MatchesMask {
        /// The full id.
        id: String,
    },
    /// The packs do not hold together.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl ConfigError {
    fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable {
            path: name(path),
            reason: reason(error),
        }
    }
}

/// What a configuration has read of other files.
#[derive(Clone, Default)]
pub(crate) struct FilesRead {
    /// By the files and directories that were named for them.
    packs: HashMap<PathBuf, Vec<Pack>>,
    /// The content of files of keys and passwords.
    contents: HashMap<PathBuf, Vec<u8>>,
    /// Of files whose content others read.
    stamps: HashMap<PathBuf, Option<Stamp>>,
}

impl FilesRead {
    /// The stamp of a file; what is not known yet is looked at.
    pub(crate) fn stamp(&mut self, path: &Path) -> Option<Stamp> {
        let known = self.stamps.entry(path.to_owned());
        *known.or_insert_with(|| Stamp::of(path))
    }

    /// The content of a file; what is not known yet is read.
    pub(crate) fn content(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        if let Some(content) = self.contents.get(path) {
            return Ok(content.clone());
        }
        let content = fs::read(path)?;
        self.contents.insert(path.to_owned(), content.clone());
        Ok(content)
    }

    /// The packs of the paths, in their order; what is not known yet is read.
    pub(crate) fn packs(&mut self, paths: &[PathBuf]) -> Result<Vec<Pack>, ConfigError> {
        let mut packs = Vec::new();
        for path in paths {
            if !self.packs.contains_key(path) {
                let read = read_packs(std::slice::from_ref(path))?;
                self.packs.insert(path.clone(), read);
            }
            packs.extend(self.packs.get(path).into_iter().flatten().cloned());
        }
        Ok(packs)
    }
}

/// Reads the packs of files and directories, in the order in which they are named.
pub(crate) fn read_packs(paths: &[PathBuf]) -> Result<Vec<Pack>, ConfigError> {
    let mut packs = Vec::new();
    for path in paths {
        for file in pack_files(path)? {
            packs.push(read_pack(&file)?);
        }
    }
    Ok(packs)
}

/// A file itself; of a directory every `*.toml`, sorted by name.
pub(crate) fn pack_files(path: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: io::Error| ConfigError::unreadable(path, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(file);
        }
    }
    if files.is_empty() {
        // Rules that are not there would let through what they were to find.
        return Err(ConfigError::NoPacks { path: name(path) });
    }
    files.sort();
    Ok(files)
}

/// Reads one pack; its name is the file's without the extension.
pub(crate) fn read_pack(file: &Path) -> Result<Pack, ConfigError> {
    let text = fs::read_to_string(file).map_err(|error| ConfigError::unreadable(file, &error))?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Ok(Pack::parse(&stem, &name(file), &text)?)
}
