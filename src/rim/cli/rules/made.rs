//! Packs that a verb has made: checked before they are written.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use blackbar::check::{Problem, check_pack};
use blackbar::{Pack, PackError, embedded_packs};

use super::print;
use crate::rim::config::ConfigError;
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::name;
use crate::rim::transport::output::OutputError;

/// A pack that was made, and what `rules check` says of it beside the rules that blackbar
/// brings along.
pub(super) fn checked(pack: &str, text: &str) -> Result<(Pack, Vec<Problem>), ConfigError> {
    let parsed: Result<Pack, PackError> = Pack::parse(pack, &format!("{pack}.toml"), text);
    let pack = parsed?;
    let problems = check_pack(&pack, &embedded_packs()?);
    Ok((pack, problems))
}

/// A wrong name would make each rule of the pack a wrong one.
pub(super) fn check_pack_name(option: &str, pack: &str) -> Result<(), Failure> {
    let is_of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !pack.is_empty() && pack.bytes().all(is_of_name) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{option}: a pack's name is of a-z, 0-9 and `-`, and {pack:?} is not"
    )))
}

/// The pack's name is its file's: another name would give its rules other ids.
pub(super) fn check_name(output: Option<&Path>, pack: &str) -> Result<(), Failure> {
    match output {
        Some(path) if path.file_stem().is_none_or(|stem| stem != pack) => {
            Err(Failure::Usage(format!(
                "{}: the file's name is the first half of the ids; call it {pack}.toml, or give \
                 another id",
                name(path)
            )))
        }
        Some(path) if path.exists() => Err(already_there(path)),
        _ => Ok(()),
    }
}

fn already_there(path: &Path) -> Failure {
    Failure::Usage(format!(
        "{} is there already and is not replaced; write to another file, or to standard output \
         and add the rule yourself",
        name(path)
    ))
}

/// Writes to a new file, or to standard output.
pub(super) fn write(output: Option<&Path>, text: &str) -> Result<Exit, Failure> {
    let Some(path) = output else {
        return print(text);
    };
    let unwritable = |error: std::io::Error| OutputError::unwritable(&name(path), &error);
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(already_there(path));
        }
        opened => opened.map_err(unwritable)?,
    };
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    Ok(Exit::Done)
}
