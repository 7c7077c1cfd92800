//! Where bytes come from.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use encoding_rs::UTF_16LE;

use crate::rim::message::{name, reason};
use crate::rim::transport::charset::{Charset, Decoded};
use crate::rim::transport::decompress::Decompressed;
use crate::rim::transport::patient::Patient;
use crate::rim::transport::pipes;
use crate::rim::transport::sniff::{Magic, sniff};

/// One input, not yet opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file by its path.
    Path(PathBuf),
}

/// How inputs are unpacked.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    /// Whether compressed data is decompressed or refused.
    pub(crate) decompress: bool,
    /// From what the text is decoded; without, UTF-16 is refused.
    pub(crate) charset: Option<Charset>,
}

/// An input whose bytes can be read.
pub(crate) struct Opened {
    pub(crate) file: File,
    /// Whether another process is still writing it: a pipe or a socket. Such an input
    /// is drained when a signal comes, since the writer probably got the signal too.
    pub(crate) live: bool,
    /// How long it is, where it is a regular file.
    pub(crate) stored: Option<u64>,
}

/// Why an input, or the rest of it, is not in the output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// It cannot be opened, read or unpacked.
    #[error("cannot read {input}: {reason}")]
    Unreadable { input: Input, reason: String },
    /// It is a directory.
    #[error("{input} is a directory; name the files in it")]
    Directory { input: Input },
    /// Its first bytes say that no secret could be seen in it.
    #[error("{input} begins like {magic}, in which no secret can be seen; {mend}")]
    Refused {
        input: Input,
        magic: Magic,
        mend: &'static str,
    },
}

/// The same file has the same identity, whatever the path.
pub(crate) type FileId = (u64, u64);

impl Input {
    /// `-` is standard input.
    pub(crate) fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" {
            Self::Stdin
        } else {
            Self::Path(argument.to_owned())
        }
    }

    /// Whether it is a file that is named `*.json`.
    pub(crate) fn is_named_json(&self) -> bool {
        match self {
            Self::Stdin => false,
            Self::Path(path) => path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("json")),
        }
    }

    /// Opens it; a fifo without a writer makes this wait.
    pub(crate) fn open(&self) -> Result<Opened, InputError> {
        let file = self.file().map_err(|error| self.unreadable(&error))?;
        let metadata = file.metadata().map_err(|error| self.unreadable(&error))?;
        if metadata.is_dir() {
            return Err(InputError::Directory {
                input: self.clone(),
            });
        }
        let kind = metadata.file_type();
        if kind.is_fifo() {
            pipes::enlarge(&file);
        }
        Ok(Opened {
            file,
            live: kind.is_fifo() || kind.is_socket(),
            stored: kind.is_file().then_some(metadata.len()),
        })
    }

    /// Unpacks an opened input. Not a byte of a refused one is handed out.
    pub(crate) fn reader(
        &self,
        opened: Opened,
        reading: Reading,
    ) -> Result<Box<dyn Read + Send>, InputError> {
        let read = |error: io::Error| self.unreadable(&error);
        let (magic, source) = sniff(Patient(opened.file)).map_err(read)?;
        match magic {
            Some(Magic::Compressed(codec)) if reading.decompress => {
                let (magic, source) = sniff(Decompressed::new(source, codec)).map_err(read)?;
                self.decoder(magic, source, reading, MEND_NESTED)
            }
            _ => self.decoder(magic, source, reading, MEND_COMPRESSED),
        }
    }

    fn decoder<R: Read + Send + 'static>(
        &self,
        magic: Option<Magic>,
        source: R,
        reading: Reading,
        mend_compressed: &'static str,
    ) -> Result<Box<dyn Read + Send>, InputError> {
        let refused = |magic, mend| {
            let input = self.clone();
            Err(InputError::Refused { input, magic, mend })
        };
        match (magic, reading.charset) {
            (Some(magic @ Magic::Compressed(_)), _) => refused(magic, mend_compressed),
            (Some(magic @ Magic::Packed(packed)), _) => refused(magic, packed.mend()),
            (Some(Magic::Utf32), _) => refused(Magic::Utf32, MEND_UTF32),
            (Some(Magic::Utf16), None) => refused(Magic::Utf16, MEND_UTF16),
            (Some(Magic::Utf16), Some(Charset::Auto)) => {
                Ok(Box::new(Decoded::new(source, UTF_16LE)))
            }
            (_, Some(Charset::Label(encoding))) => Ok(Box::new(Decoded::new(source, encoding))),
            (None, None | Some(Charset::Auto)) => Ok(Box::new(source)),
        }
    }

    /// Which file it is, where that can be told without opening it.
    pub(crate) fn identity(&self) -> Option<FileId> {
        self.metadata().ok().as_ref().map(file_id)
    }

    /// Whether it is certain to end without anybody's doing: a regular file, or nothing.
    pub(crate) fn is_stored(&self) -> bool {
        self.metadata().map_or(true, |metadata| metadata.is_file())
    }

    /// How long it is, where it is a regular file.
    pub(crate) fn length(&self) -> Option<u64> {
        let metadata = self.metadata().ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// What stands behind the name, links followed.
    fn metadata(&self) -> io::Result<Metadata> {
        match self {
            Self::Stdin => self.file()?.metadata(),
            Self::Path(path) => path.metadata(),
        }
    }

    /// Standard input as a plain file: the library's own would read through a buffer.
    fn file(&self) -> io::Result<File> {
        match self {
            Self::Stdin => Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?)),
            Self::Path(path) => File::open(path),
        }
    }

    /// An error of this input.
    pub(crate) fn unreadable(&self, error: &io::Error) -> InputError {
        InputError::Unreadable {
            input: self.clone(),
            reason: reason(error),
        }
    }
}

const MEND_COMPRESSED: &str = "pass -z to decompress it";
const MEND_NESTED: &str = "it was compressed twice, decompress it once before";
const MEND_UTF16: &str = "pass --encoding utf-16 to decode it";
const MEND_UTF32: &str = "convert it to UTF-8 before, for example with iconv -f UTF-32 -t UTF-8";

/// The identity in a file's metadata.
pub(crate) fn file_id(metadata: &Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::Path(path) => f.write_str(&name(path)),
        }
    }
}
