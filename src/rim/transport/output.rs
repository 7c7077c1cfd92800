//! Where bytes go, and when they are there for others to see.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::rim::message::{name, reason};
use crate::rim::transport::descriptor::Descriptor;
use crate::rim::transport::in_place::Original;
use crate::rim::transport::input::{Input, file_id};
use crate::rim::transport::patient::Patient;
use crate::rim::transport::pipes;
use crate::rim::transport::sink::Sink;

/// What the user named as output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout,
    /// Another open file, by a path that names it.
    Descriptor(Descriptor, PathBuf),
    /// A file by its path.
    Path(PathBuf),
}

impl Destination {
    /// `-` is standard output, and so is /dev/stdout.
    pub(crate) fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" {
            return Self::Stdout;
        }
        match Descriptor::named(argument) {
            Some(Descriptor::Own(1)) => Self::Stdout,
            Some(descriptor) => Self::Descriptor(descriptor, argument.to_owned()),
            None => Self::Path(argument.to_owned()),
        }
    }
}

/// An output that can be written, and what is left to do when all is written.
///
/// A regular file fed from regular files is replaced at once and only by a complete
/// result: its content goes to a temporary file beside it. Everything else is written
/// directly, since a pipe's bytes are wanted when they come, and in what they then are.
pub(crate) struct Output {
    /// Takes the bytes.
    pub(crate) sink: Sink<Patient>,
    /// The temporary file, where there is one.
    pub(crate) pending: Option<Pending>,
    /// How messages name it.
    pub(crate) name: String,
}

/// Why the output does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// It is one of the inputs, which it would destroy or make endless.
    #[error("{output} is both input and output; write to another file and rename it")]
    IsInput { output: String },
    /// It cannot be opened, written or renamed.
    #[error("cannot write to {output}: {reason}")]
    Unwritable {
        output: String,
        kind: ErrorKind,
        reason: String,
    },
}

impl OutputError {
    /// An I/O error of the output that messages name `output`.
    pub(crate) fn unwritable(output: &str, error: &io::Error) -> Self {
        Self::Unwritable {
            output: output.to_owned(),
            kind: error.kind(),
            reason: reason(error),
        }
    }

    /// Whether the reader went away, which is its good right.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(
            self,
            Self::Unwritable {
                kind: ErrorKind::BrokenPipe,
                ..
            }
        )
    }
}

impl Output {
    /// Opens the output for these inputs.
    pub(crate) fn open(destination: Destination, inputs: &[Input]) -> Result<Self, OutputError> {
        match destination {
            Destination::Stdout => {
                let name = "standard output".to_owned();
                Self::descriptor(Descriptor::Own(1).file(), name, inputs)
            }
            Destination::Descriptor(descriptor, path) => {
                Self::descriptor(descriptor.file(), name(&path), inputs)
            }
            Destination::Path(path) => {
                let output = name(&path);
                Self::path(&path, inputs).map_err(|error| match error {
                    PathError::IsInput => OutputError::IsInput { output },
                    PathError::Io(error) => OutputError::unwritable(&output, &error),
                })
            }
        }
    }

    /// A descriptor as a plain file: the library's standard output would write line by line.
    fn descriptor(
        file: io::Result<File>,
        name: String,
        inputs: &[Input],
    ) -> Result<Self, OutputError> {
        let file = file.and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = file.map_err(|error| OutputError::unwritable(&name, &error))?;
        if is_input(&metadata, inputs) {
            return Err(OutputError::IsInput { output: name });
        }
        if metadata.file_type().is_fifo() {
            pipes::enlarge(&file);
        }
        Ok(Self {
            sink: Sink::new(Patient(file)),
            pending: None,
            name,
        })
    }

    fn path(path: &Path, inputs: &[Input]) -> Result<Self, PathError> {
        let name = name(path);
        // Through links, so that the link stays and what it points to is replaced.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let existing = path.metadata().ok();
        if existing
            .as_ref()
            .is_some_and(|existing| is_input(existing, inputs))
        {
            return Err(PathError::IsInput);
        }
        let regular = existing.as_ref().is_none_or(fs::Metadata::is_file);
        if regular && inputs.iter().all(Input::is_stored) {
            match Pending::create(path, existing.as_ref()) {
                Ok((file, pending)) => {
                    return Ok(Self {
                        sink: Sink::new(Patient(file)),
                        pending: Some(pending),
                        name,
                    });
                }
                // The file may be ours where its directory is not.
                Err(_) if existing.is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self {
            sink: direct(path, regular)?,
            pending: None,
            name,
        })
    }
}

/// A file that is written as the bytes come. A regular one is not emptied before an
/// input was accepted: a refused input must not cost the file's old content.
fn direct(path: &Path, regular: bool) -> io::Result<Sink<Patient>> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    if !regular {
        pipes::enlarge(&file);
    }
    let sink = Sink::new(Patient(file));
    Ok(if regular {
        sink.emptied_first(|target| target.0.set_len(0))
    } else {
        sink
    })
}

enum PathError {
    IsInput,
    Io(io::Error),
}

impl From<io::Error> for PathError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn is_input(output: &fs::Metadata, inputs: &[Input]) -> bool {
    let id = Some(file_id(output));
    output.is_file() && inputs.iter().any(|input| input.identity() == id)
}

/// A temporary file that becomes the output, or is removed when dropped.
pub(crate) struct Pending {
    temporary: PathBuf,
    target: PathBuf,
    /// The input that it replaces, where it replaces its own.
    original: Option<Original>,
    committed: bool,
}

impl Pending {
    /// The same for a file that is rewritten where it stands.
    pub(crate) fn in_place(
        target: &Path,
        existing: &fs::Metadata,
        original: Original,
    ) -> io::Result<(File, Self)> {
        let (file, mut pending) = Self::create(target, Some(existing))?;
        pending.original = Some(original);
        Ok((file, pending))
    }

    /// Whether the target is the input itself.
    pub(crate) fn is_in_place(&self) -> bool {
        self.original.is_some()
    }

    /// Creates the file beside `target`, with the mode and owner of the one that it
    /// will replace.
    fn create(target: &Path, existing: Option<&fs::Metadata>) -> io::Result<(File, Self)> {
        let (file, temporary) = create_beside(target)?;
        let pending = Self {
            temporary,
            target: target.to_owned(),
            original: None,
            committed: false,
        };
        if let Some(existing) = existing {
            // The owner can be kept by root alone; for anybody else it is theirs already.
            let _ = std::os::unix::fs::fchown(&file, Some(existing.uid()), Some(existing.gid()));
            file.set_permissions(existing.permissions())?;
        }
        Ok((file, pending))
    }

    /// Puts the file in its place. A target that cannot be replaced, such as a file that
    /// is mounted into a container, gets the content instead.
    /// An input that is replaced itself is, or is left alone.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        if let Some(original) = self.original.take() {
            return self.commit_in_place(&original);
        }
        match fs::rename(&self.temporary, &self.target) {
            Ok(()) => self.committed = true,
            Err(_) => {
                fs::copy(&self.temporary, &self.target)?;
            }
        }
        Ok(())
    }

    /// On the disk before it has the name: after a crash there is the one file or the
    /// other, whole.
    fn commit_in_place(&mut self, original: &Original) -> io::Result<()> {
        File::open(&self.temporary)?.sync_all()?;
        if !original.still_stands(&self.target) {
            return Err(io::Error::other(
                "somebody wrote to it meanwhile, so it is left as it is; stop the writer first",
            ));
        }
        fs::rename(&self.temporary, &self.target)?;
        self.committed = true;
        if let Some(directory) = self.target.parent() {
            // Some file systems cannot, and then there is nothing to be done.
            let _ = File::open(directory).and_then(|directory| directory.sync_all());
        }
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// A new file in the directory of `target`; a name that is taken is never reused.
fn create_beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let file_name = target
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::IsADirectory, "it names no file"))?;
    for attempt in 0..100 {
        let mut temporary = OsString::from(".");
        temporary.push(file_name);
        temporary.push(format!(".blackbar-{}-{attempt}", std::process::id()));
        let path = target.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        ErrorKind::AlreadyExists,
        "no free name for a temporary file",
    ))
}
