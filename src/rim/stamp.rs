//! What tells that a file has changed, without reading it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Of one file, links followed: where a link points to another file, the stamp is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Device and inode.
    file: (u64, u64),
    size: u64,
    /// Seconds and nanoseconds. The second time changes also where the first is set back.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// None where there is no such file, or where it cannot be asked for.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let data = fs::metadata(path).ok()?;
        Some(Self {
            file: (data.dev(), data.ino()),
            size: data.size(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        })
    }

    /// Of several, in their order.
    pub(crate) fn all<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Vec<Option<Self>> {
        paths.into_iter().map(|path| Self::of(path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut before = Stamp::of(&path);
        assert_eq!(before, None);
        let mut changes = |what: &dyn Fn()| {
            // A clock that the file system reads may stand still for some milliseconds.
            std::thread::sleep(std::time::Duration::from_millis(20));
            what();
            let after = Stamp::of(&path);
            assert!(after.is_some() && after != before, "{after:?}");
            assert_eq!(after, Stamp::of(&path));
            before = after;
        };
        changes(&|| fs::write(&path, "one").unwrap());
        // As long as before, and as old.
        changes(&|| {
            let time = fs::metadata(&path).unwrap().modified().unwrap();
            fs::write(&path, "two").unwrap();
            fs::File::open(&path).unwrap().set_modified(time).unwrap();
        });
        changes(&|| {
            fs::write(folder.path().join("b"), "two").unwrap();
            fs::rename(folder.path().join("b"), &path).unwrap();
        });
    }
}
