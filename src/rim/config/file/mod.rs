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

pub(crate) use error::{KeyPath, Wrong, Wrongs};
pub(crate) use schema::File;

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use crate::rim::message::{name, reason};

/// So many errors of one text are told.
const MOST: usize = 20;

/// The text of a configuration, for saying where something in it stands.
#[derive(Clone)]
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
    /// It is not TOML, has unknown keys, or values that cannot be: all of them.
    pub(crate) fn parse(&self) -> Result<File, Wrongs> {
        let (mut root, errors) = DeTable::parse_recoverable(&self.text);
        if !errors.is_empty() {
            let errors = errors.iter().take(MOST);
            return Err(Wrongs::sorted(
                errors.map(|error| self.told(error, &root)).collect(),
            ));
        }
        let (mut found, mut removed) = (Vec::new(), Vec::new());
        // What is wrong is taken out, so that what else is wrong comes to light.
        while found.len() < MOST {
            let error = match File::deserialize(toml::Deserializer::from(root.clone())) {
                Ok(mut file) if found.is_empty() => {
                    self.resolve(&mut file);
                    return Ok(file);
                }
                Ok(_) => break,
                Err(error) => error,
            };
            let path = error.span().map(|span| tree::path_at(&root, span.start));
            let path = path.unwrap_or_default();
            // What was taken out is missing only since.
            let missing = error::missing(error.message()).map(|key| path.key(key));
            if missing.is_none_or(|missing| !removed.contains(&missing)) {
                found.push(self.told(&error, &root));
            }
            if !tree::remove(&mut root, &path) {
                break;
            }
            removed.push(path);
        }
        Err(Wrongs::sorted(found))
    }

    fn told(&self, error: &toml::de::Error, root: &Spanned<DeTable<'_>>) -> Wrong {
        let offset = error.span().map(|span| span.start);
        let path = offset.map(|offset| tree::path_at(root, offset));
        Wrong {
            file: self.name.clone(),
            at: offset.map(|offset| tree::line_and_column(&self.text, offset)),
            key: path.unwrap_or_default().to_string(),
            what: error::told(error.message()),
        }
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
            listen.detect.rules.iter_mut().for_each(at);
            let files = listen.headers.values_mut();
            files.filter_map(|header| header.file.as_mut()).for_each(at);
            if let Some(tls) = &mut listen.upstream_tls {
                tls.ca.iter_mut().for_each(at);
                if let Some(identity) = &mut tls.identity {
                    at(&mut identity.certificate);
                    at(&mut identity.key);
                }
            }
            if let Some(security) = &mut listen.security {
                at(&mut security.shared_key_file);
                security.users.values_mut().for_each(at);
            }
            if let Some(security) = &mut listen.upstream_security {
                at(&mut security.shared_key_file);
                security.password_file.iter_mut().for_each(at);
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
