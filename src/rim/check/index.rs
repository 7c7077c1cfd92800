//! Which files git tracks: its index, versions 2 to 4, as gitformat-index(5) describes it.
//!
//! It is read here and not by git, since git runs what the settings of a repository say,
//! and a check must be safe in a repository that nobody trusts. An index says which files
//! are looked at all the same; it cannot name one that the walk would not come by.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::rim::check::fingerprint::hex;

/// A larger index is none that we read.
const LARGEST: u64 = 1 << 30;

/// The longest path. Those of version 4 are made of those before, so that a small file
/// could make very long ones.
const LONGEST_PATH: usize = 4096;

/// Bytes of SHA-1 and of SHA-256, of which a repository has either.
const HASHES: [usize; 2] = [20, 32];

/// The signature, the version and the number of entries.
const HEAD: usize = 12;

/// Why an index cannot be read, and which.
pub(crate) struct IndexError {
    pub(crate) path: PathBuf,
    pub(crate) error: io::Error,
}

/// The files that the repository at `root` tracks, relative to it; none where there is no
/// index.
pub(crate) fn tracked(root: &Path) -> Result<Vec<PathBuf>, IndexError> {
    let folder = folder(root);
    let path = folder.join("index");
    let mut files = match read(&path) {
        Ok(files) => files,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(IndexError { path, error }),
    };
    if let Some(shared) = files.shared.take() {
        let path = folder.join(format!("sharedindex.{shared}"));
        let more = read(&path).map_err(|error| IndexError { path, error })?;
        files.names.extend(more.names);
    }
    let path = |name: &Vec<u8>| PathBuf::from(std::ffi::OsStr::from_bytes(name));
    Ok(files.names.iter().map(path).collect())
}

/// Where git keeps what belongs to a working tree: in `.git`, or where the file `.git`
/// says.
fn folder(root: &Path) -> PathBuf {
    let git = root.join(".git");
    let text = if git.is_file() {
        fs::read(&git)
    } else {
        return git;
    };
    let text = text.unwrap_or_default();
    match text.trim_ascii_end().strip_prefix(b"gitdir: ") {
        Some(path) => root.join(std::ffi::OsStr::from_bytes(path)),
        None => git,
    }
}

fn read(path: &Path) -> io::Result<Index> {
    if fs::metadata(path)?.len() > LARGEST {
        return Err(io::Error::other("it is too large"));
    }
    let content = fs::read(path)?;
    HASHES
        .into_iter()
        .find_map(|hash| parse(&content, hash))
        .ok_or_else(|| io::Error::other("it is no index of git of version 2 to 4"))
}

/// What is in an index.
#[derive(Debug, PartialEq, Eq)]
struct Index {
    /// Paths of files; links and what stands for folders are left out.
    names: Vec<Vec<u8>>,
    /// Which other index this one goes on, where it is split.
    shared: Option<String>,
}

fn parse(content: &[u8], hash: usize) -> Option<Index> {
    let end = content.len().checked_sub(hash)?;
    let head = content.get(..HEAD)?.strip_prefix(b"DIRC")?;
    let version = number(&head[..4]);
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut names = Vec::new();
    let mut name = Vec::new();
    let mut at = HEAD;
    for _ in 0..number(&head[4..]) {
        let start = at;
        // Times, numbers of the file system, mode and size; the hash; flags.
        let mode = number(content.get(start + 24..start + 28)?);
        at = start + 40 + hash + 2;
        let flags = number(content.get(at - 2..at)?);
        if flags & 0x4000 != 0 {
            at += 2;
        }
        if version == 4 {
            let (removed, length) = varint(content.get(at..end)?)?;
            at += length;
            name.truncate(name.len().checked_sub(removed)?);
        } else {
            name.clear();
        }
        let rest = content.get(at..end)?;
        let length = memchr::memchr(0, rest)?;
        name.extend_from_slice(&rest[..length]);
        at += length + 1;
        let told = (flags & 0xfff) as usize;
        if name.len() > LONGEST_PATH || (version < 4 && told != name.len().min(0xfff)) {
            return None;
        }
        if version < 4 {
            at = start + (at - start).next_multiple_of(8);
        }
        if mode & 0o170_000 == 0o100_000 && !name.is_empty() {
            names.push(name.clone());
        }
    }
    let mut shared = None;
    while at < end {
        let extension = content.get(at..at.checked_add(8)?)?;
        let data = at + 8;
        at = data.checked_add(number(&extension[4..]) as usize)?;
        let data = content.get(data..at.min(end))?;
        if extension.starts_with(b"link") {
            let hash = data.get(..hash)?;
            shared = Some(hex(hash));
        }
    }
    (at == end).then_some(Index { names, shared })
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// A number as git packs it, and its length.
fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(4) {
        number = number << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, at + 1));
        }
        number += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of version 2 with files of these names.
    fn index(names: &[&str]) -> Vec<u8> {
        let mut index = b"DIRC\0\0\0\x02".to_vec();
        index.extend((names.len() as u32).to_be_bytes());
        for name in names {
            let start = index.len();
            index.extend([0; 24]);
            index.extend(0o100_644_u32.to_be_bytes());
            index.extend([0; 32]);
            index.extend((name.len() as u16).to_be_bytes());
            index.extend(name.bytes());
            index.push(0);
            let length = (index.len() - start).next_multiple_of(8);
            index.resize(start + length, 0);
        }
        index.extend(b"TREE\0\0\0\x03abc");
        index.extend([7; 20]);
        index
    }

    #[test]
    fn names_are_read() {
        let names = ["a", "a/bcdefgh", "\u{fc}.txt"];
        let read = parse(&index(&names), 20).expect("it is an index");
        let expected: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        assert_eq!(read.names, expected);
        assert_eq!(parse(&index(&names), 32), None);
    }

    #[test]
    fn numbers_are_those_of_git() {
        assert_eq!(varint(&[5]), Some((5, 1)));
        assert_eq!(varint(&[0x80, 0]), Some((128, 2)));
        assert_eq!(varint(&[0x80, 0x80, 0]), Some((16_512, 3)));
        assert_eq!(varint(&[0x80]), None);
    }

    #[test]
    fn whatever_is_read_nothing_breaks() {
        let whole = index(&["a", "b/c"]);
        for version in 2..=5 {
            for at in 0..whole.len() {
                for byte in [0, 1, 0x7f, 0x80, 0xff] {
                    let mut changed = whole.clone();
                    changed[7] = version;
                    changed[at] = byte;
                    for hash in HASHES {
                        let _ = parse(&changed, hash);
                        let _ = parse(&changed[..at], hash);
                    }
                }
            }
        }
    }
}
