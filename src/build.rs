//! Lists the packs in `patterns/`, so that a pack is one file and nothing else, and turns
//! them into JSON, which is read faster at each start.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    match write_list() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_list() -> Result<(), Box<dyn Error>> {
    let patterns = folder("CARGO_MANIFEST_DIR")?.join("patterns");
    println!("cargo::rerun-if-changed={}", patterns.display());
    let mut list = String::from("[\n");
    for file in packs(&patterns).map_err(|error| at(&patterns, &error))? {
        let (name, json) = pack(&file).map_err(|error| at(&file, error.as_ref()))?;
        writeln!(list, "    (\"{name}\", {json:?}),")?;
    }
    list.push_str("]\n");
    let out = folder("OUT_DIR")?.join("packs.rs");
    Ok(fs::write(&out, list).map_err(|error| at(&out, &error))?)
}

/// A folder that Cargo tells.
fn folder(variable: &str) -> Result<PathBuf, String> {
    let value = env::var_os(variable).map(PathBuf::from);
    value.ok_or_else(|| format!("{variable} is not set; build with cargo"))
}

/// The files of the packs, sorted.
fn packs(patterns: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(patterns)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A pack's name and its text as JSON.
fn pack(file: &Path) -> Result<(&str, String), Box<dyn Error>> {
    let name = file.file_stem().and_then(|stem| stem.to_str());
    let name = name.ok_or("the name of a pack is of a-z, 0-9 and `-`; rename the file")?;
    let pack: toml::Table = toml::from_str(&fs::read_to_string(file)?)?;
    Ok((name, serde_json::to_string(&pack)?))
}

fn at(path: &Path, error: &dyn Error) -> String {
    format!("{}: {error}", path.display())
}
