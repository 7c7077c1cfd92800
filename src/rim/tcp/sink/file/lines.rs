//! A file of lines that is appended to, rotated by size, and opened again when somebody
//! else has moved it away.
//!
//! # What if a write is cut short, by a full disk?
//!
//! A line is in the file whole or not at all: what is there of a torn one is cut off again.
//! Where that cannot be done, since somebody else appends too, a newline ends the torn line
//! and the whole one follows. A line that somebody has left without its end, such as a
//! process that was killed, is ended in the same way.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::rim::config::sink::{FileSink, Rotation};

/// Its rights when it is made: nobody but its owner reads logs.
const MODE: u32 = 0o600;

/// The open file.
pub(super) struct Lines {
    path: PathBuf,
    rotation: Option<Rotation>,
    file: File,
    /// Its last line has no end.
    is_torn: bool,
    /// Nothing was written yet: until now another one may have written, of an earlier
    /// configuration.
    is_new: bool,
}

impl Lines {
    /// Opens it, or makes it.
    ///
    /// # Errors
    ///
    /// Those of the system; [`ErrorKind::InvalidInput`] if it is no regular file.
    pub(super) fn open(told: &FileSink) -> io::Result<Self> {
        let (file, is_torn) = open(&told.path)?;
        Ok(Self {
            path: told.path.clone(),
            rotation: told.rotation,
            file,
            is_torn,
            is_new: true,
        })
    }

    /// It is rotated so from now on.
    pub(super) fn rotate_by(&mut self, rotation: Option<Rotation>) {
        self.rotation = rotation;
    }

    /// Appends lines, all of them or the first few; how many bytes they have, at least one
    /// line. Each ends with a newline.
    ///
    /// # Errors
    ///
    /// No line was appended.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.open_again_if_moved()?;
        let mut length = self.file.metadata()?.len();
        if let Some(rotation) = self.rotation
            && length > 0
            && fitting(lines, rotation.size.saturating_sub(length)) == 0
        {
            self.rotate(rotation.keep)?;
            length = self.file.metadata()?.len();
        }
        if self.is_torn {
            self.file.write_all(b"\n")?;
            self.is_torn = false;
            length += 1;
        }
        let fitting = match self.rotation {
            None => lines.len(),
            Some(rotation) => fitting(lines, rotation.size.saturating_sub(length)),
        };
        // A line that is too long for any file has one to itself.
        let count = if fitting > 0 { fitting } else { first(lines) };
        self.write(&lines[..count], length)
    }

    /// Has the system write everything to the disk.
    ///
    /// # Errors
    ///
    /// It could not; what is on the disk is unknown.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Writes to a file that is `length` long; how many bytes of whole lines are there then.
    fn write(&mut self, lines: &[u8], length: u64) -> io::Result<usize> {
        let mut written = 0;
        while written < lines.len() {
            let error = match self.file.write(&lines[written..]) {
                Ok(count @ 1..) => {
                    written += count;
                    continue;
                }
                Ok(_) => ErrorKind::WriteZero.into(),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let whole = last(&lines[..written]);
            if whole < written {
                self.is_torn = !self.cut(length + whole as u64, length + written as u64);
            }
            return if whole > 0 { Ok(whole) } else { Err(error) };
        }
        Ok(written)
    }

    /// Cuts a torn line off again, if it is the file's end. Whether that was done.
    fn cut(&self, whole: u64, end: u64) -> bool {
        let is_end = self.file.metadata().is_ok_and(|data| data.len() == end);
        is_end && self.file.set_len(whole).is_ok()
    }

    /// Somebody else, such as logrotate, may have moved or removed it.
    fn open_again_if_moved(&mut self) -> io::Result<()> {
        let own = identity(&self.file.metadata()?);
        let is_there = match fs::symlink_metadata(&self.path) {
            Ok(there) => identity(&there) == own,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if !is_there || self.is_new {
            self.open_again()?;
            self.is_new = false;
        }
        Ok(())
    }

    fn open_again(&mut self) -> io::Result<()> {
        (self.file, self.is_torn) = open(&self.path)?;
        Ok(())
    }

    /// Moves it to `path.1`, what was there to `path.2` and so on; `path.keep` goes.
    fn rotate(&mut self, keep: u32) -> io::Result<()> {
        self.sync()?;
        // Up to the first number that is free: after a failure nothing moves twice.
        let is_taken = |number: u32| fs::symlink_metadata(self.numbered(number)).is_ok();
        let taken = (1..keep).take_while(|number| is_taken(*number)).count();
        for number in (1..=taken as u32).rev() {
            fs::rename(self.numbered(number), self.numbered(number + 1))?;
        }
        fs::rename(&self.path, self.numbered(1))?;
        self.open_again()
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }
}

/// Opens a regular file that may be made, and whether its last line has no end. No link is
/// followed at the end of the path, and a FIFO is not waited for.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(MODE)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    let mut end = [b'\n'];
    if let Some(before) = data.len().checked_sub(1) {
        file.read_exact_at(&mut end, before)?;
    }
    Ok((file, end != *b"\n"))
}

fn identity(data: &Metadata) -> (u64, u64) {
    (data.dev(), data.ino())
}

/// How many bytes the whole lines have that fit into so many.
fn fitting(lines: &[u8], most: u64) -> usize {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    last(&lines[..lines.len().min(most)])
}

/// Where the last line that is whole ends.
fn last(lines: &[u8]) -> usize {
    memchr::memrchr(b'\n', lines).map_or(0, |newline| newline + 1)
}

/// Where the first line ends.
fn first(lines: &[u8]) -> usize {
    memchr::memchr(b'\n', lines).map_or(lines.len(), |newline| newline + 1)
}

#[cfg(test)]
mod tests;
