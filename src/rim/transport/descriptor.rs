//! Descriptors that we were started with, and paths that name them: `/dev/stdout`.
//!
//! Such a path leads to the file behind the descriptor. To replace that file, or to open it
//! again, would lose what others write to it: it is written through the descriptor itself.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, RawFd};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;

/// An open file of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Descriptor {
    /// Of ours, by its number.
    Own(RawFd),
    /// Of another process: `/proc/1/fd/1`.
    Foreign(PathBuf),
}

impl Descriptor {
    /// What a path names, itself or through links. Where there is no /proc, /dev/fd holds no
    /// links, and to open what is in it is to duplicate it.
    pub(crate) fn named(path: &Path) -> Option<Self> {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            let folder = match path.parent() {
                Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
                Some(folder) => folder,
                None => return None,
            };
            let folder = fs::canonicalize(folder).ok()?;
            let name = path.file_name()?;
            let here = folder.join(name);
            if let Some(process) = process_of(&folder) {
                let own = process == std::process::id();
                let number = name.to_str().and_then(|name| name.parse().ok());
                return match number {
                    Some(number) if own => Some(Self::Own(number)),
                    _ => Some(Self::Foreign(here)),
                };
            }
            path = folder.join(fs::read_link(here).ok()?);
        }
        None
    }

    /// The file, ours with its position.
    pub(crate) fn file(&self) -> io::Result<File> {
        let number = match self {
            Self::Own(number) => *number,
            Self::Foreign(path) => return File::options().append(true).open(path),
        };
        Ok(match number {
            0 => File::from(io::stdin().as_fd().try_clone_to_owned()?),
            1 => File::from(io::stdout().as_fd().try_clone_to_owned()?),
            2 => File::from(io::stderr().as_fd().try_clone_to_owned()?),
            other => match duplicate(other) {
                Ok(file) => file,
                // An old kernel: at least nothing is written over.
                Err(Errno::NOSYS | Errno::PERM) => {
                    let path = format!("/dev/fd/{other}");
                    File::options().append(true).open(path)?
                }
                Err(error) => return Err(error.into()),
            },
        })
    }
}

/// The process whose descriptors are in a folder: `/proc/1/fd`, `/proc/1/task/1/fd`.
fn process_of(folder: &Path) -> Option<u32> {
    let rest = folder.strip_prefix("/proc").ok()?;
    let parts: Vec<&str> = rest.iter().filter_map(|part| part.to_str()).collect();
    match parts[..] {
        [process, "fd"] | [process, "task", _, "fd"] => process.parse().ok(),
        _ => None,
    }
}

/// A descriptor by its number alone: without `unsafe` only the kernel can say that there is
/// one.
#[cfg(target_os = "linux")]
fn duplicate(number: RawFd) -> Result<File, Errno> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    pidfd_getfd(own, number, PidfdGetfdFlags::empty()).map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn duplicate(_: RawFd) -> Result<File, Errno> {
    Err(Errno::NOSYS)
}
