//! The image and the compose file.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{deployed, files, python, root, succeed, tool};

#[test]
fn hadolint_has_nothing_to_say_of_a_dockerfile() {
    let Some(mut hadolint) = tool("hadolint") else {
        return;
    };
    let files = files("Dockerfile");
    assert!(!files.is_empty(), "the Dockerfile has moved");
    succeed(hadolint.args(["--failure-threshold", "style"]).args(files));
}

/// What the build is given is what Cargo needs: its manifest names benches, for one.
#[test]
fn the_context_of_the_build_is_enough() {
    let ignored = fs::read_to_string(deployed("docker/Dockerfile.dockerignore"));
    let ignored = ignored.expect("readable");
    let folder = tempfile::tempdir().expect("a directory for temporary files");
    for name in ignored.lines().filter_map(|line| line.strip_prefix('!')) {
        copy(&root().join(name), &folder.path().join(name));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--locked"]);
    let told = succeed(cargo.current_dir(folder.path()));
    assert!(told.contains("\"throughput\""), "{told}");
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).expect("readable");
        return;
    }
    fs::create_dir(to).expect("writable");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

#[test]
fn the_compose_file_holds() {
    let Some(mut check) = python("compose.py") else {
        return;
    };
    succeed(check.arg(deployed("compose/compose.yaml")));
}

/// A validation is worth something only if it can fail.
#[test]
fn a_misspelt_compose_file_is_seen() {
    let Some(mut check) = python("compose.py") else {
        return;
    };
    let text = fs::read_to_string(deployed("compose/compose.yaml")).expect("readable");
    let folder = tempfile::tempdir().expect("a directory for temporary files");
    let file = folder.path().join("compose.yaml");
    fs::write(&file, text.replace("read_only", "readonly")).expect("writable");
    let output = check.arg(&file).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("no key services.blackbar.readonly"), "{told}");
}
