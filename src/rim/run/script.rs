//! Scripts without `#!`. The system does not execute them; execvp(3), by which env(1), nice(1)
//! and most who start programs in containers do so, has sh read them, and so have we.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who reads them.
const SHELL: &str = "/bin/sh";

/// Where programs are looked for without `PATH`.
const PATHS: &str = "/bin:/usr/bin";

/// So much of a file is looked at, as bash does.
const BEGINNING: u64 = 80;

/// What runs a program that the system does not execute. None where it is no text: of a
/// program for another machine sh would say less than the system does.
pub(super) fn command(program: &OsStr, arguments: &[OsString]) -> Option<Command> {
    let path = found(program).filter(|path| is_text(path))?;
    let mut shell = Command::new(SHELL);
    shell.arg("--").arg(path).args(arguments);
    Some(shell)
}

/// The file that is meant by the name.
fn found(program: &OsStr) -> Option<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return Some(program.into());
    }
    let paths = env::var_os("PATH").unwrap_or_else(|| PATHS.into());
    let is_program = |path: &PathBuf| {
        let metadata = path.metadata();
        metadata.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    env::split_paths(&paths)
        .map(|folder| folder.join(program))
        .find(is_program)
}

/// Whether the first line holds no NUL.
fn is_text(path: &Path) -> bool {
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    let mut bytes = beginning.iter().take_while(|&&byte| byte != b'\n');
    read.is_ok() && bytes.all(|&byte| byte != 0)
}
