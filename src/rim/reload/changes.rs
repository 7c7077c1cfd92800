//! Whether files have changed, asked again and again.
//!
//! Why not inotify? A look at a few files each second costs next to nothing and sees every
//! change on every file system: those of other machines over NFS, a link that points
//! elsewhere (a `ConfigMap` changes by one that is called `..data`), a file that comes, goes
//! or is replaced. Watches do not, are few in a container, and want a fall-back that does
//! just this.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::rim::config::pack_files;
use crate::rim::stamp::Stamp;

/// Files, and directories of rules, that are looked at.
#[derive(Default)]
pub(crate) struct Changes {
    known: Stamps,
    /// What was seen at the last look, if it was something else.
    unsettled: Option<Stamps>,
}

/// By what is followed: of itself, and of the files of rules in it.
type Stamps = BTreeMap<PathBuf, Vec<(PathBuf, Option<Stamp>)>>;

impl Changes {
    /// The files are about to be read: what changes from here on is a change.
    pub(crate) fn begin(&mut self) {
        self.known = stamps(self.known.keys());
        self.unsettled = None;
    }

    /// These are followed, and no others. To be told before they are read.
    pub(crate) fn follow(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        let mut before = std::mem::take(&mut self.known);
        for path in paths {
            let known = before.remove(&path).unwrap_or_else(|| stamps_of(&path));
            self.known.entry(path).or_insert(known);
        }
    }

    /// Whether something has changed since they were read, and has stayed as it is since
    /// the last look: whoever writes several files, or one in parts, has come to an end.
    pub(crate) fn look(&mut self) -> bool {
        let now = stamps(self.known.keys());
        if now == self.known {
            self.unsettled = None;
            return false;
        }
        let is_settled = self.unsettled.as_ref() == Some(&now);
        self.unsettled = Some(now);
        is_settled
    }
}

fn stamps<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Stamps {
    paths.map(|path| (path.clone(), stamps_of(path))).collect()
}

fn stamps_of(path: &Path) -> Vec<(PathBuf, Option<Stamp>)> {
    // A directory that cannot be read is told when it is read for its rules.
    let files = pack_files(path).unwrap_or_default();
    let all = files.into_iter().chain([path.to_owned()]);
    all.map(|path| (path.clone(), Stamp::of(&path))).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    /// A directory with a file and a directory of rules, as Kubernetes makes them.
    fn mounted() -> (TempDir, Changes) {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("..one/rules")).unwrap();
        fs::write(at("..one/a.toml"), "1").unwrap();
        symlink("..one", at("..data")).unwrap();
        symlink("..data/a.toml", at("a.toml")).unwrap();
        symlink("..data/rules", at("rules")).unwrap();
        let mut changes = Changes::default();
        changes.follow([at("a.toml"), at("rules")]);
        (folder, changes)
    }

    #[track_caller]
    fn settles(changes: &mut Changes) {
        assert!(!changes.look(), "it may not be at its end");
        assert!(changes.look());
        changes.begin();
        assert!(!changes.look());
    }

    #[test]
    fn a_swapped_link_is_a_change() {
        let (folder, mut changes) = mounted();
        assert!(!changes.look() && !changes.look());
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("..two/rules")).unwrap();
        fs::write(at("..two/a.toml"), "1").unwrap();
        symlink("..two", at("..new")).unwrap();
        fs::rename(at("..new"), at("..data")).unwrap();
        settles(&mut changes);
        fs::write(at("..two/rules/r.toml"), "").unwrap();
        settles(&mut changes);
        fs::write(at("..two/rules/r.toml"), "x").unwrap();
        settles(&mut changes);
        fs::remove_file(at("a.toml")).unwrap();
        settles(&mut changes);
        fs::write(at("a.toml"), "1").unwrap();
        settles(&mut changes);
    }

    #[test]
    fn who_goes_on_writing_is_not_disturbed() {
        let (folder, mut changes) = mounted();
        for length in 2..5 {
            fs::write(folder.path().join("a.toml"), "1".repeat(length)).unwrap();
            assert!(!changes.look());
        }
        assert!(changes.look());
    }

    #[test]
    fn what_changes_while_it_is_read_is_seen_and_what_is_no_longer_followed_is_not() {
        let (folder, mut changes) = mounted();
        let at = |path: &str| folder.path().join(path);
        changes.begin();
        fs::write(at("a.toml"), "22").unwrap();
        changes.follow([at("a.toml"), at("b.toml")]);
        settles(&mut changes);
        fs::write(at("..one/rules/r.toml"), "").unwrap();
        assert!(!changes.look());
        fs::write(at("b.toml"), "").unwrap();
        settles(&mut changes);
    }
}
