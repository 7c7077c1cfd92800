//! The configuration file: TOML with the keys of [`schema`], read strictly. Unknown keys are
//! refused with a suggestion.

pub(crate) mod error;
mod route;
pub(crate) mod schema;
mod tree;
pub(crate) mod value;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub(crate) use error::{KeyPath, Wrong};
pub(crate) use schema::File;

use crate::rim::message::{name, reason};

/// The text of a configuration, for saying where something in it stands.
pub(crate) struct Source {
    /// As messages name it. Options alone have no file.
    name: Option<String>,
    text: String,
    /// What relative paths in it are relative to.
    folder: PathBuf,
}

impl Source {
    /// Of options alone.
    pub(crate) fn options() -> Self {
        Self {
            name: None,
            text: String::new(),
            folder: PathBuf::new(),
        }
    }

    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is not UTF-8.
    pub(crate) fn read(path: &Path) -> Result<Self, Wrong> {
        if path.as_os_str() == "-" {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(|error| unreadable("standard input", &error))?;
            return Ok(Self::of("standard input", text));
        }
        let text = fs::read_to_string(path).map_err(|error| unreadable(&name(path), &error))?;
        Ok(Self {
            folder: path.parent().map_or_else(PathBuf::new, Path::to_owned),
            ..Self::of(&name(path), text)
        })
    }

    /// Of a text.
    pub(crate) fn of(name: &str, text: String) -> Self {
        Self {
            name: Some(name.to_owned()),
            text,
            folder: PathBuf::new(),
        }
    }

    /// The keys of it, with paths as seen from the working directory.
    ///
    /// # Errors
    ///
    /// It is not TOML, has an unknown key, or a value that cannot be.
    pub(crate) fn parse(&self) -> Result<File, Wrong> {
        let mut file: File = toml::from_str(&self.text).map_err(|error| {
            let offset = error.span().map(|span| span.start);
            Wrong {
                file: self.name.clone(),
                at: offset.map(|offset| tree::line_and_column(&self.text, offset)),
                key: offset.map_or_else(String::new, |offset| {
                    tree::path_at(&self.text, offset).to_string()
                }),
                what: error::told(error.message()),
            }
        })?;
        self.resolve(&mut file);
        Ok(file)
    }

    /// What is wrong at a place.
    pub(crate) fn wrong(&self, path: &KeyPath, what: impl Into<String>) -> Wrong {
        let offset = tree::offset_of(&self.text, path);
        Wrong {
            file: self.name.clone(),
            at: offset.map(|offset| tree::line_and_column(&self.text, offset)),
            key: path.to_string(),
            what: what.into(),
        }
    }

    fn resolve(&self, file: &mut File) {
        let at = |path: &mut PathBuf| *path = self.folder.join(&*path);
        file.detect.rules.iter_mut().for_each(at);
        file.detect.candidates.iter_mut().for_each(at);
        for listen in &mut file.listen {
            if let Some(tls) = &mut listen.tls {
                at(&mut tls.certificate);
                at(&mut tls.key);
                tls.client_ca.iter_mut().for_each(at);
            }
            if let Some(tls) = &mut listen.upstream_tls {
                tls.ca.iter_mut().for_each(at);
                if let Some(identity) = &mut tls.identity {
                    at(&mut identity.certificate);
                    at(&mut identity.key);
                }
            }
            for route in &mut listen.route {
                route.ca.iter_mut().for_each(at);
                route.detect.rules.iter_mut().for_each(at);
                if let Some(identity) = &mut route.identity {
                    at(&mut identity.certificate);
                    at(&mut identity.key);
                }
            }
        }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Wrong {
    Wrong {
        file: None,
        at: None,
        key: String::new(),
        what: format!("cannot read the configuration in {name}: {}", reason(error)),
    }
}

#[cfg(test)]
mod tests;
