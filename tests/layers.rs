//! The layers of the source: who may name whom, and where `unsafe` may stand.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The core's modules from the top down: each names only modules of its own line and
/// of the lines below.
const LAYERS: &[&[&str]] = &[
    &["check"],
    &["session", "redactor", "builder"],
    &["pen"],
    &["paint", "scanner"],
    &["pack", "rule", "field"],
    &["group"],
    &["form"],
    &["compare"],
    &["mask", "verify", "template", "dialect"],
    &["tally", "journal", "explain"],
    &["automaton", "limits"],
    &["text"],
];

/// What the core does without.
const FOREIGN_TO_CORE: &[&str] = &["tokio", "hyper", "clap", "tracing"];

/// The parts of `std` that the core does without. (`check` reads nothing, either.)
const FOREIGN_STD: &[&str] = &["net", "fs", "time", "thread", "process", "io"];

/// Files in which `unsafe` may stand.
const UNSAFE: &[&str] = &["core/scanner/prefilter/vector.rs", "rim/run/child.rs"];

/// A source file: its path below `src`, and its code without comments and tests.
struct Source {
    path: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files
        .into_iter()
        .map(|file| Source {
            path: file
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
            code: code(&fs::read_to_string(&file).unwrap()),
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The text without line comments and without the module of tests at its end.
fn code(text: &str) -> String {
    let tests = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text[..tests]
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn core() -> Vec<Source> {
    let core: Vec<Source> = sources()
        .into_iter()
        .filter(|source| source.path.starts_with("core/"))
        .collect();
    assert!(core.len() > 10, "the core has moved");
    core
}

fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// Whether `word` stands in `code` as a word of its own.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(is_name) && !code[at + word.len()..].starts_with(is_name)
    })
}

/// The names directly under `path` that the code uses: `path::a`, `path::{b::c, d}`.
fn names_under(code: &str, path: &str) -> BTreeSet<String> {
    code.match_indices(path)
        .filter(|&(at, _)| !code[..at].ends_with(is_name) && !code[..at].ends_with("::"))
        .flat_map(|(at, _)| first_names(&code[at + path.len()..]))
        .collect()
}

/// The names at the beginning of a use tree.
fn first_names(tree: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|&char| is_name(char))
            .collect()
    };
    let Some(group) = tree.strip_prefix('{') else {
        return vec![name(tree)];
    };
    let mut found = vec![name(group)];
    let mut depth = 0;
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => found.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// The module of the core that a file is of.
fn module(path: &str) -> &str {
    path["core/".len()..]
        .split(['/', '.'])
        .next()
        .expect("a path has a first part")
}

fn layer(module: &str) -> usize {
    LAYERS
        .iter()
        .position(|layer| layer.contains(&module))
        .unwrap_or_else(|| panic!("core::{module} has no layer; give it one in tests/layers.rs"))
}

#[test]
fn the_reading_of_use_trees_sees_through_groups() {
    let code =
        "use crate::core::{mask::{self, Mask}, text::json};\ncrate::core::tally::Tally; x_std::fs";
    let found: Vec<String> = names_under(code, "crate::core::").into_iter().collect();
    assert_eq!(found, ["mask", "tally", "text"]);
    assert!(
        names(code, "Tally") && !names(code, "Tall") && !names_under(code, "std::").contains("fs")
    );
}

#[test]
fn the_core_names_no_runtime_and_no_rim() {
    for Source { path, code } in core() {
        for word in FOREIGN_TO_CORE {
            assert!(!names(&code, word), "{path} names {word}");
        }
        for outside in names_under(&code, "crate::") {
            assert_eq!(outside, "core", "{path} names crate::{outside}");
        }
    }
}

#[test]
fn the_core_knows_no_files_sockets_clocks_or_threads() {
    for Source { path, code } in core() {
        for name in names_under(&code, "std::") {
            assert!(
                !FOREIGN_STD.contains(&name.as_str()),
                "{path} names std::{name}"
            );
        }
    }
}

#[test]
fn the_cores_imports_point_down_only() {
    let mut seen = 0;
    for Source { path, code } in core() {
        let own = module(&path);
        if own == "mod" {
            continue;
        }
        for other in names_under(&code, "crate::core::") {
            seen += 1;
            assert!(
                layer(&other) >= layer(own),
                "{path}: {own} is below {other} and must not name it"
            );
        }
    }
    assert!(seen > 20, "the imports have changed their form");
}

#[test]
fn the_layers_name_no_module_that_is_gone() {
    let modules: BTreeSet<String> = core()
        .iter()
        .map(|source| module(&source.path).to_owned())
        .collect();
    for &name in LAYERS.iter().copied().flatten() {
        assert!(modules.contains(name), "core::{name} is gone");
    }
}

#[test]
fn unsafe_stands_only_where_it_is_excused() {
    for Source { path, code } in sources() {
        let excused = UNSAFE.contains(&path.as_str());
        // The lint of that name is no unsafe code.
        let code = code.replace("unsafe_code", "");
        assert_eq!(
            names(&code, "unsafe"),
            excused,
            "{path}: unsafe code, or an excuse for none"
        );
    }
}
