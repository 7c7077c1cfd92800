//! Opening a file: as what it is looked at, or why not at all.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use blackbar::Framing;

use crate::rim::check::scan::Look;
use crate::rim::transport::charset::Decoded;
use crate::rim::transport::format::Format;
use crate::rim::transport::sniff::{Magic, sniff};

/// Where a NUL makes a file binary.
const HEAD: u64 = 8 * 1024;

/// A file that can be looked at.
pub(crate) struct Opened {
    pub(crate) source: Box<dyn Read>,
    pub(crate) look: Look,
}

/// Why a file is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// It is no text.
    Binary,
    /// It is text or holds some, in a form in which nothing can be seen.
    Unseen(Magic),
}

/// What the options say of files.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    /// Binary files are looked at, too.
    pub(crate) binary: bool,
    /// The largest file that is read whole, in bytes.
    pub(crate) largest: u64,
}

impl Reading {
    /// Opens a file of the walk.
    pub(crate) fn open(self, path: &Path) -> io::Result<Result<Opened, Skipped>> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let small = metadata.is_file() && metadata.len() <= self.largest;
        self.look(file, |head| match look_of(path, head) {
            look @ (Look::Lines | Look::Code) => look,
            look if small => look,
            _ => Look::Lines,
        })
    }

    /// Standard input: lines of text, or a manifest where it is no larger than a file that
    /// is read whole.
    pub(crate) fn stdin(self) -> io::Result<Result<Opened, Skipped>> {
        let mut head = Vec::new();
        io::stdin().take(self.largest + 1).read_to_end(&mut head)?;
        let small = head.len() as u64 <= self.largest;
        let source = io::Cursor::new(head).chain(io::stdin());
        self.look(source, |_| if small { Look::Manifest } else { Look::Lines })
    }

    fn look<R: Read + 'static>(
        self,
        source: R,
        look: impl FnOnce(&[u8]) -> Look,
    ) -> io::Result<Result<Opened, Skipped>> {
        let (magic, mut source) = sniff(source)?;
        match magic {
            None => {}
            Some(Magic::Utf16) => {
                let source = Decoded::new(source, encoding_rs::UTF_16LE);
                return Ok(Ok(Opened {
                    source: Box::new(source),
                    look: Look::Lines,
                }));
            }
            Some(unseen) => return Ok(Err(Skipped::Unseen(unseen))),
        }
        let mut head = Vec::new();
        (&mut source).take(HEAD).read_to_end(&mut head)?;
        if !self.binary && head.contains(&0) {
            return Ok(Err(Skipped::Binary));
        }
        let look = look(&head);
        let source = Box::new(io::Cursor::new(head).chain(source));
        Ok(Ok(Opened { source, look }))
    }
}

/// What the file's name and beginning say that it is.
fn look_of(path: &Path, head: &[u8]) -> Look {
    let file = path.file_name().unwrap_or_default();
    let file = file.to_string_lossy().to_ascii_lowercase();
    let named = |ending: &str| file.len() > ending.len() && file.ends_with(ending);
    let is_docker = |name: &str| file == name || file.starts_with(&format!("{name}."));
    if is_docker("dockerfile") || is_docker("containerfile") || named(".dockerfile") {
        Look::Dockerfile
    } else if named(".yaml") || named(".yml") {
        Look::Manifest
    } else if Format::Auto.framing(head, !named(".json")) == Framing::Document {
        Look::Document
    } else if named(".json") {
        Look::Manifest
    } else if CODE.iter().any(|ending| named(ending)) {
        Look::Code
    } else {
        Look::Lines
    }
}

/// Languages whose texts stand in quotes. Those of shells and of settings need none.
const CODE: &[&str] = &[
    ".c", ".cc", ".cjs", ".cpp", ".cs", ".cxx", ".dart", ".erl", ".ex", ".exs", ".fs", ".go", ".h",
    ".hpp", ".hs", ".java", ".js", ".jsx", ".kt", ".kts", ".lua", ".m", ".mjs", ".ml", ".php",
    ".pl", ".pm", ".py", ".rb", ".rs", ".scala", ".svelte", ".swift", ".ts", ".tsx", ".vue",
    ".zig",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_files_are() {
        let looks = [
            ("Dockerfile", Look::Dockerfile),
            ("a/Dockerfile.prod", Look::Dockerfile),
            ("a/web.dockerfile", Look::Dockerfile),
            ("Containerfile", Look::Dockerfile),
            ("k8s/secret.YAML", Look::Manifest),
            ("a.yml", Look::Manifest),
            ("a.json", Look::Document),
            ("a.log", Look::Lines),
            ("dockerfiles", Look::Lines),
            ("src/main.rs", Look::Code),
        ];
        for (path, look) in looks {
            assert_eq!(
                look_of(Path::new(path), b"{\n  \"a\": 1\n}"),
                look,
                "{path}"
            );
        }
        assert_eq!(look_of(Path::new("a.json"), b"{}\n{}\n"), Look::Manifest);
    }
}
