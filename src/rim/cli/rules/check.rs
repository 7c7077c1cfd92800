//! `rules check`: whether rules hold.

use std::fmt::Display;
use std::path::PathBuf;

use blackbar::check::check_packs;
use blackbar::{Pack, embedded_packs};

use super::{all_names, all_rules, print};
use crate::rim::config::{ConfigError, pack_files, read_pack};
use crate::rim::exit::{Exit, Failure};
use crate::rim::message::report;

/// Checks packs and says every problem of each, not just the first.
pub(super) fn check(paths: &[PathBuf]) -> Result<Exit, Failure> {
    let embedded = embedded_packs().map_err(ConfigError::from)?;
    let mut problems = 0;
    let mut problem = |what: &dyn Display| {
        report(what);
        problems += 1;
    };
    let given = if paths.is_empty() {
        embedded.clone()
    } else {
        given_packs(paths, &mut problem)
    };
    for found in check_packs(&given, &embedded) {
        problem(&found);
    }
    if problems > 0 {
        return Ok(Exit::Configuration);
    }
    let rules = all_rules(&given).count();
    let names = all_names(&given).count();
    print(&format!(
        "packs: {}, rules: {rules}, names: {names}, no problems\n",
        given.len()
    ))
}

fn given_packs(paths: &[PathBuf], problem: &mut impl FnMut(&dyn Display)) -> Vec<Pack> {
    let mut packs = Vec::new();
    for path in paths {
        let read = |files: Vec<PathBuf>| files.into_iter().map(|file| read_pack(&file)).collect();
        let parsed: Vec<_> = pack_files(path).map_or_else(|error| vec![Err(error)], read);
        for pack in parsed {
            match pack {
                Ok(pack) => packs.push(pack),
                Err(error) => problem(&error),
            }
        }
    }
    packs
}
