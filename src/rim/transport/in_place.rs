//! Files that are rewritten where they stand (`--in-place`).
//!
//! The result goes to a temporary file beside the original, which it replaces by one
//! rename when it is complete and on the disk. Until then nobody sees anything but the
//! original. What a rename would lose or take apart is refused before a byte is read.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
use rustix::io::Errno;

use crate::rim::message::{name, reason};
use crate::rim::transport::input::file_id;
use crate::rim::transport::output::{Output, Pending};
use crate::rim::transport::patient::Patient;
use crate::rim::transport::sink::Sink;

/// Why a file cannot be rewritten where it stands. It is left as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InPlaceError {
    /// It is a directory, a device, a pipe.
    #[error("{file} is no regular file, so it cannot be rewritten in place; use -o")]
    NotRegular { file: String },
    /// Its other names would keep what was to be hidden.
    #[error(
        "{file} has {links} names (hard links), and a rewrite would leave the secrets under \
         the others; use -o, or remove the others"
    )]
    Linked { file: String, links: u64 },
    /// The new file would be somebody else's.
    #[error(
        "cannot keep the owner, group and mode of {file}; run as its owner or as root, or use -o"
    )]
    Owner { file: String },
    /// Access lists or attributes would be lost.
    #[error("cannot keep the extended attribute {attribute} of {file}: {reason}; use -o")]
    Attribute {
        file: String,
        attribute: String,
        reason: String,
    },
    /// It, or a file beside it, cannot be opened.
    #[error("cannot rewrite {file} in place: {reason}")]
    Io { file: String, reason: String },
}

/// A file as it was when its rewriting began.
#[derive(PartialEq, Eq)]
pub(crate) struct Original {
    id: (u64, u64),
    length: u64,
    modified: (i64, i64),
}

impl Original {
    fn of(metadata: &Metadata) -> Self {
        Self {
            id: file_id(metadata),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    /// Whether the file is still what was read: otherwise lines that were added
    /// meanwhile would be lost.
    pub(crate) fn still_stands(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|now| *self == Self::of(&now))
    }
}

/// Opens the output that will replace the file. A symbolic link stays, and what it
/// points to is rewritten.
pub(crate) fn open(path: &Path) -> Result<Output, InPlaceError> {
    let file = name(path);
    let failed = |error: io::Error| InPlaceError::Io {
        file: name(path),
        reason: reason(&error),
    };
    let target: PathBuf = fs::canonicalize(path).map_err(failed)?;
    let metadata = target.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(InPlaceError::NotRegular { file });
    }
    if metadata.nlink() > 1 {
        let links = metadata.nlink();
        return Err(InPlaceError::Linked { file, links });
    }
    let source = File::open(&target).map_err(failed)?;
    let (temporary, pending) =
        Pending::in_place(&target, &metadata, Original::of(&metadata)).map_err(failed)?;
    let made = temporary.metadata().map_err(failed)?;
    if !keeps_owner(&metadata, &made) {
        return Err(InPlaceError::Owner { file });
    }
    copy_attributes(&source, &temporary).map_err(|(attribute, errno)| InPlaceError::Attribute {
        file: name(path),
        attribute,
        reason: reason(&errno.into()),
    })?;
    Ok(Output {
        sink: Sink::new(Patient(temporary)),
        pending: Some(pending),
        name: file,
    })
}

fn keeps_owner(old: &Metadata, new: &Metadata) -> bool {
    (old.uid(), old.gid()) == (new.uid(), new.gid())
        && old.permissions().mode() == new.permissions().mode()
}

/// Linux allows no longer value, and no longer list of names.
const LONGEST_ATTRIBUTE: usize = 64 * 1024;

/// Copies the attributes of users and the access lists. Those of the kernel's security
/// modules are set by the kernel itself, for us as for everybody.
fn copy_attributes(from: &File, to: &File) -> Result<(), (String, Errno)> {
    for attribute in attributes(from)? {
        let failed = |errno| (attribute.clone(), errno);
        let mut value = vec![0; LONGEST_ATTRIBUTE];
        let size = fgetxattr(from, attribute.as_str(), &mut value[..]).map_err(failed)?;
        fsetxattr(to, attribute.as_str(), &value[..size], XattrFlags::empty()).map_err(failed)?;
    }
    Ok(())
}

/// The names of the attributes that a copy has to have.
fn attributes(file: &File) -> Result<Vec<String>, (String, Errno)> {
    let failed = |errno| ("list".to_owned(), errno);
    let mut names = vec![0; LONGEST_ATTRIBUTE];
    let length = match flistxattr(file, &mut names[..]) {
        Ok(length) => length,
        // A file system without any.
        Err(Errno::NOTSUP | Errno::NOSYS) => 0,
        Err(errno) => return Err(failed(errno)),
    };
    let names = String::from_utf8_lossy(&names[..length]).into_owned();
    Ok(names
        .split_terminator('\0')
        .filter(|name| name.starts_with("user.") || name.starts_with("system.posix_acl"))
        .map(str::to_owned)
        .collect())
}
