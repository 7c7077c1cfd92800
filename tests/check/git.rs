//! What is under version control is looked at, ignored or not.

use std::fs;
use std::process::Command;

use crate::support::{Project, line};

impl Project {
    fn git(&self, arguments: &[&str]) {
        let run = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args([
                "-c",
                "init.defaultBranch=main",
                "-c",
                "protocol.file.allow=always",
            ])
            .args(arguments)
            .current_dir(self.dir())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", self.dir())
            .output()
            .expect("git starts");
        let told = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "git {arguments:?}: {told}");
    }
}

/// A repository with files that are ignored, of which three are tracked.
fn ignoring() -> Project {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", ".env\nbuild/\n");
    for name in [
        ".env",
        "a/.env",
        "build/deep/x.txt",
        "build/y.txt",
        "kept.txt",
    ] {
        project.write(name, line());
    }
    project.git(&[
        "add",
        "-f",
        ".gitignore",
        ".env",
        "build/deep/x.txt",
        "kept.txt",
    ]);
    project
}

const TRACKED: [&str; 3] = [".env", "build/deep/x.txt", "kept.txt"];

fn expect(project: &Project, arguments: &[&str], paths: &[&str]) {
    let run = project.check(arguments);
    let mut found = run.paths();
    found.sort_unstable();
    assert_eq!(found, paths, "{}{}", run.out, run.err);
}

#[test]
fn tracked_files_are_looked_at_although_they_are_ignored() {
    let project = ignoring();
    for version in ["2", "4"] {
        project.git(&["update-index", "--index-version", version]);
        expect(&project, &[], &TRACKED);
    }
    let run = project.check(&[]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("tracked although ignored: 2"),
        "{}",
        run.err
    );
    let told = run.out.lines().find(|line| line.starts_with(".env:"));
    assert!(
        told.unwrap().contains("under version control"),
        "{}",
        run.out
    );
    // From within, and by the names of folders.
    project.git(&["update-index", "--index-version", "3"]);
    expect(&project, &["a", "kept.txt"], &["kept.txt"]);
    // A folder that was named is looked through, ignored or not.
    expect(&project, &["build"], &["build/deep/x.txt", "build/y.txt"]);
    expect(&project, &["./build/deep", "a"], &["build/deep/x.txt"]);
    let root = project.dir().to_str().unwrap();
    assert_eq!(project.check(&[root]).paths().len(), 3);
}

#[test]
fn other_ignore_files_still_count() {
    let project = ignoring();
    project.write(".ignore", "deep/\n");
    expect(&project, &[], &[".env", "kept.txt"]);
    project.write(".blackbarignore", ".env\n");
    expect(&project, &[], &["kept.txt"]);
    fs::remove_file(project.path(".ignore")).unwrap();
    expect(&project, &["--exclude", "build/"], &["kept.txt"]);
}

#[test]
fn indexes_of_other_forms_are_read() {
    let project = ignoring();
    project.git(&["update-index", "--split-index"]);
    expect(&project, &[], &TRACKED);
    project.write("build/z.txt", line());
    project.git(&["add", "-f", "build/z.txt"]);
    expect(
        &project,
        &[],
        &[".env", "build/deep/x.txt", "build/z.txt", "kept.txt"],
    );
    let other = Project::new();
    other.git(&["init", "--quiet", "--object-format=sha256"]);
    other.write(".gitignore", "*\n");
    other.write(".env", line());
    other.git(&["add", "-f", ".env"]);
    expect(&other, &[], &[".env"]);
}

#[test]
fn further_working_trees_have_an_index_of_their_own() {
    let project = ignoring();
    project.git(&["commit", "--quiet", "-m", "x"]);
    let name = project.dir().file_name().unwrap().to_str().unwrap();
    let name = format!("{name}-tree");
    project.git(&[
        "worktree",
        "add",
        "--quiet",
        &format!("../{name}"),
        "-b",
        "b",
    ]);
    let tree = project.dir().with_file_name(&name);
    fs::write(tree.join("build/y.txt"), line()).unwrap();
    let run = project.check(&[tree.to_str().unwrap()]);
    fs::remove_dir_all(&tree).unwrap();
    assert_eq!(run.paths().len(), 3, "{}{}", run.out, run.err);
}

#[test]
fn repositories_inside_of_what_is_walked_count_too() {
    let project = Project::new();
    let inner = ignoring();
    fs::create_dir_all(project.path("a")).unwrap();
    let moved = Command::new("cp")
        .arg("-r")
        .arg(inner.dir())
        .arg(project.path("a/inner"))
        .status();
    assert!(moved.unwrap().success());
    expect(
        &project,
        &[],
        &TRACKED
            .map(|name| format!("a/inner/{name}"))
            .each_ref()
            .map(|name| &name[..]),
    );
}

#[test]
fn an_index_that_cannot_be_read_is_told() {
    let project = ignoring();
    let index = fs::read(project.path(".git/index")).unwrap();
    for damaged in [
        b"no index".to_vec(),
        index[..index.len() / 2].to_vec(),
        [&index[..8], &[0xff; 4], &index[12..]].concat(),
    ] {
        project.write(".git/index", damaged);
        let run = project.check(&[]);
        run.expect(3, &["kept.txt"]);
        assert!(run.err.contains(".git/index: "), "{}", run.err);
    }
    // One that names what is not there, or lies elsewhere, harms nobody.
    let at = index
        .windows(16)
        .position(|bytes| bytes == b"build/deep/x.txt")
        .unwrap();
    let mut index = index;
    index[at..at + 16].copy_from_slice(b"../../etc/passwd");
    project.write(".git/index", index);
    expect(&project, &[], &[".env", "kept.txt"]);
}

#[test]
fn a_folder_without_index_has_none() {
    let project = Project::new();
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write("a.txt", line());
    project.check(&[]).expect(1, &["a.txt"]);
}
