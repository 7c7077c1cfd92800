//! Lists the packs in `patterns/`, so that a pack is one file and nothing else, and turns
//! them into JSON, which is read faster at each start.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let patterns =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("patterns");
    println!("cargo::rerun-if-changed={}", patterns.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&patterns)
        .expect("the packs lie in patterns/")
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    let mut list = String::from("[\n");
    for file in &files {
        let name = file.file_stem().and_then(|stem| stem.to_str());
        let name = name.expect("the name of a pack is of a-z, 0-9 and `-`");
        let text = fs::read_to_string(file).expect("a readable file");
        let pack: toml::Table =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let json = serde_json::to_string(&pack).expect("tables of texts are JSON");
        let _ = writeln!(list, "    (\"{name}\", {json:?}),");
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("packs.rs"), list).expect("cargo made the directory");
}
