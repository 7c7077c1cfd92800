//! `--pty`: a terminal for the program, and ours meanwhile.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, Termios, Winsize, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};

use crate::rim::transport::descriptor::Descriptor;
use crate::rim::transport::patient::Patient;

/// A new terminal.
pub(super) struct Pty {
    /// Where what the program writes is read, and what somebody types is written.
    pub(super) master: OwnedFd,
    /// The program's end.
    pub(super) slave: OwnedFd,
}

/// The end of a line on a terminal that is typed for the end of the input: Ctrl-D.
const END: u8 = 0x04;

impl Pty {
    /// Opens one, of the size of ours.
    ///
    /// # Errors
    ///
    /// Where the system has none to give.
    pub(super) fn open() -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(ptsname(&master, Vec::new())?, flags, Mode::empty())?;
        if let Some(size) = own_size() {
            tcsetwinsize(&master, size)?;
        }
        Ok(Self { master, slave })
    }
}

/// Our side of the program's terminal. When it is dropped our own is as it was before.
pub(super) struct Console {
    master: File,
    raw: Option<RawMode>,
}

impl Console {
    /// From here on what is typed is the program's: also Ctrl-C. It is copied on a thread
    /// that ends with our input or with us.
    ///
    /// # Errors
    ///
    /// Where there is no thread or no descriptor to be had.
    pub(super) fn attach(master: File) -> io::Result<Self> {
        let raw = RawMode::of_stdin();
        let typed = Patient(Descriptor::Own(0).file()?);
        let to = Patient(master.try_clone()?);
        thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || copy(typed, to))?;
        Ok(Self { master, raw })
    }

    /// Our terminal has a new size: so has the program's, whose kernel side tells it.
    pub(super) fn resize(&self) {
        if let Some(size) = own_size() {
            let _ = tcsetwinsize(&self.master, size);
        }
    }

    /// Runs `stop` while our terminal is as it was.
    pub(super) fn aside(&self, stop: impl FnOnce()) {
        if let Some(raw) = &self.raw {
            raw.leave();
        }
        stop();
        if let Some(raw) = &self.raw {
            raw.enter();
        }
        self.resize();
    }
}

/// To the end of what is typed; a program that reads nothing any more ends it, too.
fn copy(mut typed: Patient, mut to: Patient) {
    let mut buffer = [0; 4096];
    loop {
        match typed.read(&mut buffer) {
            Ok(0) => {
                let _ = to.write_all(&[END]);
                return;
            }
            Ok(length) if to.write_all(&buffer[..length]).is_ok() => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}

/// Our terminal, without line editing, echo and keys that signal.
struct RawMode {
    terminal: File,
    before: Termios,
}

impl RawMode {
    /// None where our input is no terminal.
    fn of_stdin() -> Option<Self> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let terminal = File::from(stdin.as_fd().try_clone_to_owned().ok()?);
        let before = tcgetattr(&terminal).ok()?;
        let raw = Self { terminal, before };
        raw.enter();
        Some(raw)
    }

    fn enter(&self) {
        let mut raw = self.before.clone();
        raw.make_raw();
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &raw);
    }

    fn leave(&self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &self.before);
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The size of the first of our standard streams that is a terminal.
fn own_size() -> Option<Winsize> {
    let of = |stream: &dyn AsFd| tcgetwinsize(stream.as_fd()).ok();
    of(&io::stdin())
        .or_else(|| of(&io::stdout()))
        .or_else(|| of(&io::stderr()))
}
